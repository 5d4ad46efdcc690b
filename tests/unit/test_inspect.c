#include "check.h"

#include "base/buf.h"
#include "base/bytes.h"
#include "builds.h"
#include "image_builder.h"

#include <stdlib.h>
#include <string.h>

/* Where the builder puts things in build 2180. */
enum {
    LIMIT_AT = 0x4f322,
    MACHINE_AT = 0xd8 + 4,
};

static struct pc_inspection inspect(const struct image_options *options)
{
    struct pc_inspection inspection;
    size_t size = 0;
    uint8_t *image = image_make(options, &size);
    pc_inspect(image, size, &inspection);
    free(image);
    return inspection;
}

/* ---- what an image is ---- */

static void status_of_each_build(void)
{
    static const struct {
        const char *build;
        enum pc_status status;
        const char *name; /* in the table of known builds */
        const char *reason;
    } cases[] = {
        {"2096", PC_ORIGINAL, NULL, ""},
        {"2180", PC_ORIGINAL, "5.1.2600.2180", ""},
        {"2505", PC_ORIGINAL, "5.1.2600.2505", ""},
        {"2685", PC_ORIGINAL, "5.1.2600.2685", ""},
        {"2827", PC_ORIGINAL, "5.1.2600.2827", ""},
        {"2892gdr", PC_ORIGINAL, "5.1.2600.2892 (gdr)", ""},
        {"2892qfe", PC_ORIGINAL, "5.1.2600.2892 (qfe)", ""},
        {"unnamed", PC_ORIGINAL, "not named (checksum 0x000627C8)", ""},
        {"5512", PC_ORIGINAL, NULL, ""},
        {"5625", PC_ORIGINAL, NULL, ""},
        {"2003sp1", PC_ORIGINAL, NULL, ""},
        {"2003sp2", PC_ORIGINAL, NULL, ""},
        {"2003x64", PC_ORIGINAL, NULL, ""},
        {"2003x64sp2", PC_ORIGINAL, NULL, ""},
        {"vista", PC_UNRECOGNISED, NULL,
         "This is tcpip.sys 6.0.6000.16386 of Windows Vista or Server 2008 before SP2: install "
         "Service Pack 2, which removes the limit, instead of patching."},
        {"vistasp1", PC_UNRECOGNISED, NULL,
         "This is tcpip.sys 6.0.6001.18000 of Windows Vista or Server 2008 before SP2: install "
         "Service Pack 2, which removes the limit, instead of patching."},
        {"2000", PC_NO_LIMIT, NULL,
         "This is tcpip.sys 5.0.2195.6655 of Windows 2000, which has no limit on half-open "
         "connections in this file: there is nothing to change."},
        {"1106", PC_NO_LIMIT, NULL,
         "This is tcpip.sys 5.1.2600.1106 of Windows XP before SP2, which has no limit on "
         "half-open connections in this file: there is nothing to change."},
        {"2003", PC_NO_LIMIT, NULL,
         "This is tcpip.sys 5.2.3790.0 of Windows Server 2003 before SP1, which has no limit on "
         "half-open connections in this file: there is nothing to change."},
        {"vistasp2", PC_NO_LIMIT, NULL,
         "This is tcpip.sys 6.0.6002.18005 of Windows Vista SP2 or Server 2008 SP2, which has no "
         "limit on half-open connections in this file: there is nothing to change."},
        {"7601", PC_NO_LIMIT, NULL,
         "This is tcpip.sys 6.1.7601.17514 of Windows 7, which has no limit on half-open "
         "connections in this file: there is nothing to change."},
        {"9600", PC_NO_LIMIT, NULL,
         "This is tcpip.sys 6.3.9600.16384 of Windows 8 or 8.1, which has no limit on half-open "
         "connections in this file: there is nothing to change."},
        {"win10", PC_NO_LIMIT, NULL,
         "This is tcpip.sys 10.0.19041.1 of Windows 10 or later, which has no limit on half-open "
         "connections in this file: there is nothing to change."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pc_inspection got = inspect(&(struct image_options){.build = cases[i].build});
        CHECK_TEXT(pc_status_name(got.status), pc_status_name(cases[i].status));
        CHECK_TEXT(got.build, cases[i].name);
        CHECK_TEXT(got.reason, cases[i].reason);
        CHECK_NUMBER(got.has_limit, cases[i].status == PC_ORIGINAL);
        CHECK_NUMBER(got.limit, got.has_limit ? PC_LIMIT_WINDOWS : 0);
        CHECK_NUMBER(pc_writable(&got), cases[i].status == PC_ORIGINAL);
        CHECK(got.has_version);
        CHECK(got.has_checksum);
        CHECK_NUMBER(got.checksum_stored, got.checksum_computed);
    }
}

static void versions_around_the_borders(void)
{
    static const struct {
        struct pc_version version;
        enum pc_status status;
    } cases[] = {
        {{{4, 0, 1381, 1}}, PC_ORIGINAL},
        {{{5, 0, 0, 0}}, PC_NO_LIMIT},
        {{{5, 0, 65535, 65535}}, PC_NO_LIMIT},
        {{{5, 1, 2600, 0}}, PC_NO_LIMIT},
        {{{5, 1, 2600, 2095}}, PC_NO_LIMIT},
        {{{5, 1, 2600, 2096}}, PC_ORIGINAL},
        {{{5, 1, 2600, 65535}}, PC_ORIGINAL},
        {{{5, 1, 2505, 0}}, PC_ORIGINAL},
        {{{5, 2, 3790, 1829}}, PC_NO_LIMIT},
        {{{5, 2, 3790, 1830}}, PC_ORIGINAL},
        {{{5, 2, 3791, 0}}, PC_ORIGINAL},
        {{{6, 0, 5000, 0}}, PC_UNRECOGNISED},
        {{{6, 0, 6000, 0}}, PC_UNRECOGNISED},
        {{{6, 0, 6001, 65535}}, PC_UNRECOGNISED},
        {{{6, 0, 6002, 0}}, PC_NO_LIMIT},
        {{{6, 1, 0, 0}}, PC_NO_LIMIT},
        {{{6, 2, 9200, 0}}, PC_NO_LIMIT},
        {{{6, 4, 9841, 0}}, PC_NO_LIMIT},
        {{{65535, 65535, 65535, 65535}}, PC_NO_LIMIT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pc_inspection got = inspect(&(struct image_options){.version = &cases[i].version});
        CHECK_TEXT(pc_status_name(got.status), pc_status_name(cases[i].status));
    }
}

static void unusual_images_have_their_reasons(void)
{
    static const struct pc_version windows_7 = {{6, 1, 7601, 17514}};
    static const struct {
        struct image_options options;
        enum pc_status status;
        const char *reason; /* its beginning */
    } cases[] = {
        {{.limit = 50}, PC_PATCHED, ""},
        {{.limit = PC_LIMIT_MOST}, PC_PATCHED, ""},
        {{.limit = PC_LIMIT_LEAST}, PC_PATCHED, ""},
        {{.limit = PC_LIMIT_MOST + 1},
         PC_UNRECOGNISED,
         "The value where the limit should be is 167"},
        {{.zero_limit = true}, PC_UNRECOGNISED, "The value where the limit should be is 0, which"},
        {{.limit_offset = 0x4f001}, PC_ORIGINAL, ""},
        {{.no_sign_a = true}, PC_UNRECOGNISED, "No code that sets the limit was found, so this "},
        {{.no_store = true}, PC_UNRECOGNISED, "No code that sets the limit was found, so this "},
        {{.no_sign_b = true},
         PC_UNRECOGNISED,
         "Code that may set the limit is at file offset 0x4F318, "},
        {{.signs_disagree = true},
         PC_UNRECOGNISED,
         "Code that may set the limit is at file offset "},
        {{.two_stores = true},
         PC_UNRECOGNISED,
         "2 places look like the code that sets the limit (file offsets 0x4F118, 0x4F318), where "},
        {{.name = "tcpip6.sys"}, PC_UNRECOGNISED, "This file calls itself tcpip6.sys: name a copy"},
        {{.name = "\x1b[2J\xff"}, PC_UNRECOGNISED, "This file calls itself ?[2J??: name a copy of"},
        {{.name = "TCPIP.SYS"}, PC_ORIGINAL, ""},
        {{.name = "", .internal_name = "ntoskrnl.exe"},
         PC_UNRECOGNISED,
         "This file calls itself n"},
        {{.name = "tcpip.sys", .internal_name = "other"}, PC_ORIGINAL, ""},
        {{.name = "", .internal_name = ""}, PC_ORIGINAL, ""},
        {{.no_version = true}, PC_ORIGINAL, ""},
        {{.build = "win10", .no_version = true}, PC_UNRECOGNISED, "The code that goes before the "},
        {{.build = "1106", .no_version = true}, PC_UNRECOGNISED, "No code that sets the limit was"},
        {{.build = "vista", .no_version = true},
         PC_UNRECOGNISED,
         "No code that sets the limit was"},
        {{.name = "", .internal_name = "", .version = &windows_7, .no_sign_a = true},
         PC_UNRECOGNISED,
         "No code that sets the limit was"},
        {{.name = "other.sys", .version = &windows_7},
         PC_UNRECOGNISED,
         "This file calls itself ot"},
        {{.bad_checksum = true},
         PC_DAMAGED,
         "Its checksum should be 0x0006126E but is 0x0006126F: "},
        {{.no_checksum = true}, PC_DAMAGED, "It carries no checksum, and Windows loads no driver "},
        {{.name = "other.sys", .bad_checksum = true}, PC_DAMAGED, "Its checksum should be 0x"},
        {{.build = "7601", .bad_checksum = true}, PC_DAMAGED, "Its checksum should be 0x"},
        {{.truncate = 1}, PC_DAMAGED, "It does not begin as a program file does (MZ), so "},
        {{.truncate = 2}, PC_DAMAGED, "It ends inside its headers: it was cut short. Take a sound"},
        {{.truncate = 359039},
         PC_DAMAGED,
         "It ends before its last section does: it was cut short."},
        {{.overlay = 7}, PC_ORIGINAL, ""},
        {{.overlay = 7, .truncate = 359041}, PC_DAMAGED, "Its checksum should be 0x"},
        {{.build = "2003x64", .limit = 100}, PC_PATCHED, ""},
        {{.build = "2003x64", .no_sign_a = true}, PC_UNRECOGNISED, "The code that goes before the"},
        {{.build = "2003x64", .no_sign_b = true}, PC_ORIGINAL, ""},
        {{.build = "2003x64", .two_stores = true}, PC_UNRECOGNISED, "2 places look like the code"},
        {{.build = "2003x64", .no_store = true},
         PC_UNRECOGNISED,
         "The code at file offset 0x4F9A2 is not followed by the store that sets the limit: leave"},
        {{.build = "2003x64", .store_outside = true},
         PC_UNRECOGNISED,
         "The code at file offset 0x4F9A2 would store the limit outside the driver: leave the"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pc_inspection got = inspect(&cases[i].options);
        size_t length = strlen(got.reason);
        CHECK_TEXT(pc_status_name(got.status), pc_status_name(cases[i].status));
        CHECK_NUMBER(length == 0, pc_writable(&got));
        CHECK(length == 0 || got.reason[length - 1] == '.');
        char begin[PC_REASON_SIZE];
        memcpy(begin, got.reason, sizeof begin);
        begin[strlen(cases[i].reason)] = '\0';
        CHECK_TEXT(begin, cases[i].reason);
        CHECK_NUMBER(got.has_limit, pc_writable(&got));
    }
}

static void many_places_are_counted_and_some_named(void)
{
    static const uint8_t run[] = {0x05, 0x00, 0xff, 0xd6, 0xc7, 0x05};
    struct pc_inspection got;
    size_t size = 0;
    uint8_t *image =
        image_make(&(struct image_options){.no_sign_a = true, .no_sign_b = true}, &size);
    for (uint32_t i = 0; i < 20; i++) {
        memcpy(image + 0x20000 + (size_t)i * 0x20, run, sizeof run);
        memcpy(image + 0x20006 + (size_t)i * 0x20, image + LIMIT_AT - 4, 8);
    }
    image_fix_checksum(image, size);
    pc_inspect(image, size, &got);
    CHECK_TEXT(got.reason, "20 places look like the code that sets the limit (file offsets "
                           "0x20000, 0x20020, 0x20040 and 17 more), where exactly one was "
                           "expected: leave the file as it is.");
    free(image);
}

static void other_processors_are_not_recognised(void)
{
    struct pc_inspection got;
    size_t size = 0;
    uint8_t *image = image_make(&(struct image_options){0}, &size);
    put_le16(image + MACHINE_AT, 0x1c4);
    image_fix_checksum(image, size);
    pc_inspect(image, size, &got);
    CHECK_TEXT(pc_status_name(got.status), "unrecognised");
    CHECK_NUMBER(got.machine, PC_MACHINE_OTHER);
    CHECK_TEXT(got.reason, "It is for a processor other than x86 and x64, where no limit is known: "
                           "leave the file as it is.");
    free(image);
}

static void any_bytes_may_be_inspected(void)
{
    struct pc_inspection got;
    pc_inspect(NULL, 0, &got);
    CHECK_TEXT(pc_status_name(got.status), "damaged");
    CHECK_NUMBER(got.size, 0);
    size_t size = 0;
    uint8_t *image = image_make(&(struct image_options){0}, &size);
    uint8_t *large = calloc((size_t)PC_IMAGE_MOST + 1, 1);
    if (large == NULL) {
        CU_FAIL_FATAL("memory is out");
        return;
    }
    memcpy(large, image, size);
    image_fix_checksum(large, PC_IMAGE_MOST);
    pc_inspect(large, PC_IMAGE_MOST, &got);
    CHECK_TEXT(pc_status_name(got.status), "original");
    pc_inspect(large, (size_t)PC_IMAGE_MOST + 1, &got);
    CHECK_TEXT(got.reason,
               "It is far larger than any tcpip.sys: name a copy of tcpip.sys instead.");
    CHECK_TEXT(pc_status_name(got.status), "unrecognised");
    free(large);
    free(image);
}

/* ---- the table of known builds ---- */

static void whole_checksum_replaces_missing_signs(void)
{
    static const struct image_options sure[] = {
        {.no_sign_a = true, .known_checksum = true},
        {.no_sign_b = true, .known_checksum = true},
        {.signs_disagree = true, .known_checksum = true, .limit = 50},
        {.no_sign_a = true, .known_checksum = true, .no_version = true},
        {.build = "2685", .no_sign_a = true, .known_checksum = true},
        {.build = "2892gdr", .no_sign_b = true, .known_checksum = true, .limit = 1000},
        {.build = "unnamed", .no_sign_b = true, .known_checksum = true},
    };
    for (size_t i = 0; i < sizeof sure / sizeof sure[0]; i++) {
        struct pc_inspection got = inspect(&sure[i]);
        CHECK_TEXT(got.reason, "");
        CHECK_NUMBER(got.status, sure[i].limit == 0 ? PC_ORIGINAL : PC_PATCHED);
        CHECK(got.build != NULL);
        CHECK(!got.has_compare);
    }
}

static void nothing_less_replaces_missing_signs(void)
{
    static const struct pc_version sp3 = {{5, 1, 2600, 5512}};
    static const struct image_options unsure[] = {
        {.no_sign_a = true}, /* another checksum */
        {.no_sign_a = true, .known_checksum = true, .overlay = 2},
        {.no_sign_a = true, .known_checksum = true, .version = &sp3},
        {.no_sign_a = true, .known_checksum = true, .limit_offset = 0x4f324},
        {.no_store = true, .known_checksum = true},
        {.store_outside = true, .known_checksum = true},
        {.two_stores = true, .known_checksum = true}, /* signs that contradict each other */
        {.no_sign_a = true, .known_checksum = true, .zero_limit = true},
        {.build = "2505", .no_sign_a = true, .known_checksum = true}, /* only a byte is known */
        {.build = "2892qfe", .no_sign_a = true, .known_checksum = true},
        {.build = "2827", .no_sign_a = true},
    };
    for (size_t i = 0; i < sizeof unsure / sizeof unsure[0]; i++) {
        struct pc_inspection got = inspect(&unsure[i]);
        CHECK_TEXT(pc_status_name(got.status), "unrecognised");
        CHECK_TEXT(got.build, NULL);
    }
}

static void builds_are_named_only_when_all_that_is_known_agrees(void)
{
    static const struct pc_version gdr = {{5, 1, 2600, 2892}};
    static const struct {
        struct image_options options;
        const char *name;
    } cases[] = {
        {{.limit = 16777214}, "5.1.2600.2180"},
        {{.limit_offset = 0x4f324}, NULL},
        {{.internal_name = "x"}, NULL}, /* another checksum */
        {{.no_version = true}, NULL},
        {{.no_version = true, .known_checksum = true}, "5.1.2600.2180"},
        {{.build = "2505", .limit = 200}, "5.1.2600.2505"},
        {{.build = "2505", .no_version = true, .known_checksum = true}, NULL},
        {{.build = "2827", .limit = 50}, "5.1.2600.2827"},
        {{.build = "2827", .limit_offset = 0x4f5a4}, NULL},
        {{.build = "2827", .version = &gdr}, NULL},
        {{.build = "2892qfe", .limit = 16777214}, "5.1.2600.2892 (qfe)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_TEXT(inspect(&cases[i].options).build, cases[i].name);
    }
    size_t count = 0;
    const struct known_build *builds = known_builds(&count);
    CHECK_NUMBER(count, 7);
    CHECK(build_is_whole(&builds[0]));
    CHECK(!build_agrees(&builds[0], 359041, NULL, 0x4f322, 0x6126e));
    CHECK(build_agrees(&builds[0], 359040, NULL, 0x4f322, 0x6126e));
}

/* ---- how it is shown ---- */

static void check_json(const struct image_options *options, const char *expected)
{
    struct buf b = BUF_INIT;
    struct json j = json_start(&b);
    struct pc_inspection inspection = inspect(options);
    json_open_object(&j, NULL);
    json_text(&j, "path", "x");
    pc_inspection_json(&j, &inspection);
    json_close_object(&j);
    CHECK_TEXT(buf_text(&b), expected);
    buf_free(&b);
}

static void inspections_as_json(void)
{
    check_json(&(struct image_options){.limit = 200},
               "{\"path\":\"x\",\"status\":\"patched\",\"machine\":\"i386\","
               "\"version\":\"5.1.2600.2180\",\"size\":359040,\"limit\":200,"
               "\"limit_offset\":324386,\"checksum_stored\":398124,\"checksum_computed\":398124,"
               "\"build\":\"5.1.2600.2180\",\"reason\":null,\"compare_offset\":40532}");
    check_json(
        &(struct image_options){
            .build = "2003x64", .no_sign_b = true, .no_version = true, .no_checksum = true},
        "{\"path\":\"x\",\"status\":\"damaged\",\"machine\":\"amd64\",\"version\":null,"
        "\"size\":334848,\"limit\":null,\"limit_offset\":null,\"checksum_stored\":0,"
        "\"checksum_computed\":350813,\"build\":null,\"reason\":\"It carries no checksum, "
        "and Windows loads no driver without one. Take a sound copy of tcpip.sys from the "
        "installation media or its last update.\",\"compare_offset\":null}");
    check_json(
        &(struct image_options){.truncate = 1},
        "{\"path\":\"x\",\"status\":\"damaged\",\"machine\":null,\"version\":null,\"size\":1,"
        "\"limit\":null,\"limit_offset\":null,\"checksum_stored\":null,"
        "\"checksum_computed\":null,\"build\":null,\"reason\":\"It does not begin as a "
        "program file does (MZ), so it is not a driver. Take a sound copy of tcpip.sys from "
        "the installation media or its last update.\",\"compare_offset\":null}");
}

static void names_of_statuses_and_versions(void)
{
    char text[PC_VERSION_SIZE];
    CHECK_TEXT(pc_status_name(PC_ORIGINAL), "original");
    CHECK_TEXT(pc_status_name(PC_PATCHED), "patched");
    CHECK_TEXT(pc_status_name(PC_NO_LIMIT), "no-limit");
    CHECK_TEXT(pc_status_name(PC_UNRECOGNISED), "unrecognised");
    CHECK_TEXT(pc_status_name(PC_DAMAGED), "damaged");
    pc_version_text(&(struct pc_version){{65535, 65535, 65535, 65535}}, text);
    CHECK_TEXT(text, "65535.65535.65535.65535");
}

static void builder_refuses_what_makes_no_sense(void)
{
    static const struct image_options cases[] = {
        {.build = "nothing"},
        {.build = "win10", .limit = 5},
        {.build = "vista", .no_sign_a = true},
        {.limit_offset = 0x1000},
        {.limit_offset = 0x50fff},
        {.name = "0123456789012345678901234567890123456789012345678901234567890"},
        {.build = "5512", .known_checksum = true},
        {.overlay = UINT32_MAX},
        {.truncate = 359041},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf image = BUF_INIT;
        const char *error = NULL;
        CHECK(!image_build(&cases[i], &image, &error));
        CHECK(error != NULL && error[strlen(error) - 1] == '.');
        CHECK_NUMBER(image.len, 0);
        buf_free(&image);
    }
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"status of each build", status_of_each_build},
        {"versions around the borders", versions_around_the_borders},
        {"unusual images have their reasons", unusual_images_have_their_reasons},
        {"many places are counted and some named", many_places_are_counted_and_some_named},
        {"other processors are not recognised", other_processors_are_not_recognised},
        {"any bytes may be inspected", any_bytes_may_be_inspected},
        {"whole checksum replaces missing signs", whole_checksum_replaces_missing_signs},
        {"nothing less replaces missing signs", nothing_less_replaces_missing_signs},
        {"builds are named only when all that is known agrees",
         builds_are_named_only_when_all_that_is_known_agrees},
        {"inspections as JSON", inspections_as_json},
        {"names of statuses and versions", names_of_statuses_and_versions},
        {"builder refuses what makes no sense", builder_refuses_what_makes_no_sense},
    };
    return RUN_SUITE("inspect", cases);
}
