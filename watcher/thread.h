/* Threads and what they wait for: as little as a scan with several of them needs, and nothing that
 * Windows XP lacks. */
#ifndef WATCHER_THREAD_H
#define WATCHER_THREAD_H

#include <stdbool.h>

struct thread;

/* Runs `run` in a thread of its own. NULL when there is no room for one. */
struct thread *thread_start(void (*run)(void *context), void *context);

/* Waits for its end and frees it. */
void thread_join(struct thread *thread);

/* A counter that begins at `count`: post adds one, wait takes one and waits while there is none.
 * What was written before a post is seen after the wait that takes it. */
struct semaphore;
struct semaphore *semaphore_open(unsigned count); /* NULL when memory is out */
void semaphore_close(struct semaphore *semaphore);
void semaphore_post(struct semaphore *semaphore);
void semaphore_wait(struct semaphore *semaphore);
bool semaphore_try(struct semaphore *semaphore); /* false: there is none to take */

#endif
