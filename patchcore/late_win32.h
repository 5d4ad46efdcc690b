/* Calls of Windows that may not be imported: those that Windows XP SP2 lacks, and those of DLLs
 * that Windows would look for beside the program first. They are found at run time, all in this one
 * place, each DLL by its full path in the system directory. What decides is whether a call is
 * there, never a version number.
 *
 * Each loader fills a table of one DLL's calls and tells whether all of them were found; the DLL
 * stays loaded until the process ends. The prototypes are those of the Windows SDK documentation.
 */
#ifndef PATCHCORE_LATE_WIN32_H
#define PATCHCORE_LATE_WIN32_H

#include <windows.h>

#include <stdbool.h>

/* wevtapi.dll (Vista and later): the channels of the event log. */
typedef HANDLE late_evt;
struct late_wevtapi {
    late_evt(WINAPI *subscribe)(late_evt session, HANDLE signal, LPCWSTR channel, LPCWSTR query,
                                late_evt bookmark, PVOID context, PVOID callback, DWORD flags);
    BOOL(WINAPI *next)
    (late_evt results, DWORD count, late_evt *events, DWORD timeout, DWORD flags, PDWORD returned);
    BOOL(WINAPI *render)
    (late_evt context, late_evt fragment, DWORD flags, DWORD size, PVOID buffer, PDWORD used,
     PDWORD properties);
    late_evt(WINAPI *create_bookmark)(LPCWSTR xml);
    BOOL(WINAPI *update_bookmark)(late_evt bookmark, late_evt event);
    BOOL(WINAPI *close)(late_evt object);
};
bool late_load_wevtapi(struct late_wevtapi *out);

/* wtsapi32.dll (2000 and later, but no DLL that comes from the system directory by itself): the
 * sessions of the users who are logged on. `sessions` is an array of WTS_SESSION_INFOW, to be freed
 * with free_memory. */
struct late_wtsapi {
    BOOL(WINAPI *enumerate_sessions)
    (HANDLE server, DWORD reserved, DWORD version, void **sessions, DWORD *count);
    BOOL(WINAPI *send_message)
    (HANDLE server, DWORD session, LPWSTR title, DWORD title_bytes, LPWSTR text, DWORD text_bytes,
     DWORD style, DWORD timeout_seconds, DWORD *response, BOOL wait);
    void(WINAPI *free_memory)(PVOID memory);
};
bool late_load_wtsapi(struct late_wtsapi *out);

/* ntdll.dll: the version of Windows as it is. GetVersionEx tells programs from Windows 8.1 on what
 * their manifest says they know. */
struct late_ntdll {
    LONG(WINAPI *get_version)(OSVERSIONINFOEXW *out); /* RtlGetVersion; 0 is success */
};
bool late_load_ntdll(struct late_ntdll *out);

/* kernel32.dll: whether this is a 32-bit program on a 64-bit Windows. Absent where there is no
 * 64-bit Windows of that version. */
struct late_wow64 {
    BOOL(WINAPI *is_wow64)(HANDLE process, PBOOL out);
};
bool late_load_wow64(struct late_wow64 *out);

/* sfc.dll (2000 and later): whether Windows File Protection guards a file. */
struct late_sfc {
    BOOL(WINAPI *is_file_protected)(HANDLE reserved, LPCWSTR path);
};
bool late_load_sfc(struct late_sfc *out);

/* user32.dll (Vista and later): which messages a program of an administrator takes from others. */
struct late_user32 {
    BOOL(WINAPI *change_message_filter)(UINT message, DWORD action);
};
bool late_load_user32(struct late_user32 *out);

/* iphlpapi.dll: the connections, with the processes that hold them. GetExtendedTcpTable came with
 * XP SP2 and Server 2003 SP1; `table_class` is of the enumeration TCP_TABLE_CLASS. The other is of
 * XP and Server 2003 alone; the table is to be freed with HeapFree. */
struct late_tcp_table {
    DWORD(WINAPI *get)
    (void *table, DWORD *size, BOOL order, ULONG family, int table_class, ULONG reserved);
};
bool late_load_tcp_table(struct late_tcp_table *out);
struct late_tcp_stack {
    DWORD(WINAPI *allocate_table)
    (void **table, BOOL order, HANDLE heap, DWORD flags, DWORD family);
};
bool late_load_tcp_stack(struct late_tcp_stack *out);

/* kernel32.dll (Vista and later): QueryFullProcessImageName, the path of a process' image. */
struct late_process_image {
    BOOL(WINAPI *query)(HANDLE process, DWORD flags, LPWSTR path, DWORD *length);
};
bool late_load_process_image(struct late_process_image *out);

/* psapi.dll (XP and later): the same as the path on a device, and as that of a module. */
struct late_psapi {
    DWORD(WINAPI *process_image_file_name)(HANDLE process, LPWSTR path, DWORD size);
    DWORD(WINAPI *module_file_name_ex)(HANDLE process, HMODULE module, LPWSTR path, DWORD size);
};
bool late_load_psapi(struct late_psapi *out);

#endif
