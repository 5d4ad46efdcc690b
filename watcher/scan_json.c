#include "scan_json.h"

#include "base/wintime.h"

#include <stdlib.h>
#include <string.h>

static void number_or_null(struct json *j, const char *key, bool known, uint64_t number)
{
    if (known) {
        json_number(j, key, number);
    } else {
        json_no_value(j, key);
    }
}

/* A line is a head, which is the same for a whole log, the record's number and time, a middle, and
 * an ending with the computer. */

static void add_head(struct buf *out, const char *file)
{
    struct json j = json_start(out);
    json_open_object(&j, NULL);
    json_text(&j, "file", file);
}

static void add_middle(struct json *j, const struct event *event)
{
    json_text(j, "channel", event->channel);
    json_text(j, "provider", event->provider);
    json_number(j, "event_id", event->id);
    number_or_null(j, "qualifiers", event->has_qualifiers, event->qualifiers);
    number_or_null(j, "level", event->has_level, event->level);
}

static void add_ending(struct json *j, const struct event *event)
{
    json_text(j, "computer", event->computer);
    json_close_object(j);
    buf_add_char(j->out, '\n');
}

/* A writer inside an object that has members. */
static struct json json_inside(struct buf *out)
{
    struct json j = json_start(out);
    j.comma = true;
    return j;
}

void scan_json_event(struct buf *out, const char *file, const struct event *event)
{
    char time[WINTIME_TEXT_SIZE];
    (void)wintime_iso(event->time, time);
    add_head(out, file);
    struct json j = json_inside(out);
    json_number(&j, "record", event->record);
    json_text(&j, "time", event->time != 0 ? time : NULL);
    add_middle(&j, event);
    add_ending(&j, event);
}

/* ---- many lines: what the last ones had is kept as JSON ---- */

enum {
    MIDDLES = 64,      /* a power of 2 */
    TEXT_ROOM = 64,    /* bytes of a name that is kept, with its NUL; */
    JSON_ROOM = 256,   /* of what stands in the line for it */
    NUMBERS_ROOM = 96, /* bytes of the number and the time with their keys, and one more time's */
};

/* Bytes of a line that many records have in common. */
struct common {
    uint16_t length;
    char bytes[JSON_ROOM];
};

struct name {
    bool missing;
    char text[TEXT_ROOM];
};

struct middle {
    uint16_t id, qualifiers;
    uint8_t level;
    bool has_qualifiers, has_level;
    struct name channel, provider;
    struct common json;
};

struct ending {
    bool known;
    struct name computer;
    struct common json;
};

struct scan_lines {
    const char *file;
    struct buf head; /* with the key of the record's number */
    struct wintime_date date;
    uint64_t known; /* the bit N: there is a middle in the place N */
    struct middle middles[MIDDLES];
    struct ending ending;
    struct buf scratch;
};

struct scan_lines *scan_lines_new(const char *file)
{
    struct scan_lines *lines = malloc(sizeof *lines);
    if (lines != NULL) {
        lines->head = BUF_INIT;
        lines->scratch = BUF_INIT;
        lines->date = (struct wintime_date){0};
        lines->known = 0;
        lines->ending.known = false;
        scan_lines_turn_to(lines, file);
    }
    return lines;
}

void scan_lines_turn_to(struct scan_lines *lines, const char *file)
{
    lines->file = file;
    buf_clear(&lines->head);
    add_head(&lines->head, file);
    buf_add_text(&lines->head, ",\"record\":");
}

void scan_lines_free(struct scan_lines *lines)
{
    if (lines != NULL) {
        buf_free(&lines->head);
        buf_free(&lines->scratch);
        free(lines);
    }
}

static bool is_name(const struct name *name, const char *text)
{
    return text == NULL || name->missing ? text == NULL && name->missing
                                         : strcmp(name->text, text) == 0;
}

/* False when it is too long. */
static bool keep_name(struct name *name, const char *text)
{
    size_t length = text != NULL ? strlen(text) : 0;
    if (length >= TEXT_ROOM) {
        return false;
    }
    name->missing = text == NULL;
    memcpy(name->text, text != NULL ? text : "", length + 1);
    return true;
}

