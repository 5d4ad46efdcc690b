#include "tray_win32.h"

#include "late_win32.h"
#include "loop/clock.h"
#include "thread.h"
#include "tray_ids_win32.h"
#include "tray_parts_win32.h"

#include <stdlib.h>

/* WM_ENDSESSION: Windows gives a program some seconds to save what it has. */
enum { END_OF_SESSION_MS = 4000, ALLOW_MESSAGE = 1 /* MSGFLT_ADD */ };

/* ---- the tray's thread: what comes ---- */

static void take_told(struct tray *tray, const struct tray_history *told)
{
    tray->balloon.left_out += (unsigned)(told->dropped < 1000 ? told->dropped : 1000);
    for (size_t i = 0; i < told->count; i++) {
        const struct tray_told *one = tray_history_at(told, i);
        tray_history_add(&tray->history, one);
        if (one->kind == TELL_NEWS || one->level <= LEVEL_WARNING) {
            wchar_t *text = tray_wide(one->text);
            if (text != NULL) {
                tray_balloon_add(&tray->balloon, one->level, text);
            }
            free(text);
        }
    }
    tray_icon_balloon(tray);
}

static void take_news(struct tray *tray)
{
    struct tray_news news;
    tray_queue_news(&tray->queue, &news);
    if (news.has_view) {
        struct notify_view before = tray->view;
        tray->view = news.view;
        news.view = before;
        tray_icon_show(tray);
    }
    take_told(tray, &news.told);
    if (news.change == TRAY_QUESTION_ASKED) {
        tray_question_ask(tray, &news.question);
    } else if (news.change == TRAY_QUESTION_OVER) {
        tray_question_over(tray);
    }
    tray_status_update(tray, news.told.count > 0);
    tray_news_free(&news);
}

/* What the taskbar reports of the icon, in the words of version 3. */
static void take_icon_message(struct tray *tray, UINT message)
{
    switch (message) {
    case WM_CONTEXTMENU:
        tray_menu_show(tray);
        break;
    case WM_RBUTTONUP:
        if (tray->old_messages) {
            tray_menu_show(tray);
        }
        break;
    case WM_LBUTTONDBLCLK:
    case NIN_KEYSELECT:
        tray_status_open(tray);
        break;
    case NIN_BALLOONUSERCLICK:
        tray_icon_balloon_gone(tray);
        if (tray->asking != NULL) {
            (void)SetForegroundWindow(tray->asking);
        } else {
            tray_status_open(tray);
        }
        break;
    case NIN_BALLOONHIDE:
    case NIN_BALLOONTIMEOUT:
        tray_icon_balloon_gone(tray);
        break;
    default:
        break;
    }
}

static void close_all(struct tray *tray)
{
    tray_question_over(tray);
    if (tray->status != NULL) {
        (void)DestroyWindow(tray->status);
    }
    if (tray->note != NULL) {
        (void)DestroyWindow(tray->note);
    }
    tray_icon_remove(tray);
    (void)DestroyWindow(tray->window);
}

/* The program may be ended as soon as this message is answered. */
static void end_session(struct tray *tray)
{
    tray_want(tray, REQUEST_STOP);
    (void)WaitForSingleObject(tray->ended, END_OF_SESSION_MS);
}

static LRESULT take_message(struct tray *tray, UINT message, WPARAM wparam, LPARAM lparam)
{
    switch (message) {
    case TRAY_MESSAGE_NEWS:
        take_news(tray);
        return 0;
    case TRAY_MESSAGE_ICON:
        take_icon_message(tray, (UINT)lparam);
        return 0;
    case TRAY_MESSAGE_END:
        close_all(tray);
        return 0;
    case WM_TIMER:
        tray_icon_timer(tray, wparam);
        return 0;
    case WM_CLOSE:
        tray_want(tray, REQUEST_STOP);
        return 0;
    case WM_QUERYENDSESSION:
        return TRUE;
    case WM_ENDSESSION:
        if (wparam != FALSE) {
            end_session(tray);
        }
        return 0;
    case WM_DESTROY:
        PostQuitMessage(0);
        return 0;
    default:
        if (message == tray->taskbar_created && message != 0) {
            tray->icon_shown = false;
            tray->add_tries = 0;
            tray_icon_add(tray);
            return 0;
        }
        return DefWindowProcW(tray->window, message, wparam, lparam);
    }
}

