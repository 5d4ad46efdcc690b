/* From the records of a log to bursts. */
#include "base/utf.h"
#include "loop/clock.h"
#include "match.h"
#include "ports/ports.h"
#include "watcher.h"

#include <inttypes.h>
#include <string.h>

enum { DAMAGE_TOLD_MAX = 8 }; /* places told one by one in a reading */

/* A burst that was found, and one behind it. */
struct hit {
    bool found;
    struct engine_burst burst;
    bool found_next;
    struct engine_burst next;
};

/* One reading of a log. A burst is acted on when the reading has stopped, since only then the place
 * in the log and the counters say the same; so a second burst stops the reading. */
struct reading {
    struct watcher *watcher;
    struct followed *log;
    struct hit hits[BURST_KINDS];
    uint64_t started_again; /* 0: the log shows no restart */
    bool file_protection;   /* Windows File Protection has named the driver */
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

static bool is_quiet(const struct watcher *w, enum burst_kind kind,
                     const struct engine_burst *burst)
{
    const uint64_t now = clock_now();
    return kind == BURST_PORTS ? engine_is_quiet_on_ports(&w->memory, &w->policy, now, burst)
                               : engine_is_quiet(&w->memory, &w->policy, now, burst);
}

static bool count_record(struct reading *r, enum burst_kind kind, const struct event *event)
{
    struct burst found;
    struct hit *hit = &r->hits[kind];
    const char *computer = event->computer != NULL ? event->computer : "";
    enum burst_answer answer =
        burst_add(r->log->source.detectors[kind], computer, event->time, &found);
    if (answer != BURST_BEGUN && answer != BURST_MORE) {
        r->no_memory = answer == BURST_NO_MEMORY;
        return answer == BURST_NO;
    }
    struct engine_burst burst = copy_burst(&found);
    if (hit->found && is_same(&hit->burst, &found)) {
        hit->burst = burst;
    } else if (is_quiet(r->watcher, kind, &burst)) {
        return true;
    } else if (hit->found) {
        hit->next = burst;
        hit->found_next = true;
        return false;
    } else {
        hit->burst = burst;
        hit->found = true;
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
        witness_event(&r->watcher->witness, r->log->source.spec, event, clock_now());
        return count_record(r, BURST_CONNECT_LIMIT, event);
    }
    if (match_ports(event)) {
        return count_record(r, BURST_PORTS, event);
    }
    r->file_protection = r->file_protection || match_file_protection(event);
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
    (void)source_count_anew(&log->source, w->policy.events,
                            w->policy.window_seconds * WINTIME_PER_SECOND);
    log->source.place = (struct log_place){.set = false};
    buf_clear(&log->source.bookmark);
    log->counted_to = 0;
}

static struct source_reading read_once(struct reading *r)
{
    const struct log_sink sink = {r, take_event, take_damage, take_loss};
    for (size_t kind = 0; kind < BURST_KINDS; kind++) {
        struct hit *hit = &r->hits[kind];
        hit->found = hit->found_next;
        hit->burst = hit->next;
        hit->found_next = false;
    }
    r->started_again = 0;
    r->file_protection = false;
    r->old = 0;
    r->new = 0;
    r->damaged = 0;
    r->damage_end = 0;
    buf_clear(&r->damage);
    return source_read(r->watcher->os, &r->log->source, !r->watcher->once, &sink);
}

/* Only the running system tells how it is set; a log of another one says nothing of that. */
void watcher_read_ports(struct watcher *w, bool own)
{
    struct ports_values values;
    bool known = own && ports_read(&values);
    buf_clear(&w->ports);
    ports_words(known ? &values : NULL, &w->ports);
}

/* What was found and is not told yet: kept with each saving of the state, since its records are
 * counted. */
static void keep_untold(struct watcher *w, enum burst_kind kind, const struct hit *hit, bool told)
{
    w->memory.untold[kind] = hit->found && !told ? hit->burst
                             : hit->found_next   ? hit->next
                                                 : (struct engine_burst){.last = 0};
}

static void act_on_burst(struct watcher *w, const struct reading *r)
{
    const struct engine_burst *burst = &r->hits[BURST_CONNECT_LIMIT].burst;
    watcher_look_for_changes(w); /* what somebody has changed is told first */
    watcher_witness_burst(w, burst);
    struct engine_world world = watcher_world(w);
    world.has_root = world.has_root && r->log->of_root;
    watcher_act(w, engine_burst_seen(&w->memory, &world, burst));
    watcher_witness_burst(w, NULL);
}

static void act_on_ports(struct watcher *w, const struct reading *r)
{
    struct engine_world world = watcher_world(w);
    watcher_read_ports(w, source_is_system(&r->log->source));
    watcher_act(w, engine_ports_seen(&w->memory, &world, &r->hits[BURST_PORTS].burst));
}

static void act_on(struct watcher *w, const struct reading *r)
{
    const struct hit *hits = r->hits;
    keep_untold(w, BURST_CONNECT_LIMIT, &hits[BURST_CONNECT_LIMIT], true);
    keep_untold(w, BURST_PORTS, &hits[BURST_PORTS], false);
    if (hits[BURST_CONNECT_LIMIT].found) {
        act_on_burst(w, r);
    }
    keep_untold(w, BURST_PORTS, &hits[BURST_PORTS], true);
    if (hits[BURST_PORTS].found) {
        act_on_ports(w, r);
    }
    if (r->file_protection && r->log->of_root) {
        watcher_copies_may_differ(w, true);
    }
    if (r->started_again != 0 && w->memory.state == ENGINE_REBOOT_PENDING) {
        struct engine_world world = watcher_world(w);
        watcher_act(w, engine_started_again(&w->memory, &world, r->started_again));
    }
}

static bool found_next(const struct reading *r)
{
    bool any = false;
    for (size_t kind = 0; kind < BURST_KINDS; kind++) {
        any = any || r->hits[kind].found_next;
    }
    return any;
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
    while (again && log->source.detectors[0] != NULL) {
        struct log_place before = log->source.place;
        struct source_reading reading = read_once(&r);
        tell_access(w, log, &reading);
        if (r.old > 0 && r.new == 0 && reading.result.end == LOG_END) {
            start_over(w, log);
            memset(r.hits, 0, sizeof r.hits);
            continue;
        }
        if (reading.result.place_lost && reading.result.records == 0) {
            log->source.place.set = false; /* an empty log: its first record will be a new one */
        }
        w->look_again = w->look_again || log->source.place.doubt != before.doubt;
        tell_damage(w, &r);
        if (has_moved(&before, &log->source.place)) {
            w->state_changed = true;
        }
        again = found_next(&r) && reading.result.end == LOG_STOPPED;
        watcher_look_at_connections(w);
        act_on(w, &r);
        if (reading.result.end == LOG_NO_MEMORY || r.no_memory) {
            watcher_tell(w, LEVEL_ERROR, "%s cannot be read on: out of memory.", log->source.title);
        }
    }
    if (log->source.detectors[0] == NULL) {
        watcher_tell(w, LEVEL_ERROR, "%s cannot be counted: out of memory.", log->source.title);
    }
    buf_free(&r.damage);
}
