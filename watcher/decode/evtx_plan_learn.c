/* What is learned once: of a definition, of its records' value descriptors, of a name. */
#include "evtx_plan_parts.h"

#include "evtx_value.h"

#include "base/bytes.h"

#include <string.h>

static const enum event_field text_fields[TEXT_FIELDS] = {[TEXT_PROVIDER] = FIELD_PROVIDER,
                                                          [TEXT_CHANNEL] = FIELD_CHANNEL,
                                                          [TEXT_COMPUTER] = FIELD_COMPUTER};

static bool is_text_field(enum event_field field)
{
    return field == FIELD_PROVIDER || field == FIELD_CHANNEL || field == FIELD_COMPUTER;
}

bool evtx_plan_learn_text(struct evtx_plans *plans, enum text_field which, const uint8_t *raw,
                          size_t units, struct text *entry)
{
    enum event_field field = text_fields[which];
    struct event event;
    fields_clear(&plans->scratch);
    fields_begin(&plans->scratch, field);
    (void)evtx_value_add(&plans->scratch, field, TYPE_STRING, raw, 2 * units);
    fields_end(&plans->scratch, field);
    if (!fields_event(&plans->scratch, &event)) {
        entry->known = false;
        return false;
    }
    const char *text = which == TEXT_PROVIDER  ? event.provider
                       : which == TEXT_CHANNEL ? event.channel
                                               : event.computer;
    entry->known = true;
    entry->missing = text == NULL;
    entry->units = (uint16_t)units;
    memcpy(entry->raw, raw, 2 * units);
    /* A code unit becomes 3 bytes at most. */
    memcpy(entry->utf8, text != NULL ? text : "", text != NULL ? strlen(text) + 1 : 1);
    return true;
}

/* ---- one definition ---- */

void evtx_plan_learn(struct evtx_plans *plans, const uint8_t *chunk, size_t size, uint32_t offset,
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

/* ---- value descriptors ---- */

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

static struct name_at name_of(const struct plan *plan, const struct shape *shape,
                              enum event_field field)
{
    const struct binxml_note *note = &plan->notes.fields[field];
    const struct value_at *value = &shape->fields[field];
    if (note->source == BINXML_TEXT) {
        return (struct name_at){.units = note->units, .at = note->at};
    }
    return (struct name_at){
        .of_record = true, .units = value->kind == TEXT ? value->units : 0, .at = value->at};
}

bool evtx_plan_learn_shape(const struct plan *plan, const uint8_t *descriptors, struct shape *shape)
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
    for (int i = 0; i < TEXT_FIELDS; i++) {
        shape->names[i] = name_of(plan, shape, text_fields[i]);
    }
    shape->size = 4 * plan->needed;
    shape->length = here;
    memcpy(shape->descriptors, descriptors, shape->size);
    return true;
}
