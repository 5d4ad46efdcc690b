/* What an image is, and setting its limit. */
#include "inspect.h"
#include "base/bytes.h"
#include "base/utf.h"
#include "generation.h"
#include "image.h"
#include "locate.h"
#include "patchcore.h"
#include "version.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define OWN_NAME "tcpip.sys"

/* What a user can do about a damaged file. */
#define TAKE_A_SOUND_COPY                                                                          \
    "Take a sound copy of tcpip.sys from the installation media or its last update."

const char *pc_status_name(enum pc_status status)
{
    static const char *const names[] = {
        [PC_ORIGINAL] = "original",         [PC_PATCHED] = "patched", [PC_NO_LIMIT] = "no-limit",
        [PC_UNRECOGNISED] = "unrecognised", [PC_DAMAGED] = "damaged",
    };
    return names[status];
}

bool pc_writable(const struct pc_inspection *inspection)
{
    return inspection->status == PC_ORIGINAL || inspection->status == PC_PATCHED;
}

void pc_version_text(const struct pc_version *version, char out[PC_VERSION_SIZE])
{
    snprintf(out, PC_VERSION_SIZE, "%u.%u.%u.%u", (unsigned)version->part[0],
             (unsigned)version->part[1], (unsigned)version->part[2], (unsigned)version->part[3]);
}

static void conclude(struct pc_inspection *out, enum pc_status status, const char *format, ...)
    PRINTF_LIKE(3, 4);

static void conclude(struct pc_inspection *out, enum pc_status status, const char *format, ...)
{
    va_list args;
    out->status = status;
    va_start(args, format);
    vsnprintf(out->reason, sizeof out->reason, format, args);
    va_end(args);
}

/* ---- what the version says ---- */

/* True when the version alone has decided. */
static bool judge_version(struct pc_inspection *out)
{
    char text[PC_VERSION_SIZE];
    const char *windows;
    pc_version_text(&out->version, text);
    out->generation = generation_of_driver(&out->version, &windows);
    switch (out->generation) {
    case PC_GENERATION_BEFORE:
    case PC_GENERATION_AFTER:
        conclude(out, PC_NO_LIMIT,
                 "This is tcpip.sys %s of %s, which has no limit on half-open connections in this "
                 "file: there is nothing to change.",
                 text, windows);
        return true;
    case PC_GENERATION_SP2:
        conclude(out, PC_UNRECOGNISED,
                 "This is tcpip.sys %s of %s: install Service Pack 2, which removes the limit, "
                 "instead of patching.",
                 text, windows);
        return true;
    case PC_GENERATION_LIMIT:
    case PC_GENERATION_UNKNOWN:
        break;
    }
    return false;
}

/* ---- what the code says ---- */

static const struct pc_version *version_or_null(const struct pc_inspection *i)
{
    return i->has_version ? &i->version : NULL;
}

/* The checksum that the image would have with Windows' own limit at `offset`. */
static uint32_t original_checksum(const struct pc_inspection *i, const uint8_t *image,
                                  uint32_t offset)
{
    return pc_checksum_after(i->checksum_computed, (size_t)i->size, offset,
                             get_le32(image + offset), PC_LIMIT_WINDOWS);
}

static void name_build(struct pc_inspection *out, const uint8_t *image,
                       const struct build_table *known)
{
    uint32_t checksum = original_checksum(out, image, out->limit_offset);
    for (size_t i = 0; i < known->count; i++) {
        if (build_agrees(&known->rows[i], (size_t)out->size, version_or_null(out),
                         out->limit_offset, checksum)) {
            out->build = known->rows[i].name;
            return;
        }
    }
}

/* The limit's file offset in an image whose checksum is that of a known build; 0 where none is. */
static uint32_t limit_by_table(const struct pc_inspection *i, const struct pe_image *image,
                               const struct build_table *known)
{
    for (size_t k = 0; k < known->count; k++) {
        const struct known_build *build = &known->rows[k];
        uint32_t offset = build->limit_offset;
        if (build_is_whole(build) && pe_store_at(image, offset) &&
            build_agrees(build, image->size, version_or_null(i), offset,
                         original_checksum(i, image->bytes, offset))) {
            return offset;
        }
    }
    return 0;
}

static void accept(struct pc_inspection *out, const uint8_t *image, uint32_t offset,
                   const struct build_table *known)
{
    uint32_t limit = get_le32(image + offset);
    if (limit < PC_LIMIT_LEAST || limit > PC_LIMIT_MOST) {
        conclude(out, PC_UNRECOGNISED,
                 "The value where the limit should be is %" PRIu32
                 ", which no tool sets: restore the original file before setting another limit.",
                 limit);
        return;
    }
    out->status = limit == PC_LIMIT_WINDOWS ? PC_ORIGINAL : PC_PATCHED;
    out->has_limit = true;
    out->limit = limit;
    out->limit_offset = offset;
    name_build(out, image, known);
}

