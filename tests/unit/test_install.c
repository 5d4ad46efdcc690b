/* The transaction over the copies: plan, apply, restore, recover. What happens when file calls fail
 * is in test_install_faults.c. */
#include "check.h"
#include "install_fixture.h"
#include "sandbox.h"

#include "base/crc32.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A fresh look at the disk and one operation, which is expected to come to `expected`. */
static void expect_set(uint32_t limit, enum pc_result expected, const char *words)
{
    struct fixture f;
    open_fixture(&f, os_native());
    CHECK_NUMBER(set_limit(&f, limit), expected);
    CHECK(strstr(buf_text(&f.why), words) != NULL);
    if (strstr(buf_text(&f.why), words) == NULL) {
        printf("\n    \"%s\" is not in \"%s\"", words, buf_text(&f.why));
    }
    close_fixture(&f);
}

static void expect_restore(enum pc_result expected, const char *said)
{
    struct fixture f;
    open_fixture(&f, os_native());
    CHECK_NUMBER(restore(&f), expected);
    CHECK(strstr(buf_text(&f.said), said) != NULL);
    close_fixture(&f);
}

static void expect_recover(enum pc_result expected, const char *said)
{
    struct fixture f;
    open_fixture(&f, os_native());
    CHECK_NUMBER(pc_recover(&f.pc, &f.target, &f.why), expected);
    CHECK(strstr(buf_text(&f.said), said) != NULL);
    if (strstr(buf_text(&f.said), said) == NULL) {
        printf("\n    \"%s\" is not in \"%s\"", said, buf_text(&f.said));
    }
    close_fixture(&f);
}

/* ---- what is to be done, and done ---- */

static void set_and_restore_change_all_copies(void)
{
    make_windows("2180");
    expect_set(100, PC_DONE, "");
    for (size_t c = 0; c < PC_COPIES; c++) {
        CHECK(file_is_image(copy_paths[c], "2180", 100));
    }
    check_nothing_left_behind();
    char *saved = saved_path("2180");
    CHECK(file_is_image(saved, "2180", 0));
    CHECK_NUMBER(sandbox_count(DATA, ".sys"), 1);
    CHECK_NUMBER(sandbox_count(DATA, ".sys.txt"), 1);

    /* From one limit to the next the original stays the same. */
    expect_set(16777214, PC_DONE, "");
    CHECK(file_is_image(DRIVERS, "2180", 16777214));
    CHECK_NUMBER(sandbox_count(DATA, ".sys"), 1);

    expect_restore(PC_DONE, "16777214 -> 10");
    for (size_t c = 0; c < PC_COPIES; c++) {
        CHECK(file_is_image(copy_paths[c], "2180", 0));
    }
    check_nothing_left_behind();
    CHECK(file_is_image(saved, "2180", 0));
    free(saved);
}

static void steps_are_said_with_the_drivers_copy_last(void)
{
    struct fixture f;
    make_windows("2180");
    open_fixture(&f, os_native());
    CHECK_NUMBER(set_limit(&f, 50), PC_DONE);
    const char *said = buf_text(&f.said);
    const char *pack = strstr(said, "ServicePackFiles/i386/tcpip.sys: limit 10 -> 50");
    const char *cache = strstr(said, "dllcache/tcpip.sys: limit 10 -> 50");
    const char *drivers = strstr(said, "drivers/tcpip.sys: limit 10 -> 50 at file offset 0x4F322");
    CHECK(pack != NULL && cache != NULL && drivers != NULL);
    CHECK(pack < cache && cache < drivers);
    close_fixture(&f);
}

static void nothing_to_do_is_no_work(void)
{
    struct fixture f;
    make_windows("2180");
    open_fixture(&f, os_native());
    CHECK_NUMBER(pc_plan_set(&f.pc, &f.target, 10, &f.plan, &f.why), PC_DONE);
    CHECK_NUMBER(f.plan.wanted, 0);
    CHECK_NUMBER(pc_apply(&f.pc, &f.target, &f.plan, &f.why), PC_DONE);
    CHECK_NUMBER(restore(&f), PC_DONE);
    CHECK(!sandbox_exists(DATA));
    CHECK_NUMBER(pc_recover(&f.pc, &f.target, &f.why), PC_DONE);
    CHECK(!sandbox_exists(DATA));
    close_fixture(&f);
}

