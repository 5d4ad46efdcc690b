/* The parts of the builder of test images; private to it. */
#ifndef TESTS_IMAGE_PARTS_H
#define TESTS_IMAGE_PARTS_H

#include "image_builder.h"

enum { TEXT, RDATA, DATA, PAGE, PAGE2, INIT, RSRC, RELOC, SECTIONS };

struct part {
    char name[9];
    uint32_t characteristics;
    uint32_t raw; /* file offset */
    uint32_t size;
    uint32_t rva;
    uint32_t virtual_size;
};

struct image_maker {
    const struct image_options *options;
    const struct image_build *build;
    uint8_t *bytes;
    uint8_t *relocated; /* one for each byte of the file: an address stands here */
    uint32_t limit_offset;
    uint32_t random;
    struct part parts[SECTIONS];
    uint32_t threshold; /* rva of the limit's variable */
    uint32_t count;     /* rva of the variable that is compared with it */
    uint32_t imports;   /* rva of the import address table */
};

enum { IMAGE_BASE = 0x10000, IMPORTS = 8 };

uint32_t rva_of(const struct image_maker *m, uint32_t offset);

/* The next byte of filler: neither 00 nor D6, so that filler alone never makes a sign. */
uint8_t filler(struct image_maker *m);

/* Fills the code sections, and puts the code of the limit into them. */
void image_put_code(struct image_maker *m);

/* A resource directory with a version resource, or with some other one, at the start of .rsrc. */
void image_put_resources(struct image_maker *m);

#endif