static LRESULT CALLBACK window_procedure(HWND window, UINT message, WPARAM wparam, LPARAM lparam)
{
    struct tray *tray =
        (struct tray *)GetWindowLongPtrW(window, GWLP_USERDATA); /* NOLINT(performance-*) */
    if (message == WM_NCCREATE) {
        const CREATESTRUCTW *create = (const CREATESTRUCTW *)lparam; /* NOLINT(performance-*) */
        tray = create->lpCreateParams;
        tray->window = window;
        (void)SetWindowLongPtrW(window, GWLP_USERDATA, (LONG_PTR)tray);
    }
    return tray != NULL ? take_message(tray, message, wparam, lparam)
                        : DefWindowProcW(window, message, wparam, lparam);
}

/* ---- the tray's thread: its life ---- */

/* A message of the desktop's, which has the rights of a user, does not reach a program that runs as
 * an administrator from Vista on, unless that says so. */
static void allow_from_desktop(UINT message)
{
    struct late_user32 user32;
    if (late_load_user32(&user32)) {
        (void)user32.change_message_filter(message, ALLOW_MESSAGE);
    }
}

/* Not a message-only window: those get no broadcasts, and so no TaskbarCreated. */
static HWND make_window(struct tray *tray)
{
    const WNDCLASSEXW class = {.cbSize = sizeof class,
                               .lpfnWndProc = window_procedure,
                               .hInstance = GetModuleHandleW(NULL),
                               .lpszClassName = TRAY_WINDOW_CLASS};
    wchar_t title[TRAY_STRING_UNITS];
    if (RegisterClassExW(&class) == 0 && GetLastError() != ERROR_CLASS_ALREADY_EXISTS) {
        return NULL;
    }
    tray_string(IDS_TITLE, title);
    return CreateWindowExW(0, TRAY_WINDOW_CLASS, title, WS_OVERLAPPED, 0, 0, 0, 0, NULL, NULL,
                           GetModuleHandleW(NULL), tray);
}

static bool is_dialog_message(struct tray *tray, MSG *message)
{
    const HWND dialogs[] = {tray->asking, tray->status, tray->note};
    if (tray_question_key(tray, message)) {
        return true;
    }
    for (size_t i = 0; i < sizeof dialogs / sizeof dialogs[0]; i++) {
        if (dialogs[i] != NULL && IsDialogMessageW(dialogs[i], message)) {
            return true;
        }
    }
    return false;
}

static void run_tray(void *context)
{
    struct tray *tray = context;
    MSG message;
    tray->taskbar_created = RegisterWindowMessageW(L"TaskbarCreated");
    HWND window = tray_icon_load(tray) ? make_window(tray) : NULL;
    if (window == NULL) {
        tray->error = GetLastError();
        tray->window = NULL;
    } else {
        allow_from_desktop(tray->taskbar_created);
        tray_icon_add(tray);
    }
    bool runs = window != NULL;
    (void)SetEvent(tray->ready);
    while (runs && GetMessageW(&message, NULL, 0, 0) > 0) {
        if (!is_dialog_message(tray, &message)) {
            (void)TranslateMessage(&message);
            (void)DispatchMessageW(&message);
        }
    }
    (void)UnregisterClassW(TRAY_WINDOW_CLASS, GetModuleHandleW(NULL));
    tray_icon_free(tray);
}

/* ---- the watcher's thread ---- */

static void announce(struct tray *tray, bool first)
{
    if (first && !PostMessageW(tray->window, TRAY_MESSAGE_NEWS, 0, 0)) {
        tray_queue_not_announced(&tray->queue);
    }
}

static void tell_tray(struct tray *tray, enum tell_kind kind, enum policy_level level,
                      const char *sentences)
{
    /* The text is copied. */
    const struct tray_told told = {
        .kind = kind, .level = level, .time = clock_now(), .text = (char *)(uintptr_t)sentences};
    announce(tray, tray_queue_tell(&tray->queue, &told));
}

