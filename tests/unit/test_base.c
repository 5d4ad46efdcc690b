#include "check.h"

#include "base/buf.h"
#include "base/bytes.h"
#include "base/crc32.h"
#include "base/json.h"
#include "base/utf.h"
#include "base/wintime.h"

#include <stdlib.h>
#include <string.h>

static void buffer_grows_and_stays_terminated(void)
{
    struct buf b = BUF_INIT;
    CHECK_TEXT(buf_text(&b), "");
    for (int i = 0; i < 1000; i++) {
        buf_printf(&b, "%d,", i % 10);
    }
    CHECK_NUMBER(b.len, 2000);
    CHECK_NUMBER(strlen(buf_text(&b)), 2000);
    buf_clear(&b);
    CHECK_TEXT(buf_text(&b), "");
    CHECK(!buf_reserve(&b, SIZE_MAX));
    buf_add_text(&b, "ignored after a failure");
    CHECK_TEXT(buf_text(&b), "");
    buf_free(&b);
}

static void text_printf_makes_a_new_text(void)
{
    char *text = text_printf("%s %d", "half-open", 10);
    CHECK_TEXT(text, "half-open 10");
    free(text);
}

/* The check value of the CRC-32 of IEEE 802.3 for "123456789". */
static void crc32_known_answer(void)
{
    CHECK_NUMBER(crc32_update(0, "123456789", 9), 0xcbf43926);
    CHECK_NUMBER(crc32_update(crc32_update(0, "1234", 4), "56789", 5), 0xcbf43926);
    CHECK_NUMBER(crc32_update(0, "", 0), 0);
}

/* A changed value anywhere in bytes that end inside and behind the zeros that follow it at once. */
static void crc32_follows_a_changed_value(void)
{
    static const size_t sizes[] = {4, 5, 64, 1023, 1028, 1029, 4096, 5003};
    static uint8_t bytes[5003];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * i >> 3);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (size_t offset = 0; offset + 4 <= sizes[i]; offset += 1 + sizes[i] / 9) {
            uint32_t before = get_le32(bytes + offset);
            uint32_t crc = crc32_update(0, bytes, sizes[i]);
            CHECK_NUMBER(crc32_after(crc, sizes[i], offset, before, before), crc);
            put_le32(bytes + offset, before ^ 0x80010203);
            CHECK_NUMBER(crc32_after(crc, sizes[i], offset, before, before ^ 0x80010203),
                         crc32_update(0, bytes, sizes[i]));
        }
    }
}

/* Every length around a whole number of steps, at every alignment, against the definition. */
static void crc32_agrees_with_its_definition(void)
{
    uint8_t bytes[64];
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof bytes; i++) {
        seed = seed * 1103515245 + 12345;
        bytes[i] = (uint8_t)(seed >> 16);
    }
    for (size_t start = 0; start < 9; start++) {
        uint32_t expected = 0xffffffff;
        for (size_t length = 0; start + length <= sizeof bytes; length++) {
            CHECK_NUMBER(crc32_update(0, bytes + start, length), ~expected);
            CHECK_NUMBER(crc32_portable(0, bytes + start, length), ~expected);
            expected ^= start + length < sizeof bytes ? bytes[start + length] : 0;
            for (int bit = 0; bit < 8; bit++) {
                expected = expected >> 1 ^ ((expected & 1) != 0 ? 0xedb88320 : 0);
            }
        }
    }
}

static void utf16_becomes_utf8(void)
{
    static const uint8_t units[] = {'T',  0,    0xe9, 0,    0xac, 0x20, 0x3d, 0xd8,
                                    0x00, 0xde, 0x00, 0xd8, 'x',  0,    0x00, 0xdc};
    struct buf b = BUF_INIT;
    utf16le_to_utf8(&b, units, sizeof units / 2);
    CHECK_TEXT(buf_text(&b), "T\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbdx\xef\xbf\xbd");
    buf_free(&b);
}

