/* The input is a sequence of records, restarts and new thresholds. The live detector and the scan
 * are held against a reference that looks at all records with every one. */
#include "burst.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 192, COMPUTERS = 3, UNIT_SECONDS = 10 };

#define START (UINT64_C(13000000000) * WINTIME_PER_SECOND)
#define UNIT  (UNIT_SECONDS * WINTIME_PER_SECOND)

static const char *const names[COMPUTERS][2] = {{"A", "a"}, {"", NULL}, {"b.example", "B.Example"}};

/* All records of one computer by time. */
struct series {
    uint64_t times[MOST];
    bool hot[MOST]; /* was in a burst before the record that came last */
    size_t count;
    uint64_t newest;
};

struct rules {
    uint32_t events;
    uint64_t window;
};

static size_t insert(struct series *s, uint64_t time)
{
    size_t at = s->count++;
    for (; at > 0 && s->times[at - 1] > time; at--) {
        s->times[at] = s->times[at - 1];
        s->hot[at] = s->hot[at - 1];
    }
    s->times[at] = time;
    s->hot[at] = false;
    s->newest = time > s->newest ? time : s->newest;
    return at;
}

/* joined[i]: records i and i + 1 are in one burst. */
static void join(const struct series *s, const struct rules *rules, bool joined[MOST])
{
    memset(joined, 0, MOST * sizeof *joined);
    for (size_t i = 0; i < s->count; i++) {
        size_t end = i;
        while (end + 1 < s->count && s->times[end + 1] - s->times[i] <= rules->window) {
            end++;
        }
        for (size_t k = i; end - i + 1 >= rules->events && k < end; k++) {
            joined[k] = true;
        }
    }
}

/* The run of joined records around `at`. */
static struct burst run_around(const struct series *s, const bool joined[MOST], size_t at)
{
    size_t first = at;
    size_t last = at;
    while (first > 0 && joined[first - 1]) {
        first--;
    }
    while (last + 1 < s->count && joined[last]) {
        last++;
    }
    return (struct burst){NULL, s->times[first], s->times[last], last - first + 1};
}

static enum burst_answer expected_answer(struct series *s, const struct rules *rules, size_t at,
                                         struct burst *right)
{
    bool joined[MOST];
    bool known = false;
    join(s, rules, joined);
    *right = run_around(s, joined, at);
    for (size_t i = 0; i < s->count; i++) {
        bool inside = s->times[i] >= right->first && s->times[i] <= right->last;
        known = known || (inside && s->hot[i]);
        s->hot[i] = joined[i] || (i > 0 && joined[i - 1]);
    }
    return right->events < 2 ? BURST_NO : known ? BURST_MORE : BURST_BEGUN;
}

static void add_record(struct burst_detector *detector, struct burst_scan *scan, struct series *s,
                       const char *name, const struct rules *rules, uint64_t time)
{
    struct burst hit = {NULL, 0, 0, 0};
    struct burst right;
    size_t at = insert(s, time);
    enum burst_answer expected = expected_answer(s, rules, at, &right);
    enum burst_answer answer = burst_add(detector, name, time, &hit);
    FUZZ_REQUIRE(answer == expected, "the answer is %d where %d is right", (int)answer,
                 (int)expected);
    FUZZ_REQUIRE(answer == BURST_NO || (hit.first == right.first && hit.last == right.last &&
                                        hit.events == right.events),
                 "the burst is the reference's");
    FUZZ_REQUIRE(burst_scan_add(scan, name, time), "memory is out");
}

struct saved {
    struct burst_item items[BURST_SAVE_MAX];
    size_t count;
};

static bool keep_item(void *context, const struct burst_item *item)
{
    struct saved *saved = context;
    FUZZ_REQUIRE(saved->count < BURST_SAVE_MAX, "no more is saved than there is room for");
    saved->items[saved->count] = *item;
    saved->items[saved->count++].computer = text_copy(item->computer);
    return true;
}

static struct burst_detector *restart(struct burst_detector *detector, const struct rules *rules)
{
    struct saved *saved = calloc(1, sizeof *saved);
    struct burst_detector *next = burst_open(rules->events, rules->window);
    FUZZ_REQUIRE(saved != NULL && next != NULL, "memory is out");
    burst_save(detector, keep_item, saved);
    burst_close(detector);
    for (size_t i = 0; i < saved->count; i++) {
        FUZZ_REQUIRE(burst_load(next, &saved->items[i]), "memory is out");
        free((char *)saved->items[i].computer);
    }
    free(saved);
    return next;
}

