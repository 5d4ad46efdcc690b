#include "check.h"
#include "evt_fixture.h"

#include "decode/evt_record.h"

#include "base/bytes.h"
#include "base/wintime.h"

#include <stdlib.h>
#include <string.h>

static bool load_excerpt(struct buf *file)
{
    bool good = load_file(file, TEST_DATA "/xp_SysEvent_excerpt_3870-3990.evt");
    CHECK(good);
    return good;
}

/* ---- the real log ---- */

static void real_log_is_read_whole(void)
{
    struct buf file = BUF_INIT;
    if (load_excerpt(&file)) {
        read_bytes(&reading, LOG_EVT, file.data, file.len, false, NULL);
        CHECK_NUMBER(reading.result.end, LOG_END);
        CHECK(numbers_are(3870, 121));
        CHECK_NUMBER(reading.tcpip, 2);
        CHECK_NUMBER(reading.records[0].time, TIME_0);
        CHECK_NUMBER(reading.records[3975 - 3870].id, 4226);
        CHECK(!reading.result.dirty && !reading.result.incomplete && !reading.result.place_lost);
        CHECK_NUMBER(reading.result.damaged, 0);
    }
    buf_free(&file);
}

static void real_record_in_all_fields(void)
{
    struct buf file = BUF_INIT;
    if (load_excerpt(&file)) {
        reading.keep_lines = true;
        read_bytes(&reading, LOG_EVT, file.data, file.len, false, NULL);
        reading.keep_lines = false;
        CHECK(strstr(buf_text(&reading.lines),
                     "{\"file\":null,\"record\":3882,\"time\":\"2011-09-16T21:16:52.0000000Z\","
                     "\"channel\":null,\"provider\":\"Tcpip\",\"event_id\":4226,"
                     "\"qualifiers\":32768,\"level\":3,\"computer\":\"WKS-WINXP32BIT\"}\n") !=
              NULL);
    }
    buf_free(&file);
}

/* The writer's 4226 is the driver's, byte for byte, but for the record's own garbage. */
static void written_record_is_the_real_one(void)
{
    struct buf file = BUF_INIT;
    struct buf made = BUF_INIT;
    if (load_excerpt(&file)) {
        size_t at = HEADER;
        while (get_le32((uint8_t *)file.data + at + 8) != 3882) {
            at += get_le32((uint8_t *)file.data + at);
        }
        struct log_record record =
            log_record_tcpip(4226, "WKS-WINXP32BIT", wintime_from_unix(1316207812));
        evt_record_bytes(&made, &record, 3882);
        CHECK_NUMBER(made.len, RECORD_4226);
        memset(file.data + at + 140, 0, 12);
        CHECK(memcmp(made.data, file.data + at, RECORD_4226) == 0);
    }
    buf_free(&made);
    buf_free(&file);
}

static void real_log_is_appended_to(void)
{
    struct buf file = BUF_INIT;
    struct evt_image image;
    struct log_place place = {.set = false};
    if (load_excerpt(&file)) {
        CHECK_TEXT(evt_image_load(&image, file.data, file.len, 0), NULL);
        read_image(&image, true, &place);
        CHECK_NUMBER(place.record, 3990);
        append(&image, 3);
        read_image(&image, true, &place);
        CHECK(numbers_are(3991, 3));
        CHECK(reading.result.dirty && !reading.result.incomplete);
        read_image(&image, false, NULL);
        CHECK(numbers_are(3870, 124));
        evt_image_free(&image);
    }
    buf_free(&file);
}

/* ---- states of a log ---- */

static void empty_logs(void)
{
    struct evt_image image;
    CHECK(evt_image_create(&image, 4096, 4096));
    for (int dirty = 0; dirty < 2; dirty++) {
        put_le32(image.bytes + AT_FLAGS, (uint32_t)dirty);
        read_image(&image, false, NULL);
        CHECK_NUMBER(reading.result.end, LOG_END);
        CHECK_NUMBER(reading.count, 0);
        CHECK_NUMBER(reading.result.damaged, 0);
        CHECK(!reading.result.incomplete);
    }
    /* A clean, empty log with records and an end-of-file record of its past further in. */
    append(&image, 5);
    image.begin = image.end = HEADER;
    image.oldest = 0;
    image.next = 1;
    CHECK(evt_image_close(&image));
    read_image(&image, false, NULL);
    CHECK_NUMBER(reading.count, 0);
    CHECK_NUMBER(reading.result.damaged, 0);
    evt_image_free(&image);
}

