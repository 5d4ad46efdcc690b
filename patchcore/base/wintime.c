#include "wintime.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DAYS_1601_TO_1970 = 134774, SECONDS_PER_DAY = 86400 };

struct civil {
    int64_t year;
    unsigned month, day, hour, minute, second;
};

/* Days since 1970-01-01 of a date in the Gregorian calendar, and back; the
 * years begin in March, so that a leap day is the last of its year. */
static int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = year / 400;
    unsigned year_of_era = (unsigned)(year - era * 400);
    unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + (int64_t)day_of_era - 719468;
}

static struct civil civil_from_wintime(uint64_t time)
{
    uint64_t seconds = time / WINTIME_PER_SECOND;
    unsigned of_day = (unsigned)(seconds % SECONDS_PER_DAY);
    int64_t z = (int64_t)(seconds / SECONDS_PER_DAY) - DAYS_1601_TO_1970 + 719468;
    int64_t era = z / 146097;
    unsigned day_of_era = (unsigned)(z - era * 146097);
    unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned shifted = (5 * day_of_year + 2) / 153;
    unsigned month = shifted < 10 ? shifted + 3 : shifted - 9;
    return (struct civil){.year = era * 400 + year_of_era + (month <= 2),
                          .month = month,
                          .day = day_of_year - (153 * shifted + 2) / 5 + 1,
                          .hour = of_day / 3600,
                          .minute = of_day / 60 % 60,
                          .second = of_day % 60};
}

uint64_t wintime_from_unix(uint64_t seconds)
{
    return WINTIME_UNIX_EPOCH + seconds * WINTIME_PER_SECOND;
}

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                            "25262728293031323334353637383940414243444546474849"
                            "50515253545556575859606162636465666768697071727374"
                            "75767778798081828384858687888990919293949596979899";

/* A number under 100, as two digits, and what comes behind it. */
static char *put_pair(char *at, unsigned number, char behind)
{
    memcpy(at, pairs + (size_t)2 * number, 2);
    at[2] = behind;
    return at + 3;
}

/* FILETIME ends in the year 60056. */
static char *put_year(char *at, unsigned year)
{
    if (year > 9999) {
        *at++ = (char)('0' + year / 10000);
    }
    at = put_pair(at, year / 100 % 100, '\0') - 1;
    return put_pair(at, year % 100, '-');
}

/* Without snprintf(), which would take most of the time of a log that is printed. */
static char *put_date(char *at, const struct civil *c)
{
    at = put_year(at, (unsigned)c->year);
    at = put_pair(at, c->month, '-');
    return put_pair(at, c->day, 'T');
}

static char *put_clock(char *at, uint64_t time)
{
    unsigned of_day = (unsigned)(time / WINTIME_PER_SECOND % SECONDS_PER_DAY);
    unsigned fraction = (unsigned)(time % WINTIME_PER_SECOND);
    at = put_pair(at, of_day / 3600, ':');
    at = put_pair(at, of_day / 60 % 60, ':');
    at = put_pair(at, of_day % 60, '.');
    at = put_pair(at, fraction / 100000, '\0') - 1;
    at = put_pair(at, fraction / 1000 % 100, '\0') - 1;
    at = put_pair(at, fraction / 10 % 100, '\0') - 1;
    *at++ = (char)('0' + fraction % 10);
    *at++ = 'Z';
    *at = '\0';
    return at;
}

size_t wintime_iso(uint64_t time, char out[WINTIME_TEXT_SIZE])
{
    struct civil c = civil_from_wintime(time);
    return (size_t)(put_clock(put_date(out, &c), time) - out);
}

size_t wintime_iso_after(struct wintime_date *last, uint64_t time, char out[WINTIME_TEXT_SIZE])
{
    uint64_t day = time / WINTIME_PER_SECOND / SECONDS_PER_DAY + 1;
    if (day != last->day) {
        struct civil c = civil_from_wintime(time);
        last->length = (size_t)(put_date(last->text, &c) - last->text);
        last->day = day;
    }
    memcpy(out, last->text, sizeof last->text);
    return (size_t)(put_clock(out + last->length, time) - out);
}

