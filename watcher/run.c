/* `run`: the resident process. */
#include "audit.h"
#include "base/utf.h"
#include "base/wintime.h"
#include "commands.h"
#include "host.h"
#include "instance.h"
#include "journal.h"
#include "loop/clock.h"
#include "policy_file.h"
#include "state.h"
#include "text.h"
#include "viewer.h"
#include "watcher.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    WATCH_POLICY = 0, /* ids of the loop's watches */
    WATCH_LOGS = 1,
    WATCH_NOTIFIER = WATCH_LOGS + SOURCES_MAX,
    SAFETY_MS = 60 * 1000, /* looks at everything once in this time, should a notice be lost */
    POLL_MS = 2 * 1000,    /* where the system cannot watch a file */
    LOOK_AGAIN_MS = 500,   /* until what may be half written is looked at again */
    POLICY_QUIET_MS = 300,
};

/* ---- starting ---- */

static void say_step(void *context, const char *sentence)
{
    watcher_tell(context, LEVEL_INFO, "%s", sentence);
}

static bool open_logs(struct watcher *w, const struct command_options *options)
{
    for (size_t i = 0; i < options->spec_count; i++) {
        struct buf why = BUF_INIT;
        struct followed *log = &w->logs[i];
        bool opened = source_open(options->specs[i], &log->source, &why);
        w->log_count = i + 1;
        for (size_t j = 0; opened && j < i; j++) {
            if (strcmp(w->logs[j].source.path, log->source.path) == 0) {
                buf_printf(&why, "%s%s is named twice.", log->source.live == NULL ? "The log " : "",
                           log->source.title);
                opened = false;
            }
        }
        if (!opened) {
            command_complain("%s", buf_text(&why));
        }
        buf_free(&why);
        if (!opened) {
            return false;
        }
        log->told_access = OS_OK;
        log->source.look_back = w->policy.window_seconds * WINTIME_PER_SECOND;
        log->source.detector =
            burst_open(w->policy.events, w->policy.window_seconds * WINTIME_PER_SECOND);
        if (log->source.detector == NULL) {
            command_complain("Out of memory.");
            return false;
        }
    }
    return true;
}

/* A log that cannot be read at the start is most likely a slip in its name. */
static bool check_logs(struct watcher *w)
{
    struct buf why = BUF_INIT;
    bool good = true;
    for (size_t i = 0; good && i < w->log_count; i++) {
        struct source *source = &w->logs[i].source;
        good = source_check(w->os, source, &why);
        if (!good) {
            command_complain("%s%s cannot be read: %s.", source->live == NULL ? "The log " : "",
                             source->title, buf_text(&why));
        }
    }
    buf_free(&why);
    return good;
}

/* By the policy in force. False, and the file stays, when memory is out. */
static bool choose_audit_file(struct watcher *w)
{
    char *file =
        w->policy.log_file[0] != '\0' ? text_copy(w->policy.log_file) : audit_default_file(w->data);
    if (file != NULL) {
        free(w->audit_file);
        w->audit_file = file;
    }
    return file != NULL;
}

static bool make_paths(struct watcher *w, const struct command_options *options)
{
    w->data = command_data_directory(options->data, w->policy.data);
    if (w->data == NULL) {
        command_complain("There is no place for the state and the audit log: name a directory with "
                         "--data.");
        return false;
    }
    w->pc = (struct pc_context){w->os, w->data, say_step, w};
    return choose_audit_file(w);
}

static bool make_state_directory(struct watcher *w)
{
    w->directory = w->has_target ? journal_directory(&w->pc, &w->target)
                                 : text_printf("%s/roots/none", w->data);
    return w->directory != NULL;
}

static void count_by_policy(struct watcher *w)
{
    for (size_t i = 0; i < w->log_count; i++) {
        w->logs[i].source.look_back = w->policy.window_seconds * WINTIME_PER_SECOND;
        burst_configure(w->logs[i].source.detector, w->policy.events,
                        w->policy.window_seconds * WINTIME_PER_SECOND);
    }
}

