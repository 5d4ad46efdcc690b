/* The largest ring there can be: its offsets have 32 bits, and a search stops at its end. */
#include "check.h"

#include "decode/evt_ring.h"

#include <string.h>

enum { TAIL = 4096, LONGEST = 512 };

/* A file without an end, of nothing but zeros. */
static size_t read_zeros(void *context, uint64_t offset, void *buffer, size_t size)
{
    (void)context;
    (void)offset;
    memset(buffer, 0, size);
    return size;
}

static void begin(struct evt_ring *ring, const struct log_input *input)
{
    evt_ring_init(ring, input);
    CHECK_NUMBER(ring->end, UINT32_MAX - 3);
}

static void searches_end_with_the_ring(void)
{
    const struct log_input zeros = {read_zeros, NULL, UINT64_MAX};
    struct evt_ring ring;
    begin(&ring, &zeros);
    for (uint32_t tail = 4; tail <= TAIL; tail += 4) {
        CHECK_NUMBER(evt_ring_find_mark(&ring, ring.end - tail), 0);
        CHECK_NUMBER(evt_ring_resync(&ring, ring.end - tail, tail, NULL), 0);
    }
    evt_ring_free(&ring);
}

/* And goes on behind the header where it may, no further than it is told. */
static void searches_go_round(void)
{
    const struct log_input zeros = {read_zeros, NULL, UINT64_MAX};
    struct evt_ring ring;
    begin(&ring, &zeros);
    for (uint32_t rest = 4; rest <= LONGEST; rest += 4) {
        CHECK_NUMBER(evt_ring_resync(&ring, ring.end - LONGEST / 2, rest, NULL), 0);
    }
    evt_ring_free(&ring);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"searches end with the ring", searches_end_with_the_ring},
        {"searches go round", searches_go_round},
    };
    return RUN_SUITE("the ring of a classic log", cases);
}
