/* Makes PE images in the layout of tcpip.sys, for tests and rehearsals.
 *
 * Not one byte is Microsoft's but the published signs of the limit (see patchcore/locate.c): the
 * rest is pseudo-random filler between instructions that reference other variables, the same at
 * every call. The images parse as drivers do and carry a right checksum; they do not run.
 */
#ifndef TESTS_IMAGE_BUILDER_H
#define TESTS_IMAGE_BUILDER_H

#include "patchcore.h"

enum image_kind {
    IMAGE_LIMIT,    /* the code of the limit as NT 5.1 and 5.2 have it */
    IMAGE_VISTA,    /* the code of Windows Vista before SP2 */
    IMAGE_NO_LIMIT, /* none */
};

struct image_build {
    const char *name;
    const char *about;
    enum image_kind kind;
    enum pc_machine machine;
    struct pc_version version;
    uint32_t size;           /* bytes */
    uint32_t file_alignment; /* 0x80: file offsets and addresses are the same, as in XP's drivers */
    uint32_t limit_offset;   /* 0 unless IMAGE_LIMIT */
    uint32_t checksum;       /* with a limit of 10, where one is published; otherwise 0 */
};

/* All builds that can be made, `count` of them. */
const struct image_build *image_builds(size_t *count);

struct image_options {
    const char *build;     /* a name of the above; NULL: "2180" */
    uint32_t limit;        /* 0: Windows' own */
    uint32_t limit_offset; /* where the limit stands; 0: as the build has it */
    bool zero_limit;       /* a limit of 0 */
    bool no_sign_a;        /* another call before the store (x86), no run (x64) */
    bool no_sign_b;        /* no compare of the limit's variable */
    bool signs_disagree;   /* the compare reads the variable beside it */
    bool two_stores;       /* both signs (x86), or the run (x64), twice */
    bool no_store;         /* another instruction where the store should be */
    bool store_outside;    /* the store's variable lies outside the image */
    bool known_checksum;   /* the build's checksum also where the options above change it */
    bool no_version;       /* no version resource */
    const struct pc_version *version; /* NULL: the build's */
    const char *name;                 /* OriginalFilename; NULL: tcpip.sys; "": none */
    const char *internal_name;        /* likewise */
    bool no_checksum;                 /* the field is 0 */
    bool bad_checksum;                /* the field is one more than it should be */
    uint32_t overlay;                 /* bytes put after the last section */
    uint32_t truncate;                /* cut to so many bytes; 0: whole */
};

/* Adds the image to `out`. False when an option makes no sense for the build or memory is out;
 * `error` (static) then says why. */
bool image_build(const struct image_options *options, struct buf *out, const char **error);

/* The same as a new block of `*size` bytes that the caller frees; ends the program where
 * image_build() would fail, as tests want it. */
uint8_t *image_make(const struct image_options *options, size_t *size);

/* A block of exactly `size` bytes, so that a sanitizer sees every access behind its end; the caller
 * frees it. Ends the program when memory is out. */
uint8_t *image_copy(const uint8_t *bytes, size_t size);

/* Puts the right checksum into the field that the headers of a whole image name. */
void image_fix_checksum(uint8_t *image, size_t size);

#endif
