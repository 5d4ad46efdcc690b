/* The sockets of the client that are in SYN_SENT, as Linux lists them in /proc/net/tcp (proc(5)):
 * the host knows its own, and by them that a client gave an attempt up, of which nothing is sent.
 */
#ifndef SIMHOST_SOCKETS_H
#define SIMHOST_SOCKETS_H

#include "packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { SOCKETS_MOST = 8192, SOCKETS_SYN_SENT = 2 };

/* Reads one line of that list. False for the heading, and for what is no such line. */
bool sockets_parse(const char *line, struct packet_ends *ends, unsigned *state);

struct sockets {
    struct packet_ends ends[SOCKETS_MOST]; /* those in SYN_SENT, sorted by sockets_read() */
    size_t count;
    bool cut; /* there were more: anything may exist */
};

/* Reads the list from its beginning. False when it cannot be read. */
bool sockets_read(struct sockets *sockets, FILE *list);

bool sockets_hold(const struct sockets *sockets, const struct packet_ends *ends);

#endif
