/* What Windows has been told to rename or delete at its next start: the bytes of the registry
 * values PendingFileRenameOperations and PendingFileRenameOperations2. Pure functions over a
 * buffer; any program may have written it, so that any bytes are allowed.
 *
 * It holds UTF-16LE strings, each ended by a NUL, in pairs: a file, and the name that it is to get.
 * A file that is to be deleted has an empty second string. So this is no list that ends with the
 * first empty string: pairs are counted over the whole length, and one more NUL stands at the end.
 * A "!" or "@" before the second name says that a file of that name is replaced.
 *
 * Sources: MoveFileEx in the Windows SDK documentation; what MoveFileEx writes and the start reads,
 * in Wine and ReactOS.
 */
#ifndef PATCHCORE_PENDING_H
#define PATCHCORE_PENDING_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A string inside the value, without its NUL. */
struct pending_text {
    const uint8_t *bytes;
    size_t units; /* of UTF-16 */
};

struct pending_pair {
    size_t at, size; /* bytes: where it stands in the value, and how long it is */
    struct pending_text from, to;
};

/* A walk over the pairs of a value, which stays as it is meanwhile. */
struct pending_walk {
    const struct buf *value;
    size_t at;  /* the next pair */
    size_t end; /* from here on there are NULs alone */
};

struct pending_walk pending_start(const struct buf *value);

/* The next pair. False when no whole one is left. */
bool pending_next(struct pending_walk *walk, struct pending_pair *pair);

/* How many bytes at the beginning are whole pairs. */
size_t pending_pairs_size(const struct buf *value);

/* True when the value is empty, or pairs and one NUL and nothing else: what MoveFileEx adds to it
 * then is a pair as well. */
bool pending_is_sound(const struct buf *value);

/* True when the string names the file `path` (absolute, UTF-8), in any letter case of ASCII and
 * with any separators. */
bool pending_names(const struct pending_text *text, const char *path);

/* True when the string, as the second of a pair, replaces a file that is there. */
bool pending_replaces(const struct pending_text *text);

/* True when the pair renames the file `from` to `to`. */
bool pending_is(const struct pending_pair *pair, const char *from, const char *to);

/* Takes out each pair that renames `from` to `to` and leaves every other byte as it is. Returns how
 * many there were. */
size_t pending_remove(struct buf *value, const char *from, const char *to);

#endif
