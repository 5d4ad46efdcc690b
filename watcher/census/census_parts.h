/* What a census is made of. Private to watcher/census and its tests. */
#ifndef WATCHER_CENSUS_PARTS_H
#define WATCHER_CENSUS_PARTS_H

#include "census/census.h"

enum {
    CENSUS_BUCKETS = 4096,
    CENSUS_LOOKS_MAX = 1024,      /* kept apart; beyond that, neighbours are joined */
    CENSUS_ADDRESS_SIZE = 46,     /* room for any address as text */
    CENSUS_ADDRESSES = 4,         /* of a program: those with most connections */
    CENSUS_NAMED = 3,             /* programs that the words name; the others are only counted */
    CENSUS_JSON_PROGRAMS_MAX = 16 /* programs in the JSON */
};
#define CENSUS_NO_CONNECTION UINT16_MAX

/* Linux tells when a process was started by the time of the boot, in whole seconds, and that one
 * may come out differently at the next look: starts so near to each other are the same. */
#define CENSUS_SAME_START (UINT64_C(2) * WINTIME_PER_SECOND)

struct known_connection {
    struct census_connection connection; /* `process`: index in the census' processes */
    uint64_t seen;                       /* the last time */
    uint16_t next;                       /* in its bucket; CENSUS_NO_CONNECTION: the last one */
};

struct known_process {
    struct census_process process;
    uint32_t program; /* the first process with this image; CENSUS_NO_PROCESS without an image */
};

/* One look, or several that were joined. */
struct census_tally {
    uint64_t first, last;
    size_t looks;
    size_t most;
    bool left_out;   /* not every connection is kept */
    bool unresolved; /* not every process was looked up */
};

struct census {
    struct known_connection *connections;
    size_t connection_count;
    uint16_t buckets[CENSUS_BUCKETS];
    struct known_process *processes;
    size_t process_count;
    struct census_tally *looks;
    size_t look_count;
};

/* Room for one more in an array that only ever grew by this, and may have shrunk: it may be full
 * when its count is a power of two, and has twice the room then. The array, which may have moved;
 * NULL when memory is out, and the array is as it was. */
void *census_grown(void *items, size_t count, size_t size);

/* An address as text: 192.0.2.1, 2001:db8::1 (RFC 5952). */
void census_address(const uint8_t address[16], char out[CENSUS_ADDRESS_SIZE]);

/* All looks as one; `looks` is 0 when there was none. */
struct census_tally census_tally_all(const struct census *census);

/* Whether the policy expects an image. NULL, a program that cannot be seen, is expected only where
 * any is; so is everything without a policy. */
bool census_expected(const struct policy *policy, const char *image);
bool census_any_expected(const struct policy *policy);

#endif
