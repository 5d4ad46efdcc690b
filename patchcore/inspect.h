/* pc_inspect() and pc_set_limit() with the known builds as an argument: tests have others. */
#ifndef PATCHCORE_INSPECT_H
#define PATCHCORE_INSPECT_H

#include "builds.h"

/* The rows that an image is held against. */
struct build_table {
    const struct known_build *rows;
    size_t count;
};

void inspect_image(const uint8_t *image, size_t size, const struct build_table *known,
                   struct pc_inspection *out);

bool inspect_set_limit(uint8_t *image, size_t size, uint32_t limit,
                       const struct build_table *known);

#endif