static void load_state(struct watcher *w)
{
    struct source sources[SOURCES_MAX];
    enum keyfile_status whole = KEYFILE_OK;
    for (size_t i = 0; i < w->log_count; i++) {
        sources[i] = w->logs[i].source;
    }
    engine_reset(&w->memory);
    enum os_status status =
        state_load(w->os, w->directory, &w->memory, sources, w->log_count, NULL, &whole);
    if (status == OS_NOT_FOUND) {
        return;
    }
    if (status != OS_OK || whole != KEYFILE_OK) {
        watcher_tell(w, LEVEL_WARNING,
                     "The state in %s cannot be used: %s. Starting anew: the logs are read from "
                     "their oldest record, and nothing is patched without a yes.",
                     w->directory,
                     status != OS_OK ? os_status_text(status) : keyfile_status_text(whole));
        return;
    }
    for (size_t i = 0; i < w->log_count; i++) {
        w->logs[i].source = sources[i];
    }
    count_by_policy(w);
}

/* Also settles what Windows has carried out when it was started. */
static void recover(struct watcher *w)
{
    struct buf why = BUF_INIT;
    if (w->has_target) {
        w->result = pc_recover(&w->pc, &w->target, &why);
        if (w->result != PC_DONE) {
            watcher_tell(w, LEVEL_ERROR, "%s", buf_text(&why));
        }
        watcher_look(w);
    }
    buf_free(&why);
}

static void say_start(struct watcher *w)
{
    struct buf logs = BUF_INIT;
    struct buf window = BUF_INIT;
    for (size_t i = 0; i < w->log_count; i++) {
        buf_printf(&logs, "%s%s", i > 0 ? ", " : "", w->logs[i].source.path);
    }
    text_duration(&window, w->policy.window_seconds);
    watcher_tell(w, LEVEL_INFO,
                 "tcpipwatch " TCPIPWATCH_VERSION " watches %s for bursts of event 4226: %" PRIu32
                 " or more within %s (%s).",
                 buf_text(&logs), w->policy.events, buf_text(&window),
                 w->policy_file != NULL ? w->policy_file : "built-in policy");
    buf_free(&window);
    if (w->has_target) {
        const struct pc_copy *drivers = &w->target.copies[PC_DRIVERS];
        if (drivers->present && drivers->access == OS_OK && drivers->inspection.has_limit) {
            watcher_tell(w, LEVEL_INFO, "The limit in %s is %" PRIu32 ".", w->root,
                         drivers->inspection.limit);
        }
        watcher_say_needs(w);
    }
    buf_free(&logs);
}

/* ---- the policy while it runs ---- */

static void take_policy(struct watcher *w, const struct policy *next)
{
    bool other_place = strcmp(w->policy.data, next->data) != 0;
    policy_free(&w->policy);
    w->policy = *next;
    w->console.level = next->log_level;
    count_by_policy(w);
    (void)choose_audit_file(w);
    if (other_place) {
        watcher_tell(w, LEVEL_WARNING, "[paths] data takes effect at the next start only.");
    }
}

static void reload_policy(struct watcher *w)
{
    struct policy next;
    struct buf text = BUF_INIT;
    if (w->policy_file == NULL || !policy_defaults(&next)) {
        return;
    }
    if (policy_load(w->os, w->policy_file, &next, &text) == POLICY_WRONG) {
        if (strcmp(buf_text(&text), buf_text(&w->policy_told)) != 0) {
            watcher_tell(w, LEVEL_ERROR,
                         "The changed policy is not taken; the one in force stays.");
            watcher_tell_lines(w, LEVEL_ERROR, buf_text(&text));
            buf_clear(&w->policy_told);
            buf_add_text(&w->policy_told, buf_text(&text));
        }
        policy_free(&next);
    } else {
        if (policy_differences(&w->policy, &next, &text) > 0) {
            watcher_tell_lines(w, LEVEL_INFO, buf_text(&text));
        } else if (w->policy_told.len > 0) {
            watcher_tell(w, LEVEL_INFO,
                         "The policy has no errors any more, and is the one in force.");
        }
        buf_clear(&w->policy_told);
        take_policy(w, &next);
    }
    buf_free(&text);
}

