#include "inbox_win32.h"

#include <stdlib.h>

enum { INBOX_MOST = 64 };

struct inbox {
    volatile LONG holders;
    HANDLE filled;
    CRITICAL_SECTION lock;
    /* What follows is only touched under the lock. */
    struct user_request waiting[INBOX_MOST]; /* a ring */
    unsigned first, count;
    bool stop;
};

struct inbox *inbox_open(void)
{
    struct inbox *inbox = calloc(1, sizeof *inbox);
    if (inbox == NULL) {
        return NULL;
    }
    inbox->holders = 1;
    inbox->filled = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (inbox->filled == NULL) {
        free(inbox);
        return NULL;
    }
    InitializeCriticalSection(&inbox->lock);
    return inbox;
}

void inbox_hold(struct inbox *inbox)
{
    InterlockedIncrement(&inbox->holders);
}

void inbox_release(struct inbox *inbox)
{
    if (inbox != NULL && InterlockedDecrement(&inbox->holders) == 0) {
        DeleteCriticalSection(&inbox->lock);
        CloseHandle(inbox->filled);
        free(inbox);
    }
}

HANDLE inbox_filled(const struct inbox *inbox)
{
    return inbox->filled;
}

/* The last one is the same wish, and not an answer. */
static bool is_there(const struct inbox *inbox, const struct user_request *request)
{
    if (inbox->count == 0 || request->kind < REQUEST_PATCH) {
        return false;
    }
    return inbox->waiting[(inbox->first + inbox->count - 1) % INBOX_MOST].kind == request->kind;
}

void inbox_post(struct inbox *inbox, const struct user_request *request)
{
    EnterCriticalSection(&inbox->lock);
    if (request->kind == REQUEST_STOP) {
        inbox->stop = true;
    } else if (inbox->count < INBOX_MOST && !is_there(inbox, request)) {
        inbox->waiting[(inbox->first + inbox->count) % INBOX_MOST] = *request;
        inbox->count++;
    }
    SetEvent(inbox->filled);
    LeaveCriticalSection(&inbox->lock);
}

bool inbox_take(struct inbox *inbox, struct user_request *out)
{
    EnterCriticalSection(&inbox->lock);
    bool taken = true;
    if (inbox->stop) {
        *out = (struct user_request){.kind = REQUEST_STOP};
        inbox->stop = false;
    } else if (inbox->count > 0) {
        *out = inbox->waiting[inbox->first];
        inbox->first = (inbox->first + 1) % INBOX_MOST;
        inbox->count--;
    } else {
        taken = false;
    }
    if (!inbox->stop && inbox->count == 0) {
        ResetEvent(inbox->filled);
    }
    LeaveCriticalSection(&inbox->lock);
    return taken;
}
