/* webstress: a web stress test, as a client of the simulated host.
 *
 *     webstress --outside NET [--seconds N] [--at-once N] ADDRESS...
 *
 * Keeps N connections (20) going to port 80 of the addresses in turn, asks each for a page, and
 * counts those that gave one, for N seconds (5). Its last line is JSON. */
#include "program.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    AT_ONCE_MOST = 256,
    ADDRESSES_MOST = 64,
    PORT = 80,
    PATIENCE_US = 5000000,
    PAUSE_US = 50000
};

/* One of the connections. */
struct request {
    int fd; /* -1: none */
    bool asked;
    uint64_t deadline; /* without a connection: when the next one is begun */
};

struct stress {
    const char *outside;
    uint32_t seconds, at_once;
    struct program_range addresses[ADDRESSES_MOST];
    uint32_t address_count;
    uint32_t next;
    uint64_t pages, failed;
    struct request requests[AT_ONCE_MOST];
};

static void finish(struct stress *s, struct request *request, bool good, uint64_t now)
{
    (void)close(request->fd);
    *request = (struct request){.fd = -1, .deadline = good ? now : now + PAUSE_US};
    s->pages += good;
    s->failed += !good;
}

static void begin(struct stress *s, struct request *request, uint64_t now)
{
    const struct program_range *range = &s->addresses[s->next++ % s->address_count];
    request->fd = program_dial(range->first, PORT);
    request->deadline = now + (request->fd >= 0 ? PATIENCE_US : PAUSE_US);
    s->failed += request->fd < 0;
}

/* Something came, or the connection is decided. */
static void go_on(struct stress *s, struct request *request, uint64_t now)
{
    static const char question[] = "GET / HTTP/1.0\r\n\r\n";
    char piece[4096];
    if (!request->asked) {
        bool good =
            program_dialled(request->fd) == PROGRAM_CONNECTED &&
            send(request->fd, question, sizeof question - 1, MSG_NOSIGNAL) == sizeof question - 1;
        request->asked = true;
        if (!good) {
            finish(s, request, false, now);
        }
        return;
    }
    ssize_t got = read(request->fd, piece, sizeof piece);
    if (got <= 0) { /* the server closes behind its page */
        finish(s, request, got == 0, now);
    }
}

static void turn(struct stress *s, uint64_t now)
{
    struct pollfd p[AT_ONCE_MOST];
    for (uint32_t i = 0; i < s->at_once; i++) {
        struct request *request = &s->requests[i];
        if (request->fd >= 0 && now >= request->deadline) {
            finish(s, request, false, now);
        }
        if (request->fd < 0 && now >= request->deadline) {
            begin(s, request, now);
        }
        p[i] = (struct pollfd){.fd = request->fd, .events = request->asked ? POLLIN : POLLOUT};
    }
    (void)poll(p, s->at_once, (int)(PAUSE_US / 1000));
    now = program_now_us();
    for (uint32_t i = 0; i < s->at_once; i++) {
        if (p[i].fd >= 0 && p[i].revents != 0) {
            go_on(s, &s->requests[i], now);
        }
    }
}

static void run(struct stress *s)
{
    uint64_t start = program_now_us();
    uint64_t now = start;
    for (uint32_t i = 0; i < s->at_once; i++) {
        s->requests[i] = (struct request){.fd = -1};
    }
    while (now - start < (uint64_t)s->seconds * 1000000) {
        turn(s, now);
        now = program_now_us();
    }
    struct buf line = BUF_INIT;
    struct json j = json_start(&line);
    json_open_object(&j, NULL);
    json_text(&j, "program", "webstress");
    json_number(&j, "pages", s->pages);
    json_number(&j, "failed", s->failed);
    json_number(&j, "milliseconds", (now - start) / 1000);
    json_close_object(&j);
    program_say(&line);
}

static bool take_option(void *context, const char *name, const char *value)
{
    struct stress *s = context;
    if (strcmp(name, "--outside") == 0) {
        s->outside = value;
        return true;
    }
    if (strcmp(name, "--seconds") == 0) {
        return program_number(value, 1, PROGRAM_SECONDS_MOST, &s->seconds);
    }
    return strcmp(name, "--at-once") == 0 && program_number(value, 1, AT_ONCE_MOST, &s->at_once);
}

int main(int argc, char **argv)
{
    static struct stress s = {.seconds = 5, .at_once = 20};
    int at = program_options(argc, argv, take_option, &s);
    for (; at > 0 && at < argc && s.address_count < ADDRESSES_MOST; at++) {
        if (!program_range(argv[at], &s.addresses[s.address_count++])) {
            break;
        }
    }
    if (at != argc || s.address_count == 0) {
        (void)fputs("usage: webstress --outside NET [--seconds N] [--at-once N] ADDRESS...\n",
                    stderr);
        return PROGRAM_WRONG_USAGE;
    }
    if (!program_confined("webstress", s.outside)) {
        return PROGRAM_REFUSED;
    }
    run(&s);
    return 0;
}
