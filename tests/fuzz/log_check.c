#include "log_check.h"

#include "decode/part.h"

#include "base/bytes.h"
#include "base/crc32.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { RESUMES = 4, PLACE_BYTES = 24 };

/* One record as it was handed out. */
struct kept {
    struct log_place place; /* not set by a way of reading that has none */
    uint16_t id;
    uint32_t sum; /* of all that the event says */
};

struct reading {
    const struct log_place *place; /* that the decoder moves on, or NULL */
    uint64_t size;
    size_t stop_after; /* 0: never */
    struct kept *kept;
    size_t count;
    size_t room;
    uint64_t damaged;
    struct log_result result;
};

static bool is_text(const char *text)
{
    return text == NULL || fuzz_is_utf8(text, strlen(text));
}

bool log_event_is_text(const struct event *event)
{
    return is_text(event->provider) && is_text(event->channel) && is_text(event->computer) &&
           is_text(event->strings);
}

static uint32_t sum_text(uint32_t sum, const char *text)
{
    return text == NULL ? crc32_update(sum, "\1", 1) : crc32_update(sum, text, strlen(text) + 1);
}

static uint32_t sum_of(const struct event *event)
{
    uint64_t numbers[] = {event->record, event->time, event->id,
                          event->has_qualifiers ? event->qualifiers : UINT64_MAX,
                          event->has_level ? event->level : UINT64_MAX};
    uint32_t sum = crc32_update(0, numbers, sizeof numbers);
    sum = sum_text(sum, event->provider);
    sum = sum_text(sum, event->channel);
    sum = sum_text(sum, event->computer);
    return sum_text(sum, event->strings);
}

static bool keep_event(void *context, const struct event *event)
{
    struct reading *r = context;
    const struct log_place *place = r->place;
    FUZZ_REQUIRE(log_event_is_text(event), "an event's texts are UTF-8");
    FUZZ_REQUIRE(place == NULL ||
                     (place->set && place->record == event->record && place->time == event->time),
                 "the place names the record that is handed out");
    FUZZ_REQUIRE(place == NULL || place->offset < r->size, "the place is inside the log");
    if (r->count == r->room) {
        r->room = r->room == 0 ? 64 : 2 * r->room;
        r->kept = realloc(r->kept, r->room * sizeof *r->kept);
        FUZZ_REQUIRE(r->kept != NULL, "memory is out");
    }
    r->kept[r->count++] = (struct kept){.place = place != NULL ? *place : (struct log_place){0},
                                        .id = event->id,
                                        .sum = sum_of(event)};
    return r->stop_after == 0 || r->count < r->stop_after;
}

static void keep_damage(void *context, uint64_t offset, const char *what)
{
    struct reading *r = context;
    (void)offset;
    FUZZ_REQUIRE(what != NULL && what[0] != '\0', "damage has a sentence");
    r->damaged++;
}

static bool same_place(const struct log_place *a, const struct log_place *b)
{
    return a->set == b->set && a->record == b->record && a->time == b->time &&
           a->offset == b->offset && a->part == b->part;
}

static bool same_result(const struct log_result *a, const struct log_result *b)
{
    return a->end == b->end && a->place_lost == b->place_lost && a->incomplete == b->incomplete &&
           a->dirty == b->dirty && a->records == b->records && a->damaged == b->damaged;
}

/* Reads on behind `*place`, which is moved. The kept records are to be freed. */
static struct reading read_log(enum log_kind kind, const uint8_t *data, size_t size, bool growing,
                               struct log_place *place, size_t stop_after)
{
    struct log_memory memory = {data, size};
    struct log_input input = log_input_memory(&memory);
    struct reading r = {.place = place, .size = size, .stop_after = stop_after};
    struct log_sink sink = {.context = &r, .event = keep_event, .damage = keep_damage};
    struct log_place before = *place;
    r.result = log_read(kind, &input, growing, place, &sink);
    FUZZ_REQUIRE(r.result.end != LOG_NO_MEMORY, "memory is bounded");
    FUZZ_REQUIRE(r.result.records == r.count && r.result.damaged == r.damaged,
                 "the result counts %" PRIu64 " records and %" PRIu64
                 " damaged places, and %zu and %" PRIu64 " were handed out",
                 r.result.records, r.result.damaged, r.count, r.damaged);
    FUZZ_REQUIRE(r.count > 0 || same_place(&before, place),
                 "a reading without records leaves the place alone");
    FUZZ_REQUIRE(before.set || !r.result.place_lost, "no place cannot be lost");
    FUZZ_REQUIRE((r.result.end == LOG_STOPPED) == (stop_after != 0 && r.count == stop_after),
                 "a reading is stopped by its sink alone");
    return r;
}

/* True when the `count` records from `from` on are those of `part` from its first on. */
static bool same_records(const struct reading *whole, size_t from, const struct reading *part,
                         size_t count)
{
    if (from + count > whole->count || count > part->count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct kept *a = &whole->kept[from + i];
        const struct kept *b = &part->kept[i];
        if (a->sum != b->sum || a->place.offset != b->place.offset) {
            return false;
        }
    }
    return true;
}

