#include "told.h"

#include "base/utf.h"

#include <string.h>

enum { DEPTH_MOST = 16, HEX_DIGITS = 4 };

struct reader {
    const char *at;
    const char *end;
};

static bool skip(struct reader *r, char c)
{
    if (r->at < r->end && *r->at == c) {
        r->at++;
        return true;
    }
    return false;
}

static bool skip_word(struct reader *r, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(r->end - r->at) < length || memcmp(r->at, word, length) != 0) {
        return false;
    }
    r->at += length;
    return true;
}

/* Only decimal integers are written. */
static bool skip_number(struct reader *r)
{
    const char *start = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') {
        r->at++;
    }
    return r->at > start;
}

static bool read_hex(struct reader *r, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < HEX_DIGITS; i++) {
        char c = r->at < r->end ? *r->at++ : '\0';
        if (c >= '0' && c <= '9') {
            *out = *out * 16 + (uint32_t)(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            *out = *out * 16 + 10 + (uint32_t)(c - 'a');
        } else {
            return false;
        }
    }
    return true;
}

static bool read_escape(struct reader *r, struct buf *out)
{
    uint32_t code;
    char encoded[UTF8_MAX];
    if (skip(r, '"')) {
        buf_add_char(out, '"');
    } else if (skip(r, '\\')) {
        buf_add_char(out, '\\');
    } else if (skip(r, 'u') && read_hex(r, &code)) {
        buf_add(out, encoded, utf8_put(encoded, code));
    } else {
        return false;
    }
    return true;
}

/* Adds the text to `out`. */
static bool read_text(struct reader *r, struct buf *out)
{
    if (!skip(r, '"')) {
        return false;
    }
    while (r->at < r->end && *r->at != '"') {
        if ((unsigned char)*r->at < 0x20) {
            return false;
        }
        if (!skip(r, '\\')) {
            buf_add_char(out, *r->at++);
        } else if (!read_escape(r, out)) {
            return false;
        }
    }
    return skip(r, '"');
}

/* A value that nobody wants; the depth is bounded since the line may be anything. */
static bool skip_value(struct reader *r, unsigned depth)
{
    struct buf ignored = BUF_INIT;
    bool is_object = r->at < r->end && *r->at == '{';
    bool good = depth < DEPTH_MOST;
    if (good && (skip(r, '{') || skip(r, '['))) {
        const char close = is_object ? '}' : ']';
        bool more = !skip(r, close);
        while (good && more) {
            good = (!is_object || (read_text(r, &ignored) && skip(r, ':'))) &&
                   skip_value(r, depth + 1);
            buf_clear(&ignored);
            more = good && skip(r, ',');
            good = good && (more || skip(r, close));
        }
    } else if (good) {
        good = read_text(r, &ignored) || skip_number(r) || skip_word(r, "null") ||
               skip_word(r, "true") || skip_word(r, "false");
    }
    buf_free(&ignored);
    return good;
}

static bool read_member(struct reader *r, struct told *out)
{
    struct buf name = BUF_INIT;
    bool good = read_text(r, &name) && skip(r, ':');
    struct buf *value = strcmp(buf_text(&name), "program") == 0  ? &out->program
                        : strcmp(buf_text(&name), "action") == 0 ? &out->action
                        : strcmp(buf_text(&name), "level") == 0  ? &out->level
                        : strcmp(buf_text(&name), "text") == 0   ? &out->text
                                                                 : NULL;
    if (good && value != NULL && r->at < r->end && *r->at == '"') {
        buf_clear(value);
        good = read_text(r, value);
    } else {
        good = good && skip_value(r, 1);
    }
    buf_free(&name);
    return good;
}

bool told_read(const char *line, size_t length, struct told *out)
{
    struct reader r = {line, line + length};
    *out = TOLD_INIT;
    bool good = skip(&r, '{');
    bool more = good && !skip(&r, '}');
    while (good && more) {
        good = read_member(&r, out);
        more = good && skip(&r, ',');
        good = good && (more || skip(&r, '}'));
    }
    return good && r.at == r.end && !out->program.failed && !out->action.failed &&
           !out->level.failed && !out->text.failed;
}

void told_free(struct told *told)
{
    buf_free(&told->program);
    buf_free(&told->action);
    buf_free(&told->level);
    buf_free(&told->text);
}
