#include "check.h"
#include "log_reader.h"
#include "log_writer.h"

#include "base/bytes.h"
#include "base/crc32.h"
#include "base/wintime.h"

#include <stdlib.h>
#include <string.h>

enum {
    FILE_HEADER = 4096,
    CHUNK = 65536,
    CHUNK_HEADER = 512,
    AT_DIRTY = 120,
};

#define TIME_0 (wintime_from_unix(1316191380))

static struct reading reading;

static void read_image(const struct evtx_image *image, bool growing, struct log_place *place)
{
    read_bytes(&reading, LOG_EVTX, image->bytes, image->size, growing, place);
}

static void append(struct evtx_image *image, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct log_record record =
            log_record_tcpip(4226, "WKS", TIME_0 + image->next * WINTIME_PER_SECOND);
        CHECK(evtx_image_append(image, &record));
    }
}

static bool numbers_are(uint64_t first, uint64_t count)
{
    bool good = reading.count == count;
    for (uint64_t i = 0; good && i < count; i++) {
        good = reading.records[i].record == first + i;
    }
    if (!good) {
        CHECK_NUMBER(reading.count, count);
        CHECK_NUMBER(reading.records[0].record, first);
    }
    return good;
}

static uint8_t *chunk(struct evtx_image *image, size_t index)
{
    return image->bytes + FILE_HEADER + index * CHUNK;
}

static uint64_t first_in(struct evtx_image *image, size_t index)
{
    return get_le64(chunk(image, index) + 8);
}

static uint64_t count_in(struct evtx_image *image, size_t index)
{
    return get_le64(chunk(image, index) + 16) - first_in(image, index) + 1;
}

static void sign_header(uint8_t *c)
{
    put_le32(c + 124, crc32_update(crc32_update(0, c, 120), c + 128, CHUNK_HEADER - 128));
}

static void sign(uint8_t *c)
{
    put_le32(c + 52, crc32_update(0, c + CHUNK_HEADER, get_le32(c + 48) - CHUNK_HEADER));
    sign_header(c);
}

static bool count_event(void *context, const struct event *event)
{
    (void)event;
    ++*(size_t *)context;
    return true;
}

/* ---- real logs ---- */

static void read_sample(const char *name)
{
    struct buf file = BUF_INIT;
    CHECK(load_file(&file, name));
    reading.keep_lines = true;
    read_bytes(&reading, LOG_EVTX, file.data, file.len, false, NULL);
    reading.keep_lines = false;
    CHECK_NUMBER(reading.result.end, LOG_END);
    CHECK_NUMBER(reading.result.damaged, 0);
    CHECK(!reading.result.incomplete && !reading.result.dirty && !reading.result.place_lost);
    buf_free(&file);
}

static void exported_log_in_all_fields(void)
{
    read_sample(TEST_DATA "/evtx32_System_ID12.evtx");
    CHECK_TEXT(buf_text(&reading.lines),
               "{\"file\":null,\"record\":5375,\"time\":\"2021-02-09T11:39:23.3540226Z\","
               "\"channel\":\"System\",\"provider\":\"Microsoft-Windows-Wininit\",\"event_id\":14,"
               "\"qualifiers\":null,\"level\":4,\"computer\":\"WIN10-client01.offsec.lan\"}\n"
               "{\"file\":null,\"record\":5455,\"time\":\"2021-02-09T11:59:37.8883628Z\","
               "\"channel\":\"System\",\"provider\":\"Microsoft-Windows-Wininit\",\"event_id\":14,"
               "\"qualifiers\":null,\"level\":4,\"computer\":\"WIN10-client01.offsec.lan\"}\n"
               "{\"file\":null,\"record\":5456,\"time\":\"2021-02-09T11:59:37.8903389Z\","
               "\"channel\":\"System\",\"provider\":\"Microsoft-Windows-Wininit\",\"event_id\":12,"
               "\"qualifiers\":null,\"level\":4,\"computer\":\"WIN10-client01.offsec.lan\"}\n");
}

static void forwarded_log_without_a_template(void)
{
    read_sample(TEST_DATA "/no_template_wec.evtx");
    CHECK_TEXT(buf_text(&reading.lines),
               "{\"file\":null,\"record\":3229,\"time\":\"2021-11-19T16:52:33.8337335Z\","
               "\"channel\":\"MSExchange Management\",\"provider\":\"MSExchange CmdletLogs\","
               "\"event_id\":1,\"qualifiers\":16384,\"level\":4,\"computer\":\"WEC.ave.local\"}\n");
}

