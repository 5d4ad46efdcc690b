/* Changes that wait for the next start of Windows. Each file and registry call of staging, of
 * taking back and of recovery fails or is the last; then the power may go; then Windows starts and
 * carries out all, some or none of the renames, or does not start. In the end all copies are alike,
 * nothing is left behind, and what others have registered is as it was. */
#include "check.h"
#include "reliability.h"

#include <inttypes.h>
#include <stdio.h>

/* A deletion, with its empty string, before ours. */
#define OTHERS "\\??\\C:\\others.tmp|||"

/* What happens between an operation and recovery. */
enum { NO_START = -1, ALL_RENAMES = 0xffff };

static const int starts[] = {NO_START, ALL_RENAMES, 0, 2, 4, 8, 6, 12};

struct boot_case {
    const struct scene *scene;
    const char *what;
    enum pc_result result; /* of the operation */
    bool withdraw;         /* it was to take the change back */
    bool lasts;            /* what was answered has to hold */
};

/* Unless the process died, a start that renames all shows whether what was answered is true. */
static bool start_and_recover(const struct boot_case *boot, const struct model_disk *from,
                              int start)
{
    char what[240];
    bool said;
    struct buf why = BUF_INIT;
    struct model_disk *disk = model_disk_next(from);
    snprintf(what, sizeof what, "%s, start %d", boot->what, start);
    if (start != NO_START) {
        (void)model_disk_start(disk, (unsigned)start);
    }
    bool right = scene_is_whole(boot->scene, disk, what);
    bool registered = boot->withdraw ? boot->result != PC_DONE : boot->result == PC_DONE;
    if (boot->lasts && boot->result != PC_INTERRUPTED && start == ALL_RENAMES) {
        enum alike wanted = registered ? ALL_NEW : ALL_OLD;
        right = scene_alike(boot->scene, disk) == wanted && right;
    }
    right = scene_recover(disk, &said, &why) == PC_DONE && right;
    if (scene_waits(disk)) {
        right = start == NO_START && said && right;
        right = scene_withdraw(disk, &why) == PC_DONE && right;
    }
    right = scene_recovers(boot->scene, disk, MIXED, what) && right;
    right = (start != NO_START ||
             (scene_alike(boot->scene, disk) == ALL_OLD &&
              boot_store_is_text(model_disk_boot(disk), OS_BOOT_RENAMES, OTHERS))) &&
            right;
    right = boot_store_is_text(model_disk_boot(disk), OS_BOOT_PROTECTED, NULL) && right;
    if (!right) {
        printf("\n    %s: answered %d: %s", what, (int)boot->result, buf_text(&why));
    }
    CHECK(right);
    buf_free(&why);
    model_disk_free(disk);
    return right;
}

static void cut_power(void *context, struct model_disk *left, uint64_t choice)
{
    struct boot_case boot = *(const struct boot_case *)context;
    char what[200];
    snprintf(what, sizeof what, "%s, power cut 0x%" PRIx64, boot.what, choice);
    boot.what = what;
    size_t step = stride() > 1 ? 3 : 1;
    for (size_t i = (size_t)choice % step; i < sizeof starts / sizeof starts[0]; i += step) {
        (void)start_and_recover(&boot, left, starts[i]);
    }
}

/* What was answered is true at once. */
static bool answer_holds(const struct boot_case *boot, struct model_disk *disk)
{
    if (boot->result == PC_INTERRUPTED) {
        return true;
    }
    bool waits = scene_waits(disk);
    if (waits != ((boot->result == PC_DONE) != boot->withdraw)) {
        return false;
    }
    return waits || (scene_is_clean(boot->scene, disk, boot->what) &&
                     boot_store_is_text(model_disk_boot(disk), OS_BOOT_RENAMES, OTHERS) &&
                     boot_store_is_text(model_disk_boot(disk), OS_BOOT_PROTECTED, NULL));
}

/* True while the fault still hits something. */
static bool run_with_fault(const struct scene *scene, bool withdraw,
                           const struct model_fault *fault)
{
    char what[160];
    enum model_call call = CALL_OPEN_READ;
    int statuses;
    struct buf why = BUF_INIT;
    struct model_disk *disk = model_disk_next(scene->disk);
    boot_store_put_text(model_disk_boot(disk), OS_BOOT_RENAMES, OTHERS);
    if (withdraw) {
        CHECK_NUMBER(scene_run_at_boot(scene, disk, NULL), PC_DONE);
    }
    model_disk_set_fault(disk, fault);
    enum pc_result result =
        withdraw ? scene_withdraw(disk, &why) : scene_run_at_boot(scene, disk, &why);
    bool failed = model_disk_failed(disk, &call, &statuses);
    model_disk_set_fault(disk, NULL);
    snprintf(what, sizeof what, "%s%s, how %d at call %d (%s)", withdraw ? "withdraw, " : "",
             scene->scenario->name, (int)fault->how, fault->first, model_call_name(call));
    figures.points += failed ? 1 : 0;
    bool dies = fault->how == MODEL_DIE;
    struct boot_case boot = {scene, what, result, withdraw, !dies};
    bool right = (failed || result == PC_DONE) && (result == PC_DONE) == (why.len == 0) &&
                 model_disk_open_handles(disk) == 0 && (dies || answer_holds(&boot, disk)) &&
                 scene_alike(scene, disk) == ALL_OLD;
    /* Failures leave time for tidying up, unless it is the journal that stays. */
    right = right && (dies || result != PC_INTERRUPTED || withdraw || call == CALL_REMOVE);
    if (!right) {
        printf("\n    %s: answered %d: %s", what, (int)result, buf_text(&why));
    }
    CHECK(right);
    if (!failed) {
        /* Everything was flushed, so that there is but one way. */
        CHECK_NUMBER(model_disk_outcomes(disk), 1);
    }
    each_outcome(disk, 3 * rounds(), cut_power, &boot);
    buf_free(&why);
    model_disk_free(disk);
    return failed;
}

