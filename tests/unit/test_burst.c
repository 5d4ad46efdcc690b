#include "check.h"

#include "burst_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND WINTIME_PER_SECOND
#define HOUR   (3600 * SECOND)
#define START  (UINT64_C(400) * 365 * 24 * HOUR)

/* ---- the reference: every window over all times, sorted ---- */

enum { MOST = 3000 };

struct reference {
    uint64_t times[MOST]; /* sorted */
    size_t count;
    bool hot[MOST]; /* was in a burst before the record added last */
};

static void reference_add(struct reference *all, uint64_t time)
{
    size_t at = all->count++;
    for (; at > 0 && all->times[at - 1] > time; at--) {
        all->times[at] = all->times[at - 1];
        all->hot[at] = all->hot[at - 1];
    }
    all->times[at] = time;
    all->hot[at] = false;
}

/* joined[i]: records i and i + 1 share a window that holds enough. */
static void reference_join(const struct reference *all, uint32_t events, uint64_t window,
                           bool *joined)
{
    memset(joined, 0, all->count * sizeof *joined);
    for (size_t i = 0; i < all->count; i++) {
        size_t end = i;
        while (end + 1 < all->count && all->times[end + 1] - all->times[i] <= window) {
            end++;
        }
        if (end - i + 1 >= events) {
            memset(joined + i, 1, (end - i) * sizeof *joined);
        }
    }
}

/* What the live detector should say of the record just added. */
static enum burst_answer reference_answer(struct reference *all, uint32_t events, uint64_t window,
                                          uint64_t time, struct burst *hit)
{
    static bool joined[MOST];
    size_t first = 0;
    bool known = false;
    reference_join(all, events, window, joined);
    while (all->times[first] != time) {
        first++;
    }
    size_t last = first;
    while (first > 0 && joined[first - 1]) {
        first--;
    }
    while (last + 1 < all->count && joined[last]) {
        last++;
    }
    for (size_t i = first; i <= last; i++) {
        known = known || all->hot[i];
    }
    for (size_t i = 0; i < all->count; i++) {
        all->hot[i] = joined[i] || (i > 0 && joined[i - 1]);
    }
    hit->first = all->times[first];
    hit->last = all->times[last];
    hit->events = last - first + 1;
    return first == last ? BURST_NO : known ? BURST_MORE : BURST_BEGUN;
}

static uint64_t random_state;

static uint64_t random_below(uint64_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (random_state >> 11) % limit;
}

/* ---- a detector rebuilt from what it saves ---- */

struct saved {
    struct burst_item items[BURST_SAVE_MAX];
    char names[BURST_SAVE_MAX][16];
    size_t count;
};

static bool keep_item(void *context, const struct burst_item *item)
{
    struct saved *saved = context;
    saved->items[saved->count] = *item;
    snprintf(saved->names[saved->count], sizeof saved->names[0], "%s", item->computer);
    saved->items[saved->count].computer = saved->names[saved->count];
    saved->count++;
    return true;
}

static struct burst_detector *restarted(struct burst_detector *detector, uint32_t events,
                                        uint64_t window)
{
    static struct saved saved;
    saved.count = 0;
    burst_save(detector, keep_item, &saved);
    burst_close(detector);
    struct burst_detector *next = burst_open(events, window);
    for (size_t i = 0; i < saved.count; i++) {
        CHECK(burst_load(next, &saved.items[i]));
    }
    return next;
}

/* ---- live against the reference ---- */

struct sequence {
    uint32_t events;
    uint64_t window;
    size_t length;
    uint64_t step;     /* at most, from one record to the next */
    uint64_t disorder; /* at most, behind the newest */
    uint64_t unit;     /* times are multiples of it, so that there are ties and exact edges */
    bool restarts;
};

static unsigned differences;

