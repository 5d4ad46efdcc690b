#include "check.h"

#include "base/bytes.h"
#include "image.h"
#include "image_builder.h"

#include <stdlib.h>
#include <string.h>

/* Where the builder puts things. */
enum {
    PE_AT = 0xd8,
    MACHINE_AT = PE_AT + 4,
    SECTION_COUNT_AT = PE_AT + 6,
    OPTIONAL_SIZE_AT = PE_AT + 20,
    OPTIONAL_AT = PE_AT + 24,
    TABLE_32 = OPTIONAL_AT + 224,
    TABLE_64 = OPTIONAL_AT + 240,
    TABLE_END = TABLE_32 + 8 * 40,
};

static uint8_t *build(const char *name, size_t *size)
{
    return image_make(&(struct image_options){.build = name}, size);
}

static void headers_of_32_bits(void)
{
    size_t size = 0;
    struct pe_image image;
    uint8_t *bytes = build("2180", &size);
    CHECK_NUMBER(pe_read(bytes, size, &image), PE_SOUND);
    CHECK_NUMBER(size, 359040);
    CHECK_NUMBER(image.machine, PC_MACHINE_I386);
    CHECK_NUMBER(image.base, 0x10000);
    CHECK_NUMBER(image.checksum_offset, 0x130);
    CHECK_NUMBER(image.headers_size, 0x400);
    CHECK_NUMBER(image.image_size, 359040);
    CHECK_NUMBER(image.section_count, 8);
    CHECK(image.sections[0].code);
    CHECK(!image.sections[1].code);
    CHECK(image.sections[5].code);
    CHECK_NUMBER(image.resource_rva, 0x51000);
    free(bytes);
}

static void headers_of_64_bits(void)
{
    size_t size = 0;
    struct pe_image image;
    uint8_t *bytes = build("2003x64", &size);
    CHECK_NUMBER(pe_read(bytes, size, &image), PE_SOUND);
    CHECK_NUMBER(image.machine, PC_MACHINE_AMD64);
    CHECK_NUMBER(image.base, 0x10000);
    CHECK_NUMBER(image.checksum_offset, 0x130);
    CHECK_NUMBER(image.sections[0].rva, 0x1000);
    CHECK_NUMBER(image.sections[0].raw_offset, 0x400);
    CHECK(image.resource_rva > 0x51000);
    free(bytes);
}

static void addresses_map_to_the_file(void)
{
    size_t size = 0;
    struct pe_image image;
    uint32_t offset = 0;
    uint32_t length = 0;
    uint8_t *bytes = build("2003sp1", &size);
    CHECK_NUMBER(pe_read(bytes, size, &image), PE_SOUND);
    const struct pe_section *text = &image.sections[0];
    const struct pe_section *rsrc = &image.sections[6];
    CHECK(pe_rva_to_offset(&image, 0x3c, 4, &offset));
    CHECK_NUMBER(offset, 0x3c);
    CHECK(pe_rva_span(&image, 0x3f0, &offset, &length));
    CHECK_NUMBER(length, 0x10);
    CHECK(pe_rva_to_offset(&image, text->rva + 5, 4, &offset));
    CHECK_NUMBER(offset, text->raw_offset + 5);
    CHECK(pe_rva_to_offset(&image, text->rva, text->raw_size, &offset));
    CHECK(!pe_rva_to_offset(&image, text->rva, text->raw_size + 1, &offset));
    CHECK(!pe_rva_to_offset(&image, text->rva + text->raw_size - 3, 4, &offset));
    CHECK(!pe_rva_to_offset(&image, 0x400, 1, &offset));
    CHECK(!pe_rva_to_offset(&image, UINT32_MAX, 1, &offset));
    /* Beyond the virtual size the loader shows nothing of the file. */
    CHECK(pe_rva_to_offset(&image, rsrc->rva + rsrc->virtual_size - 1, 1, &offset));
    CHECK(!pe_rva_to_offset(&image, rsrc->rva + rsrc->virtual_size, 1, &offset));
    CHECK(pe_va_inside(&image, 0x10000));
    CHECK(pe_va_inside(&image, 0x10000 + (uint64_t)image.image_size - 4));
    CHECK(!pe_va_inside(&image, 0x10000 + (uint64_t)image.image_size - 3));
    CHECK(!pe_va_inside(&image, 0xffff));
    free(bytes);
}

/* One field of the headers changed, and what is then wrong. */
struct wrong {
    uint32_t at;
    uint32_t size; /* of the field: 1, 2 or 4 bytes */
    uint32_t value;
    enum pe_fault fault;
};