/* A changed policy is read when it has been left alone for a moment, since an editor writes it in
 * pieces, and half a policy may well be one without errors. */
static void look_at_policy(struct watcher *w, uint32_t changed, bool idle)
{
    uint64_t now = loop_now_ms(w->loop);
    if (changed >> WATCH_POLICY & 1) {
        w->policy_due_ms = now + POLICY_QUIET_MS;
    } else if (idle && w->policy_due_ms == 0) {
        w->policy_due_ms = now;
    }
    if (w->policy_due_ms != 0 && now >= w->policy_due_ms) {
        w->policy_due_ms = 0;
        reload_policy(w);
    }
}

/* ---- running ---- */

static enum os_status watch_log(struct watcher *w, unsigned id)
{
    const struct source *source = &w->logs[id - WATCH_LOGS].source;
    return source->live != NULL ? loop_watch_handle(w->loop, id, source_handle(source))
                                : loop_watch(w->loop, id, source->path);
}

/* Watches what is not watched yet; true when some file has to be looked at now and then. */
static bool watch_files(struct watcher *w, uint32_t *watched)
{
    bool poll = false;
    for (unsigned i = 0; i <= w->log_count; i++) {
        if ((i > 0 || w->policy_file != NULL) && (*watched >> i & 1) == 0) {
            enum os_status status =
                i == 0 ? loop_watch(w->loop, i, w->policy_file) : watch_log(w, i);
            if (status == OS_OK) {
                *watched |= (uint32_t)1 << i;
            } else {
                poll = true;
            }
        }
    }
    return poll;
}

static int64_t until(uint64_t due, uint64_t now, int64_t most)
{
    uint64_t left = due > now ? due - now : 0;
    return left < (uint64_t)most ? (int64_t)left : most;
}

static int64_t next_timeout(struct watcher *w, bool poll)
{
    int64_t timeout = w->look_again ? LOOK_AGAIN_MS : poll ? POLL_MS : SAFETY_MS;
    uint64_t tick = engine_next_tick(&w->memory);
    uint64_t now = loop_now_ms(w->loop);
    if (tick != 0) {
        const uint64_t millisecond = WINTIME_PER_SECOND / 1000;
        timeout = until(tick / millisecond + 1, clock_now() / millisecond, timeout);
    }
    if (w->state_changed) {
        timeout = until(w->state_saved_ms + STATE_INTERVAL_MS, now, timeout);
    }
    if (w->policy_due_ms != 0) {
        timeout = until(w->policy_due_ms, now, timeout);
    }
    for (size_t i = 0; i < w->log_count; i++) {
        timeout = until(source_due_ms(&w->logs[i].source), 0, timeout);
    }
    return timeout;
}

/* The logs that want to be read whatever woke the loop. */
static uint32_t due_logs(const struct watcher *w)
{
    uint32_t due = 0;
    for (size_t i = 0; i < w->log_count; i++) {
        if (source_due_ms(&w->logs[i].source) == 0) {
            due |= (uint32_t)1 << (WATCH_LOGS + i);
        }
    }
    return due;
}

/* What the next start will go on with. */
static const char *what_is_left(const struct watcher *w)
{
    switch (w->memory.state) {
    case ENGINE_DECIDING:
        return " The question stands, and is asked again at the next start; nothing is changed "
               "without a yes.";
    case ENGINE_REBOOT_PENDING:
        return " The restart is still to come.";
    default:
        return "";
    }
}

static void take_line(struct watcher *w)
{
    struct buf line = BUF_INIT;
    switch (loop_read_line(w->loop, &line)) {
    case LOOP_LINE:
        w->console.line_open = false;
        watcher_answer(w, buf_text(&line));
        break;
    case LOOP_LINE_NOT_YET:
        break;
    case LOOP_LINE_END:
        w->question = QUESTION_NONE;
        watcher_tell(w, LEVEL_WARNING, "The input was closed before the answer.%s",
                     what_is_left(w));
        break;
    }
    buf_free(&line);
}

static void follow_all(struct watcher *w, uint32_t which)
{
    w->look_again = w->look_again && which == 0;
    for (size_t i = 0; i < w->log_count; i++) {
        if (which >> (WATCH_LOGS + i) & 1) {
            watcher_follow(w, &w->logs[i]);
        }
    }
}

