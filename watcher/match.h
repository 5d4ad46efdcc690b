/* Which records the watcher is about. */
#ifndef WATCHER_MATCH_H
#define WATCHER_MATCH_H

#include "event.h"

#include <stdbool.h>

/* TCP/IP has reached the limit imposed on the number of concurrent connect attempts: source Tcpip,
 * the low 16 bits of EVENT_TCPIP_TCP_CONNECT_LIMIT_REACHED in netevent.h. */
enum { EVENT_ID_CONNECT_LIMIT = 4226 };

/* Source and id; the source in any letter case. */
bool match_connect_limit(const struct event *event);

/* The computer's event log service was started, as it is once at each start of Windows: source
 * EventLog, id 6005. */
bool match_started_again(const struct event *event);

#endif
