/* How the user is told and asked. The engine's sentences come from text.c; a notifier only shows
 * them and hands over what the user wants: on a console, in the tray, in the sessions of a service.
 */
#ifndef WATCHER_NOTIFY_NOTIFY_H
#define WATCHER_NOTIFY_NOTIFY_H

#include "policy.h"

#include <stdbool.h>
#include <stdint.h>

enum tell_kind {
    TELL_NOTE, /* what the program does and meets: of interest to whoever looks */
    TELL_NEWS, /* what the user should come to know: a burst, a change, a restart */
};

enum question_kind {
    QUESTION_NONE,
    QUESTION_PATCH,     /* yes, no, or another limit */
    QUESTION_ABOVE_MAX, /* that limit is above the policy's: yes or no */
    QUESTION_RESTORE,   /* yes or no */
    QUESTION_RESTART,   /* yes (now), no (later, with a reminder), or never (no reminder) */
    QUESTION_GRACE,     /* the restart has been asked of Windows: no stops it */
};

struct question {
    enum question_kind kind;
    uint32_t serial;         /* another one for each question; an answer carries it back */
    const char *text;        /* whole sentences */
    const char *keys;        /* how a typed line answers it: "y = yes, n = no:" */
    uint32_t limit;          /* QUESTION_PATCH: the limit that is proposed */
    uint32_t most;           /* QUESTION_PATCH: the policy's max */
    uint32_t remind_seconds; /* QUESTION_RESTART: when a no is asked again */
    uint32_t grace_seconds;  /* QUESTION_GRACE: until the restart */
    bool elsewhere;          /* QUESTION_RESTART: of another machine; only the user can do it */
};

enum request_kind {
    REQUEST_YES,
    REQUEST_NO,
    REQUEST_NEVER,   /* QUESTION_RESTART: no, and no reminder */
    REQUEST_LIMIT,   /* QUESTION_PATCH: yes, with this limit */
    REQUEST_PATCH,   /* wants to be asked QUESTION_PATCH, without a burst */
    REQUEST_RESTORE, /* wants to be asked QUESTION_RESTORE */
    REQUEST_RESTART, /* wants to be asked QUESTION_RESTART */
    REQUEST_SHOW,    /* somebody who can answer has come: open questions are asked again */
    REQUEST_STOP,    /* the program is to end */
};

struct user_request {
    enum request_kind kind;
    uint32_t serial; /* of the question, with the first four; one that is over is not answered */
    uint32_t limit;  /* REQUEST_LIMIT */
};

/* What an icon shows. */
enum notify_face { FACE_WATCHING, FACE_BURST, FACE_RESTART, FACE_PROBLEM };

struct notify_view {
    enum notify_face face;
    bool has_root;         /* there is a Windows directory that may be changed */
    bool has_limit;        /* the limit in it is known */
    uint32_t limit;        /* in the drivers copy, as it is on the disk */
    uint64_t last_event;   /* time of the last event 4226 seen (base/wintime.h); 0: none */
    uint64_t events;       /* how many were seen since the start */
    uint64_t burst_events; /* of the last burst; 0: there was none */
    uint64_t burst_first;
    uint64_t burst_last;
    const char *burst_computer; /* texts, or NULL; valid until the next show() or close() */
    const char *root;           /* paths, likewise */
    const char *policy;
    const char *audit;
};

struct notifier {
    void *context;
    /* One or more whole sentences without a line end. Shown when the level is wanted. */
    void (*tell)(void *context, enum tell_kind kind, enum policy_level level,
                 const char *sentences);
    /* A person can answer. */
    bool (*can_ask)(void *context);
    /* Shows a question in the place of an earlier one; what it points to is only valid during the
     * call. The answer comes as a line through the loop, or by take(). */
    void (*ask)(void *context, const struct question *question);

    /* The rest may be NULL. */

    /* The question is answered, or over; where it still stands it is taken down. */
    void (*withdraw)(void *context);
    void (*show)(void *context, const struct notify_view *view);
    /* The next thing the user wants; false when there is none. To be asked whenever `handle` is
     * signalled, until it says false. */
    bool (*take)(void *context, struct user_request *out);
    void (*close)(void *context);
    intptr_t handle; /* for loop_watch_handle(); 0: there is none, and nothing to take */
};

/* The console: sentences on standard output, with the time in front; warnings and errors on the
 * standard error output. Asks only when both ends are a terminal. */
struct console {
    enum policy_level level; /* may be changed at any time */
    bool line_open;          /* a question stands at the end of the output's last line; to be taken
                              * down when a line was typed */
};
struct notifier console_notifier(struct console *console);

/* Adds `text` broken into lines of at most `width` columns (0: not broken), the further ones
 * indented by `indent` blanks. */
void console_wrap(struct buf *out, const char *text, unsigned width, unsigned indent);

#endif
