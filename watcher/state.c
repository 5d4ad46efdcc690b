#include "state.h"

#include "base/wintime.h"

#include <stdlib.h>
#include <string.h>

static const char state_kind[] = "tcpipwatch-state";

/* So much is the most that SOURCES_MAX full detectors come to, with the longest names. */
enum { STATE_VERSION = 1, STATE_MOST = 64 * 1024 * 1024 };

/* ---- writing ---- */

static void add_version(struct buf *out, const struct pc_version *version)
{
    char text[PC_VERSION_SIZE];
    pc_version_text(version, text);
    keyfile_add(out, "version", text);
}

static void add_burst(struct buf *out, const char *key, const struct engine_burst *burst)
{
    keyfile_add(out, key, burst->computer);
    keyfile_add_number(out, "first", burst->first);
    keyfile_add_number(out, "last", burst->last);
    keyfile_add_number(out, "events", burst->events);
}

static void add_bursts(struct buf *out, const char *key, const struct engine_burst *list,
                       size_t most)
{
    for (size_t i = 0; i < most && list[i].last != 0; i++) {
        add_burst(out, key, &list[i]);
    }
}

static void add_build(struct buf *out, const char *key, const struct engine_build *build)
{
    keyfile_add_number(out, key, build->size);
    add_version(out, &build->version);
}

static void add_copies(struct buf *out, const struct engine_memory *m)
{
    for (size_t c = 0; c < PC_COPIES; c++) {
        const struct engine_copy *copy = &m->seen[c];
        if (!copy->known) {
            continue;
        }
        keyfile_add_number(out, "seen", c);
        keyfile_add_number(out, "seen-present", copy->present);
        keyfile_add_number(out, "seen-access", copy->access);
        keyfile_add_number(out, "seen-crc32", copy->crc32);
        keyfile_add_number(out, "seen-status", copy->status);
        add_version(out, &copy->version);
        if (copy->has_limit) {
            keyfile_add_number(out, "seen-limit", copy->limit);
        }
    }
}

static void add_patch(struct buf *out, const struct engine_patch *patch)
{
    keyfile_add_number(out, "patch-time", patch->time);
    keyfile_add_number(out, "patch-limit-before", patch->limit_before);
    keyfile_add_number(out, "patch-limit-after", patch->limit_after);
    for (size_t c = 0; c < PC_COPIES; c++) {
        if (patch->copies[c].present) {
            keyfile_add_number(out, "copy", c);
            keyfile_add_number(out, "crc32", patch->copies[c].crc32);
            add_version(out, &patch->copies[c].version);
        }
    }
}

static void add_memory(struct buf *out, const struct engine_memory *m)
{
    keyfile_add(out, "state", engine_state_name(m->state));
    add_burst(out, "burst", &m->burst);
    add_bursts(out, "other-burst", m->others, ENGINE_OTHERS_MAX);
    add_burst(out, "untold-burst", &m->untold[BURST_CONNECT_LIMIT]);
    add_burst(out, "untold-ports-burst", &m->untold[BURST_PORTS]);
    add_bursts(out, "ports-burst", m->ports, ENGINE_PORTS_MAX);
    keyfile_add_number(out, "limit", m->limit);
    keyfile_add_number(out, "limit-before", m->limit_before);
    keyfile_add(out, "computer", m->computer);
    keyfile_add(out, "boot", m->boot);
    keyfile_add_number(out, "remind-at", m->remind_at);
    keyfile_add_number(out, "by-hand", m->by_hand);
    keyfile_add_number(out, "verified", m->verified);
    keyfile_add_number(out, "fresh-from", m->fresh_from);
    add_build(out, "asked-size", &m->asked);
    for (size_t i = 0; i < ENGINE_TRIED_MAX && m->tried[i].size != 0; i++) {
        add_build(out, "tried-size", &m->tried[i]);
    }
    add_patch(out, &m->patch);
    add_copies(out, m);
}

static bool add_item(void *context, const struct burst_item *item)
{
    struct buf *out = context;
    keyfile_add(out, "item", item->computer);
    keyfile_add_number(out, "first", item->first);
    keyfile_add_number(out, "last", item->last);
    keyfile_add_number(out, "events", item->events);
    keyfile_add_number(out, "burst", item->burst ? 1 : 0);
    return !out->failed;
}

