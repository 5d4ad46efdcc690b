/* A classic event log in memory behind the calls of the API, for tests: it is written to, wraps, is
 * cleared and damaged, and its service is started again, as the one of Windows is. One log in a
 * process, since the calls have no context; one thread uses it. */
#ifndef TESTS_STANDIN_CLASSIC_LOG_H
#define TESTS_STANDIN_CLASSIC_LOG_H

#include "log_writer.h"
#include "source/live_win32.h"

extern const struct classic_calls classic_log_calls;

/* What calls answer; 0 or false as it is begun. */
struct classic_log_faults {
    DWORD service; /* every call fails with it */
    DWORD reading; /* ReadEventLog alone, whatever is asked */
    DWORD seek;    /* a read that seeks */
    bool notify;   /* NotifyChangeEventLog fails with ERROR_INVALID_FUNCTION */
    bool blind;    /* a handle from before the log wrapped or was cleared says end of file for ever,
                    * in place of ERROR_EVENTLOG_FILE_CHANGED */
};
extern struct classic_log_faults classic_log_faults;

/* How often each was called. */
struct classic_log_counts {
    unsigned opens, reads, seeks, open_now;
};
extern struct classic_log_counts classic_log_counts;

/* An empty log whose next record has this number. Handles stay, and are of a log that was cleared.
 */
void classic_log_begin(uint32_t next);
void classic_log_end(void);

/* Writes a record and pulses the events of those who asked for it. */
void classic_log_write(const struct log_record *record);

/* An event 4226 of the computer WKS, `seconds` before now (after it, where negative). */
void classic_log_write_event(int64_t seconds_ago);

/* Bytes in place of a record, with its number. */
void classic_log_write_bytes(const void *bytes, size_t size);

/* Windows answers ERROR_EVENTLOG_FILE_CORRUPT for the record with this number. */
void classic_log_damage(uint32_t number);

/* Overwrites so many of the oldest records. */
void classic_log_drop(size_t count);

/* The service is started again: handles are no good any more. */
void classic_log_restart(void);

#endif