static int by_offset(const void *a, const void *b)
{
    const struct kept *left = a;
    const struct kept *right = b;
    return (left->place.offset > right->place.offset) - (left->place.offset < right->place.offset);
}

/* No place gives two records. */
static void check_apart(const struct reading *r, size_t least)
{
    struct kept *sorted = fuzz_copy(r->kept, r->count * sizeof *r->kept, false);
    if (r->count > 0) {
        qsort(sorted, r->count, sizeof *sorted, by_offset);
    }
    for (size_t i = 1; i < r->count; i++) {
        FUZZ_REQUIRE(sorted[i].place.offset - sorted[i - 1].place.offset >= least,
                     "the records at %" PRIu64 " and %" PRIu64 " share bytes",
                     sorted[i - 1].place.offset, sorted[i].place.offset);
    }
    free(sorted);
}

static bool is_unique(const struct reading *r, size_t k)
{
    for (size_t i = 0; i < r->count; i++) {
        if (i != k && r->kept[i].place.record == r->kept[k].place.record &&
            r->kept[i].place.time == r->kept[k].place.time) {
            return false;
        }
    }
    return true;
}

static void append(struct reading *all, struct reading *more)
{
    struct kept *kept = realloc(all->kept, (all->count + more->count + 1) * sizeof *kept);
    FUZZ_REQUIRE(kept != NULL, "memory is out");
    for (size_t i = 0; i < more->count; i++) {
        kept[all->count + i] = more->kept[i];
    }
    all->kept = kept;
    all->count += more->count;
    all->room = all->count + 1;
    free(more->kept);
}

/* Reads on as a follower does: what it was in doubt about at one reading, it takes at the next. */
static struct reading follow_log(enum log_kind kind, const uint8_t *data, size_t size, bool growing,
                                 struct log_place *place)
{
    uint64_t doubt = place->doubt;
    struct reading all = read_log(kind, data, size, growing, place, 0);
    for (size_t most = size; growing && place->doubt != doubt && most > 0; most--) {
        doubt = place->doubt;
        struct reading more = read_log(kind, data, size, growing, place, 0);
        append(&all, &more);
    }
    return all;
}

/* Reading on behind record k. With `hint` false the place's offset is wrong. */
static void check_resume(enum log_kind kind, const uint8_t *data, size_t size,
                         const struct reading *whole, size_t k, bool growing, bool hint)
{
    struct log_place place = whole->kept[k].place;
    if (!hint) {
        place.offset ^= 1;
    }
    struct reading r = follow_log(kind, data, size, growing, &place);
    size_t behind = whole->count - k - 1;
    FUZZ_REQUIRE(!r.result.place_lost, "record %zu of %zu is found again%s", k, whole->count,
                 hint ? "" : " without its offset");
    FUZZ_REQUIRE(r.count == behind && same_records(whole, k + 1, &r, behind),
                 "behind record %zu of %zu come the %zu others, and not %zu%s", k, whole->count,
                 behind, r.count, hint ? "" : " (found without its offset)");
    free(r.kept);
}

static void check_all_resumes(enum log_kind kind, const uint8_t *data, size_t size,
                              const struct reading *whole, bool growing)
{
    size_t step = whole->count > RESUMES ? whole->count / RESUMES : 1;
    for (size_t k = 0; k < whole->count; k += step) {
        check_resume(kind, data, size, whole, k, growing, true);
        if (is_unique(whole, k)) {
            check_resume(kind, data, size, whole, k, growing, false);
        }
    }
}

/* A place that the input's end names, as a state file from anywhere may. */
static void check_any_place(enum log_kind kind, const uint8_t *data, size_t size,
                            const struct reading *whole)
{
    if (size < PLACE_BYTES) {
        return;
    }
    const uint8_t *p = data + size - PLACE_BYTES;
    struct log_place place = {
        .set = true, .record = get_le64(p), .time = get_le64(p + 8), .offset = get_le64(p + 16)};
    struct reading r = read_log(kind, data, size, false, &place, 0);
    FUZZ_REQUIRE(r.count <= whole->count, "a place gives no records that are not there");
    FUZZ_REQUIRE(!r.result.place_lost ||
                     (r.count == whole->count && same_records(whole, 0, &r, r.count)),
                 "a lost place gives all records");
    free(r.kept);
}

void log_check(enum log_kind kind, const uint8_t *data, size_t size, size_t least, bool resumes)
{
    struct log_place place = {.set = false};
    struct reading whole = read_log(kind, data, size, false, &place, 0);
    check_apart(&whole, least);

    struct log_place again_place = {.set = false};
    struct reading again = read_log(kind, data, size, false, &again_place, 0);
    FUZZ_REQUIRE(again.count == whole.count && same_records(&whole, 0, &again, whole.count) &&
                     same_result(&again.result, &whole.result),
                 "reading twice gives the same");
    free(again.kept);

    struct log_place growing_place = {.set = false};
    struct reading growing = read_log(kind, data, size, true, &growing_place, 0);
    FUZZ_REQUIRE(same_records(&whole, 0, &growing, growing.count),
                 "a growing log gives no record that the closed one does not");
    if (resumes) {
        check_all_resumes(kind, data, size, &growing, true);
        check_all_resumes(kind, data, size, &whole, false);
    }
    free(growing.kept);
    if (whole.count > 1) {
        struct log_place stopped_place = {.set = false};
        size_t most = 1 + whole.count / 2;
        struct reading stopped = read_log(kind, data, size, false, &stopped_place, most);
        FUZZ_REQUIRE(stopped.count == most && same_records(&whole, 0, &stopped, most),
                     "a stopped reading gives the first records");
        free(stopped.kept);
    }
    check_any_place(kind, data, size, &whole);
    free(whole.kept);
}

