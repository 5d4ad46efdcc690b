/* An .evtx file: which chunks it has and in what order, and the records in each. The file's header
 * is believed in nothing, since that of a log which was not closed is stale. */
#include "decode.h"

#include "event_fields.h"
#include "evtx_binxml.h"
#include "evtx_chunk.h"
#include "evtx_plan.h"
#include "part.h"
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

struct evtx_file {
    bool growing;
    bool dirty;
    struct run_of_chunks *runs;
    size_t run_count;
    size_t run_room;
    uint64_t newest; /* index of the chunk that was written to last */
};

struct reader {
    const struct evtx_file *file;
    const struct log_input *input;
    struct log_run run;
    const struct log_how *how;
    struct event_fields fields;
    struct evtx_plans *plans; /* NULL: only the plain way */
    /* The chunk that is being read. */
    uint8_t *block; /* has room for `bytes` */
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

static bool add_run(struct evtx_file *f, const struct run_of_chunks *run)
{
    if (f->runs == NULL || f->run_count == f->run_room) {
        size_t room = f->run_room == 0 ? 16 : 2 * f->run_room;
        struct run_of_chunks *runs = realloc(f->runs, room * sizeof *runs);
        if (runs == NULL) {
            return false;
        }
        f->runs = runs;
        f->run_room = room;
    }
    f->runs[f->run_count++] = *run;
    return true;
}

/* Puts one more chunk into the last run where it goes on with it, else into a new one. */
static bool place_chunk(struct evtx_file *f, uint64_t index, const struct evtx_chunk_header *header)
{
    /* An empty chunk has no last number. */
    uint64_t next = header->free == EVTX_CHUNK_HEADER ? header->first : header->last + 1;
    struct run_of_chunks *last = f->run_count > 0 ? &f->runs[f->run_count - 1] : NULL;
    bool behind = last != NULL && last->chunk + last->count == index;
    if (behind && header->sound && header->first == last->next) {
        last->next = next;
        last->count++;
        return true;
    }
    /* The numbers of a damaged header say nothing: the chunk stays where it lies. */
    if (last != NULL && (!header->sound || f->run_count == MOST_RUNS)) {
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
    return add_run(f, &run);
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
static bool find_runs(struct evtx_file *f, const struct log_input *input, struct log_run *run)
{
    uint8_t bytes[EVTX_CHUNK_HEADER];
    for (uint64_t index = 0;; index++) {
        uint64_t offset = chunk_offset(index);
        size_t got = input_read(input, offset, bytes, sizeof bytes);
        if (got < sizeof bytes) {
            run->result.incomplete = got > 0;
            break;
        }
        struct evtx_chunk_header header = evtx_chunk_header(bytes);
        if (header.kind == EVTX_CHUNK_ALIEN) {
            run_damage(run, offset,
                       "the bytes %02x %02x %02x %02x %02x %02x %02x %02x, where a chunk's "
                       "\"ElfChnk\" was expected",
                       bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6],
                       bytes[7]);
        } else if (header.kind == EVTX_CHUNK && !place_chunk(f, index, &header)) {
            return false;
        }
    }
    if (f->run_count > 0) {
        qsort(f->runs, f->run_count, sizeof *f->runs, by_first_number);
        const struct run_of_chunks *last = &f->runs[f->run_count - 1];
        f->newest = last->chunk + last->count - 1;
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
    if (r->plans != NULL) {
        evtx_plans_next_chunk(r->plans);
    }
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
    if (next == 0 && (r->size < r->header.free || (r->file->growing && index == r->file->newest))) {
        r->run.result.incomplete = true;
        quiet = quiet || r->file->growing;
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

/* The same, the fast way where the record is as usual. `*wanted` is false for a record that was
 * seen to have another event id than the one asked for. */
static const char *glance(struct reader *r, size_t at, size_t size, struct event *event,
                          bool *wanted)
{
    enum evtx_glance seen = EVTX_GLANCE_UNUSUAL;
    if (r->plans != NULL) {
        seen = evtx_plans_read(r->plans, r->bytes, r->size, at, size, r->how->only, event);
    }
    *wanted = seen != EVTX_GLANCE_OTHER;
    return seen == EVTX_GLANCE_UNUSUAL ? decode_record(r, at, size, event) : NULL;
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
        bool wanted;
        const char *error = glance(r, at, size, &event, &wanted);
        if (r->run.result.end == LOG_NO_MEMORY) {
            return false;
        }
        if (!wanted) {
            r->run.result.records++;
        } else if (error != NULL) {
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
    bool newest = index == r->file->newest;
    bool being_written = (r->file->dirty || r->file->growing) && newest;
    if (!r->header.sound && r->file->growing && newest) {
        r->run.result.incomplete = true;
    } else if (!r->header.sound) {
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
    uint64_t number = number_at(r, EVTX_CHUNK_HEADER);
    for (size_t at = EVTX_CHUNK_HEADER; at < end;) {
        size_t size = evtx_record_size(r->bytes, at, end);
        if (size == 0) {
            at = step_over(r, index, at, number, true);
            continue;
        }
        if (is_stale(r, at, number)) {
            return false;
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
    for (size_t i = 0; i < r->file->run_count; i++) {
        const struct run_of_chunks *run = &r->file->runs[i];
        if (index >= run->chunk && index - run->chunk < run->count) {
            *out = (struct position){.run = i, .chunk = index - run->chunk};
            if (at < EVTX_CHUNK_HEADER || !load_chunk(r, index)) {
                return false;
            }
            /* Only the records before it tell whether it is one of the chunk's former use. */
            return r->header.sound ? is_place(r, place, at, &out->at)
                                   : find_in_chunk(r, index, place, &out->at);
        }
    }
    return false;
}

static bool find_place(struct reader *r, const struct log_place *place, struct position *out)
{
    if (hint_holds(r, place, out)) {
        return true;
    }
    for (size_t i = 0; i < r->file->run_count; i++) {
        for (uint64_t chunk = 0; chunk < r->file->runs[i].count; chunk++) {
            *out = (struct position){.run = i, .chunk = chunk};
            if (find_in_chunk(r, r->file->runs[i].chunk + chunk, place, &out->at)) {
                return true;
            }
        }
    }
    return false;
}

/* ---- the file ---- */

/* Makes ready for reading. False when memory is out. */
static bool prepare(struct reader *r)
{
    static const struct log_how usual = {.only = NULL};
    r->how = r->how != NULL ? r->how : &usual;
    r->fields = EVENT_FIELDS_INIT;
    r->block = malloc(EVTX_CHUNK_SIZE + INPUT_PAGE);
    r->bytes = r->block != NULL ? input_place(r->block, EVTX_FILE_HEADER) : NULL;
    r->plans = r->how->plain ? NULL : evtx_plans_new();
    if (r->bytes == NULL || (r->plans == NULL && !r->how->plain)) {
        r->run.result.end = LOG_NO_MEMORY;
    }
    return r->run.result.end != LOG_NO_MEMORY;
}

static void release(struct reader *r)
{
    free(r->block);
    evtx_plans_free(r->plans);
    fields_free(&r->fields);
}

/* One chunk from the record at `at` on. False when the reading ends. */
static bool read_chunk(struct reader *r, uint64_t index, size_t at)
{
    if (!load_chunk(r, index)) {
        return true;
    }
    uint64_t damaged = r->run.result.damaged;
    if (!read_records(r, index, at)) {
        return false;
    }
    if (r->run.result.damaged == damaged) {
        check_sums(r, index);
    }
    return true;
}

static void read_chunks(struct reader *r, struct position from)
{
    for (size_t i = from.run; i < r->file->run_count; i++) {
        uint64_t chunk = i == from.run ? from.chunk : 0;
        for (; chunk < r->file->runs[i].count; chunk++) {
            bool first = i == from.run && chunk == from.chunk;
            if (!read_chunk(r, r->file->runs[i].chunk + chunk,
                            first ? from.at : EVTX_CHUNK_HEADER)) {
                return;
            }
        }
    }
}

static void read_file(struct reader *r)
{
    struct position from = {0, 0, EVTX_CHUNK_HEADER};
    struct log_place *place = r->run.place;
    if (place != NULL && place->set && !find_place(r, place, &from)) {
        run_place_lost(&r->run);
        from = (struct position){0, 0, EVTX_CHUNK_HEADER};
    }
    if (r->run.result.end != LOG_NO_MEMORY) {
        read_chunks(r, from);
    }
}

struct evtx_file *evtx_file_open(const struct log_input *input, bool growing,
                                 const struct log_sink *sink, struct log_result *result)
{
    static const uint8_t magic[8] = {'E', 'l', 'f', 'F', 'i', 'l', 'e', 0};
    struct log_run run = {.sink = sink};
    struct evtx_file *file = NULL;
    uint8_t header[128];
    if (input_read(input, 0, header, sizeof header) != sizeof header ||
        memcmp(header, magic, sizeof magic) != 0) {
        run.result.end = LOG_WRONG_KIND;
    } else {
        run.result.dirty = (get_le32(header + 120) & FLAG_DIRTY) != 0;
        file = calloc(1, sizeof *file);
        if (file != NULL) {
            *file = (struct evtx_file){.growing = growing, .dirty = run.result.dirty};
        }
        if (file == NULL || !find_runs(file, input, &run)) {
            run.result.end = LOG_NO_MEMORY;
            evtx_file_close(file);
            file = NULL;
        }
    }
    *result = run.result;
    return file;
}

void evtx_file_close(struct evtx_file *file)
{
    if (file != NULL) {
        free(file->runs);
        free(file);
    }
}

uint64_t evtx_file_chunks(const struct evtx_file *file)
{
    uint64_t count = 0;
    for (size_t i = 0; i < file->run_count; i++) {
        count += file->runs[i].count;
    }
    return count;
}

struct log_result evtx_file_read(const struct evtx_file *file, const struct log_input *input,
                                 uint64_t first, uint64_t count, const struct log_sink *sink,
                                 const struct log_how *how)
{
    struct reader r = {.file = file, .input = input, .run = {.sink = sink}, .how = how};
    bool go_on = prepare(&r);
    for (size_t i = 0; go_on && count > 0 && i < file->run_count; i++) {
        const struct run_of_chunks *run = &file->runs[i];
        for (; go_on && count > 0 && first < run->count; first++, count--) {
            go_on = read_chunk(&r, run->chunk + first, EVTX_CHUNK_HEADER);
        }
        first -= first < run->count ? first : run->count;
    }
    release(&r);
    return r.run.result;
}

struct log_result evtx_read_how(const struct log_input *input, bool growing,
                                struct log_place *place, const struct log_sink *sink,
                                const struct log_how *how)
{
    struct log_result opened;
    struct evtx_file *file = evtx_file_open(input, growing, sink, &opened);
    struct reader r = {.file = file,
                       .input = input,
                       .run = {.sink = sink, .place = place, .result = opened},
                       .how = how};
    if (file != NULL && prepare(&r)) {
        read_file(&r);
    }
    release(&r);
    evtx_file_close(file);
    return r.run.result;
}

struct log_result evtx_read(const struct log_input *input, bool growing, struct log_place *place,
                            const struct log_sink *sink)
{
    return evtx_read_how(input, growing, place, sink, NULL);
}
