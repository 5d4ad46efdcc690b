#include "evtx_plan.h"

#include "evtx_binxml.h"
#include "evtx_chunk.h"
#include "evtx_value.h"

#include "base/bytes.h"
#include "base/utf.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST_PLANS = 64,  /* definitions in a chunk; it has 32 lists of them, and real ones have 20 */
    PLACES = 256,     /* of the table from a definition's offset to its plan, a power of 2 */
    SHAPES = 4,       /* of value descriptors that are kept for a definition */
    MOST_UNITS = 128, /* UTF-16 code units of a name that is kept */
    TEXTS = 16,       /* names that are kept for each field, a power of 2 */
    TEXT_FIELDS = 3,
    TOKEN_FRAGMENT = 0x0f, /* what a record begins with: a fragment header of 4 bytes, ... */
    TOKEN_TEMPLATE = 0x0c, /* ... and an instance: token, version, id (4), offset (4), values */
    INSTANCE = 4 + 10,
};

enum value_kind { MISSING, NUMBER_8, NUMBER_16, NUMBER_32, NUMBER_64, TEXT };

/* Where one field's value lies behind the value descriptors. */
struct value_at {
    uint8_t kind;
    uint16_t units; /* of a text */
    uint32_t at;
};

/* Value descriptors as some record had them, and what follows from them. */
struct shape {
    size_t size; /* bytes of the descriptors that count; 0: none yet */
    uint8_t descriptors[4 * BINXML_MOST_NEEDED];
    size_t length; /* bytes of the values up to the last one that is needed */
    struct value_at fields[FIELD_NONE];
};

struct plan {
    uint32_t offset; /* of the definition */
    bool regular;
    size_t needed; /* values up to the last one that is needed */
    struct binxml_notes notes;
    struct shape shapes[SHAPES];
    unsigned last_shape;
};

/* A name as it stands in logs, and as UTF-8. Nearly all records repeat one of a few names. */
struct text {
    uint16_t units;
    bool known;
    bool missing; /* nothing but blanks */
    uint8_t raw[2 * MOST_UNITS];
    char utf8[3 * MOST_UNITS + 1];
};

struct evtx_plans {
    struct plan plans[MOST_PLANS];
    size_t count;
    uint8_t places[PLACES]; /* 0: free, else the index of a plan and 1 */
    struct text texts[TEXT_FIELDS][TEXTS];
    struct event_fields scratch;
};

struct evtx_plans *evtx_plans_new(void)
{
    struct evtx_plans *plans = calloc(1, sizeof *plans);
    if (plans != NULL) {
        plans->scratch = EVENT_FIELDS_INIT;
    }
    return plans;
}

void evtx_plans_free(struct evtx_plans *plans)
{
    if (plans != NULL) {
        fields_free(&plans->scratch);
        free(plans);
    }
}

void evtx_plans_next_chunk(struct evtx_plans *plans)
{
    plans->count = 0;
    memset(plans->places, 0, sizeof plans->places);
}

/* ---- names ---- */

static bool is_text_field(enum event_field field)
{
    return field == FIELD_PROVIDER || field == FIELD_CHANNEL || field == FIELD_COMPUTER;
}

/* Makes the entry from the bytes, by the plain way's own functions. False when memory is out. */
static bool learn_text(struct evtx_plans *plans, enum event_field field, const uint8_t *raw,
                       size_t units, struct text *entry)
{
    struct event event;
    fields_clear(&plans->scratch);
    fields_begin(&plans->scratch, field);
    (void)evtx_value_add(&plans->scratch, field, TYPE_STRING, raw, 2 * units);
    fields_end(&plans->scratch, field);
    if (!fields_event(&plans->scratch, &event)) {
        entry->known = false;
        return false;
    }
    const char *text = field == FIELD_PROVIDER  ? event.provider
                       : field == FIELD_CHANNEL ? event.channel
                                                : event.computer;
    entry->known = true;
    entry->missing = text == NULL;
    entry->units = (uint16_t)units;
    memcpy(entry->raw, raw, 2 * units);
    /* A code unit becomes 3 bytes at most. */
    memcpy(entry->utf8, text != NULL ? text : "", text != NULL ? strlen(text) + 1 : 1);
    return true;
}

/* The name of `units` code units, 1 to MOST_UNITS. False when memory is out. */
static bool find_text(struct evtx_plans *plans, enum event_field field, const uint8_t *raw,
                      size_t units, const char **out)
{
    unsigned set = field == FIELD_PROVIDER ? 0 : field == FIELD_CHANNEL ? 1 : 2;
    unsigned hash = (unsigned)units + raw[0] * 3U + raw[units / 2 * 2] * 5U +
                    raw[2 * units - 2] * 7U + raw[units / 4 * 2] * 11U;
    struct text *entry = &plans->texts[set][(hash ^ hash >> 5) % TEXTS];
    bool same = entry->known && entry->units == units && memcmp(entry->raw, raw, 2 * units) == 0;
    if (!same && !learn_text(plans, field, raw, units, entry)) {
        return false;
    }
    *out = entry->missing ? NULL : entry->utf8;
    return true;
}

