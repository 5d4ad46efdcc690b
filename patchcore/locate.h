/* Where an image of tcpip.sys sets its limit on half-open connections.
 *
 * Nothing but certainty counts: every way in which the signs can fall short has its own answer.
 */
#ifndef PATCHCORE_LOCATE_H
#define PATCHCORE_LOCATE_H

#include "image.h"

enum pe_locate {
    LOCATE_FOUND,
    LOCATE_NO_STORE,   /* x86: no store of a variable after the run that goes before it */
    LOCATE_NO_COMPARE, /* x86: such stores, but no compare of a variable that they set */
    LOCATE_SEVERAL,    /* more stores (x86) or more runs (x64) than one */
    LOCATE_NO_RUN,     /* x64: the run is not in the code */
    LOCATE_RUN_ONLY,   /* x64: the run, but not the store that belongs to it */
    LOCATE_OUTSIDE,    /* x64: the store's variable lies outside the image */
};

enum { LOCATE_OFFSETS_MOST = 16 };

struct pe_limit_place {
    uint32_t limit_offset; /* LOCATE_FOUND: file offset of the store's 32-bit immediate */
    bool has_compare;
    uint32_t compare_offset; /* file offset of the first compare of that variable */
    /* The stores (x86) or runs (x64) that the answer is about, by file offset; `count` may be
     * larger than what `offsets` holds. */
    uint32_t count;
    uint32_t offsets[LOCATE_OFFSETS_MOST];
};

/* Looks through the code of an i386 or amd64 image. Time is linear in the image's size. */
enum pe_locate pe_locate_limit(const struct pe_image *image, struct pe_limit_place *out);

/* True when an instruction that stores a 32-bit immediate (C7 05) into the image has that immediate
 * at file offset `limit_offset`, all of it inside the code of an i386 image. */
bool pe_store_at(const struct pe_image *image, uint32_t limit_offset);

#endif
