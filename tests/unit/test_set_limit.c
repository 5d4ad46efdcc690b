#include "check.h"

#include "base/bytes.h"
#include "image_builder.h"

#include <stdlib.h>
#include <string.h>

/* Where the builder puts things in build 2180. */
enum {
    CHECKSUM_AT = 0x130,
    HEADERS_END = 0x320, /* of the longer ones, for 64 bits */
    LIMIT_AT = 0x4f322,
};

static void published_checksums_come_out(void)
{
    static const struct {
        const char *build;
        uint32_t limit;
        uint32_t checksum;
    } cases[] = {
        {"2180", 10, 0x0006126e},       {"2180", 200, 0x0006132c},  {"2180", 1000, 0x0006164c},
        {"2180", 16777214, 0x61362},    {"2685", 10, 0x000646db},   {"2685", 16777214, 0x000647cf},
        {"2892gdr", 10, 0x0005f865},    {"2892gdr", 1000, 0x5fc43}, {"unnamed", 10, 0x000627c8},
        {"unnamed", 16777214, 0x628bc},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pc_inspection got;
        size_t size = 0;
        uint8_t *image = image_make(&(struct image_options){.build = cases[i].build}, &size);
        CHECK(pc_set_limit(image, size, cases[i].limit));
        pc_inspect(image, size, &got);
        CHECK_NUMBER(got.checksum_stored, cases[i].checksum);
        CHECK_NUMBER(got.limit, cases[i].limit);
        free(image);
    }
}

/* How many bytes outside the limit and the checksum differ. */
static size_t strays(const uint8_t *a, const uint8_t *b, size_t size,
                     const struct pc_inspection *inspection)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++) {
        bool limit = i - inspection->limit_offset < 4;
        bool checksum = i - inspection->checksum_offset < 4;
        count += a[i] != b[i] && !limit && !checksum;
    }
    return count;
}

static void check_there_and_back(const struct image_options *options)
{
    static const uint32_t limits[] = {1, 9, 50, 100, 255, 256, 1000, 65535, 65536, 16777214};
    struct pc_inspection original;
    size_t size = 0;
    uint8_t *image = image_make(options, &size);
    uint8_t *copy = image_copy(image, size);
    pc_inspect(image, size, &original);
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct pc_inspection got;
        CHECK(pc_set_limit(copy, size, limits[i]));
        pc_inspect(copy, size, &got);
        CHECK_TEXT(pc_status_name(got.status), "patched");
        CHECK_NUMBER(got.limit, limits[i]);
        CHECK_NUMBER(got.limit_offset, original.limit_offset);
        CHECK_NUMBER(got.checksum_stored, pc_checksum(copy, size, got.checksum_offset));
        CHECK_TEXT(got.build, original.build);
        CHECK_NUMBER(strays(copy, image, size, &original), 0);
    }
    CHECK(pc_set_limit(copy, size, PC_LIMIT_WINDOWS));
    CHECK(memcmp(copy, image, size) == 0);
    free(copy);
    free(image);
}

