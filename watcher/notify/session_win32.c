#include "session_win32.h"

#include "base/utf.h"
#include "event_log_win32.h"
#include "text.h"
#include "wide_win32.h"

#include <process.h>
#include <stdlib.h>
#include <string.h>
#include <wtsapi32.h>

enum {
    BOXES_MOST = 32,       /* questions that stand at a time, in all sessions */
    JOINED_MOST = 4000,    /* bytes of the messages that wait to be shown together */
    MINUTE_MS = 60 * 1000, /* that SESSION_MESSAGES are shown in */
    KNOWN_MS = 2000,       /* how long it is believed that somebody is there */
    TRIES = 3,             /* that a question is shown when a stray key has answered it */
};

/* A question that stands in a session. */
struct box {
    wchar_t *text; /* NULL: not used */
    DWORD session;
    uint32_t serial; /* of the question that an answer is for; 0: it is over */
};

/* Held by the loop's thread and by each that waits for an answer: these may outlive it, since
 * nothing takes a message of Windows back. */
struct session {
    volatile LONG holders;
    struct session_calls calls;
    struct inbox *inbox;
    CRITICAL_SECTION lock;
    struct box boxes[BOXES_MOST]; /* only touched under the lock */

    /* What follows is the loop's thread's own. */
    struct buf joined; /* what waits to be shown */
    bool joined_trouble;
    unsigned left_out; /* sentences for which `joined` had no room */
    DWORD minute;      /* when the present minute began */
    unsigned shown;    /* in it */
    bool known;        /* somebody was, or was not, there at `known_ms` */
    bool there;
    DWORD known_ms;
};

/* What a thread that waits for an answer needs. */
struct waiter {
    struct session *session;
    struct box *box;
    DWORD id;
    DWORD style;
    enum question_kind kind;
    wchar_t *text;
};

static wchar_t title[] = L"tcpipwatch";

static void release(struct session *s)
{
    if (InterlockedDecrement(&s->holders) == 0) {
        DeleteCriticalSection(&s->lock);
        inbox_release(s->inbox);
        buf_free(&s->joined);
        free(s);
    }
}

/* ---- the sessions ---- */

/* The active ones: somebody is logged on there and sees the screen. */
static size_t list_active(struct session *s, DWORD ids[BOXES_MOST])
{
    void *found = NULL;
    DWORD count = 0;
    size_t active = 0;
    if (!s->calls.has_sessions ||
        !s->calls.sessions.enumerate_sessions(WTS_CURRENT_SERVER_HANDLE, 0, 1, &found, &count)) {
        return 0;
    }
    const WTS_SESSION_INFOW *sessions = found;
    for (DWORD i = 0; sessions != NULL && i < count && active < BOXES_MOST; i++) {
        if (sessions[i].State == WTSActive) {
            ids[active++] = sessions[i].SessionId;
        }
    }
    if (found != NULL) {
        s->calls.sessions.free_memory(found);
    }
    return active;
}

static bool can_ask(void *context)
{
    struct session *s = context;
    DWORD now = s->calls.now_ms();
    DWORD ids[BOXES_MOST];
    if (!s->known || now - s->known_ms >= KNOWN_MS) {
        s->there = list_active(s, ids) > 0;
        s->known = true;
        s->known_ms = now;
    }
    return s->there;
}

static bool put(struct session *s, DWORD id, wchar_t *text, DWORD style, DWORD seconds,
                DWORD *answer, bool wait)
{
    const DWORD unit = sizeof(wchar_t);
    return s->calls.sessions.send_message(
               WTS_CURRENT_SERVER_HANDLE, id, title, (DWORD)wcslen(title) * unit, text,
               (DWORD)wcslen(text) * unit, style, seconds, answer, wait) != 0;
}

/* Does not wait for anybody. True when it is shown somewhere. */
static bool send_all(struct session *s, wchar_t *text, DWORD style, DWORD seconds)
{
    DWORD ids[BOXES_MOST];
    DWORD answer;
    bool sent = false;
    size_t count = list_active(s, ids);
    for (size_t i = 0; i < count; i++) {
        sent = put(s, ids[i], text, style, seconds, &answer, false) || sent;
    }
    return sent;
}

