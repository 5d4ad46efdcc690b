/* How `run` starts. */
#include "audit.h"
#include "base/utf.h"
#include "base/wintime.h"
#include "journal.h"
#include "run_parts.h"
#include "state.h"
#include "text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void say_step(void *context, const char *sentence)
{
    watcher_tell(context, LEVEL_INFO, "%s", sentence);
}

bool run_open_logs(struct watcher *w, const struct command_options *options)
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
        if (!source_count_anew(&log->source, w->policy.events,
                               w->policy.window_seconds * WINTIME_PER_SECOND)) {
            command_complain("Out of memory.");
            return false;
        }
    }
    return true;
}

bool run_check_logs(struct watcher *w)
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

bool run_choose_audit_file(struct watcher *w)
{
    char *file =
        w->policy.log_file[0] != '\0' ? text_copy(w->policy.log_file) : audit_default_file(w->data);
    if (file != NULL) {
        free(w->audit_file);
        w->audit_file = file;
    }
    return file != NULL;
}

bool run_make_paths(struct watcher *w, const struct command_options *options)
{
    w->data = command_data_directory(options->data, w->policy.data);
    if (w->data == NULL) {
        command_complain("There is no place for the state and the audit log: name a directory with "
                         "--data.");
        return false;
    }
    w->pc = (struct pc_context){w->os, w->data, say_step, w};
    return run_choose_audit_file(w);
}

bool run_make_state_directory(struct watcher *w)
{
    w->directory = w->has_target ? journal_directory(&w->pc, &w->target)
                                 : text_printf("%s/roots/none", w->data);
    return w->directory != NULL;
}

void run_load_state(struct watcher *w)
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
    run_count_by_policy(w);
}

void run_recover(struct watcher *w)
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

void run_say_start(struct watcher *w)
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
