/* Folders and files for a test, below the folder that it is run in. */
#ifndef TESTS_UNIT_SANDBOX_H
#define TESTS_UNIT_SANDBOX_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* Makes `directory` anew, empty. False when that fails. */
bool sandbox_make(const char *directory);

/* Removes `directory` with all that is in it. */
void sandbox_remove(const char *directory);

/* Writes a file, and makes the folders above it. */
bool sandbox_write(const char *path, const void *bytes, size_t size);

/* Reads a file; false when there is none. */
bool sandbox_read(const char *path, struct buf *out);

bool sandbox_exists(const char *path);

/* How many files below `directory` have a name that ends so. */
size_t sandbox_count(const char *directory, const char *ending);

/* Removes an empty directory; in sandbox_posix.c and sandbox_win32.c. */
void sandbox_remove_directory(const char *path);

#endif
