/* The path of a process' image, by the best way that this Windows has. */
#include "census/census_calls_win32.h"

#include "base/utf.h"

#include <wchar.h>

enum { DEVICES_UNITS = 1024, LETTERS = 26 };

static bool add_path(struct buf *out, const wchar_t *text, size_t length)
{
    size_t units = wcsnlen(text, length);
    utf16le_to_utf8(out, (const uint8_t *)text, units);
    return units > 0;
}

static bool full_image(const struct census_calls *calls, HANDLE process, wchar_t *text,
                       struct buf *out)
{
    DWORD length = CENSUS_IMAGE_UNITS;
    return calls->full_image != NULL && calls->full_image(process, 0, text, &length) &&
           length < CENSUS_IMAGE_UNITS && add_path(out, text, length);
}

/* The number of units at the start of `path` that are this drive's device, as in
 * \Device\HarddiskVolume1; 0 when the path is on another one. */
static size_t on_device(const struct census_calls *calls, const wchar_t *drive, const wchar_t *path,
                        size_t length)
{
    wchar_t devices[DEVICES_UNITS];
    DWORD got = calls->drive_device(drive, devices, DEVICES_UNITS);
    /* The first of them is what the letter stands for now. */
    size_t device = got <= DEVICES_UNITS ? wcsnlen(devices, got) : 0;
    bool same = device > 0 && device < got && device < length && path[device] == L'\\' &&
                _wcsnicmp(devices, path, device) == 0;
    return same ? device : 0;
}

/* Adds the path with a drive's letter in the place of its device. */
static bool add_with_letter(const struct census_calls *calls, const wchar_t *path, size_t length,
                            struct buf *out)
{
    DWORD drives = calls->drives();
    for (unsigned i = 0; i < LETTERS; i++) {
        const wchar_t drive[] = {(wchar_t)(L'A' + i), L':', L'\0'};
        size_t device = (drives >> i & 1) != 0 ? on_device(calls, drive, path, length) : 0;
        if (device > 0) {
            buf_add_char(out, (char)('A' + i));
            buf_add_char(out, ':');
            return add_path(out, path + device, length - device);
        }
    }
    return false;
}

/* Of a device without a letter, such as a network's, the path stays as it is: Windows itself says
 * it, and the file's name is in it. */
static bool device_image(const struct census_calls *calls, HANDLE process, wchar_t *text,
                         struct buf *out)
{
    DWORD length =
        calls->device_image != NULL ? calls->device_image(process, text, CENSUS_IMAGE_UNITS) : 0;
    return length > 0 && length < CENSUS_IMAGE_UNITS &&
           (add_with_letter(calls, text, length, out) || add_path(out, text, length));
}

/* The last resort: this is read from the memory of the process, which may have changed it. */
static bool module_image(const struct census_calls *calls, HANDLE process, wchar_t *text,
                         struct buf *out)
{
    static const wchar_t native[] = L"\\??\\"; /* before the paths of some of Windows' own */
    enum { NATIVE = sizeof native / sizeof native[0] - 1 };
    DWORD length = calls->module_image != NULL
                       ? calls->module_image(process, NULL, text, CENSUS_IMAGE_UNITS)
                       : 0;
    if (length == 0 || length >= CENSUS_IMAGE_UNITS) {
        return false;
    }
    size_t skip = length > NATIVE && wmemcmp(text, native, NATIVE) == 0 ? NATIVE : 0;
    return add_path(out, text + skip, length - skip);
}

bool census_image(const struct census_calls *calls, HANDLE process, wchar_t *text, struct buf *out)
{
    return full_image(calls, process, text, out) || device_image(calls, process, text, out) ||
           module_image(calls, process, text, out);
}
