#include "tray_queue_win32.h"

#include <stdlib.h>
#include <string.h>

/* ---- copies ---- */

static char *copy_or_null(const char *text)
{
    return text != NULL ? text_copy(text) : NULL;
}

/* The pointers are to const because a caller's texts are; those of a copy are its own. */
static void free_text(const char *text)
{
    free((void *)(uintptr_t)text);
}

void tray_view_copy(struct notify_view *to, const struct notify_view *from)
{
    *to = *from;
    to->burst_computer = copy_or_null(from->burst_computer);
    to->root = copy_or_null(from->root);
    to->policy = copy_or_null(from->policy);
    to->audit = copy_or_null(from->audit);
}

void tray_view_free(struct notify_view *view)
{
    free_text(view->burst_computer);
    free_text(view->root);
    free_text(view->policy);
    free_text(view->audit);
    *view = (struct notify_view){.face = FACE_WATCHING};
}

static void free_question(struct question *question)
{
    free_text(question->text);
    free_text(question->keys);
    *question = (struct question){.kind = QUESTION_NONE};
}

void tray_news_free(struct tray_news *news)
{
    tray_history_clear(&news->told);
    free_question(&news->question);
    tray_view_free(&news->view);
}

/* ---- sentences ---- */

/* Cut where a character begins. */
static char *copy_start(const char *text)
{
    struct buf start = BUF_INIT;
    size_t length = strlen(text);
    if (length > TRAY_TOLD_BYTES) {
        length = TRAY_TOLD_BYTES;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80) {
            length--;
        }
    }
    buf_add(&start, text, length);
    char *copy = start.failed ? NULL : text_copy(buf_text(&start));
    buf_free(&start);
    return copy;
}

void tray_history_add(struct tray_history *history, const struct tray_told *told)
{
    char *text = copy_start(told->text);
    if (text == NULL) {
        history->dropped++;
        return;
    }
    if (history->count == TRAY_TOLD_MOST) {
        free(history->told[history->first].text);
        history->first = (history->first + 1) % TRAY_TOLD_MOST;
        history->count--;
        history->dropped++;
    }
    struct tray_told *place = &history->told[(history->first + history->count) % TRAY_TOLD_MOST];
    *place = *told;
    place->text = text;
    history->count++;
}

const struct tray_told *tray_history_at(const struct tray_history *history, size_t index)
{
    return &history->told[(history->first + index) % TRAY_TOLD_MOST];
}

void tray_history_clear(struct tray_history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        free(history->told[(history->first + i) % TRAY_TOLD_MOST].text);
    }
    *history = (struct tray_history){.count = 0};
}

/* ---- the queue ---- */

bool tray_queue_open(struct tray_queue *queue)
{
    *queue = (struct tray_queue){.wanted = CreateEventW(NULL, TRUE, FALSE, NULL)};
    if (queue->wanted == NULL) {
        return false;
    }
    InitializeCriticalSection(&queue->lock);
    return true;
}

void tray_queue_close(struct tray_queue *queue)
{
    tray_news_free(&queue->news);
    DeleteCriticalSection(&queue->lock);
    CloseHandle(queue->wanted);
}

/* Under the lock: true for the first news since the last were taken. */
static bool announce(struct tray_queue *queue)
{
    bool first = !queue->announced;
    queue->announced = true;
    LeaveCriticalSection(&queue->lock);
    return first;
}

bool tray_queue_tell(struct tray_queue *queue, const struct tray_told *told)
{
    EnterCriticalSection(&queue->lock);
    tray_history_add(&queue->news.told, told);
    return announce(queue);
}

bool tray_queue_ask(struct tray_queue *queue, const struct question *question)
{
    EnterCriticalSection(&queue->lock);
    free_question(&queue->news.question);
    queue->news.question = *question;
    queue->news.question.text = copy_or_null(question->text);
    queue->news.question.keys = NULL;
    queue->news.change = TRAY_QUESTION_ASKED;
    return announce(queue);
}

bool tray_queue_withdraw(struct tray_queue *queue)
{
    EnterCriticalSection(&queue->lock);
    free_question(&queue->news.question);
    queue->news.change = TRAY_QUESTION_OVER;
    return announce(queue);
}

bool tray_queue_show(struct tray_queue *queue, const struct notify_view *view)
{
    EnterCriticalSection(&queue->lock);
    tray_view_free(&queue->news.view);
    tray_view_copy(&queue->news.view, view);
    queue->news.has_view = true;
    return announce(queue);
}

void tray_queue_not_announced(struct tray_queue *queue)
{
    EnterCriticalSection(&queue->lock);
    queue->announced = false;
    LeaveCriticalSection(&queue->lock);
}

void tray_queue_news(struct tray_queue *queue, struct tray_news *out)
{
    EnterCriticalSection(&queue->lock);
    *out = queue->news;
    queue->news = (struct tray_news){.change = TRAY_QUESTION_SAME};
    queue->announced = false;
    LeaveCriticalSection(&queue->lock);
}

void tray_queue_want(struct tray_queue *queue, const struct user_request *request)
{
    EnterCriticalSection(&queue->lock);
    if (request->kind == REQUEST_STOP) {
        queue->stop = true;
    } else {
        if (queue->count == TRAY_REQUESTS) {
            queue->first = (queue->first + 1) % TRAY_REQUESTS;
            queue->count--;
        }
        queue->requests[(queue->first + queue->count) % TRAY_REQUESTS] = *request;
        queue->count++;
    }
    (void)SetEvent(queue->wanted);
    LeaveCriticalSection(&queue->lock);
}

bool tray_queue_take(struct tray_queue *queue, struct user_request *out)
{
    bool taken = true;
    EnterCriticalSection(&queue->lock);
    if (queue->count > 0) { /* an answer that was given before the end counts */
        *out = queue->requests[queue->first];
        queue->first = (queue->first + 1) % TRAY_REQUESTS;
        queue->count--;
    } else if (queue->stop) {
        *out = (struct user_request){.kind = REQUEST_STOP};
        queue->stop = false;
    } else {
        taken = false;
        (void)ResetEvent(queue->wanted);
    }
    LeaveCriticalSection(&queue->lock);
    return taken;
}