static void log_without_events(void)
{
    read_sample(TEST_DATA "/NoEvents.evtx");
    CHECK_NUMBER(reading.count, 0);
}

/* ---- states of a log ---- */

static void written_log_in_all_fields(void)
{
    struct evtx_image image;
    CHECK(evtx_image_create(&image, 0, 77));
    struct log_record record = log_record_tcpip(4226, "MONITOR-Ä", TIME_0 + 1234567);
    record.channel = "System";
    CHECK(evtx_image_append(&image, &record));
    reading.keep_lines = true;
    read_image(&image, false, NULL);
    reading.keep_lines = false;
    CHECK_TEXT(buf_text(&reading.lines),
               "{\"file\":null,\"record\":77,\"time\":\"2011-09-16T16:43:00.1234567Z\","
               "\"channel\":\"System\",\"provider\":\"Tcpip\",\"event_id\":4226,"
               "\"qualifiers\":32768,\"level\":3,\"computer\":\"MONITOR-Ä\"}\n");
    CHECK(reading.result.dirty);
    evtx_image_free(&image);
}

static void header_is_believed_in_nothing(void)
{
    struct evtx_image image;
    CHECK(evtx_image_create(&image, 0, 1));
    append(&image, 1000);
    CHECK(image.size > FILE_HEADER + 3 * CHUNK);
    memset(image.bytes + 8, 0xff, 36);
    read_image(&image, false, NULL);
    CHECK(numbers_are(1, 1000));
    CHECK_NUMBER(reading.tcpip, 1000);
    evtx_image_free(&image);
}

static void wrapped_log_comes_oldest_first(void)
{
    for (size_t count = 800; count < 2000; count += 97) {
        struct evtx_image image;
        CHECK(evtx_image_create(&image, 3, 1));
        append(&image, count);
        CHECK_NUMBER(image.size, FILE_HEADER + 3 * CHUNK);
        read_image(&image, false, NULL);
        uint64_t oldest = first_in(&image, (image.chunk + 1) % 3);
        CHECK(numbers_are(oldest, image.next - oldest));
        CHECK_NUMBER(reading.result.damaged, 0);
        evtx_image_free(&image);
    }
}

/* Chunks in any order, with unused ones between them. */
static void scattered_chunks(void)
{
    static const size_t order[] = {3, 0, 4, 2, 1};
    struct evtx_image image;
    CHECK(evtx_image_create(&image, 0, 1));
    while (image.size < FILE_HEADER + 5 * (size_t)CHUNK) {
        append(&image, 1);
    }
    uint64_t last = image.next - 1;
    size_t size = FILE_HEADER + 10 * (size_t)CHUNK;
    uint8_t *file = calloc(1, size);
    if (file != NULL) {
        memcpy(file, image.bytes, FILE_HEADER);
        for (size_t i = 0; i < 5; i++) {
            memcpy(file + FILE_HEADER + (2 * i) * CHUNK, chunk(&image, order[i]), CHUNK);
        }
        read_bytes(&reading, LOG_EVTX, file, size, false, NULL);
        CHECK(numbers_are(1, last));
        CHECK_NUMBER(reading.result.damaged, 0);
        free(file);
    }
    evtx_image_free(&image);
}

/* A file of one chunk, seen again and again with ever lower numbers. */
struct disorder {
    uint8_t *bytes;
    uint64_t chunks;
};

static size_t disorder_read(void *context, uint64_t offset, void *buffer, size_t size)
{
    struct disorder *d = context;
    if (offset < FILE_HEADER) {
        memcpy(buffer, d->bytes + offset, size);
        return size;
    }
    uint64_t index = (offset - FILE_HEADER) / CHUNK;
    if (index >= d->chunks) {
        return 0;
    }
    uint8_t *c = d->bytes + FILE_HEADER;
    put_le64(c + 8, 1000000 - 2 * index);
    put_le64(c + 16, 1000000 - 2 * index);
    sign_header(c);
    memcpy(buffer, c, size);
    return size;
}

/* More runs of chunks than are put in order: all are read all the same. */
static void endless_disorder(void)
{
    struct evtx_image image;
    CHECK(evtx_image_create(&image, 0, 1));
    append(&image, 1);
    struct disorder d = {image.bytes, 6000};
    struct log_input input = {disorder_read, &d, FILE_HEADER + d.chunks * CHUNK};
    size_t count = 0;
    struct log_sink sink = {.context = &count, .event = count_event};
    struct log_result result = evtx_read(&input, false, NULL, &sink);
    CHECK_NUMBER(result.end, LOG_END);
    CHECK_NUMBER(count, 6000);
    evtx_image_free(&image);
}

