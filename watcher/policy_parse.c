/* Reading a policy. inih takes the lines apart; the reader here hands it one line at a time and
 * keeps from it what it would let through in silence: lines that it would cut, comments behind a
 * value, text behind a section, a colon instead of '=', a value that goes on in the next line. */
#include "policy_parse.h"

#include "base/utf.h"

#include <ini.h>
#include <stdlib.h>
#include <string.h>

static struct slice next_line(struct parse *parse)
{
    const char *start = parse->text + parse->offset;
    size_t left = parse->length - parse->offset;
    const char *end = memchr(start, '\n', left);
    size_t length = end != NULL ? (size_t)(end - start) : left;
    parse->offset += end != NULL ? length + 1 : length;
    parse->line++;
    if (length > 0 && start[length - 1] == '\r') {
        length--;
    }
    return (struct slice){start, length};
}

/* Whether a line is text at all; says so when it is not. */
static bool is_text(struct parse *parse, struct slice line)
{
    size_t used;
    for (size_t i = 0; i < line.length; i += used) {
        uint32_t code;
        used = utf8_get(line.text + i, line.length - i, &code);
        if (code == 0xfffd && used == 1) {
            parse_line_error(
                parse, (struct slice){NULL, 0},
                "this line is not UTF-8; save the file with that encoding (Notepad: Save "
                "As, Encoding).");
            return false;
        }
        if ((code < 0x20 && code != '\t') || (code >= 0x7f && code < 0xa0)) {
            struct buf message = parse_message(parse, parse->line);
            buf_printf(&message,
                       "this line holds the control character 0x%02x, which is no part of a text.",
                       (unsigned)code);
            parse_error(parse, parse->line, &message);
            return false;
        }
    }
    return true;
}

/* Whether all of a line that is text can be seen; says so when not. A comment may hold what it
 * likes, but a name is also printed. */
static bool is_seen(struct parse *parse, struct slice line)
{
    uint32_t code = 0;
    for (size_t i = 0; i < line.length;) {
        i += utf8_get(line.text + i, line.length - i, &code);
        if (code >= 0x80 && utf_changes_screen(code)) {
            struct buf message = parse_message(parse, parse->line);
            buf_printf(&message,
                       "this line holds the invisible character U+%04X, which changes how a text "
                       "looks; write ? for it in a program's name.",
                       (unsigned)code);
            parse_error(parse, parse->line, &message);
            return false;
        }
    }
    return true;
}

/* A ';' or '#' behind a blank: inih drops all from a ';' on, which in a list loses names. */
static bool has_comment(struct slice line)
{
    for (size_t i = 1; i < line.length; i++) {
        if ((line.text[i] == ';' || line.text[i] == '#') && is_blank(line.text[i - 1])) {
            return true;
        }
    }
    return false;
}

static void take_section(struct parse *parse, struct slice line, struct buf *out)
{
    const char *end = memchr(line.text, ']', line.length);
    parse->place = IN_WRONG_SECTION;
    if (end == NULL) {
        parse_line_error(parse, line, "the \"]\" behind the section's name is missing.");
        return;
    }
    if (end + 1 != line.text + line.length) {
        parse_line_error(parse, line, "nothing may stand behind the \"]\" of a section.");
        return;
    }
    struct slice name = {line.text + 1, (size_t)(end - line.text) - 1};
    for (unsigned key = 0; key < POLICY_KEYS; key++) {
        if (slice_is(name, policy_rows[key].section)) {
            parse->place = IN_SECTION;
            parse->section = policy_rows[key].section;
            buf_printf(out, "[%s]", parse->section);
            return;
        }
    }
    parse_unknown_section(parse, name);
}

/* The fault of a line that should be KEY = VALUE, or NULL. */
static const char *key_fault(struct slice line, const char *equals)
{
    size_t before = equals != NULL ? (size_t)(equals - line.text) : line.length;
    if (memchr(line.text, ':', before) != NULL) {
        return "write \"=\" between key and value, not \":\".";
    }
    if (equals == NULL) {
        return "there is no \"=\" in this line; write KEY = VALUE. Only the list [programs] "
               "expected may go on in further lines, which are indented.";
    }
    if (before == 0) {
        return "there is no key before the \"=\".";
    }
    return NULL;
}

/* What may stand in no line but a comment, or NULL. */
static const char *line_fault(struct slice line)
{
    if (has_comment(line)) {
        return "a comment has to stand on a line of its own; \";\" and \"#\" behind a blank are no "
               "part of a value.";
    }
    return slice_holds(line, '"') ? "write the value without quotation marks." : NULL;
}

/* An indented line without '='. */
static void take_more_of_list(struct parse *parse, struct slice line, struct buf *out)
{
    const char *fault = line_fault(line);
    if (fault != NULL) {
        parse_line_error(parse, line, fault);
    } else if (parse->list == IN_LIST) {
        parse->more_of_list = true;
        buf_printf(out, " %.*s", (int)line.length, line.text);
    }
}