/* ---- one definition ---- */

static void make_plan(struct evtx_plans *plans, const uint8_t *chunk, size_t size, uint32_t offset,
                      struct plan *plan)
{
    plan->offset = offset;
    plan->needed = 0;
    plan->last_shape = 0;
    for (size_t i = 0; i < SHAPES; i++) {
        plan->shapes[i].size = 0;
    }
    plan->regular = binxml_note(chunk, size, offset, &plans->scratch, &plan->notes) &&
                    plan->notes.needed_count > 0;
    for (size_t i = 0; plan->regular && i < plan->notes.needed_count; i++) {
        if (plan->notes.needed[i] >= plan->needed) {
            plan->needed = (size_t)plan->notes.needed[i] + 1;
        }
    }
    for (int field = 0; plan->regular && field < FIELD_NONE; field++) {
        const struct binxml_note *note = &plan->notes.fields[field];
        /* Numbers come as values. */
        plan->regular = note->source != BINXML_TEXT ||
                        (is_text_field((enum event_field)field) && note->units <= MOST_UNITS);
    }
}

/* The plan of the definition at `offset`; NULL when there are too many. */
static struct plan *plan_of(struct evtx_plans *plans, const uint8_t *chunk, size_t size,
                            uint32_t offset)
{
    unsigned place = (offset ^ offset >> 8) % PLACES;
    while (plans->places[place] != 0) {
        struct plan *plan = &plans->plans[plans->places[place] - 1];
        if (plan->offset == offset) {
            return plan;
        }
        place = (place + 1) % PLACES;
    }
    if (plans->count == MOST_PLANS) {
        return NULL;
    }
    struct plan *plan = &plans->plans[plans->count++];
    plans->places[place] = (uint8_t)plans->count;
    make_plan(plans, chunk, size, offset, plan);
    return plan;
}

/* ---- one record's values ---- */

/* False: a type that the plain way has to look at. */
static bool kind_of(enum event_field field, uint8_t type, size_t size, struct value_at *value)
{
    static const uint8_t numbers[] = {
        [TYPE_UINT8] = NUMBER_8,   [TYPE_UINT16] = NUMBER_16, [TYPE_UINT32] = NUMBER_32,
        [TYPE_UINT64] = NUMBER_64, [TYPE_HEX32] = NUMBER_32,  [TYPE_HEX64] = NUMBER_64,
    };
    static const uint8_t least[] = {
        [NUMBER_8] = 1, [NUMBER_16] = 2, [NUMBER_32] = 4, [NUMBER_64] = 8};
    if (type == 0 || (size == 0 && (type & TYPE_ARRAY) == 0)) {
        value->kind = MISSING;
        return true;
    }
    if (is_text_field(field)) {
        value->kind = TEXT;
        value->units = (uint16_t)(size / 2);
        return type == TYPE_STRING && size / 2 >= 1 && size / 2 <= MOST_UNITS;
    }
    if (field == FIELD_TIME) {
        value->kind = NUMBER_64;
        return type == TYPE_FILETIME && size >= 8;
    }
    value->kind = type < sizeof numbers ? numbers[type] : (uint8_t)MISSING;
    return value->kind != MISSING && size >= least[value->kind];
}

/* Finds out what `descriptors` mean. False when the plain way has to. */
static bool learn_shape(const struct plan *plan, const uint8_t *descriptors, struct shape *shape)
{
    uint32_t at[BINXML_MOST_NEEDED];
    uint32_t here = 0;
    for (size_t i = 0; i < plan->needed; i++) {
        at[i] = here;
        here += get_le16(descriptors + 4 * i);
    }
    shape->size = 0;
    for (size_t i = 0; i < plan->notes.needed_count; i++) {
        const uint8_t *descriptor = descriptors + (size_t)4 * plan->notes.needed[i];
        if (descriptor[2] == TYPE_BINXML && get_le16(descriptor) > 0) {
            return false;
        }
    }
    for (int field = 0; field < FIELD_NONE; field++) {
        const struct binxml_note *note = &plan->notes.fields[field];
        struct value_at *value = &shape->fields[field];
        *value = (struct value_at){.kind = MISSING};
        if (note->source == BINXML_VALUE) {
            const uint8_t *descriptor = descriptors + (size_t)4 * note->at;
            value->at = at[note->at];
            if (!kind_of((enum event_field)field, descriptor[2], get_le16(descriptor), value)) {
                return false;
            }
        }
    }
    shape->size = 4 * plan->needed;
    shape->length = here;
    memcpy(shape->descriptors, descriptors, shape->size);
    return true;
}