static void dirty_log_has_a_stale_header(void)
{
    struct evt_image image;
    CHECK(evt_image_create(&image, 65536, 65536));
    append(&image, 10);
    CHECK(evt_image_close(&image));
    append(&image, 25);
    CHECK_NUMBER(get_le32(image.bytes + 24), 11);
    read_image(&image, false, NULL);
    CHECK(numbers_are(1, 35));
    CHECK(reading.result.dirty && !reading.result.incomplete);
    /* Closed, the header is believed, even where the end-of-file record is gone. */
    CHECK(evt_image_close(&image));
    memset(image.bytes + image.end, 0, MARK);
    read_image(&image, false, NULL);
    CHECK(numbers_are(1, 35));
    CHECK_NUMBER(reading.result.damaged, 0);
    evt_image_free(&image);
}

/* Cleared by the service: numbers begin anew, the old end-of-file record is still further in. */
static void old_end_mark_is_not_believed(void)
{
    struct evt_image image;
    CHECK(evt_image_create(&image, 65536, 65536));
    append(&image, 100);
    image.begin = image.end = HEADER;
    image.oldest = 0;
    image.next = 1;
    CHECK(evt_image_close(&image));
    append(&image, 3);
    read_image(&image, false, NULL);
    CHECK(numbers_are(1, 3));
    /* Also where the header leads nowhere. */
    put_le32(image.bytes + 20, 50000);
    read_image(&image, false, NULL);
    CHECK(numbers_are(1, 3));
    evt_image_free(&image);
}

/* At every size of the file the wrap falls elsewhere: in a record, in the end-of-file record, at a
 * filled end. */
static void wrapped_logs_of_all_sizes(void)
{
    size_t straddling = 0;
    size_t filled = 0;
    for (uint32_t size = 1024; size < 1024 + 2 * RECORD_4226; size += 4) {
        struct evt_image image;
        CHECK(evt_image_create(&image, size, size));
        for (int i = 0; i < 40; i++) {
            uint32_t end = image.end;
            append(&image, 1);
            straddling += image.end < end && end + 56 <= size && image.end != HEADER;
            read_image(&image, false, NULL);
            uint32_t count = image.next - image.oldest;
            CHECK(numbers_are(image.oldest, count));
            CHECK_NUMBER(reading.result.damaged, 0);
        }
        uint32_t count = image.next - image.oldest;
        filled += get_le32(image.bytes + image.size - 4) == 0x27;
        CHECK(evt_image_close(&image));
        read_image(&image, false, NULL);
        CHECK(numbers_are(image.oldest, count));
        evt_image_free(&image);
    }
    CHECK(straddling > 10);
    CHECK(filled > 10);
}

/* Complete records between the end-of-file record and the oldest are of the past. */
static void stale_records_are_not_counted(void)
{
    struct evt_image image;
    CHECK(evt_image_create(&image, 8192, 8192));
    append(&image, 10);
    image.begin += 2 * get_le32(image.bytes + HEADER);
    image.oldest += 2;
    CHECK(evt_image_close(&image));
    read_image(&image, false, NULL);
    CHECK(numbers_are(3, 8));
    append(&image, 1);
    read_image(&image, false, NULL);
    CHECK(numbers_are(3, 9));
    evt_image_free(&image);
}

static void record_numbers_wrap(void)
{
    struct evt_image image;
    struct log_place place = {.set = false};
    CHECK(evt_image_create(&image, 2048, 2048));
    image.next = 0xfffffff0;
    for (int i = 0; i < 40; i++) {
        append(&image, 1);
        read_image(&image, true, &place);
        CHECK(numbers_are(image.next - 1, 1));
        CHECK(!reading.result.place_lost);
        read_image(&image, false, NULL);
        CHECK(numbers_are(image.oldest, image.next - image.oldest));
    }
    evt_image_free(&image);
}

static void garbage_does_not_matter(void)
{
    struct evt_image image;
    CHECK(evt_image_create(&image, 8192, 8192));
    for (uint64_t i = 0; i < 10; i++) {
        struct log_record decoy = log_record_decoy("WKS", TIME_0);
        struct log_record record = record_at(i % 3 == 0 ? 176 : 0); /* steps back */
        decoy.garbage = record.garbage = true;
        CHECK(evt_image_append(&image, &decoy));
        CHECK(evt_image_append(&image, &record));
    }
    read_image(&image, false, NULL);
    CHECK(numbers_are(1, 20));
    CHECK_NUMBER(reading.tcpip, 10);
    evt_image_free(&image);
}

/* ---- single records ---- */