static bool keep_json(struct common *json, const struct buf *text)
{
    if (text->failed || text->len > JSON_ROOM) {
        return false;
    }
    json->length = (uint16_t)text->len;
    memcpy(json->bytes, buf_text(text), text->len);
    return true;
}

static bool is_middle(const struct middle *m, const struct event *event)
{
    return m->id == event->id && m->has_qualifiers == event->has_qualifiers &&
           (!m->has_qualifiers || m->qualifiers == event->qualifiers) &&
           m->has_level == event->has_level && (!m->has_level || m->level == event->level) &&
           is_name(&m->provider, event->provider) && is_name(&m->channel, event->channel);
}

/* NULL when it cannot be kept. */
static const struct common *middle_of(struct scan_lines *lines, const struct event *event)
{
    /* Nearly all ids are of one provider. */
    unsigned place = (event->id ^ event->id >> 6) % MIDDLES;
    struct middle *middle = &lines->middles[place];
    uint64_t bit = UINT64_C(1) << place;
    if ((lines->known & bit) != 0 && is_middle(middle, event)) {
        return &middle->json;
    }
    lines->known &= ~bit;
    buf_clear(&lines->scratch);
    struct json j = json_inside(&lines->scratch);
    add_middle(&j, event);
    middle->id = event->id;
    middle->has_qualifiers = event->has_qualifiers;
    middle->qualifiers = event->qualifiers;
    middle->has_level = event->has_level;
    middle->level = event->level;
    if (!keep_json(&middle->json, &lines->scratch) ||
        !keep_name(&middle->channel, event->channel) ||
        !keep_name(&middle->provider, event->provider)) {
        return NULL;
    }
    lines->known |= bit;
    return &middle->json;
}

/* NULL when it cannot be kept. */
static const struct common *ending_of(struct scan_lines *lines, const struct event *event)
{
    struct ending *ending = &lines->ending;
    if (ending->known && is_name(&ending->computer, event->computer)) {
        return &ending->json;
    }
    buf_clear(&lines->scratch);
    struct json j = json_inside(&lines->scratch);
    add_ending(&j, event);
    ending->known =
        keep_json(&ending->json, &lines->scratch) && keep_name(&ending->computer, event->computer);
    return ending->known ? &ending->json : NULL;
}

#define PUT(at, literal) (memcpy(at, literal, sizeof(literal) - 1), (at) + sizeof(literal) - 1)

static char *put_bytes(char *at, const char *bytes, size_t length)
{
    memcpy(at, bytes, length);
    return at + length;
}

static char *put_time(struct scan_lines *lines, char *at, uint64_t time)
{
    if (time == 0) {
        return PUT(at, ",\"time\":null");
    }
    at = PUT(at, ",\"time\":\"");
    at += wintime_iso_after(&lines->date, time, at);
    *at++ = '"';
    return at;
}

void scan_lines_add(struct scan_lines *lines, struct buf *out, const struct event *event)
{
    const struct common *middle = middle_of(lines, event);
    const struct common *ending = ending_of(lines, event);
    if (middle == NULL || ending == NULL || lines->head.failed ||
        !buf_reserve(out, lines->head.len + NUMBERS_ROOM + middle->length + ending->length)) {
        scan_json_event(out, lines->file, event);
        return;
    }
    char *at = out->data + out->len;
    at = put_bytes(at, lines->head.data, lines->head.len);
    at += number_put(at, event->record);
    at = put_time(lines, at, event->time);
    at = put_bytes(at, middle->bytes, middle->length);
    at = put_bytes(at, ending->bytes, ending->length);
    out->len = (size_t)(at - out->data);
    *at = '\0';
}

void scan_json_burst(struct json *j, const struct burst *burst)
{
    scan_json_burst_of(j, burst, NULL);
}

void scan_json_burst_of(struct json *j, const struct burst *burst, const char *kind)
{
    char first[WINTIME_TEXT_SIZE];
    char last[WINTIME_TEXT_SIZE];
    wintime_iso(burst->first, first);
    wintime_iso(burst->last, last);
    json_open_object(j, "burst");
    json_text(j, "computer", burst->computer);
    json_text(j, "first", first);
    json_text(j, "last", last);
    json_number(j, "events", burst->events);
    if (kind != NULL) {
        json_text(j, "kind", kind);
    }
    json_close_object(j);
}
