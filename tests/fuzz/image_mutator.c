/* Changes PE images so that their checksum stays right: in the headers, the section table, the
 * resources and the code around the signs of the limit. */
#include "mutate.h"

#include "base/bytes.h"
#include "patchcore.h"

#include <string.h>

enum {
    DOS_LFANEW = 60,
    FILE_HEADER = 20,
    SECTION = 40,
    CHECKSUM = 64,     /* in the optional header */
    KEEP_CHECKSUM = 16 /* one time in so many it is left wrong */
};

/* Where the parts are, as far as the headers tell; 0 where they do not. */
struct places {
    size_t optional;
    size_t optional_size;
    size_t table;
    size_t sections;
};

static struct places find_places(const uint8_t *data, size_t size)
{
    struct places p = {0};
    if (size < DOS_LFANEW + 4) {
        return p;
    }
    uint64_t pe = get_le32(data + DOS_LFANEW);
    if (!in_bounds(size, pe, 4 + FILE_HEADER)) {
        return p;
    }
    p.optional = (size_t)pe + 4 + FILE_HEADER;
    p.optional_size = get_le16(data + pe + 4 + 16);
    if (!in_bounds(size, p.optional, p.optional_size)) {
        p.optional_size = 0;
    }
    p.table = p.optional + p.optional_size;
    p.sections = get_le16(data + pe + 4 + 2);
    if (!in_bounds(size, p.table, p.sections * SECTION)) {
        p.sections = 0;
    }
    return p;
}

static uint32_t odd_number(size_t size, uint32_t *state)
{
    static const uint32_t numbers[] = {0,          1,          2,          10,        0x1000,
                                       0x2000,     0x3000,     0xffff,     0x10000,   0x13000,
                                       0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff};
    if (mutate_below(state, 3) == 0) {
        return mutate_below(state, (uint32_t)size + 8);
    }
    return numbers[mutate_below(state, sizeof numbers / sizeof numbers[0])];
}

/* One number at a multiple of `step` in a part of the image. */
static void mutate_number(uint8_t *data, size_t size, size_t at, size_t length, size_t step,
                          uint32_t *state)
{
    size_t count = length / step;
    if (count == 0) {
        return;
    }
    size_t here = at + step * mutate_below(state, (uint32_t)count);
    if (!in_bounds(size, here, 4)) {
        return;
    }
    uint32_t change = mutate_below(state, 3);
    put_le32(data + here, change == 0   ? odd_number(size, state)
                          : change == 1 ? get_le32(data + here) + mutate_below(state, 9) - 4
                                        : get_le32(data + here) ^ 1U << mutate_below(state, 32));
}

/* A sign, or half of one, at a place of its own. */
static void put_sign(uint8_t *data, size_t size, uint32_t *state)
{
    static const uint8_t signs[][6] = {{0x05, 0x00, 0xff, 0xd6, 0xc7, 0x05},
                                       {0x3b, 0x05, 0x00, 0x30, 0x01, 0x00},
                                       {0x39, 0x0d, 0x00, 0x30, 0x01, 0x00},
                                       {0xc7, 0x05, 0x00, 0x30, 0x01, 0x00},
                                       {0xfb, 0xff, 0x48, 0x83, 0xee, 0x80}};
    size_t which = mutate_below(state, sizeof signs / sizeof signs[0]);
    if (size >= sizeof signs[0]) {
        memcpy(data + mutate_below(state, (uint32_t)(size - sizeof signs[0] + 1)), signs[which],
               sizeof signs[0]);
    }
}

static void move_piece(uint8_t *data, size_t size, uint32_t *state)
{
    size_t from = mutate_below(state, (uint32_t)size);
    size_t to = mutate_below(state, (uint32_t)size);
    size_t most = size - (from > to ? from : to);
    memmove(data + to, data + from, mutate_below(state, (uint32_t)(most < 128 ? most : 128) + 1));
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    uint32_t state = seed | 1;
    struct places p = find_places(data, size);
    if (p.table == 0) {
        return LLVMFuzzerMutate(data, size, most);
    }
    switch (mutate_below(&state, 8)) {
    case 0:
        size = LLVMFuzzerMutate(data, size, most);
        break;
    case 1:
        mutate_number(data, size, p.optional, p.optional_size, 4, &state);
        break;
    case 2:
        mutate_number(data, size, p.table, p.sections * SECTION, 4, &state);
        break;
    case 3:
        mutate_number(data, size, p.optional - FILE_HEADER, FILE_HEADER, 2, &state);
        break;
    case 4:
        put_sign(data, size, &state);
        break;
    case 5:
        move_piece(data, size, &state);
        break;
    case 6: /* the resources are what lies at the end */
        mutate_number(data, size, size / 2, size / 2, 2, &state);
        break;
    default: {
        size_t at = mutate_below(&state, (uint32_t)size);
        mutate_part(data, at, size - at < 48 ? size - at : 48);
        break;
    }
    }
    p = find_places(data, size);
    if (p.optional != 0 && in_bounds(size, p.optional, CHECKSUM + 4) &&
        mutate_below(&state, KEEP_CHECKSUM) != 0) {
        put_le32(data + p.optional + CHECKSUM, pc_checksum(data, size, p.optional + CHECKSUM));
    }
    return size;
}
