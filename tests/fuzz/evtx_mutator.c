/* Changes .evtx files so that the checksums stay right: in the records, in the tokens, lengths and
 * offsets of their binary XML, in the numbers by which chunks are put into their order. */
#include "mutate.h"

#include "base/bytes.h"
#include "base/crc32.h"

#include <string.h>

enum {
    FILE_HEADER = 4096,
    CHUNK = 65536,
    CHUNK_HEADER = 512,
    RECORD_LEAST = 28,
    RECORDS_MOST = 512,
    KEEP_CHECKSUMS = 16 /* one time in so many they are left wrong */
};

/* One chunk of the file, and the offsets of its records in it. */
struct chunk {
    uint8_t *bytes;
    size_t size;
    size_t end; /* of its records */
    size_t records[RECORDS_MOST];
    size_t count;
};

static struct chunk chunk_at(uint8_t *data, size_t size, size_t at)
{
    struct chunk c = {.bytes = data + at, .size = size - at < CHUNK ? size - at : CHUNK};
    uint32_t free = get_le32(c.bytes + 48);
    c.end = free >= CHUNK_HEADER && free <= c.size ? free : c.size;
    for (size_t r = CHUNK_HEADER; r + RECORD_LEAST <= c.end && c.count < RECORDS_MOST;) {
        size_t length = get_le32(c.bytes + r + 4);
        if (get_le32(c.bytes + r) != 0x2a2a || length < RECORD_LEAST || length > c.end - r) {
            break;
        }
        c.records[c.count++] = r;
        r += length;
    }
    return c;
}

static void fix_checksums(uint8_t *data, size_t size)
{
    for (size_t at = FILE_HEADER; at + CHUNK_HEADER <= size; at += CHUNK) {
        uint8_t *chunk = data + at;
        size_t there = size - at < CHUNK ? size - at : CHUNK;
        uint32_t free = get_le32(chunk + 48);
        if (free >= CHUNK_HEADER && free <= there) {
            put_le32(chunk + 52, crc32_update(0, chunk + CHUNK_HEADER, free - CHUNK_HEADER));
        }
        uint32_t crc = crc32_update(0, chunk, 120);
        put_le32(chunk + 124, crc32_update(crc, chunk + 128, CHUNK_HEADER - 128));
    }
}

/* A number that an offset or a length may well be wrong by. */
static uint32_t odd_number(const struct chunk *c, uint32_t *state)
{
    static const uint32_t numbers[] = {0,          1,          0x7f,       0xff,
                                       0x100,      0x7fff,     0xffff,     0x10000,
                                       0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
    uint32_t kind = mutate_below(state, 4);
    if (kind == 0 && c->count > 0) {
        return (uint32_t)c->records[mutate_below(state, (uint32_t)c->count)];
    }
    if (kind == 1) {
        return mutate_below(state, (uint32_t)c->size + 2);
    }
    return numbers[mutate_below(state, sizeof numbers / sizeof numbers[0])];
}

/* One token, length or offset inside of a record. */
static void mutate_inside(struct chunk *c, size_t at, size_t length, uint32_t *state)
{
    size_t here = at + 24 + mutate_below(state, (uint32_t)length - 27);
    size_t left = at + length - 4 - here;
    switch (mutate_below(state, 5)) {
    case 0: /* a token, with or without its flag */
        c->bytes[here] = (uint8_t)(mutate_below(state, 0x10) | (mutate_random(state) & 0x40));
        break;
    case 1:
        if (left >= 4) {
            put_le32(c->bytes + here, odd_number(c, state));
        }
        break;
    case 2:
        if (left >= 2) {
            put_le16(c->bytes + here, (uint16_t)odd_number(c, state));
        }
        break;
    case 3: { /* a piece of another place in the chunk */
        size_t from = mutate_below(state, (uint32_t)c->size);
        size_t most = left < c->size - from ? left : c->size - from;
        memmove(c->bytes + here, c->bytes + from, mutate_below(state, (uint32_t)most + 1));
        break;
    }
    default:
        mutate_part(c->bytes, here, left < 64 ? left : 64);
        break;
    }
}

/* Makes a record shorter or longer, and moves what is behind it; the file keeps its size. */
static void resize_record(struct chunk *c, size_t at, size_t length, uint32_t *state)
{
    size_t wanted = RECORD_LEAST + mutate_below(state, (uint32_t)length * 2);
    if (wanted > c->size - at) {
        return;
    }
    size_t behind = at + length;
    size_t moved = at + wanted;
    size_t keep = c->size - (behind > moved ? behind : moved);
    memmove(c->bytes + moved, c->bytes + behind, keep);
    put_le32(c->bytes + at + 4, (uint32_t)wanted);
    put_le32(c->bytes + moved - 4, (uint32_t)wanted);
    put_le32(c->bytes + 48, (uint32_t)(c->end + wanted - length));
}

static void mutate_record(struct chunk *c, uint32_t *state)
{
    size_t at = c->records[mutate_below(state, (uint32_t)c->count)];
    size_t length = get_le32(c->bytes + at + 4);
    switch (mutate_below(state, 8)) {
    case 0:
        resize_record(c, at, length, state);
        break;
    case 1: /* its number, its time, its own length */
        mutate_part(c->bytes, at + 8, 16);
        break;
    case 2:
        put_le32(c->bytes + at + (mutate_random(state) % 2 == 0 ? 4 : length - 4),
                 odd_number(c, state));
        break;
    default:
        mutate_inside(c, at, length, state);
        break;
    }
}

/* The numbers by which chunks are put in order, and where their records end. */
static void mutate_header(struct chunk *c, uint32_t *state)
{
    static const uint8_t fields[] = {8, 16, 24, 32, 44, 48, 120};
    uint8_t *field = c->bytes + fields[mutate_below(state, sizeof fields)];
    switch (mutate_below(state, 3)) {
    case 0:
        put_le32(field, odd_number(c, state));
        break;
    case 1:
        put_le32(field, get_le32(field) + mutate_below(state, 5) - 2);
        break;
    default:
        mutate_part(field, 0, 8);
        break;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    uint32_t state = seed | 1;
    uint32_t kind = mutate_below(&state, 10);
    size_t chunks = size > FILE_HEADER ? (size - FILE_HEADER + CHUNK - 1) / CHUNK : 0;
    size_t at = FILE_HEADER;
    if (chunks > 0) {
        at += (size_t)CHUNK * mutate_below(&state, (uint32_t)chunks);
    }
    if (kind == 0 || size < at + CHUNK_HEADER) {
        size = LLVMFuzzerMutate(data, size, most);
    } else if (kind == 1) {
        mutate_part(data, 0, 128);
    } else {
        struct chunk c = chunk_at(data, size, at);
        if (kind == 2 || c.count == 0) {
            mutate_header(&c, &state);
        } else {
            mutate_record(&c, &state);
        }
    }
    if (mutate_below(&state, KEEP_CHECKSUMS) != 0) {
        fix_checksums(data, size);
    }
    return size;
}