/* By the letter, a unit at a time. */
static void utf8_by_units(struct buf *out, const uint8_t *bytes, size_t units)
{
    for (size_t i = 0; i < units; i++) {
        char encoded[UTF8_MAX];
        uint32_t code = get_le16(bytes + 2 * i);
        uint32_t next = i + 1 < units ? get_le16(bytes + 2 * (i + 1)) : 0;
        if (code >> 10 == 0x36 && next >> 10 == 0x37) {
            code = 0x10000 + ((code & 0x3ff) << 10) + (next & 0x3ff);
            i++;
        }
        buf_add(out, encoded, utf8_put(encoded, code));
    }
}

/* `text` behind each alignment: the units that are ASCII, and the whole as UTF-8. */
static void check_units(const uint16_t *text, size_t units, size_t ascii)
{
    for (size_t start = 0; start < 8; start++) {
        uint8_t bytes[64];
        char out[32];
        struct buf fast = BUF_INIT;
        struct buf plain = BUF_INIT;
        for (size_t i = 0; i < units; i++) {
            put_le16(bytes + start + 2 * i, text[i]);
        }
        memset(out, '#', sizeof out);
        CHECK_NUMBER(utf16le_ascii(out, bytes + start, units), ascii);
        for (size_t i = 0; i < ascii; i++) {
            CHECK_NUMBER((unsigned char)out[i], text[i]);
        }
        for (size_t i = units; i < sizeof out; i++) {
            CHECK_NUMBER((unsigned char)out[i], '#');
        }
        utf16le_to_utf8(&fast, bytes + start, units);
        utf8_by_units(&plain, bytes + start, units);
        CHECK_NUMBER(fast.len, plain.len);
        CHECK(memcmp(buf_text(&fast), buf_text(&plain), plain.len) == 0);
        buf_free(&fast);
        buf_free(&plain);
    }
}

static void utf16_at_each_place(void)
{
    static const uint16_t odd[] = {0x80,   0xff,   0x100,  0x4100, 0x7f00,
                                   0x8000, 0xd800, 0xdc00, 0xffff};
    static const uint16_t plain[] = {0, 1, 0x1f, 0x7f, '"'};
    for (size_t units = 0; units <= 18; units++) {
        uint16_t text[18] = {0};
        for (size_t i = 0; i < units; i++) {
            text[i] = (uint16_t)('A' + i);
        }
        check_units(text, units, units);
        for (size_t at = 0; at < units; at++) {
            uint16_t was = text[at];
            for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
                text[at] = odd[i];
                check_units(text, units, at);
            }
            for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
                text[at] = plain[i];
                check_units(text, units, units);
            }
            if (at + 1 < units) { /* a pair, and one the wrong way round */
                uint16_t behind = text[at + 1];
                text[at] = 0xd83d;
                text[at + 1] = 0xde00;
                check_units(text, units, at);
                text[at] = 0xde00;
                text[at + 1] = 0xd83d;
                check_units(text, units, at);
                text[at + 1] = behind;
            }
            text[at] = was;
        }
    }
}

static void bad_utf8_is_replaced(void)
{
    static const char *const bad[] = {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint32_t code = 0;
        CHECK_NUMBER(utf8_get(bad[i], strlen(bad[i]), &code), 1);
        CHECK_NUMBER(code, 0xfffd);
    }
}

static void json_is_valid_whatever_comes_in(void)
{
    struct buf b = BUF_INIT;
    struct json j = json_start(&b);
    json_open_object(&j, NULL);
    json_text(&j, "a\"b", "line\nend\x1b\\\xff\xc2\x9b");
    json_number(&j, "n", UINT64_MAX);
    json_open_array(&j, "list");
    json_bool(&j, NULL, true);
    json_text(&j, NULL, NULL);
    json_open_object(&j, NULL);
    json_close_object(&j);
    json_close_array(&j);
    json_no_value(&j, "z");
    json_close_object(&j);
    CHECK_TEXT(buf_text(&b), "{\"a\\\"b\":\"line\\u000aend\\u001b\\\\\xef\xbf\xbd\\u009b\","
                             "\"n\":18446744073709551615,\"list\":[true,null,{}],\"z\":null}");
    buf_free(&b);
}

