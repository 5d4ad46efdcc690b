/* What the two kinds of live logs share. */
#ifndef WATCHER_SOURCE_LIVE_WIN32_H
#define WATCHER_SOURCE_LIVE_WIN32_H

#include "late_win32.h"
#include "live.h"

#include <windows.h>

/* ---- the two kinds ---- */

/* The calls of the classic event log, which tests replace. The prototypes are those of the Windows
 * SDK documentation. */
struct classic_calls {
    HANDLE(WINAPI *open)(LPCWSTR server, LPCWSTR name);
    BOOL(WINAPI *read)
    (HANDLE log, DWORD flags, DWORD number, LPVOID buffer, DWORD size, DWORD *got, DWORD *needed);
    BOOL(WINAPI *notify)(HANDLE log, HANDLE event);
    BOOL(WINAPI *count)(HANDLE log, PDWORD count);
    BOOL(WINAPI *oldest)(HANDLE log, PDWORD oldest);
    BOOL(WINAPI *close)(HANDLE log);
};
extern const struct classic_calls classic_native;

/* A log by the name under which it is registered (L"System"). It is opened when it is read first.
 * NULL when memory or handles are out. */
struct live *classic_new(const struct classic_calls *calls, const wchar_t *name);

/* A channel, likewise. */
struct live *channel_new(const struct late_wevtapi *calls, const wchar_t *name);

/* ---- troubles ---- */

/* The end of a sentence on an error of these calls, with its number. */
void trouble_text(struct buf *out, DWORD error);

/* What it is for those who know no Windows. */
enum os_status trouble_status(DWORD error);

/* Another try may work: the service does not answer, it was started again, memory is out. Of an
 * error that is not known here, `unless_known`. */
bool trouble_may_pass(DWORD error, bool unless_known);

/* Why a log cannot be read just now, and when that is tried again: after a second, and then each
 * time after twice as long, up to a minute. */
struct trouble {
    DWORD error; /* of the last try; meaningless where delay is 0 */
    DWORD delay; /* ms; 0: there is no trouble */
    DWORD since; /* GetTickCount() when it was told */
    struct buf text;
};

void trouble_begin(struct trouble *trouble, DWORD error);
void trouble_end(struct trouble *trouble);

/* Milliseconds until the next try; 0: now. */
DWORD trouble_wait_ms(const struct trouble *trouble);

/* The reading of a log that is in trouble. */
struct source_reading trouble_reading(const struct trouble *trouble, enum log_kind kind);

/* ---- handing out ---- */

/* One reading of one log. */
struct live_run {
    struct source *source;
    const struct log_sink *sink;
    struct source_reading reading;
    uint64_t not_before; /* records of an earlier time are passed over */
};

struct live_run live_run_begin(struct source *source, const struct log_sink *sink,
                               enum log_kind kind);

/* Moves the place on to a record that nobody wants. */
void live_run_pass(struct live_run *run, const struct event *event, uint64_t sign);

/* Moves the place on and hands out the record. `sign`: see struct source. False when the sink had
 * enough. */
bool live_run_event(struct live_run *run, const struct event *event, uint64_t sign);

/* A record that cannot be read; `what` as log_sink's damage. */
void live_run_damage(struct live_run *run, const char *what);

/* The place is not in the log any more. */
void live_run_lost(struct live_run *run);

/* What is older than this is of no interest to one who begins to watch now. */
uint64_t live_not_before(const struct source *source);

bool live_same_place(const struct log_place *a, const struct log_place *b);

#endif
