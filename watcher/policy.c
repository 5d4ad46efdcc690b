#include "policy.h"

#include "base/utf.h"
#include "policy_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const on_burst_words[] = {"ask", "patch", "notify", NULL};
static const char *const on_unexpected_words[] = {"ask", "notify", NULL};
static const char *const yes_words[] = {"no", "yes", NULL};
static const char *const level_words[] = {"error", "warning", "info", "debug", NULL};

enum { MINUTE = 60, HOUR = 60 * MINUTE, WEEK = 7 * 24 * HOUR, YEAR = 365 * 24 * HOUR };

/* 16777214 (0xFFFFFE) is the largest limit that the patchers for this driver have always written;
 * 2 events are the fewest that have a window. */
const struct policy_row policy_rows[POLICY_KEYS] = {
    [POLICY_LIMIT_HALF_OPEN] = {"limit", "half_open", POLICY_NUMBER, 1, 16777214, NULL, "100", NULL,
                                "The limit that is written into tcpip.sys: half-open connections "
                                "at a time.\nWindows' own is 10; it may not be above max."},
    [POLICY_LIMIT_MAX] = {"limit", "max", POLICY_NUMBER, 1, 16777214, NULL, "1000", NULL,
                          "The highest limit that this policy may ask for. Above 1000 the limit "
                          "no longer\ntells a worm from anything else."},
    [POLICY_BURST_EVENTS] = {"burst", "events", POLICY_NUMBER, 2, 1000, NULL, "3", NULL,
                             "How many times one computer must have logged event 4226 within the "
                             "window,\nuntil something is done: a single one is no reason. Events "
                             "4227 and 4231 (ports run\nout) are counted by the same numbers, and "
                             "only told."},
    [POLICY_BURST_WINDOW] = {"burst", "window", POLICY_DURATION, 1, WEEK, NULL, "1h", NULL,
                             "The time within which these events must lie, by the times of the "
                             "records."},
    [POLICY_BURST_COOLDOWN] = {"burst", "cooldown", POLICY_DURATION, 0, YEAR, NULL, "24h", NULL,
                               "How long nothing is asked or done again after a burst was acted "
                               "upon."},
    [POLICY_ACTION_ON_BURST] = {"action", "on_burst", POLICY_WORD, 0, 0, on_burst_words, "ask",
                                NULL,
                                "What a burst leads to: ask the user whether to patch, patch at "
                                "once and tell,\nor only notify."},
    [POLICY_PROGRAMS_EXPECTED] =
        {"programs", "expected", POLICY_LIST, 0, 0, NULL, "",
         "Names separated by commas; the list may go on in further lines that are indented.\n"
         "A file name or an absolute path; * stands for any characters, ? for one. Without case.",
         "The programs whose bursts are expected; a burst of any other may be a worm's. Empty:\n"
         "any program is expected. A burst counts as expected when at least 90 per cent of the\n"
         "half-open connections seen around its events belong to these programs. Where they\n"
         "cannot be seen (the log of another computer, events that are read too late), it\n"
         "counts as unexpected once a program is named here.\n"
         "For a load tester: expected = C:\\Tools\\webstress.exe\n"
         "For a network monitor and its probes: expected = monitor.exe, C:\\Monitor\\probe*.exe\n"
         "A full path is safer, since a worm may have any file name."},
    [POLICY_PROGRAMS_ON_UNEXPECTED] = {"programs", "on_unexpected", POLICY_WORD, 0, 0,
                                       on_unexpected_words, "ask", NULL,
                                       "What a burst of another program leads to: a warning and a "
                                       "question, or a warning\nonly. It is never patched without "
                                       "a yes, whatever [action] on_burst says."},
    [POLICY_REBOOT_PROMPT] = {"reboot", "prompt", POLICY_WORD, 0, 0, yes_words, "yes", NULL,
                              "Whether to ask for the restart that the new limit needs. Without "
                              "it, it is only told."},
    [POLICY_REBOOT_REMIND] = {"reboot", "remind", POLICY_DURATION, MINUTE, WEEK, NULL, "30m", NULL,
                              "How long to wait before a declined restart is asked for "
                              "again."},
    [POLICY_REBOOT_GRACE] = {"reboot", "grace", POLICY_DURATION, 0, HOUR, NULL, "60s", NULL,
                             "The time between the yes and the restart, in which it can still be "
                             "stopped."},
    [POLICY_LOG_FILE] = {"log", "file", POLICY_PATH, 0, 0, NULL, "",
                         "An absolute path, without variables.",
                         "The audit log of all that was done, one JSON object a line. Empty: "
                         "audit.jsonl\nin the data directory."},
    [POLICY_LOG_LEVEL] = {"log", "level", POLICY_WORD, 0, 0, level_words, "info", NULL,
                          "How much is shown: each word includes those before it. The audit log "
                          "has all\nthat was done in any case."},
    [POLICY_PATHS_DATA] = {"paths", "data", POLICY_PATH, 0, 0, NULL, "",
                           "An absolute path, without variables.",
                           "Where the saved originals, the journals, the audit log and the state "
                           "are kept.\nEmpty: the system's place for them, see tcpipwatch(8)."},
};

