#include "match.h"

#include "base/utf.h"

#include <stddef.h>

enum { EVENT_ID_LOG_STARTED = 6005 };

static bool matches(const struct event *event, const char *provider, uint16_t id)
{
    return event->id == id && event->provider != NULL &&
           same_text_nocase(event->provider, provider);
}

bool match_connect_limit(const struct event *event)
{
    return matches(event, "Tcpip", EVENT_ID_CONNECT_LIMIT);
}

bool match_started_again(const struct event *event)
{
    return matches(event, "EventLog", EVENT_ID_LOG_STARTED);
}
