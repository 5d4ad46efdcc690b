#include "small_image.h"

#include "base/bytes.h"
#include "image.h"
#include "image_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 0x1000, ALIGNMENT = 0x200, CODE = 64, ROW = 40, SECTION_TABLE = 24 };

/* The part of a section that is kept: from the start of the page in which one of the signs is, or
 * all of a section that holds the resources. */
static uint32_t kept_part(const struct pe_image *image, const struct pe_section *section,
                          const struct pc_inspection *signs, uint32_t *start)
{
    const uint32_t places[] = {signs->limit_offset, signs->compare_offset};
    *start = 0;
    if (image->resource_rva == section->rva) {
        return section->raw_size;
    }
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (places[i] >= section->raw_offset &&
            places[i] - section->raw_offset < section->raw_size) {
            uint32_t inside = places[i] - section->raw_offset;
            *start = inside / PAGE * PAGE;
            uint32_t length = (inside - *start + CODE + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
            return length < section->raw_size - *start ? length : section->raw_size - *start;
        }
    }
    return 0;
}

static void cut_down(const uint8_t *bytes, size_t size, struct buf *out)
{
    struct pe_image image;
    struct pc_inspection signs;
    pc_inspect(bytes, size, &signs);
    if (pe_read(bytes, size, &image) != PE_SOUND || !pc_writable(&signs)) {
        fputs("small_image: not an image with a limit\n", stderr);
        abort();
    }
    size_t header = get_le32(bytes + 60);
    size_t table = header + SECTION_TABLE + get_le16(bytes + header + 20);
    buf_add(out, bytes, image.headers_size);
    for (uint32_t i = 0; i < image.section_count; i++) {
        uint32_t start;
        const struct pe_section *section = &image.sections[i];
        uint32_t length = kept_part(&image, section, &signs, &start);
        uint8_t *row = (uint8_t *)out->data + table + (size_t)i * ROW;
        put_le32(row + 8, length != 0 ? length : section->virtual_size);
        put_le32(row + 12, section->rva + start);
        put_le32(row + 16, length);
        put_le32(row + 20, length != 0 ? (uint32_t)out->len : 0);
        buf_add(out, bytes + section->raw_offset + start, length);
    }
}

void small_image(const char *build, uint32_t limit, struct buf *out)
{
    const struct image_options options = {.build = build, .limit = limit};
    struct pc_inspection inspection;
    size_t size;
    uint8_t *whole = image_make(&options, &size);
    buf_clear(out);
    cut_down(whole, size, out);
    image_fix_checksum((uint8_t *)out->data, out->len);
    pc_inspect((const uint8_t *)out->data, out->len, &inspection);
    if (out->failed || !pc_writable(&inspection) ||
        inspection.limit != (limit != 0 ? limit : PC_LIMIT_WINDOWS)) {
        fprintf(stderr, "small_image: %s cannot be cut down: %s\n", build, inspection.reason);
        abort();
    }
    free(whole);
}
