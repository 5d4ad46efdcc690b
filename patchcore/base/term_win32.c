#include "term_win32.h"

#include "utf.h"

#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A console of XP takes less than 64 KiB at a time. */
enum { WRITE_UNITS = 4096, READ_UNITS = 256, CTRL_Z = 0x1a, INTERRUPT_MS = 50 };

static HANDLE handle_of(enum term_stream stream)
{
    return GetStdHandle(stream == TERM_IN    ? STD_INPUT_HANDLE
                        : stream == TERM_OUT ? STD_OUTPUT_HANDLE
                                             : STD_ERROR_HANDLE);
}

bool term_is_terminal(enum term_stream stream)
{
    DWORD mode;
    return GetConsoleMode(handle_of(stream), &mode) != 0;
}

/* ---- writing ---- */

static bool write_units(HANDLE console, const wchar_t *units, size_t count)
{
    while (count > 0) {
        DWORD wrote = 0;
        DWORD part = count > WRITE_UNITS ? WRITE_UNITS : (DWORD)count;
        /* The two halves of a character beyond the first 65536 stay together. */
        if (part < count && units[part - 1] >= 0xd800 && units[part - 1] < 0xdc00) {
            part--;
        }
        if (WriteConsoleW(console, units, part, &wrote, NULL) == 0 || wrote == 0) {
            return false;
        }
        units += wrote;
        count -= wrote;
    }
    return true;
}

static bool write_console(HANDLE console, const char *text, size_t length)
{
    if (length > INT_MAX) {
        return false;
    }
    int count = MultiByteToWideChar(CP_UTF8, 0, text, (int)length, NULL, 0);
    wchar_t *units = count > 0 ? malloc((size_t)count * sizeof *units) : NULL;
    if (units == NULL) {
        return length == 0;
    }
    count = MultiByteToWideChar(CP_UTF8, 0, text, (int)length, units, count);
    bool ok = write_units(console, units, (size_t)count);
    free(units);
    return ok;
}

bool term_write_bytes(enum term_stream stream, const char *text, size_t length)
{
    HANDLE handle = handle_of(stream);
    if (fflush(stream == TERM_ERR ? stderr : stdout) != 0) {
        return false;
    }
    if (term_is_terminal(stream)) {
        return write_console(handle, text, length);
    }
    while (length > 0) {
        DWORD wrote = 0;
        DWORD part = length > 0x10000 ? 0x10000 : (DWORD)length;
        if (WriteFile(handle, text, part, &wrote, NULL) == 0 || wrote == 0) {
            return false;
        }
        text += wrote;
        length -= wrote;
    }
    return true;
}

bool term_write(enum term_stream stream, const char *text)
{
    return term_write_bytes(stream, text, strlen(text));
}

bool term_print(const char *text)
{
    HANDLE handle = handle_of(TERM_OUT);
    return handle == NULL || handle == INVALID_HANDLE_VALUE || term_write(TERM_OUT, text);
}

unsigned term_width(enum term_stream stream)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    if (GetConsoleScreenBufferInfo(handle_of(stream), &info) == 0 ||
        info.srWindow.Right < info.srWindow.Left) {
        return TERM_WIDTH;
    }
    return (unsigned)(info.srWindow.Right - info.srWindow.Left) + 1;
}

/* ---- reading a line ---- */

/* Set by the handler, which Windows calls in a thread of its own and tells nothing else. */
static volatile LONG interrupted;

/* Keeps Ctrl-C from ending the process. */
static BOOL WINAPI note_interrupt(DWORD event)
{
    if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT) {
        return FALSE;
    }
    InterlockedExchange(&interrupted, 1);
    return TRUE;
}

/* A console hands over at most one line, in pieces when it is long. Ctrl-C makes it return
 * nothing, with ERROR_OPERATION_ABORTED. */
static enum term_line read_console(HANDLE console, struct buf *line)
{
    wchar_t units[READ_UNITS];
    DWORD got = 0;
    for (;;) {
        SetLastError(ERROR_SUCCESS);
        if (ReadConsoleW(console, units, READ_UNITS, &got, NULL) == 0 || got == 0) {
            return GetLastError() == ERROR_OPERATION_ABORTED ? TERM_INTERRUPTED : TERM_END;
        }
        if (line->len == 0 && units[0] == CTRL_Z) {
            return TERM_END;
        }
        bool ended = units[got - 1] == L'\n';
        if (line->len < TERM_LINE_MAX) {
            utf16le_to_utf8(line, (const uint8_t *)units, ended ? got - 1 : got);
        }
        if (ended) {
            return TERM_LINE;
        }
    }
}

/* Byte by byte, so that what stands behind the line stays for the next reader. */
static enum term_line read_file(HANDLE file, struct buf *line)
{
    for (;;) {
        char byte;
        DWORD got = 0;
        if (ReadFile(file, &byte, 1, &got, NULL) == 0 || got == 0) {
            return line->len > 0 ? TERM_LINE : TERM_END;
        }
        if (byte == '\n') {
            return TERM_LINE;
        }
        if (line->len < TERM_LINE_MAX) {
            buf_add_char(line, byte);
        }
    }
}

enum term_line term_read_raw(struct buf *line)
{
    HANDLE input = handle_of(TERM_IN);
    enum term_line result =
        term_is_terminal(TERM_IN) ? read_console(input, line) : read_file(input, line);
    if (line->len > 0 && line->data[line->len - 1] == '\r') {
        line->data[--line->len] = '\0';
    }
    return result;
}

enum term_line term_read_line(const char *prompt, struct buf *line)
{
    enum term_stream stream = term_is_terminal(TERM_OUT) ? TERM_OUT : TERM_ERR;
    InterlockedExchange(&interrupted, 0);
    SetConsoleCtrlHandler(note_interrupt, TRUE);
    buf_clear(line);
    (void)term_write(stream, prompt);
    enum term_line result = term_read_raw(line);
    if (result == TERM_LINE && line->len == 0 && term_is_terminal(TERM_IN)) {
        /* Some consoles give an empty line at Ctrl-C, maybe before the handler was called. */
        Sleep(INTERRUPT_MS);
    }
    SetConsoleCtrlHandler(note_interrupt, FALSE);
    if (InterlockedExchange(&interrupted, 0) != 0) {
        result = TERM_INTERRUPTED;
    }
    if (result != TERM_LINE) {
        buf_clear(line);
    }
    return result;
}
