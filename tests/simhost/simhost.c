/* simhost: a host with Windows XP's limit of half-open connections, for real clients on Linux.
 *
 *     simhost --outside NET --servers PID --root WINDOWS --log FILE --computer NAME [OPTION]...
 *
 * It runs in the network namespace of its clients and forwards their packets to that of the servers
 * (the process PID is in it) and back, each after half a round trip. The limit is read when it
 * starts, from the tcpip.sys that is installed in WINDOWS; rule.h says what it does to a new
 * connection. When the limit is hit an event 4226 of the computer NAME is added to the System log
 * FILE; event 6005 at the start.
 *
 *     --rtt MS         round trip (40)
 *     --releases N     a second, of queued attempts (RULE_RELEASES_PER_SECOND)
 *     --seconds N      ends by itself after so long (120)
 *
 * A line of JSON says when it forwards, one at its end (SIGTERM) what it did. Exit status: 0 done,
 * 1 failed, 2 wrong usage, 3 refused (not confined, or no limit that is certain). */
#include "confined.h"
#include "delay.h"
#include "events.h"
#include "patchcore.h"
#include "program.h"
#include "rule.h"
#include "sockets.h"
#include "wire.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    LOOK_US = 100000,     /* between looks at the clients' sockets */
    PACKETS_A_TURN = 256, /* read from one device before the other gets its turn */
    MOST_RTT_MS = 2000,
};

struct options {
    const char *outside;
    const char *servers;
    const char *root;
    struct event_log log;
    uint32_t rtt_ms, releases, seconds;
};

struct host {
    struct rule *rule;
    struct delay *to_lan, *to_host;
    struct sockets *sockets;
    FILE *socket_list;
    struct wire wire;
    struct event_log log;
    uint64_t next_look;
    uint64_t first_attempt; /* 0: none yet */
    uint64_t lost;          /* packets that a full way or device did not take */
    bool log_failed;
};

/* ---- what is forwarded ---- */

/* A packet of the clients. What is no IPv4 (their system's own IPv6 probes) goes nowhere. */
static void from_client(struct host *host, uint64_t now, const uint8_t *bytes, size_t size)
{
    struct packet packet;
    if (!packet_parse(bytes, size, &packet)) {
        return;
    }
    if (packet.is_tcp && (packet.flags & (PACKET_SYN | PACKET_ACK)) == PACKET_SYN) {
        host->first_attempt = host->first_attempt != 0 ? host->first_attempt : now;
        if (rule_syn(host->rule, now, &packet, bytes, size) != RULE_SEND) {
            return;
        }
    } else if (packet.is_tcp) {
        rule_sent(host->rule, now, &packet);
    }
    host->lost += !delay_put(host->to_lan, now, bytes, size);
}

static void from_server(struct host *host, uint64_t now, const uint8_t *bytes, size_t size)
{
    struct packet packet;
    if (packet_parse(bytes, size, &packet)) {
        host->lost += !delay_put(host->to_host, now, bytes, size);
    }
}

static void read_device(struct host *host, int fd, uint64_t now,
                        void (*take)(struct host *host, uint64_t now, const uint8_t *bytes,
                                     size_t size))
{
    uint8_t bytes[DELAY_BYTES];
    for (int i = 0; i < PACKETS_A_TURN; i++) {
        ssize_t got = read(fd, bytes, sizeof bytes);
        if (got <= 0) {
            return;
        }
        take(host, now, bytes, (size_t)got);
    }
}

static void write_device(struct host *host, int fd, const uint8_t *bytes, size_t size)
{
    host->lost += write(fd, bytes, size) != (ssize_t)size;
}

static void deliver(struct host *host, uint64_t now)
{
    const uint8_t *bytes;
    size_t size;
    while ((bytes = delay_take(host->to_lan, now, &size)) != NULL) {
        write_device(host, host->wire.lan, bytes, size);
    }
    while ((bytes = delay_take(host->to_host, now, &size)) != NULL) {
        struct packet packet;
        if (packet_parse(bytes, size, &packet) && packet.is_tcp) {
            rule_come(host->rule, now, &packet);
        }
        write_device(host, host->wire.host, bytes, size);
    }
}