static void records_beyond_the_free_space(void)
{
    struct evtx_image image;
    CHECK(evtx_image_create(&image, 0, 1));
    append(&image, 10);
    uint32_t tenth = get_le32(chunk(&image, 0) + 44);
    uint32_t after_ten = get_le32(chunk(&image, 0) + 48);
    append(&image, 10);
    put_le32(chunk(&image, 0) + 44, tenth);
    put_le32(chunk(&image, 0) + 48, after_ten);
    put_le64(chunk(&image, 0) + 16, 10);
    sign(chunk(&image, 0));
    read_image(&image, false, NULL);
    CHECK(numbers_are(1, 10));
    CHECK_NUMBER(reading.result.damaged, 0);
    /* An archived log's free space begins at the chunk's end; behind its records are zeros. */
    memset(chunk(&image, 0) + after_ten, 0, CHUNK - after_ten);
    put_le32(chunk(&image, 0) + 48, CHUNK);
    sign(chunk(&image, 0));
    read_image(&image, false, NULL);
    CHECK(numbers_are(1, 10));
    CHECK_NUMBER(reading.result.damaged, 0);
    evtx_image_free(&image);
}

static void header_number_for_want_of_a_record_id(void)
{
    struct evtx_image image;
    CHECK(evtx_image_create(&image, 0, 41));
    append(&image, 1);
    /* "EventRecordID" and "TimeCreated" become other elements. */
    static const char *const names[] = {"E\0v\0e\0n\0t\0R\0", "T\0i\0m\0e\0C\0r\0"};
    uint8_t *c = chunk(&image, 0);
    for (size_t n = 0; n < 2; n++) {
        for (size_t at = CHUNK_HEADER; at + 12 < CHUNK; at++) {
            if (memcmp(c + at, names[n], 12) == 0) {
                c[at] = 'X';
            }
        }
    }
    sign(c);
    read_image(&image, false, NULL);
    CHECK(numbers_are(41, 1));
    CHECK_NUMBER(reading.records[0].time, TIME_0 + 41 * WINTIME_PER_SECOND);
    evtx_image_free(&image);
}

/* ---- going on ---- */

static void follower_reads_each_record_once(void)
{
    struct evtx_image image;
    struct log_place place = {.set = false};
    uint64_t expected = 1;
    CHECK(evtx_image_create(&image, 3, 1));
    for (size_t i = 0; i < 600; i++) {
        size_t count = i * 7 % 6;
        append(&image, count);
        read_image(&image, true, &place);
        if (!numbers_are(expected, count)) {
            break;
        }
        CHECK(!reading.result.place_lost && !reading.result.incomplete);
        CHECK_NUMBER(reading.result.damaged, 0);
        expected += count;
    }
    CHECK(image.next > 1400);
    evtx_image_free(&image);
}

/* Where the header does not tell where a chunk's records end, their numbers do, also to a follower
 * that goes on in the middle of it. */
static void follower_takes_no_stale_record(void)
{
    struct evtx_image image;
    struct log_place place = {.set = false};
    CHECK(evtx_image_create(&image, 0, 1));
    append(&image, 4);
    uint32_t stale = get_le32(chunk(&image, 0) + 48);
    append(&image, 1);
    put_le64(chunk(&image, 0) + stale + 8, 900);
    chunk(&image, 0)[124] ^= 1;
    read_image(&image, false, &place);
    CHECK(numbers_are(1, 4));
    read_image(&image, false, &place);
    CHECK_NUMBER(reading.count, 0);
    CHECK(!reading.result.place_lost);
    /* One that was read when it was new is lost by now. */
    place = (struct log_place){
        true, 5, TIME_0 + 5 * WINTIME_PER_SECOND, (uint64_t)FILE_HEADER + stale, 0, 0};
    read_image(&image, false, &place);
    CHECK(reading.result.place_lost);
    CHECK(numbers_are(1, 4));
    evtx_image_free(&image);
}

static void follower_that_was_away_too_long(void)
{
    struct evtx_image image;
    struct log_place place = {.set = false};
    CHECK(evtx_image_create(&image, 2, 1));
    append(&image, 10);
    read_image(&image, true, &place);
    append(&image, 2000);
    read_image(&image, true, &place);
    CHECK(reading.result.place_lost);
    uint64_t oldest = first_in(&image, (image.chunk + 1) % 2);
    CHECK(numbers_are(oldest, image.next - oldest));
    evtx_image_free(&image);
}

