#include "check.h"

#include "base/crc32.h"
#include "base/keyfile.h"

#include <string.h>

static void make_sample(struct buf *out)
{
    keyfile_start(out, "sample", 2);
    keyfile_add(out, "path", "C:\\WIN DOWS/50% off\nnew \x7f\tline");
    keyfile_add(out, "empty", "");
    keyfile_add_number(out, "number", UINT64_MAX);
    keyfile_add(out, "path", "end 00000000");
    keyfile_finish(out);
}

static enum keyfile_status open_bytes(const char *bytes, size_t size, struct buf *text,
                                      struct keyfile *k)
{
    buf_clear(text);
    buf_add(text, bytes, size);
    return keyfile_open(k, text, "sample", 2);
}

static void values_come_back_as_they_were(void)
{
    struct buf text = BUF_INIT;
    struct keyfile k;
    const char *key;
    const char *value;
    uint64_t number = 0;
    make_sample(&text);
    CHECK(strchr(buf_text(&text), '\t') == NULL);
    CHECK_NUMBER(keyfile_open(&k, &text, "sample", 2), KEYFILE_OK);
    CHECK(keyfile_next(&k, &key, &value));
    CHECK_TEXT(key, "path");
    CHECK_TEXT(value, "C:\\WIN DOWS/50% off\nnew \x7f\tline");
    CHECK(keyfile_next(&k, &key, &value));
    CHECK_TEXT(key, "empty");
    CHECK_TEXT(value, "");
    CHECK(keyfile_next(&k, &key, &value));
    CHECK(keyfile_number(value, UINT64_MAX, &number));
    CHECK_NUMBER(number, UINT64_MAX);
    CHECK(keyfile_next(&k, &key, &value));
    CHECK_TEXT(value, "end 00000000");
    CHECK(!keyfile_next(&k, &key, &value));
    CHECK(!keyfile_next(&k, &key, &value));
    buf_free(&text);
}

static void every_cut_and_every_changed_byte_shows(void)
{
    struct buf whole = BUF_INIT;
    struct buf text = BUF_INIT;
    struct keyfile k;
    make_sample(&whole);
    for (size_t size = 0; size < whole.len; size++) {
        CHECK_NUMBER(open_bytes(whole.data, size, &text, &k), KEYFILE_DAMAGED);
    }
    for (size_t i = 0; i < whole.len; i++) {
        whole.data[i] = (char)(whole.data[i] ^ 0x20);
        CHECK_NUMBER(open_bytes(whole.data, whole.len, &text, &k), KEYFILE_DAMAGED);
        whole.data[i] = (char)(whole.data[i] ^ 0x20);
    }
    CHECK_NUMBER(open_bytes(whole.data, whole.len, &text, &k), KEYFILE_OK);
    buf_add_char(&whole, '\n');
    CHECK_NUMBER(open_bytes(whole.data, whole.len, &text, &k), KEYFILE_DAMAGED);
    buf_free(&text);
    buf_free(&whole);
}

static void kind_and_version_are_told(void)
{
    struct buf text = BUF_INIT;
    struct keyfile k;
    make_sample(&text);
    CHECK_NUMBER(keyfile_open(&k, &text, "sample", 1), KEYFILE_FUTURE);
    make_sample(&text);
    CHECK_NUMBER(keyfile_open(&k, &text, "samples", 2), KEYFILE_OTHER);
    make_sample(&text);
    CHECK_NUMBER(keyfile_open(&k, &text, "sample", 3), KEYFILE_OK);
    for (int i = KEYFILE_OK; i <= KEYFILE_FUTURE; i++) {
        CHECK(strlen(keyfile_status_text((enum keyfile_status)i)) > 5);
    }
    buf_free(&text);
}

/* Whole by its CRC-32, and still not what this program writes. */
static void odd_lines_are_refused(void)
{
    static const struct {
        const char *body;
        size_t size;
        enum keyfile_status expected;
    } cases[] = {
        {"sample 2\n", 9, KEYFILE_OK},
        {"sample\n", 7, KEYFILE_OTHER},
        {"sample two\n", 11, KEYFILE_OTHER},
        {"sample -1\n", 10, KEYFILE_OTHER},
        {"sample 2", 8, KEYFILE_OTHER},
        {"", 0, KEYFILE_OTHER},
        {"sample 2\na \0b\n", 14, KEYFILE_DAMAGED},
        {"sample 99999999999999999999\n", 28, KEYFILE_OTHER},
    };
    struct buf text = BUF_INIT;
    struct keyfile k;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf_clear(&text);
        buf_add(&text, cases[i].body, cases[i].size);
        keyfile_finish(&text);
        CHECK_NUMBER(keyfile_open(&k, &text, "sample", 2), cases[i].expected);
    }
    buf_free(&text);
}

static void reading_ends_at_a_line_without_a_blank(void)
{
    struct buf text = BUF_INIT;
    struct keyfile k;
    const char *key;
    const char *value;
    buf_add_text(&text, "sample 1\nkey value\nkeyalone\nkey value\n");
    keyfile_finish(&text);
    CHECK_NUMBER(keyfile_open(&k, &text, "sample", 2), KEYFILE_OK);
    CHECK(keyfile_next(&k, &key, &value));
    CHECK(!keyfile_next(&k, &key, &value));
    buf_free(&text);
}

static void escapes_that_are_none_stay(void)
{
    struct buf text = BUF_INIT;
    struct keyfile k;
    const char *key;
    const char *value;
    buf_add_text(&text, "sample 1\nkey 50%, %4, %zz, %00, %0a, %41%\n");
    keyfile_finish(&text);
    CHECK_NUMBER(keyfile_open(&k, &text, "sample", 2), KEYFILE_OK);
    CHECK(keyfile_next(&k, &key, &value));
    CHECK_TEXT(value, "50%, %4, %zz, %00, %0a, A%");
    buf_free(&text);
}

static void numbers_are_digits_in_range(void)
{
    static const char *const bad[] = {"",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "0x1",
                                      "1e3",
                                      "256",
                                      "18446744073709551616",
                                      "99999999999999999999999"};
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK(!keyfile_number(bad[i], 255, &number));
    }
    CHECK(keyfile_number("255", 255, &number));
    CHECK_NUMBER(number, 255);
    CHECK(keyfile_number("007", 255, &number));
    CHECK_NUMBER(number, 7);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"values come back as they were", values_come_back_as_they_were},
        {"every cut and every changed byte shows", every_cut_and_every_changed_byte_shows},
        {"kind and version are told", kind_and_version_are_told},
        {"odd lines are refused", odd_lines_are_refused},
        {"reading ends at a line without a blank", reading_ends_at_a_line_without_a_blank},
        {"escapes that are none stay", escapes_that_are_none_stay},
        {"numbers are digits in range", numbers_are_digits_in_range},
    };
    return RUN_SUITE("keyfile", cases);
}
