#include "delay.h"

#include <stdlib.h>
#include <string.h>

struct under_way {
    uint64_t due;
    size_t size;
    uint8_t bytes[DELAY_BYTES];
};

struct delay {
    uint64_t time;
    size_t first;
    size_t count;
    struct under_way packets[DELAY_PACKETS]; /* a ring */
};

struct delay *delay_open(uint64_t time)
{
    struct delay *delay = calloc(1, sizeof *delay);
    if (delay != NULL) {
        delay->time = time;
    }
    return delay;
}

void delay_close(struct delay *delay)
{
    free(delay);
}

bool delay_put(struct delay *delay, uint64_t now, const uint8_t *bytes, size_t size)
{
    if (delay->count == DELAY_PACKETS || size > DELAY_BYTES) {
        return false;
    }
    struct under_way *last = &delay->packets[(delay->first + delay->count) % DELAY_PACKETS];
    last->due = now + delay->time;
    last->size = size;
    memcpy(last->bytes, bytes, size);
    delay->count++;
    return true;
}

uint64_t delay_next(const struct delay *delay)
{
    return delay->count > 0 ? delay->packets[delay->first].due : UINT64_MAX;
}

const uint8_t *delay_take(struct delay *delay, uint64_t now, size_t *size)
{
    if (delay_next(delay) > now) {
        return NULL;
    }
    const struct under_way *first = &delay->packets[delay->first];
    delay->first = (delay->first + 1) % DELAY_PACKETS;
    delay->count--;
    *size = first->size;
    return first->bytes;
}
