/* What every decoder of event logs promises, whatever the bytes are. */
#ifndef TESTS_FUZZ_LOG_CHECK_H
#define TESTS_FUZZ_LOG_CHECK_H

#include "fuzz.h"

#include "decode/decode.h"

/* Reads the bytes as a log of this kind in every way (closed and growing, twice, stopped, resumed
 * behind some of its records, from a place that the last 24 bytes name) and compares what comes
 * out. No record has fewer than `least` bytes. With `resumes`, what is read behind a record is
 * exactly what stands behind it. */
void log_check(enum log_kind kind, const uint8_t *data, size_t size, size_t least, bool resumes);

/* For a log that grows at its end alone: reading a part of it while it grows, and the rest later,
 * gives what reading it at once does. */
void log_check_growth(enum log_kind kind, const uint8_t *data, size_t size, size_t part);

/* The other ways of reading the log (plain, of one event id, an .evtx file in parts) give the same
 * records as the usual one. */
void log_check_ways(enum log_kind kind, const uint8_t *data, size_t size);

/* True when the texts of an event, those that there are, are UTF-8. */
bool log_event_is_text(const struct event *event);

#endif
