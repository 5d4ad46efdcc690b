/* The headers of the packets that the simulated host forwards: IPv4 (RFC 791) and TCP (RFC 9293).
 * Every length in them is untrusted. Pure. */
#ifndef SIMHOST_PACKET_H
#define SIMHOST_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum packet_flag { PACKET_FIN = 1, PACKET_SYN = 2, PACKET_RST = 4, PACKET_ACK = 16 };

/* The two ends of a connection, as its client sees them. Numbers in the host's order. */
struct packet_ends {
    uint32_t local, remote; /* IPv4 addresses */
    uint16_t local_port, remote_port;
};

struct packet {
    uint32_t source, target;
    bool is_tcp; /* with a whole TCP header; what follows holds only then */
    uint16_t source_port, target_port;
    uint32_t seq, ack;
    uint8_t flags; /* enum packet_flag, and others */
};

/* Reads the headers of one packet. False for what is no whole IPv4 packet: another version, a
 * header or a total length that the bytes do not hold, a TCP packet whose TCP header is not all
 * there. A fragment behind the first, and every other protocol, is a packet that is not TCP. */
bool packet_parse(const uint8_t *bytes, size_t size, struct packet *out);

/* The ends of the connection that a TCP packet belongs to, for a packet that the client sent, or
 * that came to it. */
struct packet_ends packet_ends_sent(const struct packet *packet);
struct packet_ends packet_ends_come(const struct packet *packet);
bool packet_same_ends(const struct packet_ends *a, const struct packet_ends *b);

#endif
