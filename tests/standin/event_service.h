/* A service with one channel, "System", in memory behind the calls of wevtapi.dll, for tests.
 * Within a test's process it is used through `event_service_calls`; wevtapi.c makes a DLL of it.
 *
 * It looks at a query as closely as it has to: the pairs of provider and event id in it. */
#ifndef TESTS_STANDIN_EVENT_SERVICE_H
#define TESTS_STANDIN_EVENT_SERVICE_H

#include "late_win32.h"

#include <stdint.h>

extern const struct late_wevtapi event_service_calls;

/* What calls answer; 0 or false as it is begun. */
struct event_service_faults {
    DWORD service;       /* every call fails with it, except closing */
    DWORD nothing;       /* what EvtNext says at the end, if not ERROR_NO_MORE_ITEMS */
    DWORD render_events; /* EvtRender fails with it for every event */
    DWORD update;        /* EvtUpdateBookmark fails with it */
    DWORD render;        /* EvtRender fails with it for the bookmark */
    bool refuse;         /* a subscription that is made says ERROR_INVALID_OPERATION for ever */
    bool invalid_bound;  /* EvtNext fails with RPC_S_INVALID_BOUND for more than one event */
    bool stale_bookmark; /* what is subscribed to behind a bookmark is stale at once */
    bool late;           /* a new subscription has its events a little later */
    DWORD next_event;    /* the next event added cannot be rendered: its EvtRender fails with it */
};
extern struct event_service_faults event_service_faults;

struct event_service_counts {
    unsigned subscribes, nexts, open_now; /* open_now: handles of all kinds */
};
extern struct event_service_counts event_service_counts;

/* Before the first call, and after the last. */
void event_service_begin(void);
void event_service_end(void);

/* Adds an event, UTF-8. Its record number is the one in its EventRecordID, else the next. */
void event_service_add(const char *xml);

/* An event 4226 of the computer WKS, `seconds` before now. */
void event_service_add_event(int64_t seconds_ago);

/* All events go, and what is subscribed is stale. */
void event_service_clear(void);

/* So many of the oldest events are overwritten. */
void event_service_drop(size_t count);

/* What is subscribed is stale. */
void event_service_make_stale(void);

/* The service is started again: what is subscribed is no good any more. */
void event_service_restart(void);

#endif
