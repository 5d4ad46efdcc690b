/* What the two files behind os.h on Windows share. */
#ifndef PATCHCORE_OS_WIN32_H
#define PATCHCORE_OS_WIN32_H

#include "os.h"

#include <windows.h>

/* The one place where an error of Windows becomes one of os.h. */
enum os_status win32_status(DWORD error);

/* os_boot_win32.c: see struct os. */
enum os_status win32_rename_at_boot(const struct os *os, const char *from, const char *to);
enum os_status win32_read_at_boot(const struct os *os, enum os_at_boot which, struct buf *out);
enum os_status win32_write_at_boot(const struct os *os, enum os_at_boot which, const void *bytes,
                                   size_t size);

#endif
