/* The Windows directory that may be changed, and the logs whose bursts may lead to that. */
#include "commands.h"
#include "needs.h"
#include "paths.h"
#include "watcher.h"

/* Without a name the running system's own, when its live System log is watched. */
static void default_root(struct watcher *w)
{
    for (size_t i = 0; w->root == NULL && i < w->log_count; i++) {
        if (source_is_system(&w->logs[i].source)) {
            w->root_is_default = true;
            w->root = w->running_windows;
        }
    }
}

/* The live System log, and a file that the administrator named together with a directory, are of
 * the computer that the directory belongs to. A channel may hold events of any computer. */
static void choose_logs_of_root(struct watcher *w)
{
    for (size_t i = 0; i < w->log_count; i++) {
        struct followed *log = &w->logs[i];
        log->of_root =
            source_is_system(&log->source) || (log->source.live == NULL && !w->root_is_default);
    }
}

/* Finds the copies, those of the running Windows under the name that it has itself: it starts
 * without the links and drive letters by which it may have been named. */
static enum pc_result find_target(struct watcher *w, struct buf *why)
{
    enum pc_result result = pc_find(&w->pc, w->root, &w->target, why);
    w->root_is_running = result == PC_DONE && pc_is_running_windows(&w->pc, &w->target);
    if (w->root_is_running && w->running_windows != NULL && w->root != w->running_windows) {
        w->root = w->running_windows;
        pc_target_free(&w->target);
        result = pc_find(&w->pc, w->root, &w->target, why);
    }
    w->has_target = result == PC_DONE;
    return result == PC_DONE ? pc_check_redirection(pc_is_redirected(), w->root_is_running, why)
                             : result;
}

enum pc_result watcher_find_root(struct watcher *w)
{
    struct buf why = BUF_INIT;
    enum pc_result result = PC_DONE;
    w->running_windows = paths_running_windows();
    default_root(w);
    if (w->root != NULL) {
        result = find_target(w, &why);
    }
    if (result != PC_DONE) {
        command_complain("%s", buf_text(&why));
    }
    choose_logs_of_root(w);
    buf_free(&why);
    return result;
}

void watcher_say_needs(struct watcher *w)
{
    struct needs_facts facts;
    struct buf text = BUF_INIT;
    needs_gather(&w->target, w->root_is_running, &facts);
    if (needs_warning(&text, &facts)) {
        bool fine = needs_judge(&facts) == NEEDS_NOTHING;
        watcher_tell(w, fine ? LEVEL_INFO : LEVEL_WARNING, "%s", buf_text(&text));
    }
    buf_free(&text);
}
