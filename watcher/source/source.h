/* The logs that are watched. A source gives each record once, in the order of its log, and knows
 * its place in it across restarts. */
#ifndef WATCHER_SOURCE_SOURCE_H
#define WATCHER_SOURCE_SOURCE_H

#include "burst.h"
#include "decode/decode.h"
#include "os.h"

#include <stdbool.h>
#include <stdint.h>

enum { SOURCES_MAX = 16 };

struct source {
    char *spec;                      /* as it was given: "file:/var/log/xp/SysEvent.Evt" */
    const char *path;                /* the file's part of it */
    struct log_place place;          /* the last record that was read */
    struct burst_detector *detector; /* counts this log's records, and no others */
    enum os_status access;           /* how the last try to open it ended */
    enum log_kind kind;              /* what it was then */
};

/* Reads a SPEC: file:PATH; system and channel:NAME on Windows. False with a sentence in `why` when
 * it is none, or one that this system does not have. The source is to be closed in either case. */
bool source_open(const char *spec, struct source *out, struct buf *why);
void source_close(struct source *source);

struct source_reading {
    enum os_status access;    /* why the file could not be opened or read */
    enum log_kind kind;       /* LOG_UNKNOWN: it is no event log, or empty still */
    uint64_t size;            /* bytes */
    struct log_result result; /* of the decoder, when there is one for the kind */
};

/* Reads the records behind the source's place and moves it on. `growing`: more may come, so an
 * incomplete end is no damage. */
struct source_reading source_read(const struct os *os, struct source *source, bool growing,
                                  const struct log_sink *sink);

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
