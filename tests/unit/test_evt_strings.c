/* The strings of a classic record, which are decoded for Windows File Protection alone. */
#include "check.h"
#include "log_reader.h"
#include "log_writer.h"

#include "decode/evt_record.h"
#include "match.h"

#include "base/bytes.h"
#include "base/wintime.h"

#include <stdlib.h>
#include <string.h>

enum { AT_STRING_COUNT = 26, AT_STRINGS = 36 };

#define SOURCE "Windows File Protection"

/* As Windows XP writes it when it has put the file back: the name, and the version that was there.
 */
static struct log_record restored(const char *source, const char *path)
{
    return (struct log_record){.id = 64002,
                               .type = 4,
                               .time = wintime_from_unix(1316191380),
                               .source = source,
                               .computer = "WKS",
                               .channel = "System",
                               .strings = {path, "5.1.2600.5512"},
                               .string_count = 2};
}

struct made {
    struct buf record;
    uint8_t *bytes; /* of the record, to be changed */
    size_t length;
    struct buf names;
    struct event event;
};

static void make(struct made *m, const struct log_record *record)
{
    *m = (struct made){.record = BUF_INIT, .names = BUF_INIT};
    evt_record_bytes(&m->record, record, 7);
    CHECK(!m->record.failed);
    m->bytes = (uint8_t *)m->record.data;
    m->length = m->record.len;
}

/* From a block of the record's own size, so that a reading behind its end is found. */
static const char *decode(struct made *m)
{
    uint8_t *copy = malloc(m->length);
    if (copy != NULL) {
        memcpy(copy, m->bytes, m->length);
    }
    bool decoded = copy != NULL && evt_record_whole(copy, m->length) &&
                   evt_record_decode(copy, m->length, &m->names, &m->event);
    free(copy);
    CHECK(decoded);
    return m->event.strings;
}

static void made_free(struct made *m)
{
    buf_free(&m->record);
    buf_free(&m->names);
}

static void are_those_of_file_protection_alone(void)
{
    static const struct {
        const char *source;
        bool decoded;
    } cases[] = {
        {SOURCE, true},
        {"windows file PROTECTION", true},
        {"Windows File Protection2", false},
        {"Windows File", false},
        {"Tcpip", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct log_record record = restored(cases[i].source, "c:\\windows\\tcpip.sys");
        struct made m;
        make(&m, &record);
        CHECK_TEXT(decode(&m), cases[i].decoded ? "c:\\windows\\tcpip.sys\n5.1.2600.5512\n" : NULL);
        CHECK_TEXT(m.event.provider, cases[i].source);
        CHECK_TEXT(m.event.computer, "WKS");
        CHECK_NUMBER(m.event.id, 64002);
        made_free(&m);
    }
}

static void are_utf8_and_may_be_empty(void)
{
    struct log_record record = restored(SOURCE, "c:\\w\xc3\xb6lf\\tcpip.sys");
    record.strings[1] = "";
    record.strings[2] = "last";
    record.string_count = 3;
    struct made m;
    make(&m, &record);
    CHECK_TEXT(decode(&m), "c:\\w\xc3\xb6lf\\tcpip.sys\n\nlast\n");
    made_free(&m);

    record.string_count = 0;
    make(&m, &record);
    CHECK_TEXT(decode(&m), "");
    made_free(&m);
}

/* The record says how many there are, and what lies behind those is its data. */
static void are_as_many_as_the_record_says(void)
{
    struct log_record record = restored(SOURCE, "a");
    record.data = (const uint8_t *)"x\0y\0\0";
    record.data_size = 6;
    struct made m;
    make(&m, &record);
    CHECK_TEXT(decode(&m), "a\n5.1.2600.5512\n");
    put_le16(m.bytes + AT_STRING_COUNT, 1);
    CHECK_TEXT(decode(&m), "a\n");
    made_free(&m);
}

static void stay_inside_the_record(void)
{
    struct log_record record = restored(SOURCE, "tcpip.sys");
    struct made m;
    make(&m, &record);
    uint32_t start = get_le32(m.bytes + AT_STRINGS);
    uint32_t length = (uint32_t)m.length;
    put_le16(m.bytes + AT_STRING_COUNT, UINT16_MAX);
    CHECK(strncmp(decode(&m), "tcpip.sys\n5.1.2600.5512\n", 24) == 0);
    const uint32_t bad[] = {0,          1,          EVT_RECORD_FIXED, start - 2,
                            length - 3, length - 2, length,           length + 2,
                            0x7fffffff, 0x80000000, UINT32_MAX,       UINT32_MAX - 1};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        put_le32(m.bytes + AT_STRINGS, bad[i]);
        CHECK_TEXT(decode(&m), "");
        CHECK_TEXT(m.event.provider, SOURCE);
        CHECK_TEXT(m.event.computer, "WKS");
    }
    put_le32(m.bytes + AT_STRINGS, length - 4);
    CHECK_TEXT(decode(&m), "");

    /* One that nothing ends. */
    put_le32(m.bytes + AT_STRINGS, start + 20);
    memset(m.bytes + start + 20, 'x', length - 4 - start - 20);
    CHECK_TEXT(decode(&m), "");
    put_le32(m.bytes + AT_STRINGS, start);
    CHECK_TEXT(decode(&m), "tcpip.sys\n");

    /* Nor the names before it. */
    memset(m.bytes + EVT_RECORD_FIXED + sizeof SOURCE * 2, 'x',
           length - 4 - EVT_RECORD_FIXED - sizeof SOURCE * 2);
    CHECK_TEXT(decode(&m), NULL);
    CHECK_TEXT(m.event.provider, SOURCE);
    CHECK_TEXT(m.event.computer, NULL);
    made_free(&m);
}