static void compare(const struct sequence *sequence, const struct reference *all,
                    enum burst_answer got, const struct burst *hit, enum burst_answer expected,
                    const struct burst *right)
{
    if (got == expected &&
        (got == BURST_NO || (hit->first == right->first && hit->last == right->last &&
                             hit->events == right->events))) {
        return;
    }
    differences++;
    if (differences < 5) {
        printf("\nevents %u window %llu record %zu: answer %d, expected %d; %llu..%llu (%llu), "
               "expected %llu..%llu (%llu)",
               (unsigned)sequence->events, (unsigned long long)(sequence->window / SECOND),
               all->count, (int)got, (int)expected,
               (unsigned long long)((hit->first - START) / SECOND),
               (unsigned long long)((hit->last - START) / SECOND), (unsigned long long)hit->events,
               (unsigned long long)((right->first - START) / SECOND),
               (unsigned long long)((right->last - START) / SECOND),
               (unsigned long long)right->events);
    }
}

static void run_sequence(const struct sequence *sequence)
{
    static struct reference all;
    struct burst_detector *detector = burst_open(sequence->events, sequence->window);
    uint64_t newest = START;
    all.count = 0;
    for (size_t i = 0; i < sequence->length; i++) {
        uint64_t time = newest + random_below(sequence->step / sequence->unit + 1) * sequence->unit;
        if (random_below(3) == 0 && sequence->disorder > 0) {
            time = newest - random_below(sequence->disorder / sequence->unit + 1) * sequence->unit;
        }
        newest = time > newest ? time : newest;
        if (random_below(50) == 0) {
            newest += sequence->window / sequence->unit * sequence->unit;
        }
        if (sequence->restarts && random_below(20) == 0) {
            detector = restarted(detector, sequence->events, sequence->window);
        }
        struct burst hit = {0};
        struct burst right = {0};
        enum burst_answer got = burst_add(detector, "PC", time, &hit);
        reference_add(&all, time);
        enum burst_answer expected =
            reference_answer(&all, sequence->events, sequence->window, time, &right);
        compare(sequence, &all, got, &hit, expected, &right);
    }
    CHECK_NUMBER(burst_lost(detector).records, 0);
    CHECK_NUMBER(burst_lost(detector).computers, 0);
    burst_close(detector);
}

/* Thousands of short sequences, all orders: every time is within the disorder allowed. */
static void short_sequences_match_the_reference(void)
{
    random_state = 88172645463325252U;
    differences = 0;
    for (unsigned i = 0; i < 20000; i++) {
        struct sequence sequence = {
            .events = (uint32_t)(2 + random_below(5)),
            .window = random_below(30) * SECOND,
            .length = 1 + (size_t)random_below(25),
            .step = random_below(20) * SECOND,
            .disorder = random_below(60) * SECOND,
            .unit = random_below(2) == 0 ? SECOND : SECOND / 4,
            .restarts = i % 4 == 0,
        };
        run_sequence(&sequence);
    }
    CHECK_NUMBER(differences, 0);
}

/* Long ones, in which records are dropped: bursts far longer than what is remembered, quiet
 * stretches, records as late as is allowed. */
static void long_sequences_match_the_reference(void)
{
    random_state = 7;
    differences = 0;
    for (unsigned i = 0; i < 60; i++) {
        struct sequence sequence = {
            .events = (uint32_t)(2 + random_below(i % 3 == 0 ? 30 : 6)),
            .window = (1 + random_below(i % 2 == 0 ? 20 : 1200)) * SECOND,
            .length = 700,
            .disorder = BURST_DISORDER / (1 + random_below(40)),
            .unit = SECOND,
            .restarts = i % 3 == 1,
        };
        sequence.step = sequence.window * 2 / sequence.events * (1 + random_below(8)) / 4;
        run_sequence(&sequence);
    }
    CHECK_NUMBER(differences, 0);
}

static void backwards_is_as_good_as_forwards(void)
{
    struct burst_detector *detector = burst_open(3, HOUR);
    struct burst hit;
    CHECK_NUMBER(burst_add(detector, "PC", START + HOUR, &hit), BURST_NO);
    CHECK_NUMBER(burst_add(detector, "PC", START + HOUR / 2, &hit), BURST_NO);
    CHECK_NUMBER(burst_add(detector, "PC", START, &hit), BURST_BEGUN);
    CHECK_NUMBER(hit.first, START);
    CHECK_NUMBER(hit.last, START + HOUR);
    CHECK_NUMBER(hit.events, 3);
    burst_close(detector);
}

