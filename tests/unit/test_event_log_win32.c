/* The Application event log: what is written, and that the program has the texts. */
#include "check.h"

#include "notify/event_log_win32.h"
#include "wide_win32.h"

#include <stdlib.h>
#include <string.h>

static struct {
    bool no_log;
    int opened, closed;
    DWORD id;
    WORD type;
    size_t length;
    struct buf text;
} seen;

static HANDLE WINAPI open_log(LPCWSTR machine, LPCWSTR source)
{
    CHECK(machine == NULL && wcscmp(source, L"tcpipwatch") == 0);
    seen.opened += !seen.no_log;
    return seen.no_log ? NULL : (HANDLE)(intptr_t)1;
}

static BOOL WINAPI report(HANDLE log, WORD type, WORD category, DWORD id, PSID user, WORD texts,
                          DWORD bytes, LPCWSTR *text, LPVOID data)
{
    CHECK(log == (HANDLE)(intptr_t)1 && category == 0 && user == NULL && data == NULL);
    CHECK(texts == 1 && bytes == 0);
    seen.id = id;
    seen.type = type;
    seen.length = wcslen(text[0]);
    buf_clear(&seen.text);
    wide_to_utf8(&seen.text, text[0]);
    return TRUE;
}

static BOOL WINAPI close_log(HANDLE log)
{
    CHECK(log == (HANDLE)(intptr_t)1);
    seen.closed++;
    return TRUE;
}

static const struct event_log_calls calls = {open_log, report, close_log};

static void each_id_has_its_type(void)
{
    static const struct {
        DWORD id;
        WORD type;
    } cases[] = {
        {EVENT_STARTED, EVENTLOG_INFORMATION_TYPE}, {EVENT_STOPPED, EVENTLOG_INFORMATION_TYPE},
        {EVENT_NEWS, EVENTLOG_INFORMATION_TYPE},    {EVENT_WARNING, EVENTLOG_WARNING_TYPE},
        {EVENT_ERROR, EVENTLOG_ERROR_TYPE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        event_log_write_by(&calls, cases[i].id, "One.\nTwo \x1b \xe2\x82\xac.");
        CHECK_NUMBER(seen.id, cases[i].id);
        CHECK_NUMBER(seen.type, cases[i].type);
        CHECK_TEXT(buf_text(&seen.text), "One.\r\nTwo \\x1b \xe2\x82\xac.");
        for (size_t j = 0; j < i; j++) {
            CHECK(cases[j].id != cases[i].id);
        }
    }
    CHECK_NUMBER(seen.opened, seen.closed);
}

static void a_long_text_is_cut_between_characters(void)
{
    struct buf text = BUF_INIT;
    for (int i = 0; i < 2; i++) {
        buf_clear(&text);
        for (int j = 0; j < i; j++) {
            buf_add_char(&text, 'x');
        }
        for (int j = 0; j < EVENT_LOG_UNITS_MAX; j++) {
            buf_add_text(&text, "\xf0\x9f\x98\x80"); /* two units each */
        }
        event_log_write_by(&calls, EVENT_NEWS, buf_text(&text));
        CHECK_NUMBER(seen.length, EVENT_LOG_UNITS_MAX - i);
    }
    buf_free(&text);
}

static void without_a_log_nothing_happens(void)
{
    int opened = seen.opened;
    seen.no_log = true;
    event_log_write_by(&calls, EVENT_NEWS, "News.");
    CHECK_NUMBER(seen.opened, opened);
    CHECK_NUMBER(seen.opened, seen.closed);
    seen.no_log = false;
}

/* As the event viewer does it: with the program only as data, and the entry's one text. */
static void format(HMODULE module, DWORD id, struct buf *out)
{
    wchar_t *text = NULL;
    wchar_t sentence[] = L"A burst was seen: 100 % \u20ac.";
    DWORD_PTR inserts[] = {(DWORD_PTR)sentence};
    buf_clear(out);
    DWORD length =
        FormatMessageW(FORMAT_MESSAGE_FROM_HMODULE | FORMAT_MESSAGE_ALLOCATE_BUFFER |
                           FORMAT_MESSAGE_ARGUMENT_ARRAY,
                       module, id, 0, (LPWSTR)(void *)&text, 0, (va_list *)(void *)inserts);
    if (length > 0) {
        wide_to_utf8(out, text);
        LocalFree(text);
    }
}

static void the_program_has_the_texts(void)
{
    static const DWORD ids[] = {EVENT_STARTED, EVENT_STOPPED, EVENT_NEWS, EVENT_WARNING,
                                EVENT_ERROR};
    struct buf text = BUF_INIT;
    wchar_t *path = wide_path(PROGRAM);
    HMODULE program = LoadLibraryExW(path, NULL, LOAD_LIBRARY_AS_DATAFILE);
    CHECK(program != NULL);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        format(program, ids[i], &text);
        CHECK_TEXT(buf_text(&text), "A burst was seen: 100 % \xe2\x82\xac.");
        format(NULL, ids[i], &text); /* the resource can be linked to any program */
        CHECK_TEXT(buf_text(&text), "A burst was seen: 100 % \xe2\x82\xac.");
    }
    format(program, EVENT_ERROR + 1, &text);
    CHECK_TEXT(buf_text(&text), "");
    FreeLibrary(program);
    free(path);
    buf_free(&text);
}

static void is_registered_and_taken_back(void)
{
    HKEY key;
    wchar_t file[MAX_PATH];
    DWORD size = sizeof file;
    DWORD kind;
    static const wchar_t path[] =
        L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\tcpipwatch";
    CHECK_NUMBER(event_log_register(L"C:\\Program Files\\tcpipwatch\\tcpipwatch.exe"),
                 ERROR_SUCCESS);
    CHECK_NUMBER(RegOpenKeyExW(HKEY_LOCAL_MACHINE, path, 0, KEY_READ, &key), ERROR_SUCCESS);
    CHECK_NUMBER(RegQueryValueExW(key, L"EventMessageFile", NULL, &kind, (BYTE *)file, &size),
                 ERROR_SUCCESS);
    CHECK(wcscmp(file, L"C:\\Program Files\\tcpipwatch\\tcpipwatch.exe") == 0);
    CHECK_NUMBER(RegQueryValueExW(key, L"TypesSupported", NULL, &kind, NULL, NULL), ERROR_SUCCESS);
    CHECK_NUMBER(kind, REG_DWORD);
    RegCloseKey(key);
    CHECK_NUMBER(event_log_unregister(), ERROR_SUCCESS);
    CHECK_NUMBER(RegOpenKeyExW(HKEY_LOCAL_MACHINE, path, 0, KEY_READ, &key), ERROR_FILE_NOT_FOUND);
    CHECK_NUMBER(event_log_unregister(), ERROR_SUCCESS); /* nothing there is no error */
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"each id has its type", each_id_has_its_type},
        {"a long text is cut between characters", a_long_text_is_cut_between_characters},
        {"without a log nothing happens", without_a_log_nothing_happens},
        {"the program has the texts", the_program_has_the_texts},
        {"is registered and taken back", is_registered_and_taken_back},
    };
    int result = RUN_SUITE("event log", cases);
    buf_free(&seen.text);
    return result;
}
