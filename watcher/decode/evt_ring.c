#include "evt_ring.h"

#include "evt_record.h"
#include "run.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum { WINDOW = 65536, FIRST_WINDOW = 4096, FILLER_DWORD = 0x27 };

void evt_ring_init(struct evt_ring *ring, const struct log_input *input)
{
    /* Offsets have 32 bits, and everything in the ring is a multiple of 4 long. */
    uint64_t size = input_size(input);
    *ring = (struct evt_ring){
        .input = input,
        .end = (uint32_t)(size > UINT32_MAX ? UINT32_MAX : size) & ~UINT32_C(3),
        .wraps = true,
    };
}

void evt_ring_free(struct evt_ring *ring)
{
    free(ring->block);
    free(ring->joined);
}

void evt_ring_forget(struct evt_ring *ring)
{
    ring->window_size = 0;
}

bool evt_ring_has(const struct evt_ring *ring, uint64_t offset)
{
    return offset >= EVT_HEADER_SIZE && offset < ring->end && offset % 4 == 0;
}

uint32_t evt_ring_distance(const struct evt_ring *ring, uint32_t from, uint32_t to)
{
    return to >= from ? to - from : ring->end - from + (to - EVT_HEADER_SIZE);
}

uint32_t evt_ring_next(const struct evt_ring *ring, uint32_t at, uint32_t length)
{
    uint32_t to_end = ring->end - at;
    return length < to_end ? at + length : EVT_HEADER_SIZE + (length - to_end);
}

uint32_t evt_ring_rest(const struct evt_ring *ring, uint32_t at)
{
    return ring->wraps ? ring->end - EVT_HEADER_SIZE : ring->end - at;
}

static bool make_room(struct evt_ring *ring, uint8_t **bytes, size_t *room, size_t size)
{
    if (size <= *room) {
        return true;
    }
    uint8_t *more = realloc(*bytes, size);
    if (more == NULL) {
        ring->no_memory = true;
        return false;
    }
    *bytes = more;
    *room = size;
    return true;
}

static bool in_window(const struct evt_ring *ring, uint32_t at, uint32_t length)
{
    return at >= ring->window_at && in_bounds(ring->window_size, at - ring->window_at, length);
}

/* How much is read at `at`: more with each window that goes on from the one before. A log that is
 * followed has a record or two there. */
static size_t read_ahead(const struct evt_ring *ring, uint32_t at)
{
    bool goes_on = at > ring->window_at && at - ring->window_at <= ring->window_size;
    size_t twice = 2 * ring->window_size;
    return !goes_on || twice < FIRST_WINDOW ? FIRST_WINDOW : twice < WINDOW ? twice : WINDOW;
}

/* `length` bytes that end before the end of the file. NULL when they cannot be had. */
static const uint8_t *straight(struct evt_ring *ring, uint32_t at, uint32_t length)
{
    if (!in_window(ring, at, length)) {
        size_t ahead = read_ahead(ring, at);
        size_t size = length > ahead ? length : ahead;
        if (!make_room(ring, &ring->block, &ring->block_room, size + INPUT_PAGE)) {
            return NULL;
        }
        ring->window = input_place(ring->block, at);
        ring->window_at = at;
        ring->window_size = input_read(ring->input, at, ring->window, size);
        if (ring->window_size < length) {
            return NULL;
        }
    }
    return ring->window + (at - ring->window_at);
}

/* `length` bytes of the ring in one piece. NULL when they cannot be had. */
static const uint8_t *ring_bytes(struct evt_ring *ring, uint32_t at, uint32_t length)
{
    uint32_t to_end = ring->end - at;
    if (length <= to_end) {
        return straight(ring, at, length);
    }
    uint32_t over = length - to_end;
    if (!ring->wraps || over > at - EVT_HEADER_SIZE ||
        !make_room(ring, &ring->joined, &ring->joined_room, length) ||
        input_read(ring->input, at, ring->joined, to_end) != to_end ||
        input_read(ring->input, EVT_HEADER_SIZE, ring->joined + to_end, over) != over) {
        return NULL;
    }
    return ring->joined;
}

/* True when the length stands again at the end of a record of that length. Reads no more than
 * those 4 bytes, so that a file full of would-be records costs no more than its size. */
static bool ends_in_length(struct evt_ring *ring, uint32_t at, uint32_t length)
{
    uint32_t last = evt_ring_next(ring, at, length - 4);
    if (length > evt_ring_rest(ring, at)) {
        return false;
    }
    if (in_window(ring, last, 4)) {
        return get_le32(ring->window + (last - ring->window_at)) == length;
    }
    uint8_t copy[4];
    return input_read(ring->input, last, copy, 4) == 4 && get_le32(copy) == length;
}

static bool is_mark(const uint8_t *bytes)
{
    return get_le32(bytes) == EVT_MARK_SIZE && get_le32(bytes + 4) == 0x11111111 &&
           get_le32(bytes + 8) == 0x22222222 && get_le32(bytes + 12) == 0x33333333 &&
           get_le32(bytes + 16) == 0x44444444 && get_le32(bytes + 36) == EVT_MARK_SIZE;
}