/* The caller frees; NULL when memory is out. */
static wchar_t *printable(const char *sentences, const char *lines)
{
    struct buf safe = BUF_INIT;
    add_printable(&safe, sentences);
    buf_add_text(&safe, lines);
    wchar_t *wide = safe.failed ? NULL : wide_from_utf8(buf_text(&safe));
    buf_free(&safe);
    return wide;
}

/* ---- telling ---- */

static void show_joined(struct session *s)
{
    if (s->left_out > 0) {
        buf_printf(&s->joined, "\r\n\r\nAnd %u more: see the Application event log.", s->left_out);
    }
    wchar_t *text = wide_from_utf8(buf_text(&s->joined));
    if (text != NULL) {
        (void)send_all(s, text, MB_OK | (s->joined_trouble ? MB_ICONERROR : MB_ICONINFORMATION),
                       SESSION_ANSWER_SECONDS);
    }
    free(text);
    buf_clear(&s->joined);
    s->joined_trouble = false;
    s->left_out = 0;
}

static void show_if_not_too_often(struct session *s)
{
    DWORD now = s->calls.now_ms();
    if (s->joined.len == 0) {
        return;
    }
    if (now - s->minute >= MINUTE_MS) {
        s->minute = now;
        s->shown = 0;
    }
    if (s->shown < SESSION_MESSAGES) {
        s->shown++;
        show_joined(s);
    }
}

static void join(struct session *s, const char *sentences, bool trouble)
{
    struct buf safe = BUF_INIT;
    add_printable(&safe, sentences);
    if (s->joined.len > 0 && (s->left_out > 0 || s->joined.len + safe.len > JOINED_MOST)) {
        s->left_out++;
    } else {
        buf_add_text(&s->joined, s->joined.len > 0 ? "\r\n\r\n" : "");
        buf_add(&s->joined, buf_text(&safe), safe.len);
    }
    s->joined_trouble = s->joined_trouble || trouble;
    buf_free(&safe);
}

static void tell(void *context, enum tell_kind kind, enum policy_level level, const char *sentences)
{
    struct session *s = context;
    if (kind == TELL_NEWS || level <= LEVEL_WARNING) {
        s->calls.log(level == LEVEL_ERROR     ? EVENT_ERROR
                     : level == LEVEL_WARNING ? EVENT_WARNING
                                              : EVENT_NEWS,
                     sentences);
    }
    if (kind == TELL_NEWS || level == LEVEL_ERROR) {
        join(s, sentences, level == LEVEL_ERROR);
        show_if_not_too_often(s);
    }
}

/* ---- asking ---- */

/* Which button means what, and which one the Enter key presses: never a yes. */
static DWORD style_of(enum question_kind kind)
{
    return kind == QUESTION_RESTART ? MB_YESNOCANCEL | MB_ICONQUESTION | MB_DEFBUTTON2
                                    : MB_YESNO | MB_ICONQUESTION | MB_DEFBUTTON2;
}

static void explain_buttons(struct buf *out, const struct question *question)
{
    switch (question->kind) {
    case QUESTION_PATCH:
        buf_printf(out, "\r\n\r\nYes: the limit is set to %lu.\r\nNo: nothing is changed.",
                   (unsigned long)question->limit);
        break;
    case QUESTION_RESTART:
        buf_printf(out, "\r\n\r\nYes: %s.\r\nNo: remind me in ",
                   question->elsewhere ? "I restart it now" : "now");
        text_duration(out, question->remind_seconds);
        buf_add_text(out, ".\r\nCancel: not now, and do not remind me.");
        break;
    case QUESTION_GRACE:
        buf_add_text(out, "\r\n\r\nTo stop it: shutdown -a");
        break;
    default:
        break;
    }
}

