/* What the dialogs of the tray share. */
#include "tray_parts_win32.h"

#include "tray_ids_win32.h"

HWND tray_dialog_make(struct tray *tray, int template_id, enum notify_face face, DLGPROC procedure)
{
    HWND dialog = CreateDialogParamW(GetModuleHandleW(NULL), MAKEINTRESOURCEW(template_id), NULL,
                                     procedure, (LPARAM)tray);
    if (dialog != NULL) {
        (void)SendMessageW(dialog, WM_SETICON, ICON_SMALL, (LPARAM)tray->icons[face]);
        (void)SendMessageW(dialog, WM_SETICON, ICON_BIG, (LPARAM)tray->large_icons[face]);
        (void)SendDlgItemMessageW(dialog, IDC_FACE, STM_SETICON, (WPARAM)tray->large_icons[face],
                                  0);
    }
    return dialog;
}

struct tray *tray_of_dialog(HWND dialog)
{
    return (struct tray *)GetWindowLongPtrW(dialog,
                                            DWLP_USER); /* NOLINT(performance-no-int-to-ptr) */
}

void tray_dialog_string(HWND dialog, int control, unsigned id)
{
    wchar_t text[TRAY_STRING_UNITS];
    tray_string(id, text);
    (void)SetDlgItemTextW(dialog, control, text);
}

/* ---- giving a text the room that it needs ---- */

static RECT place_of(HWND dialog, HWND control)
{
    RECT place = {0};
    (void)GetWindowRect(control, &place);
    (void)MapWindowPoints(NULL, dialog, (POINT *)(void *)&place, 2);
    return place;
}

/* Wider than `width` only for a word that is: a long path. */
static RECT needed_by(HWND control, const wchar_t *text, LONG width)
{
    RECT needed = {0, 0, width, 0};
    HDC screen = GetDC(control);
    if (screen == NULL) {
        return needed;
    }
    HGDIOBJ font = (HGDIOBJ)SendMessageW(control, WM_GETFONT, 0, 0); /* NOLINT(performance-*) */
    HGDIOBJ before = font != NULL ? SelectObject(screen, font) : NULL;
    (void)DrawTextW(screen, text, -1, &needed,
                    DT_CALCRECT | DT_WORDBREAK | DT_NOPREFIX | DT_EXPANDTABS);
    if (before != NULL) {
        (void)SelectObject(screen, before);
    }
    (void)ReleaseDC(control, screen);
    return needed;
}

/* Buttons move along with the right side, too. */
static void move_below(HWND dialog, LONG line, LONG wider, LONG taller)
{
    for (HWND child = GetWindow(dialog, GW_CHILD); child != NULL;
         child = GetWindow(child, GW_HWNDNEXT)) {
        RECT place = place_of(dialog, child);
        if (place.top >= line) {
            LRESULT kind = SendMessageW(child, WM_GETDLGCODE, 0, 0);
            (void)SetWindowPos(child, NULL, place.left + ((kind & DLGC_BUTTON) != 0 ? wider : 0),
                               place.top + taller, 0, 0,
                               SWP_NOSIZE | SWP_NOZORDER | SWP_NOACTIVATE);
        }
    }
}

void tray_dialog_middle(HWND dialog, LONG wider, LONG taller)
{
    RECT window = {0};
    RECT screen = {0};
    (void)GetWindowRect(dialog, &window);
    LONG width = window.right - window.left + wider;
    LONG height = window.bottom - window.top + taller;
    if (!SystemParametersInfoW(SPI_GETWORKAREA, 0, &screen, 0)) {
        return;
    }
    LONG left = screen.left + (screen.right - screen.left - width) / 2;
    LONG top = screen.top + (screen.bottom - screen.top - height) / 2;
    (void)SetWindowPos(dialog, NULL, left > screen.left ? left : screen.left,
                       top > screen.top ? top : screen.top, width, height,
                       SWP_NOZORDER | SWP_NOACTIVATE);
}

static LONG excess(LONG needed, LONG present)
{
    return needed > present ? needed - present : 0;
}

/* How much wider the dialog may become. */
static LONG room_beside(HWND dialog)
{
    RECT window = {0};
    (void)GetWindowRect(dialog, &window);
    return excess(GetSystemMetrics(SM_CXSCREEN), window.right - window.left);
}

static LONG smaller(LONG a, LONG b)
{
    return a < b ? a : b;
}

void tray_dialog_text(HWND dialog, const wchar_t *text)
{
    HWND control = GetDlgItem(dialog, IDC_TEXT);
    RECT place = place_of(dialog, control);
    LONG width = place.right - place.left;
    LONG height = place.bottom - place.top;
    RECT needed = needed_by(control, text, width);
    LONG wider = smaller(excess(needed.right, width), room_beside(dialog));
    LONG taller = excess(needed.bottom, height);
    (void)SetWindowTextW(control, text);
    move_below(dialog, place.bottom, wider, taller);
    (void)SetWindowPos(control, NULL, 0, 0, width + wider, height + taller,
                       SWP_NOMOVE | SWP_NOZORDER | SWP_NOACTIVATE);
    tray_dialog_middle(dialog, wider, taller);
}

/* ---- a note ---- */

static INT_PTR CALLBACK note_procedure(HWND dialog, UINT message, WPARAM wparam, LPARAM lparam)
{
    switch (message) {
    case WM_INITDIALOG:
        (void)SetWindowLongPtrW(dialog, DWLP_USER, lparam);
        return TRUE;
    case WM_COMMAND:
        if (LOWORD(wparam) == IDCANCEL) {
            (void)DestroyWindow(dialog);
        }
        return TRUE;
    case WM_DESTROY:
        if (tray_of_dialog(dialog) != NULL) {
            tray_of_dialog(dialog)->note = NULL;
        }
        return TRUE;
    default:
        return FALSE;
    }
}

void tray_note(struct tray *tray, const wchar_t *text)
{
    if (tray->note != NULL) {
        (void)DestroyWindow(tray->note);
    }
    tray->note = tray_dialog_make(tray, IDD_NOTE, FACE_WATCHING, note_procedure);
    if (tray->note != NULL) {
        tray_dialog_text(tray->note, text);
        (void)ShowWindow(tray->note, SW_SHOW);
        (void)SetForegroundWindow(tray->note);
    }
}

void tray_want(struct tray *tray, enum request_kind kind)
{
    const struct user_request request = {.kind = kind};
    tray_queue_want(&tray->queue, &request);
}
