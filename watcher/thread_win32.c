#include "thread.h"

#include <windows.h>

#include <limits.h>
#include <process.h>
#include <stdint.h>
#include <stdlib.h>

struct thread {
    HANDLE handle;
    void (*run)(void *context);
    void *context;
};

struct semaphore {
    HANDLE handle;
};

static unsigned __stdcall enter(void *context)
{
    struct thread *thread = context;
    thread->run(thread->context);
    return 0;
}

struct thread *thread_start(void (*run)(void *context), void *context)
{
    struct thread *thread = malloc(sizeof *thread);
    if (thread != NULL) {
        *thread = (struct thread){.run = run, .context = context};
        /* Not CreateThread: the C library keeps data for each thread. */
        uintptr_t handle = _beginthreadex(NULL, 0, enter, thread, 0, NULL);
        thread->handle = (HANDLE)handle;
        if (handle == 0) {
            free(thread);
            thread = NULL;
        }
    }
    return thread;
}

void thread_join(struct thread *thread)
{
    (void)WaitForSingleObject(thread->handle, INFINITE);
    CloseHandle(thread->handle);
    free(thread);
}

struct semaphore *semaphore_open(unsigned count)
{
    struct semaphore *semaphore = malloc(sizeof *semaphore);
    if (semaphore != NULL) {
        semaphore->handle = CreateSemaphoreW(NULL, (LONG)count, LONG_MAX, NULL);
        if (semaphore->handle == NULL) {
            free(semaphore);
            semaphore = NULL;
        }
    }
    return semaphore;
}

void semaphore_close(struct semaphore *semaphore)
{
    if (semaphore != NULL) {
        CloseHandle(semaphore->handle);
        free(semaphore);
    }
}

void semaphore_post(struct semaphore *semaphore)
{
    (void)ReleaseSemaphore(semaphore->handle, 1, NULL);
}

void semaphore_wait(struct semaphore *semaphore)
{
    (void)WaitForSingleObject(semaphore->handle, INFINITE);
}

bool semaphore_try(struct semaphore *semaphore)
{
    return WaitForSingleObject(semaphore->handle, 0) == WAIT_OBJECT_0;
}
