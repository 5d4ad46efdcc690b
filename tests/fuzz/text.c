/* The ways in which text from outside reaches a terminal, JSON and the programs' own UTF-8. */
#include "fuzz.h"

#include "base/bytes.h"
#include "base/json.h"
#include "base/utf.h"

#include <stdlib.h>
#include <string.h>

static void check_codes(const char *text, size_t length)
{
    char encoded[UTF8_MAX];
    size_t used;
    for (size_t at = 0; at < length; at += used) {
        uint32_t code;
        used = utf8_get(text + at, length - at, &code);
        FUZZ_REQUIRE(used >= 1 && used <= length - at && used <= UTF8_MAX,
                     "a code point is inside the text");
        bool right = fuzz_is_utf8(text + at, used);
        FUZZ_REQUIRE(right || (used == 1 && code == 0xfffd),
                     "a byte that is not UTF-8 counts as U+FFFD");
        size_t written = utf8_put(encoded, code);
        FUZZ_REQUIRE(!right || (written == used && memcmp(encoded, text + at, used) == 0),
                     "a code point is written as it was read");
    }
}

static void check_printable(const char *text)
{
    struct buf once = BUF_INIT;
    struct buf twice = BUF_INIT;
    add_printable(&once, text);
    FUZZ_REQUIRE(fuzz_is_printable(buf_text(&once), once.len), "printable text can be printed");
    add_printable(&twice, buf_text(&once));
    FUZZ_REQUIRE(once.len == twice.len && memcmp(buf_text(&once), buf_text(&twice), once.len) == 0,
                 "printable text is printed as it is");
    buf_free(&once);
    buf_free(&twice);
}

static unsigned hex4(const char *text)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        char c = text[i];
        bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        FUZZ_REQUIRE(hex, "\\u is followed by four hexadecimal digits");
        value = value * 16 + (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

/* What a JSON string says, read by the letter of RFC 8259. Returns what stands behind it. */
static const char *read_string(const char *at, struct buf *out)
{
    static const char escapes[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    FUZZ_REQUIRE(*at == '"', "a string begins with a quotation mark");
    for (at++; *at != '"';) {
        FUZZ_REQUIRE((unsigned char)*at >= 0x20, "no control character stands in a string");
        if (*at != '\\') {
            buf_add_char(out, *at++);
            continue;
        }
        const char *escape = at[1] != '\0' ? strchr(escapes, at[1]) : NULL;
        if (escape != NULL) {
            buf_add_char(out, meanings[escape - escapes]);
            at += 2;
        } else {
            char encoded[UTF8_MAX];
            FUZZ_REQUIRE(at[1] == 'u', "an escape that JSON has");
            buf_add(out, encoded, utf8_put(encoded, hex4(at + 2)));
            at += 6;
        }
    }
    return at + 1;
}

static void check_json(const char *text)
{
    struct buf line = BUF_INIT;
    struct buf back = BUF_INIT;
    struct json j = json_start(&line);
    json_open_object(&j, NULL);
    json_text(&j, "t", text);
    json_close_object(&j);
    FUZZ_REQUIRE(line.len > 5 && memcmp(line.data, "{\"t\":", 5) == 0, "a member has its name");
    FUZZ_REQUIRE(fuzz_is_utf8(line.data, line.len), "JSON is UTF-8");
    const char *rest = read_string(line.data + 5, &back);
    FUZZ_REQUIRE(strcmp(rest, "}") == 0, "the string is all that the object has");
    FUZZ_REQUIRE(!fuzz_is_utf8(text, strlen(text)) || strcmp(buf_text(&back), text) == 0,
                 "a text that is UTF-8 is read back as it was");
    buf_free(&line);
    buf_free(&back);
}

static void check_utf16(const uint8_t *data, size_t size)
{
    struct buf out = BUF_INIT;
    size_t units = size / 2;
    utf16le_to_utf8(&out, data, units);
    FUZZ_REQUIRE(fuzz_is_utf8(buf_text(&out), out.len), "UTF-16 becomes UTF-8");
    /* Back again, unit by unit; what was unpaired is U+FFFD now. */
    size_t at = 0;
    size_t unit = 0;
    while (at < out.len) {
        uint32_t code;
        at += utf8_get(out.data + at, out.len - at, &code);
        uint32_t first = get_le16(data + 2 * unit);
        bool surrogate = first >= 0xd800 && first <= 0xdfff;
        FUZZ_REQUIRE(code < 0x10000
                         ? code == (surrogate ? 0xfffd : first)
                         : first == 0xd800 + ((code - 0x10000) >> 10) &&
                               get_le16(data + 2 * unit + 2) == 0xdc00 + ((code - 0x10000) & 0x3ff),
                     "a code point is what its units say");
        unit += code < 0x10000 ? 1 : 2;
    }
    FUZZ_REQUIRE(unit == units, "no unit is lost");
    buf_free(&out);
}

void fuzz_text(const uint8_t *data, size_t size)
{
    char *text = fuzz_copy(data, size, true);
    size_t half = strlen(text);
    check_codes(text, size);
    check_printable(text);
    check_json(text);
    check_utf16(data, size);
    const char *other = half < size ? text + half + 1 : "";
    FUZZ_REQUIRE(same_text_nocase(text, text), "a text is the same as itself");
    FUZZ_REQUIRE(same_text_nocase(text, other) == same_text_nocase(other, text),
                 "being the same goes both ways");
    free(text);
}
