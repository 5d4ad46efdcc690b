/* servers: answers for every address that its network namespace takes for its own.
 *
 *     servers --outside NET [--seconds N] [--port N]...
 *
 * Listens on the ports (80). Whoever connects gets a small page when he has asked for one, and the
 * connection is closed. Ends by itself after N seconds (120). */
#include "program.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORTS_MOST = 8, GUESTS_MOST = 1024, BACKLOG = 1024, PATIENCE_US = 5000000, TICK_MS = 100 };

struct guest {
    int fd;
    uint64_t deadline;
};

struct servers {
    const char *outside;
    uint32_t seconds;
    uint16_t ports[PORTS_MOST];
    int listeners[PORTS_MOST];
    uint32_t port_count;
    struct guest guests[GUESTS_MOST]; /* the first `guest_count` */
    size_t guest_count;
};

static int listen_on(uint16_t port)
{
    const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1;
    if (fd >= 0 &&
        (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
         bind(fd, (const struct sockaddr *)&any, sizeof any) != 0 || listen(fd, BACKLOG) != 0)) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

static void welcome(struct servers *s, int listener, uint64_t now)
{
    while (s->guest_count < GUESTS_MOST) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        s->guests[s->guest_count++] = (struct guest){fd, now + PATIENCE_US};
    }
}

/* Answers whatever is asked, and closes also where nothing is. */
static void answer(int fd)
{
    static const char page[] = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nIt works.\n";
    char question[1024];
    if (read(fd, question, sizeof question) > 0) {
        (void)send(fd, page, sizeof page - 1, MSG_NOSIGNAL);
    }
    (void)close(fd);
}

static void turn(struct servers *s)
{
    struct pollfd p[PORTS_MOST + GUESTS_MOST];
    size_t guests = s->guest_count;
    for (size_t i = 0; i < s->port_count; i++) {
        p[i] = (struct pollfd){.fd = s->listeners[i], .events = POLLIN};
    }
    for (size_t i = 0; i < guests; i++) {
        p[s->port_count + i] = (struct pollfd){.fd = s->guests[i].fd, .events = POLLIN};
    }
    (void)poll(p, s->port_count + guests, TICK_MS);
    uint64_t now = program_now_us();
    /* Backwards, since the last guest takes the place of one that leaves. */
    for (size_t i = guests; i > 0; i--) {
        struct guest *guest = &s->guests[i - 1];
        if (p[s->port_count + i - 1].revents != 0 || now >= guest->deadline) {
            answer(guest->fd);
            *guest = s->guests[--s->guest_count];
        }
    }
    for (size_t i = 0; i < s->port_count; i++) {
        if (p[i].revents != 0) {
            welcome(s, s->listeners[i], now);
        }
    }
}

static bool open_all(struct servers *s)
{
    for (size_t i = 0; i < s->port_count; i++) {
        s->listeners[i] = listen_on(s->ports[i]);
        if (s->listeners[i] < 0) {
            (void)fprintf(stderr, "servers: port %u cannot be listened on\n", s->ports[i]);
            return false;
        }
    }
    return true;
}

static bool take_option(void *context, const char *name, const char *value)
{
    struct servers *s = context;
    uint32_t port;
    if (strcmp(name, "--outside") == 0) {
        s->outside = value;
        return true;
    }
    if (strcmp(name, "--seconds") == 0) {
        return program_number(value, 1, PROGRAM_SECONDS_MOST, &s->seconds);
    }
    if (strcmp(name, "--port") == 0 && s->port_count < PORTS_MOST &&
        program_number(value, 1, UINT16_MAX, &port)) {
        s->ports[s->port_count++] = (uint16_t)port;
        return true;
    }
    return false;
}

int main(int argc, char **argv)
{
    static struct servers s = {.seconds = 120};
    int rest = program_options(argc, argv, take_option, &s);
    if (rest != argc) {
        (void)fputs("usage: servers --outside NET [--seconds N] [--port N]...\n", stderr);
        return PROGRAM_WRONG_USAGE;
    }
    if (!program_confined("servers", s.outside)) {
        return PROGRAM_REFUSED;
    }
    if (s.port_count == 0) {
        s.ports[s.port_count++] = 80;
    }
    if (!open_all(&s)) {
        return PROGRAM_FAILED;
    }
    uint64_t end = program_now_us() + (uint64_t)s.seconds * 1000000;
    while (program_now_us() < end) {
        turn(&s);
    }
    return 0; /* what is open is closed with the process */
}
