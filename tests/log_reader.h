/* What tests of the decoders share: a whole file in memory, and a sink that keeps what it is
 * given. */
#ifndef TESTS_LOG_READER_H
#define TESTS_LOG_READER_H

#include "decode/decode.h"

#include "base/buf.h"

enum { READER_ROOM = 20000 };

struct read_record {
    uint64_t record;
    uint64_t time;
    uint16_t id;
};

/* What one reading gave. */
struct reading {
    struct log_result result;
    struct read_record records[READER_ROOM]; /* the first ones */
    size_t count;
    size_t stop_after; /* 0: never */
    size_t tcpip;      /* records of provider Tcpip with event id 4226 */
    struct buf lines;  /* as scan --json would print them, without the file */
    bool keep_lines;
    uint64_t damage_at; /* of the first damaged place */
    char damage[256];
};

/* Empties a reading; the lines are not kept unless keep_lines is set afterwards. */
void reading_init(struct reading *r);
void reading_free(struct reading *r);

/* Reads bytes in memory. `place` may be NULL. */
void read_bytes(struct reading *r, enum log_kind kind, const void *bytes, size_t size, bool growing,
                struct log_place *place);

/* An input over bytes in memory that counts the bytes which are read. */
struct counted_input {
    struct log_memory memory;
    uint64_t bytes;
};
struct log_input counted_input(struct counted_input *counted);

/* The whole file, ended by a NUL; false when it cannot be read. */
bool load_file(struct buf *out, const char *path);

#endif
