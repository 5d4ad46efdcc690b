#include "input_win32.h"

#include "base/term_win32.h"

#include <stdlib.h>

struct input {
    HANDLE thread;
    HANDLE request; /* a line is wanted, or `closing` was set */
    HANDLE ready;   /* there is a line, or the end */
    CRITICAL_SECTION lock;
    /* What follows is only touched under the lock. */
    struct buf line;
    bool has_line;
    bool ended;
    bool reading; /* the thread has been asked for a line and has not given it yet */
    bool closing;
};

static void destroy(struct input *input)
{
    DeleteCriticalSection(&input->lock);
    CloseHandle(input->request);
    CloseHandle(input->ready);
    buf_free(&input->line);
    free(input);
}

/* Ctrl-C ends a read too, but the request to stop comes by another way, and until it is obeyed the
 * question stands. */
static bool read_line(struct buf *line)
{
    enum term_line got;
    do {
        buf_clear(line);
        got = term_read_raw(line);
    } while (got == TERM_INTERRUPTED);
    return got == TERM_LINE;
}

static DWORD WINAPI read_lines(void *context)
{
    struct input *input = context;
    struct buf line = BUF_INIT;
    bool more = true;
    bool abandoned = false;
    while (more) {
        WaitForSingleObject(input->request, INFINITE);
        EnterCriticalSection(&input->lock);
        more = !input->closing;
        LeaveCriticalSection(&input->lock);
        if (!more) {
            break;
        }
        more = read_line(&line);
        EnterCriticalSection(&input->lock);
        input->reading = false;
        input->has_line = more;
        input->ended = !more;
        buf_clear(&input->line);
        buf_add(&input->line, buf_text(&line), line.len);
        abandoned = input->closing;
        more = more && !abandoned;
        SetEvent(input->ready);
        LeaveCriticalSection(&input->lock);
    }
    buf_free(&line);
    if (abandoned) {
        CloseHandle(input->thread);
        destroy(input);
    }
    return 0;
}

struct input *input_open(void)
{
    struct input *input = calloc(1, sizeof *input);
    if (input == NULL) {
        return NULL;
    }
    InitializeCriticalSection(&input->lock);
    input->request = CreateEventW(NULL, FALSE, FALSE, NULL);
    input->ready = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (input->request != NULL && input->ready != NULL) {
        input->thread = CreateThread(NULL, 0, read_lines, input, 0, NULL);
    }
    if (input->thread == NULL) {
        destroy(input);
        return NULL;
    }
    return input;
}

void input_close(struct input *input)
{
    if (input == NULL) {
        return;
    }
    EnterCriticalSection(&input->lock);
    bool reading = input->reading;
    input->closing = true;
    SetEvent(input->request);
    LeaveCriticalSection(&input->lock);
    if (!reading) {
        WaitForSingleObject(input->thread, INFINITE);
        CloseHandle(input->thread);
        destroy(input);
    }
}

/* Under the lock. */
static void ask_for_line(struct input *input)
{
    if (!input->reading && !input->has_line && !input->ended) {
        input->reading = true;
        SetEvent(input->request);
    }
}

void input_listen(struct input *input)
{
    EnterCriticalSection(&input->lock);
    if (term_is_terminal(TERM_IN)) {
        FlushConsoleInputBuffer(GetStdHandle(STD_INPUT_HANDLE));
        input->has_line = false;
        if (!input->ended) {
            ResetEvent(input->ready);
        }
    }
    ask_for_line(input);
    LeaveCriticalSection(&input->lock);
}

HANDLE input_ready(const struct input *input)
{
    return input->ready;
}

enum loop_line input_take(struct input *input, struct buf *line)
{
    enum loop_line result = LOOP_LINE_NOT_YET;
    EnterCriticalSection(&input->lock);
    if (input->has_line) {
        buf_add(line, buf_text(&input->line), input->line.len);
        input->has_line = false;
        ResetEvent(input->ready);
        ask_for_line(input);
        result = LOOP_LINE;
    } else if (input->ended) {
        result = LOOP_LINE_END;
    }
    LeaveCriticalSection(&input->lock);
    return result;
}
