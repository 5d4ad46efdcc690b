/* From the records of a log to bursts. */
#include "base/utf.h"
#include "match.h"
#include "watcher.h"

#include <inttypes.h>
#include <string.h>

enum { DAMAGE_TOLD_MAX = 8 }; /* places told one by one in a reading */

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
    struct buf damage; /* sentences on the damaged places that were not told yet, a line each */
    size_t damaged;    /* how many there are */
    uint64_t damage_end;
    uint64_t old, new; /* records after a lost place: counted before, and not */
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
    if (answer != BURST_BEGUN && answer != BURST_MORE) {
        r->no_memory = answer == BURST_NO_MEMORY;
        return answer == BURST_NO;
    }
    struct engine_burst burst = copy_burst(&hit);
    if (r->found && is_same(&r->burst, &hit)) {
        r->burst = burst;
    } else if (engine_is_quiet(&r->watcher->memory, &r->watcher->policy, &burst)) {
        return true;
    } else if (r->found) {
        r->next = burst;
        r->found_next = true;
        return false;
    } else {
        r->burst = burst;
        r->found = true;
    }
    return true;
}

/* After a lost place: true for a record that is no newer than the last one that was counted. The
 * first newer one ends this, since times may step backwards behind it. */
static bool was_counted(struct reading *r, const struct event *event)
{
    if (r->log->counted_to == 0) {
        return false;
    }
    if (event->time <= r->log->counted_to) {
        r->old++;
        return true;
    }
    r->log->counted_to = 0;
    r->new ++;
    return false;
}

static bool take_event(void *context, const struct event *event)
{
    struct reading *r = context;
    if (was_counted(r, event)) {
        return true;
    }
    if (match_connect_limit(event)) {
        r->watcher->events++;
        r->watcher->last_event = event->time;
        return count_record(r, event);
    }
    const char *expected = r->watcher->memory.computer;
    if (match_started_again(event) &&
        (expected[0] == '\0' ||
         (event->computer != NULL && same_text_nocase(event->computer, expected))) &&
        event->time > r->started_again) {
        r->started_again = event->time;
    }
    return true;
}

/* It is told when the reading has stopped: one that lost its place is made anew. */
static void take_damage(void *context, uint64_t offset, const char *what)
{
    struct reading *r = context;
    const struct source *source = &r->log->source;
    if (source->live == NULL && offset < r->log->told_damage) {
        return;
    }
    if (++r->damaged <= DAMAGE_TOLD_MAX) {
        buf_printf(&r->damage,
                   "%s is damaged %s %" PRIu64 ": %s. The records there are lost, those behind "
                   "them are read.\n",
                   source->title, source->live == NULL ? "at offset" : "behind the record", offset,
                   what);
    }
    if (source->live == NULL && offset >= r->damage_end) {
        r->damage_end = offset + 1;
    }
}

static void tell_damage(struct watcher *w, struct reading *r)
{
    watcher_tell_lines(w, LEVEL_WARNING, buf_text(&r->damage));
    if (r->damaged > DAMAGE_TOLD_MAX) {
        watcher_tell(w, LEVEL_WARNING, "%s is damaged in %zu more places.", r->log->source.title,
                     r->damaged - DAMAGE_TOLD_MAX);
    }
    if (r->damaged > 0) {
        r->log->told_damage = r->damage_end;
    }
}

/* What can go wrong with the log, told when it begins and when it ends. */
static void tell_access(struct watcher *w, struct followed *log,
                        const struct source_reading *reading)
{
    const char *path = log->source.title;
    bool told = log->told_access != OS_OK;
    /* Of a live log the reason may change from try to try: it stays one trouble. */
    if (reading->access != log->told_access && !(told && reading->trouble != NULL)) {
        log->told_access = reading->access;
        if (reading->access != OS_OK) {
            watcher_tell(w, LEVEL_ERROR, "%s cannot be read: %s. It is tried again.", path,
                         reading->trouble != NULL ? reading->trouble
                                                  : os_status_text(reading->access));
        } else {
            watcher_tell(w, LEVEL_INFO, "%s can be read again.", path);
        }
    }
    bool wrong = reading->access == OS_OK && reading->size > 0 &&
                 (reading->kind == LOG_UNKNOWN || reading->result.end == LOG_WRONG_KIND);
    w->log_trouble = w->log_trouble || wrong || reading->access != OS_OK;
    if (wrong && !log->told_kind) {
        watcher_tell(w, LEVEL_ERROR,
                     "%s is no event log: expected is an .evt file of Windows XP, an .evtx file, "
                     "or exported event XML.",
                     path);
    }
    log->told_kind = wrong;
}

/* The log was cleared, wrapped past the place, or is another file. What was counted stays counted:
 * two events before the log was cleared and one after it are three. */
static void take_loss(void *context)
{
    struct reading *r = context;
    watcher_tell(r->watcher, LEVEL_WARNING,
                 "The last record read of %s is not in it any more: it was cleared, replaced, or "
                 "overwritten. Reading it from its oldest record; what was lost in between cannot "
                 "be counted.",
                 r->log->source.path);
    r->log->counted_to = r->log->source.place.time;
    r->log->told_damage = 0;
}

/* A log without a single newer record is an older one, or the clock was set back: it is counted by
 * itself, and what was told of it already keeps quiet by its times. */
static void start_over(struct watcher *w, struct followed *log)
{
    burst_close(log->source.detector);
    log->source.detector =
        burst_open(w->policy.events, w->policy.window_seconds * WINTIME_PER_SECOND);
    log->source.place = (struct log_place){.set = false};
    buf_clear(&log->source.bookmark);
    log->counted_to = 0;
}

static struct source_reading read_once(struct reading *r)
{
    const struct log_sink sink = {r, take_event, take_damage, take_loss};
    r->found = r->found_next;
    r->burst = r->next;
    r->found_next = false;
    r->started_again = 0;
    r->old = 0;
    r->new = 0;
    r->damaged = 0;
    r->damage_end = 0;
    buf_clear(&r->damage);
    return source_read(r->watcher->os, &r->log->source, !r->watcher->once, &sink);
}

static void act_on(struct watcher *w, const struct reading *r)
{
    if (r->found) {
        watcher_look(w);
        struct engine_world world = watcher_world(w);
        world.has_root = world.has_root && r->log->of_root;
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
        struct source_reading reading = read_once(&r);
        tell_access(w, log, &reading);
        if (r.old > 0 && r.new == 0 && reading.result.end == LOG_END) {
            start_over(w, log);
            r.found_next = false;
            continue;
        }
        if (reading.result.place_lost && reading.result.records == 0) {
            log->source.place.set = false; /* an empty log: its first record will be a new one */
        }
        w->look_again = w->look_again || log->source.place.doubt != before.doubt;
        tell_damage(w, &r);
        again = reading.result.end == LOG_STOPPED && r.found_next;
        if (has_moved(&before, &log->source.place)) {
            w->state_changed = true;
        }
        w->memory.untold = r.found_next ? r.next : (struct engine_burst){.last = 0};
        act_on(w, &r);
        if (reading.result.end == LOG_NO_MEMORY || r.no_memory) {
            watcher_tell(w, LEVEL_ERROR, "%s cannot be read on: out of memory.", log->source.title);
        }
    }
    if (log->source.detector == NULL) {
        watcher_tell(w, LEVEL_ERROR, "%s cannot be counted: out of memory.", log->source.title);
    }
    buf_free(&r.damage);
}
