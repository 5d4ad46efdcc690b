/* What Windows keeps for its next start, in the registry. */
#include "os_win32.h"

#include "wide_win32.h"

#include <stdlib.h>

static const wchar_t session_manager[] = L"SYSTEM\\CurrentControlSet\\Control\\Session Manager";

static const struct {
    const wchar_t *name;
    DWORD type;
} values[OS_AT_BOOT] = {
    [OS_BOOT_RENAMES] = {L"PendingFileRenameOperations", REG_MULTI_SZ},
    [OS_BOOT_RENAMES_2] = {L"PendingFileRenameOperations2", REG_MULTI_SZ},
    [OS_BOOT_PROTECTED] = {L"AllowProtectedRenames", REG_DWORD},
};

/* Windows writes its registry to the disk when it has time: this waits for it. */
static enum os_status flush_key(void)
{
    HKEY key;
    LONG error = RegOpenKeyExW(HKEY_LOCAL_MACHINE, session_manager, 0, KEY_QUERY_VALUE, &key);
    if (error == ERROR_SUCCESS) {
        error = RegFlushKey(key);
        RegCloseKey(key);
    }
    return win32_status((DWORD)error);
}

enum os_status win32_rename_at_boot(const struct os *os, const char *from, const char *to)
{
    (void)os;
    wchar_t *wide_from = wide_path(from);
    wchar_t *wide_to = wide_path(to);
    enum os_status status = OS_NO_MEMORY;
    if (wide_from != NULL && wide_to != NULL) {
        const DWORD flags = MOVEFILE_DELAY_UNTIL_REBOOT | MOVEFILE_REPLACE_EXISTING;
        status =
            MoveFileExW(wide_from, wide_to, flags) ? flush_key() : win32_status(GetLastError());
    }
    free(wide_to);
    free(wide_from);
    return status;
}

/* The value may grow between asking for its size and reading it. */
static LONG read_value(HKEY key, const wchar_t *name, DWORD *type, struct buf *out)
{
    enum { TRIES = 8, MOST = 16 * 1024 * 1024 };
    LONG error = ERROR_MORE_DATA;
    for (int i = 0; i < TRIES && error == ERROR_MORE_DATA; i++) {
        DWORD size = 0;
        error = RegQueryValueExW(key, name, NULL, type, NULL, &size);
        if (error != ERROR_SUCCESS) {
            break;
        }
        buf_clear(out);
        if (size > MOST || !buf_reserve(out, (size_t)size + 1)) {
            error = ERROR_NOT_ENOUGH_MEMORY;
            break;
        }
        error = RegQueryValueExW(key, name, NULL, type, (BYTE *)out->data, &size);
        if (error == ERROR_SUCCESS) {
            out->len = size;
            out->data[size] = '\0';
        }
    }
    return error;
}

enum os_status win32_read_at_boot(const struct os *os, enum os_at_boot which, struct buf *out)
{
    (void)os;
    HKEY key;
    DWORD type = REG_NONE;
    buf_clear(out);
    LONG error = RegOpenKeyExW(HKEY_LOCAL_MACHINE, session_manager, 0, KEY_QUERY_VALUE, &key);
    if (error != ERROR_SUCCESS) {
        return win32_status((DWORD)error);
    }
    error = read_value(key, values[which].name, &type, out);
    RegCloseKey(key);
    if (error != ERROR_SUCCESS) {
        return win32_status((DWORD)error);
    }
    return type == values[which].type ? OS_OK : OS_WRONG_KIND;
}

enum os_status win32_write_at_boot(const struct os *os, enum os_at_boot which, const void *bytes,
                                   size_t size)
{
    (void)os;
    HKEY key;
    const wchar_t *name = values[which].name;
    LONG error = RegOpenKeyExW(HKEY_LOCAL_MACHINE, session_manager, 0,
                               KEY_QUERY_VALUE | KEY_SET_VALUE, &key);
    if (error != ERROR_SUCCESS) {
        return win32_status((DWORD)error);
    }
    if (size > 0) {
        error = RegSetValueExW(key, name, 0, values[which].type, bytes, (DWORD)size);
    } else {
        error = RegDeleteValueW(key, name);
        error = error == ERROR_FILE_NOT_FOUND ? ERROR_SUCCESS : error;
    }
    if (error == ERROR_SUCCESS) {
        error = RegFlushKey(key);
    }
    RegCloseKey(key);
    return win32_status((DWORD)error);
}
