/* The bytes of a .evt file behind its header, which the event log service uses as a ring: what
 * does not fit before the end of the file goes on behind the header.
 *
 * Source: "Event Log File Format" in the Windows SDK documentation (ELF_LOGFILE_HEADER,
 * ELF_EOF_RECORD, wrapping), and "Windows Event Viewer Log (EVT) format" by Joachim Metz. */
#ifndef WATCHER_DECODE_EVT_RING_H
#define WATCHER_DECODE_EVT_RING_H

#include "part.h"

enum { EVT_HEADER_SIZE = 48, EVT_MARK_SIZE = 40 };

struct evt_ring {
    const struct log_input *input;
    uint32_t end;   /* the ring is [EVT_HEADER_SIZE, end), end a multiple of 4 */
    bool wraps;     /* false: nothing goes on behind the header */
    bool no_memory; /* an allocation failed; nothing more is found then */
    uint8_t *block; /* has room for the window */
    size_t block_room;
    uint8_t *window; /* a piece of the file, read ahead */
    size_t window_size;
    uint32_t window_at;
    uint8_t *joined; /* a piece that goes over the end of the file */
    size_t joined_room;
};

/* The end-of-file record, and the same four numbers of the file's header. */
struct evt_mark {
    uint32_t begin;  /* offset of the oldest record */
    uint32_t end;    /* offset of the end-of-file record */
    uint32_t next;   /* number that the next record will get */
    uint32_t oldest; /* number of the oldest record */
};

enum evt_thing { EVT_RECORD, EVT_MARK, EVT_FILLER, EVT_BROKEN };

struct evt_look {
    enum evt_thing thing;
    uint32_t length;      /* bytes to the next thing in the ring; 0 for EVT_BROKEN */
    const uint8_t *bytes; /* of an EVT_RECORD or EVT_MARK, until the ring is used again */
};

void evt_ring_init(struct evt_ring *ring, const struct log_input *input);
void evt_ring_free(struct evt_ring *ring);

/* Reads the file anew from here on: what stands before an end-of-file record that was seen is there
 * in whole when it is read after it. */
void evt_ring_forget(struct evt_ring *ring);

/* True when something may begin at `offset`. */
bool evt_ring_has(const struct evt_ring *ring, uint64_t offset);

/* The bytes from one place forward to another, round the end where need be. */
uint32_t evt_ring_distance(const struct evt_ring *ring, uint32_t from, uint32_t to);

/* The place `length` bytes on, at most one round. */
uint32_t evt_ring_next(const struct evt_ring *ring, uint32_t at, uint32_t length);

/* How far the ring goes on from `at`: once round, or to the end where it does not wrap. */
uint32_t evt_ring_rest(const struct evt_ring *ring, uint32_t at);

/* What stands at `at`, where `rest` bytes are left: a record longer than that is broken. */
struct evt_look evt_ring_look(struct evt_ring *ring, uint32_t at, uint32_t rest);

/* Passes over whole records from `at` on, within `rest` bytes, that have another event id than
 * those in `only`, as far as they have been read ahead. Adds their number to `*passed`, and gives
 * their length. The same as looking at each: only less of each is looked at. */
uint32_t evt_ring_pass(const struct evt_ring *ring, uint32_t at, uint32_t rest,
                       const struct log_ids *only, uint64_t *passed);

/* Reads the four numbers at `bytes`, which begin 16 bytes into a header and 20 into a mark. */
struct evt_mark evt_mark_read(const uint8_t *bytes);

/* The first place from `at` on (one round not included) where an end-of-file record stands;
 * 0: none. */
uint32_t evt_ring_find_mark(struct evt_ring *ring, uint32_t at);

/* The distance from `at` (not included) to the next whole record within `rest` bytes; 0: none.
 * With `after`, only to one whose number is newer than *after. */
uint32_t evt_ring_resync(struct evt_ring *ring, uint32_t at, uint32_t rest, const uint32_t *after);

#endif
