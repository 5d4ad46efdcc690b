/* An engine for tests, with a driver of Windows XP SP2 and a user who can answer. */
#ifndef TESTS_UNIT_ENGINE_FIXTURE_H
#define TESTS_UNIT_ENGINE_FIXTURE_H

#include "base/wintime.h"
#include "engine.h"

#define NOW  UINT64_C(130000000000000000)
#define HOUR (3600 * WINTIME_PER_SECOND)

struct fixture {
    struct policy policy;
    struct pc_target target;
    struct engine_world world;
    struct engine_memory memory;
};

void set_up(struct fixture *f);
void tear_down(struct fixture *f);

/* Three events within half an hour. */
struct engine_burst burst_at(const char *computer, uint64_t last);

/* The names of the effects with a blank between them; valid until the next call. */
const char *names(struct engine_effects effects);

const char *see_burst(struct fixture *f, const char *computer, uint64_t last);

/* The patch core has done it: the driver has the limit, and is another file. */
void write_patch(struct fixture *f, uint32_t limit);

/* Saw a burst, patched by a yes, and verified after the restart. */
void patch_and_verify(struct fixture *f, uint32_t limit);

#endif
