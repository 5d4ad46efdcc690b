/* A growing byte buffer, always terminated by a NUL that is not counted.
 *
 * A failed allocation sets `failed` and turns every later call into a no-op, so
 * that a caller builds a whole text and checks once at its end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__MINGW32__)
#define PRINTF_LIKE(text, first) __attribute__((format(gnu_printf, text, first)))
#else
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#endif

struct buf {
    char *data;
    size_t len;
    size_t cap;
    bool failed;
};

/* An empty buffer; it owns nothing until something is added. */
#define BUF_INIT ((struct buf){NULL, 0, 0, false})

void buf_free(struct buf *b);

/* Empties the buffer and keeps its memory. */
void buf_clear(struct buf *b);

/* Makes room for `more` further bytes. False when memory is out. */
bool buf_grow(struct buf *b, size_t more);
static inline bool buf_reserve(struct buf *b, size_t more)
{
    return (!b->failed && more < b->cap - b->len) || buf_grow(b, more);
}

enum { NUMBER_MOST = 20 }; /* digits of a 64-bit number */

/* Puts the number's digits there, without a NUL behind them. Returns how many they are. */
size_t number_put(char out[NUMBER_MOST], uint64_t number);
void buf_add_number(struct buf *b, uint64_t number);

void buf_add(struct buf *b, const void *bytes, size_t length);
void buf_add_char(struct buf *b, char c);
void buf_add_text(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *b, const char *format, va_list args) PRINTF_LIKE(2, 0);

/* The text so far; "" for an empty buffer. Valid until the next change. */
const char *buf_text(const struct buf *b);

/* A new text that the caller frees with free(); NULL when memory is out. */
char *text_printf(const char *format, ...) PRINTF_LIKE(1, 2);

/* strdup(), which C11 does not have. */
char *text_copy(const char *text);

#endif