/* The first and the last record of a window may be exactly `window` apart, not more. */
static void the_edge_belongs_to_the_window(void)
{
    struct burst hit;
    for (uint64_t beyond = 0; beyond < 2; beyond++) {
        struct burst_detector *detector = burst_open(2, HOUR);
        struct burst_scan *scan = burst_scan_open(2, HOUR);
        burst_add(detector, "PC", START, &hit);
        CHECK_NUMBER(burst_add(detector, "PC", START + HOUR + beyond, &hit),
                     beyond == 0 ? BURST_BEGUN : BURST_NO);
        CHECK(burst_scan_add(scan, "PC", START) &&
              burst_scan_add(scan, "PC", START + HOUR + beyond));
        CHECK_NUMBER(burst_scan_count(scan, 2, HOUR), 1 - beyond);
        burst_close(detector);
        burst_scan_close(scan);
    }
}

static void computers_are_counted_apart(void)
{
    struct burst_detector *detector = burst_open(2, HOUR);
    struct burst hit;
    char longer[300];
    memset(longer, 'n', sizeof longer);
    longer[254] = '\xc3'; /* a character that would be cut in two */
    longer[255] = '\xa9';
    longer[sizeof longer - 1] = '\0';
    CHECK_NUMBER(burst_add(detector, "Server1", START, &hit), BURST_NO);
    CHECK_NUMBER(burst_add(detector, "SERVER2", START, &hit), BURST_NO);
    CHECK_NUMBER(burst_add(detector, NULL, START, &hit), BURST_NO);
    CHECK_NUMBER(burst_add(detector, longer, START, &hit), BURST_NO);
    CHECK_NUMBER(burst_add(detector, "", START, &hit), BURST_BEGUN);
    CHECK_TEXT(hit.computer, "");
    CHECK_NUMBER(burst_add(detector, "SERVER1", START, &hit), BURST_BEGUN);
    CHECK_TEXT(hit.computer, "Server1");
    longer[298] = 'm';
    CHECK_NUMBER(burst_add(detector, longer, START, &hit), BURST_BEGUN);
    CHECK_NUMBER(strlen(hit.computer), 254);
    burst_close(detector);
}

/* A burst that runs for a day keeps its first time and its number, in little memory. */
static void a_long_burst_is_counted_whole(void)
{
    struct burst_detector *detector = burst_open(3, 60 * SECOND);
    struct burst hit = {0};
    for (uint64_t i = 0; i < 86400; i++) {
        enum burst_answer answer = burst_add(detector, "PC", START + i * SECOND, &hit);
        if (answer != (i < 2 ? BURST_NO : i == 2 ? BURST_BEGUN : BURST_MORE)) {
            CHECK_NUMBER(i, 86400);
        }
    }
    CHECK_NUMBER(hit.first, START);
    CHECK_NUMBER(hit.events, 86400);
    static struct saved saved;
    saved.count = 0;
    burst_save(detector, keep_item, &saved);
    CHECK(saved.count < 10);
    CHECK(saved.items[0].burst);
    CHECK_NUMBER(saved.items[0].events, 86400);
    burst_close(detector);
}

/* Two million records, in order and not, of which each is cheap: a test of the time it takes, by
 * the test's own limit, and of the number. */
static void floods_are_counted_right(void)
{
    struct burst_detector *detector = burst_open(1000, 60 * SECOND);
    struct burst hit = {0};
    random_state = 99;
    for (uint64_t i = 0; i < 2000000; i++) {
        uint64_t time = START + HOUR + i * (SECOND / 100000);
        burst_add(detector, "PC", i % 4 == 0 ? time - random_below(SECOND) : time, &hit);
    }
    CHECK_NUMBER(hit.events, 2000000);
    CHECK_NUMBER(burst_lost(detector).records, 0);
    burst_close(detector);
}

