/* What may be written to, and that writing and writing back leaves nothing behind. The signs and
 * the checksum are looked at again here, without the patch core's own code. */
#include "fuzz.h"

#include "image.h"
#include "inspect.h"
#include "locate.h"

#include <stdlib.h>
#include <string.h>

enum {
    STORE = 6,     /* bytes of the store before its immediate: C7 05, an address */
    RUN_32 = 4,    /* bytes of the run before the store */
    RUN_64_AT = 44 /* from the start of the run to the store */
};

static uint32_t le32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The sum as the documentation of CheckSumMappedFile tells it: word by word, carries folded in. */
static bool checksum_is_right(const uint8_t *image, size_t size, size_t field)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < size; i += 2) {
        for (size_t k = 0; k < 2 && i + k < size; k++) {
            bool in_field = i + k >= field && i + k < field + 4;
            sum += in_field ? 0 : (uint32_t)image[i + k] << (8 * k);
        }
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum = (sum & 0xffff) + (sum >> 16);
    /* 0 and 0xFFFF are one number. */
    return le32(image + field) - (uint32_t)size == sum % 0xffff;
}

/* Sign A (x86) or the run (x64) right before the limit's store. */
static bool has_first_sign(const uint8_t *image, const struct pc_inspection *seen)
{
    static const uint8_t run_64[] = {0xfb, 0xff, 0x48, 0x83, 0xee, 0x80, 0x48, 0xff,
                                     0xcb, 0x75, 0xc5, 0x48, 0x8b, 0x74, 0x24, 0x60,
                                     0x48, 0x8b, 0x5c, 0x24, 0x58, 0x48, 0x89, 0x3d};
    uint32_t at = seen->limit_offset;
    if (seen->machine == PC_MACHINE_AMD64) {
        return at >= RUN_64_AT + STORE &&
               memcmp(image + at - STORE - RUN_64_AT, run_64, sizeof run_64) == 0;
    }
    return at >= RUN_32 + STORE && memcmp(image + at - STORE - RUN_32, "\x05\x00\xff\xd6", 4) == 0;
}

/* Sign B: a compare of a register with the variable that the store sets. */
static bool has_second_sign(const uint8_t *image, const struct pc_inspection *seen)
{
    const uint8_t *compare = image + seen->compare_offset;
    if (seen->machine == PC_MACHINE_AMD64) {
        return true; /* the run stands alone there, and is 24 bytes long */
    }
    return seen->has_compare && seen->compare_offset + 6 <= seen->size &&
           (compare[0] == 0x3b || compare[0] == 0x39) && (compare[1] & 0xc7) == 0x05 &&
           memcmp(compare + 2, image + seen->limit_offset - 4, 4) == 0;
}

static bool is_known_build(const struct pc_inspection *seen, const struct build_table *known)
{
    for (size_t i = 0; seen->build != NULL && i < known->count; i++) {
        if (strcmp(seen->build, known->rows[i].name) == 0) {
            return known->rows[i].limit_offset == seen->limit_offset &&
                   build_is_whole(&known->rows[i]);
        }
    }
    return false;
}

static void check_writable(const uint8_t *image, size_t size, const struct pc_inspection *seen,
                           const struct build_table *known)
{
    FUZZ_REQUIRE(seen->has_limit && seen->has_checksum && size <= PC_IMAGE_MOST &&
                     seen->limit_offset >= STORE && seen->limit_offset <= size - 4 &&
                     seen->checksum_offset <= size - 4,
                 "what may be written to has its limit and its checksum inside");
    FUZZ_REQUIRE(seen->limit_offset + 4 <= seen->checksum_offset ||
                     seen->checksum_offset + 4 <= seen->limit_offset,
                 "limit and checksum are apart");
    FUZZ_REQUIRE(seen->limit == le32(image + seen->limit_offset) &&
                     memcmp(image + seen->limit_offset - STORE, "\xc7\x05", 2) == 0,
                 "the limit is the immediate of a store");
    FUZZ_REQUIRE((seen->limit == PC_LIMIT_WINDOWS) == (seen->status == PC_ORIGINAL),
                 "an original has the limit of Windows");
    FUZZ_REQUIRE(is_known_build(seen, known) ||
                     (has_first_sign(image, seen) && has_second_sign(image, seen)),
                 "two signs name the limit's variable, or the build is known");
    FUZZ_REQUIRE(checksum_is_right(image, size, seen->checksum_offset),
                 "what may be written to has a right checksum");
}

