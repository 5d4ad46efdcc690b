#include "crc32.h"

uint32_t crc32_update(uint32_t crc, const void *bytes, size_t size)
{
    return crc32_portable(crc, bytes, size);
}
