/* The way between the two ends: packets come out in their order, each after the same time. Pure. */
#ifndef SIMHOST_DELAY_H
#define SIMHOST_DELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DELAY_PACKETS = 4096, /* under way at a time; further ones are lost, as by a network */
    DELAY_BYTES = 1500,   /* of a packet */
};

struct delay;

/* `time` in the unit of `now` below. NULL when memory is out. */
struct delay *delay_open(uint64_t time);
void delay_close(struct delay *delay);

/* False when the packet is lost. */
bool delay_put(struct delay *delay, uint64_t now, const uint8_t *bytes, size_t size);

/* The packet that has arrived by `now`, valid until the next call; NULL: none has. */
const uint8_t *delay_take(struct delay *delay, uint64_t now, size_t *size);

/* When the next one arrives; UINT64_MAX: none is under way. */
uint64_t delay_next(const struct delay *delay);

#endif
