#include "registry_win32.h"

LONG registry_read_number(const wchar_t *path, const wchar_t *name, DWORD *out)
{
    HKEY key;
    DWORD type = 0;
    DWORD value = 0;
    DWORD size = sizeof value;
    LONG error = RegOpenKeyExW(HKEY_LOCAL_MACHINE, path, 0, KEY_QUERY_VALUE, &key);
    if (error != ERROR_SUCCESS) {
        return error;
    }
    error = RegQueryValueExW(key, name, NULL, &type, (BYTE *)&value, &size);
    RegCloseKey(key);
    if (error == ERROR_MORE_DATA ||
        (error == ERROR_SUCCESS && (type != REG_DWORD || size != sizeof value))) {
        return ERROR_UNSUPPORTED_TYPE;
    }
    if (error == ERROR_SUCCESS) {
        *out = value;
    }
    return error;
}
