/* A resident process that finds its data directory taken by another one: as long as that acts, this
 * one shows what it does; when it ends, this one takes its place. */
#ifndef WATCHER_VIEWER_H
#define WATCHER_VIEWER_H

#include "commands.h"
#include "watcher.h"

enum viewer_end {
    VIEWER_ACTS,    /* the directory is this process's now, in w->instance */
    VIEWER_STOPPED, /* the user or the system wants this process to end */
};

/* How the viewer behaves. */
struct viewer_manner {
    bool shows;          /* hands on what the acting process tells; else it only waits */
    int64_t patience_ms; /* from the end of the acting process to the taking of its place: it may
                          * just be started again */
    int64_t look_ms;     /* how often it is looked whether that has ended without a word */
};

/* Whether a process of this kind waits when instance_begin() says `status`: the tray shows what the
 * other one does, a service waits for its end; on a console one wants to know it at once. */
bool viewer_may_wait(enum command_host host, enum os_status status);
const struct viewer_manner *viewer_manner_of(enum command_host host);

/* Shows, and waits for one of the two ends. `w` has its notifier, its loop, its paths and, where
 * there is one, its root; nothing is written as long as another process acts. */
enum viewer_end viewer_run(struct watcher *w, const struct viewer_manner *manner);

#endif
