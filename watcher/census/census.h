/* Who holds half-open connections: those in SYN_SENT, that Windows' limit counts.
 *
 * A look is what the system shows at one moment; a census is the sum of several looks, taken at
 * each event 4226 and for some seconds after it. Both are bounded, and say so where something was
 * left out. The system's part is in census_posix.c (/proc/net/tcp, tcp6 and /proc/PID) and
 * census_win32.c (GetExtendedTcpTable); census*.c besides them is pure. On Linux only the network
 * namespace of this program is seen: not the connections of containers with a network of their own.
 */
#ifndef WATCHER_CENSUS_CENSUS_H
#define WATCHER_CENSUS_CENSUS_H

#include "policy.h"

#include "base/buf.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CENSUS_CONNECTIONS_MAX = 4096, /* kept of a look, and of a census; others are only counted */
    CENSUS_PROCESSES_MAX = 256,    /* the same for processes */
    CENSUS_LOOK_MS = 250,          /* so long a look may take; then it stops resolving processes */
    CENSUS_FOLLOW_SECONDS = 5,     /* looks go on each second for so long after an event */
    CENSUS_LATE_SECONDS = 30,      /* an event older than this, when it is read, is too old for a
                                    * look: on Windows XP an attempt stays in SYN_SENT for 21 s */
    CENSUS_NEARLY_ALL = 90,        /* per cent of the connections that make a burst expected */
};

/* ---- a look ---- */

struct census_process {
    uint32_t pid;
    uint64_t started; /* 100 ns steps since 1601; 0: not known. A pid alone may be used again. */
    char *image;      /* the full path, UTF-8, untrusted; NULL: not to be seen from here */
};

struct census_connection {
    uint8_t address[16]; /* of the other end; IPv4 as ::ffff:a.b.c.d */
    uint16_t port;       /* of the other end */
    uint16_t local_port;
    uint32_t process; /* index in the look's processes; CENSUS_NO_PROCESS: not known whose */
};
#define CENSUS_NO_PROCESS UINT32_MAX

struct census_look {
    uint64_t time;
    struct census_connection *connections;
    size_t connection_count;
    size_t more; /* connections beyond CENSUS_CONNECTIONS_MAX */
    struct census_process *processes;
    size_t process_count;
    bool cut_short; /* time or memory ran out: some processes are not resolved */
};

/* Takes a look at this computer; `now` becomes its time. False, with a sentence in `why`, when the
 * system does not show its connections at all. The look is to be freed in either case. */
bool census_look_at_system(uint64_t now, struct census_look *out, struct buf *why);
void census_look_free(struct census_look *look);

/* Whether a record's computer is this one. Names compare without case; where one of them has no
 * domain, only the first parts count. `own` gets this computer's name. */
bool census_is_this_computer(const char *computer, struct buf *own);

/* ---- a census ---- */

struct census;

/* NULL when memory is out. */
struct census *census_open(void);
void census_close(struct census *census);

/* Adds a look: a connection seen before (same process, ends and ports) is not counted again. One
 * whose process was not found at one of two looks is the same. False when memory is out; what was
 * not added is then told as left out. */
bool census_add(struct census *census, const struct census_look *look);

/* Forgets the connections that were last seen before `time`, and the looks before it. */
void census_forget(struct census *census, uint64_t time);

struct census_sum {
    size_t looks;
    uint64_t first, last; /* times of the looks */
    size_t most;          /* the largest number of half-open connections in one look */
    size_t connections;   /* distinct ones, in all looks */
    size_t programs;      /* distinct images; processes that cannot be seen are one more */
    size_t unseen;        /* connections of processes that cannot be seen */
    bool cut_short;       /* something was left out */
};
struct census_sum census_sum(const struct census *census);

/* The programs, those with most connections first, while `each` answers true. What is handed out is
 * valid during the call. False when `each` ended it or memory is out. */
struct census_program {
    const char *image; /* NULL: the processes that cannot be seen */
    uint32_t pid;      /* of the process with most of them */
    uint64_t started;
    size_t processes; /* 0: not known, of those that cannot be seen */
    size_t connections;
    size_t hosts;             /* distinct addresses at the other end */
    size_t ports;             /* distinct ports there */
    uint16_t port;            /* the one of most connections */
    const char *addresses[4]; /* those with most connections, as text; NULL: no more */
};
bool census_each(const struct census *census,
                 bool (*each)(void *context, const struct census_program *program), void *context);

enum census_verdict {
    CENSUS_ANY,        /* the policy expects every program */
    CENSUS_EXPECTED,   /* CENSUS_NEARLY_ALL per cent or more belong to expected programs */
    CENSUS_UNEXPECTED, /* they do not */
    CENSUS_NOBODY,     /* no connection was seen: nobody can tell */
};

/* `census` may be NULL: no look could be taken. */
enum census_verdict census_judge(const struct census *census, const struct policy *policy);

/* "any", "expected", "unexpected", "nobody". */
const char *census_verdict_name(enum census_verdict verdict);

/* Adds the sum in words: "28 of 30 half-open connections belong to C:\lab\webstress.exe (process
 * 1234, since 10:05:11), to 12 hosts, port 80; 2 to ...". With a policy that expects some programs,
 * those that it does not expect are named as such. Names are made printable. A sentence or two,
 * without a line end. `census` may be NULL, and `policy` too: any program is expected then. */
void census_words(const struct census *census, const struct policy *policy, struct buf *out);

/* Adds the members of the object "census": looks, first, last, most, connections, unseen,
 * cut_short, and "programs", an array of
 * {"image","pid","started","processes","connections","hosts","ports",
 * "port","addresses","expected"}: at most 16 programs. Unknown values are null; "expected" is null
 * where the policy expects any. Without a census "census" is null. */
void census_json(const struct census *census, const struct policy *policy, struct json *j);

#endif
