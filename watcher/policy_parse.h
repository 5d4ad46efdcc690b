/* What the three files that read a policy share: policy_parse.c takes lines, policy_value.c their
 * values, policy_message.c says what is wrong. Private to them. */
#ifndef WATCHER_POLICY_PARSE_H
#define WATCHER_POLICY_PARSE_H

#include "policy.h"
#include "policy_table.h"

/* The longest name for which a near one is looked for, in bytes. */
enum { POLICY_NAME_MAX = 32 };

enum parse_place {
    BEFORE_SECTIONS,
    IN_SECTION,
    IN_WRONG_SECTION, /* its keys are not looked at: the section's own error is enough */
};

/* Whether an indented line without '=' goes on with a list. */
enum parse_list {
    NOT_IN_LIST,
    IN_LIST,
    IN_WRONG_LIST, /* its first line had an error, which is enough */
};

struct parse {
    const char *text;
    size_t length;
    size_t offset; /* of the next line */
    unsigned line; /* number of the line read last, from 1 */
    const char *file_name;
    struct policy_errors *errors;
    struct policy draft;
    enum parse_place place;
    const char *section; /* as the table spells it; only IN_SECTION */
    enum parse_list list;
    bool more_of_list; /* the line that inih has now goes on with the list */
};

/* A piece of the text; not ended by a NUL. */
struct slice {
    const char *text;
    size_t length;
};

struct slice slice_trimmed(const char *text, size_t length);
bool slice_holds(struct slice slice, char c);
bool slice_is(struct slice slice, const char *text); /* without case */

static inline bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The row of a key; `section` NULL looks in all sections. NULL when there is none. */
const struct policy_row *parse_row(const char *section, const char *name);

/* "FILE:LINE: ", or "FILE: " for line 0; "FILE:LINE: [SECTION] KEY: ". The message is handed on to
 * parse_error(), which takes over its memory. */
struct buf parse_message(const struct parse *parse, unsigned line);
struct buf parse_key_message(const struct parse *parse, const struct policy_row *row);
void parse_error(struct parse *parse, unsigned line, struct buf *message);

/* Errors in one call: of the line, with `shown` in quotes before `what` unless its text is NULL; of
 * a key's text; of the value of a number, duration or word; of a name that is not known. */
void parse_line_error(struct parse *parse, struct slice shown, const char *what);
void parse_text_error(struct parse *parse, const struct policy_row *row, struct slice shown,
                      const char *what);
void parse_value_error(struct parse *parse, const struct policy_row *row, const char *value,
                       enum policy_read why);
void parse_unknown_section(struct parse *parse, struct slice name);
void parse_unknown_key(struct parse *parse, const char *name);

/* inih's handler: takes one KEY = VALUE into the draft. */
int parse_take_value(void *user, const char *section, const char *name, const char *value);

#endif
