#include "policy_parse.h"

#include "base/utf.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of what was read that a message shows. */
enum { QUOTE_MAX = 60 };

/* ---- errors ---- */

void policy_errors_free(struct policy_errors *errors)
{
    for (size_t i = 0; i < errors->count; i++) {
        free(errors->items[i].text);
    }
    *errors = POLICY_ERRORS_INIT;
}

void parse_error(struct parse *parse, unsigned line, struct buf *message)
{
    struct policy_errors *errors = parse->errors;
    if (message->failed || message->data == NULL) {
        errors->no_memory = true;
        buf_free(message);
    } else if (errors->count == POLICY_ERRORS_MAX) {
        errors->more++;
        buf_free(message);
    } else {
        size_t at = errors->count++;
        while (at > 0 && errors->items[at - 1].line > line) {
            errors->items[at] = errors->items[at - 1];
            at--;
        }
        errors->items[at] = (struct policy_error){line, message->data};
    }
}

/* Text from the file in quotes, fit to be printed and not too long. */
static void add_quoted(struct buf *out, const char *text, size_t length)
{
    char shown[QUOTE_MAX + 1];
    size_t size = length > QUOTE_MAX ? QUOTE_MAX : length;
    while (size < length && size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80) {
        size--;
    }
    memcpy(shown, text, size);
    shown[size] = '\0';
    buf_add_char(out, '"');
    add_printable(out, shown);
    buf_add_text(out, size < length ? "..." : "");
    buf_add_char(out, '"');
}

/* "FILE:LINE: ", or "FILE: " for line 0. */
struct buf parse_message(const struct parse *parse, unsigned line)
{
    struct buf message = BUF_INIT;
    add_printable(&message, parse->file_name);
    if (line > 0) {
        buf_printf(&message, ":%u", line);
    }
    buf_add_text(&message, ": ");
    return message;
}

struct buf parse_key_message(const struct parse *parse, const struct policy_row *row)
{
    struct buf message = parse_message(parse, parse->line);
    buf_printf(&message, "[%s] %s: ", row->section, row->name);
    return message;
}

/* An error of the whole line, which the message shows. */
void parse_line_error(struct parse *parse, struct slice shown, const char *what)
{
    struct buf message = parse_message(parse, parse->line);
    if (shown.text != NULL) {
        add_quoted(&message, shown.text, shown.length);
        buf_add_text(&message, ": ");
    }
    buf_add_text(&message, what);
    parse_error(parse, parse->line, &message);
}

/* ---- near names ---- */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters have to be put in, left out, changed or exchanged with their neighbour. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][POLICY_NAME_MAX + 1];
    size_t width = strlen(b);
    size_t *before = rows[0];
    size_t *above = rows[1];
    size_t *row = rows[2];
    memset(rows, 0, sizeof rows);
    for (size_t j = 0; j <= width; j++) {
        above[j] = j;
    }
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            bool same = ascii_lower(a[i - 1]) == ascii_lower(b[j - 1]);
            row[j] = smaller(above[j - 1] + (same ? 0 : 1), smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && ascii_lower(a[i - 1]) == ascii_lower(b[j - 2]) &&
                ascii_lower(a[i - 2]) == ascii_lower(b[j - 1])) {
                row[j] = smaller(row[j], before[j - 2] + 1);
            }
        }
        size_t *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[width];
}

struct nearest {
    const char *name; /* NULL: none is near */
    size_t distance;
};

/* A third of the letters may be wrong, and at least one. */
static void consider(struct nearest *nearest, const char *read, const char *known)
{
    size_t longest = strlen(known) > 3 ? strlen(known) / 3 : 1;
    if (strlen(read) <= POLICY_NAME_MAX) {
        size_t d = distance(read, known);
        if (d <= longest && (nearest->name == NULL || d < nearest->distance)) {
            *nearest = (struct nearest){known, d};
        }
    }
}

static bool section_begins(unsigned key)
{
    return key == 0 || strcmp(policy_rows[key].section, policy_rows[key - 1].section) != 0;
}