static void tray_tell(void *context, enum tell_kind kind, enum policy_level level,
                      const char *sentences)
{
    struct tray *tray = context;
    tray->console_notifier.tell(tray->console_notifier.context, kind, level, sentences);
    if (level <= tray->console->level) {
        tell_tray(tray, kind, level, sentences);
    }
}

/* Somebody logged on has started it, and windows can be seen. */
static bool tray_can_ask(void *context)
{
    USEROBJECTFLAGS flags = {0};
    DWORD needed;
    (void)context;
    return GetUserObjectInformationW(GetProcessWindowStation(), UOI_FLAGS, &flags, sizeof flags,
                                     &needed) == 0 ||
           (flags.dwFlags & WSF_VISIBLE) != 0;
}

static void tray_ask(void *context, const struct question *question)
{
    struct tray *tray = context;
    tray->console_notifier.tell(tray->console_notifier.context, TELL_NEWS, LEVEL_INFO,
                                question->text);
    tell_tray(tray, TELL_NOTE, LEVEL_INFO, question->text);
    announce(tray, tray_queue_ask(&tray->queue, question));
}

static void tray_withdraw(void *context)
{
    struct tray *tray = context;
    announce(tray, tray_queue_withdraw(&tray->queue));
}

static void tray_show(void *context, const struct notify_view *view)
{
    struct tray *tray = context;
    announce(tray, tray_queue_show(&tray->queue, view));
}

static bool tray_take(void *context, struct user_request *out)
{
    struct tray *tray = context;
    return tray_queue_take(&tray->queue, out);
}

static void free_tray(struct tray *tray)
{
    tray_queue_close(&tray->queue);
    tray_history_clear(&tray->history);
    tray_view_free(&tray->view);
    if (tray->ready != NULL) {
        CloseHandle(tray->ready);
    }
    if (tray->ended != NULL) {
        CloseHandle(tray->ended);
    }
    free(tray);
}

static void tray_close(void *context)
{
    struct tray *tray = context;
    (void)SetEvent(tray->ended);
    /* The queue of messages may be full for a moment. */
    while (!PostMessageW(tray->window, TRAY_MESSAGE_END, 0, 0) &&
           GetLastError() != ERROR_INVALID_WINDOW_HANDLE) {
        Sleep(50);
    }
    thread_join(tray->thread);
    free_tray(tray);
}

static bool start(struct tray *tray)
{
    tray->ready = CreateEventW(NULL, TRUE, FALSE, NULL);
    tray->ended = CreateEventW(NULL, TRUE, FALSE, NULL);
    tray->thread = tray->ready != NULL && tray->ended != NULL ? thread_start(run_tray, tray) : NULL;
    if (tray->thread == NULL) {
        return false;
    }
    (void)WaitForSingleObject(tray->ready, INFINITE);
    if (tray->window == NULL) {
        thread_join(tray->thread);
        return false;
    }
    return true;
}

bool tray_open(struct console *console, struct notifier *out, struct buf *why)
{
    struct tray *tray = calloc(1, sizeof *tray);
    if (tray == NULL || !tray_queue_open(&tray->queue)) {
        free(tray);
        buf_add_text(why, "Out of memory.");
        return false;
    }
    tray->console = console;
    tray->console_notifier = console_notifier(console);
    if (!start(tray)) {
        buf_add_text(why, "There is no desktop to show the tray on");
        if (tray->error != ERROR_SUCCESS) {
            buf_printf(why, " (error %lu)", tray->error);
        }
        buf_add_text(why, ". Without one run the service, or without --tray on a console.");
        free_tray(tray);
        return false;
    }
    *out = (struct notifier){.context = tray,
                             .tell = tray_tell,
                             .can_ask = tray_can_ask,
                             .ask = tray_ask,
                             .withdraw = tray_withdraw,
                             .show = tray_show,
                             .take = tray_take,
                             .close = tray_close,
                             .handle = (intptr_t)tray->queue.wanted};
    return true;
}
