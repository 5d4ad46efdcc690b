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

static void add_memory(struct buf *out, const struct engine_memory *m)
{
    keyfile_add(out, "state", engine_state_name(m->state));
    add_burst(out, "burst", &m->burst);
    for (size_t i = 0; i < ENGINE_OTHERS_MAX && m->others[i].last != 0; i++) {
        add_burst(out, "other-burst", &m->others[i]);
    }
    add_burst(out, "untold-burst", &m->untold);
    keyfile_add_number(out, "limit", m->limit);
    keyfile_add_number(out, "limit-before", m->limit_before);
    keyfile_add(out, "computer", m->computer);
    keyfile_add(out, "boot", m->boot);
    keyfile_add_number(out, "remind-at", m->remind_at);
    keyfile_add_number(out, "asked-size", m->asked_size);
    add_version(out, &m->asked_version);
    keyfile_add_number(out, "patch-time", m->patch.time);
    keyfile_add_number(out, "patch-limit-before", m->patch.limit_before);
    keyfile_add_number(out, "patch-limit-after", m->patch.limit_after);
    for (size_t c = 0; c < PC_COPIES; c++) {
        if (m->patch.copies[c].present) {
            keyfile_add_number(out, "copy", c);
            keyfile_add_number(out, "crc32", m->patch.copies[c].crc32);
            add_version(out, &m->patch.copies[c].version);
        }
    }
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

enum os_status state_save(const struct os *os, const char *directory, const char *root,
                          const struct engine_memory *memory, const struct policy *policy,
                          const struct source *sources, size_t source_count)
{
    struct buf text = BUF_INIT;
    keyfile_start(&text, state_kind, STATE_VERSION);
    keyfile_add(&text, "root", root);
    add_memory(&text, memory);
    for (size_t i = 0; i < source_count; i++) {
        keyfile_add(&text, "source", sources[i].spec);
        keyfile_add_number(&text, "threshold-events", policy->events);
        keyfile_add_number(&text, "threshold-seconds", policy->window_seconds);
        if (sources[i].place.set) {
            keyfile_add_number(&text, "place-record", sources[i].place.record);
            keyfile_add_number(&text, "place-time", sources[i].place.time);
            keyfile_add_number(&text, "place-offset", sources[i].place.offset);
        }
        if (sources[i].bookmark.len > 0) {
            keyfile_add(&text, "bookmark", sources[i].bookmark.data);
        }
        burst_save(sources[i].detector, add_item, &text);
    }
    keyfile_finish(&text);
    enum os_status status = text.failed ? OS_NO_MEMORY : os_make_directories(os, directory);
    if (status == OS_OK) {
        status = os_write_whole(os, directory, "state", text.data, text.len);
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
    size_t others;
    struct buf *root; /* or NULL */
    size_t copy;      /* PC_COPIES before the first */

    const struct source *sources;
    size_t source_count;
    struct loaded {
        struct log_place place;
        struct buf bookmark;
        struct burst_detector *detector; /* NULL: the file has nothing of this source */
    } loaded[SOURCES_MAX];
    bool in_source;
    struct loaded *source; /* the one whose lines are being read; NULL: one that is gone */
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

static bool take_copy_line(struct loading *l, const char *key, const char *value)
{
    uint64_t number;
    if (strcmp(key, "copy") == 0) {
        if (!keyfile_number(value, PC_COPIES - 1, &number)) {
            return false;
        }
        l->copy = (size_t)number;
        l->memory.patch.copies[l->copy].present = true;
        return true;
    }
    if (l->copy == PC_COPIES) {
        return strcmp(key, "version") == 0 && take_version(value, &l->memory.asked_version);
    }
    return strcmp(key, "crc32") == 0 ? take_u32(value, &l->memory.patch.copies[l->copy].crc32)
           : strcmp(key, "version") == 0
               ? take_version(value, &l->memory.patch.copies[l->copy].version)
               : false;
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
        l->burst = &m->untold;
    } else if (strcmp(key, "other-burst") == 0 && l->others < ENGINE_OTHERS_MAX) {
        l->burst = &m->others[l->others++];
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
        {"asked-size", &m->asked_size},
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
           : strcmp(key, "boot") == 0
               ? take_text(value, m->boot, sizeof m->boot)
               : take_number_line(m, key, value) || take_copy_line(l, key, value);
}

/* The last line of an item: now it is whole. */
static bool take_item(struct loading *l, bool burst)
{
    struct burst_item item = {l->item_computer, l->item_first, l->item_last, l->item_events, burst};
    if (l->source != NULL && l->source->detector != NULL &&
        !burst_load(l->source->detector, &item)) {
        l->no_memory = true;
        return false;
    }
    return true;
}

static bool open_detector(struct loading *l, uint64_t seconds)
{
    if (l->source != NULL && l->source->detector == NULL) {
        l->source->detector = burst_open(l->events, seconds * WINTIME_PER_SECOND);
        l->no_memory = l->source->detector == NULL;
    }
    return !l->no_memory;
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
    struct loaded none = {.detector = NULL};
    struct log_place *place = &(l->source != NULL ? l->source : &none)->place;
    uint64_t number;
    if (strcmp(key, "item") == 0) {
        return take_text(value, l->item_computer, sizeof l->item_computer);
    }
    if (strcmp(key, "bookmark") == 0) {
        return take_bookmark(l, value);
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
    for (size_t i = 0; i < l->source_count && i < SOURCES_MAX; i++) {
        if (strcmp(l->sources[i].spec, spec) == 0) {
            l->source = &l->loaded[i];
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

static void take_over(struct loading *l, struct engine_memory *memory, struct source *sources)
{
    *memory = l->memory;
    for (size_t i = 0; i < SOURCES_MAX; i++) {
        if (l->loaded[i].detector != NULL) {
            burst_close(sources[i].detector);
            sources[i].detector = l->loaded[i].detector;
            sources[i].place = l->loaded[i].place;
            buf_free(&sources[i].bookmark);
            sources[i].bookmark = l->loaded[i].bookmark;
            l->loaded[i].bookmark = BUF_INIT;
            l->loaded[i].detector = NULL;
        }
    }
}

enum os_status state_load(const struct os *os, const char *directory, struct engine_memory *memory,
                          struct source *sources, size_t source_count, struct buf *root,
                          enum keyfile_status *whole)
{
    struct buf text = BUF_INIT;
    struct keyfile file;
    struct loading l = {
        .root = root, .sources = sources, .source_count = source_count, .copy = PC_COPIES};
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
    for (size_t i = 0; i < SOURCES_MAX; i++) {
        burst_close(l.loaded[i].detector);
        buf_free(&l.loaded[i].bookmark);
    }
    buf_free(&text);
    return status;
}
