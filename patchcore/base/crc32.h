/* CRC-32 as in IEEE 802.3, ZIP and EVTX (polynomial 0xEDB88320, reflected). */
#ifndef BASE_CRC32_H
#define BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* The CRC-32 of `size` bytes, going on from `crc` (0 at the start). */
uint32_t crc32_update(uint32_t crc, const void *bytes, size_t size);

/* The CRC-32 of `size` bytes with the CRC-32 `crc`, after the 32-bit value at `offset` (little
 * endian, inside the bytes) has changed from `before` to `after`: what crc32_update() would give,
 * without the bytes. */
uint32_t crc32_after(uint32_t crc, size_t size, size_t offset, uint32_t before, uint32_t after);

/* The same as crc32_update() without any library; where there is one, only tests call it. */
uint32_t crc32_portable(uint32_t crc, const void *bytes, size_t size);

#endif
