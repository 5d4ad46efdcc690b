#include "scan_json.h"

#include "base/json.h"
#include "base/wintime.h"

static void number_or_null(struct json *j, const char *key, bool known, uint64_t number)
{
    if (known) {
        json_number(j, key, number);
    } else {
        json_null(j, key);
    }
}

void scan_json_event(struct buf *out, const char *file, const struct event *event)
{
    char time[WINTIME_TEXT_SIZE];
    wintime_iso(event->time, time);
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
