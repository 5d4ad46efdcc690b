/* The users who are logged on, as a service reaches them: Windows shows a message in each active
 * session. Where there is none, or no Terminal Services, the Application event log is all there is;
 * it gets every piece of news, warning and error in any case. */
#ifndef WATCHER_NOTIFY_SESSION_WIN32_H
#define WATCHER_NOTIFY_SESSION_WIN32_H

#include "inbox_win32.h"
#include "late_win32.h"
#include "notify.h"

enum {
    SESSION_ANSWER_SECONDS = 5 * 60, /* until a question that nobody answers disappears */
    SESSION_READ_MS = 1500,          /* a yes that comes faster was no answer but a stray key */
    SESSION_MESSAGES = 3,            /* shown in a minute; what comes more often is joined */
};

/* The calls of Windows, in a table that tests replace. */
struct session_calls {
    bool has_sessions; /* `sessions` may be called */
    struct late_wtsapi sessions;
    void (*log)(DWORD id, const char *sentences);
    DWORD(WINAPI *now_ms)(void);
};

/* Opens the notifier, whose take() gives what comes to `inbox`: answers from the sessions, and what
 * others post. A question stays in a session until it is answered or SESSION_ANSWER_SECONDS are
 * over; asked again meanwhile it is not shown twice. False with a sentence in `why` when memory is
 * out. */
bool session_open(struct inbox *inbox, struct notifier *out, struct buf *why);
bool session_open_by(const struct session_calls *calls, struct inbox *inbox, struct notifier *out,
                     struct buf *why);

#endif
