/* The window with the state and the last sentences. */
#include "tray_parts_win32.h"

#include "tray_ids_win32.h"
#include "wide_win32.h"

#include <stdlib.h>
#include <string.h>

/* ---- a growing wide text ---- */

struct wide {
    wchar_t *text;
    size_t length;
    size_t room;
};

static void add(struct wide *wide, const wchar_t *text)
{
    size_t length = wcslen(text);
    if (wide->text == NULL || wide->length + length + 1 > wide->room) {
        size_t room = (wide->length + length + 1) * 2;
        wchar_t *bigger = realloc(wide->text, room * sizeof *bigger);
        if (bigger == NULL) {
            return; /* a shorter text is shown */
        }
        wide->text = bigger;
        wide->room = room;
    }
    wmemcpy(wide->text + wide->length, text, length + 1);
    wide->length += length;
}

/* ---- the lines ---- */

static void set_and_free(HWND dialog, int control, wchar_t *text)
{
    if (text != NULL) {
        (void)SetDlgItemTextW(dialog, control, text);
    }
    free(text);
}

static void set_path(HWND dialog, int control, const char *path, unsigned missing)
{
    wchar_t *text = path != NULL ? tray_wide(path) : NULL;
    for (wchar_t *c = text; c != NULL && *c != L'\0'; c++) {
        *c = *c == L'/' ? L'\\' : *c; /* as Windows shows paths */
    }
    if (text != NULL) {
        set_and_free(dialog, control, text);
    } else {
        tray_dialog_string(dialog, control, missing);
    }
}

static void set_events(HWND dialog, const struct notify_view *view)
{
    wchar_t number[TRAY_NUMBER_UNITS];
    if (view->last_event == 0) {
        tray_dialog_string(dialog, IDC_EVENTS, IDS_NO_EVENTS);
        return;
    }
    wchar_t *time = tray_time(view->last_event, true);
    set_and_free(dialog, IDC_EVENTS,
                 tray_format_text(IDS_EVENTS, tray_number(number, view->events), time));
    free(time);
}

static void set_burst(HWND dialog, const struct notify_view *view)
{
    wchar_t number[TRAY_NUMBER_UNITS];
    if (view->burst_events == 0) {
        tray_dialog_string(dialog, IDC_BURST, IDS_NO_BURST);
        return;
    }
    wchar_t *computer = tray_wide(view->burst_computer != NULL ? view->burst_computer : "");
    wchar_t *first = tray_time(view->burst_first, false);
    wchar_t *last = tray_time(view->burst_last, false);
    const wchar_t *inserts[TRAY_INSERTS] = {tray_number(number, view->burst_events), computer,
                                            first, last};
    set_and_free(dialog, IDC_BURST, tray_format(IDS_BURST, inserts));
    free(last);
    free(first);
    free(computer);
}

static void set_told(HWND dialog, const struct tray_history *history)
{
    struct wide whole = {NULL, 0, 0};
    HWND field = GetDlgItem(dialog, IDC_TOLD);
    for (size_t i = 0; i < history->count; i++) {
        const struct tray_told *told = tray_history_at(history, i);
        wchar_t *time = tray_time(told->time, true);
        wchar_t *text = tray_wide(told->text);
        wchar_t *line = tray_format_text(IDS_TOLD, time, text);
        add(&whole, i > 0 ? L"\r\n" : L"");
        add(&whole, line != NULL ? line : L"");
        free(line);
        free(text);
        free(time);
    }
    (void)SetWindowTextW(field, whole.text != NULL ? whole.text : L"");
    (void)SendMessageW(field, EM_SETSEL, whole.length, (LPARAM)whole.length);
    (void)SendMessageW(field, EM_SCROLLCARET, 0, 0);
    free(whole.text);
}