/* A text of `length` letters a, to be freed. */
static char *letters(size_t length)
{
    char *text = malloc(length + 1);
    CHECK(text != NULL);
    if (text != NULL) {
        memset(text, 'a', length);
        text[length] = '\0';
    }
    return text;
}

static void are_bounded(void)
{
    char *long_one = letters(EVT_STRINGS_MOST - 10 - 1);
    char *longer_one = letters(EVT_STRINGS_MOST);
    struct log_record record = restored(SOURCE, "tcpip.sys"); /* 10 bytes with its line feed */
    record.strings[1] = long_one;
    struct made m;
    make(&m, &record);
    const char *strings = decode(&m);
    CHECK(strings != NULL && strlen(strings) == EVT_STRINGS_MOST);
    made_free(&m);

    /* One byte more, and it is left out, with all that are behind it. */
    record.strings[0] = "tcpip2.sys";
    record.strings[2] = "b";
    record.string_count = 3;
    make(&m, &record);
    CHECK_TEXT(decode(&m), "tcpip2.sys\n");
    made_free(&m);

    record.strings[0] = longer_one;
    make(&m, &record);
    CHECK_TEXT(decode(&m), "");
    CHECK_TEXT(m.event.computer, "WKS");
    made_free(&m);
    free(long_one);
    free(longer_one);
}

struct counts {
    size_t records, with_strings, of_the_driver;
};

static bool count_event(void *context, const struct event *event)
{
    struct counts *counts = context;
    counts->records++;
    counts->with_strings += event->strings != NULL;
    counts->of_the_driver += match_file_protection(event);
    return true;
}

/* A whole file, in which other records stand between them. */
static void come_out_of_a_file(void)
{
    struct evt_image image;
    struct counts counts = {0};
    CHECK(evt_image_create(&image, 65536, 65536));
    for (int i = 0; i < 5; i++) {
        struct log_record records[] = {
            log_record_tcpip(4226, "WKS", wintime_from_unix(1316191380)),
            restored(SOURCE, "C:\\WINDOWS\\System32\\Drivers\\TCPIP.SYS"),
            log_record_decoy("WKS", wintime_from_unix(1316191380)),
            restored(SOURCE, "c:\\windows\\notepad.exe"), restored("Tcpip", "tcpip.sys")};
        for (size_t k = 0; k < sizeof records / sizeof records[0]; k++) {
            CHECK(evt_image_append(&image, &records[k]));
        }
    }
    struct log_memory memory = {image.bytes, image.size};
    struct log_input input = log_input_memory(&memory);
    struct log_sink sink = {.context = &counts, .event = count_event};
    struct log_result result = evt_read(&input, false, NULL, &sink);
    CHECK_NUMBER(result.end, LOG_END);
    CHECK_NUMBER(counts.records, 25);
    CHECK_NUMBER(counts.with_strings, 10);
    CHECK_NUMBER(counts.of_the_driver, 5);
    evt_image_free(&image);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"are those of Windows File Protection alone", are_those_of_file_protection_alone},
        {"are UTF-8 and may be empty", are_utf8_and_may_be_empty},
        {"are as many as the record says", are_as_many_as_the_record_says},
        {"stay inside the record", stay_inside_the_record},
        {"are bounded", are_bounded},
        {"come out of a file", come_out_of_a_file},
    };
    return RUN_SUITE("strings of classic records", cases);
}
