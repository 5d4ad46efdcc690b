/* A line of the audit log, read back: what a watcher has told, for another process that shows it.
 */
#ifndef WATCHER_TOLD_H
#define WATCHER_TOLD_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct told {
    struct buf program, action, level, text; /* empty where the line has none */
};

#define TOLD_INIT ((struct told){BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT})

void told_free(struct told *told);

/* Reads one line, without its end. False when it is not a whole JSON object: then `out` has no
 * meaning, but is to be freed all the same. Texts that are null or no texts are left empty, members
 * of other names passed over. */
bool told_read(const char *line, size_t length, struct told *out);

#endif
