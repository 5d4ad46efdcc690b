#include "crew.h"

#include "thread.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum { SPARE_PLACES = 2 }; /* so that no thread waits while results are written */

struct crew_place {
    struct crew *crew;
    void *piece;
    struct semaphore *reached; /* the piece is done, or wants to be emitted in part */
    struct semaphore *emitted; /* that part was */
    uint64_t number;           /* of the piece, from 0 on */
    bool helped;               /* it is done by the one who submits */
    bool in_part;
    bool enough; /* as the crew's, when the part was emitted */
};

struct crew {
    struct crew_tasks tasks;
    bool enough;
    /* The rest only with threads. */
    struct thread *threads[CREW_MOST];
    unsigned thread_count;
    struct crew_place *places; /* a ring */
    size_t place_count;
    uint64_t submitted;
    uint64_t taken; /* guarded by `lock`, and `closing` with it */
    uint64_t finished;
    bool helping; /* the one who submits does a piece just now */
    bool closing;
    struct semaphore *lock;
    struct semaphore *work;
};

/* ---- the threads ---- */

/* The oldest piece that nobody does yet, after `work` was waited for. */
static struct crew_place *take(struct crew *crew)
{
    struct crew_place *place = NULL;
    semaphore_wait(crew->lock);
    if (!crew->closing) {
        uint64_t number = crew->taken++;
        place = &crew->places[number % crew->place_count];
        place->number = number;
    }
    semaphore_post(crew->lock);
    return place;
}

static void do_piece(struct crew *crew, struct crew_place *place, bool helped)
{
    place->helped = helped;
    crew->tasks.run(place->piece, place);
    place->in_part = false;
    semaphore_post(place->reached);
}

static void work(void *context)
{
    struct crew *crew = context;
    struct crew_place *place;
    semaphore_wait(crew->work);
    while ((place = take(crew)) != NULL) {
        do_piece(crew, place, false);
        semaphore_wait(crew->work);
    }
}

/* ---- the one who submits ---- */

/* Does a piece instead of waiting. False: none is left to be done, or one is being done. */
static bool help(struct crew *crew)
{
    if (crew->helping || !semaphore_try(crew->work)) {
        return false;
    }
    crew->helping = true;
    do_piece(crew, take(crew), true);
    crew->helping = false;
    return true;
}

static bool emit(struct crew *crew, struct crew_place *place, bool last)
{
    crew->enough = !crew->tasks.emit(crew->tasks.context, place->piece, last) || crew->enough;
    return !crew->enough;
}

/* Emits the oldest pieces, in as many parts as they come, up to but not including number `end`. A
 * piece that is done meanwhile may have had some of them emitted. */
static void finish(struct crew *crew, uint64_t end)
{
    while (crew->finished < end) {
        struct crew_place *place = &crew->places[crew->finished % crew->place_count];
        if (!semaphore_try(place->reached)) {
            if (help(crew)) {
                continue;
            }
            semaphore_wait(place->reached);
        }
        bool last = !place->in_part;
        (void)emit(crew, place, last);
        if (last) {
            crew->finished++;
        } else {
            place->enough = crew->enough;
            semaphore_post(place->emitted);
        }
    }
}

bool crew_flush(struct crew_place *place)
{
    struct crew *crew = place->crew;
    if (crew->thread_count == 0) {
        return emit(crew, place, false);
    }
    if (place->helped) {
        finish(crew, place->number); /* these are all being done by others, or are done */
        return emit(crew, place, false);
    }
    place->in_part = true;
    semaphore_post(place->reached);
    semaphore_wait(place->emitted);
    return !place->enough;
}

bool crew_submit(struct crew *crew, void *piece)
{
    if (crew->thread_count == 0) {
        struct crew_place place = {.crew = crew, .piece = piece};
        crew->tasks.run(piece, &place);
        return emit(crew, &place, true);
    }
    if (crew->submitted - crew->finished == crew->place_count) {
        finish(crew, crew->finished + 1);
    }
    crew->places[crew->submitted++ % crew->place_count].piece = piece;
    semaphore_post(crew->work);
    return !crew->enough;
}

static void release(struct crew *crew)
{
    for (size_t i = 0; crew->places != NULL && i < crew->place_count; i++) {
        semaphore_close(crew->places[i].reached);
        semaphore_close(crew->places[i].emitted);
    }
    semaphore_close(crew->lock);
    semaphore_close(crew->work);
    free(crew->places);
    free(crew);
}

bool crew_close(struct crew *crew)
{
    finish(crew, crew->submitted);
    if (crew->thread_count > 0) {
        semaphore_wait(crew->lock);
        crew->closing = true;
        semaphore_post(crew->lock);
        for (unsigned i = 0; i < crew->thread_count; i++) {
            semaphore_post(crew->work);
        }
        for (unsigned i = 0; i < crew->thread_count; i++) {
            thread_join(crew->threads[i]);
        }
    }
    bool enough = crew->enough;
    release(crew);
    return !enough;
}

static bool make_places(struct crew *crew, unsigned threads)
{
    crew->place_count = threads + SPARE_PLACES;
    crew->places = calloc(crew->place_count, sizeof *crew->places);
    crew->lock = semaphore_open(1);
    crew->work = semaphore_open(0);
    bool good = crew->places != NULL && crew->lock != NULL && crew->work != NULL;
    for (size_t i = 0; good && i < crew->place_count; i++) {
        struct crew_place *place = &crew->places[i];
        place->crew = crew;
        place->reached = semaphore_open(0);
        place->emitted = semaphore_open(0);
        good = place->reached != NULL && place->emitted != NULL;
    }
    return good;
}

struct crew *crew_open(unsigned threads, const struct crew_tasks *tasks)
{
    struct crew *crew = calloc(1, sizeof *crew);
    if (crew == NULL) {
        return NULL;
    }
    crew->tasks = *tasks;
    if (threads <= 1) {
        return crew;
    }
    if (!make_places(crew, threads)) {
        release(crew);
        return NULL;
    }
    for (unsigned i = 0; i + 1 < threads && i < CREW_MOST; i++) {
        crew->threads[crew->thread_count] = thread_start(work, crew);
        if (crew->threads[crew->thread_count] == NULL) {
            break; /* fewer do it as well; none: the one who submits does it */
        }
        crew->thread_count++;
    }
    return crew;
}
