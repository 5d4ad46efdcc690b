/* The live records of one computer, as few of them as every possible answer needs.
 *
 * Of a burst, only its first and last (events - 1) records matter to what comes: a window that
 * reaches into it from outside and holds more of them holds enough already. The records between
 * are dropped, and only their number stays. What is older than any window can reach from a record
 * that comes as late as BURST_DISORDER allows is dropped as well. */
#include "burst_parts.h"

#include <stdlib.h>
#include <string.h>

enum {
    TIDY_FIRST = 64,                     /* entries at which to tidy for the first time */
    CROWDED = BURST_ENTRIES_MAX / 4 * 3, /* so many left after tidying: the oldest half goes */
    ROOMY = BURST_ENTRIES_MAX / 2,
};

void burst_series_free(struct burst_series *series)
{
    free(series->entries);
    free(series->bursts);
    *series = (struct burst_series){0};
}

/* ---- looking things up ---- */

static uint64_t later(uint64_t time, uint64_t by)
{
    return time > UINT64_MAX - by ? UINT64_MAX : time + by;
}

static uint64_t earlier(uint64_t time, uint64_t by)
{
    return time < by ? 0 : time - by;
}

/* The first entry at `time` or after it. */
static size_t entry_from(const struct burst_series *series, uint64_t time)
{
    size_t low = 0;
    size_t high = series->count;
    if (high > 0 && series->entries[high - 1].time < time) {
        return high; /* the usual case: records come in order */
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (series->entries[middle].time < time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The first burst that ends at `time` or after it. */
static size_t burst_from(const struct burst_series *series, uint64_t time)
{
    size_t low = 0;
    size_t high = series->burst_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (series->bursts[middle].last < time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static uint64_t upto_before(const struct burst_series *series, size_t entry)
{
    return entry > 0 ? series->entries[entry - 1].upto : 0;
}

uint64_t burst_series_records(const struct burst_series *series, size_t entry)
{
    return series->entries[entry].upto - upto_before(series, entry);
}

/* Records kept from `first` to `last`, both included. */
static uint64_t records_between(const struct burst_series *series, uint64_t first, uint64_t last)
{
    size_t from = entry_from(series, first);
    size_t end = last == UINT64_MAX ? series->count : entry_from(series, last + 1);
    return upto_before(series, end) - upto_before(series, from);
}

/* ---- forgetting ---- */

/* The farthest that a window can reach from a record that is late. */
static uint64_t reach(const struct burst_rules *rules)
{
    return later(rules->window, BURST_DISORDER);
}

static bool near(uint64_t reference, uint64_t first, uint64_t last, uint64_t distance)
{
    return first <= later(reference, distance) && last >= earlier(reference, distance);
}

/* `outlier` is the same as `newest` while there is none. One record far from all others, from a
 * clock that stood wrong for a moment, must not make the detector forget the others: only a second
 * record there does. */
static void follow_clock(struct burst_series *series, const struct burst_rules *rules,
                         uint64_t time)
{
    if (!series->any) {
        series->any = true;
        series->newest = time;
        series->outlier = time;
    } else if (near(series->newest, time, time, reach(rules))) {
        bool alone = series->outlier == series->newest;
        series->newest = time > series->newest ? time : series->newest;
        series->outlier = alone ? series->newest : series->outlier;
    } else if (near(series->outlier, time, time, reach(rules))) {
        series->newest = time > series->outlier ? time : series->outlier;
        series->outlier = series->newest;
    } else {
        series->outlier = time;
    }
}

static bool remembered(const struct burst_series *series, const struct burst_rules *rules,
                       uint64_t first, uint64_t last)
{
    return near(series->newest, first, last, reach(rules)) ||
           near(series->outlier, first, last, reach(rules));
}

static void forget_old_bursts(struct burst_series *series, const struct burst_rules *rules)
{
    size_t kept = 0;
    for (size_t i = 0; i < series->burst_count; i++) {
        if (remembered(series, rules, series->bursts[i].first, series->bursts[i].last)) {
            series->bursts[kept++] = series->bursts[i];
        }
    }
    series->burst_count = kept;
}

/* Drops the oldest entries, and the bursts that end before the rest. */
static void make_room(struct burst_series *series, size_t drop, uint64_t *lost)
{
    uint64_t dropped = upto_before(series, drop);
    for (size_t i = 0; i < drop; i++) {
        uint64_t time = series->entries[i].time;
        size_t burst = burst_from(series, time);
        bool counted = burst < series->burst_count && series->bursts[burst].first <= time;
        *lost += counted ? 0 : burst_series_records(series, i);
    }
    series->count -= drop;
    memmove(series->entries, series->entries + drop, series->count * sizeof *series->entries);
    for (size_t i = 0; i < series->count; i++) {
        series->entries[i].upto -= dropped;
    }
    size_t gone = series->count > 0 ? burst_from(series, series->entries[0].time) : 0;
    series->burst_count -= gone;
    memmove(series->bursts, series->bursts + gone, series->burst_count * sizeof *series->bursts);
}

/* The number of records kept up to the end of a burst that `entry` is in. */
static uint64_t upto_end(const struct burst_series *series, size_t entry, uint64_t last)
{
    while (entry + 1 < series->count && series->entries[entry + 1].time <= last) {
        entry++;
    }
    return series->entries[entry].upto;
}

/* Drops the entries that are too old, and those that are neither among the first nor among the
 * last (events - 1) records of their burst. */
static void drop_needless(struct burst_series *series, const struct burst_rules *rules)
{
    size_t kept = 0;
    size_t burst = 0;
    uint64_t upto = 0;  /* of the entries kept */
    uint64_t was = 0;   /* before the entry, as it was */
    uint64_t start = 0; /* before the burst, as it was, and up to its end */
    uint64_t end = 0;
    bool inside = false;
    for (size_t i = 0; i < series->count; i++) {
        const struct burst_entry entry = series->entries[i];
        while (burst < series->burst_count && series->bursts[burst].last < entry.time) {
            burst++;
            inside = false;
        }
        if (!inside && burst < series->burst_count && series->bursts[burst].first <= entry.time) {
            inside = true;
            start = was;
            end = upto_end(series, i, series->bursts[burst].last);
        }
        bool needed =
            !inside || was - start < rules->events - 1 || end - entry.upto < rules->events - 1;
        if (needed && remembered(series, rules, entry.time, entry.time)) {
            upto += entry.upto - was;
            series->entries[kept++] = (struct burst_entry){entry.time, upto};
        }
        was = entry.upto;
    }
    series->count = kept;
}

void burst_series_tidy(struct burst_series *series, const struct burst_rules *rules, uint64_t *lost)
{
    forget_old_bursts(series, rules);
    drop_needless(series, rules);
    if (series->count > CROWDED) {
        make_room(series, series->count - ROOMY, lost);
    }
    series->tidy_at = series->count * 2 < TIDY_FIRST ? TIDY_FIRST : series->count * 2;
    if (series->tidy_at > BURST_ENTRIES_MAX) {
        series->tidy_at = BURST_ENTRIES_MAX;
    }
}

/* ---- adding ---- */

/* Room for one more of either, so that nothing can fail once something has been changed. */
static bool reserve(struct burst_series *series)
{
    if (series->count == series->room) {
        size_t room = series->room == 0 ? 8 : series->room * 2;
        struct burst_entry *entries = realloc(series->entries, room * sizeof *entries);
        if (entries == NULL) {
            return false;
        }
        series->entries = entries;
        series->room = room;
    }
    if (series->burst_count == series->burst_room) {
        size_t room = series->burst_room == 0 ? 4 : series->burst_room * 2;
        struct burst_span *bursts = realloc(series->bursts, room * sizeof *bursts);
        if (bursts == NULL) {
            return false;
        }
        series->bursts = bursts;
        series->burst_room = room;
    }
    return true;
}

static void insert(struct burst_series *series, uint64_t time, uint64_t records)
{
    size_t at = entry_from(series, time);
    if (at == series->count || series->entries[at].time != time) {
        memmove(series->entries + at + 1, series->entries + at,
                (series->count - at) * sizeof *series->entries);
        series->count++;
        series->entries[at] = (struct burst_entry){time, upto_before(series, at)};
    }
    for (size_t i = at; i < series->count; i++) {
        series->entries[i].upto += records;
    }
}

/* The union of all windows with enough records that the record at `time` is in. */
static bool find_windows(const struct burst_series *series, const struct burst_rules *rules,
                         uint64_t time, uint64_t *first, uint64_t *last)
{
    const struct burst_entry *entries = series->entries;
    size_t from = entry_from(series, earlier(time, rules->window));
    bool found = false;
    for (size_t to = entry_from(series, time);
         to < series->count && entries[to].time - time <= rules->window; to++) {
        while (entries[to].time - entries[from].time > rules->window) {
            from++;
        }
        if (entries[to].upto - upto_before(series, from) >= rules->events) {
            *first = found ? *first : entries[from].time;
            *last = entries[to].time;
            found = true;
        }
    }
    return found;
}

/* Makes one burst of the records from `first` to `last` and of all bursts that they touch. `added`
 * is the time of a record that no burst has counted yet, or NULL. Gives the number of bursts that
 * went into it. */
static size_t join(struct burst_series *series, uint64_t first, uint64_t last,
                   const uint64_t *added, struct burst_span *joined)
{
    size_t from = burst_from(series, first);
    size_t end = from;
    *joined = (struct burst_span){first, last, records_between(series, first, last)};
    while (end < series->burst_count && series->bursts[end].first <= last) {
        const struct burst_span *part = &series->bursts[end];
        uint64_t counted = records_between(series, part->first > first ? part->first : first,
                                           part->last < last ? part->last : last);
        if (added != NULL && *added >= part->first && *added <= part->last) {
            counted--;
        }
        joined->events += part->events > counted ? part->events - counted : 0;
        joined->first = part->first < joined->first ? part->first : joined->first;
        joined->last = part->last > joined->last ? part->last : joined->last;
        end++;
    }
    size_t parts = end - from;
    memmove(series->bursts + from + 1, series->bursts + end,
            (series->burst_count - end) * sizeof *series->bursts);
    series->burst_count += 1;
    series->burst_count -= parts;
    series->bursts[from] = *joined;
    return parts;
}

/* Whether a record in a burst changes nothing but its number: no window that reaches out of the
 * burst needs it. */
static bool is_inner(const struct burst_series *series, const struct burst_rules *rules,
                     const struct burst_span *burst, uint64_t time)
{
    return records_between(series, burst->first, time) >= rules->events - 1 &&
           records_between(series, time, burst->last) >= rules->events - 1;
}

enum burst_answer burst_series_add(struct burst_series *series, const struct burst_rules *rules,
                                   uint64_t time, struct burst_span *hit, uint64_t *lost)
{
    follow_clock(series, rules, time);
    if (series->count >= series->tidy_at && series->tidy_at > 0) {
        burst_series_tidy(series, rules, lost);
    }
    if (!reserve(series)) {
        return BURST_NO_MEMORY;
    }
    if (series->tidy_at == 0) {
        series->tidy_at = TIDY_FIRST;
    }
    size_t at = burst_from(series, time);
    bool inside = at < series->burst_count && series->bursts[at].first <= time;
    if (!inside || !is_inner(series, rules, &series->bursts[at], time)) {
        uint64_t first = time;
        uint64_t last = time;
        insert(series, time, 1);
        if (find_windows(series, rules, time, &first, &last)) {
            return join(series, first, last, &time, hit) > 0 ? BURST_MORE : BURST_BEGUN;
        }
        if (!inside) {
            return BURST_NO;
        }
    }
    series->bursts[at].events++;
    *hit = series->bursts[at];
    return BURST_MORE;
}

/* ---- other rules, and a restart ---- */

/* Whether a burst is one by the new rules as well, as far as its numbers alone tell. */
static bool stays_burst(const struct burst_span *burst, const struct burst_rules *before,
                        const struct burst_rules *after)
{
    bool laxer = after->events <= before->events && after->window >= before->window;
    bool dense = burst->events >= after->events && burst->last - burst->first <= after->window;
    return laxer || dense;
}

void burst_series_configure(struct burst_series *series, const struct burst_rules *before,
                            const struct burst_rules *after)
{
    size_t kept = 0;
    for (size_t i = 0; i < series->burst_count; i++) {
        if (stays_burst(&series->bursts[i], before, after)) {
            series->bursts[kept++] = series->bursts[i];
        }
    }
    series->burst_count = kept;
    for (size_t i = 0; i < series->count; i++) {
        struct burst_span joined;
        uint64_t first;
        uint64_t last;
        if (!reserve(series)) {
            return;
        }
        if (find_windows(series, after, series->entries[i].time, &first, &last)) {
            join(series, first, last, NULL, &joined);
        }
    }
}

static void load_burst(struct burst_series *series, const struct burst_item *item)
{
    size_t at = burst_from(series, item->first);
    bool touches = at < series->burst_count && series->bursts[at].first <= item->last;
    if (!touches) {
        memmove(series->bursts + at + 1, series->bursts + at,
                (series->burst_count - at) * sizeof *series->bursts);
        series->bursts[at] = (struct burst_span){item->first, item->last, item->events};
        series->burst_count++;
    }
}

bool burst_series_load(struct burst_series *series, const struct burst_rules *rules,
                       const struct burst_item *item)
{
    if (item->events == 0 || item->events > UINT32_MAX || item->first > item->last ||
        (!item->burst && item->first != item->last) || series->count >= BURST_ENTRIES_MAX / 2 ||
        series->burst_count >= BURST_ENTRIES_MAX / 2) {
        return true;
    }
    if (!reserve(series)) {
        return false;
    }
    follow_clock(series, rules, item->last);
    if (item->burst) {
        load_burst(series, item);
    } else {
        insert(series, item->first, item->events);
    }
    return true;
}
