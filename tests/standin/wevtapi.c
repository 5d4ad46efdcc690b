/* wevtapi.dll for a Wine that has only stubs of it: the stand-in service over a text file that the
 * variable TCPIPWATCH_EVENTS names. The file is read as it grows, line by line:
 *
 *     <Event ...>...</Event>   an event, added to the channel System
 *     !clear                   all events before it go, and subscriptions are stale
 *     !drop N                  the N oldest events are overwritten
 *     !stale                   subscriptions are stale
 *     !restart                 subscriptions are no good any more
 *     !fail N                  from here on every call fails with error N; 0: none does
 *     !unrenderable            the next event cannot be rendered
 *
 * A program that is started later finds the channel as the whole file left it. */
#include "event_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { POLL_MS = 50, LINE_MOST = 64 * 1024, INVALID_EVENT_DATA = 15005 };

static struct {
    CRITICAL_SECTION lock;
    bool started;
    long at; /* behind the last whole line */
} reading;

static void take_line(char *line)
{
    line[strcspn(line, "\r\n")] = '\0';
    const char *number = strchr(line, ' ');
    unsigned long value = number != NULL ? strtoul(number, NULL, 10) : 0;
    if (line[0] == '<') {
        event_service_add(line);
    } else if (strcmp(line, "!clear") == 0) {
        event_service_clear();
    } else if (strncmp(line, "!drop ", 6) == 0) {
        event_service_drop(value);
    } else if (strcmp(line, "!stale") == 0) {
        event_service_make_stale();
    } else if (strcmp(line, "!restart") == 0) {
        event_service_restart();
    } else if (strncmp(line, "!fail ", 6) == 0) {
        event_service_faults.service = value;
    } else if (strcmp(line, "!unrenderable") == 0) {
        event_service_faults.next_event = INVALID_EVENT_DATA;
    }
}

static void read_file(void)
{
    static char line[LINE_MOST];
    const wchar_t *name = _wgetenv(L"TCPIPWATCH_EVENTS");
    FILE *file = name != NULL ? _wfopen(name, L"rb") : NULL;
    if (file == NULL) {
        return;
    }
    if (fseek(file, reading.at, SEEK_SET) == 0) {
        while (fgets(line, sizeof line, file) != NULL && strchr(line, '\n') != NULL) {
            reading.at = ftell(file);
            take_line(line);
        }
    }
    fclose(file);
}

static DWORD WINAPI follow_file(LPVOID unused)
{
    (void)unused;
    while (true) { /* until the program ends */
        Sleep(POLL_MS);
        EnterCriticalSection(&reading.lock);
        read_file();
        LeaveCriticalSection(&reading.lock);
    }
    return 0;
}

static void start(void)
{
    EnterCriticalSection(&reading.lock);
    if (!reading.started) {
        reading.started = true;
        event_service_begin();
        read_file();
        HANDLE thread = CreateThread(NULL, 0, follow_file, NULL, 0, NULL);
        if (thread != NULL) {
            CloseHandle(thread);
        }
    }
    LeaveCriticalSection(&reading.lock);
}

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, LPVOID reserved);

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, LPVOID reserved)
{
    (void)module;
    (void)reserved;
    if (reason == DLL_PROCESS_ATTACH) {
        InitializeCriticalSection(&reading.lock);
    }
    return TRUE;
}

/* ---- as wevtapi.dll exports them ---- */

late_evt WINAPI EvtSubscribe(late_evt session, HANDLE signal, LPCWSTR channel, LPCWSTR query,
                             late_evt bookmark, PVOID context, PVOID callback, DWORD flags);
BOOL WINAPI EvtNext(late_evt results, DWORD count, late_evt *events, DWORD timeout, DWORD flags,
                    PDWORD returned);
BOOL WINAPI EvtRender(late_evt context, late_evt fragment, DWORD flags, DWORD size, PVOID buffer,
                      PDWORD used, PDWORD properties);
late_evt WINAPI EvtCreateBookmark(LPCWSTR xml);
BOOL WINAPI EvtUpdateBookmark(late_evt bookmark, late_evt event);
BOOL WINAPI EvtClose(late_evt object);

late_evt WINAPI EvtSubscribe(late_evt session, HANDLE signal, LPCWSTR channel, LPCWSTR query,
                             late_evt bookmark, PVOID context, PVOID callback, DWORD flags)
{
    start();
    return event_service_calls.subscribe(session, signal, channel, query, bookmark, context,
                                         callback, flags);
}

BOOL WINAPI EvtNext(late_evt results, DWORD count, late_evt *events, DWORD timeout, DWORD flags,
                    PDWORD returned)
{
    return event_service_calls.next(results, count, events, timeout, flags, returned);
}

BOOL WINAPI EvtRender(late_evt context, late_evt fragment, DWORD flags, DWORD size, PVOID buffer,
                      PDWORD used, PDWORD properties)
{
    return event_service_calls.render(context, fragment, flags, size, buffer, used, properties);
}

late_evt WINAPI EvtCreateBookmark(LPCWSTR xml)
{
    start();
    return event_service_calls.create_bookmark(xml);
}

BOOL WINAPI EvtUpdateBookmark(late_evt bookmark, late_evt event)
{
    return event_service_calls.update_bookmark(bookmark, event);
}

BOOL WINAPI EvtClose(late_evt object)
{
    return event_service_calls.close(object);
}
