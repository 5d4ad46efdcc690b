/* wtsapi32.dll for a Wine that has only stubs of it: one session, and somebody in it. What happens
 * there is in files, in C:\sessions since a service gets none of its caller's variables:
 *
 *     active    somebody is logged on as long as it exists
 *     shown     gets what is shown: "tell: TEXT" or "ask: TEXT", a line each
 *     answer    the number of the button that is pressed next (6: yes, 7: no, 2: cancel)
 */
#include <windows.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <wtsapi32.h>

enum { POLL_MS = 50, SESSION = 1, ANSWER_SIZE = 16 };

static const wchar_t active_file[] = L"C:\\sessions\\active";
static const wchar_t shown_file[] = L"C:\\sessions\\shown";
static const wchar_t answer_file[] = L"C:\\sessions\\answer";

BOOL WINAPI WTSEnumerateSessionsW(HANDLE server, DWORD reserved, DWORD version,
                                  PWTS_SESSION_INFOW *sessions, DWORD *count)
{
    static wchar_t station[] = L"Console";
    (void)server;
    if (reserved != 0 || version != 1) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    WTS_SESSION_INFOW *list = calloc(1, sizeof *list);
    if (list == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return FALSE;
    }
    bool active = GetFileAttributesW(active_file) != INVALID_FILE_ATTRIBUTES;
    *list = (WTS_SESSION_INFOW){.SessionId = SESSION,
                                .pWinStationName = station,
                                .State = active ? WTSActive : WTSConnected};
    *sessions = list;
    *count = 1;
    return TRUE;
}

void WINAPI WTSFreeMemory(PVOID memory)
{
    free(memory);
}

/* One line of UTF-8; ends of lines in the text become |. */
static void keep(const char *what, const wchar_t *text, DWORD bytes)
{
    int units = (int)(bytes / sizeof *text);
    int size = WideCharToMultiByte(CP_UTF8, 0, text, units, NULL, 0, NULL, NULL);
    char *line = calloc((size_t)size + 1, 1);
    FILE *file = _wfopen(shown_file, L"ab");
    if (line != NULL && file != NULL) {
        (void)WideCharToMultiByte(CP_UTF8, 0, text, units, line, size, NULL, NULL);
        for (int i = 0; i < size; i++) {
            line[i] = line[i] == '\r' || line[i] == '\n' ? '|' : line[i];
        }
        (void)fprintf(file, "%s: %s\n", what, line);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    free(line);
}

/* 0 when nothing was pressed yet. */
static DWORD pressed(void)
{
    char text[ANSWER_SIZE] = "";
    FILE *file = _wfopen(answer_file, L"rb");
    if (file == NULL) {
        return 0;
    }
    size_t length = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[length] = '\0';
    (void)DeleteFileW(answer_file);
    return (DWORD)strtoul(text, NULL, 10);
}

BOOL WINAPI WTSSendMessageW(HANDLE server, DWORD session, LPWSTR title, DWORD title_bytes,
                            LPWSTR text, DWORD text_bytes, DWORD style, DWORD seconds,
                            DWORD *response, BOOL wait)
{
    (void)server;
    (void)title;
    (void)title_bytes;
    (void)style;
    if (session != SESSION) {
        SetLastError(ERROR_FILE_NOT_FOUND);
        return FALSE;
    }
    keep(wait ? "ask" : "tell", text, text_bytes);
    *response = IDASYNC;
    if (wait) {
        *response = IDTIMEOUT;
        for (DWORD ms = 0; ms < seconds * 1000; ms += POLL_MS) {
            DWORD button = pressed();
            if (button != 0) {
                *response = button;
                break;
            }
            Sleep(POLL_MS);
        }
    }
    return TRUE;
}
