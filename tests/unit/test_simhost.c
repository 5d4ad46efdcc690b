#include "check.h"

#include "confined.h"
#include "delay.h"
#include "packet.h"
#include "program.h"
#include "rule.h"
#include "sockets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS     UINT64_C(1000)
#define SECOND (1000 * MS)

enum { SYN_SIZE = 44, CLIENT = 0x0a000001, SERVER = 0x0a000002 };

/* ---- packets ---- */

static void put_be16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 8 & 0xff);
    p[1] = (uint8_t)(value & 0xff);
}

static void put_be32(uint8_t *p, uint32_t value)
{
    put_be16(p, value >> 16);
    put_be16(p + 2, value & 0xffff);
}

/* A TCP packet of 44 bytes: 20 of IP, 24 of TCP. */
static void make_packet(uint8_t out[SYN_SIZE], const struct packet *p)
{
    memset(out, 0, SYN_SIZE);
    out[0] = 0x45;
    put_be16(out + 2, SYN_SIZE);
    out[8] = 64;
    out[9] = 6;
    put_be32(out + 12, p->source);
    put_be32(out + 16, p->target);
    put_be16(out + 20, p->source_port);
    put_be16(out + 22, p->target_port);
    put_be32(out + 24, p->seq);
    put_be32(out + 28, p->ack);
    out[32] = 6 << 4;
    out[33] = p->flags;
}

static struct packet syn_of(uint16_t port, uint32_t seq)
{
    return (struct packet){CLIENT, SERVER, true, port, 80, seq, 0, PACKET_SYN};
}

/* Reads a copy that ends where the bytes end, so that the sanitizer sees who reads on. */
static bool parse_copy(const uint8_t *bytes, size_t size, struct packet *out)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    bool good = false;
    CU_ASSERT_PTR_NOT_NULL(copy);
    if (copy != NULL) {
        memcpy(copy, bytes, size);
        good = packet_parse(copy, size, out);
    }
    free(copy);
    return good;
}

static void a_packet_is_read(void)
{
    const struct packet made = {CLIENT, SERVER, true, 1234, 80, 7, 8, PACKET_SYN | PACKET_ACK};
    uint8_t bytes[SYN_SIZE];
    struct packet read;
    make_packet(bytes, &made);
    CHECK(packet_parse(bytes, sizeof bytes, &read));
    CHECK(read.is_tcp);
    CHECK_NUMBER(read.source, CLIENT);
    CHECK_NUMBER(read.target, SERVER);
    CHECK_NUMBER(read.source_port, 1234);
    CHECK_NUMBER(read.target_port, 80);
    CHECK_NUMBER(read.seq, 7);
    CHECK_NUMBER(read.ack, 8);
    CHECK_NUMBER(read.flags, PACKET_SYN | PACKET_ACK);
    struct packet_ends sent = packet_ends_sent(&read);
    CHECK_NUMBER(sent.local, CLIENT);
    CHECK_NUMBER(sent.local_port, 1234);
    struct packet_ends come = packet_ends_come(&read);
    CHECK_NUMBER(come.local, SERVER);
    CHECK_NUMBER(come.remote_port, 1234);
    CHECK(!packet_same_ends(&sent, &come));
    CHECK(packet_same_ends(&sent, &sent));
}

static void a_cut_packet_is_none(void)
{
    const struct packet made = syn_of(1234, 7);
    uint8_t bytes[SYN_SIZE];
    struct packet read;
    make_packet(bytes, &made);
    for (size_t size = 0; size < sizeof bytes; size++) {
        CHECK(!parse_copy(bytes, size, &read));
    }
}