const char *policy_key_section(enum policy_key key)
{
    return policy_rows[key].section;
}

const char *policy_key_name(enum policy_key key)
{
    return policy_rows[key].name;
}

uint32_t policy_number(const struct policy *policy, enum policy_key key)
{
    switch (key) {
    case POLICY_LIMIT_HALF_OPEN:
        return policy->half_open;
    case POLICY_LIMIT_MAX:
        return policy->max;
    case POLICY_BURST_EVENTS:
        return policy->events;
    case POLICY_BURST_WINDOW:
        return policy->window_seconds;
    case POLICY_BURST_COOLDOWN:
        return policy->cooldown_seconds;
    case POLICY_ACTION_ON_BURST:
        return (uint32_t)policy->on_burst;
    case POLICY_PROGRAMS_ON_UNEXPECTED:
        return (uint32_t)policy->on_unexpected;
    case POLICY_REBOOT_PROMPT:
        return policy->reboot_prompt ? 1 : 0;
    case POLICY_REBOOT_REMIND:
        return policy->remind_seconds;
    case POLICY_REBOOT_GRACE:
        return policy->grace_seconds;
    case POLICY_LOG_LEVEL:
        return (uint32_t)policy->log_level;
    case POLICY_PROGRAMS_EXPECTED:
    case POLICY_LOG_FILE:
    case POLICY_PATHS_DATA:
    case POLICY_KEYS:
        break;
    }
    return 0;
}

void policy_set_number(struct policy *policy, enum policy_key key, uint32_t value)
{
    switch (key) {
    case POLICY_LIMIT_HALF_OPEN:
        policy->half_open = value;
        break;
    case POLICY_LIMIT_MAX:
        policy->max = value;
        break;
    case POLICY_BURST_EVENTS:
        policy->events = value;
        break;
    case POLICY_BURST_WINDOW:
        policy->window_seconds = value;
        break;
    case POLICY_BURST_COOLDOWN:
        policy->cooldown_seconds = value;
        break;
    case POLICY_ACTION_ON_BURST:
        policy->on_burst = (enum policy_on_burst)value;
        break;
    case POLICY_PROGRAMS_ON_UNEXPECTED:
        policy->on_unexpected = (enum policy_on_unexpected)value;
        break;
    case POLICY_REBOOT_PROMPT:
        policy->reboot_prompt = value != 0;
        break;
    case POLICY_REBOOT_REMIND:
        policy->remind_seconds = value;
        break;
    case POLICY_REBOOT_GRACE:
        policy->grace_seconds = value;
        break;
    case POLICY_LOG_LEVEL:
        policy->log_level = (enum policy_level)value;
        break;
    case POLICY_PROGRAMS_EXPECTED:
    case POLICY_LOG_FILE:
    case POLICY_PATHS_DATA:
    case POLICY_KEYS:
        break;
    }
}

char **policy_path(struct policy *policy, enum policy_key key)
{
    return key == POLICY_LOG_FILE ? &policy->log_file : &policy->data;
}

bool policy_programs_add(struct policy_programs *programs, const char *name, size_t length)
{
    char *copy = malloc(length + 1);
    char **names = realloc(programs->names, (programs->count + 1) * sizeof *names);
    if (names != NULL) {
        programs->names = names;
    }
    if (copy == NULL || names == NULL) {
        free(copy);
        return false;
    }
    memcpy(copy, name, length);
    copy[length] = '\0';
    programs->names[programs->count++] = copy;
    return true;
}

/* ---- values ---- */

void policy_add_duration(struct buf *out, uint32_t seconds)
{
    if (seconds % HOUR == 0 && seconds > 0) {
        buf_printf(out, "%" PRIu32 "h", seconds / HOUR);
    } else if (seconds % MINUTE == 0 && seconds > 0) {
        buf_printf(out, "%" PRIu32 "m", seconds / MINUTE);
    } else {
        buf_printf(out, "%" PRIu32 "s", seconds);
    }
}

static void add_words(struct buf *out, const char *const *words, const char *before_last)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        if (i > 0) {
            buf_add_text(out, words[i + 1] == NULL ? before_last : ", ");
        }
        buf_add_text(out, words[i]);
    }
}

