#include "viewer.h"

#include "instance.h"
#include "state.h"
#include "told.h"

#include <stdlib.h>
#include <string.h>

enum {
    WATCH_AUDIT, /* ids of the loop's watches */
    WATCH_INSTANCE,
    WATCH_STATE,
    WATCH_NOTIFIER,
    WATCHES,
    PIECE = 16 * 1024,      /* read of the audit log at a time */
    LINE_MOST = 256 * 1024, /* longer lines are passed over */
    LOOK_MS = 30 * 1000,
    TRAY_PATIENCE_MS = 5 * 1000,
    SERVICE_PATIENCE_MS = 1000,
};

struct viewer {
    struct watcher *w;
    const struct viewer_manner *manner;
    struct buf who;        /* acts */
    enum os_status status; /* of the last try to take its place; OS_BUSY: somebody acts */
    bool told;             /* who acts, or why the place cannot be taken, was said */
    char *instance;        /* paths of what is watched */
    char *state;
    uint64_t offset; /* in the audit log, of what is to be read next */
    struct buf line; /* the beginning of a line whose end is not there yet */
    bool passing;    /* ...of one that is too long */
    bool trouble;    /* what the acting process did last has failed */
    uint64_t due_ms; /* when it is looked next whether the place is free */
};

static void tell(struct viewer *v, enum tell_kind kind, enum policy_level level,
                 const char *sentences)
{
    v->w->notifier.tell(v->w->notifier.context, kind, level, sentences);
}

/* ---- what the acting process tells ---- */

static enum policy_level level_of(const struct told *told)
{
    static const struct {
        const char *name;
        enum policy_level level;
    } levels[] = {{"error", LEVEL_ERROR}, {"warning", LEVEL_WARNING}, {"debug", LEVEL_DEBUG}};
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (strcmp(buf_text(&told->level), levels[i].name) == 0) {
            return levels[i].level;
        }
    }
    return LEVEL_INFO;
}

static bool is(const struct told *told, enum engine_effect effect)
{
    return strcmp(buf_text(&told->action), engine_effect_name(effect)) == 0;
}

/* As act.c tells it: notes with their level, what follows from a decision as news. */
static void hand_on(struct viewer *v, const struct told *told)
{
    bool trouble = is(told, EFFECT_TELL_PATCH_FAILED) || is(told, EFFECT_TELL_DIFFERS);
    bool note = strcmp(buf_text(&told->action), "note") == 0;
    if (trouble) {
        v->trouble = true;
    } else if (is(told, EFFECT_TELL_PATCHED) || is(told, EFFECT_TELL_VERIFIED) ||
               is(told, EFFECT_TELL_RESTORED)) {
        v->trouble = false;
    }
    if (told->text.len > 0) {
        tell(v, note ? TELL_NOTE : TELL_NEWS, trouble ? LEVEL_ERROR : level_of(told),
             buf_text(&told->text));
    }
}

static void take_line(struct viewer *v)
{
    struct told told = TOLD_INIT;
    if (!v->passing && told_read(buf_text(&v->line), v->line.len, &told) &&
        strcmp(buf_text(&told.program), "tcpipwatch") == 0) {
        hand_on(v, &told);
    }
    told_free(&told);
    v->passing = false;
    buf_clear(&v->line);
}

static void take_piece(struct viewer *v, const char *piece, size_t size)
{
    while (size > 0) {
        const char *end = memchr(piece, '\n', size);
        size_t length = end != NULL ? (size_t)(end - piece) : size;
        v->passing = v->passing || v->line.len + length > LINE_MOST;
        if (!v->passing) {
            buf_add(&v->line, piece, length);
        }
        if (v->line.failed) {
            buf_free(&v->line);
            v->passing = true;
        }
        if (end != NULL) {
            take_line(v);
            length++;
        }
        piece += length;
        size -= length;
    }
}

/* All that is new. An audit log that has become shorter was put away by somebody, and is another
 * one. With `show` false it is only gone to its end. */
static void follow_audit(struct viewer *v, bool show)
{
    const struct os *os = v->w->os;
    struct os_file *file;
    struct os_stat stat;
    char piece[PIECE];
    size_t got = sizeof piece;
    if (os->open(os, v->w->audit_file, OS_READ, &file) != OS_OK) {
        v->offset = 0;
        return;
    }
    if (os->stat_file(os, file, &stat) == OS_OK) {
        if (!show) {
            v->offset = stat.size;
        } else if (stat.size < v->offset) {
            v->offset = 0;
            buf_clear(&v->line);
        }
        while (v->offset < stat.size && got > 0 &&
               os->read_at(os, file, v->offset, piece, sizeof piece, &got) == OS_OK) {
            take_piece(v, piece, got);
            v->offset += got;
        }
    }
    (void)os->close(os, file);
}