void parse_unknown_section(struct parse *parse, struct slice name)
{
    struct buf message = parse_message(parse, parse->line);
    struct nearest nearest = {NULL, 0};
    char *read = text_printf("%.*s", (int)smaller(name.length, POLICY_NAME_MAX + 1), name.text);
    add_quoted(&message, name.text, name.length);
    buf_add_text(&message, ": unknown section");
    for (unsigned key = 0; key < POLICY_KEYS && read != NULL; key++) {
        consider(&nearest, read, policy_rows[key].section);
    }
    if (nearest.name != NULL) {
        buf_printf(&message, "; did you mean [%s]?", nearest.name);
    } else {
        buf_add_char(&message, '.');
    }
    buf_add_text(&message, " Known are");
    for (unsigned key = 0; key < POLICY_KEYS; key++) {
        if (section_begins(key)) {
            buf_printf(&message, "%s [%s]", key == 0 ? "" : ",", policy_rows[key].section);
        }
    }
    buf_add_char(&message, '.');
    parse_error(parse, parse->line, &message);
    free(read);
}

const struct policy_row *parse_row(const char *section, const char *name)
{
    for (unsigned key = 0; key < POLICY_KEYS; key++) {
        const struct policy_row *row = &policy_rows[key];
        if ((section == NULL || strcmp(row->section, section) == 0) &&
            same_text_nocase(row->name, name)) {
            return row;
        }
    }
    return NULL;
}

void parse_unknown_key(struct parse *parse, const char *name)
{
    struct buf message = parse_message(parse, parse->line);
    struct nearest nearest = {NULL, 0};
    const struct policy_row *elsewhere = parse_row(NULL, name);
    const char *comma = "";
    buf_printf(&message, "[%s] ", parse->section);
    add_printable(&message, name);
    buf_add_text(&message, ": unknown key");
    for (unsigned key = 0; key < POLICY_KEYS; key++) {
        if (strcmp(policy_rows[key].section, parse->section) == 0) {
            consider(&nearest, name, policy_rows[key].name);
        }
    }
    if (elsewhere != NULL) {
        buf_printf(&message, "; it belongs in [%s].", elsewhere->section);
    } else if (nearest.name != NULL) {
        buf_printf(&message, "; did you mean \"%s\"?", nearest.name);
    } else {
        buf_add_char(&message, '.');
    }
    buf_add_text(&message, " Known here: ");
    for (unsigned key = 0; key < POLICY_KEYS; key++) {
        if (strcmp(policy_rows[key].section, parse->section) == 0) {
            buf_printf(&message, "%s%s", comma, policy_rows[key].name);
            comma = ", ";
        }
    }
    buf_add_char(&message, '.');
    parse_error(parse, parse->line, &message);
}

/* ---- values ---- */

void parse_value_error(struct parse *parse, const struct policy_row *row, const char *value,
                       enum policy_read why)
{
    struct buf message = parse_key_message(parse, row);
    struct nearest nearest = {NULL, 0};
    if (value[0] == '\0') {
        buf_add_text(&message, "there is no value");
    } else {
        add_quoted(&message, value, strlen(value));
        if (why == POLICY_OUT_OF_RANGE) {
            buf_add_text(&message, " is out of range");
        } else if (why == POLICY_NO_UNIT) {
            buf_add_text(&message, " has no unit: put s, m or h behind it");
        } else if (row->kind == POLICY_NUMBER) {
            buf_add_text(&message, " is not a whole number");
        } else if (row->kind == POLICY_DURATION) {
            buf_add_text(&message, " is not a whole number with one of the units s, m and h");
        } else {
            buf_add_text(&message, " is not a word that is known here");
        }
    }
    buf_add_text(&message, "; ");
    policy_add_allowed(&message, row);
    for (size_t i = 0; row->words != NULL && row->words[i] != NULL && value[0] != '\0'; i++) {
        consider(&nearest, value, row->words[i]);
    }
    if (nearest.name != NULL) {
        buf_printf(&message, "; did you mean \"%s\"?", nearest.name);
    } else {
        buf_add_char(&message, '.');
    }
    parse_error(parse, parse->line, &message);
}

void parse_text_error(struct parse *parse, const struct policy_row *row, struct slice shown,
                      const char *what)
{
    struct buf message = parse_key_message(parse, row);
    add_quoted(&message, shown.text, shown.length);
    buf_add_text(&message, what);
    parse_error(parse, parse->line, &message);
}
