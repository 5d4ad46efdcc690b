#include "log_check.h"

#include "decode/evt_record.h"

#include <string.h>

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
        FUZZ_REQUIRE(names.len <= size * 2, "names are no longer than the record allows");
    }
    buf_free(&names);
}
