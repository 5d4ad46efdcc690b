/* How the user is told and asked. The engine's sentences come from text.c; a notifier only shows
 * them: on a console here, in the tray and in other sessions elsewhere. */
#ifndef WATCHER_NOTIFY_NOTIFY_H
#define WATCHER_NOTIFY_NOTIFY_H

#include "policy.h"

#include <stdbool.h>

struct notifier {
    void *context;
    /* One or more whole sentences without a line end. Shown when the level is wanted. */
    void (*tell)(void *context, enum policy_level level, const char *sentences);
    /* A person can answer. */
    bool (*can_ask)(void *context);
    /* Shows a question; the answer comes as a line through the loop. */
    void (*ask)(void *context, const char *question);
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
