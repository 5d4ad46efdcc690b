/* The binary XML of one record in a chunk of an .evtx file, read for the fields of its System
 * element.
 *
 * Source: [MS-EVEN6] 2.2.12 BinXml, and "Windows XML Event Log (EVTX) format" by Joachim Metz. */
#ifndef WATCHER_DECODE_EVTX_BINXML_H
#define WATCHER_DECODE_EVTX_BINXML_H

#include "event_fields.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads the record's XML, the bytes [begin, end) of `chunk`, into `fields`, which is cleared
 * first; names and template definitions may stand anywhere in the chunk. Returns NULL, or what was
 * found and expected. */
const char *binxml_read(const uint8_t *chunk, size_t size, size_t begin, size_t end,
                        struct event_fields *fields);

/* Where a field of a template's System element comes from. */
enum binxml_source {
    BINXML_NOWHERE, /* the definition does not have the field */
    BINXML_TEXT,    /* text in the definition: `units` UTF-16 code units at `at` in the chunk */
    BINXML_VALUE,   /* the record's value with the index `at` */
};

struct binxml_note {
    enum binxml_source source;
    uint16_t units;
    uint32_t at;
};

enum { BINXML_MOST_NEEDED = 32 };

/* What a template definition says about all records that use it. */
struct binxml_notes {
    struct binxml_note fields[FIELD_NONE];
    uint8_t needed[BINXML_MOST_NEEDED]; /* indexes of the values that its System element uses */
    size_t needed_count;
    uint32_t end; /* where the definition ends in the chunk */
};

/* Looks at the definition at `offset`; `scratch` is used and left as it may be. False when it is
 * damaged or not regular (a field made of several pieces, a template inside it, ...): its records
 * are then to be read with binxml_read(). When it is regular, that would find in each record just
 * what the notes say, unless one of the needed values is out of bounds, of a type that has errors
 * of its own, or binary XML. */
bool binxml_note(const uint8_t *chunk, size_t size, uint32_t offset, struct event_fields *scratch,
                 struct binxml_notes *notes);

#endif
