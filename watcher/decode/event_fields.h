/* The fields of an event's System element while they are collected, from binary XML or from text.
 *
 * Source of the element and attribute names: the event schema in the Windows SDK documentation
 * (SystemPropertiesType). */
#ifndef WATCHER_DECODE_EVENT_FIELDS_H
#define WATCHER_DECODE_EVENT_FIELDS_H

#include "../event.h"

#include "base/buf.h"

#define EVENT_NAMESPACE "http://schemas.microsoft.com/win/2004/08/events/event"

enum event_field {
    FIELD_PROVIDER,
    FIELD_EVENT_ID,
    FIELD_QUALIFIERS,
    FIELD_LEVEL,
    FIELD_TIME,
    FIELD_RECORD,
    FIELD_CHANNEL,
    FIELD_COMPUTER,
    FIELD_NONE, /* also the number of fields */
};

/* Which fields an element of System carries in its content and in its one attribute of interest. */
struct system_element {
    const char *name;
    enum event_field content;
    const char *attribute; /* NULL: none */
    enum event_field in_attribute;
};

/* NULL: no element that carries a field. */
const struct system_element *system_element(const char *name);

struct event_fields {
    struct buf text; /* the values, each ended by a NUL */
    size_t start[FIELD_NONE];
    bool has[FIELD_NONE];
    bool has_binary_time; /* the time came as a FILETIME and needs no reading */
    uint64_t binary_time;
};

#define EVENT_FIELDS_INIT ((struct event_fields){.text = BUF_INIT})

void fields_free(struct event_fields *fields);

/* Forgets all values and keeps the memory. */
void fields_clear(struct event_fields *fields);

/* Between these two the value of a field is added to fields->text. A field that is there already
 * keeps its first value; an empty one counts as missing. */
void fields_begin(struct event_fields *fields, enum event_field field);
void fields_end(struct event_fields *fields, enum event_field field);

/* The number that a field's value is, decimal or hexadecimal with 0x before it. False when it is
 * none. */
bool fields_number(const struct event_fields *fields, enum event_field field, uint64_t *out);

/* Puts the number that a field has (FIELD_TIME: its FILETIME) into the event; one that is out of
 * the field's range counts as missing. The event id comes before the qualifiers. */
static inline void fields_set_number(struct event *event, enum event_field field, uint64_t number)
{
    switch (field) {
    case FIELD_EVENT_ID:
        event->id = (uint16_t)(number & 0xffff);
        /* Some tools write a classic event's full 32-bit id. */
        event->qualifiers = (uint16_t)(number >> 16 & 0xffff);
        event->has_qualifiers = number > 0xffff;
        break;
    case FIELD_QUALIFIERS:
        if (number <= UINT16_MAX) {
            event->qualifiers = (uint16_t)number;
            event->has_qualifiers = true;
        }
        break;
    case FIELD_LEVEL:
        if (number <= UINT8_MAX) {
            event->level = (uint8_t)number;
            event->has_level = true;
        }
        break;
    case FIELD_RECORD:
        event->record = number;
        break;
    case FIELD_TIME:
        event->time = number;
        break;
    default:
        break;
    }
}

/* The event that the fields make; its texts live in `fields`. A number that is not one, and a time
 * that cannot be read, count as missing (0). False when memory is out. */
bool fields_event(const struct event_fields *fields, struct event *out);

#endif
