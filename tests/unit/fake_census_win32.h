/* Stand-ins for the calls by which Windows shows connections and processes. */
#ifndef TESTS_UNIT_FAKE_CENSUS_WIN32_H
#define TESTS_UNIT_FAKE_CENSUS_WIN32_H

#include "census/census_calls_win32.h"

enum { SYN_SENT = 3, ESTABLISHED = 5, TIME_WAIT = 11, FAKE_ROWS = 6000 };

#define FAKE_NOW 132500000000000000U /* in 2020 */

struct fake_row {
    uint32_t state, pid;
    uint8_t address; /* the last byte of it */
    uint16_t port, local_port;
};

struct fake_process {
    uint32_t pid;
    uint64_t started;
    const wchar_t *full;   /* what each of the calls says; NULL: it fails */
    const wchar_t *device; /* likewise */
    const wchar_t *module;
    DWORD needs; /* a right that is refused; 0: none */
};

/* What the replaced calls answer, and what they were asked; they get no context. */
struct fake_census {
    struct fake_row rows[2][FAKE_ROWS]; /* of IPv4 and IPv6 */
    size_t count[2];
    DWORD error[2];
    size_t grows;       /* rows that come with each call, while the table did not fit */
    DWORD always_needs; /* whatever room there is */
    uint32_t says;      /* instead of the number of rows */
    int table_calls[2];
    DWORD largest, last; /* bytes that there was room for */

    DWORD allocate_error;
    bool allocates_nothing;

    struct fake_process processes[8];
    size_t process_count;
    DWORD asked[16]; /* rights */
    size_t opened, closed;
    DWORD open_takes;   /* milliseconds */
    DWORD image_length; /* instead of the right one */

    const wchar_t *devices[26]; /* of the letters */
    DWORD device_length;        /* instead of the right one */
    bool debug_held, debug;
    int debug_ons, debug_offs;
    DWORD ticks;
    uint64_t clock;
    const wchar_t *dns, *netbios; /* NULL: the call fails */
};
extern struct fake_census fake;

/* As new: no connections, no processes, and a drive C: on HarddiskVolume1. */
void fake_census_begin(void);

struct census_calls fake_census_calls(void);

/* Adds a row of IPv4 (family 0) or IPv6 (1). */
void fake_census_row(int family, struct fake_row row);

#endif