/* False when the answer is none. */
static bool read_answer(enum question_kind kind, DWORD answer, enum request_kind *out)
{
    switch (answer) {
    case IDYES:
        *out = REQUEST_YES;
        return true;
    case IDNO:
        *out = REQUEST_NO;
        return true;
    case IDCANCEL:
        *out = kind == QUESTION_RESTART ? REQUEST_NEVER : REQUEST_NO;
        return true;
    default: /* IDTIMEOUT: nobody was there */
        return false;
    }
}

/* Whoever types when the question comes to the front has not read it, and Y is a letter. */
static bool ask_one(const struct waiter *waiter, DWORD *answer)
{
    struct session *s = waiter->session;
    for (int i = 0; i < TRIES; i++) {
        DWORD before = s->calls.now_ms();
        *answer = IDTIMEOUT;
        if (!put(s, waiter->id, waiter->text, waiter->style, SESSION_ANSWER_SECONDS, answer,
                 true)) {
            return false;
        }
        if (*answer != IDYES || s->calls.now_ms() - before >= SESSION_READ_MS) {
            return true;
        }
    }
    *answer = IDTIMEOUT;
    return true;
}

static uint32_t close_box(struct session *s, struct box *box)
{
    EnterCriticalSection(&s->lock);
    uint32_t serial = box->serial;
    free(box->text);
    box->text = NULL;
    LeaveCriticalSection(&s->lock);
    return serial;
}

static void take_answer(const struct waiter *waiter, uint32_t serial, DWORD answer)
{
    static wchar_t late[] = L"This question has been answered in the meantime. Nothing more is "
                            L"done now.";
    struct user_request request = {.serial = serial};
    DWORD ignored;
    if (!read_answer(waiter->kind, answer, &request.kind)) {
        return;
    }
    if (serial == 0) {
        (void)put(waiter->session, waiter->id, late, MB_OK | MB_ICONINFORMATION,
                  SESSION_ANSWER_SECONDS, &ignored, false);
    } else {
        inbox_post(waiter->session->inbox, &request);
    }
}

static unsigned __stdcall wait_for_answer(void *context)
{
    struct waiter *waiter = context;
    DWORD answer;
    bool asked = ask_one(waiter, &answer);
    DWORD error = asked ? ERROR_SUCCESS : GetLastError();
    uint32_t serial = close_box(waiter->session, waiter->box);
    if (asked) {
        take_answer(waiter, serial, answer);
    } else {
        struct buf text = BUF_INIT;
        buf_printf(&text, "Session %lu cannot be asked: error %lu. The question was: ", waiter->id,
                   error);
        wide_to_utf8(&text, waiter->text);
        waiter->session->calls.log(EVENT_WARNING, buf_text(&text));
        buf_free(&text);
    }
    release(waiter->session);
    free(waiter->text);
    free(waiter);
    return 0;
}

/* A place for a question in this session; NULL when there is none, or the same one stands there
 * already and from now on answers this question. */
static struct box *find_box(struct session *s, DWORD id, const wchar_t *text, uint32_t serial,
                            bool *stands)
{
    struct box *free_box = NULL;
    EnterCriticalSection(&s->lock);
    for (size_t i = 0; i < BOXES_MOST && !*stands; i++) {
        struct box *box = &s->boxes[i];
        if (box->text == NULL) {
            free_box = free_box == NULL ? box : free_box;
        } else if (box->session == id && wcscmp(box->text, text) == 0) {
            box->serial = serial;
            *stands = true;
        }
    }
    if (!*stands && free_box != NULL) {
        *free_box = (struct box){.text = _wcsdup(text), .session = id, .serial = serial};
        free_box = free_box->text != NULL ? free_box : NULL;
    }
    LeaveCriticalSection(&s->lock);
    return *stands ? NULL : free_box;
}

