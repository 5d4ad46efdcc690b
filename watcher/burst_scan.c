#include "burst.h"

#include "burst_parts.h"

#include <stdlib.h>
#include <string.h>

struct series {
    struct burst_name name; /* first, so that an entry of the table is the series */
    struct series *next;
    struct burst_times times;
};

struct burst_scan {
    struct burst_rules strictest;
    struct burst_table table;
    struct series *all;
    struct series *last_used; /* most logs are of one computer */
};

static struct burst_rules rules_of(uint32_t events, uint64_t window)
{
    return (struct burst_rules){events < 2 ? 2 : events, window};
}

struct burst_scan *burst_scan_open(uint32_t most_events, uint64_t shortest_window)
{
    struct burst_scan *scan = calloc(1, sizeof *scan);
    if (scan != NULL) {
        scan->strictest = rules_of(most_events, shortest_window);
    }
    return scan;
}

void burst_scan_close(struct burst_scan *scan)
{
    while (scan != NULL && scan->all != NULL) {
        struct series *series = scan->all;
        scan->all = series->next;
        burst_times_free(&series->times);
        free(series->name.text);
        free(series);
    }
    if (scan != NULL) {
        burst_table_free(&scan->table);
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
        if (series == NULL || text == NULL || !burst_table_put(&scan->table, &series->name, hash)) {
            free(series);
            free(text);
            return NULL;
        }
        series->name.text = text;
        series->next = scan->all;
        scan->all = series;
    }
    scan->last_used = series;
    return series;
}

bool burst_scan_add(struct burst_scan *scan, const char *computer, uint64_t time)
{
    struct series *series = find_series(scan, computer);
    return series != NULL && burst_times_add(&series->times, &scan->strictest, time);
}

uint64_t burst_scan_count(struct burst_scan *scan, uint32_t events, uint64_t window)
{
    const struct burst_rules rules = rules_of(events, window);
    uint64_t count = 0;
    for (struct series *series = scan->all; series != NULL; series = series->next) {
        struct burst_cursor cursor = {0};
        struct burst_run run;
        burst_times_sort(&series->times);
        while (burst_times_next(&series->times, &rules, &cursor, &run)) {
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
    const struct burst_time *at = series->times.at;
    struct burst_cursor cursor = {0};
    struct burst_run run;
    while (burst_times_next(&series->times, rules, &cursor, &run)) {
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
        (*bursts)[(*count)++] =
            (struct burst){series->name.text, at[run.first].time, at[run.last].time, run.records};
    }
    return true;
}

bool burst_scan_each(struct burst_scan *scan, uint32_t events, uint64_t window,
                     bool (*each)(void *context, const struct burst *burst), void *context)
{
    const struct burst_rules rules = rules_of(events, window);
    struct burst *bursts = NULL;
    size_t count = 0;
    size_t room = 0;
    bool ok = true;
    for (struct series *series = scan->all; ok && series != NULL; series = series->next) {
        burst_times_sort(&series->times);
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
