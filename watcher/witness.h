/* What was seen around the events 4226: the records themselves, and who had half-open connections
 * then. Nothing of it outlives the process but what the audit log is given. */
#ifndef WATCHER_WITNESS_H
#define WATCHER_WITNESS_H

#include "burst.h"
#include "census/census.h"
#include "event.h"

#include "base/buf.h"
#include "base/json.h"

enum { WITNESS_RECORDS_MAX = 32 }; /* the latest are kept */

/* The system's part, which tests replace; see census.h. */
struct witness_calls {
    bool (*look)(uint64_t now, struct census_look *out, struct buf *why);
    bool (*is_this_computer)(const char *computer, struct buf *own);
};

struct witness {
    const struct witness_calls *calls; /* NULL: nobody looks */
    struct census *census;             /* NULL: no look was taken yet */
    struct buf trouble;                /* why the last look showed nothing; empty: it did */
    bool wanted;                       /* an event of this computer was read just now */
    bool looked;
    uint64_t looked_ms; /* when the last look was taken */
    uint64_t until_ms;  /* looks are taken until then; 0: none is due */
    struct witness_record {
        const char *log; /* its spec; the source outlives the witness */
        char computer[BURST_NAME_MAX + 1];
        uint64_t record, time;
        uint16_t id;
    } records[WITNESS_RECORDS_MAX];
    size_t record_count; /* all that came; the latest stand in the ring */
};

/* Ready for use; to be closed. */
void witness_open(struct witness *witness, const struct witness_calls *calls);
void witness_close(struct witness *witness);

/* Keeps an event 4226 of the log named by its spec, which stays the caller's; `now` is the system's
 * time. One that has just been logged by this computer is a reason to look. */
void witness_event(struct witness *witness, const char *log, const struct event *event,
                   uint64_t now);

/* Takes the look that the events read just now are a reason for, at most one a second, and forgets
 * what is older than `window` (100 ns steps). `now_ms` is the loop's time. */
void witness_look(struct witness *witness, uint64_t now, uint64_t now_ms, uint64_t window);

/* Takes the next of the looks that follow an event, when it is time. True after the last one. */
bool witness_follow(struct witness *witness, uint64_t now, uint64_t now_ms, uint64_t window);

/* When witness_follow() wants to be called; 0: it does not. */
uint64_t witness_due_ms(const struct witness *witness);

/* Whether there is a census for a burst of this computer whose last event is `last`. Where there is
 * none, `why` gets a sentence. */
bool witness_has_census(const struct witness *witness, const char *computer, uint64_t last,
                        uint64_t now, struct buf *why);

/* Adds the array "records": what is kept of the burst's records. */
void witness_json(const struct witness *witness, const struct burst *burst, struct json *j);

#endif