static void a_plan_tells_what_will_be_written(void)
{
    struct fixture f;
    struct buf after = BUF_INIT;
    struct pc_inspection inspection;
    make_windows("2892gdr");
    put_image(copy_paths[1], "2892gdr", 77);
    open_fixture(&f, os_native());
    CHECK_NUMBER(pc_plan_set(&f.pc, &f.target, 77, &f.plan, &f.why), PC_DONE);
    CHECK_NUMBER(f.plan.wanted, 2);
    CHECK_TEXT(f.plan.what, "set");
    CHECK(f.plan.changes[0].wanted && !f.plan.changes[1].wanted && f.plan.changes[2].wanted);
    const struct pc_change *change = &f.plan.changes[PC_DRIVERS];
    image_of("2892gdr", 77, &after);
    pc_inspect((const uint8_t *)after.data, after.len, &inspection);
    CHECK_NUMBER(change->limit_before, 10);
    CHECK_NUMBER(change->limit_after, 77);
    CHECK_NUMBER(change->checksum_after, inspection.checksum_stored);
    CHECK_NUMBER(change->crc32_after, crc32_update(0, after.data, after.len));
    CHECK_NUMBER(change->crc32_before, change->crc32_original);
    CHECK_NUMBER(f.target.copies[PC_DRIVERS].crc32, change->crc32_before);
    CHECK(!sandbox_exists(DATA));
    buf_free(&after);
    close_fixture(&f);
}

static void mixed_builds_each_keep_their_original(void)
{
    make_windows("2180");
    put_image(copy_paths[0], "2892gdr", 0);
    put_image(copy_paths[1], "2685", 200);
    expect_set(100, PC_DONE, "");
    CHECK(file_is_image(copy_paths[0], "2892gdr", 100));
    CHECK(file_is_image(copy_paths[1], "2685", 100));
    CHECK(file_is_image(copy_paths[2], "2180", 100));
    CHECK_NUMBER(sandbox_count(DATA, ".sys"), 3);
    char *saved = saved_path("2685");
    CHECK(file_is_image(saved, "2685", 0));
    free(saved);
    expect_restore(PC_DONE, "");
    CHECK(file_is_image(copy_paths[0], "2892gdr", 0));
    CHECK(file_is_image(copy_paths[1], "2685", 0));
    CHECK(file_is_image(copy_paths[2], "2180", 0));
}

static void missing_copies_are_no_obstacle(void)
{
    CHECK(sandbox_make(BOX));
    put_image(ROOT "/SYSTEM32/Drivers/TCPIP.SYS", "2180", 0);
    expect_set(100, PC_DONE, "");
    CHECK(file_is_image(ROOT "/SYSTEM32/Drivers/TCPIP.SYS", "2180", 100));
    CHECK_NUMBER(sandbox_count(ROOT, ""), 1);
    /* A dllcache without a copy stays without one. */
    CHECK_NUMBER(os_make_directories(os_native(), ROOT "/SYSTEM32/DllCache"), OS_OK);
    expect_set(50, PC_DONE, "");
    CHECK_NUMBER(sandbox_count(ROOT, ""), 1);
}

static void copies_that_are_not_certain_are_left_alone(void)
{
    struct buf nonsense = BUF_INIT;
    make_windows("2180");
    buf_add_text(&nonsense, "not a driver at all");
    CHECK(sandbox_write(copy_paths[0], nonsense.data, nonsense.len));
    put_image(copy_paths[1], "7601", 0);
    expect_set(100, PC_DONE, "");
    CHECK(file_is(copy_paths[0], &nonsense));
    CHECK(file_is_image(copy_paths[1], "7601", 0));
    CHECK(file_is_image(copy_paths[2], "2180", 100));
    buf_free(&nonsense);
}

/* ---- what is refused ---- */

static void drivers_copy_decides(void)
{
    static const char *const refused[] = {"7601", "vista"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        make_windows("2180");
        put_image(DRIVERS, refused[i], 0);
        expect_set(100, PC_REFUSED, "drivers/tcpip.sys is ");
        CHECK(file_is_image(copy_paths[0], "2180", 0));
    }
    make_windows("2180");
    CHECK(sandbox_write(DRIVERS, "MZ", 2));
    expect_set(100, PC_REFUSED, "is damaged");
    CHECK_NUMBER(os_native()->remove(os_native(), DRIVERS), OS_OK);
    expect_set(100, PC_REFUSED, "There is no tcpip.sys in system32/drivers.");
    CHECK_NUMBER(os_native()->make_directory(os_native(), DRIVERS), OS_OK);
    expect_set(100, PC_REFUSED, "not a regular file");
    CHECK(!sandbox_exists(DATA));
}

static void limits_out_of_range_are_refused(void)
{
    make_windows("2180");
    expect_set(0, PC_REFUSED, "A limit of 0 is not possible; it can be 1 to 16777214.");
    expect_set(16777215, PC_REFUSED, "A limit of 16777215 is not possible");
    CHECK(file_is_image(DRIVERS, "2180", 0));
}

