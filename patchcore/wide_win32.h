/* UTF-8, as the programs hold it, and UTF-16, as Windows' calls want it. */
#ifndef PATCHCORE_WIDE_WIN32_H
#define PATCHCORE_WIDE_WIN32_H

#include "base/buf.h"

#include <wchar.h>

/* Ended by a NUL; the caller frees with free(). NULL when memory is out or the text is no UTF-8. */
wchar_t *wide_from_utf8(const char *text);

/* A path for CreateFileW and its like: '/' becomes '\'. */
wchar_t *wide_path(const char *path);

/* Adds the text to `out` as UTF-8. */
void wide_to_utf8(struct buf *out, const wchar_t *text);

#endif
