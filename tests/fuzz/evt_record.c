#include "log_check.h"

#include "decode/evt_record.h"

#include "base/utf.h"

#include <string.h>

/* Whatever the record says of its strings. */
static void check_strings(const struct event *event)
{
    const char *strings = event->strings;
    bool wanted =
        event->computer != NULL && same_text_nocase(event->provider, EVT_SOURCE_FILE_PROTECTION);
    FUZZ_REQUIRE((strings != NULL) == wanted, "strings are those of one source alone");
    size_t length = strings != NULL ? strlen(strings) : 0;
    FUZZ_REQUIRE(length <= EVT_STRINGS_MOST, "strings are bounded");
    FUZZ_REQUIRE(length == 0 || strings[length - 1] == '\n', "a line feed is behind each string");
}

void fuzz_evt_record(const uint8_t *data, size_t size)
{
    struct event event;
    struct buf names = BUF_INIT;
    if (size >= 8) {
        uint32_t length = evt_record_length(data);
        FUZZ_REQUIRE(length == 0 || (length >= EVT_RECORD_LEAST && length <= EVT_RECORD_MOST),
                     "a record's length is possible");
    }
    bool whole = evt_record_whole(data, size);
    if (whole) {
        FUZZ_REQUIRE(evt_record_decode(data, size, &names, &event), "memory is bounded");
        FUZZ_REQUIRE(log_event_is_text(&event), "an event's texts are UTF-8");
        FUZZ_REQUIRE(event.record == evt_record_number(data) && event.time == evt_record_time(data),
                     "the record's number and time are the event's");
        FUZZ_REQUIRE(event.provider != NULL || event.computer == NULL,
                     "a computer's name stands behind the provider's");
        check_strings(&event);
        FUZZ_REQUIRE(names.len <= size * 2, "names are no longer than the record allows");
    }
    buf_free(&names);
}
