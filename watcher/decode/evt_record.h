/* One record of a classic event log, EVENTLOGRECORD, as it lies in a .evt file and in the buffer
 * that ReadEventLog fills.
 *
 * Source: winnt.h's EVENTLOGRECORD in the Windows SDK documentation, and "Windows Event Viewer Log
 * (EVT) format" by Joachim Metz. */
#ifndef WATCHER_DECODE_EVT_RECORD_H
#define WATCHER_DECODE_EVT_RECORD_H

#include "../event.h"

#include "base/buf.h"
#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EVT_SIGNATURE = 0x654c664c, /* "LfLe" */
    EVT_RECORD_FIXED = 56,      /* bytes before the source's name */
    EVT_RECORD_LEAST = EVT_RECORD_FIXED + 4,
    /* ReadEventLog takes no buffer above 0x7ffff bytes, so no record is longer. */
    EVT_RECORD_MOST = 0x7fffc,
    EVT_STRINGS_MOST = 4096, /* bytes of an event's strings */
};

/* The source whose records say in their strings alone which file they are about, so that these are
 * decoded for it, and for no other: the mass of records shall cost nothing for it. */
#define EVT_SOURCE_FILE_PROTECTION "Windows File Protection"

/* The length that a record's first 8 bytes state; 0 when they cannot begin a record. */
static inline uint32_t evt_record_length(const uint8_t first[8])
{
    uint32_t length = get_le32(first);
    bool plausible = length >= EVT_RECORD_LEAST && length <= EVT_RECORD_MOST && length % 4 == 0;
    return plausible && get_le32(first + 4) == EVT_SIGNATURE ? length : 0;
}

/* True when `length` bytes are one whole record: its own length stands at both of its ends. */
bool evt_record_whole(const uint8_t *bytes, size_t length);

/* The number and the time (100 ns steps since 1601) of a whole record. */
uint32_t evt_record_number(const uint8_t *bytes);
uint64_t evt_record_time(const uint8_t *bytes);

/* The event id of a whole record, the low 16 bits. */
static inline uint16_t evt_record_id(const uint8_t *bytes)
{
    return get_le16(bytes + 20);
}

/* What a whole record says. The names are put into `names`, which is emptied first and which the
 * event points into; a name that is not ended inside the record stays NULL. The reserved fields,
 * the data and the padding are not looked at: real logs hold garbage there.
 *
 * The strings are those of EVT_SOURCE_FILE_PROTECTION alone, in any letter case: as many as the
 * record says that it has and holds whole behind the names, as long as they stay within
 * EVT_STRINGS_MOST. "" when it has none.
 * False when memory is out. */
bool evt_record_decode(const uint8_t *bytes, size_t length, struct buf *names, struct event *out);

#endif
