#include "json.h"

#include "utf.h"

#include <inttypes.h>
#include <string.h>

static void add_string(struct buf *out, const char *text)
{
    size_t length = strlen(text);
    buf_add_char(out, '"');
    for (size_t at = 0; at < length;) {
        uint32_t code;
        at += utf8_get(text + at, length - at, &code);
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
    buf_printf(j->out, "%" PRIu64, number);
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
