#include "check.h"

#include "base/bytes.h"
#include "image_builder.h"
#include "locate.h"

#include <stdlib.h>
#include <string.h>

enum {
    LIMIT_AT = 0x4f322,     /* in build 2180 */
    RUN_AT = LIMIT_AT - 10, /* the first sign begins here */
    COMPARE_AT = 0x9e54,    /* the second one, behind A1 count */
    FREE_CODE = 0x20000,    /* some place in .text */
    RDATA = 0x3e000,        /* and in .rdata */
    INIT_END = 0x51000,     /* the end of the last section with code */
    TEXT_END = 0x3d000,
    LIMIT_64_AT = 0x4f9d4, /* in build 2003x64 */
    RUN_64_AT = LIMIT_64_AT - 50,
};

static const uint8_t run[] = {0x05, 0x00, 0xff, 0xd6, 0xc7, 0x05};

struct sample {
    uint8_t *bytes;
    size_t size;
    uint32_t variable; /* the operand of the store */
    struct pe_limit_place place;
};

static struct sample sample(const struct image_options *options)
{
    struct sample s = {0};
    s.bytes = image_make(options, &s.size);
    s.variable = get_le32(s.bytes + LIMIT_AT - 4);
    return s;
}

static enum pe_locate locate(struct sample *s)
{
    struct pe_image image;
    if (pe_read(s->bytes, s->size, &image) != PE_SOUND) {
        CU_FAIL_FATAL("the headers are not sound");
    }
    return pe_locate_limit(&image, &s->place);
}

static enum pe_locate locate_options(const struct image_options *options, uint32_t *count)
{
    struct sample s = sample(options);
    enum pe_locate answer = locate(&s);
    *count = s.place.count;
    free(s.bytes);
    return answer;
}

static void put_store(struct sample *s, uint32_t at, uint32_t variable)
{
    memcpy(s->bytes + at, run, sizeof run);
    put_le32(s->bytes + at + 6, variable);
    put_le32(s->bytes + at + 10, 10);
}

static void put_compare(struct sample *s, uint32_t at, uint32_t variable)
{
    s->bytes[at] = 0x3b;
    s->bytes[at + 1] = 0x05;
    put_le32(s->bytes + at + 2, variable);
}

static void limit_of_each_build_is_found(void)
{
    size_t count = 0;
    const struct image_build *builds = image_builds(&count);
    for (size_t i = 0; i < count; i++) {
        struct sample s = sample(&(struct image_options){.build = builds[i].name});
        bool limit = builds[i].kind == IMAGE_LIMIT;
        CHECK_NUMBER(locate(&s) == LOCATE_FOUND, limit);
        CHECK_NUMBER(s.place.limit_offset, builds[i].limit_offset);
        CHECK_NUMBER(s.place.has_compare, limit);
        free(s.bytes);
    }
}

static void published_run_is_where_it_should_be(void)
{
    struct sample s = sample(&(struct image_options){0});
    CHECK(memcmp(s.bytes + RUN_AT, run, sizeof run) == 0);
    CHECK_NUMBER(s.bytes[COMPARE_AT - 5], 0xa1);
    CHECK_NUMBER(locate(&s), LOCATE_FOUND);
    CHECK_NUMBER(s.place.compare_offset, COMPARE_AT);
    CHECK_NUMBER(s.place.count, 1);
    CHECK_NUMBER(s.place.offsets[0], RUN_AT);
    free(s.bytes);
}

static void each_way_to_fall_short_has_its_answer(void)
{
    uint32_t count = 0;
    CHECK_NUMBER(locate_options(&(struct image_options){.no_sign_a = true}, &count),
                 LOCATE_NO_STORE);
    CHECK_NUMBER(locate_options(&(struct image_options){.no_store = true}, &count),
                 LOCATE_NO_STORE);
    CHECK_NUMBER(locate_options(&(struct image_options){.store_outside = true}, &count),
                 LOCATE_NO_STORE);
    CHECK_NUMBER(locate_options(&(struct image_options){.no_sign_b = true}, &count),
                 LOCATE_NO_COMPARE);
    CHECK_NUMBER(count, 1);
    CHECK_NUMBER(locate_options(&(struct image_options){.signs_disagree = true}, &count),
                 LOCATE_NO_COMPARE);
    CHECK_NUMBER(locate_options(&(struct image_options){.two_stores = true}, &count),
                 LOCATE_SEVERAL);
    CHECK_NUMBER(count, 2);
}

