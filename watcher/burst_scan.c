#include "burst.h"

#include "burst_parts.h"

#include <stdlib.h>
#include <string.h>

struct series {
    struct burst_name name; /* first, so that an entry of the table is the series */
    struct series *next;
    uint64_t *times;
    size_t count;
    size_t room;
    bool sorted;
};

struct burst_scan {
    struct burst_table table;
    struct series *all;
    struct series *last_used; /* most logs are of one computer */
};

struct burst_scan *burst_scan_open(void)
{
    return calloc(1, sizeof(struct burst_scan));
}

void burst_scan_close(struct burst_scan *scan)
{
    while (scan != NULL && scan->all != NULL) {
        struct series *series = scan->all;
        scan->all = series->next;
        free(series->times);
        free(series->name.text);
        free(series);
    }
    free(scan);
}

static struct series *find_series(struct burst_scan *scan, const char *computer)
{
    uint32_t hash;
    if (scan->last_used != NULL && computer != NULL &&
        strcmp(scan->last_used->name.text, computer) == 0) {
        return scan->last_used;
    }
    struct series *series = (struct series *)burst_table_find(&scan->table, computer, &hash);
    if (series == NULL) {
        series = calloc(1, sizeof *series);
        char *text = burst_name_copy(computer);
        if (series == NULL || text == NULL) {
            free(series);
            free(text);
            return NULL;
        }
        series->name.text = text;
        series->sorted = true;
        series->next = scan->all;
        scan->all = series;
        burst_table_put(&scan->table, &series->name, hash);
    }
    scan->last_used = series;
    return series;
}

bool burst_scan_add(struct burst_scan *scan, const char *computer, uint64_t time)
{
    struct series *series = find_series(scan, computer);
    if (series == NULL) {
        return false;
    }
    if (series->count == series->room) {
        size_t room = series->room == 0 ? 16 : series->room * 2;
        uint64_t *times =
            room <= SIZE_MAX / sizeof *times ? realloc(series->times, room * sizeof *times) : NULL;
        if (times == NULL) {
            return false;
        }
        series->times = times;
        series->room = room;
    }
    if (series->count > 0 && series->times[series->count - 1] > time) {
        series->sorted = false;
    }
    series->times[series->count++] = time;
    return true;
}

static int compare_times(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void sort_times(struct series *series)
{
    if (!series->sorted) {
        qsort(series->times, series->count, sizeof *series->times, compare_times);
        series->sorted = true;
    }
}

/* Where a burst begins and ends in a series' times: `first` to `last`, both included. */
struct run {
    size_t first;
    size_t last;
};

/* The next burst of which no record was in an earlier one. `from` and `to` are the window's ends,
 * both 0 at the start. */
static bool next_run(const struct series *series, const struct burst_rules *rules, size_t *from,
                     size_t *to, struct run *run)
{
    bool found = false;
    for (; *to < series->count; (*to)++) {
        while (series->times[*to] - series->times[*from] > rules->window) {
            (*from)++;
        }
        if (*to - *from + 1 < rules->events) {
            continue;
        }
        if (found && *from > run->last) {
            return true; /* this window is the next burst's first one */
        }
        *run = (struct run){found ? run->first : *from, *to};
        found = true;
    }
    return found;
}

uint64_t burst_scan_count(struct burst_scan *scan, uint32_t events, uint64_t window)
{
    const struct burst_rules rules = {events < 2 ? 2 : events, window};
    uint64_t count = 0;
    for (struct series *series = scan->all; series != NULL; series = series->next) {
        size_t from = 0;
        size_t to = 0;
        struct run run;
        sort_times(series);
        while (next_run(series, &rules, &from, &to, &run)) {
            count++;
        }
    }
    return count;
}

static int compare_bursts(const void *a, const void *b)
{
    const struct burst *x = a;
    const struct burst *y = b;
    if (x->first != y->first) {
        return x->first < y->first ? -1 : 1;
    }
    return strcmp(x->computer, y->computer);
}

/* Adds a series' bursts to a growing array. False when memory is out. */
static bool collect(const struct series *series, const struct burst_rules *rules,
                    struct burst **bursts, size_t *count, size_t *room)
{
    size_t from = 0;
    size_t to = 0;
    struct run run;
    while (next_run(series, rules, &from, &to, &run)) {
        if (*count == *room) {
            size_t more = *room == 0 ? 16 : *room * 2;
            struct burst *larger =
                more <= SIZE_MAX / sizeof *larger ? realloc(*bursts, more * sizeof *larger) : NULL;
            if (larger == NULL) {
                return false;
            }
            *bursts = larger;
            *room = more;
        }
        (*bursts)[(*count)++] = (struct burst){series->name.text, series->times[run.first],
                                               series->times[run.last], run.last - run.first + 1};
    }
    return true;
}

bool burst_scan_each(struct burst_scan *scan, uint32_t events, uint64_t window,
                     bool (*each)(void *context, const struct burst *burst), void *context)
{
    const struct burst_rules rules = {events < 2 ? 2 : events, window};
    struct burst *bursts = NULL;
    size_t count = 0;
    size_t room = 0;
    bool ok = true;
    for (struct series *series = scan->all; ok && series != NULL; series = series->next) {
        sort_times(series);
        ok = collect(series, &rules, &bursts, &count, &room);
    }
    if (ok && count > 0) {
        qsort(bursts, count, sizeof *bursts, compare_bursts);
    }
    for (size_t i = 0; ok && i < count; i++) {
        if (!each(context, &bursts[i])) {
            break;
        }
    }
    free(bursts);
    return ok;
}
