#include "tray_text_win32.h"

#include "base/keyfile.h"
#include "base/utf.h"
#include "patchcore.h"
#include "tray_ids_win32.h"
#include "wide_win32.h"

#include <windows.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the resources ---- */

void tray_string(unsigned id, wchar_t out[TRAY_STRING_UNITS])
{
    if (LoadStringW(GetModuleHandleW(NULL), id, out, TRAY_STRING_UNITS) == 0) {
        out[0] = L'\0';
    }
}

static wchar_t *copy_wide(const wchar_t *text)
{
    size_t size = (wcslen(text) + 1) * sizeof *text;
    wchar_t *copy = malloc(size);
    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

wchar_t *tray_format(unsigned id, const wchar_t *const inserts[TRAY_INSERTS])
{
    wchar_t format[TRAY_STRING_UNITS];
    wchar_t *made = NULL;
    DWORD_PTR arguments[TRAY_INSERTS];
    tray_string(id, format);
    for (size_t i = 0; i < TRAY_INSERTS; i++) {
        arguments[i] = (DWORD_PTR)(inserts[i] != NULL ? inserts[i] : L"");
    }
    DWORD length = FormatMessageW(FORMAT_MESSAGE_FROM_STRING | FORMAT_MESSAGE_ARGUMENT_ARRAY |
                                      FORMAT_MESSAGE_ALLOCATE_BUFFER,
                                  format, 0, 0, (LPWSTR)(void *)&made, 0, (va_list *)arguments);
    wchar_t *copy = copy_wide(length > 0 ? made : L"");
    if (length > 0) {
        (void)LocalFree(made);
    }
    return copy;
}

wchar_t *tray_format_text(unsigned id, const wchar_t *first, const wchar_t *second)
{
    const wchar_t *inserts[TRAY_INSERTS] = {first, second};
    return tray_format(id, inserts);
}

static const wchar_t *write_number(wchar_t out[TRAY_NUMBER_UNITS], uint64_t number, unsigned digits)
{
    char text[TRAY_NUMBER_UNITS];
    int length = snprintf(text, sizeof text, "%0*" PRIu64, (int)digits, number);
    for (int i = 0; i <= length; i++) {
        out[i] = (wchar_t)text[i];
    }
    return out;
}

const wchar_t *tray_number(wchar_t out[TRAY_NUMBER_UNITS], uint64_t number)
{
    return write_number(out, number, 1);
}

wchar_t *tray_format_number(unsigned id, uint64_t first, uint64_t second)
{
    wchar_t numbers[2][TRAY_NUMBER_UNITS];
    return tray_format_text(id, tray_number(numbers[0], first), tray_number(numbers[1], second));
}

/* ---- cutting and converting ---- */

static bool is_second_half(wchar_t unit)
{
    return unit >= 0xdc00 && unit < 0xe000;
}

void tray_cut(wchar_t *out, size_t units, const wchar_t *text)
{
    const wchar_t ellipsis = 0x2026;
    size_t length = wcslen(text);
    if (length < units) {
        wmemcpy(out, text, length + 1);
        return;
    }
    size_t most = units - 2; /* without the ellipsis and the NUL */
    size_t end = most;
    while (end > 0 && text[end] != L' ' && text[end] != L'\n') {
        end--;
    }
    if (end < most / 2) { /* one long word, a path perhaps: better half of it than nothing */
        end = is_second_half(text[most]) ? most - 1 : most;
    }
    while (end > 0 && text[end - 1] == L' ') {
        end--;
    }
    wmemcpy(out, text, end);
    out[end] = ellipsis;
    out[end + 1] = L'\0';
}

wchar_t *tray_wide(const char *text)
{
    struct buf safe = BUF_INIT;
    while (*text != '\0') {
        size_t length = strcspn(text, "\r\n");
        struct buf line = BUF_INIT;
        buf_add(&line, text, length);
        add_printable(&safe, buf_text(&line));
        buf_free(&line);
        text += length;
        if (*text != '\0') {
            text += text[0] == '\r' && text[1] == '\n' ? 2 : 1;
            buf_add_text(&safe, "\r\n");
        }
    }
    wchar_t *wide = safe.failed ? NULL : wide_from_utf8(buf_text(&safe));
    buf_free(&safe);
    return wide;
}

wchar_t *tray_time(uint64_t time, bool seconds)
{
    FILETIME utc = {.dwLowDateTime = (DWORD)time, .dwHighDateTime = (DWORD)(time >> 32)};
    FILETIME local;
    SYSTEMTIME parts;
    if (!FileTimeToLocalFileTime(&utc, &local) || !FileTimeToSystemTime(&local, &parts)) {
        return copy_wide(L"?");
    }
    const WORD numbers[TRAY_INSERTS] = {parts.wYear, parts.wMonth,  parts.wDay,
                                        parts.wHour, parts.wMinute, parts.wSecond};
    wchar_t texts[TRAY_INSERTS][TRAY_NUMBER_UNITS];
    const wchar_t *inserts[TRAY_INSERTS];
    for (size_t i = 0; i < TRAY_INSERTS; i++) {
        inserts[i] = write_number(texts[i], numbers[i], 2);
    }
    return tray_format(seconds ? IDS_TIME : IDS_DAY, inserts);
}

/* ---- what is shown of the state ---- */

void tray_tip(const struct notify_view *view, wchar_t out[TRAY_TIP_UNITS])
{
    wchar_t state[TRAY_STRING_UNITS];
    wchar_t limit[TRAY_NUMBER_UNITS];
    wchar_t events[TRAY_NUMBER_UNITS];
    bool has_event = view->last_event != 0;
    wchar_t *time = has_event ? tray_time(view->last_event, false) : NULL;
    tray_string(IDS_FACES + (unsigned)view->face, state);
    const wchar_t *inserts[TRAY_INSERTS] = {state, tray_number(limit, view->limit), time,
                                            tray_number(events, view->events)};
    wchar_t *text =
        tray_format(IDS_TIP + (view->has_limit ? 1u : 0u) + (has_event ? 2u : 0u), inserts);
    tray_cut(out, TRAY_TIP_UNITS, text != NULL ? text : L"");
    free(text);
    free(time);
}

wchar_t *tray_remind(uint32_t seconds)
{
    const uint32_t minute = 60;
    const uint32_t hour = 60 * minute;
    if (seconds == 0 || seconds % minute != 0) {
        return tray_format_number(IDS_REMIND_SECONDS, seconds, 0);
    }
    if (seconds % hour != 0) {
        return tray_format_number(seconds == minute ? IDS_REMIND_MINUTE : IDS_REMIND_MINUTES,
                                  seconds / minute, 0);
    }
    return tray_format_number(seconds == hour ? IDS_REMIND_HOUR : IDS_REMIND_HOURS, seconds / hour,
                              0);
}

/* ---- answers ---- */

bool tray_read_limit(const wchar_t *text, uint32_t *limit)
{
    struct buf utf8 = BUF_INIT;
    uint64_t number = 0;
    text += wcsspn(text, L" \t");
    wide_to_utf8(&utf8, text);
    while (utf8.len > 0 && strchr(" \t", utf8.data[utf8.len - 1]) != NULL) {
        utf8.data[--utf8.len] = '\0';
    }
    bool read = !utf8.failed && keyfile_number(buf_text(&utf8), PC_LIMIT_MOST, &number) &&
                number >= PC_LIMIT_LEAST;
    if (read) {
        *limit = (uint32_t)number;
    }
    buf_free(&utf8);
    return read;
}

bool tray_answer(enum question_kind kind, int button, enum request_kind *out)
{
    static const struct {
        enum question_kind kind;
        int button;
        enum request_kind answer;
    } answers[] = {
        {QUESTION_PATCH, IDC_YES, REQUEST_YES},       {QUESTION_PATCH, IDCANCEL, REQUEST_NO},
        {QUESTION_ABOVE_MAX, IDC_YES, REQUEST_YES},   {QUESTION_ABOVE_MAX, IDCANCEL, REQUEST_NO},
        {QUESTION_RESTORE, IDC_YES, REQUEST_YES},     {QUESTION_RESTORE, IDCANCEL, REQUEST_NO},
        {QUESTION_RESTART, IDC_YES, REQUEST_YES},     {QUESTION_RESTART, IDCANCEL, REQUEST_NO},
        {QUESTION_RESTART, IDC_NEVER, REQUEST_NEVER}, {QUESTION_GRACE, IDCANCEL, REQUEST_NO},
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        if (answers[i].kind == kind && answers[i].button == button) {
            *out = answers[i].answer;
            return true;
        }
    }
    return false;
}

/* ---- balloons ---- */

/* A sentence ends where a blank stands behind a full stop; the next one begins on a line. */
static void break_sentences(wchar_t *text)
{
    for (; *text != L'\0'; text++) {
        if (text[0] == L'.' && text[1] == L' ') {
            text[1] = L'\n';
        }
    }
}

void tray_balloon_add(struct tray_balloon *balloon, enum policy_level level, const wchar_t *text)
{
    size_t before = balloon->shown > 0 ? wcslen(balloon->text) : 0;
    size_t length = wcslen(text);
    balloon->level = balloon->shown == 0 || level < balloon->level ? level : balloon->level;
    if (before > 0 && before + 1 + length < TRAY_BALLOON_UNITS) {
        balloon->text[before] = L'\n';
        wmemcpy(balloon->text + before + 1, text, length + 1);
        break_sentences(balloon->text + before + 1);
        balloon->shown++;
    } else {
        balloon->left_out += balloon->shown;
        tray_cut(balloon->text, TRAY_BALLOON_UNITS, text);
        break_sentences(balloon->text);
        balloon->shown = 1;
    }
}

void tray_balloon_take(struct tray_balloon *balloon, wchar_t out[TRAY_BALLOON_UNITS])
{
    wchar_t number[TRAY_NUMBER_UNITS];
    if (balloon->left_out == 0) {
        wmemcpy(out, balloon->text, TRAY_BALLOON_UNITS);
    } else {
        wchar_t *rest = tray_format_text(IDS_MORE, L"", tray_number(number, balloon->left_out));
        size_t length = rest != NULL ? wcslen(rest) : 0;
        wchar_t text[TRAY_BALLOON_UNITS];
        tray_cut(text, length < TRAY_BALLOON_UNITS / 2 ? TRAY_BALLOON_UNITS - length : 2,
                 balloon->text);
        wchar_t *whole = tray_format_text(IDS_MORE, text, number);
        tray_cut(out, TRAY_BALLOON_UNITS, whole != NULL ? whole : text);
        free(whole);
        free(rest);
    }
    *balloon = (struct tray_balloon){.shown = 0};
}
