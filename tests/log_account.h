/* Two ways of reading a log held against each other: what each makes of it, as text. */
#ifndef TESTS_LOG_ACCOUNT_H
#define TESTS_LOG_ACCOUNT_H

#include "decode/part.h"

#include "base/buf.h"

/* What one way makes of a log: the wanted events, and the damage. */
struct log_account {
    struct buf text;
    bool with_places;           /* each event with its place */
    const struct log_ids *only; /* the wanted ones; NULL: all */
    struct log_place place;
    struct log_result result;
    size_t handed_out; /* events, wanted or not */
};

typedef struct log_result (*log_read_fn)(const struct log_input *input, bool growing,
                                         struct log_place *place, const struct log_sink *sink,
                                         const struct log_how *how);

/* Empties it, but for `with_places`. The sink is valid as long as the account. */
struct log_sink log_account_begin(struct log_account *a, const struct log_ids *only);

/* Reads bytes in memory with `read`, in the way that `how` says. */
void log_account_read(struct log_account *a, log_read_fn read, const struct buf *log, bool growing,
                      const struct log_ids *only, const struct log_how *how);

bool log_account_same(const struct log_account *a, const struct log_account *b);

#endif
