/* What the decoders share among themselves: handing out, reporting, and reading the input.
 * Nothing outside watcher/decode includes this. */
#ifndef WATCHER_DECODE_RUN_H
#define WATCHER_DECODE_RUN_H

#include "decode.h"

#include "base/buf.h"

/* One reading of one log. */
struct log_run {
    const struct log_sink *sink;
    struct log_place *place; /* moved on with each record; may be NULL */
    uint64_t part;           /* of the place; 0 where the log has no parts */
    struct log_result result;
};

/* Hands out a record that begins at `offset` and moves the place on to it. False when the sink
 * had enough, which is then in the result. */
bool run_event(struct log_run *run, const struct event *event, uint64_t offset);

/* Counts and reports one damaged place. The text is cut at about 250 bytes. */
void run_damage(struct log_run *run, uint64_t offset, const char *format, ...) PRINTF_LIKE(3, 4);

/* Notes and reports that the place given is not in the log. */
void run_place_lost(struct log_run *run);

/* True when `place` names this record. */
bool place_is(const struct log_place *place, const struct event *event);

/* Reads at `offset`, never beyond the size that the input names. */
size_t input_read(const struct log_input *input, uint64_t offset, void *buffer, size_t size);

enum { INPUT_PAGE = 4096 };

/* Where to read what stands at `offset` to, in a block that has INPUT_PAGE bytes more than are
 * read: as far behind a page's beginning as it is in the file. A few bytes further, where malloc()
 * likes to put a large block, and some processors copy at a third of their speed. */
uint8_t *input_place(uint8_t *block, uint64_t offset);

/* The input's size; one that names none is tried out, which takes some 60 short reads. */
uint64_t input_size(const struct log_input *input);

#endif
