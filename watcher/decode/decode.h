/* Event logs in files, as records: EVENTLOGRECORD (.evt), binary XML (.evtx) and exported event
 * XML. The decoders read through a `struct log_input`, so that a file, a growing file and a buffer
 * in a test are the same to them; they hold a bounded amount of memory whatever the file's size,
 * and trust no length in it.
 *
 * One damaged place costs the records in it, never those behind it.
 */
#ifndef WATCHER_DECODE_DECODE_H
#define WATCHER_DECODE_DECODE_H

#include "../event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the bytes come from. read_at gives the number of bytes read, up to `size`: fewer only at
 * the end; a reading error is noted by the one who made the input, and ends the bytes there. */
struct log_input {
    size_t (*read_at)(void *context, uint64_t offset, void *buffer, size_t size);
    void *context;
    uint64_t size; /* bytes, when the reading began; UINT64_MAX when nobody knows (a pipe) */
};

/* An input over bytes in memory, for tests and for events that come one by one. */
struct log_memory {
    const uint8_t *bytes;
    size_t size;
};
struct log_input log_input_memory(struct log_memory *memory);

/* The last record that was handed out. A reader goes on behind it. */
struct log_place {
    bool set;        /* false: begin at the oldest record */
    uint64_t record; /* its record number and its time, by which it is known again */
    uint64_t time;
    uint64_t offset; /* where it begins in the file, a hint that is verified before it is used */
    uint64_t doubt;  /* one more than the offset of a damaged place in a growing log, or 0: it may
                      * be being written just now, and is reported when the next reading meets it
                      * again. Needs not be kept across a restart */
    uint64_t part;   /* XML may be joined of exports in several encodings: one more than the offset
                      * where the one begins that the record stands in; 0: not known, and the offset
                      * of the record is no hint */
};

struct log_sink {
    void *context;
    /* Each record, oldest first as the log orders them. False stops the reading. */
    bool (*event)(void *context, const struct event *event);
    /* A place that could not be read: its offset in bytes and what was found there and expected,
     * a sentence without a full stop. May be NULL. */
    void (*damage)(void *context, uint64_t offset, const char *what);
    /* The place given is not in the log: what follows begins at the oldest record. Comes before
     * the first of them. May be NULL. */
    void (*lost)(void *context);
};

enum log_kind { LOG_UNKNOWN, LOG_EVT, LOG_EVTX, LOG_XML };

enum log_end {
    LOG_END,        /* read to its end */
    LOG_STOPPED,    /* the sink had enough */
    LOG_WRONG_KIND, /* not a log of this kind at all; nothing was handed out */
    LOG_NO_MEMORY,
};

struct log_result {
    enum log_end end;
    bool place_lost;  /* the place given is not in the log any more (cleared, wrapped, another
                       * log): everything was read from the oldest record on */
    bool incomplete;  /* the log ends inside a record: cut short, or a record that is being
                       * written just now */
    bool dirty;       /* the header says that the log was not closed properly */
    uint64_t records; /* handed out */
    uint64_t damaged; /* places reported as damaged */
};

/* By the first bytes: .evt and .evtx by their magic, XML when the first '<' comes within 64 KiB
 * (a byte order mark, blank lines, a banner line may stand before it; also UTF-16). */
enum log_kind log_recognise(const struct log_input *input);

/* Each reads the records behind `place` (NULL or not set: all) and moves `place` on to the last
 * one handed out. While a log is `growing`, an incomplete end is not damage. */
struct log_result evt_read(const struct log_input *input, bool growing, struct log_place *place,
                           const struct log_sink *sink);
struct log_result evtx_read(const struct log_input *input, bool growing, struct log_place *place,
                            const struct log_sink *sink);
struct log_result xml_read(const struct log_input *input, bool growing, struct log_place *place,
                           const struct log_sink *sink);

/* The one for the kind. */
struct log_result log_read(enum log_kind kind, const struct log_input *input, bool growing,
                           struct log_place *place, const struct log_sink *sink);

#endif