static void fail_everywhere(bool withdraw)
{
    static const enum model_how hows[] = {MODEL_FAIL, MODEL_FAIL_DONE, MODEL_DIE};
    size_t count;
    const struct scenario *list = scenarios(&count);
    for (size_t i = 0; i < count; i++) {
        struct scene scene;
        if (list[i].large) {
            continue;
        }
        scene_open(&scene, &list[i]);
        for (size_t h = 0; h < sizeof hows / sizeof hows[0]; h++) {
            int step = stride() * (rounds() > 1 ? 1 : 2);
            struct model_fault fault = {
                .how = hows[h], .first = (int)(i + h) % step, .count = 1, .status = (int)i};
            while (run_with_fault(&scene, withdraw, &fault)) {
                fault.first += step;
            }
            CHECK(fault.first > 20);
        }
        scene_close(&scene);
    }
}

static void registering_fails_or_dies(void)
{
    fail_everywhere(false);
}

static void taking_back_fails_or_dies(void)
{
    fail_everywhere(true);
}

/* ---- recovery ---- */

static void recover_at_last(void *context, struct model_disk *left, uint64_t choice)
{
    const struct boot_case *boot = context;
    char what[200];
    snprintf(what, sizeof what, "%s, power cut 0x%" PRIx64, boot->what, choice);
    bool right = scene_is_whole(boot->scene, left, what);
    CHECK(scene_recovers(boot->scene, left, MIXED, what) && right);
}

static bool recover_with_fault(struct scene *scene, const struct model_disk *started,
                               const struct model_fault *fault, int start)
{
    char what[160];
    enum model_call call = CALL_OPEN_READ;
    int statuses;
    bool said;
    struct model_disk *disk = model_disk_next(started);
    model_disk_set_fault(disk, fault);
    enum pc_result result = scene_recover(disk, &said, NULL);
    bool failed = model_disk_failed(disk, &call, &statuses);
    snprintf(what, sizeof what, "recover, %s, start %d, how %d at call %d (%s)",
             scene->scenario->name, start, (int)fault->how, fault->first, model_call_name(call));
    model_disk_set_fault(disk, NULL);
    figures.points += failed ? 1 : 0;
    CHECK(failed || result == PC_DONE);
    CHECK(result != PC_DONE || scene_alike(scene, disk) != MIXED);
    scene->may_lose_metadata = scene->scenario->two_steps && call == CALL_RENAME;
    struct boot_case boot = {scene, what, result, false, false};
    each_outcome(disk, 3 * rounds(), recover_at_last, &boot);
    scene->may_lose_metadata = false;
    model_disk_free(disk);
    return failed;
}

static void recovery_fails_or_dies(void)
{
    static const enum model_how hows[] = {MODEL_FAIL, MODEL_FAIL_DONE, MODEL_DIE};
    size_t count;
    const struct scenario *list = scenarios(&count);
    for (size_t i = 0; i < count * (sizeof starts / sizeof starts[0] - 1); i++) {
        struct scene scene;
        const struct scenario *scenario = &list[i % count];
        int start = starts[1 + i / count];
        if (scenario->large) {
            continue;
        }
        scene_open(&scene, scenario);
        struct model_disk *started = model_disk_next(scene.disk);
        boot_store_put_text(model_disk_boot(started), OS_BOOT_RENAMES, OTHERS);
        CHECK_NUMBER(scene_run_at_boot(&scene, started, NULL), PC_DONE);
        CHECK(model_disk_start(started, (unsigned)start) > 1);
        for (size_t h = 0; h < sizeof hows / sizeof hows[0]; h++) {
            int step = stride() * (rounds() > 1 ? 1 : 2);
            struct model_fault fault = {.how = hows[h], .first = (int)(i + h) % step, .count = 1};
            while (recover_with_fault(&scene, started, &fault, start)) {
                fault.first += step;
            }
            CHECK(fault.first > 10);
        }
        model_disk_free(started);
        scene_close(&scene);
    }
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"registering fails or dies", registering_fails_or_dies},
        {"taking back fails or dies", taking_back_fails_or_dies},
        {"recovery fails or dies", recovery_fails_or_dies},
    };
    int result = RUN_SUITE("reliability_boot", cases);
    print_figures("starts of Windows");
    return result;
}
