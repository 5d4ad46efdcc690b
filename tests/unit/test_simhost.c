#include "check.h"

#include "confined.h"
#include "delay.h"
#include "program.h"
#include "simhost_packets.h"
#include "sockets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS     UINT64_C(1000)
#define SECOND (1000 * MS)

/* ---- packets ---- */

/* Reads a copy that ends where the bytes end, so that the sanitizer sees who reads on. */
static bool parse_copy(const uint8_t *bytes, size_t size, struct packet *out)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    bool good = false;
    *out = (struct packet){0};
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
    static struct sockets sockets;
    FILE *list = tmpfile();
    CU_ASSERT_PTR_NOT_NULL_FATAL(list);
    (void)fputs("  sl  local_address rem_address   st\n", list);
    write_sockets(list, 1, 1000, SOCKETS_SYN_SENT);
    write_sockets(list, 1000, 1100, 1);
    CHECK(sockets_read(&sockets, list));
    CHECK_NUMBER(sockets.count, 999);
    CHECK(sockets_read(&sockets, list));
    CHECK_NUMBER(sockets.count, 999);
    struct packet_ends ends;
    unsigned state;
    CHECK(sockets_parse("1: 01010101:0009 02020201:0050 02 ", &ends, &state));
    CHECK(sockets_hold(&sockets, &ends));
    ends.local_port = 10;
    CHECK(!sockets_hold(&sockets, &ends));
    CHECK(sockets_parse("1: 01010101:03E8 02020200:0050 01 ", &ends, &state));
    CHECK(!sockets_hold(&sockets, &ends)); /* is connected */
    /* More than there is room for: nothing can be said to be missing. */
    write_sockets(list, 2000, 2000 + SOCKETS_MOST, SOCKETS_SYN_SENT);
    CHECK(sockets_read(&sockets, list));
    CHECK_NUMBER(sockets.count, SOCKETS_MOST);
    CHECK(sockets_hold(&sockets, &ends));
    (void)fclose(list);
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
        {"packets arrive in order and in time", packets_arrive_in_order_and_in_time},
        {"lines of sockets are read", lines_of_sockets_are_read},
        {"sockets are found", sockets_are_found},
        {"addresses outside the benchmarks are refused",
         addresses_outside_the_benchmarks_are_refused},
        {"nothing runs in the namespace outside", nothing_runs_in_the_namespace_outside},
    };
    return RUN_SUITE("simhost", cases);
}