static void add_source(struct buf *out, const struct policy *policy, const struct source *source)
{
    keyfile_add(out, "source", source->spec);
    if (source->place.set) {
        keyfile_add_number(out, "place-record", source->place.record);
        keyfile_add_number(out, "place-time", source->place.time);
        keyfile_add_number(out, "place-offset", source->place.offset);
        if (source->place.part != 0) {
            keyfile_add_number(out, "place-part", source->place.part);
        }
    }
    if (source->bookmark.len > 0) {
        keyfile_add(out, "bookmark", source->bookmark.data);
    }
    for (size_t kind = 0; kind < BURST_KINDS; kind++) {
        keyfile_add(out, "counts", burst_kind_name((enum burst_kind)kind));
        keyfile_add_number(out, "threshold-events", policy->events);
        keyfile_add_number(out, "threshold-seconds", policy->window_seconds);
        burst_save(source->detectors[kind], add_item, out);
    }
}

enum os_status state_save(const struct os *os, const char *directory, const char *root,
                          const struct engine_memory *memory, const struct policy *policy,
                          const struct source *sources, size_t source_count)
{
    struct buf text = BUF_INIT;
    keyfile_start(&text, state_kind, STATE_VERSION);
    keyfile_add(&text, "root", root);
    add_memory(&text, memory);
    for (size_t i = 0; i < source_count; i++) {
        add_source(&text, policy, &sources[i]);
    }
    keyfile_finish(&text);
    enum os_status status = OS_NO_MEMORY;
    if (!text.failed) {
        status = os_write_whole(os, directory, "state", text.data, text.len);
    }
    if (status == OS_NOT_FOUND) {
        status = os_make_directories(os, directory);
        if (status == OS_OK) {
            status = os_write_whole(os, directory, "state", text.data, text.len);
        }
    }
    buf_free(&text);
    return status;
}

/* ---- reading ---- */

/* Everything is put together beside what the caller has, and taken over when the file was good to
 * its last line. */
struct loading {
    struct engine_memory memory;
    struct engine_burst *burst; /* the one whose lines are being read, or NULL */
    size_t others, ports, tried;
    struct buf *root;           /* or NULL */
    struct pc_version *version; /* the one that the next such line is */
    size_t copy, seen;          /* whose lines are being read; PC_COPIES before the first */

    const struct source *sources;
    size_t source_count;
    struct loaded {
        struct log_place place;
        struct buf bookmark;
        struct burst_detector *detectors[BURST_KINDS];
        bool found; /* the file has this source */
    } loaded[SOURCES_MAX];
    bool in_source;
    struct loaded *source; /* the one whose lines are being read; NULL: one that is gone */
    enum burst_kind kind;  /* the detector of it */
    uint32_t events;       /* the thresholds in its lines */
    uint64_t item_first, item_last, item_events;
    char item_computer[BURST_NAME_MAX + 1];
    bool no_memory;
};

static bool take_version(const char *value, struct pc_version *version)
{
    char part[8];
    for (size_t i = 0; i < 4; i++) {
        size_t length = strcspn(value, ".");
        uint64_t number;
        if (length == 0 || length >= sizeof part || (value[length] == '.') != (i < 3)) {
            return false;
        }
        memcpy(part, value, length);
        part[length] = '\0';
        if (!keyfile_number(part, UINT16_MAX, &number)) {
            return false;
        }
        version->part[i] = (uint16_t)number;
        value += length + (i < 3 ? 1 : 0);
    }
    return true;
}

static bool take_text(const char *value, char *out, size_t size)
{
    size_t length = strlen(value);
    if (length >= size) {
        return false;
    }
    memcpy(out, value, length + 1);
    return true;
}

static bool take_state(const char *value, enum engine_state *state)
{
    for (int i = 0; i < ENGINE_STATES; i++) {
        if (strcmp(value, engine_state_name((enum engine_state)i)) == 0) {
            *state = (enum engine_state)i;
            return true;
        }
    }
    return false;
}

