/* The service: how Windows starts `run --service`, with nobody logged on. */
#ifndef WATCHER_SERVICE_WIN32_H
#define WATCHER_SERVICE_WIN32_H

#include "commands.h"
#include "notify/notify.h"

#include <stdbool.h>

#define SERVICE_NAME  L"tcpipwatch"
#define SERVICE_SHOWN L"TCP/IP Event 4226 Watcher"

/* Connects to the service control manager and lets it call `run` in a thread of its own. Gives the
 * exit status of that, or says why this is no service's start. */
int service_run(const struct command_options *options,
                int (*run)(const struct command_options *options));

/* Opens the notifier of the service: the sessions of those who are logged on, and the Application
 * event log. What the service is told (to stop, that somebody has logged on) comes by its take();
 * that holds also for what came before. With its first show() the service counts as started. */
bool service_open(struct notifier *out, struct buf *why);

/* Where a service runs, writes a complaint to the event log and returns true. */
bool service_complain(const char *sentences);

#endif
