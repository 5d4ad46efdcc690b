/* Images as image_builder makes them, cut down to what an inspection looks at: the same headers,
 * version and signs in some 8 KiB instead of 350, for tests that read images very often. */
#ifndef TESTS_UNIT_SMALL_IMAGE_H
#define TESTS_UNIT_SMALL_IMAGE_H

#include "base/buf.h"

#include <stdint.h>

/* `build` is one whose sections are apart in the file and in memory: "2003sp1", "2003sp2",
 * "2003x64", "2003x64sp2". A limit of 0 is Windows' own. Ends the program when it cannot be made.
 */
void small_image(const char *build, uint32_t limit, struct buf *out);

#endif
