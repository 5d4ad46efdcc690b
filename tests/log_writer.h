/* Event logs for tests, written as Windows writes them: classic .evt files as XP's service does
 * (open and dirty, wrapped, closed), .evtx files, and exported event XML.
 *
 * Nothing here uses the decoders. Sources of the layouts: those named in watcher/decode, and the
 * records of tests/data/xp_SysEvent_excerpt_3870-3990.evt. */
#ifndef TESTS_LOG_WRITER_H
#define TESTS_LOG_WRITER_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOG_MOST_STRINGS = 8 };

/* One record to write. All text is UTF-8. */
struct log_record {
    uint32_t id;   /* the full 32 bits: severity, facility, code */
    uint16_t type; /* EVENTLOG_ERROR_TYPE 1, WARNING 2, INFORMATION 4, AUDIT 8 and 16 */
    uint16_t category;
    uint64_t time; /* 100 ns steps since 1601 */
    const char *source;
    const char *computer;
    const char *channel; /* XML and .evtx only */
    const char *strings[LOG_MOST_STRINGS];
    size_t string_count;
    const uint8_t *data;
    size_t data_size;
    bool from_driver; /* written through the kernel: 12 bytes more at the record's end */
    bool garbage;     /* in the reserved fields and the padding */
};

/* The record that XP's TCP/IP driver writes when its limit is reached: event 4226, or the same with
 * another code (4227, 4231). */
struct log_record log_record_tcpip(uint16_t code, const char *computer, uint64_t time);

/* A record of MRxSmb with "Tcpip" in its strings, as a domain's computers write them. */
struct log_record log_record_decoy(const char *computer, uint64_t time);

/* Told of every write in its order, for the one who keeps a file in step. False ends the work. */
typedef bool (*log_write_fn)(void *context, uint64_t offset, const void *bytes, size_t size);

/* A .evt file in memory. */
struct evt_image {
    uint8_t *bytes;
    size_t size;
    uint32_t limit; /* the size up to which the file grows before it wraps */
    uint32_t begin; /* offset and number of the oldest record */
    uint32_t oldest;
    uint32_t end; /* offset of the end-of-file record, number of the next record */
    uint32_t next;
    log_write_fn write; /* NULL: nobody */
    void *context;
};

/* The bytes of one record with this number, added to `out`. */
void evt_record_bytes(struct buf *out, const struct log_record *record, uint32_t number);

/* A clean log of `size` bytes without records that grows up to `limit`. */
bool evt_image_create(struct evt_image *image, uint32_t size, uint32_t limit);

/* Takes over a file's bytes (copied). With limit 0, the file's own maximum or XP's default of
 * 512 KiB, whichever is more. Returns NULL, or why it is no .evt file that can be written to. */
const char *evt_image_load(struct evt_image *image, const void *bytes, size_t size, uint32_t limit);

/* Writes a record as the service does: marks the file dirty and leaves the rest of its header as
 * it is, writes the record over the end-of-file record, then a new end-of-file record; makes room
 * by growing the file, then by giving up the oldest records. */
bool evt_image_append(struct evt_image *image, const struct log_record *record);

/* Brings the header up to date and the dirty flag down. */
bool evt_image_close(struct evt_image *image);

void evt_image_free(struct evt_image *image);

/* An .evtx file in memory, made of whole chunks. Each chunk holds its templates and names once. */
struct evtx_image {
    uint8_t *bytes;
    size_t size;
    uint32_t most_chunks; /* then the oldest one is written over; 0: it grows without end */
    uint32_t chunk;       /* index of the one that is written to */
    uint64_t chunks_written;
    uint64_t next; /* number of the next record */
    size_t at;     /* free space in that chunk */
    uint32_t template_at;
    uint32_t crc; /* of the records in that chunk */
    log_write_fn write;
    void *context;
};

bool evtx_image_create(struct evtx_image *image, uint32_t most_chunks, uint64_t first_number);

/* Goes on in a file of this writer, in a new chunk. NULL, or why that cannot be done. */
const char *evtx_image_load(struct evtx_image *image, const void *bytes, size_t size);
bool evtx_image_append(struct evtx_image *image, const struct log_record *record);
bool evtx_image_close(struct evtx_image *image);
void evtx_image_free(struct evtx_image *image);

/* The ways in which tools write an event as XML. */
enum xml_style {
    XML_STYLE_WEVTUTIL,   /* wevtutil qe /f:xml: one line, single quotes */
    XML_STYLE_VIEWER,     /* Event Viewer: with RenderingInfo */
    XML_STYLE_EVTXEXPORT, /* libevtx: indented */
    XML_STYLE_PYTHON,     /* python-evtx: a blank for the T, empty Qualifiers, no Z */
};

void log_xml_event(struct buf *out, const struct log_record *record, uint64_t number,
                   enum xml_style style);

#endif