/* More distinct times than there is room for: the oldest go, and it is said how many. */
static void what_has_no_room_is_counted(void)
{
    struct burst_detector *detector = burst_open(1000, 24 * HOUR);
    struct burst_detector *wide = burst_open(2, SECOND);
    struct burst hit;
    for (uint64_t i = 0; i < 20000; i++) {
        burst_add(wide, "PC", START + i * SECOND / 100 * 101, &hit);
    }
    CHECK_NUMBER(burst_lost(wide).records, 0);
    burst_close(wide);

    wide = burst_open(1000, SECOND);
    for (uint64_t i = 0; i < 20000; i++) {
        burst_add(wide, "PC", START + i * SECOND / 100, &hit);
    }
    uint64_t lost = burst_lost(wide).records;
    CHECK(lost > 20000 - BURST_ENTRIES_MAX && lost < 20000 - BURST_ENTRIES_MAX / 4);
    /* The newest are still there. */
    enum burst_answer answer = BURST_NO;
    for (uint64_t i = 0; i < 900 && answer == BURST_NO; i++) {
        answer = burst_add(wide, "PC", START + 19999 * SECOND / 100 + i, &hit);
    }
    CHECK_NUMBER(answer, BURST_BEGUN);
    CHECK_NUMBER(hit.events, 1000);
    burst_close(wide);

    for (unsigned i = 0; i < BURST_COMPUTERS_MAX + 5; i++) {
        char name[16];
        snprintf(name, sizeof name, "PC%u", i);
        burst_add(detector, name, START, &hit);
        burst_add(detector, "always there", START, &hit);
    }
    CHECK_NUMBER(burst_lost(detector).computers, 6);
    burst_configure(detector, 2, HOUR);
    CHECK_NUMBER(burst_add(detector, "PC0", START, &hit), BURST_NO);
    CHECK_NUMBER(burst_add(detector, "PC1000", START, &hit), BURST_BEGUN);
    CHECK_NUMBER(burst_add(detector, "always there", START, &hit), BURST_MORE);
    CHECK_NUMBER(hit.events, BURST_COMPUTERS_MAX + 6);
    burst_close(detector);
}

/* A clock that is years off for one record makes nothing forgotten; one that is set back for good
 * does not make the detector deaf. */
static void a_wrong_clock_does_no_harm(void)
{
    struct burst_detector *detector = burst_open(3, HOUR);
    struct burst hit;
    const uint64_t year = UINT64_C(365) * 24 * HOUR;
    burst_add(detector, "PC", START, &hit);
    burst_add(detector, "PC", START + SECOND, &hit);
    CHECK_NUMBER(burst_add(detector, "PC", START + 90 * year, &hit), BURST_NO);
    detector = restarted(detector, 3, HOUR); /* saving forgets what is not needed */
    CHECK_NUMBER(burst_add(detector, "PC", UINT64_MAX, &hit), BURST_NO);
    CHECK_NUMBER(burst_add(detector, "PC", 0, &hit), BURST_NO);
    detector = restarted(detector, 3, HOUR);
    CHECK_NUMBER(burst_add(detector, "PC", START + 2 * SECOND, &hit), BURST_BEGUN);
    CHECK_NUMBER(hit.events, 3);
    for (uint64_t i = 0; i < 1000; i++) {
        burst_add(detector, "PC", START + 90 * year + i * HOUR, &hit);
    }
    for (uint64_t i = 0; i < 100; i++) {
        CHECK_NUMBER(burst_add(detector, "PC", START + year + i * SECOND, &hit), i < 2 ? BURST_NO
                                                                                 : i == 2
                                                                                     ? BURST_BEGUN
                                                                                     : BURST_MORE);
    }
    CHECK_NUMBER(hit.events, 100);
    burst_close(detector);
}