void wintime_plain(uint64_t time, char out[WINTIME_TEXT_SIZE])
{
    struct civil c = civil_from_wintime(time);
    (void)snprintf(out, WINTIME_TEXT_SIZE, "%04" PRId64 "-%02u-%02u %02u:%02u:%02u UTC", c.year,
                   c.month, c.day, c.hour, c.minute, c.second);
}

struct cursor {
    const char *at;
    const char *end;
};

static bool take(struct cursor *c, char expected)
{
    if (c->at == c->end || *c->at != expected) {
        return false;
    }
    c->at++;
    return true;
}

static bool take_number(struct cursor *c, unsigned digits, unsigned least, unsigned most,
                        unsigned *out)
{
    unsigned value = 0;
    for (unsigned i = 0; i < digits; i++) {
        if (c->at == c->end || *c->at < '0' || *c->at > '9') {
            return false;
        }
        value = value * 10 + (unsigned)(*c->at++ - '0');
    }
    *out = value;
    return value >= least && value <= most;
}

/* A fraction of a second in 100 ns steps, rounded down. */
static bool take_fraction(struct cursor *c, uint64_t *out)
{
    uint64_t scale = WINTIME_PER_SECOND;
    unsigned digit;
    unsigned digits = 0;
    *out = 0;
    if (!take(c, '.')) {
        return true;
    }
    while (take_number(c, 1, 0, 9, &digit)) {
        scale /= 10;
        *out += digit * scale;
        digits++;
    }
    return digits >= 1 && digits <= 9;
}

static bool take_zone(struct cursor *c, int64_t *offset_seconds)
{
    unsigned hours;
    unsigned minutes;
    *offset_seconds = 0;
    if (c->at == c->end || take(c, 'Z')) {
        return c->at == c->end;
    }
    int sign = take(c, '+') ? 1 : take(c, '-') ? -1 : 0;
    if (sign == 0 || !take_number(c, 2, 0, 23, &hours) || !take(c, ':') ||
        !take_number(c, 2, 0, 59, &minutes)) {
        return false;
    }
    *offset_seconds = (int64_t)sign * ((int64_t)hours * 3600 + (int64_t)minutes * 60);
    return c->at == c->end;
}

bool wintime_parse(const char *text, size_t length, uint64_t *time)
{
    static const unsigned month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct cursor c = {text, text + length};
    unsigned year;
    unsigned month;
    unsigned day;
    unsigned hour;
    unsigned minute;
    unsigned second;
    uint64_t fraction;
    int64_t zone;
    if (!take_number(&c, 4, 1601, 9999, &year) || !take(&c, '-') ||
        !take_number(&c, 2, 1, 12, &month) || !take(&c, '-') || !take_number(&c, 2, 1, 31, &day) ||
        !(take(&c, 'T') || take(&c, ' ')) || !take_number(&c, 2, 0, 23, &hour) || !take(&c, ':') ||
        !take_number(&c, 2, 0, 59, &minute) || !take(&c, ':') ||
        !take_number(&c, 2, 0, 59, &second) || !take_fraction(&c, &fraction) ||
        !take_zone(&c, &zone)) {
        return false;
    }
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (day > month_days[month - 1] + (month == 2 && leap ? 1U : 0U)) {
        return false;
    }
    int64_t days = days_from_civil(year, month, day) + DAYS_1601_TO_1970;
    int64_t seconds = days * SECONDS_PER_DAY + (int64_t)hour * 3600 + (int64_t)minute * 60 +
                      (int64_t)second - zone;
    if (seconds < 0) {
        return false;
    }
    *time = (uint64_t)seconds * WINTIME_PER_SECOND + fraction;
    return true;
}
