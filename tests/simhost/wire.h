/* The two network devices of the simulated host (tun, Linux): one in its clients' network
 * namespace, which is its own, and one in the servers'. */
#ifndef SIMHOST_WIRE_H
#define SIMHOST_WIRE_H

#include "base/buf.h"

#include <stdbool.h>

struct wire {
    int host; /* what the clients send is read here, and what comes to them is written; -1: none */
    int lan;  /* the same for the servers */
};

/* Makes both. `servers` is a process in the servers' namespace. They last until wire_close().
 * False, with a sentence in `why`, when that is not possible. To be closed in either case. */
bool wire_open(struct wire *wire, const char *servers, struct buf *why);
void wire_close(struct wire *wire);

#endif
