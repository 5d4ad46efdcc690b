#include "policy_parse.h"

#include <stdlib.h>
#include <string.h>

static const char holds_tab[] = " holds a tab, which is no part of a name; write a blank for it.";

static void read_path(struct parse *parse, enum policy_key key, const char *value)
{
    if (strchr(value, '\t') != NULL) {
        parse_text_error(parse, &policy_rows[key], (struct slice){value, strlen(value)}, holds_tab);
        return;
    }
    if (value[0] != '\0' && !policy_is_absolute(value)) {
        parse_text_error(
            parse, &policy_rows[key], (struct slice){value, strlen(value)},
            " is not an absolute path; one begins with /, with a drive such as C:\\ or with "
            "\\\\SERVER, and variables are not replaced.");
        return;
    }
    char *copy = text_copy(value);
    if (copy == NULL) {
        parse->errors->no_memory = true;
        return;
    }
    char **path = policy_path(&parse->draft, key);
    free(*path);
    *path = copy;
}

struct slice slice_trimmed(const char *text, size_t length)
{
    while (length > 0 && is_blank(text[0])) {
        text++;
        length--;
    }
    while (length > 0 && is_blank(text[length - 1])) {
        length--;
    }
    return (struct slice){text, length};
}

bool slice_holds(struct slice slice, char c)
{
    return slice.length > 0 && memchr(slice.text, c, slice.length) != NULL;
}

bool slice_is(struct slice slice, const char *text)
{
    size_t i = 0;
    while (i < slice.length && text[i] != '\0' &&
           ascii_lower(slice.text[i]) == ascii_lower(text[i])) {
        i++;
    }
    return i == slice.length && text[i] == '\0';
}

/* What is wrong with a name on the list, or NULL. */
static const char *name_fault(struct slice name)
{
    char start[4] = {0}; /* enough to tell an absolute path */
    memcpy(start, name.text, name.length < 3 ? name.length : 3);
    if (name.length == 0) {
        return " is an empty name; there is a comma too many.";
    }
    if (slice_holds(name, ';') || slice_holds(name, '=')) {
        return " is no name of a program; names are separated by commas, and hold no \";\" or "
               "\"=\".";
    }
    if (slice_holds(name, '\t')) {
        return holds_tab;
    }
    if (name.text[0] == '[' || name.text[0] == '#') {
        return " begins as a section or a comment does; write \"?\" for its first character.";
    }
    if ((slice_holds(name, '/') || slice_holds(name, '\\')) && start[0] != '*' && start[0] != '?' &&
        !policy_is_absolute(start)) {
        return " is neither a file name nor an absolute path.";
    }
    return NULL;
}

/* One line of the list. The comma at its end may be there or not. */
static void read_list(struct parse *parse, const struct policy_row *row, const char *value)
{
    const char *end = value + strlen(value);
    while (value < end) {
        size_t length = strcspn(value, ",");
        struct slice name = slice_trimmed(value, length);
        const char *fault = name_fault(name);
        if (fault != NULL) {
            parse_text_error(parse, row, name, fault);
        } else if (parse->draft.expected.count == POLICY_PROGRAMS_MAX) {
            parse_text_error(parse, row, name, " is one name too many; 256 are allowed.");
            return;
        } else if (!policy_programs_add(&parse->draft.expected, name.text, name.length)) {
            parse->errors->no_memory = true;
            return;
        }
        value += length < (size_t)(end - value) ? length + 1 : length;
    }
}

/* What inih calls for each KEY = VALUE; its own idea of the section is not needed. */
int parse_take_value(void *user, const char *section, const char *name, const char *value)
{
    struct parse *parse = user;
    (void)section;
    if (name == NULL || value == NULL) {
        return 1;
    }
    const struct policy_row *row = parse_row(parse->section, name);
    if (row == NULL) {
        parse_unknown_key(parse, name);
        return 1;
    }
    enum policy_key key = (enum policy_key)(row - policy_rows);
    if (parse->more_of_list) {
        read_list(parse, row, value);
        return 1;
    }
    if (parse->draft.lines[key] != 0) {
        struct buf message = parse_key_message(parse, row);
        buf_printf(&message, "set a second time; line %u has set it already.",
                   parse->draft.lines[key]);
        parse_error(parse, parse->line, &message);
        return 1;
    }
    parse->draft.lines[key] = parse->line;
    if (row->kind == POLICY_LIST) {
        read_list(parse, row, value);
    } else if (row->kind == POLICY_PATH) {
        read_path(parse, key, value);
    } else {
        uint32_t number = 0;
        enum policy_read read = policy_read_value(row, value, &number);
        if (read == POLICY_READ) {
            policy_set_number(&parse->draft, key, number);
        } else {
            parse_value_error(parse, row, value, read);
        }
    }
    return 1;
}
