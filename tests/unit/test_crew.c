/* Pieces of work through threads: their order, their parts, and stopping. */
#include "check.h"
#include "crew.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { PIECES = 500, PATIENCE_S = 20 };

struct piece {
    unsigned number;
    unsigned parts;
    unsigned found; /* since the last emission */
};

struct account {
    unsigned next; /* the piece that is expected */
    unsigned found;
    unsigned live; /* pieces that exist */
    unsigned most_live;
    unsigned stop_at; /* 0: never */
    bool in_order;
};

static _Thread_local bool submits; /* this thread */
static atomic_uint helped;         /* pieces that it has done itself */
static atomic_bool wait_for_help;  /* the others do nothing before it has done one */

/* Until the submitter has done a piece: it has to, when the others take none from it. */
static void let_it_help(void)
{
    time_t last = time(NULL) + PATIENCE_S;
    while (wait_for_help && !submits && helped == 0) {
        wait_for_help = time(NULL) < last;
    }
}

/* The later ones are done sooner. */
static void run(void *context, struct crew_place *place)
{
    struct piece *piece = context;
    let_it_help();
    helped += submits;
    volatile unsigned spin = piece->number % 7 * 2000;
    while (spin > 0) {
        spin--;
    }
    for (unsigned i = 1; i < piece->parts; i++) {
        piece->found++;
        if (!crew_flush(place)) {
            return;
        }
    }
    piece->found++;
}

static bool emit(void *context, void *found, bool last)
{
    struct account *a = context;
    struct piece *piece = found;
    a->in_order = a->in_order && piece->number == a->next;
    a->found += piece->found;
    piece->found = 0;
    if (last) {
        a->next++;
        a->live--;
        free(piece);
    }
    return a->stop_at == 0 || a->found < a->stop_at;
}

/* Returns the pieces that were submitted. */
static unsigned work_through(unsigned threads, unsigned parts, struct account *a)
{
    const struct crew_tasks tasks = {.run = run, .emit = emit, .context = a};
    struct crew *crew = crew_open(threads, &tasks);
    unsigned submitted = 0;
    bool more = crew != NULL;
    CHECK(crew != NULL);
    a->in_order = true;
    while (more && submitted < PIECES) {
        struct piece *piece = calloc(1, sizeof *piece);
        if (piece == NULL) {
            break;
        }
        *piece = (struct piece){.number = submitted, .parts = 1 + (submitted + 1) % parts};
        submitted++;
        a->live++;
        a->most_live = a->live > a->most_live ? a->live : a->most_live;
        more = crew_submit(crew, piece);
    }
    bool whole = crew == NULL || crew_close(crew);
    CHECK(whole == (a->stop_at == 0));
    return submitted;
}

static void keeps_the_order(void)
{
    static const unsigned threads[] = {0, 1, 2, 3, 8, CREW_MOST};
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        for (unsigned parts = 1; parts <= 3; parts++) {
            struct account a = {0};
            unsigned expected = 0;
            CHECK_NUMBER(work_through(threads[i], parts, &a), PIECES);
            for (unsigned n = 1; n <= PIECES; n++) {
                expected += 1 + n % parts;
            }
            CHECK(a.in_order);
            CHECK_NUMBER(a.next, PIECES);
            CHECK_NUMBER(a.found, expected);
            CHECK_NUMBER(a.live, 0);
            CHECK(a.most_live <= threads[i] + 3);
        }
    }
}

static void the_one_who_submits_helps(void)
{
    submits = true;
    wait_for_help = true;
    for (unsigned threads = 0; threads <= 4; threads++) {
        struct account a = {0};
        helped = 0;
        CHECK_NUMBER(work_through(threads, 2, &a), PIECES);
        CHECK(threads <= 1 ? helped == PIECES : helped > 0);
    }
    submits = false;
    wait_for_help = false;
}

static void stops_when_told(void)
{
    for (unsigned threads = 0; threads <= 4; threads += 2) {
        struct account a = {.stop_at = 50};
        unsigned submitted = work_through(threads, 3, &a);
        CHECK(submitted < PIECES);
        CHECK(a.in_order);
        CHECK_NUMBER(a.next, submitted);
        CHECK_NUMBER(a.live, 0);
    }
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"keeps the order", keeps_the_order},
        {"the one who submits helps", the_one_who_submits_helps},
        {"stops when told", stops_when_told},
    };
    return RUN_SUITE("crew", cases);
}
