/* `run`: the resident process. */
#include "audit.h"
#include "base/utf.h"
#include "base/wintime.h"
#include "commands.h"
#include "instance.h"
#include "journal.h"
#include "loop/clock.h"
#include "paths.h"
#include "policy_file.h"
#include "state.h"
#include "text.h"
#include "watcher.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    WATCH_POLICY = 0, /* ids of the loop's watches */
    WATCH_LOGS = 1,
    SAFETY_MS = 60 * 1000, /* looks at everything once in this time, should a notice be lost */
    POLL_MS = 2 * 1000,    /* where the system cannot watch a file */
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
        if (!opened) {
            command_complain("%s", buf_text(&why));
        }
        buf_free(&why);
        if (!opened) {
            return false;
        }
        log->told_access = OS_OK;
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
    for (size_t i = 0; i < w->log_count; i++) {
        struct source_file file;
        struct log_input input;
        enum os_status status = source_file_open(w->os, w->logs[i].source.path, &file, &input);
        source_file_close(&file);
        if (status != OS_OK) {
            command_complain("The log %s cannot be read: %s.", w->logs[i].source.path,
                             os_status_text(status));
            return false;
        }
    }
    return true;
}

static enum pc_result find_root(struct watcher *w)
{
    struct buf why = BUF_INIT;
    enum pc_result result = PC_DONE;
    if (w->root != NULL) {
        result = pc_find(&w->pc, w->root, &w->target, &why);
        w->has_target = result == PC_DONE;
        if (result != PC_DONE) {
            command_complain("%s", buf_text(&why));
        }
    }
    buf_free(&why);
    return result;
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
    w->audit_file =
        w->policy.log_file[0] != '\0' ? text_copy(w->policy.log_file) : audit_default_file(w->data);
    return w->audit_file != NULL;
}

static bool make_state_directory(struct watcher *w)
{
    w->directory = w->has_target ? journal_directory(&w->pc, &w->target)
                                 : text_printf("%s/roots/none", w->data);
    return w->directory != NULL;
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
        w->logs[i].source.place = sources[i].place;
    }
}

