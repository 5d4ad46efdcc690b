/* worm: what a worm's search for victims looks like to the host it runs on. It sends nothing but
 * attempts to connect, and runs nowhere but in the simulation.
 *
 *     worm --outside NET [--seconds N] [--rate N] [--patience MS] [--port N] ADDRESSES
 *
 * Tries each of the addresses (198.18.0.0+32768) once, in an order that leaps about, at one port
 * (445), N a second (25), and closes a connection at once that it gets. Gives an attempt up after
 * MS milliseconds (3000), and ends after N seconds (5). Its last line is JSON. */
#include "program.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { AT_ONCE_MOST = 512, TICK_MS = 20, STRIDE = 12289 /* a prime */ };

struct attempt {
    int fd; /* -1: none */
    uint64_t deadline;
};

struct worm {
    const char *outside;
    uint32_t seconds, rate, patience_ms, port;
    struct program_range range;
    struct attempt attempts[AT_ONCE_MOST];
    uint64_t tried, connected;
};

/* No address twice: the stride is prime to the number of them, see main(). */
static void begin(struct worm *w, struct attempt *attempt, uint64_t now)
{
    uint32_t at = (uint32_t)(w->tried * STRIDE % w->range.count);
    attempt->fd = program_dial(w->range.first + at, (uint16_t)w->port);
    attempt->deadline = now + (uint64_t)w->patience_ms * 1000;
    w->tried++;
}

static void turn(struct worm *w, uint64_t now, uint64_t due)
{
    struct pollfd p[AT_ONCE_MOST];
    for (size_t i = 0; i < AT_ONCE_MOST; i++) {
        struct attempt *attempt = &w->attempts[i];
        if (attempt->fd >= 0 && now >= attempt->deadline) {
            (void)close(attempt->fd);
            attempt->fd = -1;
        }
        if (attempt->fd < 0 && w->tried < due && w->tried < w->range.count) {
            begin(w, attempt, now);
        }
        p[i] = (struct pollfd){.fd = attempt->fd, .events = POLLOUT};
    }
    (void)poll(p, AT_ONCE_MOST, TICK_MS);
    for (size_t i = 0; i < AT_ONCE_MOST; i++) {
        if (p[i].fd >= 0 && p[i].revents != 0) {
            w->connected += program_dialled(p[i].fd) == PROGRAM_CONNECTED;
            (void)close(p[i].fd);
            w->attempts[i].fd = -1;
        }
    }
}

static void run(struct worm *w)
{
    uint64_t start = program_now_us();
    uint64_t now = start;
    for (size_t i = 0; i < AT_ONCE_MOST; i++) {
        w->attempts[i] = (struct attempt){.fd = -1};
    }
    while (now - start < (uint64_t)w->seconds * 1000000) {
        turn(w, now, (now - start) * w->rate / 1000000);
        now = program_now_us();
    }
    struct buf line = BUF_INIT;
    struct json j = json_start(&line);
    json_open_object(&j, NULL);
    json_text(&j, "program", "worm");
    json_number(&j, "tried", w->tried);
    json_number(&j, "connected", w->connected);
    json_close_object(&j);
    program_say(&line);
}

static bool take_option(void *context, const char *name, const char *value)
{
    struct worm *w = context;
    if (strcmp(name, "--outside") == 0) {
        w->outside = value;
        return true;
    }
    if (strcmp(name, "--seconds") == 0) {
        return program_number(value, 1, PROGRAM_SECONDS_MOST, &w->seconds);
    }
    if (strcmp(name, "--rate") == 0) {
        return program_number(value, 1, 1000, &w->rate);
    }
    if (strcmp(name, "--patience") == 0) {
        return program_number(value, 1, 60000, &w->patience_ms);
    }
    return strcmp(name, "--port") == 0 && program_number(value, 1, UINT16_MAX, &w->port);
}

int main(int argc, char **argv)
{
    static struct worm w = {.seconds = 5, .rate = 25, .patience_ms = 3000, .port = 445};
    int at = program_options(argc, argv, take_option, &w);
    if (at <= 0 || at + 1 != argc || !program_range(argv[at], &w.range) ||
        w.range.count % STRIDE == 0) {
        (void)fputs(
            "usage: worm --outside NET [--seconds N] [--rate N] [--patience MS] [--port N]\n"
            "            ADDRESSES\n",
            stderr);
        return PROGRAM_WRONG_USAGE;
    }
    if (!program_confined("worm", w.outside)) {
        return PROGRAM_REFUSED;
    }
    run(&w);
    return 0;
}
