#include "term.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

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
    int fd = descriptor(stream);
    (void)fflush(stream == TERM_ERR ? stderr : stdout);
    while (length > 0) {
        ssize_t written = write(fd, text, length);
        if (written < 0 && errno == EAGAIN) {
            struct pollfd ready = {fd, POLLOUT, 0};
            (void)poll(&ready, 1, -1);
        } else if (written < 0 && errno != EINTR) {
            return false;
        } else if (written > 0) {
            text += written;
            length -= (size_t)written;
        }
    }
    return true;
}

bool term_write(enum term_stream stream, const char *text)
{
    return term_write_bytes(stream, text, strlen(text));
}

/* The pipe's writing end, for the handler below: a signal handler can be told nothing. */
static volatile sig_atomic_t interrupt_pipe = -1;

static void on_interrupt(int number)
{
    int saved = errno;
    (void)number;
    (void)!write(interrupt_pipe, "", 1);
    errno = saved;
}

/* One line, a byte at a time, so that what stands behind it is left to whoever reads next. */
static enum term_line read_bytes(int interrupted, struct buf *line)
{
    for (;;) {
        struct pollfd ready[2] = {{STDIN_FILENO, POLLIN, 0}, {interrupted, POLLIN, 0}};
        char c;
        if (poll(ready, 2, -1) < 0 && errno != EINTR) {
            return TERM_END;
        }
        if (ready[1].revents != 0) {
            return TERM_INTERRUPTED;
        }
        if (ready[0].revents == 0) {
            continue;
        }
        ssize_t got = read(STDIN_FILENO, &c, 1);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;
        }
        if (got <= 0) {
            return line->len > 0 ? TERM_LINE : TERM_END;
        }
        if (c == '\n') {
            return TERM_LINE;
        }
        if (line->len < TERM_LINE_MAX) {
            buf_add_char(line, c);
        }
    }
}

enum term_line term_read_line(const char *prompt, struct buf *line)
{
    int ends[2];
    struct sigaction action = {.sa_handler = on_interrupt};
    struct sigaction before;
    buf_clear(line);
    (void)term_write(term_is_terminal(TERM_OUT) ? TERM_OUT : TERM_ERR, prompt);
    if (pipe(ends) != 0) {
        return TERM_END;
    }
    interrupt_pipe = ends[1];
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, &before);
    enum term_line result = read_bytes(ends[0], line);
    (void)sigaction(SIGINT, &before, NULL);
    interrupt_pipe = -1;
    (void)close(ends[0]);
    (void)close(ends[1]);
    if (result == TERM_LINE && line->len > 0 && line->data[line->len - 1] == '\r') {
        line->data[--line->len] = '\0';
    }
    return result;
}

unsigned term_width(enum term_stream stream)
{
    struct winsize size;
    return ioctl(descriptor(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col
                                                                                : TERM_WIDTH;
}
