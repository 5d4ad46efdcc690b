/* The builds of tcpip.sys about which something is published. */
#ifndef PATCHCORE_BUILDS_H
#define PATCHCORE_BUILDS_H

#include "patchcore.h"

struct known_build {
    const char *name;
    bool has_version;
    struct pc_version version;
    uint32_t size;          /* bytes; 0: not known */
    uint32_t limit_offset;  /* file offset of the limit */
    uint32_t checksum;      /* with a limit of 10 */
    uint32_t checksum_mask; /* the bits of it that are known; 0: none */
};

/* All of them, `count` rows. */
const struct known_build *known_builds(size_t *count);

/* True when the whole checksum is known, so that the row can stand for certainty. */
bool build_is_whole(const struct known_build *build);

/* True when nothing that is known of `build` speaks against an image of `size` bytes with its limit
 * at `limit_offset` and, for a limit of 10, `checksum`. `version` is NULL where the image has none:
 * then only a whole checksum will do. */
bool build_agrees(const struct known_build *build, size_t size, const struct pc_version *version,
                  uint32_t limit_offset, uint32_t checksum);

#endif
