/* Reading the records of some event ids of a .evt log against reading all: real logs, made ones
 * that wrap, damaged ones. */
#include "check.h"
#include "log_account.h"
#include "log_reader.h"
#include "log_writer.h"

#include "base/bytes.h"

#include <stdio.h>
#include <string.h>

enum { IDS = 3 };

static const struct log_ids one_id = {4226, 1};
static const struct log_ids some_ids = {4207, 1 | 1 << 19 | UINT64_C(1) << 20};
static const struct log_ids none = {65000, UINT64_MAX};

static void read_way(struct log_account *a, const struct buf *log, bool growing, bool all,
                     const struct log_ids *only)
{
    struct log_how how = {.only = all ? NULL : only};
    log_account_read(a, evt_read_how, log, growing, only, &how);
}

/* True when both ways give the same. */
static bool agree(const struct buf *log)
{
    const struct log_ids *ids[IDS] = {&one_id, &some_ids, &none};
    struct log_account all = {.text = BUF_INIT, .with_places = true};
    struct log_account some = {.text = BUF_INIT, .with_places = true};
    bool good = true;
    for (size_t i = 0; i < IDS; i++) {
        for (int growing = 0; growing < 2; growing++) {
            read_way(&all, log, growing != 0, true, ids[i]);
            read_way(&some, log, growing != 0, false, ids[i]);
            good = good && log_account_same(&all, &some);
        }
    }
    buf_free(&all.text);
    buf_free(&some.text);
    return good;
}

/* Records of many lengths; one in `every` may be wanted. */
static void make_log(struct buf *out, unsigned records, uint32_t limit, unsigned every, bool closed)
{
    static const uint16_t codes[] = {4226, 4227, 4207, 4207 + 64};
    static const uint8_t data[3000] = {1};
    struct evt_image image;
    bool good = evt_image_create(&image, limit < 65536 ? limit : 65536, limit);
    for (unsigned i = 0; i < records && good; i++) {
        uint64_t time = UINT64_C(129000000000000000) + i * UINT64_C(10000000);
        struct log_record record = i % every == 0
                                       ? log_record_tcpip(codes[i / every % 4], "WKS", time)
                                       : log_record_decoy("WKS", time);
        record.data = data;
        record.data_size = i % 97 == 0 ? sizeof data : i * 7 % 61;
        good = evt_image_append(&image, &record);
    }
    CHECK(good && (!closed || evt_image_close(&image)));
    buf_clear(out);
    buf_add(out, image.bytes, image.size);
    evt_image_free(&image);
}

static void real_log(void)
{
    struct buf log = BUF_INIT;
    CHECK(load_file(&log, TEST_DATA "/xp_SysEvent_excerpt_3870-3990.evt"));
    CHECK(agree(&log));
    buf_free(&log);
}

/* Of less than a window and of several, growing and wrapped at every length. */
static void made_logs(void)
{
    static const unsigned every[] = {1, 2, 5, 100, 100000};
    struct buf log = BUF_INIT;
    for (size_t i = 0; i < sizeof every / sizeof every[0]; i++) {
        for (int closed = 0; closed < 2; closed++) {
            make_log(&log, 60, 1048576, every[i], closed != 0);
            CHECK(agree(&log));
            make_log(&log, 1500, 1048576, every[i], closed != 0);
            CHECK(agree(&log));
            for (uint32_t limit = 150000; limit < 150200; limit += 44) {
                make_log(&log, 900, limit, every[i], closed != 0);
                CHECK(agree(&log));
            }
        }
    }
    buf_free(&log);
}

/* The header of a closed log may name an end where more records follow: they are none of the log's.
 */
static void records_behind_the_end(void)
{
    struct buf log = BUF_INIT;
    struct log_account a = {.text = BUF_INIT};
    make_log(&log, 60, 1048576, 100000, true);
    uint32_t at = 48;
    for (uint64_t record = 0; record < 59; record++) {
        CHECK(agree(&log));
        memcpy(log.data + 20, &(uint8_t[4]){at & 0xff, at >> 8 & 0xff, at >> 16 & 0xff, 0}, 4);
        CHECK(agree(&log));
        if (record > 0) {
            read_way(&a, &log, false, false, &none);
            CHECK_NUMBER(a.result.records, record);
        }
        at += get_le32((const uint8_t *)log.data + at);
    }
    buf_free(&a.text);
    buf_free(&log);
}

/* A generator that is the same everywhere (Marsaglia's xorshift). */
static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void damage(struct buf *log, uint32_t *state)
{
    static const char signature[] = "LfLe";
    for (unsigned i = 1 + next_random(state) % 5; i > 0; i--) {
        size_t at = next_random(state) % (log->len - 8);
        switch (next_random(state) % 4) {
        case 0:
            log->data[at] = (char)(next_random(state) & 0xff);
            break;
        case 1: /* a length somewhere, in the low bytes of a dword */
            log->data[at & ~(size_t)3] = (char)(next_random(state) & 0xff);
            log->data[(at & ~(size_t)3) + 1] = (char)(next_random(state) & 7);
            break;
        case 2:
            memcpy(log->data + (at & ~(size_t)3), signature, 4);
            break;
        default:
            memset(log->data + at, 0, 8);
            break;
        }
    }
    if (next_random(state) % 8 == 0) {
        log->len -= next_random(state) % (log->len / 2);
    }
}

static void damaged_logs(void)
{
    struct buf log = BUF_INIT;
    struct buf copy = BUF_INIT;
    uint32_t state = 4226;
    unsigned differ = 0;
    for (unsigned kind = 0; kind < 4; kind++) {
        make_log(&log, kind % 2 == 0 ? 400 : 40, kind < 2 ? 1048576 : 70000, 1 + kind * 20,
                 kind % 2 == 0);
        for (int round = 0; round < 150; round++) {
            buf_clear(&copy);
            buf_add(&copy, log.data, log.len);
            damage(&copy, &state);
            differ += agree(&copy) ? 0 : 1;
        }
    }
    CHECK_NUMBER(differ, 0);
    buf_free(&log);
    buf_free(&copy);
}

/* The fast way has to be the one that is taken, or the comparison says nothing. */
static void skips_other_ids(void)
{
    struct buf log = BUF_INIT;
    struct log_account a = {.text = BUF_INIT};
    make_log(&log, 1000, 1048576, 3, true);
    read_way(&a, &log, false, false, &none);
    CHECK_NUMBER(a.result.records, 1000);
    CHECK_NUMBER(a.handed_out, 0);
    buf_free(&a.text);
    buf_free(&log);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"a real log", real_log},
        {"made logs", made_logs},
        {"records behind the end", records_behind_the_end},
        {"damaged logs", damaged_logs},
        {"skips other ids", skips_other_ids},
    };
    return RUN_SUITE("evt in every way", cases);
}
