/* The headers of a PE image (PE32 and PE32+): what it is for, its sections, and where an address of
 * the loaded image stands in the file.
 *
 * Source: "PE Format" in the Windows SDK documentation; the limits on sections and alignments are
 * those of the Windows loader.
 */
#ifndef PATCHCORE_IMAGE_H
#define PATCHCORE_IMAGE_H

#include "patchcore.h"

enum { PE_SECTIONS_MOST = 96 };

struct pe_section {
    uint32_t rva;          /* relative to the image base */
    uint32_t virtual_size; /* bytes in memory; 0 in the file means raw_size */
    uint32_t raw_offset;   /* in the file */
    uint32_t raw_size;     /* bytes in the file; 0 for a section that has none */
    bool code;             /* holds code, or may be executed */
};

struct pe_image {
    const uint8_t *bytes;
    size_t size;
    enum pc_machine machine;
    uint64_t base;            /* preferred load address */
    uint32_t image_size;      /* bytes in memory */
    uint32_t headers_size;    /* bytes of the file before the first section */
    uint32_t checksum_offset; /* of the field in the optional header; 0 before it is known */
    uint32_t resource_rva;    /* 0 where there are no resources */
    uint32_t section_count;
    struct pe_section sections[PE_SECTIONS_MOST]; /* by ascending rva, apart in memory and file */
};

enum pe_fault {
    PE_SOUND,
    PE_NOT_MZ,
    PE_CUT_HEADERS,
    PE_NOT_PE,
    PE_BAD_OPTIONAL_HEADER,
    PE_BAD_ALIGNMENT,
    PE_BAD_SIZES,
    PE_BAD_SECTION_COUNT,
    PE_BAD_SECTIONS,
    PE_CUT_SECTION,
};

/* Reads the headers of any bytes. `image` borrows `bytes`; after a fault only its machine and its
 * checksum_offset may be used. */
enum pe_fault pe_read(const uint8_t *bytes, size_t size, struct pe_image *image);

/* What is wrong, as a whole sentence; "" for PE_SOUND. Static. */
const char *pe_fault_text(enum pe_fault fault);

/* The file offset of `length` bytes at `rva`, when all of them are in the file, in the raw data of
 * one section or in the headers. */
bool pe_rva_to_offset(const struct pe_image *image, uint32_t rva, uint32_t length,
                      uint32_t *offset);

/* The bytes of the file from `rva` to the end of its section; false when there are none. */
bool pe_rva_span(const struct pe_image *image, uint32_t rva, uint32_t *offset, uint32_t *length);

/* True when 4 bytes at the virtual address `va` lie inside the loaded image. */
bool pe_va_inside(const struct pe_image *image, uint64_t va);

#endif