/* Sets the limit, and the one before it again. */
static void check_change(const uint8_t *image, size_t size, const struct pc_inspection *seen,
                         const struct build_table *known, uint32_t limit)
{
    uint8_t *changed = fuzz_copy(image, size, false);
    struct pc_inspection after;
    size_t differ = 0;
    bool set = inspect_set_limit(changed, size, limit, known);
    bool possible = limit >= PC_LIMIT_LEAST && limit <= PC_LIMIT_MOST;
    FUZZ_REQUIRE(!set || possible, "a limit that is out of range is not written");
    for (size_t i = 0; i < size; i++) {
        bool own = (i >= seen->limit_offset && i < seen->limit_offset + 4U) ||
                   (i >= seen->checksum_offset && i < seen->checksum_offset + 4U);
        differ += changed[i] != image[i] ? 1 : 0;
        FUZZ_REQUIRE(own || changed[i] == image[i], "no byte beside limit and checksum changes");
    }
    FUZZ_REQUIRE(set || differ == 0, "a refused limit changes nothing");
    if (set) {
        inspect_image(changed, size, known, &after);
        FUZZ_REQUIRE(pc_writable(&after) && after.limit == limit, "the limit is what was written");
        check_writable(changed, size, &after, known);
        if (seen->limit >= PC_LIMIT_LEAST && seen->limit <= PC_LIMIT_MOST) {
            FUZZ_REQUIRE(inspect_set_limit(changed, size, seen->limit, known) &&
                             memcmp(changed, image, size) == 0,
                         "the way back leads to the same bytes");
        }
    }
    free(changed);
}

/* ---- a known build ---- */

/* The `wanted`-th place (around again behind the last) where the code of a store of an immediate
 * stands; its immediate's offset. 0 where there is none. */
static uint32_t store_in(const uint8_t *data, size_t size, uint32_t wanted)
{
    enum { PLACES_MOST = 64 };
    uint32_t places[PLACES_MOST];
    uint32_t count = 0;
    for (size_t i = 0; i + STORE + 4 <= size && count < PLACES_MOST; i++) {
        if (data[i] == 0xc7 && data[i + 1] == 0x05) {
            places[count++] = (uint32_t)i + STORE;
        }
    }
    return count != 0 ? places[wanted % count] : 0;
}

/* True when the bytes of the store lie in one section of code, and its variable in the image. */
static bool is_store_in_code(const uint8_t *data, size_t size, uint32_t limit_offset)
{
    struct pe_image image;
    bool inside = false;
    if (pe_read(data, size, &image) != PE_SOUND || limit_offset < STORE) {
        return false;
    }
    for (uint32_t i = 0; i < image.section_count; i++) {
        const struct pe_section *s = &image.sections[i];
        inside = inside || (s->code && limit_offset - STORE >= s->raw_offset &&
                            (uint64_t)limit_offset + 4 <= (uint64_t)s->raw_offset + s->raw_size);
    }
    return inside && image.machine == PC_MACHINE_I386 &&
           pe_va_inside(&image, le32(data + limit_offset - 4));
}

/* What a row made an image that was unrecognised: only where the code has not said something else,
 * and all of the row is true of it. */
static void check_taken_by_row(const uint8_t *data, size_t size, const struct known_build *row,
                               const struct pc_inspection *seen)
{
    struct pe_image image;
    struct pe_limit_place place;
    FUZZ_REQUIRE(pe_read(data, size, &image) == PE_SOUND, "a known build is a sound image");
    enum pe_locate answer = pe_locate_limit(&image, &place);
    FUZZ_REQUIRE(answer == LOCATE_NO_STORE || answer == LOCATE_NO_COMPARE,
                 "a row does not outvote signs that contradict each other");
    FUZZ_REQUIRE(build_is_whole(row) && seen->limit_offset == row->limit_offset &&
                     (row->size == 0 || row->size == size) &&
                     (!row->has_version || !seen->has_version ||
                      memcmp(&row->version, &seen->version, sizeof row->version) == 0),
                 "a row is taken only where all of it is known and agrees");
    FUZZ_REQUIRE(is_store_in_code(data, size, seen->limit_offset),
                 "a row's limit is the immediate of a store in code");
}

static bool same_answer(const struct pc_inspection *a, const struct pc_inspection *b)
{
    return a->status == b->status && a->has_limit == b->has_limit && a->limit == b->limit &&
           a->limit_offset == b->limit_offset && strcmp(a->reason, b->reason) == 0;
}

