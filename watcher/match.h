/* Which records the watcher is about. */
#ifndef WATCHER_MATCH_H
#define WATCHER_MATCH_H

#include "event.h"

#include <stdbool.h>

/* TCP/IP has reached the limit imposed on the number of concurrent connect attempts: source Tcpip,
 * the low 16 bits of EVENT_TCPIP_TCP_CONNECT_LIMIT_REACHED in netevent.h. */
enum { EVENT_ID_CONNECT_LIMIT = 4226 };

/* Ports run out: a connection could not be made since its local port had been used for the same
 * destination not long ago, and no port of the dynamic range is free at all. In netevent.h
 * EVENT_TCPIP_TCP_TIME_WAIT_COLLISION and EVENT_TCPIP_TCP_GLOBAL_EPHEMERAL_PORT_SPACE_EXHAUSTED, of
 * source Tcpip. */
enum { EVENT_ID_PORT_IN_USE = 4227, EVENT_ID_NO_PORT = 4231 };

/* What the watcher wants to see of a log. */
enum match_kind {
    MATCH_CONNECT_LIMIT,
    MATCH_PORT_IN_USE,
    MATCH_NO_PORT,
    MATCH_STARTED_AGAIN, /* see below */
    MATCH_STILL_RUNNING, /* EventLog 6013, written once a day: with it the bookmark of a channel
                          * does not stay at an event until that is overwritten */
    MATCH_KINDS
};

struct match_wanted {
    const char *provider; /* ASCII, without quotes */
    uint16_t id;
};
extern const struct match_wanted match_wanted[MATCH_KINDS];

/* Source and id; the source in any letter case. */
bool match_connect_limit(const struct event *event);

/* Ports run out, by either event. */
bool match_ports(const struct event *event);

/* The computer's event log service was started, as it is once at each start of Windows: source
 * EventLog, id 6005. */
bool match_started_again(const struct event *event);

/* Windows File Protection, which Windows XP and Server 2003 have, tells of tcpip.sys: its own
 * source, in any letter case, and strings that name the file. Which of its events tells of what is
 * not known for certain, so that it does not depend on their ids: the files are to be looked at
 * again.
 *
 * It is not in `match_wanted`, since that is what a channel is asked for, by ids; where there are
 * channels, nothing writes such events, and the classic log and .evt files are read whole. */
bool match_file_protection(const struct event *event);

#endif
