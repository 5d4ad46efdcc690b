#include "evtx_chunk.h"

#include "base/bytes.h"
#include "base/crc32.h"

#include <string.h>

enum { RECORD_MAGIC = 0x00002a2a, FLAG_NO_CHECKSUM = 2 };

bool evtx_unused(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

struct evtx_chunk_header evtx_chunk_header(const uint8_t bytes[EVTX_CHUNK_HEADER])
{
    static const uint8_t magic[8] = {'E', 'l', 'f', 'C', 'h', 'n', 'k', 0};
    struct evtx_chunk_header header = {
        .kind = EVTX_CHUNK,
        .checksums = (get_le32(bytes + 120) & FLAG_NO_CHECKSUM) == 0,
        .first = get_le64(bytes + 8),
        .last = get_le64(bytes + 16),
        .last_at = get_le32(bytes + 44),
        .free = get_le32(bytes + 48),
        .data_crc = get_le32(bytes + 52),
    };
    if (memcmp(bytes, magic, sizeof magic) != 0) {
        header.kind = evtx_unused(bytes, EVTX_CHUNK_HEADER) ? EVTX_CHUNK_UNUSED : EVTX_CHUNK_ALIEN;
    }
    uint32_t crc = crc32_update(crc32_update(0, bytes, 120), bytes + 128, EVTX_CHUNK_HEADER - 128);
    header.sound = !header.checksums || crc == get_le32(bytes + 124);
    header.sound =
        header.sound && header.free >= EVTX_CHUNK_HEADER && header.free <= EVTX_CHUNK_SIZE;
    if (!header.sound) {
        header.free = EVTX_CHUNK_SIZE;
    }
    return header;
}

bool evtx_chunk_data_sound(const struct evtx_chunk_header *header, const uint8_t *bytes,
                           size_t size)
{
    if (!header->checksums) {
        return true;
    }
    return header->free <= size &&
           crc32_update(0, bytes + EVTX_CHUNK_HEADER, header->free - EVTX_CHUNK_HEADER) ==
               header->data_crc;
}

size_t evtx_record_size(const uint8_t *bytes, size_t at, size_t end)
{
    if (!in_bounds(end, at, EVTX_RECORD_LEAST) || get_le32(bytes + at) != RECORD_MAGIC) {
        return 0;
    }
    size_t size = get_le32(bytes + at + 4);
    bool whole = size >= EVTX_RECORD_LEAST && in_bounds(end, at, size) &&
                 get_le32(bytes + at + size - 4) == size;
    return whole ? size : 0;
}

size_t evtx_record_resync(const uint8_t *bytes, size_t at, size_t end)
{
    while (++at < end) {
        const uint8_t *found = memchr(bytes + at, RECORD_MAGIC & 0xff, end - at);
        if (found == NULL) {
            return 0;
        }
        at = (size_t)(found - bytes);
        if (evtx_record_size(bytes, at, end) != 0) {
            return at;
        }
    }
    return 0;
}