static void lengths_that_do_not_fit_are_refused(void)
{
    static const struct {
        size_t at;
        uint8_t value;
        bool good;
    } cases[] = {
        {0, 0x44, false},  /* an IP header of 16 bytes */
        {0, 0x4b, false},  /* of 44: no room for TCP's */
        {0, 0x4f, false},  /* of 60: more than there is */
        {0, 0x65, false},  /* version 6 */
        {3, 19, false},    /* shorter than the IP header */
        {3, 39, false},    /* shorter than both headers */
        {3, 40, false},    /* TCP's header is longer than what is left */
        {3, 45, false},    /* longer than what there is */
        {2, 0xff, false},  /* far longer */
        {32, 0x40, false}, /* a TCP header of 16 bytes */
        {32, 0x70, false}, /* of 28 */
        {32, 0x50, true},  /* of 20, and data */
    };
    const struct packet made = syn_of(1234, 7);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[SYN_SIZE];
        struct packet read;
        make_packet(bytes, &made);
        bytes[cases[i].at] = cases[i].value;
        CHECK_NUMBER(parse_copy(bytes, sizeof bytes, &read), cases[i].good);
    }
}

static void other_protocols_and_fragments_are_not_tcp(void)
{
    const struct packet made = syn_of(1234, 7);
    uint8_t bytes[SYN_SIZE];
    struct packet read;
    make_packet(bytes, &made);
    bytes[9] = 17; /* UDP */
    CHECK(packet_parse(bytes, sizeof bytes, &read));
    CHECK(!read.is_tcp);
    bytes[0] = 0x44; /* an IP header of 16 bytes */
    CHECK(!packet_parse(bytes, sizeof bytes, &read));
    make_packet(bytes, &made);
    bytes[7] = 1; /* a later fragment: what looks like a header is none */
    CHECK(packet_parse(bytes, sizeof bytes, &read));
    CHECK(!read.is_tcp);
    make_packet(bytes, &made);
    bytes[6] = 0x20; /* the first of several */
    CHECK(packet_parse(bytes, sizeof bytes, &read));
    CHECK(read.is_tcp);
}

/* Every byte with every value, at full length and cut: nothing is read that is not there. */
static void no_byte_makes_it_read_on(void)
{
    const struct packet made = syn_of(1234, 7);
    for (size_t at = 0; at < SYN_SIZE; at++) {
        for (unsigned value = 0; value < 256; value++) {
            uint8_t bytes[SYN_SIZE];
            struct packet read;
            make_packet(bytes, &made);
            bytes[at] = (uint8_t)value;
            bool whole = parse_copy(bytes, sizeof bytes, &read);
            CHECK(whole || !read.is_tcp);
            CHECK(!parse_copy(bytes, 23, &read) || !read.is_tcp);
        }
    }
}

/* ---- the rule ---- */

static const struct rule_settings ten = {10, RULE_RELEASES_PER_SECOND, RULE_EVENT_MS,
                                         RULE_TIMEOUT_MS};

static struct rule *open_rule(void)
{
    struct rule *rule = rule_open(&ten);
    CU_ASSERT_PTR_NOT_NULL_FATAL(rule);
    return rule;
}

static enum rule_verdict syn(struct rule *rule, uint64_t now, uint16_t port, uint32_t seq)
{
    const struct packet packet = syn_of(port, seq);
    uint8_t bytes[SYN_SIZE];
    make_packet(bytes, &packet);
    return rule_syn(rule, now, &packet, bytes, sizeof bytes);
}

/* The ports `first` to `last`, each with its number as its sequence number. */
static void syns(struct rule *rule, uint64_t now, uint16_t first, uint16_t last,
                 enum rule_verdict expected)
{
    for (uint16_t port = first; port <= last; port++) {
        CHECK_NUMBER(syn(rule, now, port, port), expected);
    }
}

static void answer(struct rule *rule, uint64_t now, uint16_t port, uint32_t ack, unsigned flags)
{
    const struct packet packet = {SERVER, CLIENT, true, 80, port, 99, ack, (uint8_t)flags};
    rule_come(rule, now, &packet);
}

static void complete(struct rule *rule, uint64_t now, uint16_t port)
{
    answer(rule, now, port, port + 1U, PACKET_SYN | PACKET_ACK);
}

