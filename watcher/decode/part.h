/* Reading logs fast: only the records of some event ids, and an .evtx file in parts that several
 * threads read at a time. */
#ifndef WATCHER_DECODE_PART_H
#define WATCHER_DECODE_PART_H

#include "decode.h"

/* Some event ids out of 64 in a row: the bit N of `which` stands for `first` + N. So one look tells
 * of nearly every record that it is none of them. */
struct log_ids {
    uint16_t first;
    uint64_t which;
};

static inline bool log_ids_have(const struct log_ids *ids, uint16_t id)
{
    unsigned at = (uint16_t)(id - ids->first);
    return at < 64 && (ids->which >> at & 1) != 0;
}

struct log_how {
    /* NULL: every record is handed out. Else a decoder that sees at a glance that a record has
     * another event id counts it and need not hand it out, nor move the place on to it. */
    const struct log_ids *only;
    bool plain; /* without the fast ways, which give the same; for tests */
};

/* As log_read(). */
struct log_result log_read_how(enum log_kind kind, const struct log_input *input, bool growing,
                               struct log_place *place, const struct log_sink *sink,
                               const struct log_how *how);
struct log_result evt_read_how(const struct log_input *input, bool growing, struct log_place *place,
                               const struct log_sink *sink, const struct log_how *how);
struct log_result evtx_read_how(const struct log_input *input, bool growing,
                                struct log_place *place, const struct log_sink *sink,
                                const struct log_how *how);
struct log_result xml_read_how(const struct log_input *input, bool growing, struct log_place *place,
                               const struct log_sink *sink, const struct log_how *how);

/* False when libxml2 was built without threads: only one log of XML may be read at a time then.
 * To be called before the first thread is started. */
bool xml_in_threads(void);

/* The chunks of an .evtx file in the order of their records. It is not changed by reading, so that
 * any number of threads may read at a time, each through an input of its own. */
struct evtx_file;

/* Looks at the headers of all chunks; what is no chunk is reported to `sink`. NULL when the file is
 * no .evtx file or memory is out, as `result->end` says. Else `*result` holds what was seen so far;
 * those of the parts are to be added. */
struct evtx_file *evtx_file_open(const struct log_input *input, bool growing,
                                 const struct log_sink *sink, struct log_result *result);
void evtx_file_close(struct evtx_file *file);

uint64_t evtx_file_chunks(const struct evtx_file *file);

/* Reads `count` chunks from the one with the number `first` on. The parts that cover all chunks
 * hand out, in their order, what evtx_read() does. */
struct log_result evtx_file_read(const struct evtx_file *file, const struct log_input *input,
                                 uint64_t first, uint64_t count, const struct log_sink *sink,
                                 const struct log_how *how);

#endif