static void wrong_hint_is_only_a_hint(void)
{
    static const uint64_t hints[] = {0, 4096, 4608, 4609, 70000, 500000, UINT64_MAX};
    struct evtx_image image;
    CHECK(evtx_image_create(&image, 0, 1));
    append(&image, 900);
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        struct log_place place = {true, 500, TIME_0 + 500 * WINTIME_PER_SECOND, hints[i], 0, 0};
        read_image(&image, true, &place);
        CHECK(numbers_are(501, 400));
        CHECK(!reading.result.place_lost);
    }
    struct log_place other = {true, 500, TIME_0, 0, 0, 0};
    read_image(&image, true, &other);
    CHECK(reading.result.place_lost);
    CHECK(numbers_are(1, 900));
    evtx_image_free(&image);
}

static void sink_stops_the_reading(void)
{
    struct evtx_image image;
    struct log_place place = {.set = false};
    CHECK(evtx_image_create(&image, 0, 1));
    append(&image, 600);
    size_t total = 0;
    reading.stop_after = 7;
    do {
        read_image(&image, false, &place);
        total += reading.count;
    } while (reading.result.end == LOG_STOPPED && total < 10000);
    reading.stop_after = 0;
    CHECK_NUMBER(total, 600);
    evtx_image_free(&image);
}

/* Few new records cost no more than the headers and a chunk or two. */
static void following_is_cheap(void)
{
    struct evtx_image image;
    struct log_place place = {.set = false};
    CHECK(evtx_image_create(&image, 0, 1));
    while (image.size < FILE_HEADER + 40 * (size_t)CHUNK) {
        append(&image, 100);
    }
    read_image(&image, true, &place);
    append(&image, 3);
    struct counted_input counted = {{image.bytes, image.size}, 0};
    struct log_input input = counted_input(&counted);
    input.size = UINT64_MAX;
    size_t count = 0;
    struct log_sink sink = {.context = &count, .event = count_event};
    (void)evtx_read(&input, true, &place, &sink);
    CHECK_NUMBER(count, 3);
    CHECK(counted.bytes < (uint64_t)4 * CHUNK);
    evtx_image_free(&image);
}

/* ---- damage ---- */

static void wrong_kinds(void)
{
    uint8_t header[FILE_HEADER] = {'E', 'l', 'f', 'F', 'i', 'l', 'e', 0};
    read_bytes(&reading, LOG_EVTX, header, 127, false, NULL);
    CHECK_NUMBER(reading.result.end, LOG_WRONG_KIND);
    read_bytes(&reading, LOG_EVTX, header, sizeof header, false, NULL);
    CHECK_NUMBER(reading.result.end, LOG_END);
    CHECK_NUMBER(reading.count, 0);
    header[0] = 'e';
    read_bytes(&reading, LOG_EVTX, header, sizeof header, false, NULL);
    CHECK_NUMBER(reading.result.end, LOG_WRONG_KIND);
}

static void bad_chunk_costs_itself(void)
{
    struct evtx_image image;
    CHECK(evtx_image_create(&image, 0, 1));
    append(&image, 1000);
    CHECK(evtx_image_close(&image));
    uint64_t lost = count_in(&image, 1);
    chunk(&image, 1)[0] = 'e';
    read_image(&image, false, NULL);
    CHECK_NUMBER(reading.count, 1000 - lost);
    CHECK_NUMBER(reading.result.damaged, 1);
    CHECK_NUMBER(reading.damage_at, FILE_HEADER + CHUNK);
    CHECK(strstr(reading.damage, "65 6c 66 43 68 6e 6b 00") != NULL);
    chunk(&image, 1)[0] = 'E';
    /* A header that does not fit its checksum: the chunk stays in its place. */
    chunk(&image, 1)[8] ^= 0x80;
    read_image(&image, false, NULL);
    CHECK(numbers_are(1, 1000));
    CHECK_NUMBER(reading.result.damaged, 1);
    CHECK(strstr(reading.damage, "header") != NULL);
    evtx_image_free(&image);
}

