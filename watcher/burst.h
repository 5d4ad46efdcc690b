/* The burst detector: records of one computer, at least `events` of them within `window`.
 *
 * A window is a set of records of one computer of which the first and the last are at most
 * `window` apart (that distance included). A burst is a maximal run of records: the union of all
 * windows that hold at least `events` records, those that share a record being one burst. Only the
 * records' own times count, never the order in which they come.
 *
 * Times are 100 ns steps since 1601, and so is `window` (base/wintime.h). Names of computers
 * compare without case; only their first BURST_NAME_MAX bytes count. NULL is the same as "".
 */
#ifndef WATCHER_BURST_H
#define WATCHER_BURST_H

#include "base/wintime.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BURST_NAME_MAX = 255,       /* bytes; as long as a DNS name can be */
    BURST_COMPUTERS_MAX = 1024, /* live; beyond it the one not seen for longest is forgotten */
    BURST_ENTRIES_MAX = 8192,   /* distinct times of a computer, live */
    BURST_SAVE_MAX = 4096,      /* items that burst_save() gives at most */
};

/* What is counted, each by itself. */
enum burst_kind {
    BURST_CONNECT_LIMIT, /* events 4226 */
    BURST_PORTS,         /* events 4227 and 4231: local ports run out */
    BURST_KINDS
};

/* "connect-limit", "ports". */
const char *burst_kind_name(enum burst_kind kind);

/* How far record times may step backwards without any answer becoming wrong. */
#define BURST_DISORDER (600 * WINTIME_PER_SECOND)

struct burst {
    const char *computer; /* as it was first written; valid until the detector changes */
    uint64_t first;       /* time of the first and of the last record */
    uint64_t last;
    uint64_t events; /* records in it */
};

enum burst_answer {
    BURST_NO,    /* the record is in no burst, as far as is known now */
    BURST_BEGUN, /* the record made this one: it was none before */
    BURST_MORE,  /* it belongs to a burst that was known already */
    BURST_NO_MEMORY,
};

/* ---- live: an answer at once, bounded memory ---- */

struct burst_detector;

/* `events` 2 or more. NULL when memory is out. */
struct burst_detector *burst_open(uint32_t events, uint64_t window);
void burst_close(struct burst_detector *detector);

/* Counts one record and says which burst it is in; `hit` is set for BURST_BEGUN and BURST_MORE.
 * A record must be handed in only once: that is the caller's to know, who has its position. */
enum burst_answer burst_add(struct burst_detector *detector, const char *computer, uint64_t time,
                            struct burst *hit);

/* Changes the thresholds. What is still remembered is counted anew by them; of a burst's inner
 * records only the number is known, so a burst keeps its size where it stays a burst. */
void burst_configure(struct burst_detector *detector, uint32_t events, uint64_t window);

struct burst_loss {
    uint64_t computers; /* forgotten because there were too many */
    uint64_t records;   /* forgotten because a computer had too many distinct times */
};
/* What was forgotten for want of room, since the start. */
struct burst_loss burst_lost(const struct burst_detector *detector);

/* One piece of what the detector remembers. */
struct burst_item {
    const char *computer;
    uint64_t first;  /* the records' time; a burst's first time */
    uint64_t last;   /* the same again; a burst's last time */
    uint64_t events; /* number of records */
    bool burst;      /* a burst found so far. Otherwise single records, in a burst or not */
};

/* Hands out what has to be kept across a restart, at most BURST_SAVE_MAX items, those of the
 * computers seen last first; each computer's bursts come before its records, oldest first.
 * False from `each` ends it. */
void burst_save(struct burst_detector *detector,
                bool (*each)(void *context, const struct burst_item *item), void *context);

/* Takes an item back, in the order in which burst_save() gave them, before any record is added.
 * Open the detector with the thresholds it was saved with, load, and use burst_configure() where
 * they have changed since. Values that no burst_save() gave are ignored. False when memory is
 * out. */
bool burst_load(struct burst_detector *detector, const struct burst_item *item);

/* ---- a scan: exact over all records, whatever their order ---- */

struct burst_scan;

/* No thresholds that are asked for later may have more events than `most_events` or a shorter
 * window than `shortest_window`: by that it can be told which records need not be kept. NULL when
 * memory is out. */
struct burst_scan *burst_scan_open(uint32_t most_events, uint64_t shortest_window);
void burst_scan_close(struct burst_scan *scan);

/* Keeps 16 bytes a record, and hardly any where they are so dense that they are a burst by all
 * thresholds. False when memory is out. */
bool burst_scan_add(struct burst_scan *scan, const char *computer, uint64_t time);

/* Every burst, by first time and then by computer. False from `each` ends it. The answer is false
 * only when memory is out. */
bool burst_scan_each(struct burst_scan *scan, uint32_t events, uint64_t window,
                     bool (*each)(void *context, const struct burst *burst), void *context);

/* How many bursts there are with these thresholds. */
uint64_t burst_scan_count(struct burst_scan *scan, uint32_t events, uint64_t window);

#endif
