#include "keyfile.h"

#include "crc32.h"

#include <inttypes.h>
#include <string.h>

/* "end 1a2b3c4d\n" */
enum { END_LENGTH = 13 };

void keyfile_start(struct buf *out, const char *kind, unsigned version)
{
    buf_clear(out);
    buf_printf(out, "%s %u\n", kind, version);
}

static bool is_plain(char c)
{
    return (unsigned char)c >= 0x20 && c != '%' && c != 0x7f;
}

/* A state has hundreds of lines and is written before what it says is told, so that nothing here
 * goes through printf(). */
static void start_line(struct buf *out, const char *key)
{
    buf_add_text(out, key);
    buf_add_char(out, ' ');
}

void keyfile_add(struct buf *out, const char *key, const char *value)
{
    start_line(out, key);
    while (*value != '\0') {
        size_t plain = 0;
        while (value[plain] != '\0' && is_plain(value[plain])) {
            plain++;
        }
        buf_add(out, value, plain);
        value += plain;
        if (*value != '\0') {
            buf_printf(out, "%%%02X", (unsigned)(unsigned char)*value++);
        }
    }
    buf_add_char(out, '\n');
}

void keyfile_add_number(struct buf *out, const char *key, uint64_t value)
{
    start_line(out, key);
    buf_add_number(out, value);
    buf_add_char(out, '\n');
}

void keyfile_finish(struct buf *out)
{
    buf_printf(out, "end %08" PRIx32 "\n", crc32_update(0, buf_text(out), out->len));
}

const char *keyfile_status_text(enum keyfile_status status)
{
    static const char *const texts[] = {
        [KEYFILE_OK] = "it is whole",
        [KEYFILE_DAMAGED] = "it is damaged (empty, cut short or changed by hand)",
        [KEYFILE_OTHER] = "it is a file of another kind",
        [KEYFILE_FUTURE] = "it was written by a newer version of this program",
    };
    return texts[status];
}

static bool is_whole(const struct buf *text)
{
    if (text->len < END_LENGTH) {
        return false;
    }
    size_t body = text->len - END_LENGTH;
    struct buf end = BUF_INIT;
    buf_printf(&end, "end %08" PRIx32 "\n", crc32_update(0, text->data, body));
    bool same = end.len == END_LENGTH && memcmp(end.data, text->data + body, END_LENGTH) == 0;
    buf_free(&end);
    return same && memchr(text->data, '\0', text->len) == NULL;
}

/* Cuts the line at *next off with a NUL and splits it at its first blank. */
static bool split_line(char **next, char *end, char **key, char **value)
{
    char *line = *next;
    char *newline = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
    char *blank = newline != NULL ? memchr(line, ' ', (size_t)(newline - line)) : NULL;
    if (blank == NULL) {
        return false;
    }
    *newline = '\0';
    *blank = '\0';
    *key = line;
    *value = blank + 1;
    *next = newline + 1;
    return true;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        int high = *from == '%' ? hex_digit(from[1]) : -1;
        int low = high >= 0 ? hex_digit(from[2]) : -1;
        if (low >= 0 && high * 16 + low != 0) {
            *to++ = (char)(high * 16 + low);
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
}

enum keyfile_status keyfile_open(struct keyfile *k, struct buf *text, const char *kind,
                                 unsigned version)
{
    char *found_kind;
    char *found_version;
    uint64_t number;
    if (text->failed || !is_whole(text)) {
        return KEYFILE_DAMAGED;
    }
    k->next = text->data;
    k->end = text->data + text->len - END_LENGTH;
    if (!split_line(&k->next, k->end, &found_kind, &found_version) ||
        !keyfile_number(found_version, UINT32_MAX, &number) || strcmp(found_kind, kind) != 0) {
        return KEYFILE_OTHER;
    }
    return number > version ? KEYFILE_FUTURE : KEYFILE_OK;
}

bool keyfile_next(struct keyfile *k, const char **key, const char **value)
{
    char *found_key;
    char *found_value;
    if (!split_line(&k->next, k->end, &found_key, &found_value)) {
        return false;
    }
    unescape(found_value);
    *key = found_key;
    *value = found_value;
    return true;
}

bool keyfile_number(const char *value, uint64_t most, uint64_t *out)
{
    uint64_t number = 0;
    if (*value == '\0') {
        return false;
    }
    for (const char *c = value; *c != '\0'; c++) {
        if (*c < '0' || *c > '9') {
            return false;
        }
        unsigned digit = (unsigned)(*c - '0');
        if (number > (UINT64_MAX - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    *out = number;
    return number <= most;
}
