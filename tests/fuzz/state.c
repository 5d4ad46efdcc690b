/* The input is the lines of a state file. */
#include "state.h"

#include "keyfile_frame.h"
#include "memory_os.h"

#include <string.h>

enum { SOURCES = 2 };

static char spec_a[] = "file:a";
static char spec_b[] = "file:b";

struct watcher {
    struct engine_memory memory;
    struct policy policy;
    struct source sources[SOURCES];
};

static void watcher_init(struct watcher *w)
{
    memset(w, 0, sizeof *w);
    engine_reset(&w->memory);
    FUZZ_REQUIRE(policy_defaults(&w->policy), "memory is out");
    w->sources[0].spec = spec_a;
    w->sources[1].spec = spec_b;
    for (size_t i = 0; i < SOURCES; i++) {
        FUZZ_REQUIRE(source_count_anew(&w->sources[i], w->policy.events,
                                       w->policy.window_seconds * WINTIME_PER_SECOND),
                     "memory is out");
    }
}

static void watcher_free(struct watcher *w)
{
    for (size_t i = 0; i < SOURCES; i++) {
        source_stop_counting(&w->sources[i]);
    }
    policy_free(&w->policy);
}

/* Loads a file and, when it is whole, saves it again. */
static enum keyfile_status load_and_save(const void *bytes, size_t size, struct buf *saved)
{
    struct memory_os m;
    struct watcher w;
    struct buf root = BUF_INIT;
    enum keyfile_status whole = KEYFILE_DAMAGED;
    memory_os_init(&m, bytes, size);
    watcher_init(&w);
    FUZZ_REQUIRE(state_load(&m.os, "/d", &w.memory, w.sources, SOURCES, &root, &whole) == OS_OK,
                 "the file is there");
    if (whole == KEYFILE_OK) {
        for (size_t i = 0; i < SOURCES; i++) {
            source_count_by(&w.sources[i], w.policy.events,
                            w.policy.window_seconds * WINTIME_PER_SECOND);
        }
        FUZZ_REQUIRE(state_save(&m.os, "/d", "/w", &w.memory, &w.policy, w.sources, SOURCES) ==
                         OS_OK,
                     "a state can be saved");
        buf_add(saved, m.written.data, m.written.len);
    } else {
        FUZZ_REQUIRE(w.memory.state == ENGINE_WATCHING && w.memory.burst.last == 0 &&
                         w.memory.patch.time == 0 && !w.sources[0].place.set &&
                         !w.sources[1].place.set,
                     "a file that is not whole changes nothing");
    }
    buf_free(&root);
    watcher_free(&w);
    memory_os_free(&m);
    return whole;
}

/* Goes over the records and bursts that a detector remembers, and over the checksum: what is far
 * from the newest record may be forgotten at every start. */
static const char *next_lasting_line(const char *line, size_t *length)
{
    while (strncmp(line, "item ", 5) == 0 || strncmp(line, "end ", 4) == 0) {
        bool item = line[0] == 'i';
        line = strchr(line, '\n') + 1;
        for (int more = 0; item && more < 4; more++) {
            line = strchr(line, '\n') + 1;
        }
    }
    *length = strcspn(line, "\n");
    return line;
}

/* True when the two say the same of everything but what may be forgotten. */
static bool same_states(const char *a, const char *b)
{
    size_t a_length = 1;
    size_t b_length = 1;
    bool same = true;
    while (same && a_length > 0 && b_length > 0) {
        a = next_lasting_line(a, &a_length);
        b = next_lasting_line(b, &b_length);
        same = a_length == b_length && memcmp(a, b, a_length) == 0;
        a += a_length + (a[a_length] == '\n' ? 1 : 0);
        b += b_length + (b[b_length] == '\n' ? 1 : 0);
    }
    return same;
}

void fuzz_state(const uint8_t *data, size_t size)
{
    struct buf file = BUF_INIT;
    struct buf first = BUF_INIT;
    struct buf again = BUF_INIT;
    keyfile_frame(&file, "tcpipwatch-state", data, size);
    if (load_and_save(file.data, file.len, &first) == KEYFILE_OK) {
        FUZZ_REQUIRE(load_and_save(first.data, first.len, &again) == KEYFILE_OK &&
                         same_states(buf_text(&first), buf_text(&again)),
                     "a state is loaded as it was saved");
    }
    buf_free(&file);
    buf_free(&first);
    buf_free(&again);
}