void log_check_growth(enum log_kind kind, const uint8_t *data, size_t size, size_t part)
{
    struct log_place at_once_place = {.set = false};
    struct log_place place = {.set = false};
    uint8_t *cut = fuzz_copy(data, part, false);
    struct reading whole = read_log(kind, data, size, true, &at_once_place, 0);
    struct reading early = read_log(kind, cut, part, true, &place, 0);
    struct reading late = follow_log(kind, data, size, true, &place);
    FUZZ_REQUIRE(!late.result.place_lost, "a log that grew still has its records");
    FUZZ_REQUIRE(early.count + late.count == whole.count &&
                     same_records(&whole, 0, &early, early.count) &&
                     same_records(&whole, early.count, &late, late.count),
                 "%zu records at %zu bytes and %zu later, where the whole has %zu", early.count,
                 part, late.count, whole.count);
    free(cut);
    free(whole.kept);
    free(early.kept);
    free(late.kept);
}

/* Another way of reading the same log gives the same records: of those with the event ids
 * `only`, where it is not NULL, it may leave out the others. */
static void check_same(const struct reading *whole, const struct reading *other,
                       const struct log_ids *only)
{
    size_t at = 0;
    for (size_t i = 0; i < whole->count; i++) {
        const struct kept *kept = &whole->kept[i];
        bool same = at < other->count && other->kept[at].sum == kept->sum &&
                    (!other->kept[at].place.set || !kept->place.set ||
                     same_place(&other->kept[at].place, &kept->place));
        bool wanted = only == NULL || log_ids_have(only, kept->id);
        FUZZ_REQUIRE(same || !wanted, "record %zu of %zu is read in every way", i, whole->count);
        at += same ? 1 : 0;
    }
    FUZZ_REQUIRE(at == other->count, "no way of reading gives a record more");
}

static void check_how(enum log_kind kind, const struct log_input *input,
                      const struct reading *whole, const struct log_how *how)
{
    struct log_place place = {.set = false};
    struct reading r = {.place = &place, .size = input->size};
    struct log_sink sink = {.context = &r, .event = keep_event, .damage = keep_damage};
    r.result = log_read_how(kind, input, false, &place, &sink, how);
    check_same(whole, &r, how->only);
    FUZZ_REQUIRE(same_result(&whole->result, &r.result), "the result is the same in every way");
    free(r.kept);
}

/* An .evtx file in parts of one to four chunks. */
static void check_parts(const struct log_input *input, const struct reading *whole)
{
    static const struct log_how usual = {.only = NULL};
    struct reading r = {.size = input->size};
    struct log_sink sink = {.context = &r, .event = keep_event, .damage = keep_damage};
    struct log_result sum;
    struct evtx_file *file = evtx_file_open(input, false, &sink, &sum);
    FUZZ_REQUIRE((file == NULL) == (whole->result.end == LOG_WRONG_KIND),
                 "a log that can be read can be read in parts");
    uint64_t chunks = file != NULL ? evtx_file_chunks(file) : 0;
    for (uint64_t first = 0, count = 1; first < chunks; first += count, count = count % 4 + 1) {
        uint64_t left = chunks - first;
        struct log_result part =
            evtx_file_read(file, input, first, count < left ? count : left, &sink, &usual);
        sum.records += part.records;
        sum.damaged += part.damaged;
        sum.incomplete = sum.incomplete || part.incomplete;
    }
    check_same(whole, &r, NULL);
    FUZZ_REQUIRE(same_result(&whole->result, &sum), "the parts sum up to the whole");
    evtx_file_close(file);
    free(r.kept);
}

void log_check_ways(enum log_kind kind, const uint8_t *data, size_t size)
{
    struct log_memory memory = {data, size};
    struct log_input input = log_input_memory(&memory);
    struct log_place place = {.set = false};
    struct reading whole = read_log(kind, data, size, false, &place, 0);
    struct log_how how = {.plain = true};
    uint16_t id = whole.count > 0 ? whole.kept[whole.count / 2].id : 4226;
    /* One id, and some around another. */
    const struct log_ids one = {id, 1};
    const struct log_ids some = {(uint16_t)(id - 20), 0x0f0f100000100021};
    check_how(kind, &input, &whole, &how);
    how = (struct log_how){.only = &one};
    check_how(kind, &input, &whole, &how);
    how = (struct log_how){.only = &some};
    check_how(kind, &input, &whole, &how);
    if (kind == LOG_EVTX) {
        check_parts(&input, &whole);
    }
    free(whole.kept);
}
