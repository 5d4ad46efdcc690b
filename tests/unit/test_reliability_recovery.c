/* Recovery is interrupted itself, and again: by failing calls, kills and power cuts at each of its
 * calls. And after a kill the operation is simply tried again. */
#include "check.h"
#include "reliability.h"

#include <inttypes.h>
#include <stdlib.h>

struct chain {
    struct scene *scene;
    const char *what;
    int depth; /* so many recoveries were interrupted before */
    int first; /* the first call of the next one that is, and every `step`-th from there on */
    int step;
    int deepest;
};

static void go_on(void *context, struct model_disk *left, uint64_t choice);

/* True while recovery still dies before it is done. */
static bool die_in_recovery(const struct chain *chain, const struct model_disk *from, int first)
{
    enum model_call call = CALL_OPEN_READ;
    int statuses;
    bool said;
    const struct model_fault fault = {
        .how = MODEL_DIE, .first = first, .count = 1, .step = first % 4};
    struct model_disk *disk = model_disk_next(from);
    model_disk_set_fault(disk, &fault);
    (void)scene_recover(disk, &said, NULL);
    bool died = model_disk_failed(disk, &call, &statuses);
    figures.points += died ? 1 : 0;
    if (died) {
        char *what = text_printf("%s, recovery killed at call %d (%s)", chain->what, first,
                                 model_call_name(call));
        chain->scene->may_lose_metadata |= chain->scene->scenario->two_steps && call == CALL_RENAME;
        struct chain next = *chain;
        next.what = what;
        next.depth++;
        next.first = first % 7;
        next.step = chain->step * 5;
        each_outcome(disk, 1, go_on, &next);
        free(what);
    }
    CHECK_NUMBER(model_disk_open_handles(disk), 0);
    model_disk_free(disk);
    return died;
}

static void fail_in_recovery(const struct chain *chain, const struct model_disk *from, int first)
{
    bool said;
    const struct model_fault fault = {.how = MODEL_FAIL, .first = first, .count = 1};
    struct model_disk *disk = model_disk_next(from);
    model_disk_set_fault(disk, &fault);
    enum pc_result result = scene_recover(disk, &said, NULL);
    figures.points++;
    char *what = text_printf("%s, recovery fails at call %d", chain->what, first);
    bool right = scene_is_whole(chain->scene, disk, what);
    if (result == PC_DONE) {
        right = scene_alike(chain->scene, disk) != MIXED && right;
    }
    struct chain last = {chain->scene, what, 1, 0, 1, 0};
    each_outcome(disk, 4, go_on, &last);
    CHECK(right);
    free(what);
    model_disk_free(disk);
}

static void go_on(void *context, struct model_disk *left, uint64_t choice)
{
    struct chain chain = *(const struct chain *)context;
    char *what = text_printf("%s, power cut 0x%" PRIx64, chain.what, choice);
    chain.what = what;
    bool right = scene_is_whole(chain.scene, left, what);
    if (chain.depth < chain.deepest) {
        bool died = true;
        for (int first = chain.first; died; first += chain.step) {
            died = die_in_recovery(&chain, left, first);
            if (died && chain.depth == 0) {
                fail_in_recovery(&chain, left, first);
            }
        }
    }
    right = scene_recovers(chain.scene, left, MIXED, what) && right;
    CHECK(right);
    free(what);
}

/* The operation is tried again without recovery, and dies again. */
static void try_again(void *context, struct model_disk *left, uint64_t choice)
{
    const struct chain *chain = context;
    char *what = text_printf("%s, power cut 0x%" PRIx64 ", tried again", chain->what, choice);
    for (int first = chain->first, more = 1; more != 0; first += chain->step * 3) {
        enum model_call call;
        const struct model_fault fault = {.how = MODEL_DIE, .first = first, .count = 1};
        struct model_disk *disk = model_disk_next(left);
        model_disk_set_fault(disk, &fault);
        enum pc_result result = scene_run(chain->scene, disk, NULL);
        bool died = model_disk_failed(disk, &call, &more);
        more = died ? more : 0;
        figures.points += died ? 1 : 0;
        CHECK(died || result == PC_INTERRUPTED || result == PC_DONE);
        struct chain last = {chain->scene, what, 1, 0, 1, 0};
        each_outcome(disk, 3, go_on, &last);
        model_disk_free(disk);
    }
    free(what);
}

static void after_each_death(bool two_steps,
                             void (*then)(void *context, struct model_disk *left, uint64_t choice))
{
    size_t count;
    const struct scenario *list = scenarios(&count);
    int usual = two_steps ? 3 : 7;
    int step = rounds() > 9 ? 1 : rounds() > 1 ? 3 : usual * (stride() > 1 ? 5 : 1);
    for (size_t i = 0; i < count; i++) {
        struct scene scene;
        if (list[i].large || list[i].two_steps != two_steps) {
            continue;
        }
        scene_open(&scene, &list[i]);
        bool died = true;
        for (int first = (int)i % step; died; first += step) {
            enum model_call call = CALL_OPEN_READ;
            int statuses;
            const struct model_fault fault = {
                .how = MODEL_DIE, .first = first, .count = 1, .step = first / step % 4};
            struct model_disk *disk = model_disk_next(scene.disk);
            model_disk_set_fault(disk, &fault);
            (void)scene_run(&scene, disk, NULL);
            died = model_disk_failed(disk, &call, &statuses);
            char *what = text_printf("%s, killed at call %d (%s)", scene.scenario->name, first,
                                     model_call_name(call));
            scene.may_lose_metadata = two_steps && call == CALL_RENAME;
            struct chain chain = {&scene, what, 0, first % step, step, rounds() > 9 ? 3 : 2};
            each_outcome(disk, 1, then, &chain);
            free(what);
            model_disk_free(disk);
        }
        scene_close(&scene);
    }
}

static void recovery_is_interrupted(void)
{
    after_each_death(false, go_on);
}

static void recovery_with_renames_in_two_steps(void)
{
    after_each_death(true, go_on);
}

static void the_operation_is_tried_again(void)
{
    after_each_death(false, try_again);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"recovery is interrupted", recovery_is_interrupted},
        {"recovery with renames in two steps", recovery_with_renames_in_two_steps},
        {"the operation is tried again", the_operation_is_tried_again},
    };
    int result = RUN_SUITE("reliability_recovery", cases);
    print_figures("interrupted recoveries");
    return result;
}