static void compares_with_any_register_count(void)
{
    static const struct {
        uint8_t code[2];
        bool counts;
    } cases[] = {
        {{0x3b, 0x05}, true},  {{0x3b, 0x0d}, true},  {{0x39, 0x3d}, true},  {{0x39, 0x05}, true},
        {{0x3b, 0x04}, false}, {{0x3b, 0x85}, false}, {{0x3a, 0x05}, false}, {{0x8b, 0x05}, false},
        {{0x38, 0x05}, false}, {{0x3d, 0x05}, false},
    };
    struct sample s = sample(&(struct image_options){0});
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memcpy(s.bytes + COMPARE_AT, cases[i].code, 2);
        CHECK_NUMBER(locate(&s), cases[i].counts ? LOCATE_FOUND : LOCATE_NO_COMPARE);
    }
    free(s.bytes);
}

static void only_code_counts(void)
{
    struct sample s = sample(&(struct image_options){.no_sign_b = true});
    put_compare(&s, RDATA, s.variable);
    CHECK_NUMBER(locate(&s), LOCATE_NO_COMPARE);
    put_compare(&s, TEXT_END - 5, s.variable); /* straddles .text and .rdata */
    CHECK_NUMBER(locate(&s), LOCATE_NO_COMPARE);
    put_compare(&s, TEXT_END - 6, s.variable);
    CHECK_NUMBER(locate(&s), LOCATE_FOUND);
    CHECK_NUMBER(s.place.compare_offset, TEXT_END - 6);
    free(s.bytes);
    s = sample(&(struct image_options){0});
    put_store(&s, RDATA, s.variable);
    CHECK_NUMBER(locate(&s), LOCATE_FOUND);
    put_store(&s, INIT_END - 13, s.variable); /* straddles INIT and .rsrc */
    CHECK_NUMBER(locate(&s), LOCATE_FOUND);
    put_store(&s, INIT_END - 14, s.variable);
    CHECK_NUMBER(locate(&s), LOCATE_SEVERAL);
    free(s.bytes);
}

static void compare_inside_the_store_does_not_count(void)
{
    struct sample s = sample(&(struct image_options){.no_sign_b = true});
    put_compare(&s, LIMIT_AT + 3, s.variable); /* begins in the last byte of the immediate */
    CHECK_NUMBER(locate(&s), LOCATE_NO_COMPARE);
    put_compare(&s, LIMIT_AT + 4, s.variable);
    CHECK_NUMBER(locate(&s), LOCATE_FOUND);
    free(s.bytes);
}

static void store_without_a_compare_takes_no_certainty_away(void)
{
    struct sample s = sample(&(struct image_options){0});
    put_store(&s, FREE_CODE, s.variable + 0x44);
    CHECK_NUMBER(locate(&s), LOCATE_FOUND);
    CHECK_NUMBER(s.place.limit_offset, LIMIT_AT);
    put_compare(&s, FREE_CODE + 100, s.variable + 0x44);
    CHECK_NUMBER(locate(&s), LOCATE_SEVERAL);
    CHECK_NUMBER(s.place.count, 2);
    CHECK_NUMBER(s.place.offsets[0], FREE_CODE);
    CHECK_NUMBER(s.place.offsets[1], RUN_AT);
    put_store(&s, FREE_CODE, s.variable); /* the same variable, set twice */
    CHECK_NUMBER(locate(&s), LOCATE_SEVERAL);
    free(s.bytes);
}

static void more_stores_than_are_kept_are_several(void)
{
    struct sample s = sample(&(struct image_options){0});
    for (uint32_t i = 0; i < LOCATE_OFFSETS_MOST - 1; i++) {
        put_store(&s, FREE_CODE + i * 16, s.variable + 0x44);
    }
    CHECK_NUMBER(locate(&s), LOCATE_FOUND);
    put_store(&s, FREE_CODE + LOCATE_OFFSETS_MOST * 16, s.variable + 0x44);
    CHECK_NUMBER(locate(&s), LOCATE_SEVERAL);
    CHECK_NUMBER(s.place.count, LOCATE_OFFSETS_MOST + 1);
    free(s.bytes);
}

