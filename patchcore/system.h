/* What the running system is: facts that decide, and that only the platform knows. */
#ifndef PATCHCORE_SYSTEM_H
#define PATCHCORE_SYSTEM_H

#include <stdbool.h>

/* True for a 32-bit program on a 64-bit Windows. It is shown SysWOW64 where it names system32, so
 * that it sees neither system32\drivers nor system32\dllcache. */
bool system_is_redirected(void);

/* True when Windows File Protection looks through all protected files at each start, or at the next
 * one (SFCScan): it then puts back what was changed, however it was changed. */
bool system_scans_at_boot(void);

#endif