/* The port of the SYN that is released; 0: none is. */
static uint16_t released(struct rule *rule, uint64_t now)
{
    uint8_t bytes[RULE_SYN_MOST];
    struct packet packet;
    size_t size = rule_release(rule, now, bytes);
    if (size == 0) {
        return 0;
    }
    CHECK_NUMBER(size, SYN_SIZE);
    CHECK(packet_parse(bytes, size, &packet));
    return packet.source_port;
}

static bool always(void *context, const struct packet_ends *ends)
{
    (void)ends;
    return *(const bool *)context;
}

static void settings_without_a_number_are_refused(void)
{
    const struct rule_settings wrong[] = {{0, 1, 1, 1}, {1, 0, 1, 1}, {1, 1, 0, 1}, {1, 1, 1, 0}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CU_ASSERT_PTR_NULL(rule_open(&wrong[i]));
    }
}

static void as_many_as_the_limit_go_out(void)
{
    struct rule *rule = open_rule();
    syns(rule, SECOND, 1, 10, RULE_SEND);
    CHECK_NUMBER(rule_half_open(rule), 10);
    CHECK(!rule_event(rule, SECOND));
    syns(rule, SECOND, 11, 25, RULE_HOLD);
    CHECK_NUMBER(rule_half_open(rule), 10);
    CHECK_NUMBER(rule_queued(rule), 15);
    CHECK(rule_event(rule, SECOND));
    struct rule_figures f = rule_figures(rule);
    CHECK_NUMBER(f.attempts, 25);
    CHECK_NUMBER(f.queued, 15);
    CHECK_NUMBER(f.queued_most, 15);
    CHECK_NUMBER(f.half_open_most, 10);
    rule_close(rule);
}

static void completed_ones_make_room_at_once(void)
{
    struct rule *rule = open_rule();
    for (uint16_t port = 1; port <= 1000; port++) {
        CHECK_NUMBER(syn(rule, SECOND, port, port), RULE_SEND);
        complete(rule, SECOND, port);
    }
    CHECK_NUMBER(rule_half_open(rule), 0);
    CHECK_NUMBER(rule_figures(rule).completed, 1000);
    CHECK(!rule_event(rule, SECOND));
    rule_close(rule);
}

static void the_queue_keeps_its_order_and_its_rate(void)
{
    struct rule *rule = open_rule();
    syns(rule, SECOND, 1, 10, RULE_SEND);
    syns(rule, SECOND, 11, 13, RULE_HOLD);
    CHECK_NUMBER(rule_next_release(rule), UINT64_MAX);
    for (uint16_t port = 1; port <= 5; port++) {
        complete(rule, SECOND, port);
    }
    /* There are five places, but it is not its turn yet: ten a second. */
    CHECK_NUMBER(rule_next_release(rule), SECOND + 100 * MS);
    CHECK_NUMBER(released(rule, SECOND + 99 * MS), 0);
    CHECK_NUMBER(released(rule, SECOND + 100 * MS), 11);
    CHECK_NUMBER(released(rule, SECOND + 100 * MS), 0);
    /* Who comes now goes behind those who wait, though there is a place. */
    CHECK_NUMBER(syn(rule, SECOND + 101 * MS, 14, 14), RULE_HOLD);
    CHECK_NUMBER(released(rule, SECOND + 200 * MS), 12);
    CHECK_NUMBER(released(rule, SECOND + 300 * MS), 13);
    CHECK_NUMBER(released(rule, SECOND + 400 * MS), 14);
    CHECK_NUMBER(released(rule, 9 * SECOND), 0);
    CHECK_NUMBER(rule_queued(rule), 0);
    CHECK_NUMBER(rule_half_open(rule), 9);
    CHECK_NUMBER(rule_figures(rule).longest_wait, 300 * MS);
    /* Nobody waits: the next one goes out at once. */
    CHECK_NUMBER(syn(rule, 9 * SECOND, 15, 15), RULE_SEND);
    rule_close(rule);
}