/* The row with one of its facts another; false where the row does not state that fact. */
static bool spoil(struct known_build *row, const struct pc_inspection *alone, uint32_t which)
{
    switch (which % 5) {
    case 0:
        row->checksum ^= 1U << (which / 5 % 32);
        return true;
    case 1:
        row->size += row->size != 0 ? 1 : 0;
        return row->size != 0;
    case 2:
        row->version.part[which / 5 % 4] ^= 1;
        return row->has_version && alone->has_version;
    case 3:
        row->checksum_mask = 0xffff;
        return true;
    default:
        row->limit_offset = UINT32_MAX - which % 8;
        return true;
    }
}

/* A table that knows the image itself: its size, version and checksum, and one of its stores. Not a
 * row of the real table, since those are of images far larger than what is fuzzed. */
static void check_row(const uint8_t *data, size_t size, uint32_t choice)
{
    const struct build_table none = {NULL, 0};
    struct pc_inspection alone;
    struct pc_inspection seen;
    uint32_t offset = store_in(data, size, choice >> 8);
    inspect_image(data, size, &none, &alone);
    if (offset == 0 || !alone.has_checksum) {
        return;
    }
    struct known_build row = {
        "itself", (choice & 1) != 0, alone.version, (choice & 2) != 0 ? (uint32_t)size : 0, offset,
        0,        UINT32_MAX};
    row.checksum = pc_checksum_after(alone.checksum_computed, size, offset, le32(data + offset),
                                     PC_LIMIT_WINDOWS);
    const struct build_table known = {&row, 1};
    inspect_image(data, size, &known, &seen);
    if (alone.status != PC_UNRECOGNISED || !pc_writable(&seen)) {
        FUZZ_REQUIRE(same_answer(&alone, &seen) ||
                         (alone.status == PC_UNRECOGNISED && seen.status == PC_UNRECOGNISED),
                     "a row changes nothing but what is unrecognised without it");
        return;
    }
    check_taken_by_row(data, size, &row, &seen);
    check_writable(data, size, &seen, &known);
    check_change(data, size, &seen, &known, 100);
    check_change(data, size, &seen, &known, choice % PC_LIMIT_MOST + 1);
    if (spoil(&row, &alone, choice >> 4)) {
        inspect_image(data, size, &known, &seen);
        FUZZ_REQUIRE(same_answer(&alone, &seen), "a row with one fact wrong is not taken");
    }
}

/* ---- the target ---- */

void fuzz_image(const uint8_t *data, size_t size)
{
    struct pc_inspection seen;
    struct pc_inspection again;
    struct buf text = BUF_INIT;
    struct json j = json_start(&text);
    struct build_table known = {NULL, 0};
    struct fuzz_bytes end = {size >= 4 ? data + size - 4 : data, size >= 4 ? 4 : size};
    uint32_t wanted = fuzz_take32(&end);
    known.rows = known_builds(&known.count);
    pc_inspect(data, size, &seen);
    pc_inspect(data, size, &again);
    json_open_object(&j, NULL);
    pc_inspection_json(&j, &seen);
    json_close_object(&j);
    FUZZ_REQUIRE(fuzz_is_utf8(text.data, text.len), "an inspection is UTF-8");
    FUZZ_REQUIRE(seen.status == again.status && seen.limit == again.limit &&
                     strcmp(seen.reason, again.reason) == 0,
                 "inspecting twice gives the same");
    FUZZ_REQUIRE(fuzz_is_printable(seen.reason, strlen(seen.reason)), "a reason can be printed");
    FUZZ_REQUIRE(pc_writable(&seen) == (seen.status == PC_ORIGINAL || seen.status == PC_PATCHED),
                 "only an image with a limit may be written to");
    FUZZ_REQUIRE(pc_writable(&seen) || seen.reason[0] != '\0' || seen.status == PC_NO_LIMIT,
                 "a refusal has its reason");
    if (pc_writable(&seen)) {
        check_writable(data, size, &seen, &known);
        check_change(data, size, &seen, &known, 100);
        check_change(data, size, &seen, &known, wanted);
        check_change(data, size, &seen, &known, wanted % PC_LIMIT_MOST + 1);
    } else {
        uint8_t *copy = fuzz_copy(data, size, false);
        FUZZ_REQUIRE(!pc_set_limit(copy, size, 100) && (size == 0 || memcmp(copy, data, size) == 0),
                     "what may not be written to is left alone");
        free(copy);
    }
    check_row(data, size, wanted);
    buf_free(&text);
}
