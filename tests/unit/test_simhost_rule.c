#include "check.h"

#include "rule.h"
#include "simhost_packets.h"

#define MS     UINT64_C(1000)
#define SECOND (1000 * MS)

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

int main(void)
{
    static const struct unit_case cases[] = {
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
    };
    return RUN_SUITE("simhost_rule", cases);
}
