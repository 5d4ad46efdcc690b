/* A follower that looks at a full, wrapped log while a record is being written over the older ones:
 * whatever part of it is there, no record is missed, and none is handed out half old and half new.
 */
#include "check.h"

#include "decode/decode.h"
#include "log_reader.h"
#include "log_writer.h"

#include "base/wintime.h"

#include <stdlib.h>
#include <string.h>

#define TIME UINT64_C(130000000000000000)

/* Sizes from one at which a record ends where one of the round before ended, to the next. */
enum { LEAST = 1968, MOST = LEAST + 160, ROUNDS = 30 };

/* The records that were handed out, which are to follow one another. */
struct seen {
    uint64_t last; /* 0: none yet */
    size_t wrong;
};

static bool take(void *context, const struct event *event)
{
    struct seen *seen = context;
    bool follows = seen->last == 0 || event->record == seen->last + 1;
    seen->wrong += !follows || event->id != 4226 || strcmp(event->computer, "WKS") != 0 ||
                   event->time != TIME + event->record * WINTIME_PER_SECOND;
    seen->last = event->record;
    return true;
}

static struct log_result follow(uint8_t *bytes, size_t size, struct log_place *place,
                                struct seen *seen)
{
    struct log_memory memory = {bytes, size};
    struct log_input input = log_input_memory(&memory);
    const struct log_sink sink = {.context = seen, .event = take};
    return evt_read(&input, true, place, &sink);
}

/* What the writer does to the file, in its order, a byte at a time. */
struct changes {
    struct {
        uint32_t offset;
        uint8_t byte;
    } items[2048];
    size_t count;
};

static bool note(void *context, uint64_t offset, const void *bytes, size_t size)
{
    struct changes *changes = context;
    for (size_t i = 0; i < size && changes->count < 2048; i++) {
        changes->items[changes->count].offset = (uint32_t)(offset + i);
        changes->items[changes->count++].byte = ((const uint8_t *)bytes)[i];
    }
    return true;
}

static void append(struct evt_image *log, struct changes *changes)
{
    const struct log_record record =
        log_record_tcpip(4226, "WKS", TIME + log->next * WINTIME_PER_SECOND);
    changes->count = 0;
    log->write = note;
    log->context = changes;
    CHECK(evt_image_append(log, &record));
    CHECK(changes->count < 2048);
}

/* Looks when so many bytes have been written, and then when all are. */
static void look_twice(uint8_t *torn, const struct evt_image *log, struct log_place place,
                       struct seen seen)
{
    CHECK(!follow(torn, log->size, &place, &seen).place_lost);
    CHECK(!follow(log->bytes, log->size, &place, &seen).place_lost);
    CHECK_NUMBER(seen.wrong, 0);
    CHECK_NUMBER(seen.last, log->next - 1);
}

static void follow_a_full_log(uint32_t size)
{
    static struct changes changes;
    static uint8_t torn[MOST];
    struct evt_image log;
    CHECK(evt_image_create(&log, size, size));
    for (int i = 0; i < 40; i++) {
        append(&log, &changes);
    }
    for (int round = 0; round < ROUNDS; round++) {
        struct log_place place = {.set = false};
        struct seen seen = {0};
        (void)follow(log.bytes, size, &place, &seen);
        memcpy(torn, log.bytes, size);
        append(&log, &changes);
        for (size_t i = 0; i < changes.count; i++) {
            look_twice(torn, &log, place, seen);
            torn[changes.items[i].offset] = changes.items[i].byte;
        }
        CHECK(memcmp(torn, log.bytes, size) == 0);
    }
    evt_image_free(&log);
}

static void no_record_is_missed_or_torn(void)
{
    for (uint32_t size = LEAST; size < MOST; size += 16) {
        follow_a_full_log(size);
    }
}

/* Between the writes of a record and of the end-of-file record behind it nothing marks the end. The
 * writer is done before a file of this size could be searched. */
static void first_look_does_not_search(void)
{
    enum { SIZE = 1024 * 1024, ENOUGH = 32 * 1024 };
    static struct changes changes;
    struct evt_image log;
    struct log_place place = {.set = false};
    struct seen seen = {0};
    CHECK(evt_image_create(&log, SIZE, SIZE));
    append(&log, &changes);
    (void)follow(log.bytes, SIZE, &place, &seen);
    uint32_t end = log.end;
    append(&log, &changes);
    uint8_t whole[64];
    memcpy(whole, log.bytes + log.end, sizeof whole);
    memset(log.bytes + log.end, 0, sizeof whole);

    struct counted_input counted = {.memory = {log.bytes, SIZE}};
    const struct log_input input = counted_input(&counted);
    const struct log_sink sink = {.context = &seen, .event = take};
    CHECK(evt_read(&input, true, &place, &sink).incomplete);
    CHECK(counted.bytes <= ENOUGH);
    CHECK_NUMBER(seen.last, 1);
    CHECK_NUMBER(place.doubt, end + 1);
    struct log_place still_missing = place;
    (void)evt_read(&input, true, &still_missing, &sink);
    CHECK_NUMBER(seen.last, 2);
    CHECK(counted.bytes > SIZE);
    seen.last = 1;
    memcpy(log.bytes + log.end, whole, sizeof whole);
    (void)evt_read(&input, true, &place, &sink);
    CHECK_NUMBER(seen.last, 2);
    CHECK_NUMBER(seen.wrong, 0);
    evt_image_free(&log);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"no record is missed or torn", no_record_is_missed_or_torn},
        {"the first look does not search", first_look_does_not_search},
    };
    return RUN_SUITE("evt torn", cases);
}
