/* Telling and asking those who are logged on, with the calls of Windows replaced. */
#include "check.h"

#include "notify/event_log_win32.h"
#include "notify/session_win32.h"
#include "wide_win32.h"

#include <string.h>
#include <wtsapi32.h>

enum { SESSIONS = 3, PATIENCE_MS = 10000 };

/* The sessions of a machine; the calls get no context. */
static struct {
    CRITICAL_SECTION lock;
    WTS_SESSION_INFOW list[SESSIONS];
    DWORD count;
    bool enumerate_fails;
    volatile LONG given, freed; /* lists */
    DWORD now;

    volatile LONG asked, answered; /* questions that wait for an answer, and had one */
    HANDLE answer_now[SESSIONS];   /* resets itself: one answer */
    DWORD answer[SESSIONS];
    DWORD takes_ms; /* until an answer comes */
    DWORD send_error;
    DWORD style, seconds;
    struct buf shown; /* messages nobody is waited for, a line each */
    struct buf boxes; /* questions */
    struct buf log;
} world;

static BOOL WINAPI enumerate_sessions(HANDLE server, DWORD reserved, DWORD version, void **sessions,
                                      DWORD *count)
{
    CHECK(server == WTS_CURRENT_SERVER_HANDLE && reserved == 0 && version == 1);
    if (world.enumerate_fails) {
        SetLastError(ERROR_SERVICE_NOT_ACTIVE); /* Terminal Services are stopped */
        return FALSE;
    }
    world.given++;
    *sessions = world.list;
    *count = world.count;
    return TRUE;
}

static void WINAPI free_memory(PVOID memory)
{
    CHECK(memory == world.list);
    world.freed++;
}

static void add_wide(struct buf *out, DWORD session, const wchar_t *text, DWORD bytes)
{
    struct buf utf8 = BUF_INIT;
    CHECK_NUMBER(bytes, wcslen(text) * 2); /* the calls count bytes */
    wide_to_utf8(&utf8, text);
    buf_printf(out, "%lu: ", session);
    for (const char *at = buf_text(&utf8); *at != '\0'; at++) {
        buf_add_char(out, *at == '\r' ? '|' : *at == '\n' ? ' ' : *at);
    }
    buf_add_char(out, '\n');
    buf_free(&utf8);
}

static BOOL WINAPI send_message(HANDLE server, DWORD session, LPWSTR title, DWORD title_bytes,
                                LPWSTR text, DWORD text_bytes, DWORD style, DWORD timeout_seconds,
                                DWORD *response, BOOL wait)
{
    CHECK(server == WTS_CURRENT_SERVER_HANDLE && session < SESSIONS);
    CHECK(wcscmp(title, L"tcpipwatch") == 0);
    CHECK_NUMBER(title_bytes, 20);
    EnterCriticalSection(&world.lock);
    DWORD error = world.send_error;
    if (error == 0) {
        add_wide(wait ? &world.boxes : &world.shown, session, text, text_bytes);
        world.style = style;
        world.seconds = timeout_seconds;
    }
    LeaveCriticalSection(&world.lock);
    if (error != 0) {
        SetLastError(error);
        return FALSE;
    }
    *response = IDASYNC;
    if (wait) {
        InterlockedIncrement(&world.asked);
        CHECK_NUMBER(WaitForSingleObject(world.answer_now[session], PATIENCE_MS), WAIT_OBJECT_0);
        *response = world.answer[session];
        world.now += world.takes_ms;
        InterlockedIncrement(&world.answered);
    }
    return TRUE;
}

static void log_event(DWORD id, const char *sentences)
{
    EnterCriticalSection(&world.lock);
    buf_printf(&world.log, "%lx %s\n", id & 0xffff, sentences);
    LeaveCriticalSection(&world.lock);
}

static DWORD WINAPI now_ms(void)
{
    return world.now;
}

/* ---- the fixture ---- */

static struct inbox *inbox;
static struct notifier notifier;

static void begin(DWORD active, bool has_sessions)
{
    struct buf why = BUF_INIT;
    const struct session_calls calls = {.has_sessions = has_sessions,
                                        .sessions = {enumerate_sessions, send_message, free_memory},
                                        .log = log_event,
                                        .now_ms = now_ms};
    memset(&world, 0, sizeof world);
    InitializeCriticalSection(&world.lock);
    world.count = SESSIONS;
    for (DWORD i = 0; i < SESSIONS; i++) {
        world.list[i].SessionId = i;
        world.list[i].State = i < active ? WTSActive : i == active ? WTSDisconnected : WTSConnected;
        world.answer_now[i] = CreateEventW(NULL, FALSE, FALSE, NULL);
        world.answer[i] = IDTIMEOUT;
    }
    world.now = 0xffffffff - 1000; /* it wraps soon */
    world.takes_ms = SESSION_READ_MS;
    inbox = inbox_open();
    CHECK(inbox != NULL);
    CHECK(session_open_by(&calls, inbox, &notifier, &why));
    buf_free(&why);
}

