/* What the tests of classic logs share: logs made of events 4226, and one reading of them. */
#ifndef TESTS_UNIT_EVT_FIXTURE_H
#define TESTS_UNIT_EVT_FIXTURE_H

#include "log_reader.h"
#include "log_writer.h"

#include "base/wintime.h"

enum { HEADER = 48, MARK = 40, AT_FLAGS = 36, RECORD_4226 = 160 };

#define TIME_0 (wintime_from_unix(1316191380)) /* 2011-09-16T16:43:00Z */

/* What the last reading gave. */
extern struct reading reading;

/* Reads the whole of it, or what stands behind `place`. */
void read_image(const struct evt_image *image, bool growing, struct log_place *place);

/* An event 4226 so many seconds after TIME_0. */
struct log_record record_at(uint64_t seconds);

/* As many of them, each as many seconds after TIME_0 as its number says. */
void append(struct evt_image *image, size_t count);

/* True when the records read are those with these numbers, in order and without a gap. */
bool numbers_are(uint32_t first, size_t count);

#endif
