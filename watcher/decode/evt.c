/* A classic event log file (.evt): where its records begin and end, and the walk from one to the
 * other. evt_ring.c knows the bytes, evt_record.c a record. */
#include "decode.h"

#include "evt_record.h"
#include "evt_ring.h"
#include "part.h"
#include "run.h"

#include "base/bytes.h"

#include <inttypes.h>
#include <string.h>

enum {
    FLAG_DIRTY = 1,
    MOST_MARKS = 64, /* end-of-file records looked at in one file; a real one has one or two */
};

struct reader {
    struct evt_ring ring;
    struct log_run run;
    struct evt_mark bounds; /* the records are those from begin to end */
    bool bounds_known;      /* false: there is no end-of-file record */
    bool growing;
    bool resumed;               /* reads on behind a place */
    uint32_t hint;              /* length of the place's record where its hint says; 0: elsewhere */
    const struct log_ids *only; /* NULL: every event id */
    struct buf names;
};

/* ---- where the records begin and end ---- */

/* The end-of-file record at `at`, if one stands there that says itself that it does: an older one
 * that was copied or left over does not count. */
static bool mark_at(struct evt_ring *ring, uint32_t at, struct evt_mark *out)
{
    struct evt_look look = evt_ring_look(ring, at, evt_ring_rest(ring, at));
    if (look.thing != EVT_MARK) {
        return false;
    }
    struct evt_mark mark = evt_mark_read(look.bytes + 20);
    if (mark.end != at) {
        return false;
    }
    if (!evt_ring_has(ring, mark.begin)) {
        mark.begin = at; /* looks empty, which the numbers will deny */
    }
    *out = mark;
    return true;
}

/* Goes from record to record until an end-of-file record. */
static bool mark_behind(struct evt_ring *ring, uint64_t from, struct evt_mark *out)
{
    if (!evt_ring_has(ring, from)) {
        return false;
    }
    uint32_t at = (uint32_t)from;
    uint32_t rest = evt_ring_rest(ring, at);
    while (rest > 0) {
        struct evt_look look = evt_ring_look(ring, at, rest);
        if (look.thing == EVT_MARK) {
            return mark_at(ring, at, out);
        }
        if (look.thing == EVT_BROKEN) {
            return false;
        }
        at = evt_ring_next(ring, at, look.length);
        rest -= look.length;
    }
    return false;
}

/* True when the record that these bounds name as the oldest is there. */
static bool oldest_is_there(struct evt_ring *ring, const struct evt_mark *bounds)
{
    if (!evt_ring_has(ring, bounds->begin) || bounds->begin == bounds->end) {
        return false;
    }
    struct evt_look look = evt_ring_look(ring, bounds->begin, evt_ring_rest(ring, bounds->begin));
    return look.thing == EVT_RECORD && evt_record_number(look.bytes) == bounds->oldest;
}

/* How far an end-of-file record can be believed: 2 when the records from the oldest on lead to it,
 * 1 when only the oldest is there. */
static int proof_of(struct evt_ring *ring, const struct evt_mark *mark)
{
    struct evt_mark reached;
    if (mark->begin == mark->end) {
        return 1;
    }
    if (!oldest_is_there(ring, mark)) {
        return 0;
    }
    return mark_behind(ring, mark->begin, &reached) && reached.end == mark->end ? 2 : 1;
}

/* Looks for end-of-file records by their signature, in the whole file. One that is left over from
 * before the log was cleared has less proof; of equals the newest wins. */
static bool mark_anywhere(struct evt_ring *ring, const struct evt_mark *header,
                          struct evt_mark *out)
{
    int best = -1;
    uint32_t at = EVT_HEADER_SIZE;
    for (int seen = 0; seen < MOST_MARKS && (at = evt_ring_find_mark(ring, at)) != 0; seen++) {
        struct evt_mark mark;
        bool holds = mark_at(ring, at, &mark);
        at += 4;
        if (!holds) {
            continue;
        }
        int proof = proof_of(ring, &mark);
        int32_t newer = (int32_t)((mark.next - header->next) - (out->next - header->next));
        if (proof > best || (proof == best && newer > 0)) {
            *out = mark;
            best = proof;
        }
    }
    return best >= 0;
}