static void a_turn_without_a_place_waits_for_one(void)
{
    struct rule *rule = open_rule();
    syns(rule, SECOND, 1, 10, RULE_SEND);
    syns(rule, SECOND, 11, 12, RULE_HOLD);
    CHECK_NUMBER(released(rule, 3 * SECOND), 0);
    complete(rule, 3 * SECOND, 4);
    CHECK_NUMBER(released(rule, 3 * SECOND), 11);
    CHECK_NUMBER(rule_half_open(rule), 10);
    CHECK_NUMBER(released(rule, 4 * SECOND), 0);
    rule_close(rule);
}

static void only_what_answers_the_syn_ends_it(void)
{
    struct rule *rule = open_rule();
    syns(rule, SECOND, 1, 10, RULE_SEND);
    syns(rule, SECOND, 11, 11, RULE_HOLD);
    answer(rule, SECOND, 1, 1, PACKET_SYN | PACKET_ACK); /* acknowledges something else */
    answer(rule, SECOND, 1, 2, PACKET_ACK);
    answer(rule, SECOND, 1, 2, PACKET_SYN);
    answer(rule, SECOND, 1, 0, PACKET_RST);
    answer(rule, SECOND, 1, 9, PACKET_RST | PACKET_ACK);
    answer(rule, SECOND, 99, 100, PACKET_SYN | PACKET_ACK); /* nobody's */
    answer(rule, SECOND, 11, 12, PACKET_SYN | PACKET_ACK);  /* has not been sent */
    CHECK_NUMBER(rule_half_open(rule), 10);
    CHECK_NUMBER(rule_queued(rule), 1);
    answer(rule, SECOND, 1, 2, PACKET_SYN | PACKET_ACK);
    CHECK_NUMBER(rule_figures(rule).completed, 1);
    answer(rule, SECOND, 2, 3, PACKET_RST | PACKET_ACK);
    CHECK_NUMBER(rule_figures(rule).refused, 1);
    CHECK_NUMBER(rule_half_open(rule), 8);
    answer(rule, SECOND, 2, 3, PACKET_RST | PACKET_ACK);
    CHECK_NUMBER(rule_figures(rule).refused, 1);
    rule_close(rule);
}

static void unanswered_ones_time_out(void)
{
    struct rule *rule = open_rule();
    syns(rule, SECOND, 1, 10, RULE_SEND);
    syns(rule, 2 * SECOND, 11, 12, RULE_HOLD);
    rule_expire(rule, 22 * SECOND - 1);
    CHECK_NUMBER(rule_half_open(rule), 10);
    rule_expire(rule, 22 * SECOND);
    CHECK_NUMBER(rule_half_open(rule), 0);
    CHECK_NUMBER(rule_queued(rule), 2);
    CHECK_NUMBER(released(rule, 22 * SECOND), 11);
    rule_expire(rule, 23 * SECOND);
    CHECK_NUMBER(rule_queued(rule), 0);
    struct rule_figures f = rule_figures(rule);
    CHECK_NUMBER(f.timed_out, 11);
    CHECK_NUMBER(f.never_sent, 1);
    CHECK_NUMBER(f.longest_wait, 21 * SECOND);
    /* The time of a released one counts from when it went out. */
    rule_expire(rule, 43 * SECOND - 1);
    CHECK_NUMBER(rule_half_open(rule), 1);
    rule_expire(rule, 43 * SECOND);
    CHECK_NUMBER(rule_half_open(rule), 0);
    rule_close(rule);
}

static void a_reset_of_the_client_ends_it(void)
{
    struct rule *rule = open_rule();
    struct packet packet = syn_of(3, 3);
    syns(rule, SECOND, 1, 10, RULE_SEND);
    syns(rule, SECOND, 11, 11, RULE_HOLD);
    packet.flags = PACKET_ACK;
    rule_sent(rule, SECOND, &packet);
    CHECK_NUMBER(rule_half_open(rule), 10);
    packet.flags = PACKET_RST;
    rule_sent(rule, SECOND, &packet);
    CHECK_NUMBER(rule_half_open(rule), 9);
    packet.source_port = 11;
    rule_sent(rule, SECOND, &packet);
    CHECK_NUMBER(rule_queued(rule), 0);
    CHECK_NUMBER(rule_figures(rule).abandoned, 2);
    CHECK_NUMBER(rule_figures(rule).never_sent, 1);
    rule_close(rule);
}

