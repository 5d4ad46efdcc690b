/* An .evtx file: which chunks it has and in what order, and the records in each. The file's header
 * is believed in nothing, since that of a log which was not closed is stale. */
#include "decode.h"

#include "event_fields.h"
#include "evtx_binxml.h"
#include "evtx_chunk.h"
#include "run.h"

#include "base/bytes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    FLAG_DIRTY = 1,
    /* A log that went round its file has two runs, a composed one some more. A file with more than
     * this is read on in the order of its bytes. */
    MOST_RUNS = 4096,
    /* Behind a longer hole than this the rest of a chunk is given up, unless only one record is
     * missing: whole pages are lost then, and what stands behind them may be of another age. */
    MOST_HOLE = 4096,
};

/* Chunks that lie one behind the other in the file and in the log. */
struct run_of_chunks {
    uint64_t first; /* number of the first record */
    uint64_t next;  /* number that the record behind them would have */
    uint64_t chunk; /* index in the file */
    uint64_t count;
};

struct reader {
    const struct log_input *input;
    struct log_run run;
    bool growing;
    struct run_of_chunks *runs;
    size_t run_count;
    size_t run_room;
    uint64_t newest; /* index of the chunk that was written to last */
    struct event_fields fields;
    /* The chunk that is being read. */
    uint8_t *bytes; /* EVTX_CHUNK_SIZE */
    uint64_t offset;
    size_t size; /* bytes of it that the file has */
    struct evtx_chunk_header header;
};

static uint64_t chunk_offset(uint64_t index)
{
    return EVTX_FILE_HEADER + index * EVTX_CHUNK_SIZE;
}

/* ---- the order of the chunks ---- */

static bool add_run(struct reader *r, const struct run_of_chunks *run)
{
    if (r->runs == NULL || r->run_count == r->run_room) {
        size_t room = r->run_room == 0 ? 16 : 2 * r->run_room;
        struct run_of_chunks *runs = realloc(r->runs, room * sizeof *runs);
        if (runs == NULL) {
            return false;
        }
        r->runs = runs;
        r->run_room = room;
    }
    r->runs[r->run_count++] = *run;
    return true;
}

/* Puts one more chunk into the last run where it goes on with it, else into a new one. */
static bool place_chunk(struct reader *r, uint64_t index, const struct evtx_chunk_header *header)
{
    /* An empty chunk has no last number. */
    uint64_t next = header->free == EVTX_CHUNK_HEADER ? header->first : header->last + 1;
    struct run_of_chunks *last = r->run_count > 0 ? &r->runs[r->run_count - 1] : NULL;
    bool behind = last != NULL && last->chunk + last->count == index;
    if (behind && header->sound && header->first == last->next) {
        last->next = next;
        last->count++;
        return true;
    }
    /* The numbers of a damaged header say nothing: the chunk stays where it lies. */
    if (last != NULL && (!header->sound || r->run_count == MOST_RUNS)) {
        last->count = index + 1 - last->chunk;
        if (header->sound) {
            last->next = next;
        }
        return true;
    }
    struct run_of_chunks run = {.first = header->sound ? header->first : 0,
                                .next = header->sound ? next : 0,
                                .chunk = index,
                                .count = 1};
    return add_run(r, &run);
}

static int by_first_number(const void *a, const void *b)
{
    const struct run_of_chunks *left = a;
    const struct run_of_chunks *right = b;
    if (left->first != right->first) {
        return left->first < right->first ? -1 : 1;
    }
    return left->chunk < right->chunk ? -1 : left->chunk > right->chunk;
}

/* Goes through the headers of all chunks. False when memory is out. */
static bool find_runs(struct reader *r)
{
    uint8_t bytes[EVTX_CHUNK_HEADER];
    for (uint64_t index = 0;; index++) {
        uint64_t offset = chunk_offset(index);
        size_t got = input_read(r->input, offset, bytes, sizeof bytes);
        if (got < sizeof bytes) {
            r->run.result.incomplete = got > 0;
            break;
        }
        struct evtx_chunk_header header = evtx_chunk_header(bytes);
        if (header.kind == EVTX_CHUNK_ALIEN) {
            run_damage(&r->run, offset,
                       "the bytes %02x %02x %02x %02x %02x %02x %02x %02x, where a chunk's "
                       "\"ElfChnk\" was expected",
                       bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6],
                       bytes[7]);
        } else if (header.kind == EVTX_CHUNK && !place_chunk(r, index, &header)) {
            return false;
        }
    }
    if (r->run_count > 0) {
        qsort(r->runs, r->run_count, sizeof *r->runs, by_first_number);
        const struct run_of_chunks *last = &r->runs[r->run_count - 1];
        r->newest = last->chunk + last->count - 1;
    }
    return true;
}

/* ---- one chunk ---- */

