/* What goes between the watcher's thread and the tray's: sentences, the open question and the state
 * to the one, what the user wants to the other. Both sides lock for a moment and never wait for
 * each other. */
#ifndef WATCHER_NOTIFY_TRAY_QUEUE_WIN32_H
#define WATCHER_NOTIFY_TRAY_QUEUE_WIN32_H

#include "notify.h"

#include <windows.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TRAY_TOLD_MOST = 100, /* sentences that wait, and that the status window holds */
    TRAY_REQUESTS = 16,
    TRAY_TOLD_BYTES = 2000, /* of one text; the audit log has the whole */
};

struct tray_told {
    enum tell_kind kind;
    enum policy_level level;
    uint64_t time;
    char *text;
};

/* The newest sentences, in their order. */
struct tray_history {
    struct tray_told told[TRAY_TOLD_MOST];
    size_t first;
    size_t count;
    uint64_t dropped; /* for want of room, since it was last emptied */
};

/* Takes a copy of the text. When it is full the oldest is dropped. */
void tray_history_add(struct tray_history *history, const struct tray_told *told);
const struct tray_told *tray_history_at(const struct tray_history *history, size_t index);
void tray_history_clear(struct tray_history *history);

/* Copies with texts of their own. */
void tray_view_copy(struct notify_view *to, const struct notify_view *from);
void tray_view_free(struct notify_view *view);

enum tray_change { TRAY_QUESTION_SAME, TRAY_QUESTION_ASKED, TRAY_QUESTION_OVER };

/* What the tray's thread takes at a time; its own from then on. */
struct tray_news {
    struct tray_history told;
    enum tray_change change;
    struct question question; /* TRAY_QUESTION_ASKED */
    bool has_view;
    struct notify_view view;
};
void tray_news_free(struct tray_news *news);

struct tray_queue {
    CRITICAL_SECTION lock;
    HANDLE wanted; /* signalled while there is a request */
    /* What follows is only touched under the lock. */
    struct tray_news news;
    bool announced; /* the tray's thread has been told that there is news */
    struct user_request requests[TRAY_REQUESTS];
    size_t first;
    size_t count;
    bool stop;
};

/* False when the system has no more events. */
bool tray_queue_open(struct tray_queue *queue);
void tray_queue_close(struct tray_queue *queue);

/* The watcher's side. Each tells whether the tray's thread is to be told that there is news. */
bool tray_queue_tell(struct tray_queue *queue, const struct tray_told *told);
bool tray_queue_ask(struct tray_queue *queue, const struct question *question);
bool tray_queue_withdraw(struct tray_queue *queue);
bool tray_queue_show(struct tray_queue *queue, const struct notify_view *view);
bool tray_queue_take(struct tray_queue *queue, struct user_request *out);

/* It could not be told: the next news tries again. */
void tray_queue_not_announced(struct tray_queue *queue);

/* The tray's side. A request to stop is never lost; of too many others the oldest is. */
void tray_queue_news(struct tray_queue *queue, struct tray_news *out);
void tray_queue_want(struct tray_queue *queue, const struct user_request *request);

#endif
