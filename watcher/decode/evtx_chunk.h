/* A chunk of an .evtx file: 64 KiB with a header, records, and free space.
 *
 * Source: "Windows XML Event Log (EVTX) format" by Joachim Metz, and [MS-EVEN6]. */
#ifndef WATCHER_DECODE_EVTX_CHUNK_H
#define WATCHER_DECODE_EVTX_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EVTX_FILE_HEADER = 4096,
    EVTX_CHUNK_SIZE = 65536,
    EVTX_CHUNK_HEADER = 512,
    EVTX_RECORD_HEADER = 24,
    EVTX_RECORD_LEAST = EVTX_RECORD_HEADER + 4,
};

enum evtx_chunk_kind {
    EVTX_CHUNK,        /* a chunk */
    EVTX_CHUNK_UNUSED, /* nothing was ever written there */
    EVTX_CHUNK_ALIEN,  /* something else */
};

struct evtx_chunk_header {
    enum evtx_chunk_kind kind;
    bool sound;        /* the header's checksum is right */
    bool checksums;    /* false: the chunk is marked as having none */
    uint64_t first;    /* number of its first record */
    uint64_t last;     /* and of its last one */
    uint32_t last_at;  /* offset of its last record in the chunk, as the header claims */
    uint32_t free;     /* offset of its free space; the chunk's end when the header is not sound */
    uint32_t data_crc; /* of the bytes from the header's end to the free space */
};

/* Reads the header in `bytes`. */
struct evtx_chunk_header evtx_chunk_header(const uint8_t bytes[EVTX_CHUNK_HEADER]);

/* True when the records' checksum is right, or the chunk has none. `size` bytes of the chunk are
 * there. */
bool evtx_chunk_data_sound(const struct evtx_chunk_header *header, const uint8_t *bytes,
                           size_t size);

/* True when nothing but zeros is there. */
bool evtx_unused(const uint8_t *bytes, size_t size);

/* The size of the record at `at`, which has to end before `end`; 0 when there is none. */
size_t evtx_record_size(const uint8_t *bytes, size_t at, size_t end);

/* The offset of the next whole record behind `at` and before `end`; 0: none. */
size_t evtx_record_resync(const uint8_t *bytes, size_t at, size_t end);

#endif
