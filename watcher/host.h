/* Where the resident process runs: on a console, in the tray, or as a service. */
#ifndef WATCHER_HOST_H
#define WATCHER_HOST_H

#include "commands.h"
#include "notify/notify.h"

/* Opens the notifier that belongs to the host; `console` is used where there is one, and has to
 * outlive it. False with a sentence in `why` when this system has no such host. */
bool host_open(enum command_host host, struct console *console, struct notifier *out,
               struct buf *why);

/* Runs `run` as the host wants it, a service in the thread that the system makes for it, and gives
 * its exit status. */
int host_run(const struct command_options *options,
             int (*run)(const struct command_options *options));

/* Where a complaint goes: `lines` to the standard error output, or, where nobody looks at that, the
 * bare sentences to the place that the host has for it. */
void host_complain(const char *sentences, const char *lines);

#endif