/* "0x4F318, 0x4F400 and 3 more" for a reason; three places are enough to look at. */
static void list_places(const struct pe_limit_place *place, char *out, size_t size)
{
    enum { SHOWN = 3 };
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < place->count && i < SHOWN && used < size; i++) {
        int n = snprintf(out + used, size - used, "%s0x%" PRIX32, i == 0 ? "" : ", ",
                         place->offsets[i]);
        used += n > 0 ? (size_t)n : 0;
    }
    if (place->count > SHOWN && used < size) {
        snprintf(out + used, size - used, " and %" PRIu32 " more", place->count - SHOWN);
    }
}

static void refuse(struct pc_inspection *out, enum pe_locate answer,
                   const struct pe_limit_place *place)
{
    char places[80];
    list_places(place, places, sizeof places);
    switch (answer) {
    case LOCATE_NO_STORE:
        conclude(out, PC_UNRECOGNISED,
                 "No code that sets the limit was found, so this build cannot be patched with "
                 "certainty: report its version and size, and leave the file as it is.");
        break;
    case LOCATE_NO_COMPARE:
        conclude(out, PC_UNRECOGNISED,
                 "Code that may set the limit is at file offset %s, but no code compares the "
                 "variable that it sets, so this is no certainty: leave the file as it is.",
                 places);
        break;
    case LOCATE_SEVERAL:
        conclude(out, PC_UNRECOGNISED,
                 "%" PRIu32 " places look like the code that sets the limit (file offsets %s), "
                 "where exactly one was expected: leave the file as it is.",
                 place->count, places);
        break;
    case LOCATE_NO_RUN:
        conclude(out, PC_UNRECOGNISED,
                 "The code that goes before the limit on 64-bit Windows was not found: report the "
                 "file's version and size, and leave it as it is.");
        break;
    case LOCATE_RUN_ONLY:
        conclude(out, PC_UNRECOGNISED,
                 "The code at file offset %s is not followed by the store that sets the limit: "
                 "leave the file as it is.",
                 places);
        break;
    case LOCATE_OUTSIDE:
        conclude(out, PC_UNRECOGNISED,
                 "The code at file offset %s would store the limit outside the driver: leave the "
                 "file as it is.",
                 places);
        break;
    case LOCATE_FOUND:
        break;
    }
}

static void judge_code(struct pc_inspection *out, const struct pe_image *image,
                       const struct build_table *known)
{
    struct pe_limit_place place;
    enum pe_locate answer = pe_locate_limit(image, &place);
    if (answer == LOCATE_FOUND) {
        out->has_compare = place.has_compare;
        out->compare_offset = place.compare_offset;
        accept(out, image->bytes, place.limit_offset, known);
        return;
    }
    /* The table helps where signs are missing, not where they contradict each other. */
    uint32_t offset = answer == LOCATE_SEVERAL ? 0 : limit_by_table(out, image, known);
    if (offset != 0) {
        accept(out, image->bytes, offset, known);
    } else {
        refuse(out, answer, &place);
    }
}

/* ---- the whole ---- */

/* True when the stored checksum is the right one. */
static bool judge_checksum(struct pc_inspection *out, const uint8_t *image)
{
    out->has_checksum = true;
    out->checksum_stored = get_le32(image + out->checksum_offset);
    out->checksum_computed = pc_checksum(image, (size_t)out->size, out->checksum_offset);
    if (out->checksum_stored == out->checksum_computed) {
        return true;
    }
    if (out->checksum_stored == 0) {
        conclude(
            out, PC_DAMAGED,
            "It carries no checksum, and Windows loads no driver without one. " TAKE_A_SOUND_COPY);
    } else {
        conclude(
            out, PC_DAMAGED,
            "Its checksum should be 0x%08" PRIX32 " but is 0x%08" PRIX32
            ": it was changed or read wrongly, and Windows would not load it. " TAKE_A_SOUND_COPY,
            out->checksum_computed, out->checksum_stored);
    }
    return false;
}

/* The name as it can be shown anywhere: ASCII without control characters. */
static void plain_name(const char *name, char out[PE_NAME_SIZE])
{
    size_t i = 0;
    for (; name[i] != '\0' && i + 1 < PE_NAME_SIZE; i++) {
        out[i] = name[i] >= ' ' && name[i] <= '~' ? name[i] : '?';
    }
    out[i] = '\0';
}

static void judge_sound_image(struct pc_inspection *out, const struct pe_image *image,
                              const struct pe_version *version, const struct build_table *known)
{
    bool named = version->file_name[0] != '\0';
    if (named && !same_text_nocase(version->file_name, OWN_NAME)) {
        char name[PE_NAME_SIZE];
        plain_name(version->file_name, name);
        conclude(out, PC_UNRECOGNISED,
                 "This file calls itself %s: name a copy of tcpip.sys instead.", name);
        return;
    }
    if (named && judge_version(out)) {
        return;
    }
    if (image->machine == PC_MACHINE_OTHER) {
        conclude(out, PC_UNRECOGNISED,
                 "It is for a processor other than x86 and x64, where no limit is known: leave the "
                 "file as it is.");
        return;
    }
    judge_code(out, image, known);
}

