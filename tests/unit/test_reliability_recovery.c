/* Recovery is interrupted itself, and again: by failing calls, kills and power cuts at each of its
 * calls. And after a kill the operation is simply tried again.
 *
 * A disk that is left as one that was tried before has the same future, and is tried once. */
#include "check.h"
#include "reliability.h"
#include "tried.h"

#include <inttypes.h>
#include <stdlib.h>

struct chain {
    struct scene *scene;
    struct tried *tried;
    const char *what;
    int more;               /* so many recoveries can be interrupted yet */
    bool fails;             /* the first one is also tried with each call failing */
    bool may_lose_metadata; /* as of the scene */
};

/* The power cuts of each death: nothing of what was not flushed is left, all of it, and some of it.
 */
static unsigned cuts(void)
{
    return rounds() > 9 ? 4 : rounds() > 1 ? 2 : 1;
}

static void go_on(void *context, struct model_disk *left, uint64_t choice);

/* The disk as one process leaves it that dies at that call; NULL when it is done before. */
static struct model_disk *die_at(const struct chain *chain, const struct model_disk *from,
                                 const struct model_fault *fault,
                                 void (*run)(const struct scene *scene, struct model_disk *disk),
                                 enum model_call *call)
{
    int statuses;
    struct model_disk *disk = model_disk_next(from);
    model_disk_set_fault(disk, fault);
    run(chain->scene, disk);
    CHECK_NUMBER(model_disk_open_handles(disk), 0);
    if (!model_disk_failed(disk, call, &statuses)) {
        model_disk_free(disk);
        return NULL;
    }
    figures.points++;
    return disk;
}

static void run_recovery(const struct scene *scene, struct model_disk *disk)
{
    bool said;
    (void)scene;
    (void)scene_recover(disk, &said, NULL);
}

static void run_operation(const struct scene *scene, struct model_disk *disk)
{
    (void)scene_run(scene, disk, NULL);
}

/* It dies at call number `first`, and where that is a rename in steps, behind each of them; `then`
 * gets each disk that is left. False when it is done before. */
static bool die(const struct chain *chain, const struct model_disk *from, int first,
                void (*run)(const struct scene *scene, struct model_disk *disk),
                void (*then)(void *context, struct model_disk *left, uint64_t choice))
{
    const bool two_steps = chain->scene->scenario->two_steps;
    int steps = 1;
    for (int step = 0; step < steps; step++) {
        enum model_call call = CALL_OPEN_READ;
        const struct model_fault fault = {
            .how = MODEL_DIE, .first = first, .count = 1, .step = step};
        struct model_disk *disk = die_at(chain, from, &fault, run, &call);
        if (disk == NULL) {
            return false;
        }
        bool in_steps = two_steps && call == CALL_RENAME;
        char *what =
            text_printf("%s, killed at call %d (%s)", chain->what, first, model_call_name(call));
        struct chain next = *chain;
        next.what = what;
        next.may_lose_metadata |= in_steps;
        each_outcome(disk, cuts(), then, &next);
        free(what);
        model_disk_free(disk);
        steps = in_steps ? 4 : 1;
    }
    return true;
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
    chain->scene->may_lose_metadata = chain->may_lose_metadata;
    bool right = scene_is_whole(chain->scene, disk, what);
    if (result == PC_DONE) {
        right = scene_alike(chain->scene, disk) != MIXED && right;
    }
    struct chain last = *chain;
    last.what = what;
    last.more = 0;
    last.fails = false;
    each_outcome(disk, 4, go_on, &last);
    CHECK(right);
    free(what);
    model_disk_free(disk);
}

static uint64_t key_of(const struct chain *chain, const struct model_disk *disk)
{
    return model_disk_state(disk) + (chain->may_lose_metadata ? 1 : 0);
}

/* Recovery comes next. */
static void go_on(void *context, struct model_disk *left, uint64_t choice)
{
    struct chain chain = *(const struct chain *)context;
    if (tried_before(chain.tried, key_of(&chain, left), 2 * chain.more + (chain.fails ? 1 : 0))) {
        figures.again++;
        return;
    }
    char *what = text_printf("%s, power cut 0x%" PRIx64 ", recovery", chain.what, choice);
    struct chain next = chain;
    next.what = what;
    next.more--;
    next.fails = false;
    bool died = chain.more > 0;
    for (int first = 0; died; first++) {
        died = die(&next, left, first, run_recovery, go_on);
        if (died && chain.fails) {
            fail_in_recovery(&chain, left, first);
        }
    }
    chain.scene->may_lose_metadata = chain.may_lose_metadata;
    bool right = scene_is_whole(chain.scene, left, what);
    right = scene_recovers(chain.scene, left, MIXED, what) && right;
    CHECK(right);
    free(what);
}

/* The operation is tried again without recovery, and dies again. */
static void try_again(void *context, struct model_disk *left, uint64_t choice)
{
    struct chain chain = *(const struct chain *)context;
    /* Apart from the states that recovery alone was tried on. */
    if (tried_before(chain.tried, key_of(&chain, left) ^ UINT64_MAX, 0)) {
        figures.again++;
        return;
    }
    char *what = text_printf("%s, power cut 0x%" PRIx64 ", tried again", chain.what, choice);
    struct model_disk *disk = model_disk_next(left);
    enum pc_result result = scene_run(chain.scene, disk, NULL);
    CHECK(result == PC_INTERRUPTED || result == PC_DONE);
    model_disk_free(disk);
    struct chain last = chain;
    last.what = what;
    last.more = 0;
    bool died = true;
    for (int first = 0; died; first += stride()) {
        died = die(&last, left, first, run_operation, go_on);
    }
    free(what);
}