static bool start_waiter(struct session *s, struct box *box, DWORD id, enum question_kind kind,
                         const wchar_t *text)
{
    struct waiter *waiter = malloc(sizeof *waiter);
    wchar_t *copy = _wcsdup(text);
    uintptr_t thread = 0;
    if (waiter != NULL && copy != NULL) {
        *waiter = (struct waiter){.session = s,
                                  .box = box,
                                  .id = id,
                                  .style = style_of(kind),
                                  .kind = kind,
                                  .text = copy};
        InterlockedIncrement(&s->holders);
        thread = _beginthreadex(NULL, 0, wait_for_answer, waiter, 0, NULL);
    }
    if (thread == 0) {
        if (waiter != NULL && copy != NULL) {
            InterlockedDecrement(&s->holders); /* whoever asks has one, too: this is not the last */
        }
        free(copy);
        free(waiter);
        return false;
    }
    CloseHandle((HANDLE)thread);
    return true;
}

static bool ask_all(struct session *s, const struct question *question, const wchar_t *text)
{
    DWORD ids[BOXES_MOST];
    bool asked = false;
    size_t count = list_active(s, ids);
    for (size_t i = 0; i < count; i++) {
        bool stands = false;
        struct box *box = find_box(s, ids[i], text, question->serial, &stands);
        if (box != NULL && !start_waiter(s, box, ids[i], question->kind, text)) {
            (void)close_box(s, box);
            box = NULL;
        }
        asked = asked || stands || box != NULL;
    }
    return asked;
}

static void ask(void *context, const struct question *question)
{
    struct session *s = context;
    struct buf lines = BUF_INIT;
    explain_buttons(&lines, question);
    wchar_t *text = printable(question->text, buf_text(&lines));
    bool asked =
        text != NULL && (question->kind == QUESTION_GRACE
                             ? send_all(s, text, MB_OK | MB_ICONWARNING,
                                        question->grace_seconds > 0 ? question->grace_seconds
                                                                    : SESSION_ANSWER_SECONDS)
                             : ask_all(s, question, text));
    if (!asked) {
        struct buf log = BUF_INIT;
        buf_printf(&log, "Nobody who is logged on can be asked. The question is: %s",
                   question->text);
        s->calls.log(EVENT_WARNING, buf_text(&log));
        buf_free(&log);
    }
    free(text);
    buf_free(&lines);
}

/* What stands in a session stays there; an answer to it comes too late. */
static void withdraw(void *context)
{
    struct session *s = context;
    EnterCriticalSection(&s->lock);
    for (size_t i = 0; i < BOXES_MOST; i++) {
        s->boxes[i].serial = 0;
    }
    LeaveCriticalSection(&s->lock);
}

/* ---- the rest ---- */

static bool take(void *context, struct user_request *out)
{
    struct session *s = context;
    show_if_not_too_often(s);
    bool taken = inbox_take(s->inbox, out);
    if (taken && out->kind == REQUEST_SHOW) {
        s->known = false; /* somebody has come just now */
    }
    return taken;
}

static void close_session(void *context)
{
    struct session *s = context;
    if (s->joined.len > 0) {
        show_joined(s);
    }
    withdraw(s);
    release(s);
}

bool session_open_by(const struct session_calls *calls, struct inbox *inbox, struct notifier *out,
                     struct buf *why)
{
    struct session *s = calloc(1, sizeof *s);
    if (s == NULL) {
        buf_add_text(why, "Out of memory.");
        return false;
    }
    s->holders = 1;
    s->calls = *calls;
    s->inbox = inbox;
    inbox_hold(inbox);
    InitializeCriticalSection(&s->lock);
    s->minute = calls->now_ms();
    *out = (struct notifier){.context = s,
                             .tell = tell,
                             .can_ask = can_ask,
                             .ask = ask,
                             .withdraw = withdraw,
                             .take = take,
                             .close = close_session,
                             .handle = (intptr_t)inbox_filled(inbox)};
    return true;
}

bool session_open(struct inbox *inbox, struct notifier *out, struct buf *why)
{
    struct session_calls calls = {.log = event_log_write, .now_ms = GetTickCount};
    calls.has_sessions = late_load_wtsapi(&calls.sessions);
    return session_open_by(&calls, inbox, out, why);
}
