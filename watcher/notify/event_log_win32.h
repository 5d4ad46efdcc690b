/* Windows' Application event log, with a source of our own: where a service says what it did when
 * nobody is there to see it. The texts behind the ids are a resource of the program
 * (messages.mc). */
#ifndef WATCHER_NOTIFY_EVENT_LOG_WIN32_H
#define WATCHER_NOTIFY_EVENT_LOG_WIN32_H

#include "messages.h"

#include <windows.h>

#define EVENT_LOG_SOURCE L"tcpipwatch"

enum { EVENT_LOG_UNITS_MAX = 31000 }; /* Windows takes 31,839 of a text */

/* The calls of Windows, in a table that tests replace. */
struct event_log_calls {
    HANDLE(WINAPI *open)(LPCWSTR machine, LPCWSTR source);
    BOOL(WINAPI *report)
    (HANDLE log, WORD type, WORD category, DWORD id, PSID user, WORD texts, DWORD bytes,
     LPCWSTR *text, LPVOID data);
    BOOL(WINAPI *close)(HANDLE log);
};
extern const struct event_log_calls event_log_native;

/* Writes one entry; `id` is one of messages.h, which also says whether it is an error. What cannot
 * be written is lost: the audit log has it. */
void event_log_write_by(const struct event_log_calls *calls, DWORD id, const char *sentences);
void event_log_write(DWORD id, const char *sentences);

/* Tells Windows that the program `exe` has the texts; ERROR_SUCCESS or an error of Windows. */
DWORD event_log_register(const wchar_t *exe);

/* Takes that back. One that is not there is no error. */
DWORD event_log_unregister(void);

#endif
