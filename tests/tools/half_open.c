/* Holds half-open connections, for tests of what sees them: to addresses that never answer, in a
 * network namespace of the test's own (see own_network.h), and nowhere else. A copy under another
 * name is another program. */
#include "own_network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTIONS_MAX = 16384,
    HOLD_MS_MAX = 120 * 1000,
    HOSTS_MAX = 65536,
    PORTS_MAX = 65536,
    OWN_FILES = 16, /* descriptors for anything else */
    MAX_ARGUMENTS = 8,
};

struct work {
    bool one_by_one;
    unsigned count;
    unsigned hold_ms;
    union {
        struct sockaddr any;
        struct sockaddr_in ipv4;
        struct sockaddr_in6 ipv6;
    } first;
    unsigned port;
    unsigned hosts;
    unsigned ports;
};

static int usage(void)
{
    (void)fputs(
        "usage: half_open [--one-by-one] COUNT HOLD_MS ADDRESS PORT [HOSTS [PORTS]]\n"
        "\n"
        "Opens COUNT connections, each to the next of HOSTS addresses from ADDRESS on and the\n"
        "next of PORTS ports from PORT on, prints \"half-open COUNT\", and holds them for "
        "HOLD_MS.\n"
        "--one-by-one: one at a time, each held so long, without end while COUNT is 0.\n"
        "Exit status: 0 all were half-open to their end, 1 they were not, 2 wrong usage,\n"
        "77 where they could leave the machine.\n",
        stderr);
    return 2;
}

static void wait_ms(unsigned ms)
{
    struct timespec time = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    (void)nanosleep(&time, NULL);
}

/* Adds to the last four bytes of an address. */
static void add_to_address(uint8_t last[4], unsigned add)
{
    uint32_t value;
    memcpy(&value, last, sizeof value);
    value = htonl(ntohl(value) + add);
    memcpy(last, &value, sizeof value);
}

/* The descriptor of the connection with this number, or -1. */
static int begin(const struct work *w, unsigned number)
{
    struct work to = *w;
    uint16_t port = htons((uint16_t)(w->port + number % w->ports));
    bool is_ipv4 = w->first.any.sa_family == AF_INET;
    if (is_ipv4) {
        add_to_address((uint8_t *)&to.first.ipv4.sin_addr, number % w->hosts);
        to.first.ipv4.sin_port = port;
    } else {
        add_to_address(to.first.ipv6.sin6_addr.s6_addr + 12, number % w->hosts);
        to.first.ipv6.sin6_port = port;
    }
    int fd = socket(w->first.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socklen_t size = is_ipv4 ? sizeof to.first.ipv4 : sizeof to.first.ipv6;
    if (fd >= 0 && (connect(fd, &to.first.any, size) == 0 || errno != EINPROGRESS)) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static bool is_half_open(int fd)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
           info.tcpi_state == TCP_SYN_SENT;
}

static bool all_half_open(const int *fds, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (!is_half_open(fds[i])) {
            return false;
        }
    }
    return true;
}

/* What is open ends with the program. */
static bool hold_all(const struct work *w)
{
    struct rlimit files;
    int *fds = calloc(w->count, sizeof *fds);
    bool good = fds != NULL && getrlimit(RLIMIT_NOFILE, &files) == 0;
    if (good && files.rlim_cur < w->count + OWN_FILES) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    for (unsigned i = 0; good && i < w->count; i++) {
        fds[i] = begin(w, i);
        good = fds[i] >= 0;
    }
    good = good && all_half_open(fds, w->count);
    if (good) {
        (void)printf("half-open %u\n", w->count);
        (void)fflush(stdout);
        wait_ms(w->hold_ms);
        good = all_half_open(fds, w->count);
    }
    free(fds);
    return good;
}

static bool hold_one_by_one(const struct work *w)
{
    bool good = true;
    /* Whoever started it and went away without ending it: it ends by itself. */
    unsigned most = w->count > 0 ? w->count : HOLD_MS_MAX / w->hold_ms + 1;
    for (unsigned i = 0; good && i < most; i++) {
        int fd = begin(w, i);
        good = fd >= 0 && is_half_open(fd);
        if (good && i == 0) {
            (void)printf("half-open 1\n");
            (void)fflush(stdout);
        }
        wait_ms(good ? w->hold_ms : 0);
        good = good && is_half_open(fd);
        if (fd >= 0) {
            (void)close(fd);
        }
    }
    return good;
}

static bool read_number(const char *text, unsigned least, unsigned most, unsigned *out)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);
    *out = (unsigned)value;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && value >= least && value <= most;
}

static bool read_address(const char *text, struct work *w)
{
    if (inet_pton(AF_INET, text, &w->first.ipv4.sin_addr) == 1) {
        w->first.ipv4.sin_family = AF_INET;
        return true;
    }
    w->first.ipv6.sin6_family = AF_INET6;
    return inet_pton(AF_INET6, text, &w->first.ipv6.sin6_addr) == 1;
}

static bool parse(int argc, char **argv, struct work *w)
{
    *w = (struct work){.hosts = 1, .ports = 1};
    w->one_by_one = argc > 1 && strcmp(argv[1], "--one-by-one") == 0;
    char **argument = argv + (w->one_by_one ? 2 : 1);
    int count = argc - (int)(argument - argv);
    return count >= 4 && count <= MAX_ARGUMENTS - 2 &&
           read_number(argument[0], w->one_by_one ? 0 : 1, CONNECTIONS_MAX, &w->count) &&
           read_number(argument[1], 1, HOLD_MS_MAX, &w->hold_ms) && read_address(argument[2], w) &&
           read_number(argument[3], 1, UINT16_MAX, &w->port) &&
           (count < 5 || read_number(argument[4], 1, HOSTS_MAX, &w->hosts)) &&
           (count < 6 || read_number(argument[5], 1, PORTS_MAX, &w->ports)) &&
           w->port + w->ports - 1 <= UINT16_MAX;
}

int main(int argc, char **argv)
{
    struct work work;
    struct buf why = BUF_INIT;
    if (!parse(argc, argv, &work)) {
        return usage();
    }
    bool own = own_network(&why);
    if (!own) {
        (void)fprintf(stderr, "half_open: %s Nothing is sent.\n", buf_text(&why));
    }
    buf_free(&why);
    if (!own) {
        return 77;
    }
    return (work.one_by_one ? hold_one_by_one(&work) : hold_all(&work)) ? 0 : 1;
}