static const struct shape *shape_of(struct plan *plan, const uint8_t *descriptors)
{
    for (unsigned i = 0; i < SHAPES; i++) {
        unsigned index = (plan->last_shape + i) % SHAPES;
        const struct shape *shape = &plan->shapes[index];
        if (shape->size != 0 && memcmp(shape->descriptors, descriptors, shape->size) == 0) {
            plan->last_shape = index;
            return shape;
        }
    }
    plan->last_shape = (plan->last_shape + 1) % SHAPES;
    struct shape *shape = &plan->shapes[plan->last_shape];
    return learn_shape(plan, descriptors, shape) ? shape : NULL;
}

/* False: the value is missing. */
static bool number_at(const struct value_at *value, const uint8_t *values, uint64_t *out)
{
    const uint8_t *p = values + value->at;
    switch (value->kind) {
    case NUMBER_8:
        *out = p[0];
        return true;
    case NUMBER_16:
        *out = get_le16(p);
        return true;
    case NUMBER_32:
        *out = get_le32(p);
        return true;
    case NUMBER_64:
        *out = get_le64(p);
        return true;
    default:
        return false;
    }
}

/* False when memory is out, which the plain way will notice as well. */
static bool text_of(struct evtx_plans *plans, const struct plan *plan, const struct shape *shape,
                    enum event_field field, const uint8_t *chunk, const uint8_t *values,
                    const char **out)
{
    const struct binxml_note *note = &plan->notes.fields[field];
    const struct value_at *value = &shape->fields[field];
    *out = NULL;
    if (note->source == BINXML_TEXT && note->units > 0) {
        return find_text(plans, field, chunk + note->at, note->units, out);
    }
    return value->kind != TEXT || find_text(plans, field, values + value->at, value->units, out);
}

static bool make_event(struct evtx_plans *plans, const struct plan *plan, const struct shape *shape,
                       const uint8_t *chunk, const uint8_t *record, const uint8_t *values,
                       struct event *out)
{
    uint64_t number;
    *out = (struct event){.record = get_le64(record + 8)};
    for (int field = FIELD_EVENT_ID; field <= FIELD_RECORD; field++) {
        if (number_at(&shape->fields[field], values, &number)) {
            fields_set_number(out, (enum event_field)field, number);
        }
    }
    if (out->time == 0) {
        out->time = get_le64(record + 16);
    }
    return text_of(plans, plan, shape, FIELD_PROVIDER, chunk, values, &out->provider) &&
           text_of(plans, plan, shape, FIELD_CHANNEL, chunk, values, &out->channel) &&
           text_of(plans, plan, shape, FIELD_COMPUTER, chunk, values, &out->computer);
}

/* ---- one record ---- */

enum evtx_glance evtx_plans_read(struct evtx_plans *plans, const uint8_t *chunk, size_t size,
                                 size_t at, size_t length, const struct log_ids *only,
                                 struct event *out)
{
    const uint8_t *record = chunk + at;
    size_t begin = at + EVTX_RECORD_HEADER;
    size_t end = at + length - 4;
    if (end - begin < INSTANCE + 4 || record[EVTX_RECORD_HEADER] != TOKEN_FRAGMENT ||
        record[EVTX_RECORD_HEADER + 4] != TOKEN_TEMPLATE) {
        return EVTX_GLANCE_UNUSUAL;
    }
    struct plan *plan = plan_of(plans, chunk, size, get_le32(chunk + begin + INSTANCE - 4));
    if (plan == NULL || !plan->regular) {
        return EVTX_GLANCE_UNUSUAL;
    }
    /* The first record that uses a definition has it between its offset and the values. */
    size_t here = plan->offset == begin + INSTANCE ? plan->notes.end : begin + INSTANCE;
    if (!in_bounds(end, here, 4)) {
        return EVTX_GLANCE_UNUSUAL;
    }
    size_t count = get_le32(chunk + here);
    here += 4;
    if (count < plan->needed || count > UINT16_MAX || !in_bounds(end, here, 4 * count)) {
        return EVTX_GLANCE_UNUSUAL;
    }
    const struct shape *shape = shape_of(plan, chunk + here);
    here += 4 * count;
    if (shape == NULL || !in_bounds(end, here, shape->length)) {
        return EVTX_GLANCE_UNUSUAL;
    }
    if (only != NULL) {
        uint64_t id = 0;
        (void)number_at(&shape->fields[FIELD_EVENT_ID], chunk + here, &id);
        if (!log_ids_have(only, (uint16_t)id)) {
            return EVTX_GLANCE_OTHER;
        }
    }
    return make_event(plans, plan, shape, chunk, record, chunk + here, out) ? EVTX_GLANCE_EVENT
                                                                            : EVTX_GLANCE_UNUSUAL;
}