void tray_status_update(struct tray *tray, bool told)
{
    HWND dialog = tray->status;
    const struct notify_view *view = &tray->view;
    wchar_t number[TRAY_NUMBER_UNITS];
    if (dialog == NULL) {
        return;
    }
    tray_dialog_string(dialog, IDC_STATE, IDS_FACES + (unsigned)view->face);
    if (view->has_limit) {
        (void)SetDlgItemTextW(dialog, IDC_PRESENT, tray_number(number, view->limit));
    } else {
        tray_dialog_string(dialog, IDC_PRESENT, IDS_UNKNOWN);
    }
    set_path(dialog, IDC_ROOT, view->root, IDS_NO_ROOT);
    set_events(dialog, view);
    set_burst(dialog, view);
    set_path(dialog, IDC_POLICY, view->policy, IDS_BUILT_IN);
    set_path(dialog, IDC_AUDIT, view->audit, IDS_UNKNOWN);
    if (told) {
        set_told(dialog, &tray->history);
    }
    (void)SendMessageW(dialog, WM_SETICON, ICON_SMALL, (LPARAM)tray->icons[view->face]);
    (void)SendMessageW(dialog, WM_SETICON, ICON_BIG, (LPARAM)tray->large_icons[view->face]);
}

/* ---- copying ---- */

static wchar_t *text_of(HWND dialog, int control)
{
    HWND window = GetDlgItem(dialog, control);
    int length = GetWindowTextLengthW(window);
    wchar_t *text = length >= 0 ? malloc(((size_t)length + 1) * sizeof *text) : NULL;
    if (text != NULL) {
        text[0] = L'\0';
        (void)GetWindowTextW(window, text, length + 1);
    }
    return text;
}

/* As it is shown: a label and its value on each line, then the sentences. */
static void write_all(HWND dialog, struct wide *whole)
{
    for (int control = IDC_STATE; control < IDC_LINES_END; control++) {
        wchar_t *label = text_of(dialog, control + IDC_LABEL_OFFSET);
        wchar_t *value = text_of(dialog, control);
        if (control == IDC_TOLD) {
            add(whole, label != NULL ? label : L"");
            add(whole, L"\r\n");
            add(whole, value != NULL ? value : L"");
        } else {
            wchar_t *line = tray_format_text(IDS_LINE, label, value);
            add(whole, line != NULL ? line : L"");
            free(line);
        }
        add(whole, L"\r\n");
        free(value);
        free(label);
    }
}

static void copy_all(HWND dialog)
{
    struct wide whole = {NULL, 0, 0};
    write_all(dialog, &whole);
    size_t size = (whole.length + 1) * sizeof(wchar_t);
    HGLOBAL memory = whole.text != NULL ? GlobalAlloc(GMEM_MOVEABLE, size) : NULL;
    void *place = memory != NULL ? GlobalLock(memory) : NULL;
    if (place != NULL) {
        memcpy(place, whole.text, size);
        (void)GlobalUnlock(memory);
        if (OpenClipboard(dialog)) {
            (void)EmptyClipboard();
            /* From then on the memory is Windows'. */
            memory = SetClipboardData(CF_UNICODETEXT, memory) != NULL ? NULL : memory;
            (void)CloseClipboard();
        }
    }
    if (memory != NULL) {
        (void)GlobalFree(memory);
    }
    free(whole.text);
}

/* ---- the window ---- */

static INT_PTR CALLBACK status_procedure(HWND dialog, UINT message, WPARAM wparam, LPARAM lparam)
{
    switch (message) {
    case WM_INITDIALOG:
        (void)SetWindowLongPtrW(dialog, DWLP_USER, lparam);
        (void)SendDlgItemMessageW(dialog, IDC_TOLD, EM_LIMITTEXT, 0, 0);
        return TRUE;
    case WM_COMMAND:
        if (LOWORD(wparam) == IDCANCEL) {
            (void)DestroyWindow(dialog);
        } else if (LOWORD(wparam) == IDC_COPY) {
            copy_all(dialog);
        }
        return TRUE;
    case WM_DESTROY:
        if (tray_of_dialog(dialog) != NULL) {
            tray_of_dialog(dialog)->status = NULL;
        }
        return TRUE;
    default:
        return FALSE;
    }
}

void tray_status_open(struct tray *tray)
{
    if (tray->status == NULL) {
        tray->status = tray_dialog_make(tray, IDD_STATUS, tray->view.face, status_procedure);
        tray_status_update(tray, true);
        tray_dialog_middle(tray->status, 0, 0);
    }
    if (tray->status != NULL) {
        (void)ShowWindow(tray->status, IsIconic(tray->status) ? SW_RESTORE : SW_SHOW);
        (void)SetForegroundWindow(tray->status);
    }
}
