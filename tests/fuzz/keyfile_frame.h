/* Key files around bytes that are not theirs. */
#ifndef TESTS_FUZZ_KEYFILE_FRAME_H
#define TESTS_FUZZ_KEYFILE_FRAME_H

#include "fuzz.h"

#include "base/keyfile.h"

/* A file of this kind, version 1, whose lines are the bytes, with the checksum that fits. */
void keyfile_frame(struct buf *out, const char *kind, const void *lines, size_t size);

#endif