/* ---- what it has come to ---- */

/* The acting process says what is wrong with them. */
static void look_at_copies(struct watcher *w)
{
    struct buf why = BUF_INIT;
    if (w->root != NULL) {
        (void)watcher_find_copies(w, &why);
    }
    buf_free(&why);
}

static void show_state(struct viewer *v)
{
    struct watcher *w = v->w;
    enum keyfile_status whole = KEYFILE_OK;
    if (state_load(w->os, w->directory, &w->memory, NULL, 0, NULL, &whole) != OS_OK ||
        whole != KEYFILE_OK) {
        engine_reset(&w->memory);
    }
    w->last_event = w->memory.burst.last;
    w->trouble = v->trouble || v->status != OS_BUSY;
    look_at_copies(w);
    watcher_show(w);
}

/* ---- who acts ---- */

static void say_who(struct viewer *v)
{
    struct buf text = BUF_INIT;
    if (v->told) {
        return;
    }
    v->told = true;
    if (v->status == OS_DENIED) {
        buf_printf(&text,
                   "The data directory %s is private to administrators, and this user may not look "
                   "into it: what is done there is not shown here. Log on as an administrator, or "
                   "name another directory with --data.",
                   v->w->data);
        tell(v, TELL_NEWS, LEVEL_WARNING, buf_text(&text));
    } else if (v->status != OS_BUSY) {
        buf_printf(&text, "The data directory %s cannot be used: %s. It is tried again.",
                   v->w->data, os_status_text(v->status));
        tell(v, TELL_NEWS, LEVEL_WARNING, buf_text(&text));
    } else {
        buf_printf(&text,
                   "Another tcpipwatch acts with the data directory %s: %s. This one %s, and takes "
                   "its place when it ends.",
                   v->w->data, buf_text(&v->who),
                   v->manner->shows ? "shows what it does" : "waits");
        /* Where it is not shown it has to stand in a log. */
        tell(v, TELL_NOTE, v->manner->shows ? LEVEL_INFO : LEVEL_WARNING, buf_text(&text));
    }
    buf_free(&text);
}

/* True when the place is ours now. Anything but another process in it is told once. */
static bool take_place(struct viewer *v)
{
    struct watcher *w = v->w;
    struct buf busy = BUF_INIT;
    struct buf who = BUF_INIT;
    enum os_status status = instance_begin(w->os, w->data, w->root, w->as, &w->instance, &busy);
    if (status != OS_OK) {
        (void)instance_running(w->os, w->data, &who);
        if (v->status != status ||
            (who.len > 0 && strcmp(buf_text(&who), buf_text(&v->who)) != 0)) {
            buf_clear(&v->who);
            buf_add_text(&v->who, buf_text(&who));
            v->told = false;
        }
        bool other = v->status != status;
        v->status = status;
        say_who(v);
        if (other && v->manner->shows) {
            show_state(v);
        }
    }
    v->due_ms = loop_now_ms(w->loop) + (uint64_t)v->manner->look_ms;
    buf_free(&who);
    buf_free(&busy);
    return status == OS_OK;
}

static void say_ours(struct viewer *v)
{
    struct buf text = BUF_INIT;
    if (v->told && v->status == OS_BUSY) {
        buf_printf(&text,
                   "The other tcpipwatch has ended (%s). This one acts from now on: it watches, "
                   "tells and asks.",
                   buf_text(&v->who));
        tell(v, v->manner->shows ? TELL_NEWS : TELL_NOTE,
             v->manner->shows ? LEVEL_INFO : LEVEL_WARNING, buf_text(&text));
    }
    buf_free(&text);
}

/* ---- what the user wants ---- */

