/* A live event log behind a source. Private to watcher/source; live_posix.c has none, and
 * live_win32.c picks one of classic_win32.c and channel_win32.c. */
#ifndef WATCHER_SOURCE_LIVE_H
#define WATCHER_SOURCE_LIVE_H

#include "source.h"

#define LIVE_PREFIX "channel:"

struct live_calls {
    /* As the functions of source.h that are named alike. */
    bool (*check)(struct live *live, struct buf *why);
    struct source_reading (*read)(struct live *live, struct source *source,
                                  const struct log_sink *sink);
    intptr_t (*handle)(const struct live *live);
    uint32_t (*due_ms)(const struct live *live);
    void (*close)(struct live *live);
};

/* What each kind of live log begins with. */
struct live {
    const struct live_calls *calls;
    bool is_system;
};

/* Opens the log that a SPEC other than file:PATH names and puts it into `out->live`, its names into
 * `out`. False with a sentence in `why` when there is none. */
bool live_open(const char *spec, struct source *out, struct buf *why);

#endif