/* The service fills the end of the file when no record's fixed part fits there any more. */
static bool is_filler(struct evt_ring *ring, uint32_t at)
{
    uint32_t length = ring->end - at;
    const uint8_t *bytes = length <= WINDOW ? straight(ring, at, length) : NULL;
    for (uint32_t i = 0; bytes != NULL && i < length; i += 4) {
        if (get_le32(bytes + i) != FILLER_DWORD) {
            return false;
        }
    }
    return bytes != NULL;
}

struct evt_look evt_ring_look(struct evt_ring *ring, uint32_t at, uint32_t rest)
{
    const struct evt_look broken = {EVT_BROKEN, 0, NULL};
    const uint8_t *bytes = rest >= 8 ? ring_bytes(ring, at, 8) : NULL;
    uint32_t length = bytes != NULL ? evt_record_length(bytes) : 0;
    if (length != 0) {
        if (length > rest || !ends_in_length(ring, at, length)) {
            return broken;
        }
        bytes = ring_bytes(ring, at, length);
        bool whole = bytes != NULL && evt_record_whole(bytes, length);
        return whole ? (struct evt_look){EVT_RECORD, length, bytes} : broken;
    }
    if (bytes != NULL && get_le32(bytes) == EVT_MARK_SIZE) {
        bytes = ring_bytes(ring, at, EVT_MARK_SIZE);
        bool mark = bytes != NULL && is_mark(bytes);
        return mark ? (struct evt_look){EVT_MARK, EVT_MARK_SIZE, bytes} : broken;
    }
    if (ring->wraps && ring->end - at <= rest && is_filler(ring, at)) {
        return (struct evt_look){EVT_FILLER, ring->end - at, NULL};
    }
    return broken;
}

uint32_t evt_ring_pass(const struct evt_ring *ring, uint32_t at, uint32_t rest,
                       const struct log_ids *only, uint64_t *passed)
{
    if (!in_window(ring, at, EVT_RECORD_LEAST)) {
        return 0;
    }
    size_t there = ring->window_size - (at - ring->window_at);
    there = there < rest ? there : rest;
    there = there < ring->end - at ? there : ring->end - at;
    const uint8_t *bytes = ring->window + (at - ring->window_at);
    size_t done = 0;
    uint64_t count = 0;
    while (there - done >= EVT_RECORD_LEAST) {
        const uint8_t *record = bytes + done;
        uint32_t length = evt_record_length(record);
        if (length == 0 || length > there - done || get_le32(record + length - 4) != length ||
            log_ids_have(only, evt_record_id(record))) {
            break;
        }
        done += length;
        count++;
    }
    *passed += count;
    return (uint32_t)done;
}

struct evt_mark evt_mark_read(const uint8_t *bytes)
{
    return (struct evt_mark){.begin = get_le32(bytes),
                             .end = get_le32(bytes + 4),
                             .next = get_le32(bytes + 8),
                             .oldest = get_le32(bytes + 12)};
}

/* The first place from `at` on where these 4 bytes stand, of what is at hand: else the end of that.
 * So a search looks at most of a file without asking for each place by itself. */
static uint32_t pass_others(const struct evt_ring *ring, uint32_t at, uint32_t dword)
{
    if (!in_window(ring, at, 4)) {
        return at;
    }
    const uint8_t *bytes = ring->window + (at - ring->window_at);
    size_t size = ring->window_size - (at - ring->window_at);
    size = size < ring->end - at ? size : ring->end - at;
    size_t passed = 0;
    while (size - passed >= 4 && get_le32(bytes + passed) != dword) {
        passed += 4;
    }
    return at + (uint32_t)passed;
}

uint32_t evt_ring_find_mark(struct evt_ring *ring, uint32_t at)
{
    for (; at < ring->end && !ring->no_memory; at += 4) {
        at = pass_others(ring, at, EVT_MARK_SIZE);
        if (at == ring->end) {
            break;
        }
        const uint8_t *bytes = ring_bytes(ring, at, 8);
        if (bytes == NULL || get_le32(bytes) != EVT_MARK_SIZE) {
            continue;
        }
        bytes = ring_bytes(ring, at, EVT_MARK_SIZE);
        if (bytes != NULL && is_mark(bytes)) {
            return at;
        }
    }
    return 0;
}

/* How far it is from `at` to the first place at hand that has a record's signature behind its
 * length. */
static uint32_t to_signature(const struct evt_ring *ring, uint32_t at)
{
    return ring->end - at > 4 ? pass_others(ring, at + 4, EVT_SIGNATURE) - (at + 4) : 0;
}

uint32_t evt_ring_resync(struct evt_ring *ring, uint32_t at, uint32_t rest, const uint32_t *after)
{
    for (uint32_t skipped = 4; skipped < rest && !ring->no_memory; skipped += 4) {
        uint32_t ahead = to_signature(ring, evt_ring_next(ring, at, skipped));
        if (ahead >= rest - skipped) {
            break;
        }
        skipped += ahead;
        uint32_t here = evt_ring_next(ring, at, skipped);
        const uint8_t *bytes = rest - skipped >= 12 ? ring_bytes(ring, here, 12) : NULL;
        if (bytes == NULL || get_le32(bytes + 4) != EVT_SIGNATURE ||
            (after != NULL && (int32_t)(evt_record_number(bytes) - *after) <= 0)) {
            continue;
        }
        if (evt_ring_look(ring, here, rest - skipped).thing == EVT_RECORD) {
            return skipped;
        }
    }
    return 0;
}
