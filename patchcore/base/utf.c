#include "utf.h"

#include "bytes.h"

#include <string.h>

enum { REPLACEMENT = 0xfffd };

static bool is_high_surrogate(uint32_t unit)
{
    return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low_surrogate(uint32_t unit)
{
    return unit >= 0xdc00 && unit <= 0xdfff;
}

size_t utf8_put(char out[UTF8_MAX], uint32_t code)
{
    if (code > 0x10ffff || is_high_surrogate(code) || is_low_surrogate(code)) {
        code = REPLACEMENT;
    }
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

size_t utf8_get(const char *text, size_t length, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t lead = (uint8_t)text[0];
    size_t need = lead < 0x80       ? 1
                  : lead >> 5 == 6  ? 2
                  : lead >> 4 == 14 ? 3
                  : lead >> 3 == 30 ? 4
                                    : 0;
    *code = REPLACEMENT;
    if (need == 0 || need > length) {
        return 1;
    }
    uint32_t value = need == 1 ? lead : (uint32_t)(lead & (0x7f >> need));
    for (size_t i = 1; i < need; i++) {
        uint8_t next = (uint8_t)text[i];
        if ((next & 0xc0) != 0x80) {
            return 1;
        }
        value = value << 6 | (next & 0x3f);
    }
    if (value < least[need] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
        return 1;
    }
    *code = value;
    return need;
}

/* Names in logs are ASCII: four code units at a time. */
size_t utf16le_ascii(char *out, const uint8_t *bytes, size_t units)
{
    const uint64_t beyond_ascii = UINT64_C(0xff80ff80ff80ff80);
    size_t i = 0;
    for (; units - i >= 4; i += 4) {
        uint64_t four = get_le64(bytes + 2 * i);
        if ((four & beyond_ascii) != 0) {
            break;
        }
        four = (four | four >> 8) & UINT64_C(0x0000ffff0000ffff);
        put_le32((uint8_t *)out + i, (uint32_t)((four | four >> 16) & 0xffffffff));
    }
    for (; i < units && get_le16(bytes + 2 * i) < 0x80; i++) {
        out[i] = (char)bytes[2 * i];
    }
    return i;
}

void utf16le_to_utf8(struct buf *out, const uint8_t *bytes, size_t units)
{
    if (units > SIZE_MAX / 3 || !buf_reserve(out, units * 3)) {
        out->failed = true;
        return;
    }
    char *at = out->data + out->len;
    size_t ascii = utf16le_ascii(at, bytes, units); /* nearly always all of it */
    at += ascii;
    for (size_t i = ascii; i < units; i++) {
        uint32_t code = get_le16(bytes + 2 * i);
        if (is_high_surrogate(code) && i + 1 < units) {
            uint32_t low = get_le16(bytes + 2 * (i + 1));
            if (is_low_surrogate(low)) {
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                i++;
            }
        }
        at += utf8_put(at, code);
    }
    *at = '\0';
    out->len = (size_t)(at - out->data);
}

static char lower_ascii(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool same_text_nocase(const char *a, const char *b)
{
    while (*a != '\0' && lower_ascii(*a) == lower_ascii(*b)) {
        a++;
        b++;
    }
    return *a == '\0' && *b == '\0';
}

bool holds_text_nocase(const char *text, const char *part)
{
    for (;; text++) {
        size_t i = 0;
        while (part[i] != '\0' && lower_ascii(text[i]) == lower_ascii(part[i])) {
            i++;
        }
        if (part[i] == '\0') {
            return true;
        }
        if (*text == '\0') {
            return false;
        }
    }
}

bool utf_changes_screen(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0x200e || code == 0x200f || code == 0x061c || code == 0xfeff;
}

void add_printable(struct buf *out, const char *text)
{
    size_t length = strlen(text);
    for (size_t at = 0; at < length;) {
        uint32_t code;
        at += utf8_get(text + at, length - at, &code);
        if (!utf_changes_screen(code)) {
            char encoded[UTF8_MAX];
            buf_add(out, encoded, utf8_put(encoded, code));
        } else if (code < 0x100) {
            buf_printf(out, "\\x%02x", (unsigned)code);
        } else {
            buf_printf(out, "\\u{%04x}", (unsigned)code);
        }
    }
}
