#include "fuzz.h"

#include "base/wintime.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define YEAR_10000 UINT64_C(2650467744000000000)

/* Written and read again it is the same, up to the year 9999 that ISO 8601 ends with. */
static void check_time(uint64_t time)
{
    char text[WINTIME_TEXT_SIZE];
    uint64_t back = 0;
    wintime_plain(time, text);
    FUZZ_REQUIRE(fuzz_is_printable(text, strlen(text)), "a time for people can be printed");
    wintime_iso(time, text);
    FUZZ_REQUIRE(time >= YEAR_10000 || (wintime_parse(text, strlen(text), &back) && back == time),
                 "%" PRIu64 " is written as %s, which is read as %" PRIu64, time, text, back);
}

void fuzz_wintime(const uint8_t *data, size_t size)
{
    uint64_t time;
    char *text = fuzz_copy(data, size, false);
    if (wintime_parse(text, size, &time)) {
        check_time(time);
    }
    struct fuzz_bytes bytes = {data, size};
    check_time(fuzz_take64(&bytes));
    free(text);
}
