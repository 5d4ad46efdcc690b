/* What users of a service want, on its way from other threads (the system's control handler, those
 * that wait for an answer) to the one that runs the loop.
 *
 * It is counted who holds it, since a thread that waits for an answer may outlive the loop.
 */
#ifndef WATCHER_NOTIFY_INBOX_WIN32_H
#define WATCHER_NOTIFY_INBOX_WIN32_H

#include "notify.h"

#include <windows.h>

struct inbox;

/* Held once. NULL when the system has no room for it. */
struct inbox *inbox_open(void);
void inbox_hold(struct inbox *inbox);
void inbox_release(struct inbox *inbox); /* NULL is allowed */

/* Signalled while there is something to take. */
HANDLE inbox_filled(const struct inbox *inbox);

/* From any thread. REQUEST_STOP is never lost; of too many others the newest are dropped, and the
 * same wish twice in a row is one. */
void inbox_post(struct inbox *inbox, const struct user_request *request);

/* The oldest, REQUEST_STOP before all others; false when there is none. */
bool inbox_take(struct inbox *inbox, struct user_request *out);

#endif