static void levels_and_ids(void)
{
    static const struct {
        uint16_t type;
        bool has_level;
        uint8_t level;
    } cases[] = {{0, true, 4}, {1, true, 2},  {2, true, 3}, {4, true, 4},
                 {8, true, 0}, {16, true, 0}, {3, false, 0}};
    struct buf names = BUF_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf bytes = BUF_INIT;
        struct event event;
        struct log_record record = record_at(0);
        record.type = cases[i].type;
        record.id = 0xc0041082;
        evt_record_bytes(&bytes, &record, 7);
        CHECK(evt_record_whole((uint8_t *)bytes.data, bytes.len));
        CHECK(evt_record_decode((uint8_t *)bytes.data, bytes.len, &names, &event));
        CHECK_NUMBER(event.has_level, cases[i].has_level);
        CHECK_NUMBER(event.level, cases[i].level);
        CHECK_NUMBER(event.id, 4226);
        CHECK_NUMBER(event.qualifiers, 0xc004);
        CHECK_TEXT(event.channel, NULL);
        buf_free(&bytes);
    }
    buf_free(&names);
}

static void names_without_an_end(void)
{
    struct buf bytes = BUF_INIT;
    struct buf names = BUF_INIT;
    struct event event;
    struct log_record record = record_at(0);
    record.source = "Zwölf";
    record.computer = "C";
    record.data_size = 0;
    record.string_count = 0;
    evt_record_bytes(&bytes, &record, 1);
    uint8_t *b = (uint8_t *)bytes.data;
    CHECK(evt_record_decode(b, bytes.len, &names, &event));
    CHECK_TEXT(event.provider, "Zwölf");
    CHECK_TEXT(event.computer, "C");
    memset(b + EVT_RECORD_FIXED + 12, 'x', bytes.len - EVT_RECORD_FIXED - 16);
    CHECK(evt_record_decode(b, bytes.len, &names, &event));
    CHECK_TEXT(event.provider, "Zwölf");
    CHECK_TEXT(event.computer, NULL);
    memset(b + EVT_RECORD_FIXED, 'x', bytes.len - EVT_RECORD_FIXED - 4);
    CHECK(evt_record_decode(b, bytes.len, &names, &event));
    CHECK_TEXT(event.provider, NULL);
    CHECK_TEXT(event.computer, NULL);
    buf_free(&bytes);
    buf_free(&names);
}

/* A record as long as they get, over the end of the file and in the middle of it. */
static void long_records(void)
{
    struct evt_image image;
    uint8_t *data = calloc(1, 400000);
    CHECK(evt_image_create(&image, 1048576, 1048576));
    for (int i = 0; i < 5 && data != NULL; i++) {
        struct log_record record = record_at(0);
        record.data = data;
        record.data_size = 300000;
        CHECK(evt_image_append(&image, &record));
    }
    read_image(&image, false, NULL);
    CHECK(numbers_are(image.oldest, image.next - image.oldest));
    CHECK(image.oldest > 1);
    evt_image_free(&image);
    free(data);
}

static bool count_event(void *context, const struct event *event)
{
    (void)event;
    ++*(size_t *)context;
    return true;
}

/* The size that nobody knows is found out. */
static void unknown_size(void)
{
    struct evt_image image;
    CHECK(evt_image_create(&image, 8192, 8192));
    append(&image, 150);
    struct log_memory memory = {image.bytes, image.size};
    struct log_input input = log_input_memory(&memory);
    input.size = UINT64_MAX;
    size_t count = 0;
    struct log_sink sink = {.context = &count, .event = count_event};
    struct log_result result = evt_read(&input, false, NULL, &sink);
    CHECK_NUMBER(result.end, LOG_END);
    CHECK_NUMBER(count, image.next - image.oldest);
    evt_image_free(&image);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"a real log is read whole", real_log_is_read_whole},
        {"a real record in all its fields", real_record_in_all_fields},
        {"the written 4226 is the real one", written_record_is_the_real_one},
        {"a real log is appended to", real_log_is_appended_to},
        {"empty logs", empty_logs},
        {"a dirty log has a stale header", dirty_log_has_a_stale_header},
        {"an old end mark is not believed", old_end_mark_is_not_believed},
        {"wrapped logs of all sizes", wrapped_logs_of_all_sizes},
        {"stale records are not counted", stale_records_are_not_counted},
        {"record numbers wrap", record_numbers_wrap},
        {"garbage does not matter", garbage_does_not_matter},
        {"levels and ids", levels_and_ids},
        {"names without an end", names_without_an_end},
        {"long records", long_records},
        {"an unknown size", unknown_size},
    };
    reading_init(&reading);
    int status = RUN_SUITE("classic event logs", cases);
    reading_free(&reading);
    return status;
}
