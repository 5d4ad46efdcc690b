#include "scan_json.h"

#include "base/json.h"
#include "base/wintime.h"

#include <string.h>

enum {
    NUMBER_MOST = 20, /* digits of a 64-bit number */
    /* Bytes of one line without its four texts: keys, numbers, the time. */
    LINE_MOST = 256,
};

static void number_or_null(struct json *j, const char *key, bool known, uint64_t number)
{
    if (known) {
        json_number(j, key, number);
    } else {
        json_no_value(j, key);
    }
}

void scan_json_event_plain(struct buf *out, const char *file, const struct event *event)
{
    char time[WINTIME_TEXT_SIZE];
    (void)wintime_iso(event->time, time);
    struct json j = json_start(out);
    json_open_object(&j, NULL);
    json_text(&j, "file", file);
    json_number(&j, "record", event->record);
    json_text(&j, "time", event->time != 0 ? time : NULL);
    json_text(&j, "channel", event->channel);
    json_text(&j, "provider", event->provider);
    json_number(&j, "event_id", event->id);
    number_or_null(&j, "qualifiers", event->has_qualifiers, event->qualifiers);
    number_or_null(&j, "level", event->has_level, event->level);
    json_text(&j, "computer", event->computer);
    json_close_object(&j);
    buf_add_char(out, '\n');
}

/* ---- the common case: all text is ASCII that JSON shows as it is ---- */

/* The length of such a text; false for any other. NULL has none. */
static bool plain_length(const char *text, size_t *length)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t highs = UINT64_C(0x8080808080808080);
    *length = text != NULL ? strlen(text) : 0;
    uint64_t odd = 0;
    size_t i = 0;
    for (; *length - i >= 8; i += 8) {
        uint64_t eight;
        memcpy(&eight, text + i, sizeof eight);
        /* A byte's high bit is set where the byte has it, or is under 0x20, or is one of " \ DEL.
         * A borrow can set one too many, behind one that is right. */
        odd |= eight | (eight - ones * 0x20) | ((eight ^ ones * '"') - ones) |
               ((eight ^ ones * '\\') - ones) | ((eight ^ ones * 0x7f) - ones);
    }
    for (; i < *length; i++) {
        unsigned char c = (unsigned char)text[i];
        odd |= c < 0x20 || c >= 0x7f || c == '"' || c == '\\' ? highs : 0;
    }
    return (odd & highs) == 0;
}

#define PUT(at, literal) (memcpy(at, literal, sizeof(literal) - 1), (at) + sizeof(literal) - 1)

static char *put_text(char *at, const char *text, size_t length)
{
    if (text == NULL) {
        return PUT(at, "null");
    }
    *at++ = '"';
    memcpy(at, text, length);
    at += length;
    *at++ = '"';
    return at;
}

static char *put_number(char *at, uint64_t number)
{
    char digits[NUMBER_MOST];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    memcpy(at, digits + first, sizeof digits - first);
    return at + (sizeof digits - first);
}

static char *put_number_or_null(char *at, bool known, uint64_t number)
{
    return known ? put_number(at, number) : PUT(at, "null");
}

static char *put_time(char *at, uint64_t time)
{
    if (time == 0) {
        return PUT(at, "null");
    }
    *at++ = '"';
    at += wintime_iso(time, at);
    *at++ = '"';
    return at;
}

void scan_json_event(struct buf *out, const char *file, const struct event *event)
{
    size_t length[4];
    bool plain = plain_length(file, &length[0]);
    plain = plain_length(event->channel, &length[1]) && plain;
    plain = plain_length(event->provider, &length[2]) && plain;
    plain = plain_length(event->computer, &length[3]) && plain;
    if (!plain || !buf_reserve(out, LINE_MOST + length[0] + length[1] + length[2] + length[3])) {
        scan_json_event_plain(out, file, event);
        return;
    }
    char *at = out->data + out->len;
    at = PUT(at, "{\"file\":");
    at = put_text(at, file, length[0]);
    at = PUT(at, ",\"record\":");
    at = put_number(at, event->record);
    at = PUT(at, ",\"time\":");
    at = put_time(at, event->time);
    at = PUT(at, ",\"channel\":");
    at = put_text(at, event->channel, length[1]);
    at = PUT(at, ",\"provider\":");
    at = put_text(at, event->provider, length[2]);
    at = PUT(at, ",\"event_id\":");
    at = put_number(at, event->id);
    at = PUT(at, ",\"qualifiers\":");
    at = put_number_or_null(at, event->has_qualifiers, event->qualifiers);
    at = PUT(at, ",\"level\":");
    at = put_number_or_null(at, event->has_level, event->level);
    at = PUT(at, ",\"computer\":");
    at = put_text(at, event->computer, length[3]);
    at = PUT(at, "}\n");
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
