#include "wide_win32.h"

#include "base/utf.h"

#include <stdlib.h>
#include <windows.h>

wchar_t *wide_from_utf8(const char *text)
{
    int units = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
    wchar_t *wide = units > 0 ? malloc((size_t)units * sizeof *wide) : NULL;
    if (wide != NULL &&
        MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, units) == 0) {
        free(wide);
        wide = NULL;
    }
    return wide;
}

wchar_t *wide_path(const char *path)
{
    wchar_t *wide = wide_from_utf8(path);
    for (wchar_t *c = wide; c != NULL && *c != L'\0'; c++) {
        if (*c == L'/') {
            *c = L'\\';
        }
    }
    return wide;
}

void wide_to_utf8(struct buf *out, const wchar_t *text)
{
    utf16le_to_utf8(out, (const uint8_t *)text, wcslen(text));
}
