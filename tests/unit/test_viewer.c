/* A second process in a data directory: shows what the first does, and takes its place. */
#include "check.h"

#include "watcher_fixture.h"

#include "audit.h"
#include "instance.h"
#include "sandbox.h"
#include "state.h"
#include "viewer.h"

#include <string.h>

enum { STEPS_MOST = 400, LOOK_MS = 25, LONG_LINE = 300 * 1024 };

/* The viewer asks its notifier for wishes whenever it wakes: then the next step is done. */
static struct script {
    struct watcher_fixture f;
    struct os_lock *acting; /* of the first process */
    void (*step)(struct script *s);
    unsigned steps;
    unsigned stage;
    struct user_request wish;
    bool has_wish;
    unsigned shown;
    struct notify_view view; /* the last one */
} script;

static bool take(void *context, struct user_request *out)
{
    (void)context;
    if (++script.steps == STEPS_MOST) {
        CHECK(false); /* it hangs */
        *out = (struct user_request){.kind = REQUEST_STOP};
        return true;
    }
    if (!script.has_wish) {
        script.step(&script);
    }
    bool has_wish = script.has_wish;
    *out = script.wish;
    script.has_wish = false;
    return has_wish;
}

static void show(void *context, const struct notify_view *view)
{
    (void)context;
    script.shown++;
    script.view = *view;
}

static void wish(enum request_kind kind)
{
    script.wish = (struct user_request){.kind = kind};
    script.has_wish = true;
}

static void begin(void)
{
    struct buf who = BUF_INIT;
    memset(&script, 0, sizeof script);
    fixture_open(&script.f);
    script.f.w.notifier.take = take;
    script.f.w.notifier.show = show;
    CHECK_NUMBER(instance_begin(os_native(), DATA, "a root", "a service", &script.acting, &who),
                 OS_OK);
    buf_free(&who);
}

static enum viewer_end view(bool shows, void (*step)(struct script *s))
{
    const struct viewer_manner manner = {.shows = shows, .patience_ms = 5, .look_ms = LOOK_MS};
    script.step = step;
    return viewer_run(&script.f.w, &manner);
}

static void finish(void)
{
    if (script.acting != NULL) {
        instance_end(os_native(), DATA, script.acting);
    }
    if (script.f.w.instance != NULL) {
        instance_end(os_native(), DATA, script.f.w.instance);
    }
    fixture_close(&script.f);
}

static void leave(void)
{
    instance_end(os_native(), DATA, script.acting);
    script.acting = NULL;
}

static void append(const char *program, const char *action, const char *level, const char *text)
{
    struct buf line = BUF_INIT;
    struct json j = audit_start(&line, START, program, action);
    if (level != NULL) {
        json_text(&j, "level", level);
    }
    json_text(&j, "text", text);
    CHECK_NUMBER(audit_write(os_native(), AUDIT, &j, &line), OS_OK);
    buf_free(&line);
}

static bool told(const char *words)
{
    return strstr(buf_text(&script.f.told), words) != NULL;
}

/* ---- what it shows ---- */

static void do_some_work(struct script *s)
{
    switch (s->stage++) {
    case 0:
        append("tcpipwatch", "note", "warning", "A new warning.");
        append("tcpippatch", "note", "info", "Of another program.");
        append("tcpipwatch", "set", NULL, NULL);
        append("tcpipwatch", "burst", NULL, "A burst was seen.");
        append("tcpipwatch", "patch-failed", NULL, "It has failed.");
        break;
    case 1:
        if (!told("It has failed.")) {
            s->stage = 1; /* not read yet */
        }
        break;
    case 2:
        CHECK_NUMBER(s->view.face, FACE_PROBLEM);
        append("tcpipwatch", "patched", NULL, "Done.");
        leave();
        break;
    default:
        break;
    }
}

