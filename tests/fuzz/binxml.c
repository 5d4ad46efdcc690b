/* The input is a chunk of an .evtx file from its first record on, so that the offsets in it are
 * those of a whole chunk. Without the checksums every change of a byte reaches the decoder. */
#include "log_check.h"

#include "decode/evtx_binxml.h"
#include "decode/evtx_chunk.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

/* Reads the record at `at`. Returns where it ends; 0 when there is none. */
static size_t read_record(const uint8_t *chunk, size_t size, size_t at, struct event_fields *fields)
{
    struct event first;
    struct event again;
    size_t length = evtx_record_size(chunk, at, size);
    size_t begin = at + EVTX_RECORD_HEADER;
    size_t end = length != 0 ? at + length - 4 : size;
    if (begin > end) {
        return 0;
    }
    const char *error = binxml_read(chunk, size, begin, end, fields);
    FUZZ_REQUIRE(error == NULL || error[0] != '\0', "an error has a sentence");
    FUZZ_REQUIRE(fields_event(fields, &first), "memory is bounded");
    FUZZ_REQUIRE(log_event_is_text(&first), "an event's texts are UTF-8");
    uint64_t record = first.record;
    FUZZ_REQUIRE(binxml_read(chunk, size, begin, end, fields) == error &&
                     fields_event(fields, &again) && again.record == record,
                 "reading twice gives the same");
    return length != 0 ? at + length : 0;
}

void fuzz_binxml(const uint8_t *data, size_t size)
{
    struct event_fields fields = EVENT_FIELDS_INIT;
    if (size > EVTX_CHUNK_SIZE - EVTX_CHUNK_HEADER) {
        return;
    }
    size_t chunk_size = EVTX_CHUNK_HEADER + size;
    uint8_t *chunk = calloc(1, chunk_size);
    FUZZ_REQUIRE(chunk != NULL, "memory is out");
    memcpy(chunk + EVTX_CHUNK_HEADER, data, size);
    for (size_t at = EVTX_CHUNK_HEADER; at != 0 && at < chunk_size;) {
        at = read_record(chunk, chunk_size, at, &fields);
    }
    fields_free(&fields);
    free(chunk);
}