static bool wait_for(volatile LONG *number, LONG expected)
{
    for (int i = 0; i < PATIENCE_MS / 10 && *number < expected; i++) {
        Sleep(10);
    }
    return *number == expected;
}

/* Every question has to be answered by then. */
static void finish(void)
{
    CHECK_NUMBER(world.asked, world.answered);
    CHECK_NUMBER(world.given, world.freed);
    notifier.close(notifier.context);
    inbox_release(inbox);
    Sleep(50); /* for the threads that have an answer to have ended */
    for (DWORD i = 0; i < SESSIONS; i++) {
        CloseHandle(world.answer_now[i]);
    }
    DeleteCriticalSection(&world.lock);
    buf_free(&world.shown);
    buf_free(&world.boxes);
    buf_free(&world.log);
}

static void tell(enum tell_kind kind, enum policy_level level, const char *sentences)
{
    notifier.tell(notifier.context, kind, level, sentences);
}

static void ask(enum question_kind kind, uint32_t serial, const char *text)
{
    const struct question question = {.kind = kind,
                                      .serial = serial,
                                      .text = text,
                                      .keys = "y = yes",
                                      .limit = 100,
                                      .most = 1000,
                                      .remind_seconds = 1800,
                                      .grace_seconds = 60};
    notifier.ask(notifier.context, &question);
}

static void answer(DWORD session, DWORD button)
{
    world.answer[session] = button;
    SetEvent(world.answer_now[session]);
}

static bool take(struct user_request *out)
{
    return notifier.take(notifier.context, out);
}

/* Waits for an answer to come. */
static bool receive(struct user_request *out)
{
    return WaitForSingleObject((HANDLE)notifier.handle, PATIENCE_MS) == WAIT_OBJECT_0 && take(out);
}

/* ---- telling ---- */

static void news_and_errors_are_shown_and_logged(void)
{
    begin(2, true);
    tell(TELL_NOTE, LEVEL_INFO, "Of no interest.");
    tell(TELL_NOTE, LEVEL_WARNING, "Odd.");
    CHECK_TEXT(buf_text(&world.shown), "");
    tell(TELL_NEWS, LEVEL_INFO, "A burst \xe2\x82\xac.\x1b");
    CHECK_TEXT(buf_text(&world.shown), "0: A burst \xe2\x82\xac.\\x1b\n1: A burst "
                                       "\xe2\x82\xac.\\x1b\n");
    CHECK_NUMBER(world.style, MB_OK | MB_ICONINFORMATION);
    buf_clear(&world.shown);
    tell(TELL_NOTE, LEVEL_ERROR, "Broken.");
    CHECK_TEXT(buf_text(&world.shown), "0: Broken.\n1: Broken.\n");
    CHECK_NUMBER(world.style, MB_OK | MB_ICONERROR);
    CHECK_TEXT(buf_text(&world.log), "78 Odd.\n6e A burst \xe2\x82\xac.\x1b\n82 Broken.\n");
    finish();
}

