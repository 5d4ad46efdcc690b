/* The policy while `run` runs. */
#include "base/wintime.h"
#include "policy_file.h"
#include "run_parts.h"

#include <string.h>

enum { POLICY_QUIET_MS = 300 };

void run_count_by_policy(struct watcher *w)
{
    for (size_t i = 0; i < w->log_count; i++) {
        w->logs[i].source.look_back = w->policy.window_seconds * WINTIME_PER_SECOND;
        source_count_by(&w->logs[i].source, w->policy.events,
                        w->policy.window_seconds * WINTIME_PER_SECOND);
    }
}

static void take_policy(struct watcher *w, const struct policy *next)
{
    bool other_place = strcmp(w->policy.data, next->data) != 0;
    policy_free(&w->policy);
    w->policy = *next;
    w->console.level = next->log_level;
    run_count_by_policy(w);
    (void)run_choose_audit_file(w);
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
void run_look_at_policy(struct watcher *w, bool changed, bool idle)
{
    uint64_t now = loop_now_ms(w->loop);
    if (changed) {
        w->policy_due_ms = now + POLICY_QUIET_MS;
    } else if (idle && w->policy_due_ms == 0) {
        w->policy_due_ms = now;
    }
    if (w->policy_due_ms != 0 && now >= w->policy_due_ms) {
        w->policy_due_ms = 0;
        reload_policy(w);
    }
}

void run_read_policy_again(struct watcher *w)
{
    w->policy_due_ms = loop_now_ms(w->loop) + POLICY_QUIET_MS;
}