static void shows_what_the_other_one_tells(void)
{
    begin();
    append("tcpipwatch", "note", "info", "From before.");
    CHECK_NUMBER(view(true, do_some_work), VIEWER_ACTS);
    CHECK(strncmp(buf_text(&script.f.told),
                  "info: Another tcpipwatch acts with the data directory " DATA ": process ",
                  64) == 0);
    CHECK(told("for a root, as a service. This one shows what it does, and takes its place when it "
               "ends."));
    CHECK(told("\nwarning: A new warning.\ninfo: A burst was seen.\nerror: It has failed.\n"));
    CHECK(told("info: Done.\n")); /* its last words */
    CHECK(told("info: The other tcpipwatch has ended (process "));
    CHECK(!told("From before.") && !told("Of another program."));
    CHECK(script.f.w.instance != NULL);
    CHECK(!script.f.w.trouble);
    finish();
}

/* A line comes in pieces; a long one, and one that is torn, are passed over; then somebody puts the
 * log away and begins another. */
static void write_oddly(struct script *s)
{
    static const char head[] = "{\"program\":\"tcpipwatch\",\"action\":\"note\",\"text\":\"";
    static const char *const awaited[] = {NULL, NULL, "In pieces.", "Behind.", "Anew."};
    static struct buf log;
    if (s->stage < 5 && awaited[s->stage] != NULL && !told(awaited[s->stage])) {
        return; /* not read yet */
    }
    switch (s->stage++) {
    case 0:
        buf_printf(&log, "%s", head);
        break;
    case 1:
        buf_printf(&log, "In pieces.\"}\n");
        break;
    case 2:
        for (int i = 0; i < LONG_LINE; i++) {
            buf_add_char(&log, 'x');
        }
        buf_printf(&log, "\n{torn\n%sBehind.\"}\n", head);
        break;
    case 3:
        buf_clear(&log);
        buf_printf(&log, "%sAnew.\"}\n", head);
        break;
    case 4:
        leave();
        buf_free(&log);
        return;
    default:
        return;
    }
    CHECK(sandbox_write(AUDIT, log.data, log.len));
}

static void lines_may_come_in_any_shape(void)
{
    begin();
    CHECK_NUMBER(view(true, write_oddly), VIEWER_ACTS);
    CHECK_NUMBER(fixture_count(&script.f.told, "In pieces."), 1);
    CHECK_NUMBER(fixture_count(&script.f.told, "Behind."), 1);
    CHECK_NUMBER(fixture_count(&script.f.told, "Anew."), 1);
    CHECK(!told("xxx"));
    finish();
}

static void save_a_burst(struct script *s)
{
    struct engine_memory memory;
    switch (s->stage++) {
    case 0:
        CHECK_NUMBER(s->view.face, FACE_WATCHING);
        engine_reset(&memory);
        memory.state = ENGINE_REBOOT_PENDING;
        memory.burst = (struct engine_burst){"PC", START, START + 5, 3};
        CHECK_NUMBER(state_save(os_native(), DIRECTORY, "", &memory, &s->f.w.policy, NULL, 0),
                     OS_OK);
        break;
    default:
        if (s->view.face == FACE_RESTART) {
            CHECK_NUMBER(s->view.last_event, START + 5);
            wish(REQUEST_STOP);
        }
        break;
    }
}

static void shows_the_state(void)
{
    begin();
    CHECK_NUMBER(view(true, save_a_burst), VIEWER_STOPPED);
    CHECK_NUMBER(script.view.face, FACE_RESTART);
    CHECK(script.f.w.instance == NULL);
    finish();
}

/* ---- what the user wants ---- */

static void want_something(struct script *s)
{
    static const enum request_kind wishes[] = {REQUEST_PATCH, REQUEST_RESTORE, REQUEST_RESTART,
                                               REQUEST_SHOW,  REQUEST_YES,     REQUEST_STOP};
    if (s->stage < sizeof wishes / sizeof wishes[0]) {
        wish(wishes[s->stage++]);
    }
}

