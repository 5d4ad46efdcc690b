/* The logs that are watched: files, and the live event logs of this Windows. A source gives each
 * record once, in the order of its log, and knows its place in it across restarts. */
#ifndef WATCHER_SOURCE_SOURCE_H
#define WATCHER_SOURCE_SOURCE_H

#include "burst.h"
#include "decode/decode.h"
#include "os.h"

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum { SOURCES_MAX = 16 };

#define SOURCE_NOT_DUE UINT32_MAX

struct live; /* live.h: the log as the system gives it */

struct source {
    char *spec;             /* as it was given: "file:/var/log/xp/SysEvent.Evt" */
    const char *path;       /* what it is called: the file's path, "the System log" */
    const char *title;      /* the same where a sentence begins */
    struct live *live;      /* NULL: a file */
    char *names;            /* of a live log: what path and title point into */
    struct log_place place; /* the last record that was read; of a live log, the offset is
                             * one more sign by which the record is known again */
    struct buf bookmark;    /* of a channel: the place as Windows knows it, XML; empty:
                             * there is none */
    uint64_t look_back;     /* of a live log: without a place, and after a gap, records
                             * older than this are not told; 100 ns steps */
    /* They count this log's records, and no others; all of them or none. */
    struct burst_detector *detectors[BURST_KINDS];
    enum os_status access; /* how the last try to open it ended */
    enum log_kind kind;    /* what it was then */
};

/* Reads a SPEC: file:PATH; system and channel:NAME on Windows. False with a sentence in `why` when
 * it is none, or one that this system does not have. The source is to be closed in either case. */
bool source_open(const char *spec, struct source *out, struct buf *why);
void source_close(struct source *source);

/* Counts from now on by these thresholds (burst.h), and has forgotten what was counted. False when
 * memory is out: the source has no detectors then. */
bool source_count_anew(struct source *source, uint32_t events, uint64_t window);

/* Counts what is remembered, and what comes, by other thresholds. */
void source_count_by(struct source *source, uint32_t events, uint64_t window);

/* Forgets what one of them has counted; where memory is out, it goes on with what it has. */
void source_forget(struct source *source, enum burst_kind kind, uint32_t events, uint64_t window);

/* Closes the detectors. */
void source_stop_counting(struct source *source);

/* The SPEC that is watched when none is named: NULL where one has to be. */
const char *source_default(void);

/* Whether it can be read, before it is read first: a name with a slip in it is told at once. False
 * with the end of a sentence in `why`. True also for a live log whose service does not answer just
 * now. */
bool source_check(const struct os *os, struct source *source, struct buf *why);

struct source_reading {
    enum os_status access;    /* why it could not be opened or read */
    const char *trouble;      /* the same in words; NULL: those of os_status_text() */
    enum log_kind kind;       /* LOG_UNKNOWN: it is no event log, or empty still */
    uint64_t size;            /* bytes; of a live log, not 0 */
    struct log_result result; /* of the decoder, when there is one for the kind */
};

/* Reads the records behind the source's place and moves it on. `growing`: more may come, so an
 * incomplete end is no damage. The trouble lives until the next call. A damaged place of a live log
 * is reported once, with the number of the record before it for an offset. */
struct source_reading source_read(const struct os *os, struct source *source, bool growing,
                                  const struct log_sink *sink);

/* A HANDLE that becomes signalled when there may be something to read, for loop_watch_handle(); it
 * stays the same until the source is closed. 0: a file. */
intptr_t source_handle(const struct source *source);

/* Milliseconds until a live log wants to be read whether or not its handle is signalled (one that
 * could not be read is tried again); SOURCE_NOT_DUE: it does not. */
uint32_t source_due_ms(const struct source *source);

/* The live System log of this computer. */
bool source_is_system(const struct source *source);

/* A file as the decoders want it. `status` is the first reading error. A copy of it, with an input
 * of its own, may be read by another thread. */
struct source_file {
    const struct os *os;
    struct os_file *file;
    uint64_t size; /* when it was opened */
    enum os_status status;
    bool shrunk; /* it was found to be shorter than it had been then */
};
enum os_status source_file_open(const struct os *os, const char *path, struct source_file *out,
                                struct log_input *input);
void source_file_close(struct source_file *file);

#endif