static void add_range(struct buf *out, const struct policy_row *row)
{
    if (row->kind == POLICY_NUMBER) {
        buf_printf(out, "%" PRIu32 " to %" PRIu32, row->least, row->most);
    } else {
        policy_add_duration(out, row->least);
        buf_add_text(out, " to ");
        policy_add_duration(out, row->most);
    }
}

void policy_add_allowed(struct buf *out, const struct policy_row *row)
{
    if (row->kind == POLICY_WORD) {
        add_words(out, row->words, " and ");
    } else {
        add_range(out, row);
    }
    buf_add_text(out, " are allowed");
}

/* The digits at the start of `text` as a number that stays at UINT64_MAX when it does not fit.
 * `end` is the first character behind them. */
static uint64_t read_digits(const char *text, const char **end)
{
    uint64_t value = 0;
    while (*text >= '0' && *text <= '9') {
        unsigned digit = (unsigned)(*text - '0');
        value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
        text++;
    }
    *end = text;
    return value;
}

static enum policy_read read_number(const struct policy_row *row, const char *text, uint32_t *value)
{
    const char *end;
    uint64_t number = read_digits(text, &end);
    uint64_t unit = 1;
    if (end == text) {
        return POLICY_BAD_FORM;
    }
    if (row->kind == POLICY_DURATION) {
        if (*end == '\0') {
            return POLICY_NO_UNIT;
        }
        unit = *end == 's' ? 1 : *end == 'm' ? MINUTE : *end == 'h' ? HOUR : 0;
        end++;
    }
    if (unit == 0 || *end != '\0') {
        return POLICY_BAD_FORM;
    }
    if (number > row->most / unit || number * unit < row->least) {
        return POLICY_OUT_OF_RANGE;
    }
    *value = (uint32_t)(number * unit);
    return POLICY_READ;
}

enum policy_read policy_read_value(const struct policy_row *row, const char *text, uint32_t *value)
{
    if (row->kind != POLICY_WORD) {
        return read_number(row, text, value);
    }
    for (uint32_t i = 0; row->words[i] != NULL; i++) {
        if (same_text_nocase(text, row->words[i])) {
            *value = i;
            return POLICY_READ;
        }
    }
    return POLICY_BAD_FORM;
}

static bool is_separator(char c)
{
    return c == '/' || c == '\\';
}

bool policy_is_absolute(const char *path)
{
    bool drive = ((path[0] >= 'A' && path[0] <= 'Z') || (path[0] >= 'a' && path[0] <= 'z')) &&
                 path[1] == ':' && is_separator(path[2]);
    return path[0] == '/' || (path[0] == '\\' && path[1] == '\\') || drive;
}

/* ---- a whole policy ---- */

bool policy_defaults(struct policy *out)
{
    *out = (struct policy){.log_file = text_copy(""), .data = text_copy("")};
    for (unsigned key = 0; key < POLICY_KEYS; key++) {
        uint32_t value = 0;
        if (policy_rows[key].kind <= POLICY_WORD &&
            policy_read_value(&policy_rows[key], policy_rows[key].default_value, &value) ==
                POLICY_READ) {
            policy_set_number(out, (enum policy_key)key, value);
        }
    }
    if (out->log_file == NULL || out->data == NULL) {
        policy_free(out);
        return false;
    }
    return true;
}

void policy_free(struct policy *policy)
{
    for (size_t i = 0; i < policy->expected.count; i++) {
        free(policy->expected.names[i]);
    }
    free((void *)policy->expected.names);
    free(policy->log_file);
    free(policy->data);
    *policy = (struct policy){0};
}

static void add_list(struct buf *out, const struct policy_programs *programs, const char *between)
{
    for (size_t i = 0; i < programs->count; i++) {
        buf_add_text(out, i > 0 ? between : "");
        add_printable(out, programs->names[i]);
    }
}

static void add_number_value(const struct policy *policy, enum policy_key key, struct buf *out)
{
    const struct policy_row *row = &policy_rows[key];
    uint32_t value = policy_number(policy, key);
    uint32_t usual = 0;
    /* 60s is the same as 1m, but it is what the manual and the shipped file say. */
    if (policy_read_value(row, row->default_value, &usual) == POLICY_READ && usual == value) {
        buf_add_text(out, row->default_value);
    } else if (row->kind == POLICY_WORD) {
        buf_add_text(out, row->words[value]);
    } else if (row->kind == POLICY_DURATION) {
        policy_add_duration(out, value);
    } else {
        buf_printf(out, "%" PRIu32, value);
    }
}