static void says_who_acts(void)
{
    begin();
    CHECK_NUMBER(view(true, want_something), VIEWER_STOPPED);
    CHECK_NUMBER(fixture_count(&script.f.told, "This tcpipwatch only shows what another one does, "
                                               "which acts here: process "),
                 3);
    CHECK_TEXT(buf_text(&script.f.asked), "");
    /* Nothing was written. */
    struct buf audit = BUF_INIT;
    CHECK(!sandbox_read(AUDIT, &audit));
    buf_free(&audit);
    finish();
}

/* ---- who only waits, and what is in the way ---- */

static void tell_and_leave(struct script *s)
{
    if (s->stage++ == 0) {
        append("tcpipwatch", "note", "info", "Of no interest.");
    } else if (s->stage == 4) {
        leave();
    }
}

static void who_waits_shows_nothing(void)
{
    begin();
    CHECK_NUMBER(view(false, tell_and_leave), VIEWER_ACTS);
    CHECK(!told("Of no interest."));
    CHECK(told("warning: Another tcpipwatch acts with"));
    CHECK(told("This one waits, and takes its place when it ends."));
    CHECK(told("warning: The other tcpipwatch has ended"));
    CHECK(script.shown > 0); /* it is there */
    finish();
}

/* It is killed, and leaves its file: nothing tells it. */
static void die(struct script *s)
{
    if (s->stage++ == 1) {
        os_native()->unlock(os_native(), s->acting);
        s->acting = NULL;
    }
}

static void a_killed_one_is_noticed(void)
{
    begin();
    CHECK_NUMBER(view(true, die), VIEWER_ACTS);
    CHECK(script.f.w.instance != NULL);
    finish();
}

static enum os_status deny(const struct os *os, const char *directory, struct os_lock **out)
{
    (void)os;
    (void)directory;
    *out = NULL;
    return OS_DENIED;
}

static void a_private_directory_is_said(void)
{
    begin();
    struct os os = *os_native();
    os.lock = deny;
    script.f.w.os = &os;
    CHECK_NUMBER(view(true, want_something), VIEWER_STOPPED);
    CHECK(told("warning: The data directory " DATA " is private to administrators, and this user "
               "may not look into it"));
    CHECK_NUMBER(fixture_count(&script.f.told, "private to administrators, and"), 1);
    CHECK_NUMBER(fixture_count(&script.f.told, "This user may not have that done"), 3);
    CHECK_NUMBER(script.view.face, FACE_PROBLEM);
    script.f.w.os = os_native();
    finish();
}

static void who_may_wait(void)
{
    CHECK(viewer_may_wait(HOST_TRAY, OS_BUSY) && viewer_may_wait(HOST_SERVICE, OS_BUSY));
    CHECK(!viewer_may_wait(HOST_CONSOLE, OS_BUSY));
    CHECK(viewer_may_wait(HOST_TRAY, OS_DENIED) && !viewer_may_wait(HOST_SERVICE, OS_DENIED));
    CHECK(!viewer_may_wait(HOST_TRAY, OS_FULL));
    CHECK(viewer_manner_of(HOST_TRAY)->shows && !viewer_manner_of(HOST_SERVICE)->shows);
    CHECK(viewer_manner_of(HOST_TRAY)->patience_ms > viewer_manner_of(HOST_SERVICE)->patience_ms);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"shows what the other one tells", shows_what_the_other_one_tells},
        {"lines may come in any shape", lines_may_come_in_any_shape},
        {"shows the state", shows_the_state},
        {"says who acts", says_who_acts},
        {"who waits shows nothing", who_waits_shows_nothing},
        {"a killed one is noticed", a_killed_one_is_noticed},
        {"a private directory is said", a_private_directory_is_said},
        {"who may wait", who_may_wait},
    };
    return RUN_SUITE("viewer", cases);
}
