#include "check.h"

#include "base/bytes.h"
#include "image_builder.h"
#include "version.h"

#include <stdlib.h>
#include <string.h>

/* Where the builder puts things in build 2180, whose addresses are its file offsets. */
enum {
    SECTION_COUNT_AT = 0xd8 + 6,
    RSRC_ROW = 0xd8 + 24 + 224 + 6 * 40,
    RSRC = 0x51000,
    TYPE_ENTRY = RSRC + 16,
    NAME_ENTRY = RSRC + 24 + 16,
    LANGUAGE_ENTRY = RSRC + 48 + 16,
    LEAF = RSRC + 72,
    RESOURCE = RSRC + 0x60,
    FIXED_INFO = RESOURCE + 40,
    SPARE = 0x500, /* room behind the resource, from the start of .rsrc */
};

#define SUBDIRECTORY UINT32_C(0x80000000)

static bool read_bytes(const uint8_t *bytes, size_t size, struct pe_version *out)
{
    struct pe_image image;
    if (pe_read(bytes, size, &image) != PE_SOUND) {
        CU_FAIL_FATAL("the headers are not sound");
    }
    pe_read_version(&image, out);
    return out->found;
}

static bool read_options(const struct image_options *options, struct pe_version *out)
{
    size_t size = 0;
    uint8_t *bytes = image_make(options, &size);
    bool found = read_bytes(bytes, size, out);
    free(bytes);
    return found;
}

static void versions_and_names_are_read(void)
{
    size_t count = 0;
    const struct image_build *builds = image_builds(&count);
    for (size_t i = 0; i < count; i++) {
        struct pe_version version;
        char expected[PC_VERSION_SIZE];
        char text[PC_VERSION_SIZE];
        CHECK(read_options(&(struct image_options){.build = builds[i].name}, &version));
        pc_version_text(&builds[i].version, expected);
        pc_version_text(&version.version, text);
        CHECK_TEXT(text, expected);
        CHECK_TEXT(version.file_name, "tcpip.sys");
    }
}

static void original_name_goes_before_the_internal_one(void)
{
    struct pe_version version;
    CHECK(read_options(&(struct image_options){.name = "A.SYS", .internal_name = "b"}, &version));
    CHECK_TEXT(version.file_name, "A.SYS");
    CHECK(read_options(&(struct image_options){.name = "", .internal_name = "b"}, &version));
    CHECK_TEXT(version.file_name, "b");
    CHECK(read_options(&(struct image_options){.name = "", .internal_name = ""}, &version));
    CHECK_TEXT(version.file_name, "");
    CHECK(!read_options(&(struct image_options){.no_version = true}, &version));
    CHECK_TEXT(version.file_name, "");
}

/* The longest name of the builder, with a value length that some tools count in bytes. */
static void odd_strings_are_read(void)
{
    static const char name[] = "tcpip-0123456789-0123456789-0123456789-0123456789-012345.sys";
    size_t size = 0;
    struct pe_version version;
    uint8_t *bytes = image_make(&(struct image_options){.name = name}, &size);
    for (uint32_t at = RESOURCE; at < RESOURCE + 0x400; at += 4) {
        if (get_le16(bytes + at + 6) == 'O' && get_le16(bytes + at + 8) == 'r') {
            put_le16(bytes + at + 2, (uint16_t)(get_le16(bytes + at + 2) * 2));
            put_le16(bytes + at + 40, 0x20ac); /* the first character of the value */
            put_le16(bytes + at + 42, 0xd800);
        }
    }
    CHECK(read_bytes(bytes, size, &version));
    CHECK_TEXT(version.file_name,
               "\xe2\x82\xac\xef\xbf\xbdpip-0123456789-0123456789-0123456789-0123456789-012345");
    CHECK(strlen(version.file_name) < PE_NAME_SIZE);
    free(bytes);
}

/* A changed number of the resource directory or of the resource, and whether a version is still
 * found. */