/* True when the user wants the program to end. */
static bool take_requests(struct watcher *w)
{
    struct user_request request;
    bool stop = false;
    while (!stop && w->notifier.take != NULL && w->notifier.take(w->notifier.context, &request)) {
        stop = watcher_request(w, &request);
    }
    return stop;
}

static void run_loop(struct watcher *w)
{
    const uint32_t all = UINT32_MAX;
    uint32_t watched = 0;
    if (w->notifier.handle != 0) {
        (void)loop_watch_handle(w->loop, WATCH_NOTIFIER, w->notifier.handle);
    }
    bool poll = !w->once && watch_files(w, &watched);
    if (!w->once) { /* it was read before it was watched */
        w->policy_due_ms = loop_now_ms(w->loop) + POLICY_QUIET_MS;
    }
    follow_all(w, all);
    uint64_t looked_ms = loop_now_ms(w->loop);
    while (!w->once || w->question != QUESTION_NONE) {
        process_give_back();
        struct loop_wake wake = loop_wait(w->loop, next_timeout(w, poll));
        if (wake.reasons & LOOP_STOP || take_requests(w)) {
            break;
        }
        watched &= ~wake.lost;
        if (!w->once) {
            /* A log that wakes the loop all the time must not keep the others from being looked
             * at. */
            bool idle = wake.reasons == LOOP_TIMEOUT ||
                        loop_now_ms(w->loop) - looked_ms >= (uint64_t)SAFETY_MS;
            looked_ms = idle ? loop_now_ms(w->loop) : looked_ms;
            poll = watch_files(w, &watched);
            look_at_policy(w, wake.changed, idle);
            follow_all(w, idle ? all : wake.changed | due_logs(w));
        }
        if (wake.reasons & LOOP_INPUT) {
            take_line(w);
        }
        struct engine_world world = watcher_world(w);
        watcher_act(w, engine_tick(&w->memory, &world));
        if (w->state_changed && loop_now_ms(w->loop) >= w->state_saved_ms + STATE_INTERVAL_MS) {
            (void)watcher_save(w);
        }
    }
}

/* A burst that was found behind another one, just before the program was killed. */
static void tell_untold(struct watcher *w)
{
    struct engine_burst burst = w->memory.untold;
    struct engine_world world = watcher_world(w);
    w->memory.untold = (struct engine_burst){.last = 0};
    if (burst.last != 0) {
        watcher_act(w, engine_burst_seen(&w->memory, &world, &burst));
    }
}

static enum pc_result exit_status(const struct watcher *w, bool saved)
{
    if (!w->once) {
        return saved ? PC_DONE : PC_FAILED;
    }
    if (w->result != PC_DONE) {
        return w->result;
    }
    if (w->memory.state == ENGINE_DECIDING) {
        return PC_REFUSED;
    }
    return saved && !w->log_trouble ? PC_DONE : PC_FAILED;
}

static int run_prepared(struct watcher *w)
{
    load_state(w);
    say_start(w);
    recover(w);
    struct engine_world world = watcher_world(w);
    watcher_act(w, engine_start(&w->memory, &world));
    tell_untold(w);
    watcher_show(w);
    run_loop(w);
    bool saved = !w->state_changed || watcher_save(w);
    watcher_tell(w, LEVEL_INFO, "Stopped.%s", what_is_left(w));
    return (int)exit_status(w, saved);
}

static enum pc_result open_loop(struct watcher *w)
{
    enum os_status status = loop_open(&w->loop);
    if (status != OS_OK) {
        command_complain("The system gives no way to wait for changes: %s.",
                         os_status_text(status));
        return PC_FAILED;
    }
    return PC_DONE;
}