static void other_thresholds_count_anew(void)
{
    struct burst_detector *detector = burst_open(5, 10 * SECOND);
    struct burst hit = {0};
    for (uint64_t i = 0; i < 10; i++) {
        CHECK_NUMBER(burst_add(detector, "PC", START + i * 20 * SECOND, &hit), BURST_NO);
    }
    burst_configure(detector, 3, 60 * SECOND); /* now they were one burst all along */
    CHECK_NUMBER(burst_add(detector, "PC", START + 200 * SECOND, &hit), BURST_MORE);
    CHECK_NUMBER(hit.events, 11);
    CHECK_NUMBER(hit.first, START);
    burst_configure(detector, 5, 10 * SECOND); /* and now they are none again */
    CHECK_NUMBER(burst_add(detector, "PC", START + 220 * SECOND, &hit), BURST_NO);

    /* A burst of which the inner records are gone keeps its number while it is sure to be one. */
    for (uint64_t i = 0; i < 1000; i++) {
        burst_add(detector, "PC", START + 2 * HOUR + i * SECOND / 10, &hit);
    }
    CHECK_NUMBER(hit.events, 1000);
    burst_configure(detector, 50, 100 * SECOND);
    CHECK_NUMBER(burst_add(detector, "PC", START + 2 * HOUR + 100 * SECOND, &hit), BURST_MORE);
    CHECK_NUMBER(hit.events, 1001);
    burst_configure(detector, 2, 2 * HOUR);
    CHECK_NUMBER(burst_add(detector, "PC", START + 2 * HOUR + 101 * SECOND, &hit), BURST_MORE);
    CHECK_NUMBER(hit.events, 1002); /* the older ones were beyond every window */
    CHECK_NUMBER(hit.first, START + 2 * HOUR);
    burst_configure(detector, 900, SECOND);
    CHECK_NUMBER(burst_add(detector, "PC", START + 2 * HOUR + 102 * SECOND, &hit), BURST_NO);
    burst_close(detector);
}

static bool keep_none(void *context, const struct burst_item *item)
{
    (void)item;
    (*(unsigned *)context)++;
    return false;
}

static void saved_items_are_bounded_and_checked(void)
{
    struct burst_detector *detector = burst_open(1000, 24 * HOUR);
    struct burst hit;
    static struct saved saved;
    for (unsigned i = 0; i < 10; i++) {
        char name[16];
        snprintf(name, sizeof name, "PC%u", i);
        for (unsigned k = 0; k < 900; k++) {
            burst_add(detector, name, START + k * SECOND, &hit);
        }
    }
    saved.count = 0;
    burst_save(detector, keep_item, &saved);
    CHECK_NUMBER(saved.count, BURST_SAVE_MAX);
    CHECK_TEXT(saved.items[0].computer, "PC9");
    CHECK_TEXT(saved.items[BURST_SAVE_MAX - 1].computer, "PC5");
    CHECK_NUMBER(saved.items[BURST_SAVE_MAX - 1].first, START + 899 * SECOND);
    unsigned called = 0;
    burst_save(detector, keep_none, &called);
    CHECK_NUMBER(called, 1);
    burst_close(detector);

    static const struct burst_item wrong[] = {
        {"PC", START, START, 0, false},
        {"PC", START, START, UINT64_MAX, false},
        {"PC", START, START + 1, 5, false},
        {"PC", START + 1, START, 5, true},
        {"PC", START, START, 2, true},
        {"PC", START, START + 1, 7, true}, /* touches the burst before it */
        {NULL, START, START, 1, false},
    };
    detector = burst_open(3, HOUR);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK(burst_load(detector, &wrong[i]));
    }
    CHECK_NUMBER(burst_add(detector, "PC", START, &hit), BURST_MORE);
    CHECK_NUMBER(hit.events, 3);
    for (unsigned i = 0; i < 2 * BURST_ENTRIES_MAX; i++) {
        struct burst_item item = {"B", START + i * HOUR, START + i * HOUR, 1, i % 2 == 0};
        CHECK(burst_load(detector, &item));
    }
    for (unsigned i = 0; i < 2 * BURST_COMPUTERS_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "PC%u", i);
        struct burst_item item = {name, START, START, 1, false};
        CHECK(burst_load(detector, &item));
    }
    CHECK_NUMBER(burst_lost(detector).computers, 0);
    burst_close(detector);
}