/* A closed log's header is believed when what it points to agrees with it. */
static bool header_holds(struct evt_ring *ring, const struct evt_mark *header)
{
    struct evt_mark mark;
    if (!evt_ring_has(ring, header->begin) || !evt_ring_has(ring, header->end)) {
        return false;
    }
    if (header->begin == header->end) {
        return header->oldest == 0 || header->oldest == header->next ||
               mark_at(ring, header->end, &mark);
    }
    return oldest_is_there(ring, header) ||
           (mark_at(ring, header->end, &mark) && mark.begin == header->begin);
}

/* The record with the lowest number, or with the number that is wanted. */
static bool find_oldest(struct evt_ring *ring, const uint32_t *wanted, struct evt_mark *out)
{
    bool found = false;
    uint32_t at = EVT_HEADER_SIZE;
    uint32_t rest = evt_ring_rest(ring, at);
    while (rest > 0) {
        struct evt_look look = evt_ring_look(ring, at, rest);
        if (look.thing == EVT_RECORD) {
            uint32_t number = evt_record_number(look.bytes);
            if (wanted != NULL ? number == *wanted
                               : !found || (int32_t)(number - out->oldest) < 0) {
                out->begin = at;
                out->oldest = number;
                found = true;
            }
        }
        uint32_t step = look.thing == EVT_RECORD || look.thing == EVT_FILLER
                            ? look.length
                            : evt_ring_resync(ring, at, rest, NULL);
        if (step == 0) {
            break;
        }
        at = evt_ring_next(ring, at, step);
        rest -= step;
    }
    return found;
}

/* An end-of-file record whose own beginning is damaged still tells the oldest record's number. */
static void repair_begin(struct evt_ring *ring, struct evt_mark *bounds)
{
    bool empty = bounds->begin == bounds->end;
    bool good =
        empty ? bounds->oldest == 0 || bounds->oldest == bounds->next
              : evt_ring_look(ring, bounds->begin, evt_ring_rest(ring, bounds->begin)).thing ==
                    EVT_RECORD;
    if (!good) {
        (void)find_oldest(ring, &bounds->oldest, bounds);
    }
}

/* The length of the record that the place names, where its hint says; 0 when it is not there. */
static uint32_t length_at_hint(struct evt_ring *ring, const struct log_place *place)
{
    if (place == NULL || !place->set || !evt_ring_has(ring, place->offset)) {
        return 0;
    }
    uint32_t at = (uint32_t)place->offset;
    struct evt_look look = evt_ring_look(ring, at, evt_ring_rest(ring, at));
    bool is_it = look.thing == EVT_RECORD && evt_record_number(look.bytes) == place->record &&
                 evt_record_time(look.bytes) == place->time;
    return is_it ? look.length : 0;
}

/* A log that is written to while it is read may show a record that is half there: the first look at
 * such a place behind what was read before only notes it. */
static bool may_be_being_written(struct reader *r, uint32_t at)
{
    struct log_place *place = r->run.place;
    if (!r->growing || !r->resumed || place == NULL || place->doubt == (uint64_t)at + 1) {
        return false;
    }
    place->doubt = (uint64_t)at + 1;
    r->run.result.incomplete = true;
    return true;
}

/* The same where no end-of-file record follows the place: the next one is written faster than the
 * file is searched for it. */
static bool end_may_be_being_written(struct reader *r)
{
    r->resumed = r->hint != 0;
    return r->resumed && may_be_being_written(
                             r, evt_ring_next(&r->ring, (uint32_t)r->run.place->offset, r->hint));
}

enum bounds { BOUNDS_FOUND, BOUNDS_NONE, BOUNDS_LATER };

/* Sets the bounds. NONE when the file holds no record at all, LATER when they may be being written.
 */
static enum bounds find_bounds(struct reader *r, const struct evt_mark *header)
{
    const struct log_place *place = r->run.place;
    bool follows = place != NULL && place->set;
    r->hint = length_at_hint(&r->ring, place);
    r->bounds_known = true;
    if (!r->run.result.dirty && header_holds(&r->ring, header)) {
        r->bounds = *header;
        return BOUNDS_FOUND;
    }
    /* A follower's last record is near the end; the header of an open log is behind by what was
     * written since it was opened. Only a damaged log has to be searched. */
    bool near = follows && mark_behind(&r->ring, place->offset, &r->bounds);
    if (!near && follows && end_may_be_being_written(r)) {
        return BOUNDS_LATER;
    }
    if (near || mark_behind(&r->ring, header->end, &r->bounds) ||
        mark_anywhere(&r->ring, header, &r->bounds)) {
        repair_begin(&r->ring, &r->bounds);
        return BOUNDS_FOUND;
    }
    r->bounds_known = false;
    r->ring.wraps = header->end < header->begin || r->run.result.dirty;
    return find_oldest(&r->ring, NULL, &r->bounds) ? BOUNDS_FOUND : BOUNDS_NONE;
}