static void bad_data_checksum(void)
{
    struct evtx_image image;
    CHECK(evtx_image_create(&image, 0, 1));
    append(&image, 600);
    for (size_t i = 0; i < 2; i++) {
        size_t index = i == 0 ? 0 : image.chunk;
        uint8_t *c = chunk(&image, index);
        put_le32(c + 52, get_le32(c + 52) ^ 1);
        sign_header(c);
        read_image(&image, false, NULL);
        CHECK(numbers_are(1, 600));
        /* The chunk that is written to last may be behind in a dirty log, and in no other. */
        CHECK_NUMBER(reading.result.damaged, i == 0);
        put_le32(image.bytes + AT_DIRTY, 0);
        read_image(&image, false, NULL);
        CHECK_NUMBER(reading.result.damaged, 1);
        read_image(&image, true, NULL);
        CHECK_NUMBER(reading.result.damaged, i == 0);
        put_le32(image.bytes + AT_DIRTY, 1);
        /* A chunk may be marked as having no checksums. */
        put_le32(c + 120, 3);
        read_image(&image, false, NULL);
        CHECK_NUMBER(reading.result.damaged, 0);
        put_le32(c + 120, 1);
        sign(c);
    }
    evtx_image_free(&image);
}

static size_t offset_of(struct evtx_image *image, uint64_t number)
{
    const uint8_t *c = chunk(image, 0);
    size_t at = CHUNK_HEADER;
    while (get_le64(c + at + 8) != number) {
        at += get_le32(c + at + 4);
    }
    return FILE_HEADER + at;
}

static void bad_records_cost_themselves(void)
{
    struct evtx_image image;
    CHECK(evtx_image_create(&image, 0, 1));
    append(&image, 50);
    CHECK(evtx_image_close(&image));
    size_t at = offset_of(&image, 20);
    uint8_t *record = image.bytes + at;
    uint32_t size = get_le32(record + 4);
    static const uint32_t sizes[] = {0, 1, 27, 100000, UINT32_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        put_le32(record + 4, sizes[i]);
        read_image(&image, false, NULL);
        CHECK_NUMBER(reading.count, 49);
        CHECK_NUMBER(reading.records[19].record, 21);
        CHECK_NUMBER(reading.result.damaged, 1);
        CHECK_NUMBER(reading.damage_at, at);
    }
    put_le32(record + 4, size);
    /* A token that binary XML does not have. */
    record[24] = 0x1f;
    read_image(&image, false, NULL);
    CHECK_NUMBER(reading.count, 49);
    CHECK_NUMBER(reading.result.damaged, 1);
    CHECK(strstr(reading.damage, "token") != NULL);
    record[24] = 0x0f;
    /* Pages that are lost: their chunk's rest is given up. */
    memset(record, 0, 8192);
    read_image(&image, false, NULL);
    CHECK(numbers_are(1, 19));
    CHECK_NUMBER(reading.result.damaged, 1);
    CHECK(strstr(reading.damage, "the rest of its chunk is not read") != NULL);
    evtx_image_free(&image);
}

static void growing_chunk_may_end_in_a_torn_record(void)
{
    struct evtx_image image;
    struct log_place place = {.set = false};
    CHECK(evtx_image_create(&image, 0, 1));
    append(&image, 10);
    read_image(&image, true, &place);
    append(&image, 1);
    uint8_t *record = image.bytes + offset_of(&image, 11);
    uint32_t size = get_le32(record + 4);
    uint8_t whole[CHUNK];
    memcpy(whole, record, size);
    for (uint32_t written = 0; written < size; written++) {
        memset(record, 0, size);
        memcpy(record, whole, written);
        struct log_place p = place;
        read_image(&image, true, &p);
        if (get_le32(record + size - 4) != size) {
            CHECK_NUMBER(reading.count, 0);
            CHECK(reading.result.incomplete || written == 0);
        }
        CHECK_NUMBER(reading.result.damaged, 0);
    }
    memcpy(record, whole, size);
    read_image(&image, true, &place);
    CHECK(numbers_are(11, 1));
    evtx_image_free(&image);
}

static void file_cut_at_every_size(void)
{
    struct evtx_image image;
    CHECK(evtx_image_create(&image, 0, 1));
    append(&image, 10);
    CHECK(evtx_image_close(&image));
    size_t free_at = FILE_HEADER + get_le32(chunk(&image, 0) + 48);
    for (size_t size = FILE_HEADER + 1; size < free_at; size++) {
        read_bytes(&reading, LOG_EVTX, image.bytes, size, false, NULL);
        size_t whole = 0;
        while (whole < 10 && size >= offset_of(&image, whole + 1) +
                                         get_le32(image.bytes + offset_of(&image, whole + 1) + 4)) {
            whole++;
        }
        CHECK(numbers_are(1, whole));
        CHECK(reading.result.incomplete);
        read_bytes(&reading, LOG_EVTX, image.bytes, size, true, NULL);
        CHECK_NUMBER(reading.count, whole);
        CHECK_NUMBER(reading.result.damaged, 0);
    }
    evtx_image_free(&image);
}

