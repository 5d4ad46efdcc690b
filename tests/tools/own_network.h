/* Whether a test's traffic can leave the machine. Linux only. */
#ifndef TESTS_TOOLS_OWN_NETWORK_H
#define TESTS_TOOLS_OWN_NETWORK_H

#include "base/buf.h"

#include <stdbool.h>

/* The environment variable that says what `readlink /proc/self/ns/net` said before the test made a
 * network namespace; tests/e2e/net_lib.sh sets it. */
#define OWN_NETWORK_VARIABLE "TCPIPWATCH_OUTER_NETWORK"

/* True in a network namespace that the test made, from which no route leads out. Otherwise `why`
 * gets a sentence; a program that connects to anything but the loopback has to refuse then. */
bool own_network(struct buf *why);

#endif
