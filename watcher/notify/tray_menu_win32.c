/* The menu of the icon, and what its items do. */
#include "tray_parts_win32.h"

#include "policy_file.h"
#include "tray_ids_win32.h"
#include "wide_win32.h"

#include <stdlib.h>

/* ---- the menu ---- */

static void enable(HMENU menu, UINT item, bool on)
{
    (void)EnableMenuItem(menu, item, (UINT)(MF_BYCOMMAND | (on ? MF_ENABLED : MF_GRAYED)));
}

void tray_menu_show(struct tray *tray)
{
    POINT at = {0};
    HMENU bar = LoadMenuW(GetModuleHandleW(NULL), MAKEINTRESOURCEW(IDM_TRAY));
    HMENU menu = bar != NULL ? GetSubMenu(bar, 0) : NULL;
    if (menu != NULL) {
        (void)SetMenuDefaultItem(menu, IDM_STATUS, FALSE);
        enable(menu, IDM_PATCH, tray->view.has_root);
        enable(menu, IDM_RESTORE, tray->view.has_root);
        enable(menu, IDM_RESTART, tray->view.face == FACE_RESTART);
        enable(menu, IDM_AUDIT, tray->view.audit != NULL);
        (void)GetCursorPos(&at);
        /* Otherwise it does not close when something else is clicked, or opens only once.
         * (KB135788) */
        (void)SetForegroundWindow(tray->window);
        int chosen =
            TrackPopupMenu(menu, TPM_RETURNCMD | TPM_NONOTIFY | TPM_RIGHTBUTTON | TPM_BOTTOMALIGN,
                           at.x, at.y, 0, tray->window, NULL);
        (void)PostMessageW(tray->window, WM_NULL, 0, 0);
        tray_menu_command(tray, chosen);
    }
    if (bar != NULL) {
        (void)DestroyMenu(bar);
    }
}

/* ---- opening a file ---- */

/* Notepad by its full path, so that no program beside a file or in the path is taken for it. */
static DWORD start_notepad(const wchar_t *path)
{
    static const wchar_t name[] = L"\\notepad.exe";
    wchar_t program[MAX_PATH];
    STARTUPINFOW start = {.cb = sizeof start};
    PROCESS_INFORMATION process;
    DWORD error = ERROR_SUCCESS;
    UINT length = GetSystemDirectoryW(program, MAX_PATH);
    if (length == 0 || length + sizeof name / sizeof name[0] > MAX_PATH) {
        return ERROR_FILE_NOT_FOUND;
    }
    wmemcpy(program + length, name, sizeof name / sizeof name[0]);
    size_t units = wcslen(program) + wcslen(path) + 6; /* quotes, a blank, and the NUL */
    wchar_t *line = malloc(units * sizeof *line);
    if (line == NULL) {
        return ERROR_OUTOFMEMORY;
    }
    line[0] = L'"';
    line[1] = L'\0';
    (void)wcscat(line, program);
    (void)wcscat(line, L"\" \"");
    (void)wcscat(line, path);
    (void)wcscat(line, L"\"");
    if (CreateProcessW(program, line, NULL, NULL, FALSE, 0, NULL, NULL, &start, &process)) {
        CloseHandle(process.hThread);
        CloseHandle(process.hProcess);
    } else {
        error = GetLastError();
    }
    free(line);
    return error;
}

static void note_and_free(struct tray *tray, wchar_t *text)
{
    if (text != NULL) {
        tray_note(tray, text);
    }
    free(text);
}

/* Opens a file that is there; where there is none says so by `missing`. Notepad would offer to make
 * one, and an empty policy is not what anybody wants. */
static void open_file(struct tray *tray, const char *path, unsigned missing)
{
    wchar_t number[TRAY_NUMBER_UNITS];
    wchar_t *wide = wide_path(path);
    if (wide == NULL) {
        return;
    }
    if (GetFileAttributesW(wide) == INVALID_FILE_ATTRIBUTES) {
        note_and_free(tray, tray_format_text(missing, wide, NULL));
    } else {
        DWORD error = start_notepad(wide);
        if (error != ERROR_SUCCESS) {
            note_and_free(tray,
                          tray_format_text(IDS_CANNOT_OPEN, wide, tray_number(number, error)));
        }
    }
    free(wide);
}

static void open_policy(struct tray *tray)
{
    char *path = tray->view.policy != NULL ? text_copy(tray->view.policy) : policy_file_path(NULL);
    if (path != NULL) {
        open_file(tray, path, IDS_NO_POLICY);
    } else {
        note_and_free(tray, tray_format_text(IDS_NO_POLICY_HERE, NULL, NULL));
    }
    free(path);
}

void tray_menu_command(struct tray *tray, int command)
{
    switch (command) {
    case IDM_STATUS:
        tray_status_open(tray);
        break;
    case IDM_PATCH:
        tray_want(tray, REQUEST_PATCH);
        break;
    case IDM_RESTORE:
        tray_want(tray, REQUEST_RESTORE);
        break;
    case IDM_RESTART:
        tray_want(tray, REQUEST_RESTART);
        break;
    case IDM_POLICY:
        open_policy(tray);
        break;
    case IDM_AUDIT:
        if (tray->view.audit != NULL) {
            open_file(tray, tray->view.audit, IDS_NO_AUDIT);
        }
        break;
    case IDM_EXIT:
        tray_want(tray, REQUEST_STOP);
        break;
    default:
        break;
    }
}
