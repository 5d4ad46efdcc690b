/* Every file call in the transaction over the copies may fail, once, several times, or from there
 * on for ever as in a crash: whatever happens, every copy is the old file or the new one, and after
 * recovery all are alike. */
#include "check.h"
#include "faulty_os.h"
#include "install_fixture.h"
#include "sandbox.h"

#include <stdio.h>
#include <stdlib.h>

/* On a real disk, where each flush takes its time, some places will do: the tests with the model
 * disk (test_reliability_*.c) try every one. */
#if defined(__SANITIZE_ADDRESS__)
enum { STEP = 17 };
#else
enum { STEP = 5 };
#endif

/* 0 when the copy is the old file, 1 when it is the new one, 2 when it is neither. */
static unsigned copy_is(const char *path, const struct buf *old, const struct buf *new)
{
    return file_is(path, old) ? 0 : file_is(path, new) ? 1 : 2;
}

struct outcome {
    unsigned old, new, other;
};

static struct outcome look(const struct buf *old, const struct buf *new)
{
    struct outcome o = {0};
    for (size_t c = 0; c < PC_COPIES; c++) {
        unsigned is = copy_is(copy_paths[c], old, new);
        o.old += is == 0;
        o.new += is == 1;
        o.other += is == 2;
    }
    return o;
}

/* A save that is there is whole, whatever happened. */
static void check_saved(const char *saved, const struct buf *original)
{
    CHECK(!sandbox_exists(saved) || file_is(saved, original));
}

/* What holds after an operation that may have been cut off anywhere. */
static void check_after(enum pc_result result, const struct buf *old, const struct buf *new,
                        const char *what, int first, int count)
{
    struct outcome o = look(old, new);
    bool right = o.other == 0;
    if (result == PC_DONE) {
        right = right && o.new == PC_COPIES;
    } else if (result == PC_FAILED) {
        right = right && o.old == PC_COPIES && sandbox_count(ROOT, "") == PC_COPIES;
    } else {
        /* Work to be finished; or a disk that died before there was any, which no program on it
         * can tell from a journal that cannot be removed. */
        bool untouched =
            (o.old == PC_COPIES || o.new == PC_COPIES) && sandbox_count(ROOT, "") == PC_COPIES;
        right = right && result == PC_INTERRUPTED && (interrupted() || untouched);
    }
    if (!right) {
        printf("\n    %s, %d calls failing from number %d: result %d, %u old, %u new, %u neither, "
               "%zu files",
               what, count, first, (int)result, o.old, o.new, o.other, sandbox_count(ROOT, ""));
    }
    CHECK(right);
}

/* After recovery with a sound disk all is alike and nothing is left. */
static void check_recovered(const struct buf *old, const struct buf *new, const char *what,
                            int first, int count)
{
    struct fixture f;
    open_fixture(&f, os_native());
    enum pc_result result = pc_recover(&f.pc, &f.target, &f.why);
    struct outcome o = look(old, new);
    bool right = result == PC_DONE && (o.old == PC_COPIES || o.new == PC_COPIES) &&
                 sandbox_count(ROOT, "") == PC_COPIES;
    if (!right) {
        printf("\n    recovered after %s, %d calls failing from number %d: result %d, %u old, "
               "%u new, %u neither, %zu files: %s",
               what, count, first, (int)result, o.old, o.new, o.other, sandbox_count(ROOT, ""),
               buf_text(&f.why));
    }
    CHECK(right);
    CHECK(!pc_interrupted(&f.pc, &f.target));
    close_fixture(&f);
}

/* A change or a restore in which `count` calls fail from number `first` on. True while the fault
 * still hit something. */
static bool run_with_fault(bool back, int first, int count, const struct buf *original,
                           const struct buf *changed, const char *saved)
{
    const struct buf *old = back ? changed : original;
    const struct buf *new = back ? original : changed;
    const char *what = back ? "restore" : "set";
    struct faulty_os faulty;
    struct fixture f;
    for (size_t c = 0; c < PC_COPIES; c++) {
        if (!file_is(copy_paths[c], old)) {
            CHECK(sandbox_write(copy_paths[c], old->data, old->len));
        }
    }
    open_fixture(&f, os_native());
    enum pc_result planned = back ? pc_plan_restore(&f.pc, &f.target, &f.plan, &f.why)
                                  : pc_plan_set(&f.pc, &f.target, 100, &f.plan, &f.why);
    CHECK_NUMBER(planned, PC_DONE);
    faulty_os_init(&faulty, first, count, OS_IO);
    f.pc.os = &faulty.table;
    enum pc_result result = pc_apply(&f.pc, &f.target, &f.plan, &f.why);
    bool failed = faulty_os_has_failed(&faulty);
    CHECK(failed || result == PC_DONE);
    CHECK((result == PC_DONE) == (f.why.len == 0));
    check_after(result, old, new, what, first, count);
    close_fixture(&f);
    check_recovered(old, new, what, first, count);
    check_saved(saved, original);
    return failed;
}

