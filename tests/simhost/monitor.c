/* monitor: a monitor of many hosts, as a client of the simulated host.
 *
 *     monitor --outside NET [--seconds N] [--at-once N] [--patience MS] [--port N]... ADDRESSES...
 *
 * Looks in rounds whether each of the addresses (198.18.0.1, or 198.18.0.1+50 for fifty in a row)
 * answers on each of the ports, N (50) at a time, begun one after the other, and takes for dead
 * what has not answered after MS milliseconds (1000). No round is begun after N seconds (5). Its
 * last line is JSON. */
#include "program.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { AT_ONCE_MOST = 256, TARGETS_MOST = 4096, PORTS_MOST = 8, PAUSE_MS = 50, PACE_US = 2000 };

struct target {
    uint32_t address;
    uint16_t port;
};

/* One of the looks that go on at the same time. */
struct look {
    int fd; /* -1: none */
    uint64_t deadline;
};

struct monitor {
    const char *outside;
    uint32_t seconds, at_once, patience_ms;
    uint16_t ports[PORTS_MOST];
    uint32_t port_count;
    struct target targets[TARGETS_MOST];
    uint32_t target_count;
    uint32_t next;       /* target of this round */
    uint64_t next_begin; /* not before then */
    struct look looks[AT_ONCE_MOST];
    uint64_t rounds, round_us, answered, silent;
};

static void end_look(struct look *look, uint64_t *count)
{
    (void)close(look->fd);
    look->fd = -1;
    (*count)++;
}

static void begin_look(struct monitor *m, struct look *look, uint64_t now)
{
    const struct target *target = &m->targets[m->next++];
    look->fd = program_dial(target->address, target->port);
    look->deadline = now + (uint64_t)m->patience_ms * 1000;
    m->next_begin = now + PACE_US;
    m->silent += look->fd < 0;
}

/* Begins what there is room for, and takes what is decided. False when nothing is left to do. */
static bool turn(struct monitor *m)
{
    struct pollfd p[AT_ONCE_MOST];
    uint64_t now = program_now_us();
    bool any = false;
    for (uint32_t i = 0; i < m->at_once; i++) {
        struct look *look = &m->looks[i];
        if (look->fd >= 0 && now >= look->deadline) {
            end_look(look, &m->silent);
        }
        if (look->fd < 0 && m->next < m->target_count && now >= m->next_begin) {
            begin_look(m, look, now);
        }
        any = any || look->fd >= 0;
        p[i] = (struct pollfd){.fd = look->fd, .events = POLLOUT};
    }
    (void)poll(p, m->at_once, m->next < m->target_count ? PACE_US / 1000 : PAUSE_MS);
    for (uint32_t i = 0; i < m->at_once; i++) {
        if (p[i].fd < 0 || p[i].revents == 0) {
            continue;
        }
        /* A refusal is an answer too. */
        bool answer = program_dialled(p[i].fd) != PROGRAM_UNREACHED;
        end_look(&m->looks[i], answer ? &m->answered : &m->silent);
    }
    return any || m->next < m->target_count;
}

static void run(struct monitor *m)
{
    uint64_t start = program_now_us();
    for (uint32_t i = 0; i < m->at_once; i++) {
        m->looks[i] = (struct look){.fd = -1};
    }
    while (m->rounds == 0 || program_now_us() - start < (uint64_t)m->seconds * 1000000) {
        uint64_t begun = program_now_us();
        m->next = 0;
        while (turn(m)) {
        }
        m->round_us += program_now_us() - begun;
        m->rounds++;
    }
    struct buf line = BUF_INIT;
    struct json j = json_start(&line);
    json_open_object(&j, NULL);
    json_text(&j, "program", "monitor");
    json_number(&j, "targets", m->target_count);
    json_number(&j, "rounds", m->rounds);
    json_number(&j, "round_ms", m->round_us / m->rounds / 1000);
    json_number(&j, "answered", m->answered);
    json_number(&j, "silent", m->silent);
    json_close_object(&j);
    program_say(&line);
}

/* ---- the command line ---- */

static bool take_option(void *context, const char *name, const char *value)
{
    struct monitor *m = context;
    uint32_t port;
    if (strcmp(name, "--outside") == 0) {
        m->outside = value;
        return true;
    }
    if (strcmp(name, "--seconds") == 0) {
        return program_number(value, 1, PROGRAM_SECONDS_MOST, &m->seconds);
    }
    if (strcmp(name, "--at-once") == 0) {
        return program_number(value, 1, AT_ONCE_MOST, &m->at_once);
    }
    if (strcmp(name, "--patience") == 0) {
        return program_number(value, 1, 60000, &m->patience_ms);
    }
    if (strcmp(name, "--port") == 0 && m->port_count < PORTS_MOST &&
        program_number(value, 1, UINT16_MAX, &port)) {
        m->ports[m->port_count++] = (uint16_t)port;
        return true;
    }
    return false;
}

/* Every port of every address of the range. */
static bool add_targets(struct monitor *m, const char *text)
{
    struct program_range range;
    if (!program_range(text, &range) ||
        range.count > (TARGETS_MOST - m->target_count) / m->port_count) {
        return false;
    }
    for (uint32_t i = 0; i < range.count; i++) {
        for (uint32_t k = 0; k < m->port_count; k++) {
            m->targets[m->target_count++] = (struct target){range.first + i, m->ports[k]};
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct monitor m = {.seconds = 5, .at_once = 50, .patience_ms = 1000};
    int at = program_options(argc, argv, take_option, &m);
    if (m.port_count == 0) {
        m.ports[m.port_count++] = 80;
    }
    while (at > 0 && at < argc && add_targets(&m, argv[at])) {
        at++;
    }
    if (at != argc || m.target_count == 0) {
        (void)fputs("usage: monitor --outside NET [--seconds N] [--at-once N] [--patience MS]\n"
                    "               [--port N]... ADDRESSES...\n",
                    stderr);
        return PROGRAM_WRONG_USAGE;
    }
    if (!program_confined("monitor", m.outside)) {
        return PROGRAM_REFUSED;
    }
    run(&m);
    return 0;
}
