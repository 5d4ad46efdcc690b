/* The policy: what the administrator allows, in an INI file.
 *
 * One table (policy.c) names every key with its section, kind, range, default and the reason for
 * it; parsing, messages, `check-policy` and conf/tcpipwatch.ini all follow it.
 *
 * The file is UTF-8, with or without a byte order mark, lines ended by LF or CRLF. A comment
 * stands on a line of its own and begins with ';' or '#'. Sections, keys and words are compared
 * without case. Only the list [programs] expected may go on in further lines: indented ones
 * without '='.
 */
#ifndef WATCHER_POLICY_H
#define WATCHER_POLICY_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    POLICY_FILE_MAX = 256 * 1024, /* bytes; a longer file is refused */
    POLICY_ERRORS_MAX = 32,       /* kept; the others are only counted */
    POLICY_PROGRAMS_MAX = 256,    /* names in [programs] expected */
};

/* The keys in the order of the table. */
enum policy_key {
    POLICY_LIMIT_HALF_OPEN,
    POLICY_LIMIT_MAX,
    POLICY_BURST_EVENTS,
    POLICY_BURST_WINDOW,
    POLICY_BURST_COOLDOWN,
    POLICY_ACTION_ON_BURST,
    POLICY_PROGRAMS_EXPECTED,
    POLICY_PROGRAMS_ON_UNEXPECTED,
    POLICY_REBOOT_PROMPT,
    POLICY_REBOOT_REMIND,
    POLICY_REBOOT_GRACE,
    POLICY_LOG_FILE,
    POLICY_LOG_LEVEL,
    POLICY_PATHS_DATA,
    POLICY_KEYS
};

enum policy_on_burst { ON_BURST_ASK, ON_BURST_PATCH, ON_BURST_NOTIFY };
enum policy_on_unexpected { ON_UNEXPECTED_ASK, ON_UNEXPECTED_NOTIFY };
enum policy_level { LEVEL_ERROR, LEVEL_WARNING, LEVEL_INFO, LEVEL_DEBUG };

/* Names of programs, each a new text. A file name, or a full path; '*' stands for any number of
 * characters and '?' for one. */
struct policy_programs {
    char **names;
    size_t count;
};

struct policy {
    uint32_t half_open;      /* the limit that is written into tcpip.sys, connections */
    uint32_t max;            /* half_open may not be above it */
    uint32_t events;         /* records that make a burst... */
    uint32_t window_seconds; /* ...within this time */
    uint32_t cooldown_seconds;
    enum policy_on_burst on_burst;
    struct policy_programs expected; /* empty: any program is expected */
    enum policy_on_unexpected on_unexpected;
    bool reboot_prompt;
    uint32_t remind_seconds;
    uint32_t grace_seconds;
    char *log_file; /* never NULL; "" stands for the default place */
    enum policy_level log_level;
    char *data;                  /* never NULL; "" stands for the default place */
    unsigned lines[POLICY_KEYS]; /* the line that set the key; 0: its default */
};

/* One thing wrong: "FILE:LINE: [burst] evnets: unknown key; did you mean "events"? ...", fit to
 * be printed, without a line end. */
struct policy_error {
    unsigned line; /* 0: the file as a whole */
    char *text;
};

struct policy_errors {
    struct policy_error items[POLICY_ERRORS_MAX]; /* in the order of their lines */
    size_t count;
    size_t more;    /* errors beyond the bound */
    bool no_memory; /* memory ran out; the list may be incomplete */
};

/* No errors, nothing owned: the state to begin with. */
#define POLICY_ERRORS_INIT ((struct policy_errors){.count = 0})

void policy_errors_free(struct policy_errors *errors);

/* Every key at its default. False when memory is out. The caller frees with policy_free(). */
bool policy_defaults(struct policy *out);
void policy_free(struct policy *policy);

/* Reads a policy from `length` bytes of text; `file_name` only stands in the messages. On success
 * `out` (an initialised policy) is freed and replaced. On any error it is left untouched, the
 * answer is false, and `errors` (an initialised list, emptied first) has every error found. */
bool policy_parse(const char *text, size_t length, const char *file_name, struct policy *out,
                  struct policy_errors *errors);

/* Adds a sentence for every key whose value differs, each ended by a line end:
 * "[limit] half_open was 100, is now 200." Returns how many there are. */
size_t policy_differences(const struct policy *before, const struct policy *after, struct buf *out);

/* Adds the whole policy as an INI file that reads back as the same policy, with comments that say
 * for each key where its value comes from: "default", or `file_name` and the line. */
void policy_print(const struct policy *policy, const char *file_name, struct buf *out);

/* The key's section and name: "limit", "half_open". */
const char *policy_key_section(enum policy_key key);
const char *policy_key_name(enum policy_key key);

/* Adds the comment lines for a key, as they stand above it in conf/tcpipwatch.ini: what it is
 * for, the range and the default. */
void policy_describe(enum policy_key key, struct buf *out);

/* Adds the value of a key as it would stand in the file. */
void policy_value(const struct policy *policy, enum policy_key key, struct buf *out);

/* True when a program is on the list [programs] expected, or the list is empty. `path` is the
 * program's image path; a name on the list without '/' and '\' is compared with the path's last
 * part. ASCII letters compare without case, and '/' is the same as '\'. */
bool policy_expects(const struct policy *policy, const char *path);

#endif