static void a_syn_that_comes_again_is_no_new_attempt(void)
{
    struct rule *rule = open_rule();
    syns(rule, SECOND, 1, 10, RULE_SEND);
    syns(rule, SECOND, 11, 12, RULE_HOLD);
    syns(rule, 2 * SECOND, 1, 10, RULE_SEND);
    syns(rule, 2 * SECOND, 11, 12, RULE_DROP);
    CHECK_NUMBER(rule_figures(rule).attempts, 12);
    CHECK_NUMBER(rule_half_open(rule), 10);
    CHECK_NUMBER(rule_queued(rule), 2);
    /* Nor does it live any longer for it. */
    rule_expire(rule, 22 * SECOND);
    CHECK_NUMBER(rule_figures(rule).timed_out, 12);
    rule_close(rule);
}

static void a_port_that_is_used_again_is_a_new_attempt(void)
{
    struct rule *rule = open_rule();
    syns(rule, SECOND, 1, 10, RULE_SEND);
    syns(rule, SECOND, 11, 11, RULE_HOLD);
    /* The old one was given up, and the new one goes behind those who wait. */
    CHECK_NUMBER(syn(rule, 2 * SECOND, 5, 500), RULE_HOLD);
    CHECK_NUMBER(rule_half_open(rule), 9);
    CHECK_NUMBER(rule_figures(rule).abandoned, 1);
    CHECK_NUMBER(released(rule, 2 * SECOND), 11);
    complete(rule, 2 * SECOND, 1);
    CHECK_NUMBER(released(rule, 3 * SECOND), 5);
    answer(rule, 3 * SECOND, 5, 501, PACKET_SYN | PACKET_ACK);
    CHECK_NUMBER(rule_figures(rule).completed, 2);
    CHECK_NUMBER(rule_figures(rule).attempts, 12);
    rule_close(rule);
}

static void what_has_no_room_is_lost(void)
{
    struct rule *rule = open_rule();
    uint8_t bytes[RULE_SYN_MOST + 1] = {0};
    const struct packet packet = syn_of(1, 1);
    CHECK_NUMBER(rule_syn(rule, SECOND, &packet, bytes, sizeof bytes), RULE_DROP);
    CHECK_NUMBER(rule_figures(rule).attempts, 0);
    syns(rule, SECOND, 1, 10, RULE_SEND);
    syns(rule, SECOND, 11, RULE_ATTEMPTS_MOST, RULE_HOLD);
    syns(rule, SECOND, RULE_ATTEMPTS_MOST + 1, RULE_ATTEMPTS_MOST + 7, RULE_DROP);
    CHECK_NUMBER(rule_queued(rule), RULE_ATTEMPTS_MOST - 10);
    CHECK_NUMBER(rule_figures(rule).overflowed, 8);
    complete(rule, SECOND, 1);
    CHECK_NUMBER(syn(rule, 2 * SECOND, RULE_ATTEMPTS_MOST + 1, 1), RULE_HOLD);
    CHECK_NUMBER(released(rule, 2 * SECOND), 11);
    rule_close(rule);
}

static void an_attempt_without_its_socket_was_given_up(void)
{
    struct rule *rule = open_rule();
    bool there = false;
    syns(rule, SECOND, 1, 10, RULE_SEND);
    syns(rule, SECOND, 11, 12, RULE_HOLD);
    /* Once may be a gap in the list. */
    rule_look(rule, SECOND, always, &there);
    there = true;
    rule_look(rule, SECOND, always, &there);
    there = false;
    rule_look(rule, SECOND, always, &there);
    CHECK_NUMBER(rule_half_open(rule) + rule_queued(rule), 12);
    rule_look(rule, SECOND, always, &there);
    CHECK_NUMBER(rule_half_open(rule) + rule_queued(rule), 0);
    CHECK_NUMBER(rule_figures(rule).abandoned, 12);
    CHECK_NUMBER(rule_figures(rule).never_sent, 2);
    rule_close(rule);
}