/* False when there is no chunk at this index. */
static bool load_chunk(struct reader *r, uint64_t index)
{
    r->offset = chunk_offset(index);
    r->size = input_read(r->input, r->offset, r->bytes, EVTX_CHUNK_SIZE);
    if (r->size < EVTX_CHUNK_HEADER) {
        return false;
    }
    r->header = evtx_chunk_header(r->bytes);
    return r->header.kind == EVTX_CHUNK;
}

/* The end of the chunk's records, of those that the file has. */
static size_t records_end(const struct reader *r)
{
    return r->header.free < r->size ? r->header.free : r->size;
}

/* The record of `size` bytes at `at`. Returns NULL, or what was found and expected. */
static const char *decode_record(struct reader *r, size_t at, size_t size, struct event *event)
{
    const uint8_t *record = r->bytes + at;
    const char *error =
        binxml_read(r->bytes, r->size, at + EVTX_RECORD_HEADER, at + size - 4, &r->fields);
    if (!fields_event(&r->fields, event)) {
        r->run.result.end = LOG_NO_MEMORY;
        return "no memory";
    }
    if (!r->fields.has[FIELD_RECORD]) {
        event->record = get_le64(record + 8);
    }
    if (event->time == 0) {
        event->time = get_le64(record + 16);
    }
    return error;
}

/* True when only the end of the chunk's records is missing, and not some in between. */
static bool rest_is_unused(const struct reader *r, size_t at)
{
    if (r->header.sound && at <= r->header.last_at) {
        return false;
    }
    return evtx_unused(r->bytes + at, records_end(r) - at);
}

static void report_broken(struct reader *r, size_t at, bool goes_on)
{
    uint8_t found[8] = {0};
    size_t there = records_end(r) - at;
    memcpy(found, r->bytes + at, there < sizeof found ? there : sizeof found);
    run_damage(&r->run, r->offset + at,
               "the bytes %02x %02x %02x %02x %02x %02x %02x %02x, where a whole record (2a 2a 00 "
               "00 and its size) was expected%s",
               found[0], found[1], found[2], found[3], found[4], found[5], found[6], found[7],
               goes_on ? "" : "; the rest of its chunk is not read");
}

/* Where the records go on behind what is none; the end when they do not. `number` is that of the
 * record which was expected. */
static size_t step_over(struct reader *r, uint64_t index, size_t at, uint64_t number, bool quiet)
{
    size_t end = records_end(r);
    if (rest_is_unused(r, at)) {
        return end;
    }
    size_t next = evtx_record_resync(r->bytes, at, end);
    if (next - at > MOST_HOLE && next != 0 && get_le64(r->bytes + next + 8) != number + 1) {
        next = 0;
    }
    if (next == 0 && (r->size < r->header.free || (r->growing && index == r->newest))) {
        r->run.result.incomplete = true;
        quiet = quiet || r->growing;
    }
    if (!quiet) {
        report_broken(r, at, next != 0);
    }
    return next != 0 ? next : end;
}

/* Where a damaged header does not tell where the records end, their numbers do: behind them stand
 * those of the chunk's former use. `number` is the expected one, 0 when nobody knows. */
static bool is_stale(const struct reader *r, size_t at, uint64_t number)
{
    uint64_t found = get_le64(r->bytes + at + 8);
    return !r->header.sound && number != 0 && found != number && found != number + 1;
}

/* The number that the record at `at` should have: the chunk's first one, or a record in it behind
 * the one that ends there. */
static uint64_t number_at(const struct reader *r, size_t at)
{
    if (at == EVTX_CHUNK_HEADER) {
        return r->header.sound ? r->header.first : 0;
    }
    size_t size = get_le32(r->bytes + at - 4);
    return get_le64(r->bytes + at - size + 8) + 1;
}

/* Hands out the records from `at` on. False when the reading ends. */
static bool read_records(struct reader *r, uint64_t index, size_t at)
{
    size_t end = records_end(r);
    uint64_t number = number_at(r, at);
    while (at < end) {
        struct event event;
        size_t size = evtx_record_size(r->bytes, at, end);
        if (size == 0) {
            at = step_over(r, index, at, number, false);
            continue;
        }
        if (is_stale(r, at, number)) {
            break;
        }
        number = get_le64(r->bytes + at + 8) + 1;
        const char *error = decode_record(r, at, size, &event);
        if (r->run.result.end == LOG_NO_MEMORY) {
            return false;
        }
        if (error != NULL) {
            run_damage(&r->run, r->offset + at, "%s", error);
        } else if (!run_event(&r->run, &event, r->offset + at)) {
            return false;
        }
        at += size;
    }
    if (r->size < r->header.free) {
        r->run.result.incomplete = true;
    }
    return true;
}

/* Says that the chunk which was read does not fit its checksums, which is normal for the one that
 * is being written, or was when the log was not closed. */
static void check_sums(struct reader *r, uint64_t index)
{
    bool being_written = (r->run.result.dirty || r->growing) && index == r->newest;
    if (!r->header.sound) {
        run_damage(&r->run, r->offset, "a chunk header that does not fit its checksum");
    } else if (!being_written && !evtx_chunk_data_sound(&r->header, r->bytes, r->size)) {
        run_damage(&r->run, r->offset, "a chunk whose records do not fit their checksum");
    }
}