/* True when that is the end. */
static bool take_wishes(struct viewer *v)
{
    const struct notifier *notifier = &v->w->notifier;
    struct user_request request;
    while (notifier->take != NULL && notifier->take(notifier->context, &request)) {
        struct buf text = BUF_INIT;
        switch (request.kind) {
        case REQUEST_STOP:
            return true;
        case REQUEST_PATCH:
        case REQUEST_RESTORE:
        case REQUEST_RESTART:
            if (v->status == OS_DENIED) {
                buf_add_text(&text, "This user may not have that done: the data directory is "
                                    "private to administrators.");
            } else if (v->status != OS_BUSY) {
                buf_printf(&text, "Nothing is done here: the data directory cannot be used: %s.",
                           os_status_text(v->status));
            } else {
                buf_printf(&text,
                           "This tcpipwatch only shows what another one does, which acts here: %s. "
                           "Stop that one, and this one takes its place.",
                           buf_text(&v->who));
            }
            tell(v, TELL_NEWS, LEVEL_INFO, buf_text(&text));
            break;
        default: /* an answer: nothing was asked here */
            break;
        }
        buf_free(&text);
    }
    return false;
}

/* ---- waiting ---- */

static void watch(struct viewer *v, unsigned id, const char *path)
{
    if (path != NULL) {
        (void)loop_watch(v->w->loop, id, path); /* else it is looked at now and then */
    }
}

static void watch_all(struct viewer *v, uint32_t which)
{
    if (which >> WATCH_AUDIT & 1 && v->manner->shows) {
        watch(v, WATCH_AUDIT, v->w->audit_file);
    }
    if (which >> WATCH_INSTANCE & 1) {
        watch(v, WATCH_INSTANCE, v->instance);
    }
    if (which >> WATCH_STATE & 1 && v->manner->shows) {
        watch(v, WATCH_STATE, v->state);
    }
}

static int64_t until_due(struct viewer *v)
{
    uint64_t now = loop_now_ms(v->w->loop);
    return v->due_ms > now ? (int64_t)(v->due_ms - now) : 0;
}

static enum viewer_end wait_for_end(struct viewer *v)
{
    struct watcher *w = v->w;
    bool idle = true;
    while (!take_place(v)) {
        do {
            if (idle) {
                process_give_back();
            }
            struct loop_wake wake = loop_wait(w->loop, until_due(v));
            if (wake.reasons & LOOP_STOP || take_wishes(v)) {
                return VIEWER_STOPPED;
            }
            watch_all(v, wake.lost);
            idle = wake.reasons == LOOP_TIMEOUT;
            if (v->manner->shows && (idle || wake.changed >> WATCH_AUDIT & 1)) {
                follow_audit(v, true);
            }
            if (v->manner->shows && (idle || wake.changed >> WATCH_STATE & 1)) {
                show_state(v);
            }
            if (wake.changed >> WATCH_INSTANCE & 1) {
                v->due_ms = loop_now_ms(w->loop) + (uint64_t)v->manner->patience_ms;
            }
        } while (until_due(v) > 0);
    }
    if (v->manner->shows) {
        follow_audit(v, true); /* its last words */
    }
    say_ours(v);
    return VIEWER_ACTS;
}

bool viewer_may_wait(enum command_host host, enum os_status status)
{
    return (status == OS_BUSY && host != HOST_CONSOLE) ||
           (status == OS_DENIED && host == HOST_TRAY);
}

const struct viewer_manner *viewer_manner_of(enum command_host host)
{
    /* The tray leaves a service that is brought up to date the time to start again. */
    static const struct viewer_manner tray = {
        .shows = true, .patience_ms = TRAY_PATIENCE_MS, .look_ms = LOOK_MS};
    static const struct viewer_manner service = {
        .shows = false, .patience_ms = SERVICE_PATIENCE_MS, .look_ms = LOOK_MS};
    return host == HOST_TRAY ? &tray : &service;
}

enum viewer_end viewer_run(struct watcher *w, const struct viewer_manner *manner)
{
    struct viewer v = {.w = w,
                       .manner = manner,
                       .status = OS_BUSY,
                       .instance = os_path_join(w->data, "instance"),
                       .state = os_path_join(w->directory, "state")};
    engine_reset(&w->memory);
    watch_all(&v, UINT32_MAX);
    if (w->notifier.handle != 0) {
        (void)loop_watch_handle(w->loop, WATCH_NOTIFIER, w->notifier.handle);
    }
    follow_audit(&v, false);
    if (manner->shows) {
        show_state(&v);
    } else {
        watcher_show(w);
    }
    enum viewer_end end = wait_for_end(&v);
    for (unsigned id = 0; id < WATCHES; id++) {
        loop_unwatch(w->loop, id);
    }
    w->last_event = 0;
    w->trouble = false;
    buf_free(&v.who);
    buf_free(&v.line);
    free(v.instance);
    free(v.state);
    return end;
}