void policy_value(const struct policy *policy, enum policy_key key, struct buf *out)
{
    switch (policy_rows[key].kind) {
    case POLICY_NUMBER:
    case POLICY_DURATION:
    case POLICY_WORD:
        add_number_value(policy, key, out);
        break;
    case POLICY_LIST:
        add_list(out, &policy->expected, ", ");
        break;
    case POLICY_PATH:
        add_printable(out, key == POLICY_LOG_FILE ? policy->log_file : policy->data);
        break;
    }
}

size_t policy_differences(const struct policy *before, const struct policy *after, struct buf *out)
{
    size_t count = 0;
    struct buf old_value = BUF_INIT;
    struct buf new_value = BUF_INIT;
    for (unsigned key = 0; key < POLICY_KEYS; key++) {
        buf_clear(&old_value);
        buf_clear(&new_value);
        policy_value(before, (enum policy_key)key, &old_value);
        policy_value(after, (enum policy_key)key, &new_value);
        if (strcmp(buf_text(&old_value), buf_text(&new_value)) != 0) {
            buf_printf(out, "[%s] %s was %s, is now %s.\n", policy_rows[key].section,
                       policy_rows[key].name, old_value.len > 0 ? old_value.data : "empty",
                       new_value.len > 0 ? new_value.data : "empty");
            count++;
        }
    }
    out->failed = out->failed || old_value.failed || new_value.failed;
    buf_free(&old_value);
    buf_free(&new_value);
    return count;
}

/* Adds `text` with "; " before each of its lines. */
static void add_comment(struct buf *out, const char *text)
{
    buf_add_text(out, "; ");
    for (; *text != '\0'; text++) {
        buf_add_char(out, *text);
        if (*text == '\n') {
            buf_add_text(out, "; ");
        }
    }
    buf_add_char(out, '\n');
}

void policy_describe(enum policy_key key, struct buf *out)
{
    const struct policy_row *row = &policy_rows[key];
    add_comment(out, row->why);
    if (row->range != NULL) {
        add_comment(out, row->range);
    } else {
        buf_add_text(out, "; ");
        if (row->kind == POLICY_WORD) {
            add_words(out, row->words, " or ");
        } else {
            add_range(out, row);
        }
        buf_printf(out, "; default %s\n", row->default_value);
    }
}

void policy_print(const struct policy *policy, const char *file_name, struct buf *out)
{
    for (unsigned key = 0; key < POLICY_KEYS; key++) {
        const struct policy_row *row = &policy_rows[key];
        if (key == 0 || strcmp(row->section, policy_rows[key - 1].section) != 0) {
            buf_printf(out, "%s[%s]\n", key == 0 ? "" : "\n", row->section);
        }
        buf_add_text(out, "; ");
        if (policy->lines[key] == 0) {
            buf_add_text(out, "default");
        } else {
            add_printable(out, file_name);
            buf_printf(out, ", line %u", policy->lines[key]);
        }
        buf_printf(out, "\n%s = ", row->name);
        if (row->kind == POLICY_LIST) {
            add_list(out, &policy->expected, ",\n    ");
        } else {
            policy_value(policy, (enum policy_key)key, out);
        }
        while (out->len > 0 && out->data[out->len - 1] == ' ') {
            out->data[--out->len] = '\0';
        }
        buf_add_char(out, '\n');
    }
}

/* ---- the list of programs ---- */

static char folded(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (char)(c - 'A' + 'a');
    }
    return c == '\\' ? '/' : c;
}

/* The next character of UTF-8 text that is not at its end. */
static const char *next_character(const char *text)
{
    uint32_t code;
    return text + utf8_get(text, strlen(text), &code);
}

/* Goes back to the last '*' and lets it stand for one character more, which is enough: an earlier
 * one never needs to be tried again. */
static bool matches(const char *pattern, const char *text)
{
    const char *star = NULL;
    const char *resume = NULL;
    while (*text != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            resume = text;
        } else if (*pattern == '?') {
            pattern++;
            text = next_character(text);
        } else if (*pattern != '\0' && folded(*pattern) == folded(*text)) {
            pattern++;
            text++;
        } else if (star != NULL) {
            resume = next_character(resume);
            pattern = star;
            text = resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}

bool policy_expects(const struct policy *policy, const char *path)
{
    const char *name = path;
    for (const char *p = path; *p != '\0'; p++) {
        if (is_separator(*p)) {
            name = p + 1;
        }
    }
    for (size_t i = 0; i < policy->expected.count; i++) {
        const char *pattern = policy->expected.names[i];
        if (matches(pattern, strpbrk(pattern, "/\\") != NULL ? path : name)) {
            return true;
        }
    }
    return policy->expected.count == 0;
}
