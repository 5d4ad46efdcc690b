/* Wall time, and by what one start of the machine is told from another. */
#ifndef WATCHER_LOOP_CLOCK_H
#define WATCHER_LOOP_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum { BOOT_IDENTITY_SIZE = 64 };

/* The wall clock: 100 ns steps since 1601 UTC (base/wintime.h). It can be set while one looks;
 * measure durations with loop_now_ms(). */
uint64_t clock_now(void);

/* A short ASCII text that stays the same until the machine is started again, also when the clock
 * is set or the machine sleeps, and is another one after that. False when the system does not
 * tell.
 * Linux: /proc/sys/kernel/random/boot_id (random(4)).
 * Windows: the boot time less its bias, of NtQuerySystemInformation(SystemTimeOfDayInformation):
 * the kernel adds every step of the clock to both, so that the difference stays what the clock
 * said at the start. (A time worked out from GetTickCount would be another one after every step,
 * and wraps after 49.7 days.) */
bool boot_identity(char out[BOOT_IDENTITY_SIZE]);

#endif