static bool take_u32(const char *value, uint32_t *out)
{
    uint64_t number;
    if (!keyfile_number(value, UINT32_MAX, &number)) {
        return false;
    }
    *out = (uint32_t)number;
    return true;
}

static bool take_flag(const char *value, bool *out)
{
    uint64_t number;
    if (!keyfile_number(value, 1, &number)) {
        return false;
    }
    *out = number == 1;
    return true;
}

/* The index of a copy; its lines follow. */
static bool begin_copy(const char *value, size_t *copy)
{
    uint64_t number;
    if (!keyfile_number(value, PC_COPIES - 1, &number)) {
        return false;
    }
    *copy = (size_t)number;
    return true;
}

static bool take_copy_line(struct loading *l, const char *key, const char *value)
{
    struct engine_patch *patch = &l->memory.patch;
    if (strcmp(key, "copy") == 0) {
        if (!begin_copy(value, &l->copy)) {
            return false;
        }
        patch->copies[l->copy].present = true;
        l->version = &patch->copies[l->copy].version;
        return true;
    }
    if (strcmp(key, "crc32") == 0 && l->copy < PC_COPIES) {
        return take_u32(value, &patch->copies[l->copy].crc32);
    }
    return strcmp(key, "version") == 0 && l->version != NULL && take_version(value, l->version);
}

static bool take_seen_line(struct loading *l, const char *key, const char *value)
{
    uint64_t number;
    if (strcmp(key, "seen") == 0) {
        if (!begin_copy(value, &l->seen)) {
            return false;
        }
        l->memory.seen[l->seen].known = true;
        l->version = &l->memory.seen[l->seen].version;
        return true;
    }
    if (l->seen == PC_COPIES) {
        return false;
    }
    struct engine_copy *seen = &l->memory.seen[l->seen];
    if (strcmp(key, "seen-access") == 0) {
        bool good = keyfile_number(value, OS_IO, &number);
        seen->access = good ? (enum os_status)number : OS_OK;
        return good;
    }
    if (strcmp(key, "seen-status") == 0) {
        bool good = keyfile_number(value, PC_DAMAGED, &number);
        seen->status = good ? (enum pc_status)number : PC_DAMAGED;
        return good;
    }
    if (strcmp(key, "seen-limit") == 0) {
        seen->has_limit = true;
        return take_u32(value, &seen->limit);
    }
    return strcmp(key, "seen-present") == 0 ? take_flag(value, &seen->present)
           : strcmp(key, "seen-crc32") == 0 ? take_u32(value, &seen->crc32)
                                            : false;
}

/* A build: its size, and its version in the next line. */
static bool take_build_line(struct loading *l, const char *key, const char *value)
{
    struct engine_build *build = NULL;
    if (strcmp(key, "asked-size") == 0) {
        build = &l->memory.asked;
    } else if (strcmp(key, "tried-size") == 0 && l->tried < ENGINE_TRIED_MAX) {
        build = &l->memory.tried[l->tried++];
    }
    if (build == NULL || !keyfile_number(value, UINT64_MAX, &build->size)) {
        return false;
    }
    l->version = &build->version;
    return true;
}

static bool take_burst_line(struct loading *l, const char *key, const char *value)
{
    uint64_t *number = strcmp(key, "first") == 0    ? &l->burst->first
                       : strcmp(key, "last") == 0   ? &l->burst->last
                       : strcmp(key, "events") == 0 ? &l->burst->events
                                                    : NULL;
    return number != NULL && keyfile_number(value, UINT64_MAX, number);
}

/* A line that begins a burst; false when it is none, or the name is too long. */
static bool begin_burst(struct loading *l, const char *key, const char *value)
{
    struct engine_memory *m = &l->memory;
    if (strcmp(key, "burst") == 0) {
        l->burst = &m->burst;
    } else if (strcmp(key, "untold-burst") == 0) {
        l->burst = &m->untold[BURST_CONNECT_LIMIT];
    } else if (strcmp(key, "untold-ports-burst") == 0) {
        l->burst = &m->untold[BURST_PORTS];
    } else if (strcmp(key, "other-burst") == 0 && l->others < ENGINE_OTHERS_MAX) {
        l->burst = &m->others[l->others++];
    } else if (strcmp(key, "ports-burst") == 0 && l->ports < ENGINE_PORTS_MAX) {
        l->burst = &m->ports[l->ports++];
    } else {
        return false;
    }
    return take_text(value, l->burst->computer, sizeof l->burst->computer);
}