static void other_directories_are_no_windows(void)
{
    struct pc_context pc = {.os = os_native(), .data = DATA};
    struct pc_target target;
    struct buf why = BUF_INIT;
    make_windows("2180");
    CHECK_NUMBER(pc_find(&pc, BOX, &target, &why), PC_REFUSED);
    CHECK(strstr(buf_text(&why), "is no Windows directory") != NULL);
    CHECK(strstr(buf_text(&why), "Did you mean ") != NULL);
    pc_target_free(&target);
    buf_clear(&why);
    CHECK_NUMBER(pc_find(&pc, BOX "/none", &target, &why), PC_REFUSED);
    CHECK(strstr(buf_text(&why), "no such file or directory") != NULL);
    pc_target_free(&target);
    buf_clear(&why);
    CHECK_NUMBER(pc_find(&pc, DRIVERS, &target, &why), PC_REFUSED);
    CHECK(why.len > 0);
    pc_target_free(&target);
    buf_free(&why);
}

static void a_copy_changed_since_the_plan_stops_all(void)
{
    struct fixture f;
    make_windows("2180");
    open_fixture(&f, os_native());
    CHECK_NUMBER(pc_plan_set(&f.pc, &f.target, 100, &f.plan, &f.why), PC_DONE);
    put_image(DRIVERS, "2180", 99);
    CHECK_NUMBER(pc_apply(&f.pc, &f.target, &f.plan, &f.why), PC_FAILED);
    CHECK(strstr(buf_text(&f.why), "was changed by another program") != NULL);
    CHECK(strstr(buf_text(&f.why), "Nothing was changed.") != NULL);
    CHECK(file_is_image(copy_paths[0], "2180", 0));
    CHECK(file_is_image(DRIVERS, "2180", 99));
    check_nothing_left_behind();
    close_fixture(&f);
}

static void a_second_program_is_kept_out(void)
{
    struct os_lock *lock = NULL;
    make_windows("2180");
    CHECK_NUMBER(os_native()->lock(os_native(), ROOT "/system32/drivers", &lock), OS_OK);
    expect_set(100, PC_FAILED, "Another program is changing the copies");
    CHECK(file_is_image(copy_paths[0], "2180", 0));
    os_native()->unlock(os_native(), lock);
    expect_set(100, PC_DONE, "");
}

/* The journal of a program that is still at work is not interrupted work. */
static void work_going_on_is_not_interrupted(void)
{
    struct os_lock *lock = NULL;
    interrupt(JOURNAL_COMMIT, 1);
    CHECK_NUMBER(os_native()->lock(os_native(), ROOT "/system32/drivers", &lock), OS_OK);
    CHECK(!interrupted());
    expect_set(100, PC_FAILED, "Another program is changing the copies");
    os_native()->unlock(os_native(), lock);
    CHECK(interrupted());
    expect_recover(PC_DONE, "finished");
    check_all_alike(100);
}

static void data_directory_that_cannot_be_made_stops_all(void)
{
    make_windows("2180");
    CHECK(sandbox_write(DATA, "a file", 6));
    CHECK(!interrupted());
    expect_set(100, PC_FAILED, "cannot be used");
    CHECK(file_is_image(copy_paths[0], "2180", 0));
}

static void a_foreign_staged_file_is_never_touched(void)
{
    struct buf foreign = BUF_INIT;
    make_windows("2180");
    buf_add_text(&foreign, "somebody's");
    CHECK(sandbox_write(DRIVERS ".tcpipwatch-new", foreign.data, foreign.len));
    expect_set(100, PC_FAILED, "a file of that name exists already");
    CHECK(file_is(DRIVERS ".tcpipwatch-new", &foreign));
    CHECK(file_is_image(copy_paths[0], "2180", 0));
    CHECK_NUMBER(sandbox_count(ROOT, ""), PC_COPIES + 1);
    CHECK(!interrupted());
    buf_free(&foreign);
}

/* ---- saved originals ---- */

