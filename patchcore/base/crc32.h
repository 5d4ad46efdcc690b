/* CRC-32 as in IEEE 802.3, ZIP and EVTX (polynomial 0xEDB88320, reflected). */
#ifndef BASE_CRC32_H
#define BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* The CRC-32 of `size` bytes, going on from `crc` (0 at the start). */
uint32_t crc32_update(uint32_t crc, const void *bytes, size_t size);

/* The same without any library; where there is one, only tests call it. */
uint32_t crc32_portable(uint32_t crc, const void *bytes, size_t size);

#endif
