/* Finding the logs that a command line names. */
#ifndef WATCHER_WALK_H
#define WATCHER_WALK_H

#include "os.h"

#include <stdbool.h>

/* Called for each file; `named` when the path itself was given, false when it was found in a
 * directory. False ends the walk. */
typedef bool (*walk_file_fn)(void *context, const char *path, bool named);

/* Called for what cannot be looked into. */
typedef void (*walk_trouble_fn)(void *context, const char *path, enum os_status status);

/* A file, or a directory read through in the order of the names: of what is in it, the files that
 * end in .evt, .evtx or .xml, in any letter case. Links inside a directory are not followed, so
 * that no circle can come of it. False when `file` ended it. */
bool walk_logs(const struct os *os, const char *path, walk_file_fn file, walk_trouble_fn trouble,
               void *context);

#endif
