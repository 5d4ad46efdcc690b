/* The resident process, put together: what `run` holds while it runs. Private to run.c, root.c,
 * follow.c, answer.c, act.c and viewer.c. */
#ifndef WATCHER_WATCHER_H
#define WATCHER_WATCHER_H

#include "engine.h"
#include "loop/loop.h"
#include "notify/notify.h"
#include "patchcore.h"
#include "policy.h"
#include "source/source.h"
#include "witness.h"

#include <stdbool.h>

/* How often the state is written when nothing but the place in a log has moved on. Reading the same
 * records again after a crash gives the same counters, so nothing is lost by waiting. */
enum { STATE_INTERVAL_MS = 30 * 1000 };

/* A log and what was last said of it, so that a trouble is told once and its end, too. */
struct followed {
    struct source source;
    bool of_root; /* its bursts may change the root */
    enum os_status told_access;
    bool told_kind;
    uint64_t counted_to;  /* after a lost place: records up to this time were counted; else 0 */
    uint64_t told_damage; /* file offset up to which damage was told */
};

struct watcher {
    const struct os *os;
    struct loop *loop;
    struct notifier notifier;
    struct console console;

    struct policy policy;
    const char *policy_file; /* NULL: the defaults of the program */
    struct buf policy_told;  /* what was last said to be wrong with it; empty: nothing */
    uint64_t policy_due_ms;  /* it has changed and is read then; 0: it has not */

    const char *as;       /* what it runs as, "a service"; NULL on a console */
    char *data;           /* the data directory */
    char *directory;      /* in it, what belongs to this root */
    bool directory_lasts; /* it was made, and its name flushed, since the start */
    char *audit_file;
    struct os_lock *instance;

    const char *root;      /* as it was named; NULL without one */
    bool root_is_running;  /* it is the running system's own: changed at its next start */
    bool root_is_default;  /* nobody named it */
    char *running_windows; /* the running system's own directory; NULL where there is none */
    struct pc_context pc;
    struct pc_target target;
    bool has_target;

    struct followed logs[SOURCES_MAX];
    size_t log_count;

    struct witness witness;
    enum census_verdict programs;         /* of the burst that is being told... */
    size_t most_half_open;                /* ...and the most connections that were seen then */
    bool census_due;                      /* its census is to be told with it */
    bool has_census;                      /* there is one... */
    struct buf no_census;                 /* ...or why not */
    struct engine_burst census_burst;     /* what the looks that are still to come belong to;
                                           * last == 0: nothing */
    uint64_t copies_due_ms;               /* the copies may have changed and are looked at then */
    bool protection_named;                /* ...since Windows File Protection has named the file */
    struct engine_copy before[PC_COPIES]; /* what they were, while a change of them is told */
    struct buf ports; /* on the ports of the computer whose burst of 4227 and 4231 is told */

    struct engine_memory memory;
    char boot[BOOT_IDENTITY_SIZE];
    bool assume_yes;
    bool once;

    enum question_kind question;
    uint32_t question_serial; /* of the last one */
    uint32_t asked_limit;     /* QUESTION_ABOVE_MAX */
    struct buf why;           /* of the last patch that failed */
    uint64_t last_event;      /* time of the last event 4226; 0: none was seen since the start */
    uint64_t events;          /* how many were seen since then */
    bool look_again;          /* a log may have been read while it was being written */
    bool state_changed;
    bool state_trouble_told;
    bool audit_trouble_told;
    uint64_t state_saved_ms;
    enum pc_result result; /* of the last patch: the exit status of --once */
    bool log_trouble;      /* a log could not be read */
    bool burst_stands;     /* one was told since the start, and nothing came of it yet */
    bool trouble;          /* the last change failed, or is not as it was written */
};

/* Tells the user what the program does and meets, and keeps it in the audit log. */
void watcher_tell(struct watcher *w, enum policy_level level, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* The same with each of several lines. */
void watcher_tell_lines(struct watcher *w, enum policy_level level, const char *lines);

/* Finds the root, by its name or, with the live System log and no name, that of the running
 * Windows, and says in each log whether it is of that root. Complains unless it is PC_DONE. */
enum pc_result watcher_find_root(struct watcher *w);

/* Where the running Windows is none that can be patched, it is said before anybody waits for it. */
void watcher_say_needs(struct watcher *w);

/* Finds and inspects the copies of the root anew. False with a sentence in `why`, and what was
 * known of them stays, when that is not possible. */
bool watcher_find_copies(struct watcher *w, struct buf *why);

/* The same where there is a root; that it is not possible is told. */
void watcher_look(struct watcher *w);

/* Tells what somebody else has changed of the copies, as they were last looked at. */
void watcher_tell_changes(struct watcher *w);

/* Both. */
void watcher_look_for_changes(struct watcher *w);

/* They are looked at in a while, when they have been left alone for a moment; `named`: Windows File
 * Protection says so. */
void watcher_copies_may_differ(struct watcher *w, bool named);

/* Looks at the connections, where the events that were read just now are a reason to. */
void watcher_look_at_connections(struct watcher *w);

/* Takes the looks that follow an event, and keeps what the last one adds. */
void watcher_follow_connections(struct watcher *w);

/* Reads what is told with a burst of events 4227 and 4231; `own`: they are this system's. */
void watcher_read_ports(struct watcher *w, bool own);

/* The burst that is told next, with the census that belongs to it; NULL: none is told. */
void watcher_witness_burst(struct watcher *w, const struct engine_burst *burst);

/* What the engine is to know; `w->target` as it was last looked at. */
struct engine_world watcher_world(struct watcher *w);

/* Carries the engine's effects out, in their order, and those that follow from them. */
void watcher_act(struct watcher *w, struct engine_effects effects);

/* Writes the state. False, told once, when that is not possible. */
bool watcher_save(struct watcher *w);

/* Asks the user, in the place of an earlier question. */
void watcher_ask(struct watcher *w, enum question_kind kind);

/* Puts the original back, or takes back what waits for the next start, and tells it. */
void watcher_restore(struct watcher *w);

/* The open question is answered, or over. */
void watcher_close_question(struct watcher *w);

/* Takes a line that was typed as the answer to the open question. */
void watcher_answer(struct watcher *w, const char *line);

/* Does what the user wants. True when that is the end of the program. */
bool watcher_request(struct watcher *w, const struct user_request *request);

/* Hands what an icon shows to a notifier that has one. */
void watcher_show(struct watcher *w);

/* Reads what is new in one log and acts on the bursts in it. */
void watcher_follow(struct watcher *w, struct followed *log);

#endif
