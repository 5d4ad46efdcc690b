/* A live log in a source, and a sink that keeps what it is given. */
#ifndef TESTS_UNIT_LIVE_FIXTURE_H
#define TESTS_UNIT_LIVE_FIXTURE_H

#include "source/live_win32.h"

#include "base/wintime.h"

#define HOUR (3600 * WINTIME_PER_SECOND)

struct live_fixture {
    struct source source;
    struct source_reading reading; /* the last one */
    uint64_t records;              /* handed out since live_forget() */
    uint64_t matches;              /* those that are event 4226 */
    uint64_t first, last;          /* their record numbers */
    uint64_t lost;
    uint64_t stop_after; /* records; 0: never */
    struct buf damage;   /* "NUMBER: WHAT", a line each */
};

/* Takes the log over. It looks back by an hour. */
void live_begin(struct live_fixture *f, struct live *live);
void live_end(struct live_fixture *f);

/* Another program start: the same place and bookmark, and nothing else. */
void live_start_again(struct live_fixture *f, struct live *live);

/* Forgets what was counted. */
void live_forget(struct live_fixture *f);

/* One reading: true when the log could be read. */
bool live_read(struct live_fixture *f);

/* One reading, of which so many records have to come. */
#define LIVE_READ(f, expected)                                                                     \
    do {                                                                                           \
        live_forget(f);                                                                            \
        CHECK(live_read(f));                                                                       \
        CHECK_NUMBER((f)->records, expected);                                                      \
    } while (false)

/* True when the source's handle becomes signalled in this time; it is taken as the loop takes it.
 */
bool live_is_ready(const struct live_fixture *f, unsigned ms);

#endif
