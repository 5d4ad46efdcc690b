/* The System log of the simulated host: it grows as XP's event log service writes it. */
#ifndef SIMHOST_EVENTS_H
#define SIMHOST_EVENTS_H

#include <stdbool.h>

struct event_log {
    const char *path; /* of a .evt file */
    const char *computer;
};

/* Adds an event 4226 of Tcpip, or the event 6005 of EventLog with which a Windows starts, at the
 * present time. The file is read anew each time, since others write to it while the host is down.
 * False, with a line on the standard error output, when that is not possible. */
bool events_limit_reached(const struct event_log *log);
bool events_started(const struct event_log *log);

#endif
