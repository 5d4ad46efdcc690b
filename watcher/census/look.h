/* Filling a look: what census_posix.c and census_win32.c share.
 *
 * A look begins as (struct census_look){.time = now}. The bounds of census.h hold here, so that a
 * caller adds what it finds, and what is left out is counted or told.
 */
#ifndef WATCHER_CENSUS_LOOK_H
#define WATCHER_CENSUS_LOOK_H

#include "census/census.h"

#include <stdbool.h>
#include <stdint.h>

/* Adds a connection. One beyond CENSUS_CONNECTIONS_MAX, or one that memory does not hold, is only
 * counted in `more`; the answer is then false. */
bool look_add(struct census_look *look, const struct census_connection *connection);

/* The index of the process `pid` among the look's processes. A new one is added, with nothing known
 * but its number, and `fresh` tells so: it is to be resolved at once. CENSUS_NO_PROCESS beyond
 * CENSUS_PROCESSES_MAX or when memory is out; the look is then cut short. */
uint32_t look_process(struct census_look *look, uint32_t pid, bool *fresh);

/* Says what is known of a process: `image` (copied; NULL: not to be seen) and when it was started
 * (0: not known). When memory is out the image stays unseen, and the look is cut short. */
void look_resolve(struct census_look *look, uint32_t process, const char *image, uint64_t started);

/* The 16 bytes of an address as census.h wants them, from the 4 of IPv4 in network order. */
void look_ipv4(const uint8_t four[4], uint8_t address[16]);

/* Whether two names are of one computer: without case, and where one of them has no domain by the
 * first parts alone. An empty name is nobody's. */
bool look_same_computer(const char *a, const char *b);

#endif