static void limits_are_set_and_set_back(void)
{
    static const struct image_options cases[] = {
        {.build = "2180"},
        {.build = "5625"}, /* the limit stands at an odd offset */
        {.build = "2003sp2"},
        {.build = "2003x64"},
        {.build = "2003x64sp2", .no_sign_b = true},
        {.build = "5512", .overlay = 3}, /* an odd size */
        {.build = "2180", .no_sign_b = true, .known_checksum = true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_there_and_back(&cases[i]);
    }
}

/* One that need not be inspected: what comes out is what an inspection finds, and an inspection of
 * other bytes changes nothing. */
static void known_images_are_changed(void)
{
    const struct image_options options = {.build = "2180"};
    struct pc_inspection known;
    struct pc_inspection found;
    size_t size = 0;
    uint8_t *image = image_make(&options, &size);
    pc_inspect(image, size, &known);
    const struct pc_inspection original = known;
    CHECK(pc_change_limit(image, size, 100, &known));
    pc_inspect(image, size, &found);
    CHECK_NUMBER(known.limit, 100);
    CHECK_NUMBER(known.limit, found.limit);
    CHECK_NUMBER(known.status, found.status);
    CHECK_NUMBER(known.limit_offset, found.limit_offset);
    CHECK_NUMBER(known.checksum_stored, found.checksum_stored);
    CHECK_NUMBER(known.checksum_computed, found.checksum_computed);
    uint8_t *copy = image_copy(image, size);
    struct pc_inspection other = original;
    CHECK(!pc_change_limit(image, size, 200, &other));
    other = known;
    CHECK(!pc_change_limit(image, size - 2, 200, &other));
    other.limit_offset = (uint32_t)size - 3;
    CHECK(!pc_change_limit(image, size, 200, &other));
    CHECK(memcmp(image, copy, size) == 0);
    free(copy);
    free(image);
}

static void check_refused(uint8_t *image, size_t size, uint32_t limit)
{
    uint8_t *copy = image_copy(image, size);
    CHECK(!pc_set_limit(image, size, limit));
    CHECK(memcmp(copy, image, size) == 0);
    free(copy);
}

static void refused_images_stay_as_they_are(void)
{
    static const struct {
        struct image_options options;
        uint32_t limit;
    } cases[] = {
        {{.build = "2180"}, 0},          {{.build = "2180"}, PC_LIMIT_MOST + 1},
        {{.build = "2180"}, UINT32_MAX}, {{.bad_checksum = true}, 50},
        {{.no_checksum = true}, 50},     {{.two_stores = true}, 50},
        {{.no_sign_b = true}, 50},       {{.zero_limit = true}, 50},
        {{.name = "other.sys"}, 50},     {{.truncate = 359000}, 50},
        {{.build = "vista"}, 50},        {{.build = "win10"}, 50},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size = 0;
        uint8_t *image = image_make(&cases[i].options, &size);
        check_refused(image, size, cases[i].limit);
        free(image);
    }
}

/* Some limits would complete another run before a store that follows at once: 05 00 | FF D6 C7 05.
 * The changed image has two candidates then, and is put back. */
static void limit_that_makes_a_second_sign_is_not_written(void)
{
    static const uint8_t next[] = {0xff, 0xd6, 0xc7, 0x05};
    size_t size = 0;
    uint8_t *image = image_make(&(struct image_options){0}, &size);
    memcpy(image + LIMIT_AT + 4, next, sizeof next);
    memcpy(image + LIMIT_AT + 8, image + LIMIT_AT - 4, 4); /* the same variable, that is compared */
    image_fix_checksum(image, size);
    check_refused(image, size, 0x00050001);
    CHECK(pc_set_limit(image, size, 0x00060001));
    free(image);
}

/* ---- changed bytes ---- */

/* No changed header leads to a write at another place. With the checksum left as it was, nothing
 * but a change of the checksum's own value could be sound, and that never is. */
static void check_changed_headers(const char *build, const uint8_t *masks, size_t mask_count)
{
    struct pc_inspection original;
    size_t size = 0;
    uint8_t *image = image_make(&(struct image_options){.build = build}, &size);
    pc_inspect(image, size, &original);
    for (size_t at = 0; at < HEADERS_END; at++) {
        for (size_t i = 0; i < mask_count; i++) {
            struct pc_inspection got;
            image[at] ^= masks[i];
            pc_inspect(image, size, &got);
            CHECK_TEXT(pc_status_name(got.status), "damaged");
            if (got.has_checksum && (at < CHECKSUM_AT || at >= CHECKSUM_AT + 4)) {
                image_fix_checksum(image, size);
                pc_inspect(image, size, &got);
                CHECK(!pc_writable(&got) ||
                      (got.limit_offset == original.limit_offset && got.limit == original.limit));
                put_le32(image + CHECKSUM_AT, original.checksum_stored);
            }
            image[at] ^= masks[i];
        }
    }
    free(image);
}

static void changed_headers_never_move_the_limit(void)
{
    static const uint8_t masks[] = {0x01, 0x80, 0xff};
    check_changed_headers("2180", masks, 2);
    check_changed_headers("2003x64", masks + 2, 1);
}

static void cut_images_are_never_written(void)
{
    size_t size = 0;
    uint8_t *image = image_make(&(struct image_options){.overlay = 100}, &size);
    for (size_t cut = 0; cut < size; cut += cut < 0x400 || cut >= 359030 ? 1 : 8191) {
        struct pc_inspection got;
        uint8_t *copy = image_copy(image, cut);
        pc_inspect(copy, cut, &got);
        CHECK_TEXT(pc_status_name(got.status), "damaged");
        CHECK(!pc_set_limit(copy, cut, 50));
        free(copy);
    }
    free(image);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"published checksums come out", published_checksums_come_out},
        {"limits are set and set back", limits_are_set_and_set_back},
        {"known images are changed", known_images_are_changed},
        {"refused images stay as they are", refused_images_stay_as_they_are},
        {"limit that makes a second sign is not written",
         limit_that_makes_a_second_sign_is_not_written},
        {"changed headers never move the limit", changed_headers_never_move_the_limit},
        {"cut images are never written", cut_images_are_never_written},
    };
    return RUN_SUITE("set limit", cases);
}