static void take_key(struct parse *parse, struct slice line, struct buf *out)
{
    const char *equals = memchr(line.text, '=', line.length);
    const struct policy_row *list = &policy_rows[POLICY_PROGRAMS_EXPECTED];
    const char *fault = key_fault(line, equals);
    parse->list = NOT_IN_LIST;
    if (fault == NULL && parse->place == BEFORE_SECTIONS) {
        fault = "a key has to stand in a section; write [SECTION] above it.";
    }
    if (fault != NULL || equals == NULL) {
        parse_line_error(parse, line, fault);
        return;
    }
    struct slice key = slice_trimmed(line.text, (size_t)(equals - line.text));
    struct slice value = slice_trimmed(equals + 1, line.length - (size_t)(equals + 1 - line.text));
    fault = line_fault(line);
    if (slice_is(key, list->name)) {
        bool right = fault == NULL && strcmp(parse->section, list->section) == 0;
        parse->list = right ? IN_LIST : IN_WRONG_LIST;
    }
    if (fault != NULL) {
        parse_line_error(parse, line, fault);
        return;
    }
    buf_printf(out, "%.*s = %.*s", (int)key.length, key.text, (int)value.length, value.text);
}

/* What inih gets to see of the next line: nothing, where there is nothing or where an error was
 * noted. */
static void take_line(struct parse *parse, struct buf *out)
{
    struct slice raw = next_line(parse);
    parse->more_of_list = false;
    if (!is_text(parse, raw)) {
        parse->list = IN_WRONG_LIST;
        return;
    }
    struct slice line = slice_trimmed(raw.text, raw.length);
    if (line.length == 0 || line.text[0] == ';' || line.text[0] == '#') {
        return;
    }
    if (!is_seen(parse, line)) {
        parse->list = IN_WRONG_LIST;
        return;
    }
    bool indented = line.text != raw.text;
    if (line.text[0] == '[') {
        parse->list = NOT_IN_LIST;
        take_section(parse, line, out);
    } else if (parse->place == IN_WRONG_SECTION) {
        return;
    } else if (indented && parse->list != NOT_IN_LIST && !slice_holds(line, '=')) {
        take_more_of_list(parse, line, out);
    } else {
        take_key(parse, line, out);
    }
}

/* In place of fgets(): the next line as inih shall see it. `size` is the room that inih has. */
static char *read_line(char *into, int size, void *stream)
{
    struct parse *parse = stream;
    struct buf line = BUF_INIT;
    if (parse->offset >= parse->length || size < 2) {
        return NULL;
    }
    take_line(parse, &line);
    size_t most = (size_t)size - 2;
    if (line.len > most) {
        struct buf message = parse_message(parse, parse->line);
        buf_printf(&message,
                   "this line has %zu characters, and %zu can be read at most; a list may go on "
                   "in further, indented lines.",
                   line.len, most);
        parse_error(parse, parse->line, &message);
        buf_clear(&line);
        parse->list = parse->list == IN_LIST ? IN_WRONG_LIST : parse->list;
    }
    parse->errors->no_memory = parse->errors->no_memory || line.failed;
    memcpy(into, buf_text(&line), line.len);
    memcpy(into + line.len, "\n", 2);
    buf_free(&line);
    return into;
}

/* ---- the whole ---- */

/* Two values that do not go together; only looked at when each is right by itself. */
static void check_limits(struct parse *parse)
{
    const struct policy *draft = &parse->draft;
    if (draft->half_open <= draft->max) {
        return;
    }
    unsigned half_open_line = draft->lines[POLICY_LIMIT_HALF_OPEN];
    unsigned max_line = draft->lines[POLICY_LIMIT_MAX];
    parse->line = half_open_line != 0 ? half_open_line : max_line;
    struct buf message = parse_key_message(
        parse, &policy_rows[half_open_line != 0 ? POLICY_LIMIT_HALF_OPEN : POLICY_LIMIT_MAX]);
    buf_printf(&message,
               "half_open, which is %u%s, is above max, which is %u%s; lower half_open or raise "
               "max.",
               (unsigned)draft->half_open, half_open_line != 0 ? "" : " by default",
               (unsigned)draft->max, max_line != 0 ? "" : " by default");
    parse_error(parse, parse->line, &message);
}

/* What is wrong with the file as a whole, or NULL. */
static const char *file_fault(const char *text, size_t length)
{
    if (length > POLICY_FILE_MAX) {
        return "this file is too long for a policy; 262144 bytes are allowed.";
    }
    if (length >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0)) {
        return "this file is UTF-16 (Notepad calls it Unicode); save it as UTF-8.";
    }
    return NULL;
}

bool policy_parse(const char *text, size_t length, const char *file_name, struct policy *out,
                  struct policy_errors *errors)
{
    static const char bom[] = "\xef\xbb\xbf";
    struct parse parse = {.text = text, .length = length, .file_name = file_name, .errors = errors};
    policy_errors_free(errors);
    const char *fault = file_fault(text, length);
    if (fault != NULL) {
        parse_line_error(&parse, (struct slice){NULL, 0}, fault);
        return false;
    }
    if (!policy_defaults(&parse.draft)) {
        errors->no_memory = true;
        return false;
    }
    if (length >= 3 && memcmp(text, bom, 3) == 0) {
        parse.offset = 3;
    }
    int result = ini_parse_stream(read_line, &parse, parse_take_value, &parse);
    if (result > 0) {
        parse.line = (unsigned)result;
        parse_line_error(&parse, (struct slice){NULL, 0}, "this line cannot be read.");
    }
    errors->no_memory = errors->no_memory || result < 0;
    if (errors->count == 0 && !errors->no_memory) {
        check_limits(&parse);
    }
    if (errors->count > 0 || errors->no_memory) {
        policy_free(&parse.draft);
        return false;
    }
    policy_free(out);
    *out = parse.draft;
    return true;
}