/* ---- the scan ---- */

struct found {
    struct burst bursts[MOST];
    size_t count;
};

static bool keep_burst(void *context, const struct burst *burst)
{
    struct found *found = context;
    found->bursts[found->count++] = *burst;
    return true;
}

static void scans_match_the_reference(void)
{
    static struct reference all;
    static bool joined[MOST];
    random_state = 12345;
    unsigned bursts = 0;
    unsigned wrong = 0;
    for (unsigned round = 0; round < 3000; round++) {
        uint32_t events = (uint32_t)(2 + random_below(6));
        uint64_t window = random_below(20) * SECOND;
        size_t length = (size_t)random_below(80);
        struct burst_scan *scan = burst_scan_open(events, window);
        static struct found found;
        all.count = 0;
        for (size_t i = 0; i < length; i++) {
            uint64_t time = START + random_below(1 + 200 * (round % 4)) * SECOND;
            reference_add(&all, time);
            CHECK(burst_scan_add(scan, "PC", time));
        }
        reference_join(&all, events, window, joined);
        found.count = 0;
        CHECK(burst_scan_each(scan, events, window, keep_burst, &found));
        size_t next = 0;
        for (size_t i = 0; i + 1 < length; i++) {
            size_t first = i;
            while (i + 1 < length && joined[i]) {
                i++;
            }
            if (i > first) {
                const struct burst *burst = &found.bursts[next++];
                wrong += next > found.count || burst->first != all.times[first] ||
                         burst->last != all.times[i] || burst->events != i - first + 1;
                bursts++;
            }
        }
        wrong += next != found.count || burst_scan_count(scan, events, window) != next;
        burst_scan_close(scan);
    }
    CHECK_NUMBER(wrong, 0);
    CHECK(bursts > 1000);
}

static bool keep_two(void *context, const struct burst *burst)
{
    keep_burst(context, burst);
    return ((struct found *)context)->count < 2;
}

static void a_scan_orders_its_bursts(void)
{
    static struct found found;
    struct burst_scan *scan = burst_scan_open(3, SECOND);
    static const struct {
        const char *computer;
        unsigned second;
    } records[] = {{"B", 100}, {"a", 100}, {"b", 101}, {"A", 101}, {"C", 51},
                   {"c", 50},  {"B", 300}, {"B", 302}, {NULL, 9},  {"", 9}};
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        CHECK(burst_scan_add(scan, records[i].computer, START + records[i].second * SECOND));
    }
    found.count = 0;
    CHECK(burst_scan_each(scan, 2, 2 * SECOND, keep_burst, &found));
    CHECK_NUMBER(found.count, 5);
    static const char *const names[] = {"", "C", "B", "a", "B"};
    for (size_t i = 0; i < 5 && i < found.count; i++) {
        CHECK_TEXT(found.bursts[i].computer, names[i]);
    }
    CHECK_NUMBER(burst_scan_count(scan, 2, 2 * SECOND), 5);
    CHECK_NUMBER(burst_scan_count(scan, 2, SECOND), 4);
    CHECK_NUMBER(burst_scan_count(scan, 3, HOUR), 1);
    found.count = 0;
    CHECK(burst_scan_each(scan, 2, 2 * SECOND, keep_two, &found));
    CHECK_NUMBER(found.count, 2);
    burst_scan_close(scan);
    burst_scan_close(NULL);
    burst_close(NULL);
}

/* Three million records of several files in any order. */
static void large_scans_are_exact(void)
{
    struct burst_scan *scan = burst_scan_open(4, 2 * SECOND);
    uint64_t half = 1500000;
    for (uint64_t i = half; i < 2 * half; i++) {
        burst_scan_add(scan, "PC", START + i * SECOND);
    }
    for (uint64_t i = 0; i < half; i++) {
        burst_scan_add(scan, "PC", START + i * SECOND);
    }
    CHECK_NUMBER(burst_scan_count(scan, 3, 2 * SECOND), 1);
    CHECK_NUMBER(burst_scan_count(scan, 4, 2 * SECOND), 0);
    static struct found found;
    found.count = 0;
    CHECK(burst_scan_each(scan, 3, 2 * SECOND, keep_burst, &found));
    CHECK_NUMBER(found.bursts[0].events, 2 * half);
    burst_scan_close(scan);
}

