/* From the records of a log to bursts. */
#include "base/utf.h"
#include "match.h"
#include "watcher.h"

#include <inttypes.h>
#include <string.h>

/* One reading of a log. A burst is acted on when the reading has stopped, since only then the place
 * in the log and the counters say the same; so a second burst stops the reading. */
struct reading {
    struct watcher *watcher;
    struct followed *log;
    bool found;
    struct engine_burst burst;
    bool found_next;
    struct engine_burst next;
    uint64_t started_again; /* 0: the log shows no restart */
    bool no_memory;
};

static struct engine_burst copy_burst(const struct burst *hit)
{
    struct engine_burst burst = {.first = hit->first, .last = hit->last, .events = hit->events};
    size_t length = strlen(hit->computer);
    if (length >= sizeof burst.computer) {
        length = sizeof burst.computer - 1;
    }
    memcpy(burst.computer, hit->computer, length);
    return burst;
}

static bool is_same(const struct engine_burst *known, const struct burst *hit)
{
    return same_text_nocase(known->computer, hit->computer) && hit->first <= known->last &&
           hit->last >= known->first;
}

static bool count_record(struct reading *r, const struct event *event)
{
    struct burst hit;
    const char *computer = event->computer != NULL ? event->computer : "";
    enum burst_answer answer = burst_add(r->log->source.detector, computer, event->time, &hit);
    switch (answer) {
    case BURST_NO:
        return true;
    case BURST_NO_MEMORY:
        r->no_memory = true;
        return false;
    case BURST_BEGUN:
    case BURST_MORE:
        break;
    }
    if (r->found && is_same(&r->burst, &hit)) {
        r->burst = copy_burst(&hit);
        return true;
    }
    if (answer == BURST_MORE && r->watcher->memory.burst.last != 0 &&
        is_same(&r->watcher->memory.burst, &hit)) {
        return true; /* the one that was told already goes on */
    }
    if (r->found) {
        r->next = copy_burst(&hit);
        r->found_next = true;
        return false;
    }
    r->burst = copy_burst(&hit);
    r->found = true;
    return true;
}

static bool take_event(void *context, const struct event *event)
{
    struct reading *r = context;
    if (match_connect_limit(event)) {
        return count_record(r, event);
    }
    const char *expected = r->watcher->memory.computer;
    if (match_started_again(event) &&
        (expected[0] == '\0' ||
         (event->computer != NULL && same_text_nocase(event->computer, expected)))) {
        r->started_again = event->time;
    }
    return true;
}

static void take_damage(void *context, uint64_t offset, const char *what)
{
    struct reading *r = context;
    if (offset >= r->log->told_damage) {
        r->log->told_damage = offset + 1;
        watcher_tell(r->watcher, LEVEL_WARNING,
                     "%s is damaged at offset %" PRIu64 ": %s. The records there are lost, those "
                     "behind them are read.",
                     r->log->source.path, offset, what);
    }
}

/* What can go wrong with the file, told when it begins and when it ends. */
static void tell_access(struct watcher *w, struct followed *log,
                        const struct source_reading *reading)
{
    const char *path = log->source.path;
    if (reading->access != log->told_access) {
        log->told_access = reading->access;
        if (reading->access != OS_OK) {
            watcher_tell(w, LEVEL_ERROR, "%s cannot be read: %s. It is tried again.", path,
                         os_status_text(reading->access));
        } else {
            watcher_tell(w, LEVEL_INFO, "%s can be read again.", path);
        }
    }
    bool wrong = reading->access == OS_OK && reading->size > 0 &&
                 (reading->kind == LOG_UNKNOWN || reading->result.end == LOG_WRONG_KIND);
    if (wrong && !log->told_kind) {
        watcher_tell(w, LEVEL_ERROR,
                     "%s is no event log: expected is an .evt file of Windows XP, an .evtx file, "
                     "or exported event XML.",
                     path);
    }
    log->told_kind = wrong;
}

/* The log was cleared, wrapped past the place, or is another file: count from its oldest record. */
static void start_over(struct watcher *w, struct followed *log)
{
    watcher_tell(w, LEVEL_WARNING,
                 "The last record read of %s is not in it any more: it was cleared, replaced, or "
                 "overwritten. Reading it from its oldest record; what was lost in between cannot "
                 "be counted.",
                 log->source.path);
    burst_close(log->source.detector);
    log->source.detector =
        burst_open(w->policy.events, w->policy.window_seconds * WINTIME_PER_SECOND);
    log->source.place = (struct log_place){.set = false};
    log->told_damage = 0;
}

static struct source_reading read_once(struct reading *r)
{
    const struct log_sink sink = {r, take_event, take_damage};
    r->found = r->found_next;
    r->burst = r->next;
    r->found_next = false;
    return source_read(r->watcher->os, &r->log->source, !r->watcher->once, &sink);
}

static void act_on(struct watcher *w, const struct reading *r)
{
    if (r->found) {
        watcher_look(w);
        struct engine_world world = watcher_world(w);
        watcher_act(w, engine_burst_seen(&w->memory, &world, &r->burst));
    }
    if (r->started_again != 0 && w->memory.state == ENGINE_REBOOT_PENDING) {
        struct engine_world world = watcher_world(w);
        watcher_act(w, engine_started_again(&w->memory, &world, r->started_again));
    }
}

static bool has_moved(const struct log_place *before, const struct log_place *after)
{
    return after->set != before->set || after->record != before->record ||
           after->time != before->time || after->offset != before->offset;
}

void watcher_follow(struct watcher *w, struct followed *log)
{
    struct reading r = {.watcher = w, .log = log};
    bool again = true;
    while (again && log->source.detector != NULL) {
        struct log_place before = log->source.place;
        r.started_again = 0;
        struct source_reading reading = read_once(&r);
        tell_access(w, log, &reading);
        log->read_before = true;
        if (reading.result.place_lost) {
            start_over(w, log);
            r = (struct reading){.watcher = w, .log = log};
            continue;
        }
        again = reading.result.end == LOG_STOPPED && r.found_next;
        if (has_moved(&before, &log->source.place)) {
            w->state_changed = true;
        }
        act_on(w, &r);
        if (reading.result.end == LOG_NO_MEMORY || r.no_memory) {
            watcher_tell(w, LEVEL_ERROR, "%s cannot be read on: out of memory.", log->source.path);
        }
    }
    if (log->source.detector == NULL) {
        watcher_tell(w, LEVEL_ERROR, "%s cannot be counted: out of memory.", log->source.path);
    }
}