static void a_damaged_save_is_never_overwritten(void)
{
    struct buf damaged = BUF_INIT;
    make_windows("2180");
    char *saved = saved_path("2180");
    image_of("2180", 0, &damaged);
    damaged.data[0x1000] ^= 1;
    CHECK(sandbox_write(saved, damaged.data, damaged.len));
    expect_set(100, PC_FAILED, "is not what it was when it was saved");
    CHECK(file_is(saved, &damaged));
    CHECK(file_is_image(DRIVERS, "2180", 0));
    check_nothing_left_behind();
    /* A restore does not depend on it: the two changed numbers are known. */
    for (size_t c = 0; c < PC_COPIES; c++) {
        put_image(copy_paths[c], "2180", 100);
    }
    expect_restore(PC_DONE, "are set back in the file itself");
    CHECK(file_is_image(DRIVERS, "2180", 0));
    CHECK(file_is(saved, &damaged));
    /* Nor on its being there at all. */
    CHECK_NUMBER(os_native()->remove(os_native(), saved), OS_OK);
    put_image(DRIVERS, "2180", 100);
    expect_restore(PC_DONE, "No saved original");
    CHECK(file_is_image(DRIVERS, "2180", 0));
    free(saved);
    buf_free(&damaged);
}

static void an_unreadable_save_stops_a_change(void)
{
    make_windows("2180");
    char *saved = saved_path("2180");
    CHECK_NUMBER(os_make_directories(os_native(), saved), OS_OK);
    expect_set(100, PC_FAILED, "cannot be read");
    CHECK(file_is_image(DRIVERS, "2180", 0));
    free(saved);
}

/* ---- interrupted work ---- */

static char *journal_path(const struct fixture *f)
{
    char *directory = journal_directory(&f->pc, &f->target);
    char *path = os_path_join(directory, "journal");
    free(directory);
    return path;
}

static void prepared_work_is_undone_and_decided_work_finished(void)
{
    interrupt(JOURNAL_PREPARE, 0);
    CHECK(interrupted());
    expect_set(50, PC_INTERRUPTED, "run \"tcpippatch recover\" first");
    expect_recover(PC_DONE, "An interrupted change was found and undone");
    check_all_alike(0);
    for (unsigned swapped = 0; swapped < 8; swapped++) {
        interrupt(JOURNAL_COMMIT, swapped);
        expect_recover(PC_DONE, "An interrupted change was found and finished.");
        check_all_alike(100);
    }
    expect_recover(PC_DONE, "");
}

/* Where a rename cannot replace in one step, a crash may leave no drivers copy at all. */
static void a_missing_copy_is_put_back_from_the_save(void)
{
    make_windows("2180");
    expect_set(100, PC_DONE, "");
    char *saved = saved_path("2180");
    struct buf original = BUF_INIT;
    CHECK(sandbox_read(saved, &original));
    interrupt(JOURNAL_COMMIT, 3);
    CHECK(sandbox_write(saved, original.data, original.len));
    CHECK_NUMBER(os_native()->remove(os_native(), DRIVERS), OS_OK);
    expect_recover(PC_DONE, "finished");
    check_all_alike(100);

    /* Without the save it cannot be finished, nor undone; when the cause is mended it can. */
    interrupt(JOURNAL_COMMIT, 3);
    CHECK_NUMBER(os_native()->remove(os_native(), DRIVERS), OS_OK);
    expect_recover(PC_INTERRUPTED, "The change cannot be finished, so it is undone");
    CHECK(interrupted());
    put_image(DRIVERS, "2180", 0);
    expect_recover(PC_DONE, "finished");
    check_all_alike(100);
    free(saved);
    buf_free(&original);
}

static void files_of_others_are_left_by_recovery(void)
{
    interrupt(JOURNAL_COMMIT, 1);
    put_image(copy_paths[1], "2892gdr", 0);
    expect_recover(PC_DONE, "is neither the old nor the new file");
    CHECK(file_is_image(copy_paths[0], "2180", 100));
    CHECK(file_is_image(copy_paths[1], "2892gdr", 0));
    CHECK(file_is_image(copy_paths[2], "2180", 100));
    check_nothing_left_behind();
    /* An update that replaced the drivers copy meanwhile: the others go back. */
    interrupt(JOURNAL_COMMIT, 3);
    put_image(DRIVERS, "2892gdr", 0);
    expect_recover(PC_DONE, "undone");
    CHECK(file_is_image(copy_paths[0], "2180", 0));
    CHECK(file_is_image(copy_paths[1], "2180", 0));
    CHECK(file_is_image(DRIVERS, "2892gdr", 0));
    check_nothing_left_behind();
}

static void write_journal_text(const char *text, bool finish)
{
    struct fixture f;
    struct buf journal = BUF_INIT;
    open_fixture(&f, os_native());
    char *path = journal_path(&f);
    buf_add_text(&journal, text);
    if (finish) {
        keyfile_finish(&journal);
    }
    CHECK(sandbox_write(path, buf_text(&journal), journal.len));
    free(path);
    buf_free(&journal);
    close_fixture(&f);
}