/* ---- the place ---- */

struct position {
    size_t run;
    uint64_t chunk; /* in that run */
    size_t at;      /* in that chunk */
};

/* True when the record at `at` of the chunk that is loaded is the one that the place names;
 * `*behind` is then where it ends. */
static bool is_place(struct reader *r, const struct log_place *place, size_t at, size_t *behind)
{
    struct event event;
    size_t size = evtx_record_size(r->bytes, at, records_end(r));
    if (size == 0 || decode_record(r, at, size, &event) != NULL || !place_is(place, &event)) {
        return false;
    }
    *behind = at + size;
    return true;
}

static bool find_in_chunk(struct reader *r, uint64_t index, const struct log_place *place,
                          size_t *behind)
{
    if (!load_chunk(r, index)) {
        return false;
    }
    size_t end = records_end(r);
    uint64_t number = r->header.first;
    for (size_t at = EVTX_CHUNK_HEADER; at < end;) {
        size_t size = evtx_record_size(r->bytes, at, end);
        if (size == 0) {
            at = step_over(r, index, at, number, true);
            continue;
        }
        if (is_place(r, place, at, behind)) {
            return true;
        }
        number = get_le64(r->bytes + at + 8) + 1;
        at += size;
    }
    return false;
}

static bool hint_holds(struct reader *r, const struct log_place *place, struct position *out)
{
    if (place->offset < EVTX_FILE_HEADER) {
        return false;
    }
    uint64_t index = (place->offset - EVTX_FILE_HEADER) / EVTX_CHUNK_SIZE;
    size_t at = (size_t)((place->offset - EVTX_FILE_HEADER) % EVTX_CHUNK_SIZE);
    for (size_t i = 0; i < r->run_count; i++) {
        const struct run_of_chunks *run = &r->runs[i];
        if (index >= run->chunk && index - run->chunk < run->count) {
            *out = (struct position){.run = i, .chunk = index - run->chunk};
            return at >= EVTX_CHUNK_HEADER && load_chunk(r, index) &&
                   is_place(r, place, at, &out->at);
        }
    }
    return false;
}

static bool find_place(struct reader *r, const struct log_place *place, struct position *out)
{
    if (hint_holds(r, place, out)) {
        return true;
    }
    for (size_t i = 0; i < r->run_count; i++) {
        for (uint64_t chunk = 0; chunk < r->runs[i].count; chunk++) {
            *out = (struct position){.run = i, .chunk = chunk};
            if (find_in_chunk(r, r->runs[i].chunk + chunk, place, &out->at)) {
                return true;
            }
        }
    }
    return false;
}

/* ---- the file ---- */

static void read_chunks(struct reader *r, struct position from)
{
    for (size_t i = from.run; i < r->run_count; i++) {
        uint64_t chunk = i == from.run ? from.chunk : 0;
        for (; chunk < r->runs[i].count; chunk++) {
            uint64_t index = r->runs[i].chunk + chunk;
            bool first = i == from.run && chunk == from.chunk;
            if (!load_chunk(r, index)) {
                continue;
            }
            uint64_t damaged = r->run.result.damaged;
            if (!read_records(r, index, first ? from.at : EVTX_CHUNK_HEADER)) {
                return;
            }
            if (r->run.result.damaged == damaged) {
                check_sums(r, index);
            }
        }
    }
}

static void read_file(struct reader *r)
{
    struct position from = {0, 0, EVTX_CHUNK_HEADER};
    struct log_place *place = r->run.place;
    r->bytes = malloc(EVTX_CHUNK_SIZE);
    if (r->bytes == NULL || !find_runs(r)) {
        r->run.result.end = LOG_NO_MEMORY;
        return;
    }
    if (place != NULL && place->set && !find_place(r, place, &from)) {
        r->run.result.place_lost = true;
        from = (struct position){0, 0, EVTX_CHUNK_HEADER};
    }
    if (r->run.result.end != LOG_NO_MEMORY) {
        read_chunks(r, from);
    }
}

struct log_result evtx_read(const struct log_input *input, bool growing, struct log_place *place,
                            const struct log_sink *sink)
{
    static const uint8_t magic[8] = {'E', 'l', 'f', 'F', 'i', 'l', 'e', 0};
    struct reader r = {.input = input,
                       .run = {.sink = sink, .place = place},
                       .growing = growing,
                       .fields = EVENT_FIELDS_INIT};
    uint8_t header[128];
    if (input_read(input, 0, header, sizeof header) != sizeof header ||
        memcmp(header, magic, sizeof magic) != 0) {
        r.run.result.end = LOG_WRONG_KIND;
        return r.run.result;
    }
    r.run.result.dirty = (get_le32(header + 120) & FLAG_DIRTY) != 0;
    read_file(&r);
    free(r.runs);
    free(r.bytes);
    fields_free(&r.fields);
    return r.run.result;
}
