#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_fail(const char *format, ...)
{
    struct buf text = BUF_INIT;
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    (void)fprintf(stderr, "broken promise: %s\n", buf_text(&text));
    buf_free(&text);
    abort();
}

uint8_t fuzz_take8(struct fuzz_bytes *bytes)
{
    if (bytes->left == 0) {
        return 0;
    }
    bytes->left--;
    return *bytes->next++;
}

uint32_t fuzz_take32(struct fuzz_bytes *bytes)
{
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 32; shift += 8) {
        value |= (uint32_t)fuzz_take8(bytes) << shift;
    }
    return value;
}

uint64_t fuzz_take64(struct fuzz_bytes *bytes)
{
    uint64_t low = fuzz_take32(bytes);
    return low | (uint64_t)fuzz_take32(bytes) << 32;
}

void *fuzz_copy(const void *bytes, size_t size, bool with_nul)
{
    size_t room = size + (with_nul ? 1 : 0);
    char *copy = malloc(room > 0 ? room : 1);
    FUZZ_REQUIRE(copy != NULL, "memory is out");
    if (size > 0) {
        memcpy(copy, bytes, size);
    }
    if (with_nul) {
        copy[size] = '\0';
    }
    return copy;
}

/* The code point at `text`, and its length in bytes; 0 when it is none. */
static size_t code_at(const char *text, size_t length, uint32_t *code)
{
    const uint8_t *p = (const uint8_t *)text;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t used = p[0] < 0x80             ? 1
                  : (p[0] & 0xe0) == 0xc0 ? 2
                  : (p[0] & 0xf0) == 0xe0 ? 3
                  : (p[0] & 0xf8) == 0xf0 ? 4
                                          : 0;
    if (used == 0 || used > length) {
        return 0;
    }
    *code = used == 1 ? p[0] : p[0] & (0x7fU >> used);
    for (size_t i = 1; i < used; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
        *code = *code << 6 | (p[i] & 0x3fU);
    }
    bool surrogate = *code >= 0xd800 && *code <= 0xdfff;
    return *code < least[used] || *code > 0x10ffff || surrogate ? 0 : used;
}

bool fuzz_is_utf8(const char *text, size_t length)
{
    uint32_t code;
    size_t used = 1;
    for (size_t at = 0; used != 0 && at < length; at += used) {
        used = code_at(text + at, length - at, &code);
    }
    return used != 0;
}

bool fuzz_is_printable(const char *text, size_t length)
{
    uint32_t code = 0;
    size_t used;
    for (size_t at = 0; at < length; at += used) {
        used = code_at(text + at, length - at, &code);
        if (used == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 ||
            code == 0x2029 || (code >= 0x202a && code <= 0x202e) ||
            (code >= 0x2066 && code <= 0x2069) || code == 0x200e || code == 0x200f ||
            code == 0x061c) {
            return false;
        }
    }
    return true;
}
