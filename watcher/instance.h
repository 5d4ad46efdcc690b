/* One resident process in a data directory. */
#ifndef WATCHER_INSTANCE_H
#define WATCHER_INSTANCE_H

#include "os.h"

/* Takes the directory for this process, which it makes when it is missing, and writes down who has
 * it: for which root (NULL without one), and what the process runs as, "a service" (NULL on a
 * console). OS_BUSY: another process has it, and `who` gets a sentence on it. */
enum os_status instance_begin(const struct os *os, const char *data, const char *root,
                              const char *as, struct os_lock **lock, struct buf *who);

void instance_end(const struct os *os, const char *data, struct os_lock *lock);

/* Adds who has the directory: "process 1234, since 2026-01-01 00:00:00 UTC, for /mnt/windows, as a
 * service".
 * False when nobody has it. */
bool instance_running(const struct os *os, const char *data, struct buf *who);

/* The number by which the system knows this process. */
unsigned long process_number(void);

/* From now on memory that is freed stays with the process, so that work which takes and frees large
 * buffers, one after the other, does not pay for new pages each time. */
void process_keep_freed(void);

/* Gives that memory back to the system, when nothing is to be done. */
void process_give_back(void);

#endif
