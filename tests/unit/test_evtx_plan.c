/* The fast way to read .evtx logs against the plain one: real logs, made ones, damaged ones. */
#include "check.h"
#include "log_account.h"
#include "log_reader.h"
#include "log_writer.h"

#include "base/utf.h"

#include <stdio.h>
#include <string.h>

/* One of the ids that the made logs have, and some of them. */
static const struct log_ids one_id = {4226, 1};
static const struct log_ids some_ids = {4226, 1 | 1 << 1 | 1 << 5};

static void read_way(struct log_account *a, const struct buf *log, bool plain,
                     const struct log_ids *only)
{
    struct log_how how = {.only = plain ? NULL : only, .plain = plain};
    log_account_read(a, evtx_read_how, log, false, only, &how);
}

/* The parts of a log, one after the other. */
static void read_parts(struct log_account *a, const struct buf *log, uint64_t size)
{
    struct log_memory memory = {(const uint8_t *)log->data, log->len};
    struct log_input input = log_input_memory(&memory);
    struct log_sink sink = log_account_begin(a, NULL);
    struct evtx_file *file = evtx_file_open(&input, false, &sink, &a->result);
    for (uint64_t at = 0; file != NULL && at < evtx_file_chunks(file); at += size) {
        struct log_result part = evtx_file_read(file, &input, at, size, &sink, NULL);
        a->result.records += part.records;
        a->result.damaged += part.damaged;
        a->result.incomplete = a->result.incomplete || part.incomplete;
    }
    evtx_file_close(file);
}

/* True when every way gives the same. */
static bool agree(const struct buf *log)
{
    struct log_account plain = {.text = BUF_INIT};
    struct log_account other = {.text = BUF_INIT};
    read_way(&plain, log, true, NULL);
    read_way(&other, log, false, NULL);
    bool good = log_account_same(&plain, &other);
    for (uint64_t size = 1; size <= 3; size++) {
        read_parts(&other, log, size);
        good = good && log_account_same(&plain, &other);
    }
    for (int i = 0; i < 2; i++) {
        const struct log_ids *only = i == 0 ? &one_id : &some_ids;
        read_way(&plain, log, true, only);
        read_way(&other, log, false, only);
        good = good && log_account_same(&plain, &other);
    }
    buf_free(&plain.text);
    buf_free(&other.text);
    return good;
}

static const char *const samples[] = {
    TEST_DATA "/NoEvents.evtx",
    TEST_DATA "/evtx32_System_ID12.evtx",
    TEST_DATA "/no_template_wec.evtx",
};

static bool append(struct evtx_image *image, uint64_t i)
{
    static const uint16_t codes[] = {4226, 4227, 4231, 4228, 4225, 4226 + 64};
    char name[16];
    struct log_record record;
    uint64_t time = UINT64_C(129000000000000000) + i * 12345678;
    (void)snprintf(name, sizeof name, "PC%llu", (unsigned long long)(i % 50));
    record = i % 3 == 0 ? log_record_decoy(name, time)
                        : log_record_tcpip(codes[i % 6 == 1 ? i / 6 % 6 : i % 4], name, time);
    record.channel = i % 5 == 0 ? "\xc3\x84rger \xe2\x82\xac \xf0\x9f\x92\xa5" : "System";
    record.source = i % 7 == 0 ? "  Tcpip\t" : i % 11 == 0 ? "   " : record.source;
    return evtx_image_append(image, &record);
}

static void make_log(struct buf *out, uint64_t records, uint32_t most_chunks)
{
    struct evtx_image image;
    bool good = evtx_image_create(&image, most_chunks, 1);
    for (uint64_t i = 0; good && i < records; i++) {
        good = append(&image, i);
    }
    CHECK(good && evtx_image_close(&image));
    buf_clear(out);
    buf_add(out, image.bytes, image.size);
    evtx_image_free(&image);
}

static void real_logs(void)
{
    struct buf log = BUF_INIT;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        CHECK(load_file(&log, samples[i]));
        CHECK(agree(&log));
    }
    buf_free(&log);
}

static void made_logs(void)
{
    struct buf log = BUF_INIT;
    make_log(&log, 1000, 0);
    CHECK(agree(&log));
    make_log(&log, 3000, 3);
    CHECK(agree(&log));
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

/* Bytes that are changed most where the fast way looks: headers, definitions, descriptors. */
static void damage(struct buf *log, uint32_t *state)
{
    unsigned count = 1 + next_random(state) % 6;
    size_t chunks = (log->len - 4096) / 65536;
    for (unsigned i = 0; i < count; i++) {
        size_t chunk = 4096 + next_random(state) % chunks * 65536;
        size_t room = next_random(state) % 2 == 0 ? 1200 : 20000;
        size_t at = chunk + 512 + next_random(state) % room;
        uint32_t choice = next_random(state) % 4;
        if (at < log->len) {
            log->data[at] = (char)(choice == 0   ? 0
                                   : choice == 1 ? 0x21
                                   : choice == 2 ? log->data[at] ^ 1 << next_random(state) % 8
                                                 : (int)next_random(state));
        }
    }
}

static void damaged_logs(void)
{
    struct buf log = BUF_INIT;
    struct buf copy = BUF_INIT;
    uint32_t state = 4226;
    for (size_t kind = 0; kind < 3; kind++) {
        if (kind == 0) {
            make_log(&log, 150, 0);
        } else {
            CHECK(load_file(&log, samples[kind]));
        }
        unsigned differ = 0;
        for (int round = 0; round < 250; round++) {
            buf_clear(&copy);
            buf_add(&copy, log.data, log.len);
            damage(&copy, &state);
            if (round % 10 == 0) {
                copy.len -= next_random(&state) % 65536;
            }
            differ += agree(&copy) ? 0 : 1;
        }
        CHECK_NUMBER(differ, 0);
    }
    buf_free(&log);
    buf_free(&copy);
}

/* The fast way has to be the one that is taken, or the comparison says nothing. */
static void skips_other_ids(void)
{
    struct buf log = BUF_INIT;
    struct log_account a = {.text = BUF_INIT};
    static const struct log_ids none = {65000, UINT64_MAX};
    make_log(&log, 600, 0);
    read_way(&a, &log, false, &none);
    CHECK_NUMBER(a.result.records, 600);
    CHECK_NUMBER(a.handed_out, 0);
    CHECK_NUMBER(a.text.len, 0);
    buf_free(&a.text);
    buf_free(&log);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"real logs", real_logs},
        {"made logs", made_logs},
        {"damaged logs", damaged_logs},
        {"skips other ids", skips_other_ids},
    };
    return RUN_SUITE("evtx plan", cases);
}
