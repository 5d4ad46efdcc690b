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
#include "run_parts.h"
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
    WATCH_COPIES,
    WATCH_END = WATCH_COPIES + PC_COPIES,
    SAFETY_MS = 60 * 1000, /* looks at everything once in this time, should a notice be lost */
    POLL_MS = 2 * 1000,    /* where the system cannot watch a file */
    LOOK_AGAIN_MS = 500,   /* until what may be half written is looked at again */
};

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

/* Watches the copies that are not watched yet; true when one of them cannot be. */
static bool watch_copies(struct watcher *w, uint32_t *watched)
{
    bool poll = false;
    for (unsigned c = 0; w->has_target && c < PC_COPIES; c++) {
        const uint32_t bit = (uint32_t)1 << (WATCH_COPIES + c);
        if (w->target.copies[c].path == NULL || (*watched & bit) != 0) {
            continue;
        }
        if (loop_watch(w->loop, WATCH_COPIES + c, w->target.copies[c].path) == OS_OK) {
            *watched |= bit;
        } else {
            poll = true;
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
    const uint64_t dues[] = {w->policy_due_ms, w->copies_due_ms, witness_due_ms(&w->witness)};
    for (size_t i = 0; i < sizeof dues / sizeof dues[0]; i++) {
        timeout = dues[i] != 0 ? until(dues[i], now, timeout) : timeout;
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
    which &= ((uint32_t)1 << WATCH_NOTIFIER) - ((uint32_t)1 << WATCH_LOGS);
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

/* A changed copy is looked at when it has been left alone for a moment. One that cannot be watched
 * is looked at now and then. */
static void look_at_copies(struct watcher *w, uint32_t changed, bool look_anyway)
{
    const uint32_t copies = ((uint32_t)1 << WATCH_END) - ((uint32_t)1 << WATCH_COPIES);
    if ((changed & copies) != 0) {
        watcher_copies_may_differ(w, false);
    }
    if (look_anyway || (w->copies_due_ms != 0 && loop_now_ms(w->loop) >= w->copies_due_ms)) {
        watcher_look_for_changes(w);
    }
}

static void run_loop(struct watcher *w)
{
    const uint32_t all = UINT32_MAX;
    uint32_t watched = 0;
    if (w->notifier.handle != 0) {
        (void)loop_watch_handle(w->loop, WATCH_NOTIFIER, w->notifier.handle);
    }
    bool poll = !w->once && watch_files(w, &watched);
    bool poll_copies = !w->once && watch_copies(w, &watched);
    if (!w->once) { /* it was read before it was watched */
        run_read_policy_again(w);
    }
    follow_all(w, all);
    uint64_t looked_ms = loop_now_ms(w->loop);
    bool idle = true;
    while (!w->once || w->question != QUESTION_NONE) {
        if (idle) {
            process_give_back();
        }
        struct loop_wake wake = loop_wait(w->loop, next_timeout(w, poll));
        if (wake.reasons & LOOP_STOP || take_requests(w)) {
            break;
        }
        watched &= ~wake.lost;
        if (!w->once) {
            /* A log that wakes the loop all the time must not keep the others from being looked
             * at. */
            idle = wake.reasons == LOOP_TIMEOUT ||
                   loop_now_ms(w->loop) - looked_ms >= (uint64_t)SAFETY_MS;
            looked_ms = idle ? loop_now_ms(w->loop) : looked_ms;
            poll = watch_files(w, &watched);
            poll_copies = watch_copies(w, &watched);
            run_look_at_policy(w, wake.changed >> WATCH_POLICY & 1, idle);
            follow_all(w, idle ? all : wake.changed | due_logs(w));
            look_at_copies(w, wake.changed, idle && poll_copies);
        }
        watcher_follow_connections(w);
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

static bool watches_system(const struct watcher *w)
{
    bool found = false;
    for (size_t i = 0; i < w->log_count; i++) {
        found = found || source_is_system(&w->logs[i].source);
    }
    return found;
}

/* Bursts that were found behind others, just before the program was killed. */
static void tell_untold(struct watcher *w)
{
    struct engine_burst untold[BURST_KINDS];
    memcpy(untold, w->memory.untold, sizeof untold);
    memset(w->memory.untold, 0, sizeof w->memory.untold);
    if (untold[BURST_CONNECT_LIMIT].last != 0) {
        watcher_witness_burst(w, &untold[BURST_CONNECT_LIMIT]);
        struct engine_world world = watcher_world(w);
        watcher_act(w, engine_burst_seen(&w->memory, &world, &untold[BURST_CONNECT_LIMIT]));
        watcher_witness_burst(w, NULL);
    }
    if (untold[BURST_PORTS].last != 0) {
        struct engine_world world = watcher_world(w);
        watcher_read_ports(w, watches_system(w));
        watcher_act(w, engine_ports_seen(&w->memory, &world, &untold[BURST_PORTS]));
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
    run_load_state(w);
    run_say_start(w);
    run_recover(w);
    struct engine_world world = watcher_world(w);
    watcher_act(w, engine_start(&w->memory, &world));
    watcher_tell_changes(w);
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
    witness_close(&w->witness);
    pc_target_free(&w->target);
    policy_free(&w->policy);
    buf_free(&w->ports);
    buf_free(&w->no_census);
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
    process_keep_freed();
    enum policy_load loaded = policy_load(w->os, options->policy_file, &w->policy, &why);
    if (loaded == POLICY_WRONG) {
        command_complain("%s", buf_text(&why));
    } else if (run_make_paths(w, options) && run_open_logs(w, options)) {
        w->console.level = w->policy.log_level;
        result = run_check_logs(w) ? (int)watcher_find_root(w) : PC_FAILED;
        if (result == PC_DONE) {
            result = run_make_state_directory(w) ? (int)begin(w, options->host) : PC_FAILED;
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
    static const struct witness_calls witness = {census_look_at_system, census_is_this_computer};
    struct watcher w = {.os = os_native(),
                        .as = host_name(options->host),
                        .root = options->root,
                        .assume_yes = options->yes,
                        .once = options->once};
    struct buf why = BUF_INIT;
    char *policy_file = NULL;
    int result = PC_FAILED;
    witness_open(&w.witness, &witness);
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
