/* Restarting the machine that this program runs on. */
#ifndef WATCHER_REBOOT_REBOOT_H
#define WATCHER_REBOOT_REBOOT_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/* Asks the system to restart in `grace_seconds`, with `message` (UTF-8) for the users and the
 * system's own record of restarts; programs are asked to end, and none is forced to. False with a
 * sentence in `why` when it is refused.
 * Windows: InitiateSystemShutdownEx, with the reason "operating system, reconfiguration, planned";
 * ExitWindowsEx, without the grace, where that is refused. Elsewhere only offline disks are
 * changed, and this is never possible. */
bool reboot_begin(uint32_t grace_seconds, const char *message, struct buf *why);

/* Stops it while the grace runs. False with a sentence in `why` when that is not possible (any
 * more). */
bool reboot_cancel(struct buf *why);

#endif