/* Nothing but stores and compares: this must not take time by their product. */
static void code_full_of_signs_takes_linear_time(void)
{
    struct sample s = sample(&(struct image_options){0});
    for (uint32_t at = 0x400; at + 20 <= TEXT_END; at += 20) {
        put_store(&s, at, s.variable);
        put_compare(&s, at + 14, s.variable);
    }
    CHECK_NUMBER(locate(&s), LOCATE_SEVERAL);
    CHECK_NUMBER(s.place.count, (TEXT_END - 0x400) / 20 + 1);
    free(s.bytes);
}

static void signs_of_64_bits(void)
{
    struct sample s = sample(&(struct image_options){.build = "2003x64"});
    CHECK_NUMBER(locate(&s), LOCATE_FOUND);
    CHECK_NUMBER(s.place.limit_offset, LIMIT_64_AT);
    CHECK(s.place.has_compare);
    CHECK_NUMBER(s.place.offsets[0], RUN_64_AT);
    free(s.bytes);
    static const struct {
        struct image_options options;
        enum pe_locate answer;
        bool compare;
    } cases[] = {
        {{.build = "2003x64", .no_sign_a = true}, LOCATE_NO_RUN, false},
        {{.build = "2003x64", .no_sign_b = true}, LOCATE_FOUND, false},
        {{.build = "2003x64", .signs_disagree = true}, LOCATE_FOUND, false},
        {{.build = "2003x64", .two_stores = true}, LOCATE_SEVERAL, false},
        {{.build = "2003x64", .no_store = true}, LOCATE_RUN_ONLY, false},
        {{.build = "2003x64", .store_outside = true}, LOCATE_OUTSIDE, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        s = sample(&cases[i].options);
        CHECK_NUMBER(locate(&s), cases[i].answer);
        CHECK_NUMBER(s.place.has_compare, cases[i].compare);
        free(s.bytes);
    }
}

/* The run at the very end of the code, with no room for the store behind it. */
static void run_of_64_bits_at_the_end_of_the_code(void)
{
    struct sample s = sample(&(struct image_options){.build = "2003x64"});
    memmove(s.bytes + INIT_END - 24, s.bytes + RUN_64_AT, 24);
    s.bytes[RUN_64_AT] = 0;
    CHECK_NUMBER(locate(&s), LOCATE_RUN_ONLY);
    memmove(s.bytes + RDATA, s.bytes + INIT_END - 24, 24);
    s.bytes[INIT_END - 24] = 0;
    CHECK_NUMBER(locate(&s), LOCATE_NO_RUN);
    free(s.bytes);
}

static void known_offset_needs_a_store_there(void)
{
    struct sample s = sample(&(struct image_options){0});
    struct pe_image image;
    CHECK_NUMBER(pe_read(s.bytes, s.size, &image), PE_SOUND);
    CHECK(pe_store_at(&image, LIMIT_AT));
    CHECK(!pe_store_at(&image, LIMIT_AT + 1));
    CHECK(!pe_store_at(&image, 5));
    CHECK(!pe_store_at(&image, UINT32_MAX));
    put_le32(s.bytes + LIMIT_AT - 4, 0xffff);
    CHECK(!pe_store_at(&image, LIMIT_AT));
    put_store(&s, RDATA, s.variable);
    CHECK(!pe_store_at(&image, RDATA + 10));
    free(s.bytes);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"limit of each build is found", limit_of_each_build_is_found},
        {"published run is where it should be", published_run_is_where_it_should_be},
        {"each way to fall short has its answer", each_way_to_fall_short_has_its_answer},
        {"compares with any register count", compares_with_any_register_count},
        {"only code counts", only_code_counts},
        {"compare inside the store does not count", compare_inside_the_store_does_not_count},
        {"store without a compare takes no certainty away",
         store_without_a_compare_takes_no_certainty_away},
        {"more stores than are kept are several", more_stores_than_are_kept_are_several},
        {"code full of signs takes linear time", code_full_of_signs_takes_linear_time},
        {"signs of 64 bits", signs_of_64_bits},
        {"run of 64 bits at the end of the code", run_of_64_bits_at_the_end_of_the_code},
        {"known offset needs a store there", known_offset_needs_a_store_there},
    };
    return RUN_SUITE("locate", cases);
}