static void check_wrong(const char *name, const struct wrong *cases, size_t count)
{
    size_t size = 0;
    uint8_t *bytes = build(name, &size);
    for (size_t i = 0; i < count; i++) {
        struct pe_image image;
        uint8_t saved[4];
        uint8_t value[4];
        memcpy(saved, bytes + cases[i].at, 4);
        put_le32(value, cases[i].value);
        memcpy(bytes + cases[i].at, value, cases[i].size);
        CHECK_TEXT(pe_fault_text(pe_read(bytes, size, &image)), pe_fault_text(cases[i].fault));
        memcpy(bytes + cases[i].at, saved, 4);
    }
    free(bytes);
}

#define CHECK_WRONG(name, cases) check_wrong(name, cases, sizeof(cases) / sizeof((cases)[0]))

static void impossible_headers_are_named(void)
{
    static const struct wrong cases[] = {
        {0, 1, 'N', PE_NOT_MZ},
        {60, 4, 0x20, PE_NOT_PE},
        {60, 4, 0xd9, PE_NOT_PE},
        {60, 4, 0xdc, PE_NOT_PE},
        {60, 4, 0xfffffffc, PE_CUT_HEADERS},
        {60, 4, 359040 - 20, PE_CUT_HEADERS},
        {PE_AT, 1, 'N', PE_NOT_PE},
        {PE_AT + 2, 1, 1, PE_NOT_PE},
        {MACHINE_AT, 2, 0x8664, PE_BAD_OPTIONAL_HEADER},
        {MACHINE_AT, 2, 0x1c0, PE_SOUND},
        {SECTION_COUNT_AT, 2, 0, PE_BAD_SECTION_COUNT},
        {SECTION_COUNT_AT, 2, 97, PE_BAD_SECTION_COUNT},
        {SECTION_COUNT_AT, 2, 0xffff, PE_BAD_SECTION_COUNT},
        {SECTION_COUNT_AT, 2, 96, PE_BAD_SIZES},
        {OPTIONAL_SIZE_AT, 2, 0, PE_BAD_OPTIONAL_HEADER},
        {OPTIONAL_SIZE_AT, 2, 95, PE_BAD_OPTIONAL_HEADER},
        {OPTIONAL_SIZE_AT, 2, 0xffff, PE_BAD_SIZES},
        {OPTIONAL_AT, 2, 0x20b, PE_BAD_OPTIONAL_HEADER},
        {OPTIONAL_AT, 2, 0x107, PE_BAD_OPTIONAL_HEADER},
        {OPTIONAL_AT + 28, 4, 0x10001, PE_BAD_ALIGNMENT},
        {OPTIONAL_AT + 28, 4, 0xffff0000, PE_BAD_SIZES},
        {OPTIONAL_AT + 32, 4, 0, PE_BAD_ALIGNMENT},
        {OPTIONAL_AT + 32, 4, 0x40, PE_BAD_ALIGNMENT},
        {OPTIONAL_AT + 32, 4, 0x81, PE_BAD_ALIGNMENT},
        {OPTIONAL_AT + 36, 4, 0, PE_BAD_ALIGNMENT},
        {OPTIONAL_AT + 36, 4, 0x20000, PE_BAD_ALIGNMENT},
        {OPTIONAL_AT + 56, 4, 0, PE_BAD_SIZES},
        {OPTIONAL_AT + 56, 4, 0xffffffff, PE_BAD_SIZES},
        {OPTIONAL_AT + 56, 4, 0x52000, PE_BAD_SECTIONS},
        {OPTIONAL_AT + 60, 4, 0, PE_BAD_SIZES},
        {OPTIONAL_AT + 60, 4, TABLE_END - 1, PE_BAD_SIZES},
        {OPTIONAL_AT + 60, 4, 0x480, PE_BAD_SECTIONS},
        {OPTIONAL_AT + 60, 4, 0xffffffff, PE_BAD_SIZES},
    };
    CHECK_WRONG("2180", cases);
}

