/* Points in time as Windows counts them: 100 ns steps since 1601-01-01 UTC
 * (FILETIME; see "File Times" in the Windows SDK). */
#ifndef BASE_WINTIME_H
#define BASE_WINTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WINTIME_PER_SECOND UINT64_C(10000000)
#define WINTIME_UNIX_EPOCH UINT64_C(116444736000000000) /* 1970-01-01 */
#define WINTIME_TEXT_SIZE  40                           /* room for any time as text */

/* 100 ns steps since 1601 from seconds since 1970. */
uint64_t wintime_from_unix(uint64_t seconds);

/* ISO 8601 with seven digits of fraction: 2011-09-16T16:43:00.0000000Z. Returns its length. */
size_t wintime_iso(uint64_t time, char out[WINTIME_TEXT_SIZE]);

/* The date of the last time that was written: nearly all records of a log are of the same day as
 * the one before. All zeros: none yet. */
struct wintime_date {
    uint64_t day; /* since 1601, and 1 */
    size_t length;
    char text[16]; /* 2011-09-16T */
};

/* The same as wintime_iso(), faster for times of the same day. */
size_t wintime_iso_after(struct wintime_date *last, uint64_t time, char out[WINTIME_TEXT_SIZE]);

/* For people, to the second: 2011-09-16 16:43:00 UTC */
void wintime_plain(uint64_t time, char out[WINTIME_TEXT_SIZE]);

/* Reads an ISO 8601 time as event XML carries it: `T` or a blank between date
 * and time, 0 to 9 digits of fraction, `Z`, an offset (+hh:mm) or nothing (UTC)
 * at the end. False when it is anything else or outside FILETIME's range. */
bool wintime_parse(const char *text, size_t length, uint64_t *time);

#endif
