#include "evtx_plan.h"

#include "evtx_chunk.h"
#include "evtx_plan_parts.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
    TOKEN_FRAGMENT = 0x0f, /* what a record begins with: a fragment header of 4 bytes, ... */
    TOKEN_TEMPLATE = 0x0c, /* ... and an instance: token, version, id (4), offset (4), values */
    INSTANCE = 4 + 10,
};

struct evtx_plans *evtx_plans_new(void)
{
    /* calloc() would clear 100 KB for each piece of a log; it is filled while it is used. */
    struct evtx_plans *plans = malloc(sizeof *plans);
    if (plans != NULL) {
        plans->scratch = EVENT_FIELDS_INIT;
        for (size_t i = 0; i < (size_t)TEXT_FIELDS * TEXTS; i++) {
            plans->texts[i / TEXTS][i % TEXTS].known = false;
        }
        evtx_plans_next_chunk(plans);
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

static bool is_text(const struct text *text, const uint8_t *raw, size_t units)
{
    return text->known && text->units == units && memcmp(text->raw, raw, 2 * units) == 0;
}

/* Finds it by its bytes. NULL when memory is out. */
static const struct text *find_text(struct evtx_plans *plans, enum text_field which,
                                    const uint8_t *raw, size_t units)
{
    unsigned hash = (unsigned)units + raw[0] * 3U + raw[units / 2 * 2] * 5U +
                    raw[2 * units - 2] * 7U + raw[units / 4 * 2] * 11U;
    struct text *entry = &plans->texts[which][(hash ^ hash >> 5) % TEXTS];
    bool found =
        is_text(entry, raw, units) || evtx_plan_learn_text(plans, which, raw, units, entry);
    return found ? entry : NULL;
}

/* ---- one definition ---- */

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
    evtx_plan_learn(plans, chunk, size, offset, plan);
    return plan;
}

/* ---- one record's values ---- */

static bool is_shape(const struct shape *shape, const uint8_t *descriptors)
{
    return shape->size != 0 && memcmp(shape->descriptors, descriptors, shape->size) == 0;
}

static struct shape *shape_of(struct plan *plan, const uint8_t *descriptors)
{
    struct shape *shape = &plan->shapes[plan->last_shape];
    if (is_shape(shape, descriptors)) {
        return shape;
    }
    for (unsigned i = 0; i < SHAPES; i++) {
        if (is_shape(&plan->shapes[i], descriptors)) {
            plan->last_shape = i;
            return &plan->shapes[i];
        }
    }
    plan->last_shape = (plan->last_shape + 1) % SHAPES;
    shape = &plan->shapes[plan->last_shape];
    return evtx_plan_learn_shape(plan, descriptors, shape) ? shape : NULL;
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

/* Puts the names into the event. False when memory is out, which the plain way will notice as well.
 */
static bool put_names(struct evtx_plans *plans, struct shape *shape, const uint8_t *chunk,
                      const uint8_t *values, struct event *out)
{
    const char *texts[TEXT_FIELDS];
    for (int which = 0; which < TEXT_FIELDS; which++) {
        struct name_at *name = &shape->names[which];
        const uint8_t *raw = (name->of_record ? values : chunk) + name->at;
        texts[which] = NULL;
        if (name->units == 0) {
            continue;
        }
        if (name->last == NULL || !is_text(name->last, raw, name->units)) {
            name->last = find_text(plans, (enum text_field)which, raw, name->units);
            if (name->last == NULL) {
                return false;
            }
        }
        texts[which] = name->last->missing ? NULL : name->last->utf8;
    }
    out->provider = texts[TEXT_PROVIDER];
    out->channel = texts[TEXT_CHANNEL];
    out->computer = texts[TEXT_COMPUTER];
    return true;
}

static bool make_event(struct evtx_plans *plans, struct shape *shape, const uint8_t *chunk,
                       const uint8_t *record, const uint8_t *values, struct event *out)
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
    return put_names(plans, shape, chunk, values, out);
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
    struct shape *shape = shape_of(plan, chunk + here);
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
    return make_event(plans, shape, chunk, record, chunk + here, out) ? EVTX_GLANCE_EVENT
                                                                      : EVTX_GLANCE_UNUSUAL;
}