static void after_each_death(bool two_steps, int more,
                             void (*then)(void *context, struct model_disk *left, uint64_t choice))
{
    size_t count;
    const struct scenario *list = scenarios(&count);
    for (size_t i = 0; i < count; i++) {
        struct scene scene;
        struct tried tried = TRIED_INIT;
        if (list[i].large || list[i].two_steps != two_steps) {
            continue;
        }
        scene_open(&scene, &list[i]);
        const struct chain chain = {&scene, &tried, list[i].name, more, more > 0, false};
        bool died = true;
        for (int first = 0; died; first += stride()) {
            died = die(&chain, scene.disk, first, run_operation, then);
        }
        scene_close(&scene);
        tried_free(&tried);
    }
}

/* How many recoveries in a row are interrupted. */
static int interruptions(void)
{
    return rounds() > 9 ? 2 + (int)(rounds() / 10) : rounds() > 1 ? 2 : 1;
}

static void recovery_is_interrupted(void)
{
    after_each_death(false, interruptions(), go_on);
}

static void recovery_with_renames_in_two_steps(void)
{
    after_each_death(true, interruptions(), go_on);
}

static void the_operation_is_tried_again(void)
{
    after_each_death(false, 0, try_again);
    after_each_death(true, 0, try_again);
}

/* ---- what the rest relies on ---- */

static uint64_t state_after(const struct model_disk *disk,
                            void (*change)(const struct os *os, struct model_disk *disk))
{
    struct model_disk *next = model_disk_next(disk);
    change(model_disk_os(next), next);
    uint64_t state = model_disk_state(next);
    model_disk_free(next);
    return state;
}

static void change_nothing(const struct os *os, struct model_disk *disk)
{
    struct os_stat stat;
    (void)disk;
    CHECK_NUMBER(os->stat(os, "/a/one", &stat), OS_OK);
}

static void write_more(const struct os *os, struct model_disk *disk)
{
    struct os_file *file;
    (void)disk;
    CHECK_NUMBER(os->open(os, "/a/one", OS_APPEND, &file), OS_OK);
    CHECK_NUMBER(os->write(os, file, "more", 4), OS_OK);
    CHECK_NUMBER(os->close(os, file), OS_OK);
}

static void write_more_and_flush(const struct os *os, struct model_disk *disk)
{
    struct os_file *file;
    write_more(os, disk);
    CHECK_NUMBER(os->open(os, "/a/one", OS_APPEND, &file), OS_OK);
    CHECK_NUMBER(os->flush(os, file), OS_OK);
    CHECK_NUMBER(os->close(os, file), OS_OK);
}

static void rename_it(const struct os *os, struct model_disk *disk)
{
    (void)disk;
    CHECK_NUMBER(os->rename(os, "/a/one", "/a/two"), OS_OK);
}

static void rename_it_and_flush(const struct os *os, struct model_disk *disk)
{
    rename_it(os, disk);
    CHECK_NUMBER(os->flush_directory(os, "/a"), OS_OK);
}

static void other_metadata(const struct os *os, struct model_disk *disk)
{
    (void)os;
    model_disk_put(disk, "/a/one", "bytes", 5, 2);
}

static void register_it(const struct os *os, struct model_disk *disk)
{
    (void)disk;
    CHECK_NUMBER(os->rename_at_boot(os, "/a/one", "/a/two"), OS_OK);
}

static void disks_are_told_apart(void)
{
    static void (*const changes[])(const struct os *os, struct model_disk *disk) = {
        change_nothing,      write_more,     write_more_and_flush, rename_it,
        rename_it_and_flush, other_metadata, register_it,
    };
    enum { COUNT = sizeof changes / sizeof changes[0] };
    uint64_t states[COUNT] = {0};
    struct tried tried = TRIED_INIT;
    struct model_disk *disk = model_disk_new();
    model_disk_put(disk, "/a/one", "bytes", 5, 1);
    for (size_t i = 0; i < COUNT; i++) {
        states[i] = state_after(disk, changes[i]);
        CHECK(states[i] == state_after(disk, changes[i]));
        CHECK(!tried_before(&tried, states[i], 1));
        CHECK(tried_before(&tried, states[i], 1) && tried_before(&tried, states[i], 0));
        CHECK(!tried_before(&tried, states[i], 2));
    }
    CHECK(states[0] == model_disk_state(disk));
    /* Another file that is gone for good changes nothing, though its number was used. */
    struct model_disk *other = model_disk_new();
    model_disk_put(other, "/b", "x", 1, 1);
    CHECK_NUMBER(model_disk_os(other)->remove(model_disk_os(other), "/b"), OS_OK);
    CHECK_NUMBER(model_disk_os(other)->flush_directory(model_disk_os(other), "/"), OS_OK);
    model_disk_put(other, "/a/one", "bytes", 5, 1);
    CHECK(model_disk_state(other) == states[0]);
    model_disk_free(other);
    model_disk_free(disk);
    tried_free(&tried);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"disks are told apart", disks_are_told_apart},
        {"recovery is interrupted", recovery_is_interrupted},
        {"recovery with renames in two steps", recovery_with_renames_in_two_steps},
        {"the operation is tried again", the_operation_is_tried_again},
    };
    int result = RUN_SUITE("reliability_recovery", cases);
    print_figures("interrupted recoveries");
    return result;
}
