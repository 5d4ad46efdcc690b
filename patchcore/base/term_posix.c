#include "term.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Set by the handler while a line is waited for: a signal handler can be told nothing. */
static volatile sig_atomic_t interrupted;

static int descriptor(enum term_stream stream)
{
    return stream == TERM_IN ? STDIN_FILENO : stream == TERM_OUT ? STDOUT_FILENO : STDERR_FILENO;
}

bool term_is_terminal(enum term_stream stream)
{
    return isatty(descriptor(stream)) == 1;
}

bool term_write_bytes(enum term_stream stream, const char *text, size_t length)
{
    if (fflush(stream == TERM_ERR ? stderr : stdout) != 0) {
        return false;
    }
    while (length > 0) {
        ssize_t wrote = write(descriptor(stream), text, length);
        if (wrote < 0 && errno == EAGAIN) {
            struct pollfd fd = {.fd = descriptor(stream), .events = POLLOUT};
            (void)poll(&fd, 1, -1);
        } else if (wrote < 0 && errno != EINTR) {
            return false;
        } else if (wrote > 0) {
            text += wrote;
            length -= (size_t)wrote;
        }
    }
    return true;
}

bool term_write(enum term_stream stream, const char *text)
{
    return term_write_bytes(stream, text, strlen(text));
}

bool term_print(const char *text)
{
    return term_write(TERM_OUT, text);
}

unsigned term_width(enum term_stream stream)
{
    struct winsize size = {0};
    if (ioctl(descriptor(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return TERM_WIDTH;
    }
    return size.ws_col;
}

/* ---- reading a line ---- */

static void note_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

/* Reads byte by byte, so that what stands behind the line stays for the next reader. SIGINT is
 * blocked but while ppoll() waits, so that none can slip in between the check and the wait. */
static enum term_line read_bytes(struct buf *line, const sigset_t *waiting)
{
    for (;;) {
        char byte;
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        int ready = ppoll(&input, 1, NULL, waiting);
        if (interrupted) {
            return TERM_INTERRUPTED;
        }
        if (ready < 0 && errno == EINTR) {
            continue;
        }
        ssize_t got = ready > 0 ? read(STDIN_FILENO, &byte, 1) : -1;
        if (got < 0 && ready > 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;
        }
        if (got <= 0) {
            return line->len > 0 ? TERM_LINE : TERM_END;
        }
        if (byte == '\n') {
            return TERM_LINE;
        }
        if (line->len < TERM_LINE_MAX) {
            buf_add_char(line, byte);
        }
    }
}

enum term_line term_read_line(const char *prompt, struct buf *line)
{
    enum term_stream stream = term_is_terminal(TERM_OUT) ? TERM_OUT : TERM_ERR;
    struct sigaction before;
    struct sigaction handler = {.sa_handler = note_interrupt};
    sigset_t interrupt;
    sigset_t mask_before;
    sigset_t waiting;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &interrupt, &mask_before);
    waiting = mask_before;
    sigdelset(&waiting, SIGINT);
    (void)sigaction(SIGINT, NULL, &before);
    interrupted = 0;
    if (before.sa_handler != SIG_IGN) {
        (void)sigaction(SIGINT, &handler, NULL);
    }
    buf_clear(line);
    (void)term_write(stream, prompt);
    enum term_line result = read_bytes(line, &waiting);
    (void)sigaction(SIGINT, &before, NULL);
    (void)sigprocmask(SIG_SETMASK, &mask_before, NULL);
    if (line->len > 0 && line->data[line->len - 1] == '\r') {
        line->data[--line->len] = '\0';
    }
    if (result != TERM_LINE) {
        buf_clear(line);
    }
    return result;
}