void inspect_image(const uint8_t *image, size_t size, const struct build_table *known,
                   struct pc_inspection *out)
{
    memset(out, 0, sizeof *out);
    out->size = size;
    struct pe_image pe;
    enum pe_fault fault = pe_read(image, size, &pe);
    out->machine = pe.machine;
    if (fault != PE_SOUND) {
        conclude(out, PC_DAMAGED, "%s " TAKE_A_SOUND_COPY, pe_fault_text(fault));
        return;
    }
    if (size > PC_IMAGE_MOST) {
        conclude(out, PC_UNRECOGNISED,
                 "It is far larger than any tcpip.sys: name a copy of tcpip.sys instead.");
        return;
    }
    struct pe_version version;
    pe_read_version(&pe, &version);
    out->has_version = version.found;
    out->version = version.version;
    out->checksum_offset = pe.checksum_offset;
    if (judge_checksum(out, image)) {
        judge_sound_image(out, &pe, &version, known);
    }
}

/* The two numbers that a change of the limit changes are where the inspection found them. */
static bool is_of(const struct pc_inspection *inspection, const uint8_t *image, size_t size)
{
    return inspection->size == size && in_bounds(size, inspection->limit_offset, 4) &&
           in_bounds(size, inspection->checksum_offset, 4) &&
           get_le32(image + inspection->limit_offset) == inspection->limit &&
           get_le32(image + inspection->checksum_offset) == inspection->checksum_stored;
}

static bool change_limit(uint8_t *image, size_t size, uint32_t limit,
                         const struct build_table *known, struct pc_inspection *inspection)
{
    const struct pc_inspection before = *inspection;
    if (!pc_writable(&before) || limit < PC_LIMIT_LEAST || limit > PC_LIMIT_MOST ||
        !is_of(&before, image, size)) {
        return false;
    }
    if (before.limit == limit) {
        return true;
    }
    uint8_t *immediate = image + before.limit_offset;
    uint8_t *field = image + before.checksum_offset;
    uint32_t checksum =
        pc_checksum_after(before.checksum_stored, size, before.limit_offset, before.limit, limit);
    put_le32(immediate, limit);
    put_le32(field, checksum);
    struct pc_inspection after;
    inspect_image(image, size, known, &after);
    if (pc_writable(&after) && after.limit == limit && after.limit_offset == before.limit_offset &&
        after.checksum_computed == checksum && after.checksum_stored == checksum) {
        *inspection = after;
        return true;
    }
    put_le32(immediate, before.limit);
    put_le32(field, before.checksum_stored);
    return false;
}

bool inspect_set_limit(uint8_t *image, size_t size, uint32_t limit, const struct build_table *known)
{
    struct pc_inspection inspection;
    inspect_image(image, size, known, &inspection);
    return change_limit(image, size, limit, known, &inspection);
}

static struct build_table all_builds(void)
{
    struct build_table known = {NULL, 0};
    known.rows = known_builds(&known.count);
    return known;
}

void pc_inspect(const uint8_t *image, size_t size, struct pc_inspection *out)
{
    const struct build_table known = all_builds();
    inspect_image(image, size, &known, out);
}

bool pc_change_limit(uint8_t *image, size_t size, uint32_t limit, struct pc_inspection *inspection)
{
    const struct build_table known = all_builds();
    return change_limit(image, size, limit, &known, inspection);
}

bool pc_set_limit(uint8_t *image, size_t size, uint32_t limit)
{
    const struct build_table known = all_builds();
    return inspect_set_limit(image, size, limit, &known);
}

static void json_known(struct json *j, const char *key, bool known, uint64_t number)
{
    if (known) {
        json_number(j, key, number);
    } else {
        json_no_value(j, key);
    }
}

void pc_inspection_json(struct json *j, const struct pc_inspection *inspection)
{
    char version[PC_VERSION_SIZE];
    const char *machine = NULL;
    if (inspection->machine != PC_MACHINE_OTHER) {
        machine = inspection->machine == PC_MACHINE_I386 ? "i386" : "amd64";
    }
    pc_version_text(&inspection->version, version);
    json_text(j, "status", pc_status_name(inspection->status));
    json_text(j, "machine", machine);
    json_text(j, "version", inspection->has_version ? version : NULL);
    json_number(j, "size", inspection->size);
    json_known(j, "limit", inspection->has_limit, inspection->limit);
    json_known(j, "limit_offset", inspection->has_limit, inspection->limit_offset);
    json_known(j, "checksum_stored", inspection->has_checksum, inspection->checksum_stored);
    json_known(j, "checksum_computed", inspection->has_checksum, inspection->checksum_computed);
    json_text(j, "build", inspection->build);
    json_text(j, "reason", inspection->reason[0] != '\0' ? inspection->reason : NULL);
    json_known(j, "compare_offset", inspection->has_compare, inspection->compare_offset);
}