/* ---- the walk ---- */

struct position {
    uint32_t at;
    uint32_t rest; /* bytes that may still hold records */
};

static void step(struct reader *r, struct position *p, uint32_t length)
{
    p->at = evt_ring_next(&r->ring, p->at, length);
    p->rest -= length;
}

static struct position beginning(struct reader *r)
{
    uint32_t at = r->bounds.begin;
    uint32_t rest = r->bounds_known ? evt_ring_distance(&r->ring, at, r->bounds.end)
                                    : evt_ring_rest(&r->ring, at);
    return (struct position){at, rest};
}

static void report_broken(struct reader *r, uint32_t at)
{
    uint8_t bytes[8] = {0};
    uint32_t length = 0;
    size_t got = input_read(r->ring.input, at, bytes, sizeof bytes);
    if (got == sizeof bytes && get_le32(bytes + 4) == EVT_SIGNATURE) {
        length = get_le32(bytes);
        run_damage(&r->run, at,
                   "a record that says it has %" PRIu32
                   " bytes, where the same number was expected at its end",
                   length);
    } else {
        run_damage(&r->run, at,
                   "the bytes %02x %02x %02x %02x %02x %02x %02x %02x, where a record's length "
                   "and \"LfLe\" were expected",
                   bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]);
    }
}

/* Goes through the log as the walk below does, so that it comes by every record that was handed
 * out: without an end-of-file record only newer numbers count. */
static bool search_place(struct reader *r, const struct log_place *place, struct position all,
                         struct position *p)
{
    uint32_t last = r->bounds.oldest - 1;
    const uint32_t *after = r->bounds_known ? NULL : &last;
    bool found = false;
    for (*p = all; p->rest > 0 && !found;) {
        struct evt_look look = evt_ring_look(&r->ring, p->at, p->rest);
        bool record = look.thing == EVT_RECORD &&
                      (after == NULL || (int32_t)(evt_record_number(look.bytes) - last) > 0);
        if (record) {
            last = evt_record_number(look.bytes);
            found = last == place->record && evt_record_time(look.bytes) == place->time;
        } else if (look.thing != EVT_FILLER) {
            look.length = evt_ring_resync(&r->ring, p->at, p->rest, after);
            if (look.length == 0) {
                return false;
            }
        }
        step(r, p, look.length);
    }
    return found;
}

/* Behind the record that the place names: at the hinted offset, else wherever it is. False when
 * it is nowhere among the log's records. */
static bool behind_place(struct reader *r, const struct log_place *place, struct position *p)
{
    struct position all = beginning(r);
    if (r->hint != 0) {
        uint32_t at = (uint32_t)place->offset;
        uint32_t before = evt_ring_distance(&r->ring, all.at, at);
        if (before < all.rest && r->hint <= all.rest - before &&
            r->hint <= evt_ring_rest(&r->ring, at)) {
            *p = (struct position){at, all.rest - before};
            step(r, p, r->hint);
            return true;
        }
    }
    return search_place(r, place, all, p);
}

/* Hands out one record. False when the reading ends. */
static bool hand_out(struct reader *r, uint32_t at, const struct evt_look *look)
{
    struct event event;
    if (r->only != NULL && !log_ids_have(r->only, evt_record_id(look->bytes))) {
        r->run.result.records++;
        return true;
    }
    if (!evt_record_decode(look->bytes, look->length, &r->names, &event)) {
        r->run.result.end = LOG_NO_MEMORY;
        return false;
    }
    return run_event(&r->run, &event, at);
}

/* Goes on to the first record that may be wanted. */
static void pass_over(struct reader *r, struct position *p)
{
    if (r->only != NULL) {
        step(r, p, evt_ring_pass(&r->ring, p->at, p->rest, r->only, &r->run.result.records));
    }
}

