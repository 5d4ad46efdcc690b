#include "event_log_win32.h"

#include "base/utf.h"
#include "wide_win32.h"

#include <stdlib.h>
#include <string.h>

#define SOURCE_KEY L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\" EVENT_LOG_SOURCE

enum { SEVERITY_SHIFT = 30 };

const struct event_log_calls event_log_native = {
    .open = RegisterEventSourceW,
    .report = ReportEventW,
    .close = DeregisterEventSource,
};

/* The two highest bits of an id. */
static WORD type_of(DWORD id)
{
    switch (id >> SEVERITY_SHIFT) {
    case MESSAGE_ERROR:
        return EVENTLOG_ERROR_TYPE;
    case MESSAGE_WARNING:
        return EVENTLOG_WARNING_TYPE;
    default:
        return EVENTLOG_INFORMATION_TYPE;
    }
}

/* The two halves of a character beyond the first 65536 stay together. */
static void cut(wchar_t *text)
{
    size_t length = wcslen(text);
    if (length > EVENT_LOG_UNITS_MAX) {
        length = EVENT_LOG_UNITS_MAX;
        length -= text[length - 1] >= 0xd800 && text[length - 1] < 0xdc00;
        text[length] = L'\0';
    }
}

/* Several lines stay so; the caller frees. NULL when memory is out. */
static wchar_t *printable(const char *sentences)
{
    struct buf safe = BUF_INIT;
    while (*sentences != '\0') {
        struct buf line = BUF_INIT;
        size_t length = strcspn(sentences, "\n");
        buf_add(&line, sentences, length);
        add_printable(&safe, buf_text(&line));
        sentences += length;
        if (*sentences == '\n') {
            buf_add_text(&safe, "\r\n");
            sentences++;
        }
        buf_free(&line);
    }
    wchar_t *wide = safe.failed ? NULL : wide_from_utf8(buf_text(&safe));
    buf_free(&safe);
    return wide;
}

void event_log_write_by(const struct event_log_calls *calls, DWORD id, const char *sentences)
{
    wchar_t *text = printable(sentences);
    HANDLE log = text != NULL ? calls->open(NULL, EVENT_LOG_SOURCE) : NULL;
    if (log != NULL) {
        cut(text);
        const wchar_t *texts[] = {text};
        (void)calls->report(log, type_of(id), 0, id, NULL, 1, 0, texts, NULL);
        (void)calls->close(log);
    }
    free(text);
}

void event_log_write(DWORD id, const char *sentences)
{
    event_log_write_by(&event_log_native, id, sentences);
}

static DWORD set_values(HKEY key, const wchar_t *exe)
{
    const DWORD types = EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE;
    size_t bytes = (wcslen(exe) + 1) * sizeof *exe;
    LONG error =
        RegSetValueExW(key, L"EventMessageFile", 0, REG_EXPAND_SZ, (const BYTE *)exe, (DWORD)bytes);
    if (error == ERROR_SUCCESS) {
        error = RegSetValueExW(key, L"TypesSupported", 0, REG_DWORD, (const BYTE *)&types,
                               sizeof types);
    }
    return (DWORD)error;
}

DWORD event_log_register(const wchar_t *exe)
{
    HKEY key;
    DWORD error = (DWORD)RegCreateKeyExW(HKEY_LOCAL_MACHINE, SOURCE_KEY, 0, NULL, 0, KEY_SET_VALUE,
                                         NULL, &key, NULL);
    if (error == ERROR_SUCCESS) {
        error = set_values(key, exe);
        RegCloseKey(key);
    }
    return error;
}

DWORD event_log_unregister(void)
{
    DWORD error = (DWORD)RegDeleteKeyW(HKEY_LOCAL_MACHINE, SOURCE_KEY);
    return error == ERROR_FILE_NOT_FOUND ? ERROR_SUCCESS : error;
}
