/* The typed values of binary XML, as the text that the event's XML would show.
 *
 * Source: [MS-EVEN6] 2.2.12 BinXml and 3.1.4.7.5 (type system), and "Windows XML Event Log (EVTX)
 * format" by Joachim Metz. */
#ifndef WATCHER_DECODE_EVTX_VALUE_H
#define WATCHER_DECODE_EVTX_VALUE_H

#include "event_fields.h"

#include <stddef.h>
#include <stdint.h>

enum value_type {
    TYPE_STRING = 0x01,
    TYPE_ANSI = 0x02,
    TYPE_INT8 = 0x03,
    TYPE_UINT8 = 0x04,
    TYPE_INT16 = 0x05,
    TYPE_UINT16 = 0x06,
    TYPE_INT32 = 0x07,
    TYPE_UINT32 = 0x08,
    TYPE_INT64 = 0x09,
    TYPE_UINT64 = 0x0a,
    TYPE_GUID = 0x0f,
    TYPE_SIZE = 0x10,
    TYPE_FILETIME = 0x11,
    TYPE_SYSTEMTIME = 0x12,
    TYPE_HEX32 = 0x14,
    TYPE_HEX64 = 0x15,
    TYPE_BINXML = 0x21,
    TYPE_ARRAY = 0x80, /* flag: any number of these */
};

/* Adds one value of `size` bytes to the text of the field that was begun; a FILETIME of the time
 * field is kept as it is. Of an array the first value counts, since no field of System has more.
 * Values that no field can have (binary data, floating point, SIDs, booleans) add nothing.
 * Returns NULL, or what was found and expected. */
const char *evtx_value_add(struct event_fields *fields, enum event_field field, uint8_t type,
                           const uint8_t *bytes, size_t size);

#endif
