#include "packet.h"

#include "base/bytes.h"

enum {
    IP_HEADER = 20, /* without options */
    TCP_HEADER = 20,
    WORD = 4, /* both headers give their length in words of so many bytes */
    VERSION_4 = 4,
    PROTOCOL_TCP = 6,
    FRAGMENT_OFFSET = 0x1fff,
};

static uint16_t get_be16(const uint8_t *p)
{
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static uint32_t get_be32(const uint8_t *p)
{
    return (uint32_t)get_be16(p) << 16 | get_be16(p + 2);
}

static bool parse_tcp(const uint8_t *tcp, size_t size, struct packet *out)
{
    if (size < TCP_HEADER) {
        return false;
    }
    size_t header = (size_t)(tcp[12] >> 4) * WORD;
    if (header < TCP_HEADER || header > size) {
        return false;
    }
    out->is_tcp = true;
    out->source_port = get_be16(tcp);
    out->target_port = get_be16(tcp + 2);
    out->seq = get_be32(tcp + 4);
    out->ack = get_be32(tcp + 8);
    out->flags = tcp[13];
    return true;
}

bool packet_parse(const uint8_t *bytes, size_t size, struct packet *out)
{
    *out = (struct packet){0};
    if (size < IP_HEADER || bytes[0] >> 4 != VERSION_4) {
        return false;
    }
    size_t header = (size_t)(bytes[0] & 0xf) * WORD;
    size_t total = get_be16(bytes + 2);
    if (header < IP_HEADER || total < header || !in_bounds(size, 0, total)) {
        return false;
    }
    out->source = get_be32(bytes + 12);
    out->target = get_be32(bytes + 16);
    bool first = (get_be16(bytes + 6) & FRAGMENT_OFFSET) == 0;
    return bytes[9] != PROTOCOL_TCP || !first || parse_tcp(bytes + header, total - header, out);
}

struct packet_ends packet_ends_sent(const struct packet *packet)
{
    return (struct packet_ends){packet->source, packet->target, packet->source_port,
                                packet->target_port};
}

struct packet_ends packet_ends_come(const struct packet *packet)
{
    return (struct packet_ends){packet->target, packet->source, packet->target_port,
                                packet->source_port};
}

bool packet_same_ends(const struct packet_ends *a, const struct packet_ends *b)
{
    return a->local == b->local && a->remote == b->remote && a->local_port == b->local_port &&
           a->remote_port == b->remote_port;
}