static bool socket_exists(void *context, const struct packet_ends *ends)
{
    return sockets_hold(context, ends);
}

/* What the rule does by itself. */
static void keep_rule(struct host *host, uint64_t now)
{
    uint8_t syn[RULE_SYN_MOST];
    size_t size;
    rule_expire(host->rule, now);
    if (now >= host->next_look) {
        host->next_look = now + LOOK_US;
        if (sockets_read(host->sockets, host->socket_list)) {
            rule_look(host->rule, now, socket_exists, host->sockets);
        }
    }
    while ((size = rule_release(host->rule, now, syn)) > 0) {
        host->lost += !delay_put(host->to_lan, now, syn, size);
    }
    if (rule_event(host->rule, now) && !events_limit_reached(&host->log)) {
        host->log_failed = true;
    }
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static int wait_ms(const struct host *host, uint64_t now)
{
    uint64_t next = sooner(host->next_look, rule_next_release(host->rule));
    next = sooner(next, sooner(delay_next(host->to_lan), delay_next(host->to_host)));
    return next > now ? (int)((next - now + 999) / 1000) : 0;
}

/* Until a signal to end comes, or its time is over. */
static void forward(struct host *host, int signals, uint32_t seconds)
{
    struct pollfd p[] = {{.fd = signals, .events = POLLIN},
                         {.fd = host->wire.host, .events = POLLIN},
                         {.fd = host->wire.lan, .events = POLLIN}};
    uint64_t now = program_now_us();
    uint64_t end = now + (uint64_t)seconds * 1000000;
    while (now < end && !host->log_failed && p[0].revents == 0) {
        (void)poll(p, sizeof p / sizeof p[0], wait_ms(host, now));
        now = program_now_us();
        read_device(host, host->wire.host, now, from_client);
        read_device(host, host->wire.lan, now, from_server);
        deliver(host, now);
        keep_rule(host, now);
    }
}

/* ---- its boot ---- */

/* The limit of the tcpip.sys that Windows would load. False, and said why, when it is not certain.
 */
static bool read_limit(const char *root, uint32_t *limit, struct buf *why)
{
    const struct pc_context pc = {.os = os_native()};
    struct pc_target target;
    bool good = false;
    if (pc_find(&pc, root, &target, why) == PC_DONE) {
        const struct pc_copy *drivers = &target.copies[PC_DRIVERS];
        good = drivers->access == OS_OK && pc_writable(&drivers->inspection);
        *limit = good ? drivers->inspection.limit : 0;
        if (!good) {
            buf_printf(why, "The tcpip.sys in %s has no limit that is certain: %s", root,
                       drivers->access == OS_OK ? drivers->inspection.reason
                                                : os_status_text(drivers->access));
        }
    }
    pc_target_free(&target);
    return good;
}

static void say_limit(uint32_t limit)
{
    struct buf line = BUF_INIT;
    struct json j = json_start(&line);
    json_open_object(&j, NULL);
    json_number(&j, "limit", limit);
    json_close_object(&j);
    program_say(&line);
}

static void say_figures(const struct host *host, uint32_t limit)
{
    const struct rule_figures f = rule_figures(host->rule);
    uint64_t ms = host->first_attempt != 0 ? (program_now_us() - host->first_attempt) / 1000 : 0;
    struct buf line = BUF_INIT;
    struct json j = json_start(&line);
    json_open_object(&j, NULL);
    json_number(&j, "limit", limit);
    json_number(&j, "attempts", f.attempts);
    json_number(&j, "completed", f.completed);
    json_number(&j, "refused", f.refused);
    json_number(&j, "timed_out", f.timed_out);
    json_number(&j, "abandoned", f.abandoned);
    json_number(&j, "never_sent", f.never_sent);
    json_number(&j, "overflowed", f.overflowed);
    json_number(&j, "lost_packets", host->lost);
    json_number(&j, "queued", f.queued);
    json_number(&j, "queued_most", f.queued_most);
    json_number(&j, "half_open_most", f.half_open_most);
    json_number(&j, "longest_wait_ms", f.longest_wait / 1000);
    json_number(&j, "milliseconds", ms);
    json_number(&j, "completed_per_second", ms > 0 ? f.completed * 1000 / ms : 0);
    json_number(&j, "events_4226", f.events);
    json_close_object(&j);
    program_say(&line);
}

static bool make_host(struct host *host, const struct options *o, uint32_t limit, struct buf *why)
{
    const struct rule_settings settings = {limit, o->releases, RULE_EVENT_MS, RULE_TIMEOUT_MS};
    uint64_t one_way = (uint64_t)o->rtt_ms * 1000 / 2;
    host->log = o->log;
    host->rule = rule_open(&settings);
    host->to_lan = delay_open(one_way);
    host->to_host = delay_open(one_way);
    host->sockets = malloc(sizeof *host->sockets);
    host->socket_list = fopen("/proc/self/net/tcp", "re");
    if (host->rule == NULL || host->to_lan == NULL || host->to_host == NULL ||
        host->sockets == NULL) {
        buf_add_text(why, "Memory is out.");
        return false;
    }
    if (host->socket_list == NULL) {
        buf_add_text(why, "/proc/self/net/tcp cannot be read.");
        return false;
    }
    return wire_open(&host->wire, o->servers, why);
}

static void free_host(struct host *host)
{
    wire_close(&host->wire);
    if (host->socket_list != NULL) {
        (void)fclose(host->socket_list);
    }
    free(host->sockets);
    delay_close(host->to_host);
    delay_close(host->to_lan);
    rule_close(host->rule);
}

static int signals_to_end(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return sigprocmask(SIG_BLOCK, &set, NULL) == 0 ? signalfd(-1, &set, SFD_CLOEXEC) : -1;
}

static int run(const struct options *o, struct buf *why)
{
    struct host host = {.wire = {-1, -1}};
    uint32_t limit = 0;
    int signals = signals_to_end();
    int status = PROGRAM_REFUSED;
    if (!confined(o->outside, why) || !read_limit(o->root, &limit, why)) {
        goto done;
    }
    status = PROGRAM_FAILED;
    if (signals < 0 || !make_host(&host, o, limit, why) || !events_started(&o->log)) {
        goto done;
    }
    say_limit(limit);
    forward(&host, signals, o->seconds);
    say_figures(&host, limit);
    status = host.log_failed ? PROGRAM_FAILED : 0;
done:
    free_host(&host);
    if (signals >= 0) {
        (void)close(signals);
    }
    return status;
}

/* ---- the command line ---- */

static bool take_option(void *context, const char *name, const char *value)
{
    struct options *o = context;
    const struct {
        const char *name;
        const char **text;
        uint32_t *number;
        uint32_t most;
    } all[] = {
        {"--outside", &o->outside, NULL, 0},
        {"--servers", &o->servers, NULL, 0},
        {"--root", &o->root, NULL, 0},
        {"--log", &o->log.path, NULL, 0},
        {"--computer", &o->log.computer, NULL, 0},
        {"--rtt", NULL, &o->rtt_ms, MOST_RTT_MS},
        {"--releases", NULL, &o->releases, 1000000},
        {"--seconds", NULL, &o->seconds, PROGRAM_SECONDS_MOST},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(all[i].name, name) != 0) {
            continue;
        }
        if (all[i].text != NULL) {
            *all[i].text = value;
            return true;
        }
        return program_number(value, 1, all[i].most, all[i].number);
    }
    return false;
}

int main(int argc, char **argv)
{
    struct options o = {.rtt_ms = 40, .releases = RULE_RELEASES_PER_SECOND, .seconds = 120};
    int rest = program_options(argc, argv, take_option, &o);
    if (rest != argc || o.outside == NULL || o.servers == NULL || o.root == NULL ||
        o.log.path == NULL || o.log.computer == NULL) {
        (void)fputs("usage: simhost --outside NET --servers PID --root WINDOWS --log FILE "
                    "--computer NAME\n               [--rtt MS] [--releases N] [--seconds N]\n",
                    stderr);
        return PROGRAM_WRONG_USAGE;
    }
    struct buf why = BUF_INIT;
    int status = run(&o, &why);
    if (why.len > 0) {
        (void)fprintf(stderr, "simhost: %s\n", buf_text(&why));
    }
    buf_free(&why);
    return status;
}
