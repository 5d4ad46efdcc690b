#include "json.h"

#include "utf.h"

#include <string.h>

/* How many of the first bytes are ASCII that stands in a string as it is. */
static size_t plain_run(const char *text, size_t length)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t highs = UINT64_C(0x8080808080808080);
    size_t i = 0;
    for (; length - i >= 8; i += 8) {
        uint64_t eight;
        memcpy(&eight, text + i, sizeof eight);
        /* A byte's high bit is set where the byte has it, or is under 0x20, or is one of " \ DEL.
         * A borrow can set one too many, behind one that is right: the bytes are looked at then. */
        uint64_t odd = eight | (eight - ones * 0x20) | ((eight ^ ones * '"') - ones) |
                       ((eight ^ ones * '\\') - ones) | ((eight ^ ones * 0x7f) - ones);
        if ((odd & highs) != 0) {
            break;
        }
    }
    for (; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\') {
            break;
        }
    }
    return i;
}

static void add_code(struct buf *out, uint32_t code)
{
    if (code == '"' || code == '\\') {
        buf_add_char(out, '\\');
        buf_add_char(out, (char)code);
    } else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
        /* DEL and the C1 controls are legal JSON, but not on a terminal. */
        buf_printf(out, "\\u%04x", (unsigned)code);
    } else {
        char encoded[UTF8_MAX];
        buf_add(out, encoded, utf8_put(encoded, code));
    }
}

static void add_string(struct buf *out, const char *text)
{
    size_t length = strlen(text);
    buf_add_char(out, '"');
    for (size_t at = 0; at < length;) {
        size_t run = plain_run(text + at, length - at);
        buf_add(out, text + at, run);
        at += run;
        if (at < length) {
            uint32_t code;
            at += utf8_get(text + at, length - at, &code);
            add_code(out, code);
        }
    }
    buf_add_char(out, '"');
}

static void start_value(struct json *j, const char *key)
{
    if (j->comma) {
        buf_add_char(j->out, ',');
    }
    j->comma = true;
    if (key != NULL) {
        add_string(j->out, key);
        buf_add_char(j->out, ':');
    }
}

static void open_with(struct json *j, const char *key, char bracket)
{
    start_value(j, key);
    buf_add_char(j->out, bracket);
    j->comma = false;
}

static void close_with(struct json *j, char bracket)
{
    buf_add_char(j->out, bracket);
    j->comma = true;
}

struct json json_start(struct buf *out)
{
    return (struct json){out, false};
}

void json_open_object(struct json *j, const char *key)
{
    open_with(j, key, '{');
}

void json_close_object(struct json *j)
{
    close_with(j, '}');
}

void json_open_array(struct json *j, const char *key)
{
    open_with(j, key, '[');
}

void json_close_array(struct json *j)
{
    close_with(j, ']');
}

void json_text(struct json *j, const char *key, const char *text)
{
    if (text == NULL) {
        json_no_value(j, key);
        return;
    }
    start_value(j, key);
    add_string(j->out, text);
}

void json_number(struct json *j, const char *key, uint64_t number)
{
    start_value(j, key);
    buf_add_number(j->out, number);
}

void json_bool(struct json *j, const char *key, bool value)
{
    start_value(j, key);
    buf_add_text(j->out, value ? "true" : "false");
}

void json_no_value(struct json *j, const char *key)
{
    start_value(j, key);
    buf_add_text(j->out, "null");
}
