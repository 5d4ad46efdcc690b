/* The calls of Windows' service control manager, in a table that tests replace. */
#ifndef WATCHER_SERVICE_CALLS_WIN32_H
#define WATCHER_SERVICE_CALLS_WIN32_H

#include "commands.h"

#include <windows.h>

struct service_calls {
    /* The service itself. */
    BOOL(WINAPI *dispatch)(const SERVICE_TABLE_ENTRYW *table);
    SERVICE_STATUS_HANDLE(WINAPI *handle_controls)
    (LPCWSTR name, LPHANDLER_FUNCTION_EX handler, LPVOID context);
    BOOL(WINAPI *set_status)(SERVICE_STATUS_HANDLE handle, LPSERVICE_STATUS status);
    void (*log)(DWORD id, const char *sentences); /* event_log_write() */

    /* Installing and removing it. */
    SC_HANDLE(WINAPI *open_manager)(LPCWSTR machine, LPCWSTR database, DWORD access);
    SC_HANDLE(WINAPI *create)
    (SC_HANDLE manager, LPCWSTR name, LPCWSTR shown, DWORD access, DWORD type, DWORD start,
     DWORD on_error, LPCWSTR command, LPCWSTR group, LPDWORD tag, LPCWSTR needs, LPCWSTR user,
     LPCWSTR password);
    SC_HANDLE(WINAPI *open)(SC_HANDLE manager, LPCWSTR name, DWORD access);
    BOOL(WINAPI *configure)
    (SC_HANDLE service, DWORD type, DWORD start, DWORD on_error, LPCWSTR command, LPCWSTR group,
     LPDWORD tag, LPCWSTR needs, LPCWSTR user, LPCWSTR password, LPCWSTR shown);
    BOOL(WINAPI *configure_more)(SC_HANDLE service, DWORD what, LPVOID value);
    BOOL(WINAPI *start)(SC_HANDLE service, DWORD count, LPCWSTR *args);
    BOOL(WINAPI *control)(SC_HANDLE service, DWORD control, LPSERVICE_STATUS status);
    BOOL(WINAPI *query)
    (SC_HANDLE service, SC_STATUS_TYPE what, LPBYTE status, DWORD size, LPDWORD needed);
    BOOL(WINAPI *remove)(SC_HANDLE service);
    BOOL(WINAPI *close)(SC_HANDLE handle);
    DWORD (*add_source)(const wchar_t *exe); /* event_log_register() */
    DWORD (*remove_source)(void);            /* event_log_unregister() */
    void(WINAPI *sleep)(DWORD milliseconds);
};
extern const struct service_calls service_native;

/* What the commands do, by these calls. `out` gets what is to be told when it is done, `why` what
 * went wrong or is worth a warning. Gives the exit status. */
enum pc_result service_install_by(const struct service_calls *calls,
                                  const struct command_options *options, struct buf *out,
                                  struct buf *why);
enum pc_result service_remove_by(const struct service_calls *calls, struct buf *out,
                                 struct buf *why);

/* As service_run(). */
int service_run_by(const struct service_calls *calls, const struct command_options *options,
                   int (*run)(const struct command_options *options));

#endif