static void a_flood_is_joined(void)
{
    struct user_request request;
    begin(1, true);
    for (int i = 0; i < 500; i++) {
        tell(TELL_NEWS, LEVEL_INFO, "Sentence of news.");
        CHECK(!take(&request));
    }
    size_t lines = 0;
    for (const char *at = buf_text(&world.shown); (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    CHECK_NUMBER(lines, SESSION_MESSAGES);
    buf_clear(&world.shown);
    world.now += 60 * 1000;
    CHECK(!take(&request)); /* the loop comes by, and the rest is shown */
    CHECK(strncmp(buf_text(&world.shown), "0: Sentence of news.| | Sentence", 30) == 0);
    CHECK(strstr(buf_text(&world.shown), "more: see the Application event log.") != NULL);
    CHECK(world.shown.len < 6000);
    buf_clear(&world.shown);
    tell(TELL_NEWS, LEVEL_INFO, "Two.");
    tell(TELL_NEWS, LEVEL_INFO, "Three.");
    tell(TELL_NEWS, LEVEL_INFO, "Last words.");
    CHECK(strstr(buf_text(&world.shown), "Last") == NULL);
    struct buf *shown = &world.shown;
    notifier.close(notifier.context); /* what waits is not lost */
    CHECK(strstr(buf_text(shown), "0: Last words.") != NULL);
    const struct session_calls calls = {.log = log_event, .now_ms = now_ms};
    CHECK(session_open_by(&calls, inbox, &notifier, shown));
    finish();
}

static void without_sessions_there_is_the_log(void)
{
    for (int i = 0; i < 3; i++) {
        begin(i == 1 ? SESSIONS : 0, i != 0);
        world.enumerate_fails = i == 1;
        CHECK(!notifier.can_ask(notifier.context));
        tell(TELL_NEWS, LEVEL_INFO, "News.");
        ask(QUESTION_PATCH, 1, "Raise it?");
        CHECK_TEXT(buf_text(&world.shown), "");
        CHECK_TEXT(buf_text(&world.boxes), "");
        CHECK_TEXT(buf_text(&world.log),
                   "6e News.\n78 Nobody who is logged on can be asked. The question is: Raise "
                   "it?\n");
        finish();
    }
}

/* ---- asking ---- */

static void the_first_answer_counts(void)
{
    struct user_request request;
    begin(2, true);
    CHECK(notifier.can_ask(notifier.context));
    ask(QUESTION_PATCH, 7, "Raise it?");
    CHECK(wait_for(&world.asked, 2));
    CHECK(strstr(buf_text(&world.boxes), "0: Raise it?| | Yes: the limit is set to 100.| No: "
                                         "nothing is changed.\n") != NULL);
    CHECK(strstr(buf_text(&world.boxes), "1: Raise it?") != NULL);
    CHECK_NUMBER(world.style & 0xf, MB_YESNO);
    CHECK_NUMBER(world.style & 0xf00, MB_DEFBUTTON2); /* Enter is no yes */
    CHECK_NUMBER(world.seconds, SESSION_ANSWER_SECONDS);
    answer(1, IDYES);
    CHECK(receive(&request));
    CHECK_NUMBER(request.kind, REQUEST_YES);
    CHECK_NUMBER(request.serial, 7);
    notifier.withdraw(notifier.context); /* as the watcher does then */
    answer(0, IDNO);
    CHECK(wait_for(&world.answered, 2));
    for (int i = 0; i < PATIENCE_MS / 10 && world.shown.len == 0; i++) {
        Sleep(10);
    }
    CHECK(strstr(buf_text(&world.shown), "0: This question has been answered in the meantime.") !=
          NULL);
    CHECK(!take(&request));
    finish();
}

static void each_button_means_what_it_says(void)
{
    static const struct {
        enum question_kind question;
        DWORD button;
        enum request_kind expected;
    } cases[] = {
        {QUESTION_PATCH, IDYES, REQUEST_YES},   {QUESTION_PATCH, IDNO, REQUEST_NO},
        {QUESTION_PATCH, IDCANCEL, REQUEST_NO}, {QUESTION_RESTART, IDYES, REQUEST_YES},
        {QUESTION_RESTART, IDNO, REQUEST_NO},   {QUESTION_RESTART, IDCANCEL, REQUEST_NEVER},
        {QUESTION_RESTORE, IDYES, REQUEST_YES},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct user_request request;
        begin(1, true);
        ask(cases[i].question, 3, "Well?");
        CHECK(wait_for(&world.asked, 1));
        answer(0, cases[i].button);
        CHECK(receive(&request));
        CHECK_NUMBER(request.kind, cases[i].expected);
        if (cases[i].question == QUESTION_RESTART) {
            CHECK_NUMBER(world.style & 0xf, MB_YESNOCANCEL);
            CHECK(strstr(buf_text(&world.boxes), "| Yes: now.| No: remind me in 30 minutes.| "
                                                 "Cancel: not now, and do not remind me.") != NULL);
        }
        finish();
    }
}

/* Somebody was typing when it came to the front. */
static void a_stray_key_is_no_yes(void)
{
    struct user_request request;
    begin(1, true);
    world.takes_ms = SESSION_READ_MS - 1;
    ask(QUESTION_PATCH, 1, "Raise it?");
    for (LONG i = 1; i <= 2; i++) {
        CHECK(wait_for(&world.asked, i));
        answer(0, IDYES);
        CHECK(wait_for(&world.answered, i));
    }
    CHECK(wait_for(&world.asked, 3)); /* it is asked again */
    CHECK(!take(&request));
    world.takes_ms = SESSION_READ_MS;
    answer(0, IDYES);
    CHECK(receive(&request));
    CHECK_NUMBER(request.kind, REQUEST_YES);
    world.takes_ms = 0;
    ask(QUESTION_PATCH, 2, "Raise it?");
    CHECK(wait_for(&world.asked, 4));
    answer(0, IDNO); /* a no may be as fast as it likes */
    CHECK(receive(&request));
    CHECK_NUMBER(request.kind, REQUEST_NO);
    finish();
}

static void a_question_that_stands_is_not_shown_twice(void)
{
    struct user_request request;
    begin(1, true);
    ask(QUESTION_PATCH, 1, "Raise it?");
    CHECK(wait_for(&world.asked, 1));
    ask(QUESTION_PATCH, 2, "Raise it?");
    world.list[1].State = WTSActive; /* somebody else comes, and is asked */
    ask(QUESTION_PATCH, 3, "Raise it?");
    CHECK(wait_for(&world.asked, 2));
    answer(0, IDNO);
    CHECK(receive(&request));
    CHECK_NUMBER(request.serial, 3); /* for the question as it is now */
    ask(QUESTION_RESTART, 4, "Restart it now?");
    CHECK(wait_for(&world.asked, 4));
    answer(1, IDYES); /* either of the two questions there; the older one is over */
    answer(0, IDTIMEOUT);
    CHECK(wait_for(&world.answered, 3));
    Sleep(20);
    answer(1, IDTIMEOUT);
    CHECK(wait_for(&world.answered, 4));
    finish();
}

static void nobody_answers(void)
{
    struct user_request request;
    begin(1, true);
    ask(QUESTION_PATCH, 1, "Raise it?");
    CHECK(wait_for(&world.asked, 1));
    answer(0, IDTIMEOUT);
    CHECK(wait_for(&world.answered, 1));
    Sleep(50);
    CHECK(!take(&request));
    ask(QUESTION_PATCH, 2, "Raise it?"); /* the place is free again */
    CHECK(wait_for(&world.asked, 2));
    answer(0, IDNO);
    CHECK(receive(&request));
    CHECK_NUMBER(request.serial, 2);
    finish();
}

static void what_cannot_be_asked_is_logged(void)
{
    begin(1, true);
    world.send_error = ERROR_ACCESS_DENIED;
    ask(QUESTION_PATCH, 1, "Raise it?");
    for (int i = 0; i < PATIENCE_MS / 10 && world.log.len == 0; i++) {
        Sleep(10);
    }
    CHECK(strstr(buf_text(&world.log), "78 Session 0 cannot be asked: error 5. The question was: "
                                       "Raise it?") != NULL);
    finish();
}

static void a_grace_is_only_told(void)
{
    begin(1, true);
    ask(QUESTION_GRACE, 1, "Windows is restarted in 1 minute.");
    CHECK_TEXT(buf_text(&world.shown), "0: Windows is restarted in 1 minute.| | To stop it: "
                                       "shutdown -a\n");
    CHECK_NUMBER(world.seconds, 60);
    CHECK_NUMBER(world.asked, 0);
    finish();
}

/* The service stops while a question stands: its thread goes on, and does no harm. */
static void an_answer_may_come_after_the_end(void)
{
    begin(1, true);
    ask(QUESTION_PATCH, 1, "Raise it?");
    CHECK(wait_for(&world.asked, 1));
    notifier.close(notifier.context);
    inbox_release(inbox);
    answer(0, IDYES);
    CHECK(wait_for(&world.answered, 1));
    Sleep(50);
    CHECK(strstr(buf_text(&world.shown), "answered in the meantime") != NULL);
    inbox = inbox_open();
    struct buf why = BUF_INIT;
    const struct session_calls calls = {.log = log_event, .now_ms = now_ms};
    CHECK(session_open_by(&calls, inbox, &notifier, &why));
    finish();
}

static void who_is_there_is_looked_at_now_and_then(void)
{
    struct user_request request;
    const struct user_request show = {.kind = REQUEST_SHOW};
    begin(0, true);
    CHECK(!notifier.can_ask(notifier.context));
    LONG lists = world.given;
    CHECK(!notifier.can_ask(notifier.context));
    CHECK_NUMBER(world.given, lists);
    world.list[2].State = WTSActive;
    inbox_post(inbox, &show); /* a logon */
    CHECK(take(&request) && request.kind == REQUEST_SHOW);
    CHECK(notifier.can_ask(notifier.context));
    world.list[2].State = WTSDisconnected;
    world.now += 60 * 1000;
    CHECK(!notifier.can_ask(notifier.context));
    finish();
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"news and errors are shown and logged", news_and_errors_are_shown_and_logged},
        {"a flood is joined", a_flood_is_joined},
        {"without sessions there is the log", without_sessions_there_is_the_log},
        {"the first answer counts", the_first_answer_counts},
        {"each button means what it says", each_button_means_what_it_says},
        {"a stray key is no yes", a_stray_key_is_no_yes},
        {"a question that stands is not shown twice", a_question_that_stands_is_not_shown_twice},
        {"nobody answers", nobody_answers},
        {"what cannot be asked is logged", what_cannot_be_asked_is_logged},
        {"a grace is only told", a_grace_is_only_told},
        {"an answer may come after the end", an_answer_may_come_after_the_end},
        {"who is there is looked at now and then", who_is_there_is_looked_at_now_and_then},
    };
    return RUN_SUITE("session", cases);
}
