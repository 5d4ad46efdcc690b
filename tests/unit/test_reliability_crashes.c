/* The process is killed, or the power is cut, at each file call of set and restore: every copy is
 * the old file or the new one, and recovery makes all alike. */
#include "check.h"
#include "reliability.h"

#include <inttypes.h>
#include <stdio.h>

struct crash {
    const struct scene *scene;
    const char *what;
    bool again; /* the operation is tried again after recovery */
};

static void come_back(void *context, struct model_disk *left, uint64_t choice)
{
    const struct crash *crash = context;
    char what[200];
    snprintf(what, sizeof what, "%s, power cut 0x%" PRIx64, crash->what, choice);
    bool right = scene_is_whole(crash->scene, left, what);
    right = scene_recovers(crash->scene, left, MIXED, what) && right;
    if (crash->again) {
        right = scene_run(crash->scene, left, NULL) == PC_DONE && right;
        right = scene_is_settled(crash->scene, left, ALL_NEW, what) && right;
    }
    CHECK(right);
}

/* True while the process still dies before it is done. */
static bool die_at(struct scene *scene, int first, int step, unsigned most)
{
    char what[160];
    enum model_call call = CALL_OPEN_READ;
    int statuses;
    const struct model_fault fault = {.how = MODEL_DIE, .first = first, .count = 1, .step = step};
    struct model_disk *disk = model_disk_next(scene->disk);
    model_disk_set_fault(disk, &fault);
    enum pc_result result = scene_run(scene, disk, NULL);
    bool died = model_disk_failed(disk, &call, &statuses);
    snprintf(what, sizeof what, "%s, killed at call %d (%s, step %d)", scene->scenario->name, first,
             model_call_name(call), step);
    CHECK(died || result == PC_DONE);
    CHECK_NUMBER(model_disk_open_handles(disk), 0);
    figures.points += died ? 1 : 0;
    scene->may_lose_metadata = scene->scenario->two_steps && call == CALL_RENAME;
    struct crash crash = {scene, what, first % 4 == 0};
    each_outcome(disk, most, come_back, &crash);
    model_disk_free(disk);
    return died;
}

static void die_everywhere(bool large, bool two_steps, unsigned most)
{
    size_t count;
    const struct scenario *list = scenarios(&count);
    for (size_t i = 0; i < count; i++) {
        struct scene scene;
        if (list[i].large != large || list[i].two_steps != two_steps) {
            continue;
        }
        scene_open(&scene, &list[i]);
        bool died = true;
        int first = (int)i % stride();
        for (; died; first += stride() * (large && rounds() == 1 ? 5 : 1)) {
            for (int step = 0; step < (two_steps ? 4 : 1); step++) {
                died = die_at(&scene, first, step, most * rounds());
            }
        }
        CHECK(first > 40);
        scene_close(&scene);
    }
}

static void every_call_every_power_cut(void)
{
    die_everywhere(false, false, 12);
}

static void renames_in_two_steps(void)
{
    die_everywhere(false, true, 4);
}

static void images_of_full_size(void)
{
    die_everywhere(true, false, 1);
}

static void what_is_answered_lasts(void)
{
    size_t count;
    const struct scenario *list = scenarios(&count);
    for (size_t i = 0; i < count; i++) {
        struct scene scene;
        scene_open(&scene, &list[i]);
        struct model_disk *disk = model_disk_next(scene.disk);
        CHECK_NUMBER(scene_run(&scene, disk, NULL), PC_DONE);
        CHECK(scene_is_settled(&scene, disk, ALL_NEW, list[i].name));
        /* Everything was flushed, so that there is but one way. */
        CHECK_NUMBER(model_disk_outcomes(disk), 1);
        model_disk_free(disk);
        scene_close(&scene);
    }
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"what is answered lasts", what_is_answered_lasts},
        {"every call, every power cut", every_call_every_power_cut},
        {"renames in two steps", renames_in_two_steps},
        {"images of full size", images_of_full_size},
    };
    int result = RUN_SUITE("reliability_crashes", cases);
    print_figures("kills and power cuts");
    return result;
}
