#include "census/census_proc.h"

#include "census/look.h"

#include <string.h>

/* ---- lines ---- */

static void keep_bytes(struct proc_lines *lines, const char *bytes, size_t count)
{
    if (count > sizeof lines->line - lines->length) {
        lines->too_long = true;
        return;
    }
    memcpy(lines->line + lines->length, bytes, count);
    lines->length += count;
}

bool proc_lines_feed(struct proc_lines *lines, const char *bytes, size_t count,
                     bool (*each)(void *context, const char *line, size_t length), void *context)
{
    bool go_on = true;
    while (go_on && count > 0) {
        const char *end = memchr(bytes, '\n', count);
        size_t part = end != NULL ? (size_t)(end - bytes) : count;
        keep_bytes(lines, bytes, part);
        if (end != NULL) {
            go_on = lines->too_long || each(context, lines->line, lines->length);
            lines->length = 0;
            lines->too_long = false;
            part++;
        }
        bytes += part;
        count -= part;
    }
    return go_on;
}

/* ---- fields ---- */

struct field {
    const char *at;
    size_t length;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/* The next field of a text, which gets shorter by it. Empty at its end. */
static struct field next_field(struct field *text)
{
    while (text->length > 0 && is_blank(*text->at)) {
        text->at++;
        text->length--;
    }
    struct field field = {text->at, 0};
    while (field.length < text->length && !is_blank(field.at[field.length])) {
        field.length++;
    }
    text->at += field.length;
    text->length -= field.length;
    return field;
}

/* The field with `skip` others before it. */
static struct field field_behind(struct field *text, unsigned skip)
{
    for (unsigned i = 0; i < skip; i++) {
        (void)next_field(text);
    }
    return next_field(text);
}

static bool read_decimal(struct field field, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < field.length; i++) {
        if (field.at[i] < '0' || field.at[i] > '9') {
            return false;
        }
        unsigned digit = (unsigned)(field.at[i] - '0');
        if (*value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        *value = *value * 10 + digit;
    }
    return field.length > 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(const char *text, size_t digits, uint32_t *value)
{
    *value = 0;
    for (size_t i = 0; i < digits; i++) {
        int digit = hex_digit(text[i]);
        if (digit < 0) {
            return false;
        }
        *value = *value << 4 | (uint32_t)digit;
    }
    return true;
}

/* ---- sockets ---- */

enum {
    SYN_SENT = 2, /* TCP_SYN_SENT of the kernel's tcp_states.h */
    WORD_DIGITS = 8,
    PORT_DIGITS = 4,
    IPV4_DIGITS = WORD_DIGITS,
    IPV6_DIGITS = 4 * WORD_DIGITS,
    FIELDS_BEFORE_INODE = 5, /* between it and the state */
};

/* ADDRESS:PORT. The kernel writes an address as numbers of 32 bits as they stand in its memory: put
 * back into memory they are in network order. The port is a plain number. */
static bool read_end(struct field field, uint8_t address[16], uint16_t *port)
{
    uint8_t bytes[16];
    uint32_t value;
    size_t digits = field.length > PORT_DIGITS ? field.length - PORT_DIGITS - 1 : 0;
    if ((digits != IPV4_DIGITS && digits != IPV6_DIGITS) || field.at[digits] != ':') {
        return false;
    }
    for (size_t i = 0; i < digits / WORD_DIGITS; i++) {
        if (!read_hex(field.at + i * WORD_DIGITS, WORD_DIGITS, &value)) {
            return false;
        }
        memcpy(bytes + i * sizeof value, &value, sizeof value);
    }
    if (!read_hex(field.at + digits + 1, PORT_DIGITS, &value)) {
        return false;
    }
    *port = (uint16_t)value;
    if (digits == IPV4_DIGITS) {
        look_ipv4(bytes, address);
    } else {
        memcpy(address, bytes, sizeof bytes);
    }
    return true;
}

bool proc_half_open(const char *line, size_t length, struct proc_socket *out)
{
    struct field text = {line, length};
    uint8_t own[16];
    uint32_t state;
    struct field local = field_behind(&text, 1);
    struct field remote = next_field(&text);
    struct field status = next_field(&text);
    return status.length == 2 && read_hex(status.at, 2, &state) && state == SYN_SENT &&
           read_end(local, own, &out->local_port) && read_end(remote, out->address, &out->port) &&
           read_decimal(field_behind(&text, FIELDS_BEFORE_INODE), &out->inode);
}

bool proc_socket_inode(const char *target, size_t length, uint64_t *inode)
{
    static const char start[] = "socket:[";
    size_t before = sizeof start - 1;
    return length > before + 1 && memcmp(target, start, before) == 0 && target[length - 1] == ']' &&
           read_decimal((struct field){target + before, length - before - 1}, inode);
}

/* ---- processes ---- */

bool proc_start_ticks(const char *stat, size_t length, uint64_t *ticks)
{
    enum { FIELDS_BEFORE_START = 19 }; /* between it, the 22nd, and the name, the second */
    size_t name_end = length;
    while (name_end > 0 && stat[name_end - 1] != ')') {
        name_end--;
    }
    struct field text = {stat + name_end, length - name_end};
    return name_end > 0 && read_decimal(field_behind(&text, FIELDS_BEFORE_START), ticks);
}

bool proc_boot_time(const char *line, size_t length, uint64_t *seconds)
{
    static const char key[] = "btime";
    struct field text = {line, length};
    struct field name = next_field(&text);
    return name.length == sizeof key - 1 && memcmp(name.at, key, name.length) == 0 &&
           read_decimal(next_field(&text), seconds);
}

size_t proc_image_length(const char *target, size_t length)
{
    static const char mark[] = " (deleted)";
    size_t size = sizeof mark - 1;
    bool marked = length > size && memcmp(target + length - size, mark, size) == 0;
    return marked ? length - size : length;
}

bool proc_process_number(const char *name, uint32_t *pid)
{
    uint64_t number;
    if (!read_decimal((struct field){name, strlen(name)}, &number) || number == 0 ||
        number > UINT32_MAX) {
        return false;
    }
    *pid = (uint32_t)number;
    return true;
}
