/* The binary XML of one record in a chunk of an .evtx file, read for the fields of its System
 * element.
 *
 * Source: [MS-EVEN6] 2.2.12 BinXml, and "Windows XML Event Log (EVTX) format" by Joachim Metz. */
#ifndef WATCHER_DECODE_EVTX_BINXML_H
#define WATCHER_DECODE_EVTX_BINXML_H

#include "event_fields.h"

#include <stddef.h>
#include <stdint.h>

/* Reads the record's XML, the bytes [begin, end) of `chunk`, into `fields`, which is cleared
 * first; names and template definitions may stand anywhere in the chunk. Returns NULL, or what was
 * found and expected. */
const char *binxml_read(const uint8_t *chunk, size_t size, size_t begin, size_t end,
                        struct event_fields *fields);

#endif
