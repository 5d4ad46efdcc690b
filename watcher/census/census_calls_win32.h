/* The calls that show connections and who holds them, in a table that tests replace. */
#ifndef WATCHER_CENSUS_CENSUS_CALLS_WIN32_H
#define WATCHER_CENSUS_CENSUS_CALLS_WIN32_H

#include "census/census.h"

#include <windows.h>

#include <stdbool.h>
#include <stdint.h>

struct census_calls {
    /* NULL where this Windows does not have it: GetExtendedTcpTable (XP SP2 and later) and
     * AllocateAndGetTcpExTableFromStack (XP and Server 2003 only). */
    DWORD(WINAPI *get_table)
    (void *table, DWORD *size, BOOL order, ULONG family, int table_class, ULONG reserved);
    DWORD(WINAPI *allocate_table)
    (void **table, BOOL order, HANDLE heap, DWORD flags, DWORD family);

    HANDLE(WINAPI *open_process)(DWORD access, BOOL inherit, DWORD pid);
    BOOL(WINAPI *close)(HANDLE object);
    BOOL(WINAPI *process_times)
    (HANDLE process, FILETIME *created, FILETIME *exited, FILETIME *kernel, FILETIME *user);

    /* NULL likewise: QueryFullProcessImageName (Vista and later), GetProcessImageFileName and
     * GetModuleFileNameEx (psapi.dll). */
    BOOL(WINAPI *full_image)(HANDLE process, DWORD flags, LPWSTR path, DWORD *length);
    DWORD(WINAPI *device_image)(HANDLE process, LPWSTR path, DWORD size);
    DWORD(WINAPI *module_image)(HANDLE process, HMODULE module, LPWSTR path, DWORD size);
    DWORD(WINAPI *drives)(void); /* one bit a letter */
    DWORD(WINAPI *drive_device)(LPCWSTR drive, LPWSTR devices, DWORD size);

    /* The right to look into the processes of others. On: true when it was off, this process may
     * have it, and it is on now. */
    bool (*debug_on)(void);
    void (*debug_off)(void);

    BOOL(WINAPI *computer_name)(COMPUTER_NAME_FORMAT format, LPWSTR name, DWORD *length);
    void(WINAPI *clock)(FILETIME *now);
    DWORD(WINAPI *ticks)(void); /* milliseconds, from 2^32 to 0 */
};

/* Those of this Windows. */
struct census_calls census_native_calls(void);

bool census_look_by(const struct census_calls *calls, uint64_t now, struct census_look *out,
                    struct buf *why);
bool census_is_this_computer_by(const struct census_calls *calls, const char *computer,
                                struct buf *own);

/* ---- between the files of this part ---- */

enum { CENSUS_IMAGE_UNITS = 32768 }; /* the longest path that Windows has, with its NUL */

/* Windows' table of connections. */
struct census_table {
    uint8_t *bytes; /* to be freed */
    size_t size;
};

enum { CENSUS_IPV4 = 2, CENSUS_IPV6 = 23 }; /* AF_INET and AF_INET6 of winsock2.h */

/* Gets the table of one family. ERROR_SUCCESS or why not, as Windows says it; the table is to be
 * freed in either case. */
DWORD census_table_get(const struct census_calls *calls, ULONG family, struct census_table *out);

/* One connection that is half open, and the process that Windows says holds it. */
struct census_row {
    struct census_connection connection;
    uint32_t pid;
};

/* Takes the next half-open connection; `at` counts the rows and begins at 0. False at the end.
 * `whole` becomes false when the table says that it has more rows than it can hold. */
bool census_table_next(const struct census_table *table, ULONG family, size_t *at, bool *whole,
                       struct census_row *out);

/* Adds the path of a process' image. `text` has CENSUS_IMAGE_UNITS units to work in. False when it
 * is not to be seen. */
bool census_image(const struct census_calls *calls, HANDLE process, wchar_t *text, struct buf *out);

#endif
