/* The texts of the tray: from the resources, cut to what Windows takes, and what a user typed. Pure
 * but for the resources. */
#ifndef WATCHER_NOTIFY_TRAY_TEXT_WIN32_H
#define WATCHER_NOTIFY_TRAY_TEXT_WIN32_H

#include "notify.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

enum {
    TRAY_STRING_UNITS = 512,  /* room for any text of the resources, with its NUL */
    TRAY_TIP_UNITS = 128,     /* what NOTIFYICONDATA takes from Windows 2000 on */
    TRAY_BALLOON_UNITS = 256, /* likewise */
    TRAY_INSERTS = 6,         /* %1 to %6 */
    TRAY_NUMBER_UNITS = 24,
};

/* A text of the resources as it is; "" when there is none with that number. */
void tray_string(unsigned id, wchar_t out[TRAY_STRING_UNITS]);

/* A text of the resources with its inserts; NULL stands for an empty one. The caller frees it with
 * free(). NULL when memory is out. */
wchar_t *tray_format(unsigned id, const wchar_t *const inserts[TRAY_INSERTS]);

/* The same with one or two inserts. */
wchar_t *tray_format_text(unsigned id, const wchar_t *first, const wchar_t *second);
wchar_t *tray_format_number(unsigned id, uint64_t first, uint64_t second);

/* Copies `text` into `out`, which has room for `units` with the NUL. A text that is too long ends
 * behind a whole word, with an ellipsis. */
void tray_cut(wchar_t *out, size_t units, const wchar_t *text);

/* Text of the program, which may hold anything, for a window: what moves other text about is
 * escaped, and line ends are as an edit field wants them. The caller frees. NULL when memory is
 * out. */
wchar_t *tray_wide(const char *text);

/* A number for an insert; returns `out`. */
const wchar_t *tray_number(wchar_t out[TRAY_NUMBER_UNITS], uint64_t number);

/* A time (base/wintime.h) in the user's time zone; to the second, or to the minute. */
wchar_t *tray_time(uint64_t time, bool seconds);

/* The tooltip. */
void tray_tip(const struct notify_view *view, wchar_t out[TRAY_TIP_UNITS]);

/* The button that puts a restart off. */
wchar_t *tray_remind(uint32_t seconds);

/* The limit in a field: digits alone, with blanks around them. False when it is none. */
bool tray_read_limit(const wchar_t *text, uint32_t *limit);

/* What a button of a question answers; false when this question has no such button. */
bool tray_answer(enum question_kind kind, int button, enum request_kind *out);

/* What is to be shown in the next balloon. Windows shows one at a time, so that what is told
 * meanwhile is put together. */
struct tray_balloon {
    enum policy_level level; /* of the gravest */
    unsigned shown;          /* sentences in `text`; 0: nothing is to be shown */
    unsigned left_out;       /* there was no room for them any more */
    wchar_t text[TRAY_BALLOON_UNITS];
};

/* Adds sentences, each on a line: to those that wait, or in their place when there is no room for
 * both. */
void tray_balloon_add(struct tray_balloon *balloon, enum policy_level level, const wchar_t *text);

/* The text to be shown, and nothing waits any more. */
void tray_balloon_take(struct tray_balloon *balloon, wchar_t out[TRAY_BALLOON_UNITS]);

#endif
