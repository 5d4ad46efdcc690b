/* Packets for the tests of the simulated host. */
#ifndef TESTS_UNIT_SIMHOST_PACKETS_H
#define TESTS_UNIT_SIMHOST_PACKETS_H

#include "packet.h"

#include <string.h>

enum { SYN_SIZE = 44, CLIENT = 0x0a000001, SERVER = 0x0a000002 };

static inline void put_be16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 8 & 0xff);
    p[1] = (uint8_t)(value & 0xff);
}

static inline void put_be32(uint8_t *p, uint32_t value)
{
    put_be16(p, value >> 16);
    put_be16(p + 2, value & 0xffff);
}

/* A TCP packet of 44 bytes: 20 of IP, 24 of TCP. */
static inline void make_packet(uint8_t out[SYN_SIZE], const struct packet *p)
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

static inline struct packet syn_of(uint16_t port, uint32_t seq)
{
    return (struct packet){CLIENT, SERVER, true, port, 80, seq, 0, PACKET_SYN};
}

#endif
