#include "match.h"

#include "decode/evt_record.h"

#include "base/utf.h"

#include <stddef.h>

enum { EVENT_ID_LOG_STARTED = 6005, EVENT_ID_UPTIME = 6013 };

const struct match_wanted match_wanted[MATCH_KINDS] = {
    [MATCH_CONNECT_LIMIT] = {"Tcpip", EVENT_ID_CONNECT_LIMIT},
    [MATCH_PORT_IN_USE] = {"Tcpip", EVENT_ID_PORT_IN_USE},
    [MATCH_NO_PORT] = {"Tcpip", EVENT_ID_NO_PORT},
    [MATCH_STARTED_AGAIN] = {"EventLog", EVENT_ID_LOG_STARTED},
    [MATCH_STILL_RUNNING] = {"EventLog", EVENT_ID_UPTIME},
};

static bool matches(const struct event *event, enum match_kind kind)
{
    return event->id == match_wanted[kind].id && event->provider != NULL &&
           same_text_nocase(event->provider, match_wanted[kind].provider);
}

bool match_connect_limit(const struct event *event)
{
    return matches(event, MATCH_CONNECT_LIMIT);
}

bool match_ports(const struct event *event)
{
    return matches(event, MATCH_PORT_IN_USE) || matches(event, MATCH_NO_PORT);
}

bool match_started_again(const struct event *event)
{
    return matches(event, MATCH_STARTED_AGAIN);
}

bool match_file_protection(const struct event *event)
{
    return event->provider != NULL && event->strings != NULL &&
           same_text_nocase(event->provider, EVT_SOURCE_FILE_PROTECTION) &&
           holds_text_nocase(event->strings, "tcpip.sys");
}