static void unsound_resources_give_no_version(void)
{
    static const struct {
        uint32_t at;
        uint32_t size;
        uint32_t value;
        bool found;
    } cases[] = {
        {TYPE_ENTRY, 4, 10, false},
        {TYPE_ENTRY, 4, SUBDIRECTORY | 16, false}, /* a name, not a number */
        {TYPE_ENTRY + 4, 4, 24, false},            /* a leaf too early */
        {TYPE_ENTRY + 4, 4, SUBDIRECTORY, false},  /* itself */
        {TYPE_ENTRY + 4, 4, SUBDIRECTORY | 48, false},
        {TYPE_ENTRY + 4, 4, UINT32_MAX, false},
        {NAME_ENTRY + 4, 4, SUBDIRECTORY, false},
        {NAME_ENTRY + 4, 4, SUBDIRECTORY | 24, false},
        {NAME_ENTRY + 4, 4, 48, false},
        {LANGUAGE_ENTRY + 4, 4, SUBDIRECTORY | 48, false},
        {LANGUAGE_ENTRY + 4, 4, 0x7fffffff, false},
        {LANGUAGE_ENTRY, 4, 0, true}, /* any language will do */
        {RSRC + 14, 2, 0, false},
        {RSRC + 14, 2, 0xffff, true}, /* more entries than there is room for */
        {LEAF, 4, 0, false},
        {LEAF, 4, 0x57a7f, false},
        {LEAF, 4, UINT32_MAX, false},
        {LEAF + 4, 4, 0, false},
        {LEAF + 4, 4, UINT32_MAX, false},
        {RESOURCE, 2, 0, false},
        {RESOURCE, 2, 5, false},
        {RESOURCE, 2, 38, false}, /* ends with its key */
        {RESOURCE, 2, 0xffff, false},
        {RESOURCE + 2, 2, 51, false}, /* too short a fixed part */
        {RESOURCE + 6, 2, 'W', false},
        {RESOURCE + 34, 2, 'X', false}, /* the key does not end where it should */
        {FIXED_INFO, 4, 0, false},
    };
    size_t size = 0;
    uint8_t *bytes = image_make(&(struct image_options){0}, &size);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pe_version version;
        uint8_t saved[4];
        uint8_t value[4];
        memcpy(saved, bytes + cases[i].at, 4);
        put_le32(value, cases[i].value);
        memcpy(bytes + cases[i].at, value, cases[i].size);
        CHECK_NUMBER(read_bytes(bytes, size, &version), cases[i].found);
        memcpy(bytes + cases[i].at, saved, 4);
    }
    free(bytes);
}

static void put_directory(uint8_t *rsrc, uint32_t at, uint16_t count, const uint32_t *children)
{
    memset(rsrc + at, 0, 16);
    put_le16(rsrc + at + 14, count);
    for (uint32_t i = 0; i < count; i++) {
        put_le32(rsrc + at + 16 + (size_t)i * 8, i + 1);
        put_le32(rsrc + at + 20 + (size_t)i * 8, children[i]);
    }
}

static void later_resource_is_read_when_the_first_is_unsound(void)
{
    size_t size = 0;
    struct pe_version version;
    uint8_t *bytes = image_make(&(struct image_options){0}, &size);
    uint8_t *rsrc = bytes + RSRC;
    const uint32_t names[] = {SPARE, SUBDIRECTORY | (SPARE + 48), SUBDIRECTORY | 48};
    const uint32_t languages[] = {UINT32_C(0x7ffffff0), SPARE + 0xc0};
    put_le32(bytes + RSRC_ROW + 8, 0x600);
    put_directory(rsrc, SPARE, 3, names);
    put_directory(rsrc, SPARE + 48, 2, languages);
    memset(rsrc + SPARE + 0xc0, 0, 16);
    put_le32(bytes + TYPE_ENTRY + 4, SUBDIRECTORY | SPARE);
    CHECK(read_bytes(bytes, size, &version));
    CHECK_NUMBER(version.version.part[3], 2180);
    free(bytes);
}

/* The file ends inside .rsrc, at every place: nothing behind its end may be touched. */
static void cut_resources_are_safe(void)
{
    size_t size = 0;
    uint8_t *bytes = image_make(&(struct image_options){0}, &size);
    uint32_t whole = get_le32(bytes + RSRC_ROW + 8);
    put_le16(bytes + SECTION_COUNT_AT, 7);
    for (uint32_t length = 1; length <= whole; length++) {
        struct pe_version version;
        uint8_t *copy = image_copy(bytes, RSRC + (size_t)length);
        put_le32(copy + RSRC_ROW + 16, length);
        CHECK_NUMBER(read_bytes(copy, RSRC + (size_t)length, &version), length == whole);
        if (length > 0x60) { /* a size of the resource that fits what is left */
            put_le32(copy + LEAF + 4, length - 0x60);
            read_bytes(copy, RSRC + (size_t)length, &version);
        }
        CHECK(memchr(version.file_name, '\0', PE_NAME_SIZE) != NULL);
        free(copy);
    }
    free(bytes);
}

static void flipped_resources_are_safe(void)
{
    size_t size = 0;
    uint8_t *bytes = image_make(&(struct image_options){0}, &size);
    uint32_t end = RSRC + get_le32(bytes + RSRC_ROW + 8);
    for (uint32_t at = RSRC; at < end; at++) {
        for (int bit = 0; bit < 8; bit++) {
            struct pe_version version;
            bytes[at] ^= (uint8_t)(1 << bit);
            bool found = read_bytes(bytes, size, &version);
            CHECK(found || version.file_name[0] == '\0');
            CHECK(memchr(version.file_name, '\0', PE_NAME_SIZE) != NULL);
            bytes[at] ^= (uint8_t)(1 << bit);
        }
    }
    free(bytes);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"versions and names are read", versions_and_names_are_read},
        {"original name goes before the internal one", original_name_goes_before_the_internal_one},
        {"odd strings are read", odd_strings_are_read},
        {"unsound resources give no version", unsound_resources_give_no_version},
        {"later resource is read when the first is unsound",
         later_resource_is_read_when_the_first_is_unsound},
        {"cut resources are safe", cut_resources_are_safe},
        {"flipped resources are safe", flipped_resources_are_safe},
    };
    return RUN_SUITE("version", cases);
}
