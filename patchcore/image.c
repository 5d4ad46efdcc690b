#include "image.h"

#include "base/bytes.h"

#include <string.h>

enum {
    DOS_HEADER_SIZE = 64,
    DOS_E_LFANEW = 60,
    FILE_HEADER_SIZE = 20,
    SECTION_HEADER_SIZE = 40,
    OPTIONAL_CHECKSUM = 64, /* in both kinds of optional header */
    OPTIONAL_FIXED_32 = 96, /* bytes before the data directories */
    OPTIONAL_FIXED_64 = 112,
    DIRECTORY_RESOURCE = 2,
    MAGIC_PE32 = 0x10b,
    MAGIC_PE32_PLUS = 0x20b,
    MACHINE_I386 = 0x14c,
    MACHINE_AMD64 = 0x8664,
    BASE_GRANULARITY = 0x10000,
    ALIGNMENT_FILE_MOST = 0x10000,
    CHARACTERISTIC_CODE = 0x20,
};

#define CHARACTERISTIC_EXECUTE UINT32_C(0x20000000)

const char *pe_fault_text(enum pe_fault fault)
{
    static const char *const texts[] = {
        [PE_SOUND] = "",
        [PE_NOT_MZ] = "It does not begin as a program file does (MZ), so it is not a driver.",
        [PE_CUT_HEADERS] = "It ends inside its headers: it was cut short.",
        [PE_NOT_PE] = "It has no PE header where its first header says, so it is not a driver.",
        [PE_BAD_OPTIONAL_HEADER] = "Its optional header is too short or of the wrong kind.",
        [PE_BAD_ALIGNMENT] = "Its headers name an impossible alignment or load address.",
        [PE_BAD_SIZES] = "Its headers name an impossible size of the headers or the image.",
        [PE_BAD_SECTION_COUNT] = "Its headers name no section, or more than Windows can load.",
        [PE_BAD_SECTIONS] = "Its section table is impossible: sections overlap or are misplaced.",
        [PE_CUT_SECTION] = "It ends before its last section does: it was cut short.",
    };
    return texts[fault];
}

