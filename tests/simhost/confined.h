/* No packet of these programs may leave the machine: each of them runs only inside a network
 * namespace that the script made, in which there is nothing but the simulation. */
#ifndef SIMHOST_CONFINED_H
#define SIMHOST_CONFINED_H

#include "base/buf.h"

#include <stdbool.h>

/* The devices that the simulated host makes: towards its clients, and towards the servers. */
#define CONFINED_HOST_DEVICE "xp0"
#define CONFINED_LAN_DEVICE  "lan0"

/* `outside` is the machine's own network namespace, as `readlink /proc/self/ns/net` says it
 * outside: net:[4026531833]. True when this process is in another one, without a default route,
 * whose only network devices are the loopback and the two above. Else false, with a sentence in
 * `why`. */
bool confined(const char *outside, struct buf *why);

/* The same name for any process, "self" for this one. False when it cannot be read. */
bool confined_name(const char *process, struct buf *out);

#endif
