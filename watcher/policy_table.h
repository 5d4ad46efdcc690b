/* The table of the policy's keys, and what reading and writing single values needs of it.
 * Private to policy.c and policy_parse.c, and to the test that compares it with the shipped file.
 */
#ifndef WATCHER_POLICY_TABLE_H
#define WATCHER_POLICY_TABLE_H

#include "policy.h"

enum policy_kind {
    POLICY_NUMBER,
    POLICY_DURATION, /* in seconds; written with a unit, s, m or h */
    POLICY_WORD,     /* one of `words`, its place there being the value */
    POLICY_LIST,     /* names separated by commas */
    POLICY_PATH,
};

struct policy_row {
    const char *section;
    const char *name;
    enum policy_kind kind;
    uint32_t least, most;      /* of numbers, and of durations in seconds */
    const char *const *words;  /* ended by NULL */
    const char *default_value; /* as it would stand in the file */
    const char *range;         /* a sentence for kinds without numbers or words, or NULL */
    const char *why;           /* a line; a line end in it begins the next one */
};

extern const struct policy_row policy_rows[POLICY_KEYS];

/* The value of a key that is a number, a duration (in seconds) or a word (its place). */
uint32_t policy_number(const struct policy *policy, enum policy_key key);
void policy_set_number(struct policy *policy, enum policy_key key, uint32_t value);

/* Where a key that is a path keeps its text. */
char **policy_path(struct policy *policy, enum policy_key key);

/* Adds a copy of a name; false when memory is out. */
bool policy_programs_add(struct policy_programs *programs, const char *name, size_t length);

/* Adds seconds as a duration with the largest unit that fits: "90s", "2m", "24h". */
void policy_add_duration(struct buf *out, uint32_t seconds);

/* Adds what is allowed for a key, as the end of a sentence: "2 to 1000 are allowed". */
void policy_add_allowed(struct buf *out, const struct policy_row *row);

enum policy_read { POLICY_READ, POLICY_BAD_FORM, POLICY_NO_UNIT, POLICY_OUT_OF_RANGE };

/* The value of a number, duration or word from its text. */
enum policy_read policy_read_value(const struct policy_row *row, const char *text, uint32_t *value);

/* Absolute on Linux or on Windows, with a drive or on a server. */
bool policy_is_absolute(const char *path);

#endif