/* A JSON string by the letter, a code point at a time. */
static void string_by_codes(struct buf *out, const char *text)
{
    size_t length = strlen(text);
    buf_add_char(out, '"');
    for (size_t at = 0; at < length;) {
        char encoded[UTF8_MAX];
        uint32_t code;
        at += utf8_get(text + at, length - at, &code);
        if (code == '"' || code == '\\') {
            buf_printf(out, "\\%c", (int)code);
        } else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
            buf_printf(out, "\\u%04x", (unsigned)code);
        } else {
            buf_add(out, encoded, utf8_put(encoded, code));
        }
    }
    buf_add_char(out, '"');
}

static void check_string(const char *text)
{
    struct buf fast = BUF_INIT;
    struct buf plain = BUF_INIT;
    struct json j = json_start(&fast);
    json_text(&j, NULL, text);
    string_by_codes(&plain, text);
    CHECK_TEXT(buf_text(&fast), buf_text(&plain));
    buf_free(&fast);
    buf_free(&plain);
}

/* Eight bytes are looked at together: each byte at each of their places, and two of them beside
 * each other. */
static void json_strings_at_each_place(void)
{
    static const char *const pairs[] = {"\"\"",  "\\\"",  "\xc3\xa4", "\xc2\x9b",
                                        "\x1f ", " \x7f", "\xff!",    "\x01\x21"};
    for (size_t length = 0; length <= 18; length++) {
        for (size_t at = 0; at < length; at++) {
            char text[24];
            memset(text, 'x', length);
            text[length] = '\0';
            for (int byte = 1; byte < 256; byte++) {
                text[at] = (char)byte;
                check_string(text);
            }
            text[at] = 'x';
            for (size_t i = 0; at + 1 < length && i < sizeof pairs / sizeof pairs[0]; i++) {
                memcpy(text + at, pairs[i], 2);
                check_string(text);
            }
        }
    }
    check_string("");
}

static void printable_text_cannot_steer_a_terminal(void)
{
    struct buf b = BUF_INIT;
    /* In pieces, or clang-tidy takes it for a trick on whoever reads this. */
    static const char nasty[] = {'a',    0x1b,   '[',    '2',    'J',    '\r',
                                 '\n',   '\xc2', '\x9b', '\xe2', '\x80', '\xae',
                                 '\xff', '\xc3', '\xa9', '\xd8', '\x9c', '\0'};
    add_printable(&b, nasty);
    CHECK_TEXT(buf_text(&b), "a\\x1b[2J\\x0d\\x0a\\x9b\\u{202e}\xef\xbf\xbd\xc3\xa9\\u{061c}");
    buf_free(&b);
}

static void names_compare_without_case(void)
{
    CHECK(same_text_nocase("Tcpip", "TCPIP"));
    CHECK(!same_text_nocase("Tcpip", "Tcpip6"));
    CHECK(!same_text_nocase("Tcpip6", "Tcpip"));
    CHECK(same_text_nocase("", ""));
    CHECK(holds_text_nocase("Tcpip.SYS", "tcpip.sys"));
    CHECK(holds_text_nocase("a tctcpip.Sys b", "TCPIP.sys"));
    CHECK(!holds_text_nocase("tcpip.sy", "tcpip.sys"));
    CHECK(!holds_text_nocase("", "a"));
    CHECK(holds_text_nocase("", ""));
}

static void times_as_text(void)
{
    char text[WINTIME_TEXT_SIZE];
    wintime_iso(wintime_from_unix(1316191380), text);
    CHECK_TEXT(text, "2011-09-16T16:43:00.0000000Z");
    wintime_iso(0, text);
    CHECK_TEXT(text, "1601-01-01T00:00:00.0000000Z");
    wintime_plain(wintime_from_unix(951782399), text);
    CHECK_TEXT(text, "2000-02-28 23:59:59 UTC");
    wintime_iso(UINT64_MAX, text);
    CHECK_TEXT(text, "60056-05-28T05:36:10.9551615Z");
}

