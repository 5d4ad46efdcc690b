/* What is known of a chunk's template definitions, and how it is learned. Only evtx_plan.c and
 * evtx_plan_learn.c include this. */
#ifndef WATCHER_DECODE_EVTX_PLAN_PARTS_H
#define WATCHER_DECODE_EVTX_PLAN_PARTS_H

#include "event_fields.h"
#include "evtx_binxml.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MOST_PLANS = 64,  /* definitions in a chunk; it has 32 lists of them, and real ones have 20 */
    PLACES = 256,     /* of the table from a definition's offset to its plan, a power of 2 */
    SHAPES = 4,       /* of value descriptors that are kept for a definition */
    MOST_UNITS = 128, /* UTF-16 code units of a name that is kept */
    TEXTS = 16,       /* names that are kept for each field, a power of 2 */
};

enum text_field { TEXT_PROVIDER, TEXT_CHANNEL, TEXT_COMPUTER, TEXT_FIELDS };

enum value_kind { MISSING, NUMBER_8, NUMBER_16, NUMBER_32, NUMBER_64, TEXT };

/* Where one field's value lies behind the value descriptors. */
struct value_at {
    uint8_t kind;
    uint16_t units; /* of a text */
    uint32_t at;
};

/* A name as it stands in logs, and as UTF-8. Nearly all records repeat one of a few names. */
struct text {
    uint16_t units;
    bool known;
    bool missing; /* nothing but blanks */
    uint8_t raw[2 * MOST_UNITS];
    char utf8[3 * MOST_UNITS + 1];
};

/* Where a record's name comes from: the definition, or the record's values. */
struct name_at {
    bool of_record;
    uint16_t units;          /* 0: it has none */
    uint32_t at;             /* in the chunk, or behind the value descriptors */
    const struct text *last; /* the name of the last record, nearly always the same; or NULL */
};

/* Value descriptors as some record had them, and what follows from them. */
struct shape {
    size_t size; /* bytes of the descriptors that count; 0: none yet */
    uint8_t descriptors[4 * BINXML_MOST_NEEDED];
    size_t length; /* bytes of the values up to the last one that is needed */
    struct value_at fields[FIELD_NONE];
    struct name_at names[TEXT_FIELDS];
};

struct plan {
    uint32_t offset; /* of the definition */
    bool regular;
    size_t needed; /* values up to the last one that is needed */
    struct binxml_notes notes;
    struct shape shapes[SHAPES];
    unsigned last_shape;
};

struct evtx_plans {
    struct plan plans[MOST_PLANS];
    size_t count;
    uint8_t places[PLACES]; /* 0: free, else the index of a plan and 1 */
    struct text texts[TEXT_FIELDS][TEXTS];
    struct event_fields scratch;
};

/* Looks at the definition at `offset`. Where it is not regular, the plain way reads its records. */
void evtx_plan_learn(struct evtx_plans *plans, const uint8_t *chunk, size_t size, uint32_t offset,
                     struct plan *plan);

/* Finds out what `descriptors` mean. False when the plain way has to. */
bool evtx_plan_learn_shape(const struct plan *plan, const uint8_t *descriptors,
                           struct shape *shape);

/* Makes the entry from the bytes, by the plain way's own functions. False when memory is out. */
bool evtx_plan_learn_text(struct evtx_plans *plans, enum text_field which, const uint8_t *raw,
                          size_t units, struct text *entry);

#endif