static void recover(struct watcher *w)
{
    struct buf why = BUF_INIT;
    if (w->has_target && pc_interrupted(&w->pc, &w->target)) {
        if (pc_recover(&w->pc, &w->target, &why) != PC_DONE) {
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
    }
    buf_free(&logs);
}

/* ---- the policy while it runs ---- */

static void tell_lines(struct watcher *w, enum policy_level level, const char *lines)
{
    while (*lines != '\0') {
        size_t length = strcspn(lines, "\n");
        if (length > 0) {
            watcher_tell(w, level, "%.*s", (int)length, lines);
        }
        lines += length + (lines[length] == '\n');
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
        watcher_tell(w, LEVEL_ERROR, "The changed policy is not taken; the one in force stays.");
        tell_lines(w, LEVEL_ERROR, buf_text(&text));
        policy_free(&next);
    } else if (policy_differences(&w->policy, &next, &text) > 0) {
        tell_lines(w, LEVEL_INFO, buf_text(&text));
        policy_free(&w->policy);
        w->policy = next;
        w->console.level = next.log_level;
        for (size_t i = 0; i < w->log_count; i++) {
            burst_configure(w->logs[i].source.detector, next.events,
                            next.window_seconds * WINTIME_PER_SECOND);
        }
    } else {
        policy_free(&next);
    }
    buf_free(&text);
}

/* ---- running ---- */

/* Watches what is not watched yet; true when some file has to be looked at now and then. */
static bool watch_files(struct watcher *w, uint32_t *watched)
{
    bool poll = false;
    for (size_t i = 0; i <= w->log_count; i++) {
        const char *path = i == 0 ? w->policy_file : w->logs[i - 1].source.path;
        if (path != NULL && (*watched >> i & 1) == 0) {
            if (loop_watch(w->loop, (unsigned)i, path) == OS_OK) {
                *watched |= (uint32_t)1 << i;
            } else {
                poll = true;
            }
        }
    }
    return poll;
}

static int64_t next_timeout(struct watcher *w, bool poll)
{
    int64_t timeout = poll ? POLL_MS : SAFETY_MS;
    uint64_t tick = engine_next_tick(&w->memory);
    uint64_t now = clock_now();
    if (tick != 0) {
        uint64_t ms = tick > now ? (tick - now) / (WINTIME_PER_SECOND / 1000) + 1 : 0;
        timeout = ms < (uint64_t)timeout ? (int64_t)ms : timeout;
    }
    if (w->state_changed) {
        uint64_t due = w->state_saved_ms + STATE_INTERVAL_MS;
        uint64_t ms = loop_now_ms(w->loop);
        int64_t left = due > ms ? (int64_t)(due - ms) : 0;
        timeout = left < timeout ? left : timeout;
    }
    return timeout;
}

static void take_line(struct watcher *w)
{
    struct buf line = BUF_INIT;
    switch (loop_read_line(w->loop, &line)) {
    case LOOP_LINE:
        watcher_answer(w, buf_text(&line));
        break;
    case LOOP_LINE_NOT_YET:
        break;
    case LOOP_LINE_END:
        w->question = QUESTION_NONE;
        watcher_tell(w, LEVEL_WARNING,
                     "The input was closed before the answer. The question stands, and is asked "
                     "again at the next start; nothing is changed without a yes.");
        break;
    }
    buf_free(&line);
}

static void follow_all(struct watcher *w, uint32_t which)
{
    for (size_t i = 0; i < w->log_count; i++) {
        if (which >> (WATCH_LOGS + i) & 1) {
            watcher_follow(w, &w->logs[i]);
        }
    }
}

static void run_loop(struct watcher *w)
{
    const uint32_t all = UINT32_MAX;
    uint32_t watched = 0;
    bool poll = !w->once && watch_files(w, &watched);
    follow_all(w, all);
    while (!w->once || w->question != QUESTION_NONE) {
        struct loop_wake wake = loop_wait(w->loop, next_timeout(w, poll));
        if (wake.reasons & LOOP_STOP) {
            break;
        }
        watched &= ~wake.lost;
        uint32_t look = wake.changed;
        if (!w->once) {
            poll = watch_files(w, &watched);
            look = wake.reasons == LOOP_TIMEOUT ? all : look;
        }
        if (look >> WATCH_POLICY & 1) {
            reload_policy(w);
        }
        if (!w->once) {
            follow_all(w, look);
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

static int run_prepared(struct watcher *w)
{
    load_state(w);
    say_start(w);
    recover(w);
    struct engine_world world = watcher_world(w);
    watcher_act(w, engine_start(&w->memory, &world));
    run_loop(w);
    bool saved = !w->state_changed || watcher_save(w);
    watcher_tell(w, LEVEL_INFO, "Stopped.%s", what_is_left(w));
    return w->once ? (int)w->result : saved ? PC_DONE : PC_FAILED;
}

static bool begin(struct watcher *w)
{
    struct buf who = BUF_INIT;
    enum os_status status = instance_begin(w->os, w->data, w->root, &w->instance, &who);
    if (status == OS_BUSY) {
        command_complain("%s", buf_text(&who));
    } else if (status != OS_OK) {
        command_complain("The data directory %s cannot be used: %s. Name another one with --data.",
                         w->data, os_status_text(status));
    }
    buf_free(&who);
    if (status == OS_OK) {
        status = loop_open(&w->loop);
        if (status != OS_OK) {
            command_complain("The system gives no way to wait for changes: %s.",
                             os_status_text(status));
        }
    }
    return status == OS_OK;
}

static void end(struct watcher *w)
{
    loop_close(w->loop);
    if (w->instance != NULL) {
        instance_end(w->os, w->data, w->instance);
    }
    for (size_t i = 0; i < w->log_count; i++) {
        source_close(&w->logs[i].source);
    }
    pc_target_free(&w->target);
    policy_free(&w->policy);
    buf_free(&w->why);
    free(w->data);
    free(w->directory);
    free(w->audit_file);
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
        result = check_logs(w) ? (int)find_root(w) : PC_FAILED;
        if (result == PC_DONE) {
            result = PC_FAILED;
            if (make_state_directory(w) && begin(w)) {
                result = run_prepared(w);
            }
        }
    }
    buf_free(&why);
    return result;
}

int command_run(const struct command_options *options)
{
    struct watcher w = {.os = os_native(), .assume_yes = options->yes, .once = options->once};
    if (options->spec_count == 0) {
        command_complain("Which log? Name it with --source file:PATH, an .evt, .evtx or event XML "
                         "file.");
        return PC_USAGE;
    }
    if (!policy_defaults(&w.policy)) {
        command_complain("Out of memory.");
        return PC_FAILED;
    }
    char *policy_file = policy_file_path(options->policy_file);
    struct os_stat stat;
    bool has_file = policy_file != NULL && w.os->stat(w.os, policy_file, &stat) == OS_OK;
    w.policy_file = has_file ? policy_file : NULL;
    w.root = options->root;
    w.notifier = console_notifier(&w.console);
    if (!boot_identity(w.boot)) {
        w.boot[0] = '\0';
    }
    int result = prepare_and_run(&w, options);
    end(&w);
    free(policy_file);
    return result;
}