static void times_from_text(void)
{
    static const struct {
        const char *text;
        const char *iso; /* NULL: refused */
    } cases[] = {
        {"2021-02-09T11:39:23.354022600Z", "2021-02-09T11:39:23.3540226Z"},
        {"2021-02-09 11:39:23.354021", "2021-02-09T11:39:23.3540210Z"},
        {"2021-02-09T11:39:23Z", "2021-02-09T11:39:23.0000000Z"},
        {"2021-02-09T11:39:23.1234567Z", "2021-02-09T11:39:23.1234567Z"},
        {"2021-02-09T11:39:23.123Z", "2021-02-09T11:39:23.1230000Z"},
        {"2021-02-09T01:39:23+02:00", "2021-02-08T23:39:23.0000000Z"},
        {"2020-02-29T00:00:00Z", "2020-02-29T00:00:00.0000000Z"},
        {"2021-02-29T00:00:00Z", NULL},
        {"1600-12-31T00:00:00Z", NULL},
        {"1601-01-01T00:00:00+01:00", NULL},
        {"2021-13-01T00:00:00Z", NULL},
        {"2021-02-09T24:00:00Z", NULL},
        {"2021-02-09T11:39:23.Z", NULL},
        {"2021-02-09T11:39:23.1234567890Z", NULL},
        {"2021-02-09T11:39:23Zx", NULL},
        {"2021-02-09", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t time = 0;
        char text[WINTIME_TEXT_SIZE] = "";
        bool ok = wintime_parse(cases[i].text, strlen(cases[i].text), &time);
        if (ok) {
            wintime_iso(time, text);
        }
        CHECK_TEXT(ok ? text : NULL, cases[i].iso);
    }
}

/* Around midnight, around the ends of months and of the years of five digits, forth and back. */
static void times_one_after_the_other(void)
{
    static const uint64_t days[] = {0,       1,        58,       59,     60,     364,
                                    365,     150000,   150001,   150002, 149999, 3067670,
                                    3067671, 21350397, 21350398, 0};
    static const uint64_t parts[] = {0, 1, 9999999, 863999999999, 432012345678};
    struct wintime_date last = {0};
    for (size_t day = 0; day < sizeof days / sizeof days[0]; day++) {
        for (size_t part = 0; part < sizeof parts / sizeof parts[0]; part++) {
            uint64_t time = days[day] * 86400 * WINTIME_PER_SECOND + parts[part];
            char plain[WINTIME_TEXT_SIZE];
            char after[WINTIME_TEXT_SIZE];
            size_t length = wintime_iso(time, plain);
            CHECK_NUMBER(wintime_iso_after(&last, time, after), length);
            CHECK_TEXT(after, plain);
        }
    }
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"buffer grows and stays terminated", buffer_grows_and_stays_terminated},
        {"text_printf makes a new text", text_printf_makes_a_new_text},
        {"crc32 known answer", crc32_known_answer},
        {"crc32 follows a changed value", crc32_follows_a_changed_value},
        {"crc32 agrees with its definition", crc32_agrees_with_its_definition},
        {"utf16 becomes utf8", utf16_becomes_utf8},
        {"utf16 at each place", utf16_at_each_place},
        {"bad utf8 is replaced", bad_utf8_is_replaced},
        {"json is valid whatever comes in", json_is_valid_whatever_comes_in},
        {"json strings at each place", json_strings_at_each_place},
        {"printable text cannot steer a terminal", printable_text_cannot_steer_a_terminal},
        {"names compare without case", names_compare_without_case},
        {"times as text", times_as_text},
        {"times from text", times_from_text},
        {"times one after the other", times_one_after_the_other},
    };
    return RUN_SUITE("base", cases);
}
