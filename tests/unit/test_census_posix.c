#include "check.h"

#include "census/census.h"

#include "base/buf.h"
#include "base/wintime.h"
#include "loop/clock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS = 3, TRIES = 50, FEW = 64 };

/* A port of this machine that nobody accepts from: with its short queue full it does not answer, so
 * that further connections stay half-open. */
struct deaf {
    int listener;
    int filling; /* the connection that fills the queue */
    int clients[CLIENTS];
    uint16_t port;
    uint16_t local_ports[CLIENTS];
    uint8_t address[16];
};

union address {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
};

static union address loopback(int family)
{
    union address a;
    memset(&a, 0, sizeof a);
    a.any.sa_family = (sa_family_t)family;
    if (family == AF_INET) {
        a.ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else {
        a.ipv6.sin6_addr = in6addr_loopback;
    }
    return a;
}

static socklen_t size_of(const union address *a)
{
    return a->any.sa_family == AF_INET ? sizeof a->ipv4 : sizeof a->ipv6;
}

/* The port stands at the same place in both. */
static uint16_t port_of(int fd)
{
    union address a = loopback(AF_INET);
    socklen_t size = sizeof a;
    CHECK(getsockname(fd, &a.any, &size) == 0);
    return ntohs(a.ipv4.sin_port);
}

static int client(int family, uint16_t port)
{
    union address a = loopback(family);
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    a.ipv4.sin_port = htons(port);
    (void)connect(fd, &a.any, size_of(&a));
    return fd;
}

/* False where this machine has no such loopback. */
static bool open_deaf(struct deaf *deaf, int family)
{
    union address a = loopback(family);
    deaf->listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (deaf->listener < 0 || bind(deaf->listener, &a.any, size_of(&a)) != 0) {
        if (deaf->listener >= 0) {
            (void)close(deaf->listener);
        }
        return false;
    }
    CHECK(listen(deaf->listener, 0) == 0);
    deaf->port = port_of(deaf->listener);
    deaf->filling = client(family, deaf->port);
    for (size_t i = 0; i < CLIENTS; i++) {
        deaf->clients[i] = client(family, deaf->port);
        deaf->local_ports[i] = port_of(deaf->clients[i]);
    }
    memset(deaf->address, 0, sizeof deaf->address);
    if (family == AF_INET) {
        static const uint8_t mapped[] = {0xff, 0xff, 127, 0, 0, 1};
        memcpy(deaf->address + 10, mapped, sizeof mapped);
    } else {
        deaf->address[15] = 1;
    }
    return true;
}

static void close_deaf(struct deaf *deaf)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        (void)close(deaf->clients[i]);
    }
    (void)close(deaf->filling);
    (void)close(deaf->listener);
}

/* On a busy machine the time for a look may be over too soon: then again. */
static void look_at_all(struct census_look *look)
{
    struct buf why = BUF_INIT;
    *look = (struct census_look){.cut_short = true};
    for (unsigned i = 0; i < TRIES && look->cut_short; i++) {
        census_look_free(look);
        CHECK(census_look_at_system(clock_now(), look, &why));
    }
    CHECK_TEXT(buf_text(&why), "");
    CHECK(!look->cut_short);
    buf_free(&why);
}

static const struct census_connection *find(const struct census_look *look, const struct deaf *deaf,
                                            size_t number)
{
    for (size_t i = 0; i < look->connection_count; i++) {
        const struct census_connection *c = &look->connections[i];
        if (c->port == deaf->port && c->local_port == deaf->local_ports[number] &&
            memcmp(c->address, deaf->address, sizeof c->address) == 0) {
            return c;
        }
    }
    return NULL;
}

static void check_own_process(const struct census_process *process, uint64_t now)
{
    char image[4096];
    ssize_t length = readlink("/proc/self/exe", image, sizeof image - 1);
    CHECK(length > 0);
    image[length > 0 ? length : 0] = '\0';
    CHECK_NUMBER(process->pid, getpid());
    CHECK_TEXT(process->image, image);
    /* Minutes ago at most, and not more than the boot time's second ahead. */
    CHECK(process->started <= now + 2 * WINTIME_PER_SECOND);
    CHECK(process->started + 600 * WINTIME_PER_SECOND > now);
}

static void check_half_open(int family)
{
    struct deaf deaf;
    struct census_look look;
    if (!open_deaf(&deaf, family)) {
        return;
    }
    look_at_all(&look);
    for (size_t i = 0; i < CLIENTS; i++) {
        const struct census_connection *c = find(&look, &deaf, i);
        CHECK(c != NULL);
        CHECK(c != NULL && c->process < look.process_count);
        if (c != NULL && c->process < look.process_count) {
            check_own_process(&look.processes[c->process], look.time);
        }
    }
    close_deaf(&deaf);
    census_look_free(&look);
    look_at_all(&look);
    for (size_t i = 0; i < CLIENTS; i++) {
        CHECK(find(&look, &deaf, i) == NULL);
    }
    census_look_free(&look);
}

static void own_half_open_connections_are_seen(void)
{
    check_half_open(AF_INET);
}

static void also_those_of_ipv6(void)
{
    check_half_open(AF_INET6);
}

/* A program without a descriptor left says so instead of naming nobody. */
static void without_descriptors_a_look_fails_or_is_cut_short(void)
{
    struct deaf deaf;
    struct census_look look;
    struct buf why = BUF_INIT;
    struct rlimit before;
    int taken[FEW] = {0};
    size_t count = 0;
    if (!open_deaf(&deaf, AF_INET)) {
        CU_FAIL("there is no loopback");
        return;
    }
    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(setrlimit(RLIMIT_NOFILE, &(struct rlimit){FEW, before.rlim_max}) == 0);
    for (int fd = dup(0); fd >= 0 && count < FEW; fd = dup(0)) {
        taken[count++] = fd;
    }
    CHECK(count > 2);
    CHECK(!census_look_at_system(clock_now(), &look, &why));
    CHECK_TEXT(buf_text(&why), "The half-open connections cannot be seen: /proc/net/tcp cannot be "
                               "read: Too many open files.");
    census_look_free(&look);
    /* With one or two the table can be read, but no process can be looked at. */
    for (unsigned spare = 1; spare <= 2 && count > 0; spare++) {
        (void)close(taken[--count]);
        CHECK(census_look_at_system(clock_now(), &look, &why));
        CHECK(look.cut_short);
        CHECK(find(&look, &deaf, 0) != NULL);
        census_look_free(&look);
    }
    while (count > 0) {
        (void)close(taken[--count]);
    }
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    close_deaf(&deaf);
    buf_free(&why);
}

static void this_computer_is_known(void)
{
    struct buf own = BUF_INIT;
    struct buf again = BUF_INIT;
    CHECK(!census_is_this_computer("no-such-computer.example", &own));
    CHECK(own.len > 0);
    CHECK(census_is_this_computer(buf_text(&own), &again));
    CHECK_TEXT(buf_text(&again), buf_text(&own));
    CHECK(!census_is_this_computer("", &again));
    buf_free(&again);
    buf_free(&own);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"own half-open connections are seen", own_half_open_connections_are_seen},
        {"also those of IPv6", also_those_of_ipv6},
        {"without descriptors", without_descriptors_a_look_fails_or_is_cut_short},
        {"this computer is known", this_computer_is_known},
    };
    return RUN_SUITE("census of Linux", cases);
}
