/* Classic logs that are damaged: what is damaged costs itself. */
#include "check.h"
#include "evt_fixture.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

static void wrong_kinds(void)
{
    uint8_t header[HEADER + MARK] = {0x30, 0, 0, 0, 'L', 'f', 'L', 'x'};
    read_bytes(&reading, LOG_EVT, header, sizeof header, false, NULL);
    CHECK_NUMBER(reading.result.end, LOG_WRONG_KIND);
    header[7] = 'e';
    read_bytes(&reading, LOG_EVT, header, HEADER - 1, false, NULL);
    CHECK_NUMBER(reading.result.end, LOG_WRONG_KIND);
    /* A header and nothing that it names. */
    read_bytes(&reading, LOG_EVT, header, sizeof header, false, NULL);
    CHECK_NUMBER(reading.result.end, LOG_END);
    CHECK_NUMBER(reading.result.damaged, 1);
    CHECK(reading.result.incomplete);
    read_bytes(&reading, LOG_EVT, header, sizeof header, true, NULL);
    CHECK_NUMBER(reading.result.damaged, 0);
}

static void damaged_record_costs_itself(void)
{
    for (int dirty = 0; dirty < 2; dirty++) {
        struct evt_image image;
        CHECK(evt_image_create(&image, 8192, 8192));
        append(&image, 10);
        if (!dirty) {
            CHECK(evt_image_close(&image));
        }
        uint32_t length = get_le32(image.bytes + HEADER);
        memset(image.bytes + HEADER + (size_t)4 * length, 0xee, length);
        read_image(&image, false, NULL);
        CHECK_NUMBER(reading.count, 9);
        CHECK_NUMBER(reading.records[4].record, 6);
        CHECK_NUMBER(reading.result.damaged, 1);
        CHECK_NUMBER(reading.damage_at, HEADER + (size_t)4 * length);
        CHECK(strstr(reading.damage, "ee ee ee") != NULL);
        /* The same record with a wrong length at its end. */
        struct buf record = BUF_INIT;
        struct log_record five = record_at(5);
        evt_record_bytes(&record, &five, 5);
        memcpy(image.bytes + HEADER + (size_t)4 * length, record.data, record.len);
        put_le32(image.bytes + HEADER + (size_t)5 * length - 4, 0);
        read_image(&image, false, NULL);
        CHECK_NUMBER(reading.count, 9);
        CHECK_NUMBER(reading.result.damaged, 1);
        CHECK(strstr(reading.damage, "bytes, where the same number was expected") != NULL);
        buf_free(&record);
        evt_image_free(&image);
    }
}

/* Without an end-of-file record the numbers tell where the log ends. */
static void lost_end_mark(void)
{
    for (int wrapped = 0; wrapped < 2; wrapped++) {
        struct evt_image image;
        CHECK(evt_image_create(&image, 4096, 4096));
        append(&image, wrapped ? 60 : 10);
        uint32_t count = image.next - image.oldest;
        for (uint32_t i = 0; i < MARK; i++) {
            uint32_t at = image.end + i;
            image.bytes[at < image.size ? at : at - image.size + HEADER] = 0;
        }
        read_image(&image, false, NULL);
        CHECK(reading.count >= count);
        CHECK_NUMBER(reading.records[reading.count - 1].record, image.next - 1);
        CHECK(reading.result.incomplete);
        CHECK(reading.result.damaged >= 1);
        /* With a damaged record in it. */
        uint32_t second = image.begin + get_le32(image.bytes + image.begin);
        memset(image.bytes + second, 0xee, 60);
        size_t all = reading.count;
        read_image(&image, false, NULL);
        CHECK_NUMBER(reading.count, all - 1);
        evt_image_free(&image);
    }
}

static void file_cut_at_every_byte(void)
{
    for (int dirty = 0; dirty < 2; dirty++) {
        struct evt_image image;
        CHECK(evt_image_create(&image, 2048, 2048));
        append(&image, 8);
        if (!dirty) {
            CHECK(evt_image_close(&image));
        }
        uint32_t length = get_le32(image.bytes + HEADER);
        for (size_t size = HEADER; size < image.end + MARK; size++) {
            read_bytes(&reading, LOG_EVT, image.bytes, size, false, NULL);
            CHECK(numbers_are(1, (size - HEADER) / length));
            /* A closed log needs no end-of-file record. */
            bool whole = !dirty && size >= image.end + 4;
            CHECK_NUMBER(reading.result.incomplete, !whole);
            CHECK_NUMBER(reading.result.damaged, !whole);
            read_bytes(&reading, LOG_EVT, image.bytes, size, true, NULL);
            CHECK(numbers_are(1, (size - HEADER) / length));
            CHECK_NUMBER(reading.result.damaged, 0);
        }
        evt_image_free(&image);
    }
}

/* Every byte of a small log with two other values: no record is lost but the one that was hit. */
static void mutated_byte(struct evt_image *image, size_t at, uint8_t value, size_t count)
{
    static const uint8_t head[8] = {0x30, 0, 0, 0, 'L', 'f', 'L', 'e'};
    uint8_t old = image->bytes[at];
    image->bytes[at] = value;
    for (int growing = 0; growing < 2; growing++) {
        read_image(image, growing != 0, NULL);
        if (memcmp(image->bytes, head, sizeof head) != 0) {
            CHECK_NUMBER(reading.result.end, LOG_WRONG_KIND);
            continue;
        }
        CHECK_NUMBER(reading.result.end, LOG_END);
        if (reading.count + 1 < count || reading.count > count) {
            CHECK_NUMBER(at, SIZE_MAX); /* names the byte */
            CHECK_NUMBER(reading.count, count);
        }
    }
    image->bytes[at] = old;
}

static void every_byte_mutated(void)
{
    for (int state = 0; state < 3; state++) {
        struct evt_image image;
        CHECK(evt_image_create(&image, 1024, 1024));
        append(&image, state == 2 ? 30 : 5);
        size_t count = image.next - image.oldest;
        if (state == 1) {
            CHECK(evt_image_close(&image));
        }
        for (size_t at = 0; at < image.size; at++) {
            if (at == AT_FLAGS && state != 1) {
                continue; /* a stale header that says it is not: nothing can tell */
            }
            mutated_byte(&image, at, (uint8_t)(image.bytes[at] ^ 0xff), count);
            mutated_byte(&image, at, (uint8_t)(image.bytes[at] ^ 0x01), count);
        }
        evt_image_free(&image);
    }
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"wrong kinds", wrong_kinds},
        {"a damaged record costs itself", damaged_record_costs_itself},
        {"a lost end mark", lost_end_mark},
        {"a file cut at every byte", file_cut_at_every_byte},
        {"every byte mutated", every_byte_mutated},
    };
    reading_init(&reading);
    int status = RUN_SUITE("damaged classic logs", cases);
    reading_free(&reading);
    return status;
}
