#include "buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_free(struct buf *b)
{
    free(b->data);
    *b = BUF_INIT;
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = false;
    if (b->data != NULL) {
        b->data[0] = '\0';
    }
}

bool buf_grow(struct buf *b, size_t more)
{
    if (b->failed || more > SIZE_MAX / 2 - b->len - 1) {
        b->failed = true;
        return false;
    }
    size_t needed = b->len + more + 1;
    if (needed <= b->cap) {
        return true;
    }
    size_t cap = b->cap < 64 ? 64 : b->cap;
    while (cap < needed) {
        cap *= 2;
    }
    char *data = realloc(b->data, cap);
    if (data == NULL) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    b->data[b->len] = '\0';
    return true;
}

void buf_add(struct buf *b, const void *bytes, size_t length)
{
    if (length == 0 || !buf_reserve(b, length)) {
        return;
    }
    memcpy(b->data + b->len, bytes, length);
    b->len += length;
    b->data[b->len] = '\0';
}

void buf_add_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

size_t number_put(char out[NUMBER_MOST], uint64_t number)
{
    char digits[NUMBER_MOST];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    memcpy(out, digits + first, sizeof digits - first);
    return sizeof digits - first;
}

void buf_add_number(struct buf *b, uint64_t number)
{
    char digits[NUMBER_MOST];
    size_t length = number_put(digits, number);
    buf_add(b, digits, length);
}

void buf_add_text(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0 || !buf_reserve(b, (size_t)length)) {
        b->failed = true;
        return;
    }
    (void)vsnprintf(b->data + b->len, (size_t)length + 1, format, args);
    b->len += (size_t)length;
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_vprintf(b, format, args);
    va_end(args);
}

const char *buf_text(const struct buf *b)
{
    return b->data != NULL ? b->data : "";
}

char *text_printf(const char *format, ...)
{
    struct buf b = BUF_INIT;
    va_list args;
    va_start(args, format);
    buf_vprintf(&b, format, args);
    va_end(args);
    if (b.failed) {
        buf_free(&b);
        return NULL;
    }
    return b.data;
}

char *text_copy(const char *text)
{
    return text_printf("%s", text);
}