/* All records up to a known end. What is not one lies between two that are, so it is damage. */
static void walk_to_end(struct reader *r, struct position p)
{
    while (p.rest > 0) {
        pass_over(r, &p);
        if (p.rest == 0) {
            return;
        }
        struct evt_look look = evt_ring_look(&r->ring, p.at, p.rest);
        if (look.thing == EVT_RECORD && !hand_out(r, p.at, &look)) {
            return;
        }
        if (look.thing == EVT_BROKEN || look.thing == EVT_MARK) {
            if (may_be_being_written(r, p.at)) {
                return;
            }
            report_broken(r, p.at);
            look.length = evt_ring_resync(&r->ring, p.at, p.rest, NULL);
            if (look.length == 0) {
                return;
            }
        }
        step(r, &p, look.length);
    }
}

/* Without an end-of-file record the log goes on as long as its numbers do. */
static void walk_by_number(struct reader *r, struct position p, const uint32_t *last_read)
{
    uint32_t last = last_read != NULL ? *last_read : r->bounds.oldest - 1;
    r->run.result.incomplete = true;
    while (p.rest > 0) {
        struct evt_look look = evt_ring_look(&r->ring, p.at, p.rest);
        bool record = look.thing == EVT_RECORD;
        if (record && (int32_t)(evt_record_number(look.bytes) - last) > 0) {
            last = evt_record_number(look.bytes);
            if (!hand_out(r, p.at, &look)) {
                return;
            }
        } else if (look.thing != EVT_FILLER) {
            uint32_t to_next = 0;
            if (!r->growing) {
                to_next = evt_ring_resync(&r->ring, p.at, p.rest, &last);
            }
            if (to_next == 0) {
                break;
            }
            report_broken(r, p.at);
            look.length = to_next;
        }
        step(r, &p, look.length);
    }
    if (!r->growing) {
        run_damage(&r->run, p.rest > 0 ? p.at : r->ring.end,
                   "the end of the log's records, where its end-of-file record was expected");
    }
}

static void read_records(struct reader *r)
{
    struct log_place *place = r->run.place;
    struct position p = beginning(r);
    uint32_t last = 0;
    if (place != NULL && place->set) {
        r->resumed = behind_place(r, place, &p);
        last = (uint32_t)place->record;
        if (!r->resumed) {
            run_place_lost(&r->run);
            p = beginning(r);
        }
    }
    /* While the end-of-file record is missing, it is being written behind a new record. That one
     * may be half there and look whole, where what it is written over ended at the same offset. */
    if (r->bounds_known) {
        evt_ring_forget(&r->ring);
        walk_to_end(r, p);
    } else if (!may_be_being_written(r, p.at)) {
        walk_by_number(r, p, r->resumed ? &last : NULL);
    }
}

struct log_result evt_read_how(const struct log_input *input, bool growing, struct log_place *place,
                               const struct log_sink *sink, const struct log_how *how)
{
    struct reader r = {.run = {.sink = sink, .place = place},
                       .growing = growing,
                       .only = how != NULL ? how->only : NULL};
    uint8_t header[EVT_HEADER_SIZE];
    if (input_read(input, 0, header, sizeof header) != sizeof header ||
        get_le32(header) != EVT_HEADER_SIZE || get_le32(header + 4) != EVT_SIGNATURE) {
        r.run.result.end = LOG_WRONG_KIND;
        return r.run.result;
    }
    struct evt_mark claimed = evt_mark_read(header + 16);
    r.run.result.dirty = (get_le32(header + 36) & FLAG_DIRTY) != 0;
    evt_ring_init(&r.ring, input);
    enum bounds bounds = find_bounds(&r, &claimed);
    if (bounds == BOUNDS_FOUND) {
        read_records(&r);
    } else if (bounds == BOUNDS_NONE) {
        r.run.result.incomplete = true;
        if (place != NULL && place->set) {
            run_place_lost(&r.run);
        }
        if (!growing) {
            run_damage(&r.run, EVT_HEADER_SIZE,
                       "no record and no end-of-file record, where at least one was expected");
        }
    }
    if (r.ring.no_memory) {
        r.run.result.end = LOG_NO_MEMORY;
    }
    evt_ring_free(&r.ring);
    buf_free(&r.names);
    return r.run.result;
}

struct log_result evt_read(const struct log_input *input, bool growing, struct log_place *place,
                           const struct log_sink *sink)
{
    return evt_read_how(input, growing, place, sink, NULL);
}
