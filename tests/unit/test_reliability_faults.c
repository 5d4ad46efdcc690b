/* Each file call of set, restore and recover fails, in each way that it can: everything is done, or
 * everything is as it was; where neither is possible, recovery makes it so. */
#include "check.h"
#include "reliability.h"

#include <stdio.h>

/* What fails, once the call with the number `first` is reached. */
struct trouble {
    const char *name;
    struct model_fault fault;
    bool each_status;
    bool may_interrupt; /* no undoing is possible, perhaps */
};

static const struct trouble troubles[] = {
    {"one call fails", {.how = MODEL_FAIL, .count = 1}, true, false},
    {"one call fails and is done", {.how = MODEL_FAIL_DONE, .count = 1}, false, false},
    {"two calls fail", {.how = MODEL_FAIL, .count = 2}, false, true},
    {"three calls fail", {.how = MODEL_FAIL, .count = 3}, false, true},
    {"the disk is full",
     {.how = MODEL_FAIL, .scope = MODEL_SPACE, .count = MODEL_FOR_EVER},
     false,
     false},
    {"the disk turns read-only",
     {.how = MODEL_FAIL, .scope = MODEL_CHANGES, .count = MODEL_FOR_EVER},
     false,
     true},
    {"the disk dies", {.how = MODEL_FAIL, .count = MODEL_FOR_EVER}, false, true},
};

enum { TROUBLES = sizeof troubles / sizeof troubles[0] };

struct power_cut {
    const struct scene *scene;
    enum alike wanted;
    const char *what;
    bool right;
};

static void cut_power(void *context, struct model_disk *left, uint64_t choice)
{
    struct power_cut *cut = context;
    (void)choice;
    cut->right = scene_is_whole(cut->scene, left, cut->what) && cut->right;
    cut->right = scene_recovers(cut->scene, left, cut->wanted, cut->what) && cut->right;
}

/* What an operation has answered, and what therefore has to be on the disk. */
static bool answer_holds(const struct scene *scene, struct model_disk *disk, enum pc_result result,
                         const struct trouble *trouble, const char *what)
{
    enum alike wanted = result == PC_DONE ? ALL_NEW : result == PC_INTERRUPTED ? MIXED : ALL_OLD;
    bool right = scene_is_whole(scene, disk, what);
    if (result == PC_INTERRUPTED) {
        enum model_call call = CALL_OPEN_READ;
        int statuses;
        bool failed = model_disk_failed(disk, &call, &statuses);
        /* A journal that cannot be removed is interrupted work, though all else is done. */
        right = right && failed && (trouble->may_interrupt || call == CALL_REMOVE);
    } else {
        right = scene_alike(scene, disk) == wanted && right;
        /* One failure leaves time for tidying up. */
        right = (trouble->may_interrupt || scene_is_clean(scene, disk, what)) && right;
    }
    if (!right) {
        printf("\n    %s: answered %d", what, (int)result);
    }
    return right;
}

/* True while the fault still hits something. */
static bool run_with_trouble(const struct scene *scene, const struct trouble *trouble, int first,
                             int status, int *statuses)
{
    char what[160];
    enum model_call call = CALL_OPEN_READ;
    struct buf why = BUF_INIT;
    struct model_fault fault = trouble->fault;
    struct model_disk *disk = model_disk_next(scene->disk);
    fault.first = first;
    fault.status = status;
    model_disk_set_fault(disk, &fault);
    enum pc_result result = scene_run(scene, disk, &why);
    bool failed = model_disk_failed(disk, &call, statuses);
    snprintf(what, sizeof what, "%s, %s from call %d on (%s, error %d)", scene->scenario->name,
             trouble->name, first, model_call_name(call), status);
    bool right = answer_holds(scene, disk, result, trouble, what) &&
                 (failed || result == PC_DONE) && (result == PC_DONE) == (why.len == 0) &&
                 model_disk_open_handles(disk) == 0;
    figures.points += failed ? 1 : 0;
    enum alike wanted = result == PC_DONE ? ALL_NEW : result == PC_INTERRUPTED ? MIXED : ALL_OLD;
    if (trouble->fault.count == 1 && trouble->fault.how == MODEL_FAIL && status == 0) {
        struct power_cut cut = {scene, wanted, what, true};
        each_outcome(disk, 6 * rounds(), cut_power, &cut);
        right = cut.right && right;
    }
    right = scene_recovers(scene, disk, wanted, what) && right;
    if (!right) {
        printf("\n    %s: answered %d: %s", what, (int)result, buf_text(&why));
    }
    CHECK(right);
    buf_free(&why);
    model_disk_free(disk);
    return failed;
}

static void run_all(const struct trouble *trouble)
{
    size_t count;
    const struct scenario *list = scenarios(&count);
    for (size_t i = 0; i < count; i++) {
        struct scene scene;
        if (list[i].large) {
            continue;
        }
        scene_open(&scene, &list[i]);
        bool failed = true;
        for (int first = (int)i % stride(); failed; first += stride()) {
            int statuses = 1;
            for (int status = 0; status < statuses; status++) {
                int more;
                failed = run_with_trouble(&scene, trouble, first, status, &more);
                statuses = failed && trouble->each_status && stride() == 1 ? more : 1;
            }
            CHECK(first < 2000);
        }
        scene_close(&scene);
    }
}

static void one_call_fails(void)
{
    run_all(&troubles[0]);
}

static void one_call_fails_and_is_done(void)
{
    run_all(&troubles[1]);
}

static void several_calls_fail(void)
{
    run_all(&troubles[2]);
    run_all(&troubles[3]);
}

static void the_disk_stays_bad(void)
{
    for (size_t i = 4; i < TROUBLES; i++) {
        run_all(&troubles[i]);
    }
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"one call fails", one_call_fails},
        {"one call fails and is done", one_call_fails_and_is_done},
        {"several calls fail", several_calls_fail},
        {"the disk stays bad", the_disk_stays_bad},
    };
    int result = RUN_SUITE("reliability_faults", cases);
    print_figures("failing calls");
    return result;
}
