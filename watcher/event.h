/* One record of an event log, the same from every source. */
#ifndef WATCHER_EVENT_H
#define WATCHER_EVENT_H

#include <stdbool.h>
#include <stdint.h>

struct event {
    uint64_t record; /* EventRecordID; record number in a classic log */
    uint64_t time;   /* 100 ns steps since 1601 UTC (base/wintime.h): TimeCreated, TimeGenerated */
    uint16_t id;     /* event id, the low 16 bits of a classic one */
    uint16_t qualifiers; /* the high 16 bits; only with has_qualifiers */
    bool has_qualifiers;
    bool has_level;
    uint8_t level; /* 1 critical, 2 error, 3 warning, 4 information, 5 verbose, 0 always or
                    * audit; a classic record's type becomes the level Event Viewer shows */
    /* UTF-8, ended by a NUL, any of them NULL when the record does not say; valid until the
     * function that was handed the event returns. Untrusted: never print one as it is. */
    const char *provider;
    const char *channel;
    const char *computer;
    /* Of a classic record of Windows File Protection, its strings, each followed by a line feed
     * (evt_record.h says which and how many); NULL for all others. Untrusted likewise. */
    const char *strings;
};

#endif
