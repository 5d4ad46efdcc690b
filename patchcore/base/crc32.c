#include "crc32.h"

#include "bytes.h"

/* Eight bytes at a time: steps[k][b] is what the byte b leaves behind when k further bytes follow
 * it. The remainder is linear, so each entry is put together from those of the eight single bits.
 */
#define BIT(i, n, remainder) (((i) >> (n)&1) != 0 ? (remainder) : 0U)
#define ENTRY(i, a, b, c, d, e, f, g, h)                                                           \
    (BIT(i, 0, a) ^ BIT(i, 1, b) ^ BIT(i, 2, c) ^ BIT(i, 3, d) ^ BIT(i, 4, e) ^ BIT(i, 5, f) ^     \
     BIT(i, 6, g) ^ BIT(i, 7, h))
#define ENTRIES_4(i, ...)                                                                          \
    ENTRY(i, __VA_ARGS__), ENTRY((i) + 1, __VA_ARGS__), ENTRY((i) + 2, __VA_ARGS__),               \
        ENTRY((i) + 3, __VA_ARGS__)
#define ENTRIES_16(i, ...)                                                                         \
    ENTRIES_4(i, __VA_ARGS__), ENTRIES_4((i) + 4, __VA_ARGS__), ENTRIES_4((i) + 8, __VA_ARGS__),   \
        ENTRIES_4((i) + 12, __VA_ARGS__)
#define ENTRIES_64(i, ...)                                                                         \
    ENTRIES_16(i, __VA_ARGS__), ENTRIES_16((i) + 16, __VA_ARGS__),                                 \
        ENTRIES_16((i) + 32, __VA_ARGS__), ENTRIES_16((i) + 48, __VA_ARGS__)
#define TABLE(...)                                                                                 \
    ENTRIES_64(0, __VA_ARGS__), ENTRIES_64(64, __VA_ARGS__), ENTRIES_64(128, __VA_ARGS__),         \
        ENTRIES_64(192, __VA_ARGS__)

static const uint32_t steps[8][256] = {
    {TABLE(0x77073096, 0xee0e612c, 0x076dc419, 0x0edb8832, 0x1db71064, 0x3b6e20c8, 0x76dc4190,
           0xedb88320)},
    {TABLE(0x191b3141, 0x32366282, 0x646cc504, 0xc8d98a08, 0x4ac21251, 0x958424a2, 0xf0794f05,
           0x3b83984b)},
    {TABLE(0x01c26a37, 0x0384d46e, 0x0709a8dc, 0x0e1351b8, 0x1c26a370, 0x384d46e0, 0x709a8dc0,
           0xe1351b80)},
    {TABLE(0xb8bc6765, 0xaa09c88b, 0x8f629757, 0xc5b428ef, 0x5019579f, 0xa032af3e, 0x9b14583d,
           0xed59b63b)},
    {TABLE(0x3d6029b0, 0x7ac05360, 0xf580a6c0, 0x30704bc1, 0x60e09782, 0xc1c12f04, 0x58f35849,
           0xb1e6b092)},
    {TABLE(0xcb5cd3a5, 0x4dc8a10b, 0x9b914216, 0xec53826d, 0x03d6029b, 0x07ac0536, 0x0f580a6c,
           0x1eb014d8)},
    {TABLE(0xa6770bb4, 0x979f1129, 0xf44f2413, 0x33ef4e67, 0x67de9cce, 0xcfbd399c, 0x440b7579,
           0x8816eaf2)},
    {TABLE(0xccaa009e, 0x4225077d, 0x844a0efa, 0xd3e51bb5, 0x7cbb312b, 0xf9766256, 0x299dc2ed,
           0x533b85da)},
};

uint32_t crc32_portable(uint32_t crc, const void *bytes, size_t size)
{
    const uint8_t *p = bytes;
    crc = ~crc;
    for (; size >= 8; size -= 8, p += 8) {
        uint32_t low = get_le32(p) ^ crc;
        uint32_t high = get_le32(p + 4);
        crc = steps[7][low & 0xff] ^ steps[6][low >> 8 & 0xff] ^ steps[5][low >> 16 & 0xff] ^
              steps[4][low >> 24] ^ steps[3][high & 0xff] ^ steps[2][high >> 8 & 0xff] ^
              steps[1][high >> 16 & 0xff] ^ steps[0][high >> 24];
    }
    for (; size > 0; size--, p++) {
        crc = crc >> 8 ^ steps[0][(crc ^ *p) & 0xff];
    }
    return ~crc;
}

uint32_t crc32_after(uint32_t crc, size_t size, size_t offset, uint32_t before, uint32_t after)
{
    static const uint8_t zeros[1024] = {0};
    uint8_t bits[4];
    if (before == after) {
        return crc;
    }
    put_le32(bits, before ^ after);
    /* The remainder is linear, so that it changes by that of the changed bits alone. That one
     * begins at 0, which crc32_update() knows as all ones, and stays 0 until the first such bit. */
    uint32_t change = crc32_update(UINT32_MAX, bits, sizeof bits);
    for (size_t left = size - offset - sizeof bits; left > 0;) {
        size_t part = left < sizeof zeros ? left : sizeof zeros;
        change = crc32_update(change, zeros, part);
        left -= part;
    }
    return crc ^ ~change;
}
