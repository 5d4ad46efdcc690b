/* The records of one computer in a scan: all their times, but only as many as any answer needs.
 *
 * A run that is dense enough to be a burst by the strictest thresholds is part of one burst by all
 * others, whatever is added later. Of such a run only the first and the last (events - 1) records
 * matter to what is around it: a window that reaches farther in holds enough with those. The ones
 * between stay only as the inside of that burst, so that neighbours are put together there, each
 * group at the time of its first record: a group of enough records is a window by itself, and the
 * next group, within reach, shares a burst with it. The group before records that stay single is
 * left as it is, since windows around those reach back into it. */
#include "burst_parts.h"

#include <stdlib.h>

enum { ROOM_FIRST = 4, THIN_FROM = 64 };

void burst_times_free(struct burst_times *times)
{
    free(times->at);
    *times = (struct burst_times){0};
}

static int compare_times(const void *a, const void *b)
{
    const struct burst_time *x = a;
    const struct burst_time *y = b;
    return (x->time > y->time) - (x->time < y->time);
}

void burst_times_sort(struct burst_times *times)
{
    size_t last = 0;
    if (times->at == NULL || times->sorted) {
        return;
    }
    qsort(times->at, times->count, sizeof *times->at, compare_times);
    for (size_t i = 1; i < times->count; i++) {
        if (times->at[i].time == times->at[last].time) {
            times->at[last].records += times->at[i].records;
        } else {
            times->at[++last] = times->at[i];
        }
    }
    times->count = last + 1;
    times->sorted = true;
}

bool burst_times_next(const struct burst_times *times, const struct burst_rules *rules,
                      struct burst_cursor *cursor, struct burst_run *run)
{
    const struct burst_time *at = times->at;
    bool found = false;
    for (; cursor->to < times->count; cursor->to++) {
        while (at[cursor->to].time - at[cursor->from].time > rules->window) {
            cursor->records -= at[cursor->from++].records;
        }
        if (cursor->records + at[cursor->to].records >= rules->events) {
            if (found && cursor->from > run->last) {
                break; /* this window is the next run's first one */
            }
            run->first = found ? run->first : cursor->from;
            run->last = cursor->to;
            found = true;
        }
        cursor->records += at[cursor->to].records;
    }
    run->records = 0;
    for (size_t i = run->first; found && i <= run->last; i++) {
        run->records += at[i].records;
    }
    return found;
}

/* ---- as few as are needed ---- */

/* What is kept is written over what has been read. */
struct thinning {
    struct burst_time *at;
    size_t kept;
    struct burst_run group; /* the last one; not written yet while it has records */
};

static void keep(struct thinning *t, size_t first, size_t end)
{
    while (first < end) {
        t->at[t->kept++] = t->at[first++];
    }
}

static void keep_group_single(struct thinning *t)
{
    if (t->group.records > 0) {
        keep(t, t->group.first, t->group.last + 1);
        t->group.records = 0;
    }
}

static void keep_group(struct thinning *t)
{
    if (t->group.records > 0) {
        t->at[t->kept++] = (struct burst_time){t->at[t->group.first].time, t->group.records};
        t->group.records = 0;
    }
}

/* The times from `first` up to but not including `end`, all inside of a run. */
static void thin_inside(struct thinning *t, const struct burst_rules *rules, size_t first,
                        size_t end)
{
    size_t next = first; /* behind the group that begins at `first` */
    uint64_t records = 0;
    while (first < end) {
        while (next + 1 < end && t->at[next + 1].time - t->at[first].time <= rules->window) {
            records += t->at[next++].records;
        }
        if (records >= rules->events) {
            keep_group(t);
            t->group = (struct burst_run){first, next - 1, records};
            first = next;
            records = 0;
        } else {
            keep_group_single(t);
            if (next > first) {
                records -= t->at[first].records;
            } else {
                next++;
            }
            keep(t, first, first + 1);
            first++;
        }
    }
    keep_group_single(t);
}

static void thin_run(struct thinning *t, const struct burst_rules *rules,
                     const struct burst_run *run)
{
    size_t first = run->first;
    size_t end = run->last + 1;
    for (uint64_t before = 0; first < end && before < rules->events - 1; first++) {
        before += t->at[first].records;
    }
    for (uint64_t behind = 0; end > first && behind < rules->events - 1; end--) {
        behind += t->at[end - 1].records;
    }
    keep(t, run->first, first);
    thin_inside(t, rules, first, end);
    keep(t, end, run->last + 1);
}

static void thin(struct burst_times *times, const struct burst_rules *strictest)
{
    struct thinning t = {.at = times->at};
    struct burst_cursor cursor = {0};
    struct burst_run run;
    size_t done = 0;
    burst_times_sort(times);
    while (burst_times_next(times, strictest, &cursor, &run)) {
        keep(&t, done, run.first);
        thin_run(&t, strictest, &run);
        done = run.last + 1;
    }
    keep(&t, done, times->count);
    times->count = t.kept;
}

/* ---- adding ---- */

static bool make_room(struct burst_times *times, const struct burst_rules *strictest)
{
    if (times->room >= THIN_FROM) {
        thin(times, strictest);
    }
    if (times->count <= times->room / 2 && times->room > 0) {
        return true;
    }
    size_t room = times->room == 0 ? ROOM_FIRST : times->room * 2;
    struct burst_time *at =
        room <= SIZE_MAX / sizeof *at ? realloc(times->at, room * sizeof *at) : NULL;
    if (at != NULL) {
        times->at = at;
        times->room = room;
    }
    return at != NULL;
}

bool burst_times_add(struct burst_times *times, const struct burst_rules *strictest, uint64_t time)
{
    if (times->count == times->room && !make_room(times, strictest)) {
        return false;
    }
    struct burst_time *end = times->at + times->count;
    if (times->count > 0 && end[-1].time == time) {
        end[-1].records++;
        return true;
    }
    times->sorted = times->count == 0 || (times->sorted && end[-1].time < time);
    *end = (struct burst_time){time, 1};
    times->count++;
    return true;
}
