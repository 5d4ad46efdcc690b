/* What the resident process waits on: changed files, a typed line, a request to stop, a time.
 *
 * Between two of them it does not run at all. One loop in a process, used by one thread only;
 * loop_stop() alone may be called from any thread.
 *
 * A change is never lost between reading a file and waiting: the watch is there before the caller
 * reads, and what happens meanwhile makes the next loop_wait() return at once.
 */
#ifndef WATCHER_LOOP_LOOP_H
#define WATCHER_LOOP_LOOP_H

#include "base/buf.h"
#include "os.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    LOOP_IDS = 32,        /* ids of watches go from 0 to LOOP_IDS - 1 */
    LOOP_LINE_MAX = 4096, /* bytes of a typed line; what comes behind them is dropped */
};

enum loop_reason {
    LOOP_TIMEOUT = 0, /* none of the others */
    LOOP_CHANGED = 1, /* files or handles: see `changed` and `lost` */
    LOOP_INPUT = 2,   /* loop_read_line() has something to say */
    LOOP_STOP = 4,    /* see `stop`; stays set in every later wait */
};

enum loop_stop_cause {
    LOOP_STOP_NONE,
    LOOP_STOP_INTERRUPT, /* Ctrl-C, Ctrl-Break */
    LOOP_STOP_TERMINATE, /* SIGTERM */
    LOOP_STOP_HANGUP,    /* the terminal or its window is gone, the user logs off */
    LOOP_STOP_SHUTDOWN,  /* the machine is shut down */
    LOOP_STOP_ASKED,     /* loop_stop() */
};

struct loop_wake {
    unsigned reasons; /* of enum loop_reason */
    uint32_t changed; /* bit N: the file or handle with id N may have changed */
    uint32_t lost;    /* bit N: its directory is gone, and the watch with it; also in `changed` */
    enum loop_stop_cause stop;
};

struct loop;

/* From here on signals that would end the process (SIGINT, SIGTERM, SIGHUP; on Windows the
 * console's control events) are requests to stop; those ignored at the start stay ignored.
 * SIGPIPE and SIGTTIN are ignored: a write or read fails instead. The first request alone is
 * reported, and a second one does not end the process either. */
enum os_status loop_open(struct loop **out);

/* Ends all watches and puts the handling of signals back. NULL is allowed. */
void loop_close(struct loop *loop);

/* Watches one file, by its path, which need not exist: its contents, its replacement, its end and
 * its coming. The renaming of a directory above its own, and changes that another machine makes on
 * a network share, may go unnoticed: look now and then as well. A second call with the same id
 * replaces the watch. An id may be used once only. OS_NOT_FOUND: its directory does not exist; try
 * again later. OS_FULL: the system's limit of watches is reached, OS_UNSUPPORTED: it has none (a
 * network share): look now and then instead. */
enum os_status loop_watch(struct loop *loop, unsigned id, const char *path);

/* Watches something of the system's: a file descriptor that becomes readable, a HANDLE of
 * Windows that becomes signalled. The caller resets it, and unwatches before closing it. */
enum os_status loop_watch_handle(struct loop *loop, unsigned id, intptr_t handle);

/* Ends a watch; none with that id is no error. */
void loop_unwatch(struct loop *loop, unsigned id);

/* Whether lines of the standard input are waited for. What was typed on a terminal while nobody
 * listened is thrown away when listening begins; a pipe's or file's lines are kept. */
void loop_listen(struct loop *loop, bool on);

/* Waits at most `timeout_ms` (negative: for ever, 0: not at all). Many changes come as one. */
struct loop_wake loop_wait(struct loop *loop, int64_t timeout_ms);

enum loop_line {
    LOOP_LINE,         /* a line, without its end, in `line` */
    LOOP_LINE_NOT_YET, /* half a line so far: wait again */
    LOOP_LINE_END,     /* the input is closed (Ctrl-D, Ctrl-Z); listening has ended */
};

/* Never blocks. Call it after LOOP_INPUT; `line` is emptied first. The line is untrusted, and
 * UTF-8 only if the terminal sent that. */
enum loop_line loop_read_line(struct loop *loop, struct buf *line);

/* Asks the loop to stop, from any thread. */
void loop_stop(struct loop *loop);

/* Milliseconds that only go up and do not follow the wall clock. */
uint64_t loop_now_ms(struct loop *loop);

#endif