static void run_all_faults(bool back, int count, bool keep_data)
{
    struct buf original = BUF_INIT;
    struct buf changed = BUF_INIT;
    image_of("2180", 0, &original);
    image_of("2180", 100, &changed);
    char *saved = saved_path("2180");
    CHECK(sandbox_make(BOX));
    int first = 0;
    while (run_with_fault(back, first, count, &original, &changed, saved)) {
        first += STEP;
        if (!keep_data) {
            sandbox_remove(DATA);
        }
    }
    CHECK(first > 50);
    free(saved);
    buf_free(&original);
    buf_free(&changed);
}

static void set_survives_one_failed_call(void)
{
    run_all_faults(false, 1, false);
}

static void set_survives_three_failed_calls(void)
{
    run_all_faults(false, 3, true);
}

static void set_survives_a_crash_at_every_call(void)
{
    run_all_faults(false, FAULTY_FOR_EVER, false);
}

static void restore_survives_one_failed_call(void)
{
    run_all_faults(true, 1, true);
}

static void restore_survives_a_crash_at_every_call(void)
{
    run_all_faults(true, FAULTY_FOR_EVER, true);
}

static bool recover_with_fault(enum journal_phase phase, int first, int count,
                               const struct buf *original, const struct buf *changed)
{
    struct faulty_os faulty;
    struct fixture f;
    interrupt(phase, phase == JOURNAL_COMMIT ? 1 : 0);
    open_fixture(&f, os_native());
    faulty_os_init(&faulty, first, count, OS_FULL);
    f.pc.os = &faulty.table;
    enum pc_result result = pc_recover(&f.pc, &f.target, &f.why);
    bool failed = faulty_os_has_failed(&faulty);
    struct outcome o = look(original, changed);
    CHECK_NUMBER(o.other, 0);
    CHECK(failed || result == PC_DONE);
    if (result == PC_DONE) {
        CHECK(o.old == PC_COPIES || o.new == PC_COPIES);
        CHECK(!interrupted());
    } else {
        CHECK_NUMBER(result, PC_INTERRUPTED);
    }
    close_fixture(&f);
    check_recovered(original, changed, "recover", first, count);
    return failed;
}

static void recovery_survives_failures_itself(void)
{
    static const int counts[] = {1, FAULTY_FOR_EVER};
    struct buf original = BUF_INIT;
    struct buf changed = BUF_INIT;
    image_of("2180", 0, &original);
    image_of("2180", 100, &changed);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        int first = 0;
        while (recover_with_fault(JOURNAL_COMMIT, first, counts[i], &original, &changed)) {
            first += STEP;
        }
        CHECK(first > 15);
    }
    int first = 0;
    while (recover_with_fault(JOURNAL_PREPARE, first, 1, &original, &changed)) {
        first += STEP;
    }
    CHECK(first > 5);
    buf_free(&original);
    buf_free(&changed);
}

/* Finding and planning write nothing, so a fault there can only be a reason to stop. */
static void finding_and_planning_report_faults(void)
{
    bool failed = true;
    make_windows("2180");
    for (int first = 0; failed; first += STEP) {
        struct faulty_os faulty;
        struct fixture f = {.pc = {.data = DATA, .say = NULL}};
        faulty_os_init(&faulty, first, 1, OS_DENIED);
        f.pc.os = &faulty.table;
        enum pc_result result = pc_find(&f.pc, ROOT, &f.target, &f.why);
        if (result == PC_DONE) {
            result = pc_plan_set(&f.pc, &f.target, 100, &f.plan, &f.why);
        }
        failed = faulty_os_has_failed(&faulty);
        CHECK((result == PC_DONE) == !failed);
        CHECK((f.why.len > 0) == failed);
        CHECK(failed || f.plan.wanted == PC_COPIES);
        close_fixture(&f);
    }
    check_all_alike(0);
    CHECK(!sandbox_exists(DATA));
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"set survives one failed call", set_survives_one_failed_call},
        {"set survives three failed calls", set_survives_three_failed_calls},
        {"set survives a crash at every call", set_survives_a_crash_at_every_call},
        {"restore survives one failed call", restore_survives_one_failed_call},
        {"restore survives a crash at every call", restore_survives_a_crash_at_every_call},
        {"recovery survives failures itself", recovery_survives_failures_itself},
        {"finding and planning report faults", finding_and_planning_report_faults},
    };
    int result = RUN_SUITE("install_faults", cases);
    sandbox_remove(BOX);
    return result;
}
