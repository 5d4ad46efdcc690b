/* Classic logs that are read on behind a place, while they grow, wrap, are cleared and replaced. */
#include "check.h"
#include "evt_fixture.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

static void follower_reads_each_record_once(void)
{
    struct evt_image image;
    struct log_place place = {.set = false};
    uint32_t expected = 1;
    CHECK(evt_image_create(&image, 4096, 4096));
    for (size_t i = 0; i < 200; i++) {
        size_t count = i * 7 % 5;
        append(&image, count);
        read_image(&image, true, &place);
        CHECK(numbers_are(expected, count));
        CHECK(!reading.result.place_lost && !reading.result.incomplete);
        expected += (uint32_t)count;
    }
    evt_image_free(&image);
}

/* What is written over while it is read looks damaged for a moment. */
static void follower_looks_twice_at_damage(void)
{
    struct evt_image image;
    struct log_place place = {.set = false};
    CHECK(evt_image_create(&image, 65536, 65536));
    append(&image, 3);
    read_image(&image, true, &place);
    uint32_t fourth = image.end;
    append(&image, 3);
    uint8_t signature = image.bytes[fourth + 4];
    image.bytes[fourth + 4] ^= 1;
    read_image(&image, true, &place);
    CHECK_NUMBER(reading.count, 0);
    CHECK_NUMBER(reading.result.damaged, 0);
    CHECK(reading.result.incomplete);
    CHECK_NUMBER(place.doubt, fourth + 1);
    /* Whole by now. */
    struct log_place later = place;
    image.bytes[fourth + 4] = signature;
    read_image(&image, true, &later);
    CHECK(numbers_are(4, 3));
    CHECK_NUMBER(reading.result.damaged, 0);
    /* Damaged still. */
    image.bytes[fourth + 4] ^= 1;
    read_image(&image, true, &place);
    CHECK(numbers_are(5, 2));
    CHECK_NUMBER(reading.result.damaged, 1);
    evt_image_free(&image);
}

static void follower_that_was_away_too_long(void)
{
    struct evt_image image;
    struct log_place place = {.set = false};
    CHECK(evt_image_create(&image, 4096, 4096));
    append(&image, 10);
    read_image(&image, true, &place);
    append(&image, 500);
    read_image(&image, true, &place);
    CHECK(reading.result.place_lost);
    CHECK(numbers_are(image.oldest, image.next - image.oldest));
    CHECK_NUMBER(place.record, 510);
    evt_image_free(&image);
}

/* Cleared and filled again: the number is there, but with another time. */
static void place_in_another_log(void)
{
    struct evt_image image;
    struct log_place place = {.set = false};
    CHECK(evt_image_create(&image, 4096, 4096));
    append(&image, 10);
    read_image(&image, true, &place);
    place.time -= WINTIME_PER_SECOND;
    read_image(&image, true, &place);
    CHECK(reading.result.place_lost);
    CHECK(numbers_are(1, 10));
    evt_image_free(&image);
}

static void wrong_hint_is_only_a_hint(void)
{
    struct evt_image image;
    CHECK(evt_image_create(&image, 8192, 8192));
    append(&image, 200);
    static const uint64_t hints[] = {0, 1, HEADER, 4000, 8190, 8192, UINT64_MAX};
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        uint32_t number = image.oldest + 5;
        struct log_place place = {true,     number, TIME_0 + number * WINTIME_PER_SECOND,
                                  hints[i], 0,      0};
        read_image(&image, true, &place);
        CHECK(!reading.result.place_lost);
        CHECK(numbers_are(number + 1, image.next - number - 1));
    }
    evt_image_free(&image);
}

/* The place's record was given up, but its bytes are still there. */
static void place_among_stale_records(void)
{
    struct evt_image image;
    struct log_place place = {.set = false};
    CHECK(evt_image_create(&image, 4096, 4096));
    append(&image, 10);
    reading.stop_after = 3;
    read_image(&image, true, &place);
    reading.stop_after = 0;
    CHECK_NUMBER(reading.result.end, LOG_STOPPED);
    CHECK_NUMBER(place.record, 3);
    uint32_t length = get_le32(image.bytes + HEADER);
    image.begin = HEADER + 5 * length;
    image.oldest = 6;
    CHECK(evt_image_close(&image));
    read_image(&image, true, &place);
    CHECK(reading.result.place_lost);
    CHECK(numbers_are(6, 5));
    evt_image_free(&image);
}

/* The service writes a record over the end-of-file record, then a new end-of-file record: a
 * follower may look at any moment in between. */
static void half_written_record(void)
{
    struct evt_image before;
    CHECK(evt_image_create(&before, 8192, 8192));
    append(&before, 10);
    struct evt_image after = before;
    after.bytes = malloc(before.size);
    if (after.bytes == NULL) {
        CU_FAIL("memory is out");
        return;
    }
    memcpy(after.bytes, before.bytes, before.size);
    append(&after, 1);
    uint32_t length = after.end - before.end;
    for (uint32_t written = 1; written < length + MARK; written++) {
        struct log_place place = {.set = false};
        read_image(&before, true, &place);
        uint8_t *torn = malloc(before.size);
        if (torn == NULL) {
            break;
        }
        memcpy(torn, before.bytes, before.size);
        memcpy(torn + before.end, after.bytes + before.end, written);
        for (int old_place = 0; old_place < 2; old_place++) {
            struct log_place p = old_place ? place : (struct log_place){.set = false};
            size_t seen = old_place ? 0 : 10;
            read_bytes(&reading, LOG_EVT, torn, before.size, true, &p);
            CHECK(reading.count == seen || reading.count == seen + 1);
            CHECK(reading.count == seen || written >= length - 4);
            CHECK_NUMBER(reading.result.damaged, 0);
            CHECK(!reading.result.place_lost);
            memcpy(torn, after.bytes, after.size);
            read_bytes(&reading, LOG_EVT, torn, after.size, true, &p);
            CHECK_NUMBER(p.record, 11);
            memcpy(torn, before.bytes, before.size);
            memcpy(torn + before.end, after.bytes + before.end, written);
        }
        free(torn);
    }
    evt_image_free(&before);
    evt_image_free(&after);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"a follower reads each record once", follower_reads_each_record_once},
        {"a follower that was away too long", follower_that_was_away_too_long},
        {"a place in another log", place_in_another_log},
        {"a wrong hint is only a hint", wrong_hint_is_only_a_hint},
        {"a place among stale records", place_among_stale_records},
        {"a half-written record", half_written_record},
        {"a follower looks twice at damage", follower_looks_twice_at_damage},
    };
    reading_init(&reading);
    int status = RUN_SUITE("places in classic logs", cases);
    reading_free(&reading);
    return status;
}