static void impossible_sections_are_named(void)
{
    static const struct wrong cases[] = {
        {TABLE_32 + 8, 4, 0xffffffff, PE_BAD_SECTIONS},        /* .text reaches too far */
        {TABLE_32 + 8, 4, 0x3d000, PE_BAD_SECTIONS},           /* and into .rdata */
        {TABLE_32 + 12, 4, 0x401, PE_BAD_SECTIONS},            /* not aligned */
        {TABLE_32 + 12, 4, 0x80, PE_BAD_SECTIONS},             /* inside the headers */
        {TABLE_32 + 12, 4, 0x3d000, PE_BAD_SECTIONS},          /* not ascending */
        {TABLE_32 + 16, 4, 0x3d000, PE_BAD_SECTIONS},          /* overlaps in the file */
        {TABLE_32 + 16, 4, 0xffffffff, PE_CUT_SECTION},        /* beyond the file */
        {TABLE_32 + 20, 4, 0x401, PE_BAD_SECTIONS},            /* not aligned in the file */
        {TABLE_32 + 20, 4, 0x80, PE_BAD_SECTIONS},             /* the headers again */
        {TABLE_32 + 20, 4, 0xffffff80, PE_CUT_SECTION},        /* beyond the file */
        {TABLE_32 + 7 * 40 + 20, 4, 0x51680, PE_CUT_SECTION},  /* the last one too long */
        {TABLE_32 + 7 * 40 + 20, 4, 0x4d000, PE_BAD_SECTIONS}, /* on top of INIT */
        {TABLE_32 + 2 * 40 + 20, 4, 0, PE_SOUND},              /* .data with none in the file */
        {TABLE_32 + 2 * 40 + 16, 4, 0, PE_SOUND},              /* likewise */
        {TABLE_32 + 2 * 40 + 8, 4, 0, PE_SOUND},               /* as long as in the file */
    };
    CHECK_WRONG("2180", cases);
}

static void headers_of_64_bits_are_checked_too(void)
{
    static const struct wrong cases[] = {
        {MACHINE_AT, 2, 0x14c, PE_BAD_OPTIONAL_HEADER},
        {OPTIONAL_AT, 2, 0x10b, PE_BAD_OPTIONAL_HEADER},
        {OPTIONAL_SIZE_AT, 2, 111, PE_BAD_OPTIONAL_HEADER},
        {OPTIONAL_AT + 28, 4, 0x80000000, PE_SOUND}, /* based above 4 GB */
        {OPTIONAL_AT + 24, 4, 0x10008, PE_BAD_ALIGNMENT},
        {TABLE_64 + 12, 4, 0x1200, PE_BAD_SECTIONS},
    };
    CHECK_WRONG("2003x64", cases);
    size_t size = 0;
    struct pe_image image;
    uint8_t *bytes = build("2003x64", &size);
    put_le64(bytes + OPTIONAL_AT + 24, UINT64_C(0xffffffffffff0000));
    CHECK_NUMBER(pe_read(bytes, size, &image), PE_BAD_SIZES);
    free(bytes);
}

static void fewer_directories_mean_no_resources(void)
{
    size_t size = 0;
    struct pe_image image;
    uint8_t *bytes = build("2180", &size);
    put_le32(bytes + OPTIONAL_AT + 92, 2);
    CHECK_NUMBER(pe_read(bytes, size, &image), PE_SOUND);
    CHECK_NUMBER(image.resource_rva, 0);
    put_le32(bytes + OPTIONAL_AT + 92, 0xffffffff); /* the header's own size still bounds it */
    CHECK_NUMBER(pe_read(bytes, size, &image), PE_SOUND);
    CHECK_NUMBER(image.resource_rva, 0x51000);
    free(bytes);
}

/* A file of every length: the bytes behind the cut belong to nobody, so that the address sanitizer
 * sees any access to them. */
static void cut_images_are_never_sound(void)
{
    static const char *const names[] = {"2180", "2003x64"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t size = 0;
        uint8_t *bytes = build(names[i], &size);
        for (size_t cut = 0; cut < size; cut += cut < 0x420 ? 1 : 4999) {
            struct pe_image image;
            uint8_t *copy = image_copy(bytes, cut);
            CHECK(pe_read(copy, cut, &image) != PE_SOUND);
            free(copy);
        }
        free(bytes);
    }
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"headers of 32 bits", headers_of_32_bits},
        {"headers of 64 bits", headers_of_64_bits},
        {"addresses map to the file", addresses_map_to_the_file},
        {"impossible headers are named", impossible_headers_are_named},
        {"impossible sections are named", impossible_sections_are_named},
        {"headers of 64 bits are checked too", headers_of_64_bits_are_checked_too},
        {"fewer directories mean no resources", fewer_directories_mean_no_resources},
        {"cut images are never sound", cut_images_are_never_sound},
    };
    return RUN_SUITE("image", cases);
}