static bool power_of_two(uint32_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static enum pc_machine machine_of(uint16_t value)
{
    if (value == MACHINE_I386) {
        return PC_MACHINE_I386;
    }
    return value == MACHINE_AMD64 ? PC_MACHINE_AMD64 : PC_MACHINE_OTHER;
}

struct layout {
    uint32_t section_alignment;
    uint32_t file_alignment;
    uint64_t table; /* file offset of the section table */
};

/* `optional` has `length` bytes, all of them inside the file. */
static enum pe_fault read_optional(const uint8_t *optional, uint32_t length, struct pe_image *image,
                                   struct layout *layout)
{
    if (length < OPTIONAL_FIXED_32) {
        return PE_BAD_OPTIONAL_HEADER;
    }
    uint16_t magic = get_le16(optional);
    bool plus = magic == MAGIC_PE32_PLUS;
    if ((!plus && magic != MAGIC_PE32) || (plus && length < OPTIONAL_FIXED_64) ||
        (image->machine == PC_MACHINE_I386 && plus) ||
        (image->machine == PC_MACHINE_AMD64 && !plus)) {
        return PE_BAD_OPTIONAL_HEADER;
    }
    image->base = plus ? get_le64(optional + 24) : get_le32(optional + 28);
    layout->section_alignment = get_le32(optional + 32);
    layout->file_alignment = get_le32(optional + 36);
    image->image_size = get_le32(optional + 56);
    image->headers_size = get_le32(optional + 60);
    if (!power_of_two(layout->file_alignment) || !power_of_two(layout->section_alignment) ||
        layout->file_alignment > ALIGNMENT_FILE_MOST ||
        layout->section_alignment < layout->file_alignment || image->base % BASE_GRANULARITY != 0) {
        return PE_BAD_ALIGNMENT;
    }
    uint64_t room = plus ? UINT64_MAX - image->base : UINT32_MAX - image->base;
    if (image->image_size == 0 || image->image_size > room ||
        image->headers_size > image->image_size) {
        return PE_BAD_SIZES;
    }
    if (image->headers_size > image->size) {
        return PE_CUT_HEADERS;
    }
    uint32_t fixed = plus ? OPTIONAL_FIXED_64 : OPTIONAL_FIXED_32;
    uint32_t directories = get_le32(optional + fixed - 4);
    if (directories > DIRECTORY_RESOURCE && length - fixed >= (DIRECTORY_RESOURCE + 1) * 8) {
        image->resource_rva = get_le32(optional + fixed + (size_t)DIRECTORY_RESOURCE * 8);
    }
    return PE_SOUND;
}

static enum pe_fault read_headers(struct pe_image *image, struct layout *layout)
{
    const uint8_t *bytes = image->bytes;
    size_t size = image->size;
    if (size < 2 || bytes[0] != 'M' || bytes[1] != 'Z') {
        return PE_NOT_MZ;
    }
    if (size < DOS_HEADER_SIZE) {
        return PE_CUT_HEADERS;
    }
    uint32_t pe = get_le32(bytes + DOS_E_LFANEW);
    if (pe < DOS_HEADER_SIZE || pe % 4 != 0) {
        return PE_NOT_PE;
    }
    if (!in_bounds(size, pe, 4 + FILE_HEADER_SIZE)) {
        return PE_CUT_HEADERS;
    }
    if (memcmp(bytes + pe, "PE\0\0", 4) != 0) {
        return PE_NOT_PE;
    }
    const uint8_t *file = bytes + pe + 4;
    image->machine = machine_of(get_le16(file));
    image->section_count = get_le16(file + 2);
    uint32_t optional_size = get_le16(file + 16);
    uint64_t optional = (uint64_t)pe + 4 + FILE_HEADER_SIZE;
    if (!in_bounds(size, optional, optional_size)) {
        return PE_CUT_HEADERS;
    }
    if (optional_size >= OPTIONAL_CHECKSUM + 4) {
        image->checksum_offset = (uint32_t)optional + OPTIONAL_CHECKSUM;
    }
    layout->table = optional + optional_size;
    return read_optional(bytes + optional, optional_size, image, layout);
}

/* One row of the table, judged on its own. */
static enum pe_fault read_section(const struct pe_image *image, const struct layout *layout,
                                  const uint8_t *row, struct pe_section *section)
{
    uint32_t characteristics = get_le32(row + 36);
    section->virtual_size = get_le32(row + 8);
    section->rva = get_le32(row + 12);
    section->raw_size = get_le32(row + 16);
    section->raw_offset = get_le32(row + 20);
    section->code = (characteristics & (CHARACTERISTIC_CODE | CHARACTERISTIC_EXECUTE)) != 0;
    if (section->raw_offset == 0) {
        section->raw_size = 0;
    }
    if (section->virtual_size == 0) {
        section->virtual_size = section->raw_size;
    }
    if (section->rva % layout->section_alignment != 0 || section->rva < image->headers_size ||
        !in_bounds(image->image_size, section->rva, section->virtual_size)) {
        return PE_BAD_SECTIONS;
    }
    if (section->raw_size == 0) {
        return PE_SOUND;
    }
    if (section->raw_offset % layout->file_alignment != 0 ||
        section->raw_offset < image->headers_size) {
        return PE_BAD_SECTIONS;
    }
    return in_bounds(image->size, section->raw_offset, section->raw_size) ? PE_SOUND
                                                                          : PE_CUT_SECTION;
}

/* True when the two share bytes of the file. */
static bool raw_overlap(const struct pe_section *a, const struct pe_section *b)
{
    return a->raw_size != 0 && b->raw_size != 0 &&
           (uint64_t)a->raw_offset < (uint64_t)b->raw_offset + b->raw_size &&
           (uint64_t)b->raw_offset < (uint64_t)a->raw_offset + a->raw_size;
}

static enum pe_fault read_sections(struct pe_image *image, const struct layout *layout)
{
    uint64_t table_size = (uint64_t)image->section_count * SECTION_HEADER_SIZE;
    if (image->section_count == 0 || image->section_count > PE_SECTIONS_MOST) {
        return PE_BAD_SECTION_COUNT;
    }
    if (!in_bounds(image->headers_size, layout->table, table_size)) {
        return PE_BAD_SIZES;
    }
    uint64_t end = 0;
    for (uint32_t i = 0; i < image->section_count; i++) {
        const uint8_t *row = image->bytes + layout->table + (size_t)i * SECTION_HEADER_SIZE;
        struct pe_section *section = &image->sections[i];
        enum pe_fault fault = read_section(image, layout, row, section);
        if (fault != PE_SOUND) {
            return fault;
        }
        if (section->rva < end) {
            return PE_BAD_SECTIONS;
        }
        end = (uint64_t)section->rva + section->virtual_size;
        for (uint32_t k = 0; k < i; k++) {
            if (raw_overlap(&image->sections[k], section)) {
                return PE_BAD_SECTIONS;
            }
        }
    }
    return PE_SOUND;
}

enum pe_fault pe_read(const uint8_t *bytes, size_t size, struct pe_image *image)
{
    struct layout layout = {0};
    memset(image, 0, sizeof *image);
    image->bytes = bytes;
    image->size = size;
    enum pe_fault fault = read_headers(image, &layout);
    return fault == PE_SOUND ? read_sections(image, &layout) : fault;
}

bool pe_rva_span(const struct pe_image *image, uint32_t rva, uint32_t *offset, uint32_t *length)
{
    if (rva < image->headers_size) {
        *offset = rva;
        *length = image->headers_size - rva;
        return true;
    }
    for (uint32_t i = 0; i < image->section_count; i++) {
        const struct pe_section *section = &image->sections[i];
        uint32_t mapped =
            section->raw_size < section->virtual_size ? section->raw_size : section->virtual_size;
        if (rva >= section->rva && rva - section->rva < mapped) {
            *offset = section->raw_offset + (rva - section->rva);
            *length = mapped - (rva - section->rva);
            return true;
        }
    }
    return false;
}

bool pe_rva_to_offset(const struct pe_image *image, uint32_t rva, uint32_t length, uint32_t *offset)
{
    uint32_t room = 0;
    return pe_rva_span(image, rva, offset, &room) && length <= room;
}

bool pe_va_inside(const struct pe_image *image, uint64_t va)
{
    return va >= image->base && in_bounds(image->image_size, va - image->base, 4);
}