/* Dense stretches and gaps, in an order that is mostly that of time: what is put together must give
 * the same bursts as records that are kept one by one, by all thresholds that are allowed. */
static void thinned_scans_give_the_same(void)
{
    static struct found thin;
    static struct found plain;
    unsigned wrong = 0;
    uint64_t bursts = 0;
    random_state = 4226;
    for (unsigned round = 0; round < 400; round++) {
        uint32_t most_events = (uint32_t)(2 + random_below(12));
        uint64_t shortest = (1 + random_below(30)) * SECOND;
        struct burst_scan *scans[] = {burst_scan_open(most_events, shortest),
                                      burst_scan_open(UINT32_MAX, 0)};
        uint64_t time = START;
        uint64_t pace = 1;
        for (unsigned i = 0; i < 1500; i++) {
            pace = random_below(30) == 0 ? 1 + random_below(round % 16 + 1) : pace;
            uint64_t gap = random_below(150) == 0 ? 200 : pace;
            uint64_t back = random_below(40) == 0 ? random_below(900) : 0;
            time += random_below(gap) * SECOND;
            for (size_t s = 0; s < 2; s++) {
                CHECK(burst_scan_add(scans[s], "PC", time - back * SECOND));
            }
        }
        for (unsigned ask = 0; ask < 12; ask++) {
            uint32_t events = (uint32_t)(2 + random_below(most_events - 1));
            uint64_t window = shortest + random_below(60) * SECOND;
            thin.count = 0;
            plain.count = 0;
            CHECK(burst_scan_each(scans[0], events, window, keep_burst, &thin));
            CHECK(burst_scan_each(scans[1], events, window, keep_burst, &plain));
            wrong += thin.count != plain.count;
            for (size_t b = 0; b < plain.count && b < thin.count; b++) {
                wrong += thin.bursts[b].first != plain.bursts[b].first ||
                         thin.bursts[b].last != plain.bursts[b].last ||
                         thin.bursts[b].events != plain.bursts[b].events;
            }
            bursts += plain.count;
        }
        burst_scan_close(scans[0]);
        burst_scan_close(scans[1]);
    }
    CHECK_NUMBER(wrong, 0);
    CHECK(bursts > 20000);
}

static void dense_records_need_no_memory(void)
{
    const struct burst_rules rules = {20, 60 * SECOND};
    struct burst_times times = {0};
    uint64_t time = START;
    for (unsigned i = 0; i < 1000000; i++) {
        time += SECOND;
        CHECK(burst_times_add(&times, &rules, time));
    }
    CHECK(times.room <= 65536);
    burst_times_free(&times);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"short sequences match the reference", short_sequences_match_the_reference},
        {"long sequences match the reference", long_sequences_match_the_reference},
        {"backwards is as good as forwards", backwards_is_as_good_as_forwards},
        {"the edge belongs to the window", the_edge_belongs_to_the_window},
        {"computers are counted apart", computers_are_counted_apart},
        {"a long burst is counted whole", a_long_burst_is_counted_whole},
        {"floods are counted right", floods_are_counted_right},
        {"what has no room is counted", what_has_no_room_is_counted},
        {"a wrong clock does no harm", a_wrong_clock_does_no_harm},
        {"other thresholds count anew", other_thresholds_count_anew},
        {"saved items are bounded and checked", saved_items_are_bounded_and_checked},
        {"scans match the reference", scans_match_the_reference},
        {"a scan orders its bursts", a_scan_orders_its_bursts},
        {"large scans are exact", large_scans_are_exact},
        {"thinned scans give the same", thinned_scans_give_the_same},
        {"dense records need no memory", dense_records_need_no_memory},
    };
    return RUN_SUITE("burst", cases);
}
