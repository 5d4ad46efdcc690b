/* Work in pieces, done by several threads, whose results come out in the order in which the pieces
 * went in. Only so many pieces exist at a time, so that memory is bounded. */
#ifndef WATCHER_CREW_H
#define WATCHER_CREW_H

#include <stdbool.h>

enum { CREW_MOST = 64 };

struct crew;
struct crew_place; /* of one piece among the others */

struct crew_tasks {
    /* Does the work of one piece, in any thread, that of the submitter too. While it runs,
     * crew_flush() may be called. */
    void (*run)(void *piece, struct crew_place *place);
    /* Takes what a piece has found so far, with `last` all of it, and then frees the piece. Only in
     * the thread that submits. False: nothing more is wanted; the pieces that were submitted still
     * come here. */
    bool (*emit)(void *context, void *piece, bool last);
    void *context;
};

/* The one who submits is one of the threads: while it would wait, it does a piece itself. With one
 * thread or none nothing is started: each piece is done when it is submitted. NULL when memory is
 * out. */
struct crew *crew_open(unsigned threads, const struct crew_tasks *tasks);

/* Takes over a piece; works, and emits, while there is no room. False: nothing more is wanted. */
bool crew_submit(struct crew *crew, void *piece);

/* Emits the rest and frees everything. False: somebody wanted nothing more. */
bool crew_close(struct crew *crew);

/* Has what the piece has found so far emitted in its turn, and returns when that is done. False:
 * nothing more is wanted. */
bool crew_flush(struct crew_place *place);

#endif