/* With PC_DONE and no w->instance the user has had enough before there was anything to do. */
static enum pc_result begin(struct watcher *w, enum command_host host)
{
    struct buf who = BUF_INIT;
    enum os_status status = instance_begin(w->os, w->data, w->root, w->as, &w->instance, &who);
    enum pc_result result = PC_DONE;
    if (status == OS_OK) {
        result = open_loop(w);
    } else if (viewer_may_wait(host, status)) {
        result = open_loop(w);
        if (result == PC_DONE && viewer_run(w, viewer_manner_of(host)) == VIEWER_ACTS) {
            watcher_look(w); /* the other one may have changed the copies */
        }
    } else if (status == OS_BUSY) {
        command_complain("%s", buf_text(&who));
        result = PC_REFUSED;
    } else {
        command_complain("The data directory %s cannot be used: %s. Name another one with --data.",
                         w->data, os_status_text(status));
        result = PC_FAILED;
    }
    buf_free(&who);
    return result;
}

static void end(struct watcher *w)
{
    loop_close(w->loop);
    if (w->notifier.close != NULL) {
        w->notifier.close(w->notifier.context);
    }
    if (w->instance != NULL) {
        instance_end(w->os, w->data, w->instance);
    }
    for (size_t i = 0; i < w->log_count; i++) {
        source_close(&w->logs[i].source);
    }
    pc_target_free(&w->target);
    policy_free(&w->policy);
    buf_free(&w->why);
    buf_free(&w->policy_told);
    free(w->data);
    free(w->directory);
    free(w->audit_file);
    free(w->running_windows);
}

static int prepare_and_run(struct watcher *w, const struct command_options *options)
{
    struct buf why = BUF_INIT;
    int result = PC_USAGE;
    enum policy_load loaded = policy_load(w->os, options->policy_file, &w->policy, &why);
    if (loaded == POLICY_WRONG) {
        command_complain("%s", buf_text(&why));
    } else if (make_paths(w, options) && open_logs(w, options)) {
        w->console.level = w->policy.log_level;
        result = check_logs(w) ? (int)watcher_find_root(w) : PC_FAILED;
        if (result == PC_DONE) {
            result = make_state_directory(w) ? (int)begin(w, options->host) : PC_FAILED;
        }
        if (result == PC_DONE && w->instance != NULL) {
            result = run_prepared(w);
        }
    }
    buf_free(&why);
    return result;
}

static bool choose_policy_file(struct watcher *w, const struct command_options *options,
                               char **path)
{
    struct os_stat stat;
    *path = policy_file_path(options->policy_file);
    bool there = *path != NULL && w->os->stat(w->os, *path, &stat) == OS_OK;
    w->policy_file = there ? *path : NULL;
    return policy_defaults(&w->policy);
}

/* What the process runs as, for people. */
static const char *host_name(enum command_host host)
{
    return host == HOST_SERVICE ? "a service"
           : host == HOST_TRAY  ? "an icon beside the clock"
                                : NULL;
}

static int run_on_host(const struct command_options *options)
{
    struct watcher w = {.os = os_native(),
                        .as = host_name(options->host),
                        .root = options->root,
                        .assume_yes = options->yes,
                        .once = options->once};
    struct buf why = BUF_INIT;
    char *policy_file = NULL;
    int result = PC_FAILED;
    if (!boot_identity(w.boot)) {
        w.boot[0] = '\0';
    }
    if (!choose_policy_file(&w, options, &policy_file)) {
        command_complain("Out of memory.");
    } else if (!host_open(options->host, &w.console, &w.notifier, &why)) {
        command_complain("%s", buf_text(&why));
        result = PC_USAGE;
    } else {
        result = prepare_and_run(&w, options);
    }
    end(&w);
    free(policy_file);
    buf_free(&why);
    return result;
}

int command_run(const struct command_options *options)
{
    struct command_options with_source = *options;
    if (options->spec_count == 0 && source_default() != NULL) {
        with_source.specs[with_source.spec_count++] = source_default();
        options = &with_source;
    }
    if (options->spec_count == 0) {
        command_complain("Which log? Name it with --source file:PATH, an .evt, .evtx or event XML "
                         "file.");
        return PC_USAGE;
    }
    if (options->host != HOST_CONSOLE && (options->once || options->yes)) {
        command_complain(
            "--once and --yes are for a console: the tray asks, and the service acts as "
            "the policy says.");
        return PC_USAGE;
    }
    return host_run(options, run_on_host);
}