static bool take_number_line(struct engine_memory *m, const char *key, const char *value)
{
    const struct {
        const char *key;
        uint64_t *number;
    } numbers[] = {
        {"remind-at", &m->remind_at},
        {"verified", &m->verified},
        {"fresh-from", &m->fresh_from},
        {"patch-time", &m->patch.time},
    };
    const struct {
        const char *key;
        uint32_t *number;
    } small_numbers[] = {
        {"limit", &m->limit},
        {"limit-before", &m->limit_before},
        {"patch-limit-before", &m->patch.limit_before},
        {"patch-limit-after", &m->patch.limit_after},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strcmp(key, numbers[i].key) == 0) {
            return keyfile_number(value, UINT64_MAX, numbers[i].number);
        }
    }
    for (size_t i = 0; i < sizeof small_numbers / sizeof small_numbers[0]; i++) {
        if (strcmp(key, small_numbers[i].key) == 0) {
            return take_u32(value, small_numbers[i].number);
        }
    }
    return false;
}

static bool take_memory_line(struct loading *l, const char *key, const char *value)
{
    struct engine_memory *m = &l->memory;
    if (strcmp(key, "root") == 0) {
        if (l->root != NULL) {
            buf_add_text(l->root, value);
        }
        return true;
    }
    if (begin_burst(l, key, value) || (l->burst != NULL && take_burst_line(l, key, value))) {
        return true;
    }
    return strcmp(key, "state") == 0      ? take_state(value, &m->state)
           : strcmp(key, "computer") == 0 ? take_text(value, m->computer, sizeof m->computer)
           : strcmp(key, "boot") == 0     ? take_text(value, m->boot, sizeof m->boot)
           : strcmp(key, "by-hand") == 0
               ? take_flag(value, &m->by_hand)
               : take_number_line(m, key, value) || take_build_line(l, key, value) ||
                     take_copy_line(l, key, value) || take_seen_line(l, key, value);
}

/* The last line of an item: now it is whole. */
static bool take_item(struct loading *l, bool burst)
{
    struct burst_item item = {l->item_computer, l->item_first, l->item_last, l->item_events, burst};
    struct burst_detector *detector = l->source != NULL ? l->source->detectors[l->kind] : NULL;
    if (detector != NULL && !burst_load(detector, &item)) {
        l->no_memory = true;
        return false;
    }
    return true;
}

static bool open_detector(struct loading *l, uint64_t seconds)
{
    if (l->source != NULL && l->source->detectors[l->kind] == NULL) {
        l->source->detectors[l->kind] = burst_open(l->events, seconds * WINTIME_PER_SECOND);
        l->no_memory = l->source->detectors[l->kind] == NULL;
    }
    return !l->no_memory;
}

static bool begin_detector(struct loading *l, const char *value)
{
    for (int kind = 0; kind < BURST_KINDS; kind++) {
        if (strcmp(value, burst_kind_name((enum burst_kind)kind)) == 0) {
            l->kind = (enum burst_kind)kind;
            return true;
        }
    }
    return false;
}

static bool take_bookmark(struct loading *l, const char *value)
{
    if (l->source != NULL) {
        buf_clear(&l->source->bookmark);
        buf_add_text(&l->source->bookmark, value);
        l->no_memory = l->no_memory || l->source->bookmark.failed;
    }
    return !l->no_memory;
}

