#include "event_fields.h"

#include "base/wintime.h"

#include <string.h>

static const struct system_element elements[] = {
    {"Provider", FIELD_NONE, "Name", FIELD_PROVIDER},
    {"EventID", FIELD_EVENT_ID, "Qualifiers", FIELD_QUALIFIERS},
    {"Level", FIELD_LEVEL, NULL, FIELD_NONE},
    {"TimeCreated", FIELD_NONE, "SystemTime", FIELD_TIME},
    {"EventRecordID", FIELD_RECORD, NULL, FIELD_NONE},
    {"Channel", FIELD_CHANNEL, NULL, FIELD_NONE},
    {"Computer", FIELD_COMPUTER, NULL, FIELD_NONE},
};

const struct system_element *system_element(const char *name)
{
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++) {
        /* Nearly all names differ in their first letter. */
        if (elements[i].name[0] == name[0] && strcmp(elements[i].name, name) == 0) {
            return &elements[i];
        }
    }
    return NULL;
}

void fields_free(struct event_fields *fields)
{
    buf_free(&fields->text);
}

void fields_clear(struct event_fields *fields)
{
    buf_clear(&fields->text);
    memset(fields->has, 0, sizeof fields->has);
    fields->has_binary_time = false;
}

void fields_begin(struct event_fields *fields, enum event_field field)
{
    if (!fields->has[field]) {
        fields->start[field] = fields->text.len;
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void fields_end(struct event_fields *fields, enum event_field field)
{
    if (fields->has[field]) {
        return;
    }
    struct buf *text = &fields->text;
    size_t first = fields->start[field];
    while (first < text->len && is_blank(text->data[first])) {
        first++;
    }
    while (text->len > first && is_blank(text->data[text->len - 1])) {
        text->len--;
    }
    fields->start[field] = first;
    fields->has[field] = text->len > first;
    buf_add_char(text, '\0');
}

static const char *value_of(const struct event_fields *fields, enum event_field field)
{
    return fields->has[field] ? fields->text.data + fields->start[field] : NULL;
}

static unsigned digit_of(char c)
{
    return c >= '0' && c <= '9'   ? (unsigned)(c - '0')
           : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
           : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                  : 16;
}

bool fields_number(const struct event_fields *fields, enum event_field field, uint64_t *out)
{
    const char *text = value_of(fields, field);
    if (text == NULL) {
        return false;
    }
    unsigned base = 10;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    uint64_t value = 0;
    const char *first = text;
    for (; digit_of(*text) < base; text++) {
        unsigned digit = digit_of(*text);
        if (value > (UINT64_MAX - digit) / base) {
            return false;
        }
        value = value * base + digit;
    }
    *out = value;
    return text != first && *text == '\0';
}

bool fields_event(const struct event_fields *fields, struct event *out)
{
    static const enum event_field numbers[] = {FIELD_EVENT_ID, FIELD_QUALIFIERS, FIELD_LEVEL,
                                               FIELD_RECORD};
    uint64_t number;
    *out = (struct event){.provider = value_of(fields, FIELD_PROVIDER),
                          .channel = value_of(fields, FIELD_CHANNEL),
                          .computer = value_of(fields, FIELD_COMPUTER)};
    if (fields->text.failed) {
        return false;
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (fields_number(fields, numbers[i], &number)) {
            fields_set_number(out, numbers[i], number);
        }
    }
    const char *time = value_of(fields, FIELD_TIME);
    if (fields->has_binary_time) {
        out->time = fields->binary_time;
    } else if (time != NULL && !wintime_parse(time, strlen(time), &out->time)) {
        out->time = 0;
    }
    return true;
}