struct counting {
    const struct series *all;
    const struct rules *rules;
    uint64_t count;
    uint64_t last_first;
};

static bool is_burst(const struct series *s, const struct rules *rules, const struct burst *burst)
{
    bool joined[MOST];
    join(s, rules, joined);
    for (size_t i = 0; i < s->count; i++) {
        struct burst run = run_around(s, joined, i);
        if (run.events > 1 && run.first == burst->first && run.last == burst->last &&
            run.events == burst->events) {
            return true;
        }
    }
    return false;
}

static bool check_burst(void *context, const struct burst *burst)
{
    struct counting *c = context;
    bool found = false;
    for (size_t i = 0; i < COMPUTERS; i++) {
        found = found || is_burst(&c->all[i], c->rules, burst);
    }
    FUZZ_REQUIRE(found, "a burst of the scan is one of the reference's");
    FUZZ_REQUIRE(burst->first >= c->last_first, "bursts come by their first time");
    c->last_first = burst->first;
    c->count++;
    return true;
}

static void check_scan(struct burst_scan *scan, const struct series *all,
                       const struct rules *strictest, const struct rules *wanted)
{
    const struct rules allowed = {
        wanted->events < strictest->events ? wanted->events : strictest->events,
        wanted->window > strictest->window ? wanted->window : strictest->window};
    const struct rules *rules = &allowed;
    struct counting counting = {all, rules, 0, 0};
    uint64_t right = 0;
    for (size_t c = 0; c < COMPUTERS; c++) {
        bool joined[MOST];
        join(&all[c], rules, joined);
        for (size_t i = 0; i < all[c].count; i++) {
            right += joined[i] && (i == 0 || !joined[i - 1]) ? 1 : 0;
        }
    }
    FUZZ_REQUIRE(burst_scan_count(scan, rules->events, rules->window) == right,
                 "the scan counts the reference's bursts");
    FUZZ_REQUIRE(burst_scan_each(scan, rules->events, rules->window, check_burst, &counting) &&
                     counting.count == right,
                 "the scan gives the reference's bursts");
}

static struct rules take_rules(struct fuzz_bytes *bytes)
{
    uint32_t events = 2 + fuzz_take8(bytes) % 7;
    return (struct rules){events, fuzz_take8(bytes) * UNIT};
}

void fuzz_burst(const uint8_t *data, size_t size)
{
    static struct series all[COMPUTERS];
    struct fuzz_bytes bytes = {data, size};
    struct rules rules = take_rules(&bytes);
    struct burst_detector *detector = burst_open(rules.events, rules.window);
    const struct rules strictest = rules;
    struct burst_scan *scan = burst_scan_open(strictest.events, strictest.window);
    bool configured = false;
    FUZZ_REQUIRE(detector != NULL && scan != NULL, "memory is out");
    memset(all, 0, sizeof all);
    while (bytes.left > 0) {
        uint8_t what = fuzz_take8(&bytes);
        struct series *s = &all[what % COMPUTERS];
        const char *name = names[what % COMPUTERS][what / 16 % 2];
        uint64_t step = fuzz_take8(&bytes) * UNIT;
        if (what >= 0xf8) {
            detector = restart(detector, &rules);
        } else if (what >= 0xf4) {
            check_scan(scan, all, &strictest, &rules);
        } else if (what >= 0xf0) {
            /* What a burst's inner records were is not remembered: from here on the answers may
             * differ from the reference's, and only the memory is looked at. */
            rules = take_rules(&bytes);
            burst_configure(detector, rules.events, rules.window);
            configured = true;
        } else if (s->count < MOST) {
            uint64_t newest = s->newest != 0 ? s->newest : START;
            uint64_t time = what % 2 == 0 ? newest + step : newest - step % (BURST_DISORDER + UNIT);
            if (configured) {
                struct burst hit;
                (void)insert(s, time);
                (void)burst_add(detector, name, time, &hit);
                FUZZ_REQUIRE(burst_scan_add(scan, name, time), "memory is out");
            } else {
                add_record(detector, scan, s, name, &rules, time);
            }
        }
    }
    check_scan(scan, all, &strictest, &rules);
    burst_scan_close(scan);
    burst_close(detector);
}