static bool take_source_line(struct loading *l, const char *key, const char *value)
{
    struct loaded none = {.found = false};
    struct log_place *place = &(l->source != NULL ? l->source : &none)->place;
    uint64_t number;
    if (strcmp(key, "item") == 0) {
        return take_text(value, l->item_computer, sizeof l->item_computer);
    }
    if (strcmp(key, "bookmark") == 0) {
        return take_bookmark(l, value);
    }
    if (strcmp(key, "counts") == 0) {
        return begin_detector(l, value);
    }
    if (strcmp(key, "threshold-events") == 0) {
        return take_u32(value, &l->events);
    }
    if (!keyfile_number(value, UINT64_MAX, &number)) {
        return false;
    }
    if (strcmp(key, "threshold-seconds") == 0) {
        return number <= UINT32_MAX && open_detector(l, number);
    }
    if (strcmp(key, "place-record") == 0) {
        place->record = number;
    } else if (strcmp(key, "place-time") == 0) {
        place->time = number;
    } else if (strcmp(key, "place-offset") == 0) {
        place->offset = number;
        place->set = true;
    } else if (strcmp(key, "place-part") == 0) {
        place->part = number;
    } else if (strcmp(key, "first") == 0) {
        l->item_first = number;
    } else if (strcmp(key, "last") == 0) {
        l->item_last = number;
    } else if (strcmp(key, "events") == 0) {
        l->item_events = number;
    } else {
        return strcmp(key, "burst") == 0 && take_item(l, number == 1);
    }
    return true;
}

static void begin_source(struct loading *l, const char *spec)
{
    l->in_source = true;
    l->source = NULL;
    l->kind = BURST_CONNECT_LIMIT;
    for (size_t i = 0; i < l->source_count && i < SOURCES_MAX; i++) {
        if (strcmp(l->sources[i].spec, spec) == 0) {
            l->source = &l->loaded[i];
            l->source->found = true;
        }
    }
}

static bool take_lines(struct loading *l, struct keyfile *file)
{
    const char *key;
    const char *value;
    while (keyfile_next(file, &key, &value)) {
        if (strcmp(key, "source") == 0) {
            begin_source(l, value);
        } else if (!(l->in_source ? take_source_line(l, key, value)
                                  : take_memory_line(l, key, value))) {
            return false;
        }
    }
    return true;
}

/* A file of before there was a second kind has no detector for it: the caller's stays. */
static void take_over_source(struct loaded *loaded, struct source *source)
{
    for (size_t kind = 0; kind < BURST_KINDS; kind++) {
        if (loaded->detectors[kind] != NULL) {
            burst_close(source->detectors[kind]);
            source->detectors[kind] = loaded->detectors[kind];
            loaded->detectors[kind] = NULL;
        }
    }
    source->place = loaded->place;
    buf_free(&source->bookmark);
    source->bookmark = loaded->bookmark;
    loaded->bookmark = BUF_INIT;
}

static void take_over(struct loading *l, struct engine_memory *memory, struct source *sources)
{
    *memory = l->memory;
    for (size_t i = 0; i < SOURCES_MAX; i++) {
        if (l->loaded[i].found) {
            take_over_source(&l->loaded[i], &sources[i]);
        }
    }
}

static void free_loaded(struct loading *l)
{
    for (size_t i = 0; i < SOURCES_MAX; i++) {
        for (size_t kind = 0; kind < BURST_KINDS; kind++) {
            burst_close(l->loaded[i].detectors[kind]);
        }
        buf_free(&l->loaded[i].bookmark);
    }
}

enum os_status state_load(const struct os *os, const char *directory, struct engine_memory *memory,
                          struct source *sources, size_t source_count, struct buf *root,
                          enum keyfile_status *whole)
{
    struct buf text = BUF_INIT;
    struct keyfile file;
    struct loading l = {.root = root,
                        .sources = sources,
                        .source_count = source_count,
                        .copy = PC_COPIES,
                        .seen = PC_COPIES};
    enum os_status status = os_read_written(os, directory, "state", STATE_MOST, &text);
    if (status == OS_OK) {
        *whole = keyfile_open(&file, &text, state_kind, STATE_VERSION);
        bool good = *whole == KEYFILE_OK && take_lines(&l, &file);
        if (good) {
            take_over(&l, memory, sources);
        } else if (l.no_memory) {
            status = OS_NO_MEMORY;
        } else if (*whole == KEYFILE_OK) {
            *whole = KEYFILE_DAMAGED;
        }
    }
    free_loaded(&l);
    buf_free(&text);
    return status;
}