/* Every byte of the records and of the header: the other chunk's records are all there, and never
 * more than before. */
static void every_byte_mutated(void)
{
    struct evtx_image first;
    struct evtx_image image;
    CHECK(evtx_image_create(&first, 0, 1));
    append(&first, 5);
    CHECK_TEXT(evtx_image_load(&image, first.bytes, first.size), NULL);
    evtx_image_free(&first);
    append(&image, 4); /* into a new chunk */
    uint64_t total = image.next - 1;
    uint64_t others = count_in(&image, 0);
    size_t end = FILE_HEADER + CHUNK + get_le32(chunk(&image, 1) + 48);
    for (size_t at = 8; at < end; at += at < FILE_HEADER ? 16 : 1) {
        if (at >= FILE_HEADER && at < FILE_HEADER + CHUNK) {
            at = FILE_HEADER + CHUNK;
        }
        static const uint8_t masks[] = {0xff, 0x01, 0x40};
        for (size_t i = 0; i < sizeof masks; i++) {
            image.bytes[at] ^= masks[i];
            read_image(&image, false, NULL);
            CHECK_NUMBER(reading.result.end, LOG_END);
            if (reading.count < others || reading.count > total) {
                CHECK_NUMBER(at, SIZE_MAX); /* names the byte */
                CHECK_NUMBER(reading.count, others);
            }
            image.bytes[at] ^= masks[i];
        }
    }
    evtx_image_free(&image);
}

/* The same with a real log's one chunk, whose templates are more. */
static void real_log_mutated(void)
{
    static const char *const names[] = {TEST_DATA "/evtx32_System_ID12.evtx",
                                        TEST_DATA "/no_template_wec.evtx"};
    for (size_t n = 0; n < 2; n++) {
        struct buf file = BUF_INIT;
        CHECK(load_file(&file, names[n]));
        uint8_t *bytes = (uint8_t *)file.data;
        size_t end = FILE_HEADER + get_le32(bytes + FILE_HEADER + 48);
        for (size_t at = FILE_HEADER; at < end; at++) {
            static const uint8_t masks[] = {0xff, 0x01, 0x40, 0x08};
            for (size_t i = 0; i < sizeof masks; i++) {
                bytes[at] ^= masks[i];
                read_bytes(&reading, LOG_EVTX, bytes, file.len, false, NULL);
                CHECK(reading.count <= (n == 0 ? 3U : 1U));
                bytes[at] ^= masks[i];
            }
        }
        buf_free(&file);
    }
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"an exported log in all its fields", exported_log_in_all_fields},
        {"a forwarded log without a template", forwarded_log_without_a_template},
        {"a log without events", log_without_events},
        {"a written log in all its fields", written_log_in_all_fields},
        {"the header is believed in nothing", header_is_believed_in_nothing},
        {"a wrapped log comes oldest first", wrapped_log_comes_oldest_first},
        {"scattered chunks", scattered_chunks},
        {"endless disorder", endless_disorder},
        {"records beyond the free space", records_beyond_the_free_space},
        {"the header's number for want of a record id", header_number_for_want_of_a_record_id},
        {"a follower reads each record once", follower_reads_each_record_once},
        {"a follower takes no stale record", follower_takes_no_stale_record},
        {"a follower that was away too long", follower_that_was_away_too_long},
        {"a wrong hint is only a hint", wrong_hint_is_only_a_hint},
        {"the sink stops the reading", sink_stops_the_reading},
        {"following is cheap", following_is_cheap},
        {"wrong kinds", wrong_kinds},
        {"a bad chunk costs itself", bad_chunk_costs_itself},
        {"a bad data checksum", bad_data_checksum},
        {"bad records cost themselves", bad_records_cost_themselves},
        {"a growing chunk may end in a torn record", growing_chunk_may_end_in_a_torn_record},
        {"a file cut at every size", file_cut_at_every_size},
        {"every byte mutated", every_byte_mutated},
        {"a real log mutated", real_log_mutated},
    };
    reading_init(&reading);
    int status = RUN_SUITE("evtx logs", cases);
    reading_free(&reading);
    return status;
}
