/* The dialogs that ask. A yes is only ever a click, or keys that were typed into the dialog itself
 * after it was chosen: it comes up without taking the keyboard, its focus is on the harmless
 * button, no letter presses a button, and what is pressed in the first moment was meant for
 * something else. */
#include "tray_parts_win32.h"

#include "patchcore.h"
#include "tray_ids_win32.h"

#include <stdlib.h>

enum {
    TOO_SOON_MS = 500,
    SECOND_MS = 1000,
    TIMER_COUNTDOWN = 1,
    LIMIT_DIGITS = 12, /* more than the largest has, so that a slip is seen */
    FLASHES = 3,
};

/* ---- answering ---- */

static void answer(struct tray *tray, enum request_kind kind, uint32_t limit)
{
    const struct user_request request = {
        .kind = kind, .serial = tray->question.serial, .limit = limit};
    tray_question_over(tray);
    tray_queue_want(&tray->queue, &request);
}

/* False when the field holds no limit; that is said beside it. */
static bool read_field(HWND dialog, uint32_t *limit)
{
    wchar_t text[64];
    (void)GetDlgItemTextW(dialog, IDC_LIMIT, text, sizeof text / sizeof text[0]);
    if (tray_read_limit(text, limit)) {
        return true;
    }
    wchar_t *wrong = tray_format_number(IDS_LIMIT_WRONG, PC_LIMIT_LEAST, PC_LIMIT_MOST);
    if (wrong != NULL) {
        (void)SetDlgItemTextW(dialog, IDC_HINT, wrong);
    }
    free(wrong);
    (void)MessageBeep(MB_ICONWARNING);
    (void)SendMessageW(dialog, WM_NEXTDLGCTL, (WPARAM)GetDlgItem(dialog, IDC_LIMIT), TRUE);
    return false;
}

static void press(struct tray *tray, HWND dialog, int button)
{
    enum request_kind kind;
    uint32_t limit = tray->question.limit;
    if (!tray_answer(tray->question.kind, button, &kind) ||
        GetTickCount() - tray->asked_at < TOO_SOON_MS) {
        return;
    }
    if (tray->question.kind == QUESTION_PATCH && kind == REQUEST_YES) {
        if (!read_field(dialog, &limit)) {
            return;
        }
        kind = limit == tray->question.limit ? REQUEST_YES : REQUEST_LIMIT;
    }
    answer(tray, kind, limit);
}

/* ---- the countdown ---- */

static void count_down(struct tray *tray, HWND dialog)
{
    DWORD passed = (GetTickCount() - tray->grace_from) / 1000;
    uint32_t left =
        passed < tray->question.grace_seconds ? tray->question.grace_seconds - passed : 0;
    wchar_t *text = tray_format_number(left > 0 ? IDS_SECONDS_LEFT : IDS_NO_TIME_LEFT, left, 0);
    if (text != NULL) {
        (void)SetDlgItemTextW(dialog, IDC_HINT, text);
    }
    free(text);
    if (left == 0) {
        (void)KillTimer(dialog, TIMER_COUNTDOWN);
    }
}

/* ---- the dialog ---- */

static INT_PTR CALLBACK question_procedure(HWND dialog, UINT message, WPARAM wparam, LPARAM lparam)
{
    struct tray *tray = tray_of_dialog(dialog); /* NULL before WM_INITDIALOG */
    switch (message) {
    case WM_INITDIALOG:
        (void)SetWindowLongPtrW(dialog, DWLP_USER, lparam);
        return FALSE; /* TRUE would set the focus, and with it take the keyboard */
    case WM_COMMAND:
        if (HIWORD(wparam) == BN_CLICKED && tray != NULL && tray->asking == dialog) {
            press(tray, dialog, LOWORD(wparam));
        }
        return TRUE;
    case WM_TIMER:
        count_down(tray, dialog);
        return TRUE;
    case WM_DESTROY:
        if (tray != NULL && tray->asking == dialog) {
            tray->asking = NULL;
        }
        return TRUE;
    default:
        return FALSE;
    }
}

bool tray_question_key(struct tray *tray, const MSG *message)
{
    /* Enter in the field would press the harmless button, though a limit has just been typed. */
    return tray->asking != NULL && message->message == WM_KEYDOWN && message->wParam == VK_RETURN &&
           message->hwnd == GetDlgItem(tray->asking, IDC_LIMIT);
}

