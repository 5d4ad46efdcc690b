/* What the live detector and the scan are made of. Private to burst*.c. */
#ifndef WATCHER_BURST_PARTS_H
#define WATCHER_BURST_PARTS_H

#include "burst.h"

#include <stddef.h>

/* ---- computers by name ---- */

struct burst_name {
    struct burst_name *next; /* in its bucket */
    uint32_t hash;
    char *text;
};

struct burst_table {
    struct burst_name **buckets;
    size_t size; /* number of buckets: a power of two, or 0 while there are none */
    size_t count;
};

/* A computer's name as it is kept: not NULL, not longer than BURST_NAME_MAX bytes, cut between two
 * characters. The caller frees; NULL when memory is out. */
char *burst_name_copy(const char *computer);

/* The entry with this name, or NULL. `hash` gets what burst_table_put() needs. */
struct burst_name *burst_table_find(const struct burst_table *table, const char *computer,
                                    uint32_t *hash);
/* False when memory is out. */
bool burst_table_put(struct burst_table *table, struct burst_name *entry, uint32_t hash);
void burst_table_remove(struct burst_table *table, struct burst_name *entry);
/* The entries are the caller's. */
void burst_table_free(struct burst_table *table);

struct burst_rules {
    uint32_t events;
    uint64_t window;
};

/* ---- the live records of one computer ---- */

/* Records at one time. */
struct burst_entry {
    uint64_t time;
    uint64_t upto; /* number of records kept up to and with this time */
};

struct burst_span {
    uint64_t first;
    uint64_t last;
    uint64_t events; /* all records, also those that are not kept any more */
};

struct burst_series {
    struct burst_entry *entries; /* by time, each time once */
    size_t count;
    size_t room;
    size_t tidy_at; /* number of entries at which it is worth looking for needless ones */
    struct burst_span *bursts; /* by time, none touches another */
    size_t burst_count;
    size_t burst_room;
    bool any;         /* something was added; the two times below are set */
    uint64_t newest;  /* the newest time that a second record has borne out */
    uint64_t outlier; /* a time far from it that the next record may bear out */
};

void burst_series_free(struct burst_series *series);

/* As burst_add(); `hit` has the burst. `lost` is raised by the records forgotten for want of
 * room. */
enum burst_answer burst_series_add(struct burst_series *series, const struct burst_rules *rules,
                                   uint64_t time, struct burst_span *hit, uint64_t *lost);

/* Forgets what no answer can depend on any more. */
void burst_series_tidy(struct burst_series *series, const struct burst_rules *rules,
                       uint64_t *lost);

/* Counts what is kept by other rules. */
void burst_series_configure(struct burst_series *series, const struct burst_rules *before,
                            const struct burst_rules *after);

/* Takes back records or a burst. False when memory is out. */
bool burst_series_load(struct burst_series *series, const struct burst_rules *rules,
                       const struct burst_item *item);

/* Number of records of one entry. */
uint64_t burst_series_records(const struct burst_series *series, size_t entry);

/* ---- the records of one computer in a scan ---- */

struct burst_time {
    uint64_t time;
    uint64_t records; /* at this time, or from it on inside of a burst */
};

struct burst_times {
    struct burst_time *at;
    size_t count;
    size_t room;
    bool sorted; /* by time, each time once */
};

void burst_times_free(struct burst_times *times);

/* No rules that are asked for later have more events or a shorter window than `strictest`. False
 * when memory is out. */
bool burst_times_add(struct burst_times *times, const struct burst_rules *strictest, uint64_t time);
void burst_times_sort(struct burst_times *times);

/* Where the search for the next run stands; all 0 at the start. */
struct burst_cursor {
    size_t from;      /* the window's first time */
    size_t to;        /* the time that is looked at next */
    uint64_t records; /* from `from` up to but not including `to` */
};

struct burst_run {
    size_t first; /* both included */
    size_t last;
    uint64_t records;
};

/* The next burst of which no record was in an earlier one, of times that are sorted. */
bool burst_times_next(const struct burst_times *times, const struct burst_rules *rules,
                      struct burst_cursor *cursor, struct burst_run *run);

#endif