static void events_come_while_it_limits(void)
{
    struct rule *rule = open_rule();
    uint64_t now = SECOND;
    unsigned events = 0;
    syns(rule, now, 1, 10, RULE_SEND);
    CHECK(!rule_event(rule, now));
    syns(rule, now, 11, 11, RULE_HOLD);
    for (; now < 11 * SECOND; now += 10 * MS) {
        events += rule_event(rule, now);
    }
    CHECK_NUMBER(events, 5); /* at 1, 3, 5, 7 and 9 s */
    complete(rule, now, 1);
    CHECK_NUMBER(released(rule, now), 11);
    CHECK(!rule_event(rule, now + 60 * SECOND));
    /* A wait that was over before the event's turn is told all the same, once. */
    syns(rule, now + 60 * SECOND, 12, 12, RULE_HOLD);
    complete(rule, now + 60 * SECOND, 2);
    CHECK_NUMBER(released(rule, now + 61 * SECOND), 12);
    CHECK(rule_event(rule, now + 61 * SECOND));
    CHECK(!rule_event(rule, now + 99 * SECOND));
    CHECK_NUMBER(rule_figures(rule).events, 6);
    rule_close(rule);
}

static void with_its_limit_raised_it_stays_out_of_the_way(void)
{
    const struct rule_settings hundred = {100, RULE_RELEASES_PER_SECOND, RULE_EVENT_MS,
                                          RULE_TIMEOUT_MS};
    struct rule *rule = rule_open(&hundred);
    CU_ASSERT_PTR_NOT_NULL_FATAL(rule);
    syns(rule, SECOND, 1, 100, RULE_SEND);
    CHECK(!rule_event(rule, SECOND));
    syns(rule, SECOND, 101, 101, RULE_HOLD);
    rule_close(rule);
}

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t bound)
{
    random_state = random_state * 1664525U + 1013904223U;
    return (random_state >> 8) % bound;
}

/* One thing of those that can happen. */
static void anything(struct rule *rule, uint64_t now)
{
    uint16_t port = (uint16_t)(1 + random_below(60));
    uint32_t seq = port * 10U + random_below(2);
    bool there = random_below(3) != 0;
    struct packet packet = syn_of(port, seq);
    uint32_t what = random_below(8);
    if (what < 3) {
        (void)syn(rule, now, port, seq);
    } else if (what < 6) {
        answer(rule, now, port, seq + 1, (what == 5 ? PACKET_RST : PACKET_SYN) | PACKET_ACK);
    } else if (what == 6) {
        packet.flags = PACKET_RST;
        rule_sent(rule, now, &packet);
    } else {
        rule_look(rule, now, always, &there);
    }
}

/* Whatever happens in whatever order: never more than the limit, never faster than the rate, and
 * every attempt is somewhere. */
static void the_promises_hold_in_any_order(void)
{
    struct rule *rule = open_rule();
    uint64_t now = SECOND;
    uint64_t last_release = 0;
    unsigned wrong = 0;
    unsigned releases = 0;
    for (unsigned i = 0; i < 200000; i++) {
        now += random_below(40) * MS;
        anything(rule, now);
        if (random_below(5) == 0) {
            rule_expire(rule, now);
        }
        if (released(rule, now) != 0) {
            wrong += releases > 0 && now - last_release < 100 * MS;
            last_release = now;
            releases++;
        }
        struct rule_figures f = rule_figures(rule);
        wrong += rule_half_open(rule) > 10;
        wrong += f.attempts != f.completed + f.refused + f.timed_out + f.abandoned +
                                   rule_half_open(rule) + rule_queued(rule);
    }
    CHECK_NUMBER(wrong, 0);
    CHECK(releases > 100);
    rule_close(rule);
}

/* ---- the way, the sockets, the addresses ---- */