static int template_of(enum question_kind kind)
{
    switch (kind) {
    case QUESTION_PATCH:
        return IDD_PATCH;
    case QUESTION_ABOVE_MAX:
    case QUESTION_RESTORE:
        return IDD_CONFIRM;
    case QUESTION_RESTART:
        return IDD_RESTART;
    case QUESTION_GRACE:
        return IDD_GRACE;
    default:
        return 0;
    }
}

/* The state is shown a moment later than the question that it brings. */
static enum notify_face face_of(enum question_kind kind)
{
    switch (kind) {
    case QUESTION_PATCH:
    case QUESTION_ABOVE_MAX:
        return FACE_BURST;
    case QUESTION_RESTART:
    case QUESTION_GRACE:
        return FACE_RESTART;
    default:
        return FACE_WATCHING;
    }
}

static void set_and_free(HWND dialog, int control, wchar_t *text)
{
    if (text != NULL) {
        (void)SetDlgItemTextW(dialog, control, text);
    }
    free(text);
}

static void fill(HWND dialog, const struct question *question)
{
    switch (question->kind) {
    case QUESTION_PATCH:
        (void)SendDlgItemMessageW(dialog, IDC_LIMIT, EM_LIMITTEXT, LIMIT_DIGITS, 0);
        (void)SetDlgItemInt(dialog, IDC_LIMIT, question->limit, FALSE);
        set_and_free(dialog, IDC_HINT, tray_format_number(IDS_LIMIT_HINT, question->most, 0));
        break;
    case QUESTION_ABOVE_MAX:
        tray_dialog_string(dialog, IDC_YES, IDS_SET_ABOVE);
        break;
    case QUESTION_RESTORE:
        tray_dialog_string(dialog, IDC_YES, IDS_PUT_BACK);
        break;
    case QUESTION_RESTART:
        set_and_free(dialog, IDCANCEL, tray_remind(question->remind_seconds));
        if (question->elsewhere) {
            tray_dialog_string(dialog, IDC_YES, IDS_ELSEWHERE);
        }
        break;
    default:
        break;
    }
}

/* On top of all, and the keyboard stays where it is. The button in the taskbar blinks. */
static void show(HWND dialog)
{
    FLASHWINFO flash = {.cbSize = sizeof flash,
                        .hwnd = dialog,
                        .dwFlags = FLASHW_TRAY | FLASHW_TIMERNOFG,
                        .uCount = FLASHES};
    (void)ShowWindow(dialog, SW_SHOWNOACTIVATE);
    (void)SetWindowPos(dialog, HWND_TOPMOST, 0, 0, 0, 0,
                       SWP_NOMOVE | SWP_NOSIZE | SWP_NOACTIVATE | SWP_SHOWWINDOW);
    (void)FlashWindowEx(&flash);
}

void tray_question_ask(struct tray *tray, const struct question *question)
{
    wchar_t *text = tray_wide(question->text != NULL ? question->text : "");
    /* The same question again keeps its window, and what was typed into it. */
    bool again = tray->asking != NULL && tray->question.kind == question->kind &&
                 tray->question.limit == question->limit;
    if (!again) {
        tray_question_over(tray);
        tray->asking = tray_dialog_make(tray, template_of(question->kind), face_of(question->kind),
                                        question_procedure);
    }
    tray->question = *question;
    tray->question.text = NULL;
    tray->question.keys = NULL;
    tray->asked_at = GetTickCount();
    tray->grace_from = again ? tray->grace_from : tray->asked_at; /* it has not begun anew */
    if (tray->asking != NULL) {
        if (!again) {
            fill(tray->asking, question);
        }
        if (question->kind == QUESTION_GRACE) {
            (void)SetTimer(tray->asking, TIMER_COUNTDOWN, SECOND_MS, NULL);
            count_down(tray, tray->asking);
        }
        tray_dialog_text(tray->asking, text != NULL ? text : L"");
        show(tray->asking);
    }
    free(text);
}

void tray_question_over(struct tray *tray)
{
    HWND dialog = tray->asking;
    tray->asking = NULL; /* first, so that what comes while it closes answers nothing */
    if (dialog != NULL) {
        (void)DestroyWindow(dialog);
    }
}
