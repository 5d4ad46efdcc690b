/* Reading the registry of Windows. */
#ifndef PATCHCORE_REGISTRY_WIN32_H
#define PATCHCORE_REGISTRY_WIN32_H

#include <windows.h>

/* Parameters of the TCP/IP driver; SYSTEM is the same for 32-bit and 64-bit programs. */
#define REGISTRY_TCPIP L"SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters"

/* The DWORD `name` in the key `path` of HKEY_LOCAL_MACHINE. ERROR_FILE_NOT_FOUND when there is no
 * such key or value, ERROR_UNSUPPORTED_TYPE when the value is something else; other errors as
 * Windows gives them. `out` is set with ERROR_SUCCESS only. */
LONG registry_read_number(const wchar_t *path, const wchar_t *name, DWORD *out);

#endif