static void packets_arrive_in_order_and_in_time(void)
{
    struct delay *delay = delay_open(20 * MS);
    uint8_t bytes[DELAY_BYTES + 1] = {0};
    size_t size = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(delay);
    CHECK_NUMBER(delay_next(delay), UINT64_MAX);
    CHECK(!delay_put(delay, SECOND, bytes, sizeof bytes));
    /* Twice around the ring. */
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < DELAY_PACKETS; i++) {
            bytes[0] = (uint8_t)i;
            CHECK(delay_put(delay, SECOND + i, bytes, 1 + i % DELAY_BYTES));
        }
        CHECK(!delay_put(delay, SECOND, bytes, 1));
        CHECK_NUMBER(delay_next(delay), SECOND + 20 * MS);
        CU_ASSERT_PTR_NULL(delay_take(delay, SECOND + 20 * MS - 1, &size));
        for (unsigned i = 0; i < DELAY_PACKETS; i++) {
            const uint8_t *taken = delay_take(delay, SECOND + 20 * MS + i, &size);
            CU_ASSERT_PTR_NOT_NULL_FATAL(taken);
            CHECK_NUMBER(taken[0], i & 0xff);
            CHECK_NUMBER(size, 1 + i % DELAY_BYTES);
        }
        CU_ASSERT_PTR_NULL(delay_take(delay, 99 * SECOND, &size));
    }
    delay_close(delay);
}

static void lines_of_sockets_are_read(void)
{
    static const char *const wrong[] = {
        "",
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n",
        "   0: 0100007F:1F90 0100007F:0050 0",
        "   0: 0100007F:1F90 0100007F:0050 0G ",
        "   0: 0100007F:1F90 0100007F 02 ",
        "   0: 0100007F1F90 0100007F:0050 02 ",
        "   0: 010000:1F90 0100007F:0050 02 ",
        "   0: 0100007F:1F90",
    };
    struct packet_ends ends;
    unsigned state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK(!sockets_parse(wrong[i], &ends, &state));
    }
    /* 1.1.1.1 and 2.2.2.2: the same in the memory of any machine. */
    CHECK(sockets_parse("  12: 01010101:1F90 02020202:0050 02 00000001:00000000 01:00000064 "
                        "00000001     0        0 0 2 0000000000000000 800 0 0 1 7\n",
                        &ends, &state));
    CHECK_NUMBER(ends.local, 0x01010101);
    CHECK_NUMBER(ends.local_port, 0x1f90);
    CHECK_NUMBER(ends.remote, 0x02020202);
    CHECK_NUMBER(ends.remote_port, 80);
    CHECK_NUMBER(state, SOCKETS_SYN_SENT);
}

static void write_sockets(FILE *list, unsigned from, unsigned to, unsigned state)
{
    for (unsigned i = from; i < to; i++) {
        (void)fprintf(list, "%4u: 01010101:%04X 0202020%u:0050 %02X 0\n", i, i, i % 8, state);
    }
    (void)fflush(list);
}

static void sockets_are_found(void)
{
    struct sockets *sockets = malloc(sizeof *sockets);
    FILE *list = tmpfile();
    CU_ASSERT_PTR_NOT_NULL_FATAL(sockets);
    CU_ASSERT_PTR_NOT_NULL_FATAL(list);
    (void)fputs("  sl  local_address rem_address   st\n", list);
    write_sockets(list, 1, 1000, SOCKETS_SYN_SENT);
    write_sockets(list, 1000, 1100, 1);
    CHECK(sockets_read(sockets, list));
    CHECK_NUMBER(sockets->count, 999);
    CHECK(sockets_read(sockets, list));
    CHECK_NUMBER(sockets->count, 999);
    struct packet_ends ends;
    unsigned state;
    CHECK(sockets_parse("1: 01010101:0009 02020201:0050 02 ", &ends, &state));
    CHECK(sockets_hold(sockets, &ends));
    ends.local_port = 10;
    CHECK(!sockets_hold(sockets, &ends));
    CHECK(sockets_parse("1: 01010101:03E8 02020200:0050 01 ", &ends, &state));
    CHECK(!sockets_hold(sockets, &ends)); /* is connected */
    /* More than there is room for: nothing can be said to be missing. */
    write_sockets(list, 2000, 2000 + SOCKETS_MOST, SOCKETS_SYN_SENT);
    CHECK(sockets_read(sockets, list));
    CHECK_NUMBER(sockets->count, SOCKETS_MOST);
    CHECK(sockets_hold(sockets, &ends));
    (void)fclose(list);
    free(sockets);
}

