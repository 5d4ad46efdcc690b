/* The checksum of a PE image.
 *
 * A one's-complement sum is arithmetic modulo 0xFFFF, where 0 and 0xFFFF are one number.
 * CheckSumMappedFile sums the whole file and then takes the stored field's two words away again
 * with a borrow, so that this number comes out as 0 whenever the field holds anything. Only a
 * stored 0 therefore passes its check: the sums here are remainders, 0 to 0xFFFE.
 */
#include "base/bytes.h"
#include "patchcore.h"

enum { SUM_MODULUS = 0xffff };

/* What the 32-bit value at file offset `offset` adds to the sum. At an odd offset each of its bytes
 * stands in the other half of a word, and it reaches into three words. */
static uint32_t share_of(uint32_t value, size_t offset)
{
    uint32_t even = (value & 0xff) + (value >> 16 & 0xff);
    uint32_t odd = (value >> 8 & 0xff) + (value >> 24);
    return offset % 2 == 0 ? even + odd * 256 : even * 256 + odd;
}

uint32_t pc_checksum(const uint8_t *image, size_t size, size_t field)
{
    uint64_t sum = 0;
    size_t i = 0;
    /* Two words at a time: modulo 0xFFFF, 65536 is 1. */
    for (; size - i >= 4; i += 4) {
        sum += get_le32(image + i);
    }
    if (size - i >= 2) {
        sum += get_le16(image + i);
    }
    if (size % 2 != 0) {
        sum += image[size - 1];
    }
    if (in_bounds(size, field, 4)) {
        sum -= share_of(get_le32(image + field), field);
    }
    return (uint32_t)(sum % SUM_MODULUS) + (uint32_t)size;
}

uint32_t pc_checksum_after(uint32_t checksum, size_t size, size_t offset, uint32_t before,
                           uint32_t after)
{
    uint32_t sum = (checksum - (uint32_t)size) % SUM_MODULUS;
    uint32_t added = share_of(after, offset) % SUM_MODULUS;
    uint32_t removed = share_of(before, offset) % SUM_MODULUS;
    return (sum + added + SUM_MODULUS - removed) % SUM_MODULUS + (uint32_t)size;
}
