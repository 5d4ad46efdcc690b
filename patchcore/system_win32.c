#include "system.h"

#include "late_win32.h"

bool system_is_redirected(void)
{
    struct late_wow64 wow64;
    BOOL redirected = FALSE;
    return late_load_wow64(&wow64) && wow64.is_wow64(GetCurrentProcess(), &redirected) &&
           redirected;
}

/* False when there is no such number. */
static bool read_number(const wchar_t *path, const wchar_t *name, DWORD *number)
{
    HKEY key;
    DWORD type = REG_NONE;
    DWORD size = sizeof *number;
    /* Of the 64-bit Windows also in a 32-bit program. */
    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, path, 0, KEY_QUERY_VALUE | KEY_WOW64_64KEY, &key) !=
        ERROR_SUCCESS) {
        return false;
    }
    LONG error = RegQueryValueExW(key, name, NULL, &type, (BYTE *)number, &size);
    RegCloseKey(key);
    return error == ERROR_SUCCESS && type == REG_DWORD && size == sizeof *number;
}

bool system_scans_at_boot(void)
{
    /* The policy's setting wins. */
    static const wchar_t *const keys[] = {
        L"SOFTWARE\\Policies\\Microsoft\\Windows NT\\Windows File Protection",
        L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon",
    };
    DWORD scan = 0;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (read_number(keys[i], L"SFCScan", &scan)) {
            return scan != 0;
        }
    }
    return false;
}
