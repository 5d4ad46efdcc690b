#include "thread.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>

struct thread {
    pthread_t id;
    void (*run)(void *context);
    void *context;
};

struct semaphore {
    sem_t counter;
};

static void *enter(void *context)
{
    struct thread *thread = context;
    thread->run(thread->context);
    return NULL;
}

struct thread *thread_start(void (*run)(void *context), void *context)
{
    struct thread *thread = malloc(sizeof *thread);
    if (thread != NULL) {
        *thread = (struct thread){.run = run, .context = context};
        if (pthread_create(&thread->id, NULL, enter, thread) != 0) {
            free(thread);
            thread = NULL;
        }
    }
    return thread;
}

void thread_join(struct thread *thread)
{
    (void)pthread_join(thread->id, NULL);
    free(thread);
}

struct semaphore *semaphore_open(unsigned count)
{
    struct semaphore *semaphore = malloc(sizeof *semaphore);
    if (semaphore != NULL && sem_init(&semaphore->counter, 0, count) != 0) {
        free(semaphore);
        semaphore = NULL;
    }
    return semaphore;
}

void semaphore_close(struct semaphore *semaphore)
{
    if (semaphore != NULL) {
        (void)sem_destroy(&semaphore->counter);
        free(semaphore);
    }
}

void semaphore_post(struct semaphore *semaphore)
{
    (void)sem_post(&semaphore->counter);
}

/* To sleep and be woken up takes as long as a small log, in a virtual machine longer: a wait that
 * may be over sooner begins with giving others the processor some times. */
enum { TRIES = 100 };

void semaphore_wait(struct semaphore *semaphore)
{
    for (int i = 0; i < TRIES; i++) {
        if (semaphore_try(semaphore)) {
            return;
        }
        (void)sched_yield();
    }
    while (sem_wait(&semaphore->counter) != 0 && errno == EINTR) {
    }
}

bool semaphore_try(struct semaphore *semaphore)
{
    return sem_trywait(&semaphore->counter) == 0;
}