static void addresses_outside_the_benchmarks_are_refused(void)
{
    static const char *const wrong[] = {
        "",
        "198.18",
        "198.17.255.255",
        "198.20.0.0",
        "10.0.0.1",
        "198.18.0.1+0",
        "198.19.255.255+2",
        "198.18.0.0+131072",
        "127.0.0.1",
        "198.18.0.1+",
        "198.18.0.1+4294967295",
        "198.18.0.1 +2",
        "198.18.0.1+2+2",
        "198.18.0.1-2",
        "198.17.255.255+2",
        "example.org",
        "::1",
    };
    struct program_range range;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK(!program_range(wrong[i], &range));
    }
    CHECK(program_range("198.18.0.1", &range));
    CHECK_NUMBER(range.first, 0xc6120001);
    CHECK_NUMBER(range.count, 1);
    CHECK(program_range("198.19.255.250+6", &range));
    CHECK_NUMBER(range.count, 6);
}

/* This test runs in the machine's own network namespace, or in one that somebody made for it. */
static void nothing_runs_in_the_namespace_outside(void)
{
    struct buf own = BUF_INIT;
    struct buf why = BUF_INIT;
    CHECK(confined_name("self", &own));
    CHECK(!confined(buf_text(&own), &why));
    CU_ASSERT_PTR_NOT_NULL(strstr(buf_text(&why), "namespace of its own"));
    buf_clear(&why);
    CHECK(!confined(NULL, &why));
    buf_clear(&why);
    CHECK(!confined("", &why));
    buf_clear(&why);
    CHECK(!confined("4026531833", &why));
    buf_free(&why);
    buf_free(&own);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"a packet is read", a_packet_is_read},
        {"a cut packet is none", a_cut_packet_is_none},
        {"lengths that do not fit are refused", lengths_that_do_not_fit_are_refused},
        {"other protocols and fragments are not TCP", other_protocols_and_fragments_are_not_tcp},
        {"no byte makes it read on", no_byte_makes_it_read_on},
        {"settings without a number are refused", settings_without_a_number_are_refused},
        {"as many as the limit go out", as_many_as_the_limit_go_out},
        {"completed ones make room at once", completed_ones_make_room_at_once},
        {"the queue keeps its order and its rate", the_queue_keeps_its_order_and_its_rate},
        {"a turn without a place waits for one", a_turn_without_a_place_waits_for_one},
        {"only what answers the SYN ends it", only_what_answers_the_syn_ends_it},
        {"unanswered ones time out", unanswered_ones_time_out},
        {"a reset of the client ends it", a_reset_of_the_client_ends_it},
        {"a SYN that comes again is no new attempt", a_syn_that_comes_again_is_no_new_attempt},
        {"a port that is used again is a new attempt", a_port_that_is_used_again_is_a_new_attempt},
        {"what has no room is lost", what_has_no_room_is_lost},
        {"an attempt without its socket was given up", an_attempt_without_its_socket_was_given_up},
        {"events come while it limits", events_come_while_it_limits},
        {"with its limit raised it stays out of the way",
         with_its_limit_raised_it_stays_out_of_the_way},
        {"the promises hold in any order", the_promises_hold_in_any_order},
        {"packets arrive in order and in time", packets_arrive_in_order_and_in_time},
        {"lines of sockets are read", lines_of_sockets_are_read},
        {"sockets are found", sockets_are_found},
        {"addresses outside the benchmarks are refused",
         addresses_outside_the_benchmarks_are_refused},
        {"nothing runs in the namespace outside", nothing_runs_in_the_namespace_outside},
    };
    return RUN_SUITE("simhost", cases);
}
