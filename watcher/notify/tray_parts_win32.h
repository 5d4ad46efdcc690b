/* The tray, put together: what its thread holds. Private to the files tray_*_win32.c. */
#ifndef WATCHER_NOTIFY_TRAY_PARTS_WIN32_H
#define WATCHER_NOTIFY_TRAY_PARTS_WIN32_H

#include "tray_queue_win32.h"
#include "tray_text_win32.h"

#include <windows.h>

#include <shellapi.h>
#include <stdbool.h>

enum {
    TRAY_FACES = 4,
    TRAY_ICON_ID = 1,
    TRAY_MESSAGE_ICON = WM_APP,     /* from the taskbar */
    TRAY_MESSAGE_NEWS = WM_APP + 1, /* there is something in the queue */
    TRAY_MESSAGE_END = WM_APP + 2,  /* the watcher has ended */
    TRAY_TIMER_ADD = 1,             /* timers of the hidden window */
    TRAY_TIMER_BALLOON = 2,
};

struct tray {
    struct console *console;
    struct notifier console_notifier;
    struct thread *thread;
    struct tray_queue queue;
    HANDLE ready; /* the thread has a window, or none */
    HANDLE ended; /* the watcher has ended: nothing is left to be saved */
    HWND window;  /* set before `ready`, and the same until the thread ends */
    DWORD error;  /* why there is none */

    /* What follows belongs to the tray's thread. */
    UINT taskbar_created; /* the message that a new taskbar sends to all */
    HICON icons[TRAY_FACES];
    HICON large_icons[TRAY_FACES];
    bool icon_shown;
    bool old_messages; /* the taskbar knows version 0 only: no WM_CONTEXTMENU */
    unsigned add_tries;
    wchar_t tip[TRAY_TIP_UNITS];
    enum notify_face face_shown;
    struct tray_balloon balloon; /* what waits */
    bool balloon_up;
    enum policy_level balloon_level; /* of the one that is up */
    struct notify_view view;
    struct tray_history history;
    HWND status; /* windows that are open, or NULL */
    HWND note;
    HWND asking;
    struct question question; /* what `asking` asks, without its texts */
    DWORD asked_at;           /* GetTickCount() */
    DWORD grace_from;         /* likewise, when the countdown began */
};

/* ---- tray_icon_win32.c ---- */

bool tray_icon_load(struct tray *tray);
void tray_icon_free(struct tray *tray);

/* Puts the icon into the taskbar; where there is no taskbar yet it is tried again for a while. */
void tray_icon_add(struct tray *tray);
void tray_icon_remove(struct tray *tray);

/* Brings face and tooltip up to date. */
void tray_icon_show(struct tray *tray);

/* Shows what waits in `balloon`, unless there is one up: then when that has gone, or at once when
 * this is graver. */
void tray_icon_balloon(struct tray *tray);
void tray_icon_balloon_gone(struct tray *tray);
void tray_icon_timer(struct tray *tray, WPARAM timer);

/* ---- tray_menu_win32.c ---- */

void tray_menu_show(struct tray *tray);
void tray_menu_command(struct tray *tray, int command);

/* ---- tray_status_win32.c ---- */

void tray_status_open(struct tray *tray);
/* Where it is open. Only with `told` are the sentences shown anew, and the newest scrolled to. */
void tray_status_update(struct tray *tray, bool told);

/* ---- tray_question_win32.c ---- */

/* Shows a question in the place of an earlier one, and takes no keystroke away from the window that
 * has them. */
void tray_question_ask(struct tray *tray, const struct question *question);
void tray_question_over(struct tray *tray);

/* Keys that do not do in a question what Windows' dialogs do with them. */
bool tray_question_key(struct tray *tray, const MSG *message);

/* ---- tray_window_win32.c: what the dialogs share ---- */

/* Makes a dialog of the resources, hidden, with the icon of a face; `tray` is its DWLP_USER and
 * comes with WM_INITDIALOG. */
HWND tray_dialog_make(struct tray *tray, int template_id, enum notify_face face, DLGPROC procedure);
struct tray *tray_of_dialog(HWND dialog);

/* Puts a dialog in the middle of what the taskbar leaves of the screen, and makes it larger. */
void tray_dialog_middle(HWND dialog, LONG wider, LONG taller);

/* Sets the text IDC_TEXT and gives it the room that it needs: what stands below moves. Then the
 * dialog is put in the middle. */
void tray_dialog_text(HWND dialog, const wchar_t *text);

/* Sets a text of the resources. */
void tray_dialog_string(HWND dialog, int control, unsigned id);

/* A sentence with a button that closes it, for something that the user has asked for. */
void tray_note(struct tray *tray, const wchar_t *text);

void tray_want(struct tray *tray, enum request_kind kind);

#endif
