/* One piece of a scan: a log, or some chunks of a large .evtx log. It is read in any thread; what
 * it found is kept in it until it is its turn to be printed. */
#ifndef WATCHER_SCAN_PIECE_H
#define WATCHER_SCAN_PIECE_H

#include "crew.h"
#include "decode/part.h"
#include "source/source.h"

#include "base/buf.h"

/* What records are looked for: those of the limit, and those of ports that run out. */
enum scan_kind { SCAN_LIMIT, SCAN_PORTS, SCAN_KINDS };

/* An open log. One that is read in pieces belongs to all of them, and is closed behind the last. */
struct scan_log {
    char *path;
    bool named; /* on the command line, not found in a directory */
    struct source_file file;
    struct log_input input;
    enum os_status opened;
    struct evtx_file *chunks; /* NULL: it is read in one piece */
    /* Gathered from the pieces by the one who emits them. */
    enum os_status status;
    bool shrunk;
};

/* What the pieces have in common. */
struct scan_wish {
    bool all;
    bool json;
    bool xml_in_turn; /* only the oldest piece may read XML: see xml_in_threads() */
    size_t flush_at;  /* bytes of output that a piece keeps */
    /* Called now and then while a piece is read, with its records so far; NULL for nobody. */
    void (*tick)(void *context, uint64_t records);
    void *tick_context;
};

struct scan_piece {
    const struct scan_wish *wish;
    struct scan_log *log;
    uint64_t first_chunk, chunk_count;
    bool is_last;             /* of its log */
    uint64_t seen;            /* records that were handed out to it */
    struct scan_lines *lines; /* NULL: no line of JSON was written yet */
    /* Found since the last time it was emitted. */
    struct buf out;     /* lines for the standard output */
    struct buf trouble; /* sentences on damaged places, a line each */
    struct buf times;   /* of the matching records: see scan_piece_each() */
    uint64_t records, damaged;
    uint64_t counts[SCAN_KINDS]; /* matching records */
    /* Known at its end. */
    enum log_end end;
    enum os_status status; /* of reading the log */
    bool shrunk;
    bool no_memory;
    struct crew_place *place; /* while it is read */
    struct scan_piece *next;  /* among those that nobody reads */
};

/* Opens the log at `path`, as far as that is possible. NULL when memory is out. */
struct scan_log *scan_log_open(const struct os *os, const char *path, bool named);
void scan_log_close(struct scan_log *log);

struct scan_piece;

/* Makes ready to read the log in pieces when it is an .evtx file; what is damaged is put down in
 * `first`, which will be its first piece. False when it has to be read in one. */
bool scan_log_split(struct scan_log *log, struct scan_piece *first);

/* NULL when memory is out. */
struct scan_piece *scan_piece_new(const struct scan_wish *wish, struct scan_log *log);
void scan_piece_free(struct scan_piece *piece);

/* Makes a piece that was read into another one, which has its memory and what it learned. */
void scan_piece_renew(struct scan_piece *piece, struct scan_log *log);

/* Reads it; what a crew runs. */
void scan_piece_run(void *context, struct crew_place *place);

/* The matching records found since the last time: of which kind they are, their computers (NULL
 * where the record names none) and times, in their order. */
void scan_piece_each(const struct scan_piece *piece,
                     void (*each)(void *context, enum scan_kind kind, const char *computer,
                                  uint64_t time),
                     void *context);

/* Forgets what was found, behind an emission. */
void scan_piece_clear(struct scan_piece *piece);

#endif