static void journals_that_make_no_sense_are_set_aside(void)
{
    static const struct {
        const char *text;
        bool finish;
    } cases[] = {
        {"", false},
        {"tcpipwatch-journal 1\ncopy 0\n", false},
        {"some-other-file 1\n", true},
        {"tcpipwatch-journal 1\ncopy 3\n", true},
        {"tcpipwatch-journal 1\nlimit-before 10\n", true},
        {"tcpipwatch-journal 1\ncopy 0\nlimit-before 4294967296\n", true},
        {"tcpipwatch-journal 1\ncopy 0\nno-such-key 1\n", true},
        {"tcpipwatch-journal 1\nphase sideways\n", true},
        {"tcpipwatch-journal 2\nphase boot\nprotected perhaps\n", true},
        {"tcpipwatch-journal 2\nphase boot\nothers-crc32 4294967296\n", true},
        {"tcpipwatch-journal 1\ncopy 0\nversion-part 65536\n", true},
        {"tcpipwatch-journal 1\ncopy 0\nversion-part 1\nversion-part 1\nversion-part 1\n"
         "version-part 1\nversion-part 1\n",
         true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        make_windows("2180");
        write_journal_text(cases[i].text, cases[i].finish);
        CHECK(interrupted());
        expect_set(100, PC_INTERRUPTED, "Interrupted work was found");
        expect_recover(PC_DONE, "It is kept as ");
        CHECK_NUMBER(sandbox_count(DATA, "journal.unreadable"), 1);
        check_all_alike(0);
    }
}

static void a_journal_of_a_newer_version_is_left(void)
{
    make_windows("2180");
    write_journal_text("tcpipwatch-journal 3\nphase commit\n", true);
    expect_recover(PC_INTERRUPTED, "");
    CHECK(interrupted());
}

static void a_huge_journal_is_damaged(void)
{
    struct buf text = BUF_INIT;
    make_windows("2180");
    for (int i = 0; i < 10000; i++) {
        buf_add_text(&text, "0123456789");
    }
    write_journal_text(buf_text(&text), true);
    expect_recover(PC_DONE, "It is kept as ");
    buf_free(&text);
}

static void roots_do_not_share_their_journals(void)
{
    struct pc_context pc = {.os = os_native(), .data = DATA};
    struct pc_target other;
    struct buf why = BUF_INIT;
    interrupt(JOURNAL_COMMIT, 1);
    put_image(BOX "/other/WINDOWS/system32/drivers/tcpip.sys", "2180", 0);
    CHECK_NUMBER(pc_find(&pc, BOX "/other/WINDOWS", &other, &why), PC_DONE);
    CHECK(!pc_interrupted(&pc, &other));
    CHECK(interrupted());
    pc_target_free(&other);
    buf_free(&why);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"set and restore change all copies", set_and_restore_change_all_copies},
        {"steps are said, with the drivers copy last", steps_are_said_with_the_drivers_copy_last},
        {"nothing to do is no work", nothing_to_do_is_no_work},
        {"a plan tells what will be written", a_plan_tells_what_will_be_written},
        {"mixed builds each keep their original", mixed_builds_each_keep_their_original},
        {"missing copies are no obstacle", missing_copies_are_no_obstacle},
        {"copies that are not certain are left alone", copies_that_are_not_certain_are_left_alone},
        {"the drivers copy decides", drivers_copy_decides},
        {"limits out of range are refused", limits_out_of_range_are_refused},
        {"other directories are no Windows", other_directories_are_no_windows},
        {"a copy changed since the plan stops all", a_copy_changed_since_the_plan_stops_all},
        {"a second program is kept out", a_second_program_is_kept_out},
        {"work going on is not interrupted", work_going_on_is_not_interrupted},
        {"a data directory that cannot be made stops all",
         data_directory_that_cannot_be_made_stops_all},
        {"a foreign staged file is never touched", a_foreign_staged_file_is_never_touched},
        {"a damaged save is never overwritten", a_damaged_save_is_never_overwritten},
        {"an unreadable save stops a change", an_unreadable_save_stops_a_change},
        {"prepared work is undone, decided work finished",
         prepared_work_is_undone_and_decided_work_finished},
        {"a missing copy is put back from the save", a_missing_copy_is_put_back_from_the_save},
        {"files of others are left by recovery", files_of_others_are_left_by_recovery},
        {"journals that make no sense are set aside", journals_that_make_no_sense_are_set_aside},
        {"a journal of a newer version is left", a_journal_of_a_newer_version_is_left},
        {"a huge journal is damaged", a_huge_journal_is_damaged},
        {"roots do not share their journals", roots_do_not_share_their_journals},
    };
    int result = RUN_SUITE("install", cases);
    sandbox_remove(BOX);
    return result;
}
