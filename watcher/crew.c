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
    bool closing;
    struct semaphore *lock;
    struct semaphore *work;
};

/* ---- the threads ---- */

static struct crew_place *take(struct crew *crew)
{
    struct crew_place *place = NULL;
    semaphore_wait(crew->work);
    semaphore_wait(crew->lock);
    if (!crew->closing) {
        place = &crew->places[crew->taken++ % crew->place_count];
    }
    semaphore_post(crew->lock);
    return place;
}

static void work(void *context)
{
    struct crew *crew = context;
    struct crew_place *place;
    while ((place = take(crew)) != NULL) {
        crew->tasks.run(place->piece, place);
        place->in_part = false;
        semaphore_post(place->reached);
    }
}

bool crew_flush(struct crew_place *place)
{
    struct crew *crew = place->crew;
    if (crew->thread_count == 0) {
        crew->enough = !crew->tasks.emit(crew->tasks.context, place->piece, false) || crew->enough;
        return !crew->enough;
    }
    place->in_part = true;
    semaphore_post(place->reached);
    semaphore_wait(place->emitted);
    return !place->enough;
}

/* ---- the one who submits ---- */

/* Emits the oldest piece, in as many parts as it comes. */
static void finish_oldest(struct crew *crew)
{
    struct crew_place *place = &crew->places[crew->finished++ % crew->place_count];
    bool last = false;
    while (!last) {
        semaphore_wait(place->reached);
        last = !place->in_part;
        if (!crew->tasks.emit(crew->tasks.context, place->piece, last)) {
            crew->enough = true;
        }
        if (!last) {
            place->enough = crew->enough;
            semaphore_post(place->emitted);
        }
    }
}

bool crew_submit(struct crew *crew, void *piece)
{
    if (crew->thread_count == 0) {
        struct crew_place place = {.crew = crew, .piece = piece};
        crew->tasks.run(piece, &place);
        crew->enough = !crew->tasks.emit(crew->tasks.context, piece, true) || crew->enough;
        return !crew->enough;
    }
    if (crew->submitted - crew->finished == crew->place_count) {
        finish_oldest(crew);
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
    while (crew->finished < crew->submitted) {
        finish_oldest(crew);
    }
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
    for (unsigned i = 0; i < threads && i < CREW_MOST; i++) {
        crew->threads[crew->thread_count] = thread_start(work, crew);
        if (crew->threads[crew->thread_count] == NULL) {
            break; /* fewer do it as well; none: the one who submits does it */
        }
        crew->thread_count++;
    }
    return crew;
}
