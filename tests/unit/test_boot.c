/* A change that waits for the next start of Windows: registered, looked at, replaced, taken back,
 * carried out by the start, wholly, in part or not at all. */
#include "check.h"
#include "faulty_os.h"
#include "install_fixture.h"
#include "sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOREIGN "\\??\\C:\\other\\a.tmp||\\??\\C:\\other\\b.new|!\\??\\C:\\other\\b.dll||"

enum { ALL = 0xffff };

/* A Windows that runs, and its registry. */
struct machine {
    struct faulty_os os;
    struct boot_store boot;
    struct fixture f;
};

static void look_again(struct machine *m)
{
    close_fixture(&m->f);
    open_fixture(&m->f, &m->os.table);
}

static void turn_on(struct machine *m)
{
    *m = (struct machine){0};
    make_windows("2180");
    faulty_os_init(&m->os, 0, 0, OS_IO);
    m->os.boot = &m->boot;
    open_fixture(&m->f, &m->os.table);
}

static void turn_off(struct machine *m)
{
    close_fixture(&m->f);
    boot_store_free(&m->boot);
}

static void start_windows(struct machine *m, unsigned which)
{
    (void)boot_store_start(&m->boot, os_native(), which);
    look_again(m);
}

/* limit 0: restore. */
static enum pc_result change(struct machine *m, uint32_t limit, enum pc_way way)
{
    struct fixture *f = &m->f;
    look_again(m);
    enum pc_result result = limit > 0 ? pc_plan_set(&f->pc, &f->target, limit, &f->plan, &f->why)
                                      : pc_plan_restore(&f->pc, &f->target, &f->plan, &f->why);
    f->plan.way = way;
    return result == PC_DONE ? pc_apply(&f->pc, &f->target, &f->plan, &f->why) : result;
}

static void check_said(const char *text, const char *words)
{
    bool said = strstr(text, words) != NULL;
    if (!said) {
        check_text(text, words, "said", __FILE__, __LINE__);
    }
    CHECK(said);
}

static enum pc_result recover(struct machine *m, const char *words)
{
    look_again(m);
    enum pc_result result = pc_recover(&m->f.pc, &m->f.target, &m->f.why);
    check_said(buf_text(&m->f.said), words);
    return result;
}

static void check_copies(uint32_t limit)
{
    for (size_t c = 0; c < PC_COPIES; c++) {
        CHECK(file_is_image(copy_paths[c], "2180", limit));
    }
}

static char *staged(size_t c)
{
    return text_printf("%s.tcpipwatch-new", copy_paths[c]);
}

static void check_waits(struct machine *m, uint32_t limit, bool is_restore)
{
    struct pc_waiting waiting = {0};
    look_again(m);
    CHECK(pc_waiting(&m->f.pc, &m->f.target, &waiting));
    CHECK_NUMBER(waiting.limit_after, limit);
    CHECK_NUMBER(waiting.is_restore, is_restore);
    CHECK(waiting.changes[PC_DRIVERS].wanted);
    CHECK_NUMBER(waiting.changes[PC_DRIVERS].limit_after, limit);
    CHECK(!pc_interrupted(&m->f.pc, &m->f.target));
    for (size_t c = 0; c < PC_COPIES; c++) {
        char *path = staged(c);
        CHECK(file_is_image(path, "2180", is_restore ? 0 : limit));
        free(path);
    }
}

/* Nothing waits, nothing is left, and the list holds just this; `allowed` as text of the value. */
static void check_settled(struct machine *m, uint32_t limit, const char *list, const char *allowed)
{
    struct pc_waiting waiting;
    look_again(m);
    CHECK(!pc_waiting(&m->f.pc, &m->f.target, &waiting));
    CHECK(!pc_interrupted(&m->f.pc, &m->f.target));
    check_copies(limit);
    check_nothing_left_behind();
    CHECK(boot_store_is_text(&m->boot, OS_BOOT_RENAMES, list));
    CHECK(boot_store_is_text(&m->boot, OS_BOOT_RENAMES_2, NULL));
    CHECK(boot_store_is_text(&m->boot, OS_BOOT_PROTECTED, allowed));
}

/* The list as it has to be: FOREIGN, and behind it our pairs, the drivers copy last. */
static void check_registered(struct machine *m, const char *first)
{
    struct buf text = BUF_INIT;
    struct buf directory = BUF_INIT;
    buf_add_text(&text, first);
    for (size_t c = 0; c < PC_COPIES; c++) {
        buf_clear(&directory);
        CHECK_NUMBER(
            os_native()->real_path(os_native(), m->f.target.copies[c].directory, &directory),
            OS_OK);
        buf_printf(&text, "\\??\\%s/tcpip.sys.tcpipwatch-new|!\\??\\%s/tcpip.sys|", directory.data,
                   directory.data);
    }
    buf_add_char(&text, '|');
    for (size_t i = 0; i < text.len; i++) {
        text.data[i] = text.data[i] == '/' ? '\\' : text.data[i];
    }
    CHECK(boot_store_is_text(&m->boot, OS_BOOT_RENAMES, buf_text(&text)));
    /* 1 as a DWORD: the bytes of two units of text. */
    CHECK(boot_store_is_text(&m->boot, OS_BOOT_PROTECTED, "\x01|"));
    buf_free(&directory);
    buf_free(&text);
}

static void set_start_restore_start(void)
{
    struct machine m;
    turn_on(&m);
    boot_store_put_text(&m.boot, OS_BOOT_RENAMES, FOREIGN);
    CHECK_NUMBER(change(&m, 100, PC_NEXT_BOOT), PC_DONE);
    check_said(buf_text(&m.f.said), "limit 10 -> 100");
    check_said(buf_text(&m.f.said), "at the next start of Windows");
    CHECK_TEXT(buf_text(&m.f.why), "");
    check_copies(0);
    check_waits(&m, 100, false);
    static const char others[] = "\\??\\C:\\other\\a.tmp||\\??\\C:\\other\\b.new|"
                                 "!\\??\\C:\\other\\b.dll|";
    check_registered(&m, others);
    char *saved = saved_path("2180");
    CHECK(file_is_image(saved, "2180", 0));
    free(saved);
    CHECK_NUMBER(recover(&m, "waits for the next start"), PC_DONE);
    check_waits(&m, 100, false);
    start_windows(&m, ALL);
    check_copies(100);
    /* Done, though its journal is still there: no interrupted work. */
    CHECK(!pc_interrupted(&m.f.pc, &m.f.target));
    CHECK_NUMBER(recover(&m, "Windows has carried out the change"), PC_DONE);
    check_settled(&m, 100, NULL, NULL);
    CHECK_NUMBER(recover(&m, ""), PC_DONE);
    CHECK_TEXT(buf_text(&m.f.said), "");

    CHECK_NUMBER(change(&m, 0, PC_NEXT_BOOT), PC_DONE);
    check_waits(&m, 10, true);
    start_windows(&m, ALL);
    CHECK_NUMBER(recover(&m, "Windows has carried out the restore"), PC_DONE);
    check_settled(&m, 0, NULL, NULL);
    turn_off(&m);
}

static void withdrawing_keeps_what_others_registered(void)
{
    struct machine m;
    turn_on(&m);
    boot_store_put_text(&m.boot, OS_BOOT_RENAMES, FOREIGN);
    CHECK_NUMBER(pc_withdraw(&m.f.pc, &m.f.target, &m.f.why), PC_DONE); /* none waits */
    CHECK_NUMBER(change(&m, 100, PC_NEXT_BOOT), PC_DONE);
    look_again(&m);
    CHECK_NUMBER(pc_withdraw(&m.f.pc, &m.f.target, &m.f.why), PC_DONE);
    check_said(buf_text(&m.f.said), "The change that waited for the next start of Windows was "
                                    "taken back.");
    check_settled(&m, 0, FOREIGN, NULL);

    /* The list was empty, or there was none: there is none afterwards. */
    boot_store_put_text(&m.boot, OS_BOOT_RENAMES, "|");
    for (int i = 0; i < 2; i++) {
        CHECK_NUMBER(change(&m, 100, PC_NEXT_BOOT), PC_DONE);
        CHECK_NUMBER(pc_withdraw(&m.f.pc, &m.f.target, &m.f.why), PC_DONE);
        check_settled(&m, 0, NULL, NULL);
    }
    turn_off(&m);
}

static void restore_withdraws_a_set_that_waits(void)
{
    struct machine m;
    turn_on(&m);
    CHECK_NUMBER(change(&m, 100, PC_NEXT_BOOT), PC_DONE);
    CHECK_NUMBER(change(&m, 0, PC_NEXT_BOOT), PC_DONE);
    CHECK_NUMBER(m.f.plan.wanted, 0);
    CHECK(m.f.plan.waits);
    check_settled(&m, 0, NULL, NULL);
    /* A waiting restore likewise by a set to the limit that is there. */
    CHECK_NUMBER(change(&m, 100, PC_NOW), PC_DONE);
    CHECK_NUMBER(change(&m, 0, PC_NEXT_BOOT), PC_DONE);
    check_waits(&m, 10, true);
    CHECK_NUMBER(change(&m, 100, PC_NEXT_BOOT), PC_DONE);
    check_said(buf_text(&m.f.said), "The restore that waited");
    check_settled(&m, 100, NULL, NULL);
    turn_off(&m);
}

static void another_limit_replaces_the_one_that_waits(void)
{
    struct machine m;
    turn_on(&m);
    boot_store_put_text(&m.boot, OS_BOOT_RENAMES, FOREIGN);
    CHECK_NUMBER(change(&m, 100, PC_NEXT_BOOT), PC_DONE);
    CHECK(!m.f.plan.waits);
    CHECK_NUMBER(change(&m, 200, PC_NEXT_BOOT), PC_DONE);
    CHECK(m.f.plan.waits);
    CHECK(!m.f.plan.same_waits);
    check_said(buf_text(&m.f.said), "taken back");
    check_waits(&m, 200, false);
    /* The same again: it waits already, and nothing is done. */
    int calls = m.os.calls;
    CHECK_NUMBER(change(&m, 200, PC_NEXT_BOOT), PC_DONE);
    CHECK(m.f.plan.same_waits);
    CHECK_TEXT(buf_text(&m.f.said), "");
    CHECK(m.os.calls > calls);
    check_waits(&m, 200, false);
    start_windows(&m, ALL);
    /* The next change tidies up after the one that was carried out. */
    CHECK_NUMBER(change(&m, 300, PC_NEXT_BOOT), PC_DONE);
    CHECK(!m.f.plan.waits);
    check_waits(&m, 300, false);
    start_windows(&m, ALL);
    CHECK_NUMBER(recover(&m, "has carried out"), PC_DONE);
    check_settled(&m, 300, NULL, NULL);
    turn_off(&m);
}

static void now_takes_back_what_waits(void)
{
    struct machine m;
    turn_on(&m);
    boot_store_put_text(&m.boot, OS_BOOT_RENAMES, FOREIGN);
    CHECK_NUMBER(change(&m, 100, PC_NEXT_BOOT), PC_DONE);
    CHECK_NUMBER(change(&m, 100, PC_NOW), PC_DONE);
    check_settled(&m, 100, FOREIGN, NULL);
    turn_off(&m);
}

static void what_the_start_left_undone(void)
{
    static const struct {
        unsigned done; /* bits of the copies */
        uint32_t limit;
        const char *words;
    } cases[] = {
        {0, 10, "has not carried out the change that was registered for its start; it was taken"},
        {1, 10, "only a part of the change that was registered for its start; that was undone"},
        {2, 10, "that was undone"},
        {3, 10, "that was undone"},
        {4, 100, "only a part of the change that was registered for its start; the rest was done"},
        {5, 100, "the rest was done"},
        {6, 100, "the rest was done"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct machine m;
        turn_on(&m);
        CHECK_NUMBER(change(&m, 100, PC_NEXT_BOOT), PC_DONE);
        start_windows(&m, cases[i].done);
        struct pc_waiting waiting;
        CHECK(!pc_waiting(&m.f.pc, &m.f.target, &waiting));
        CHECK(pc_interrupted(&m.f.pc, &m.f.target));
        CHECK_NUMBER(change(&m, 200, PC_NEXT_BOOT), PC_INTERRUPTED);
        look_again(&m);
        CHECK_NUMBER(pc_withdraw(&m.f.pc, &m.f.target, &m.f.why), PC_INTERRUPTED);
        CHECK_NUMBER(recover(&m, cases[i].words), PC_DONE);
        check_settled(&m, cases[i].limit, NULL, NULL);
        turn_off(&m);
    }
}

static void entries_that_vanish_before_the_start(void)
{
    struct machine m;
    turn_on(&m);
    CHECK_NUMBER(change(&m, 100, PC_NEXT_BOOT), PC_DONE);
    boot_store_put_text(&m.boot, OS_BOOT_RENAMES, FOREIGN);
    look_again(&m);
    CHECK(pc_interrupted(&m.f.pc, &m.f.target));
    CHECK_NUMBER(recover(&m, "was taken back"), PC_DONE);
    /* Others have registered something since, and may need it to be allowed. */
    check_settled(&m, 0, FOREIGN, "\x01|");
    turn_off(&m);
}

/* Each makes the waiting change one that must not go through as it is. */
static void break_a_staged_file(void)
{
    char *path = staged(0);
    CHECK(sandbox_write(path, "other bytes", 11));
    free(path);
}

static void remove_a_staged_file(void)
{
    char *path = staged(1);
    CHECK_NUMBER(os_native()->remove(os_native(), path), OS_OK);
    free(path);
}

static void update_the_driver(void)
{
    put_image(DRIVERS, "2003sp1", 0);
}

static void a_waiting_change_that_is_damaged(void)
{
    static void (*const damages[])(void) = {break_a_staged_file, remove_a_staged_file,
                                            update_the_driver};
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        struct machine m;
        struct pc_waiting waiting;
        turn_on(&m);
        boot_store_put_text(&m.boot, OS_BOOT_RENAMES, FOREIGN);
        CHECK_NUMBER(change(&m, 100, PC_NEXT_BOOT), PC_DONE);
        damages[i]();
        look_again(&m);
        CHECK(!pc_waiting(&m.f.pc, &m.f.target, &waiting));
        CHECK(pc_interrupted(&m.f.pc, &m.f.target));
        CHECK_NUMBER(recover(&m, damages[i] == update_the_driver
                                     ? "every other copy is as it was before"
                                     : "every copy is as it was before"),
                     PC_DONE);
        if (damages[i] == update_the_driver) {
            check_said(buf_text(&m.f.said), "neither the old nor the new file");
            CHECK(file_is_image(DRIVERS, "2003sp1", 0));
            put_image(DRIVERS, "2180", 0);
        }
        check_settled(&m, 0, FOREIGN, NULL);
        turn_off(&m);
    }
}

/* Long after the start an update changes the files, and the journal was never looked at. */
static void a_later_update_is_no_interrupted_work(void)
{
    struct machine m;
    turn_on(&m);
    CHECK_NUMBER(change(&m, 100, PC_NEXT_BOOT), PC_DONE);
    start_windows(&m, ALL);
    for (size_t c = 0; c < PC_COPIES; c++) {
        put_image(copy_paths[c], "2003sp1", 0);
    }
    look_again(&m);
    CHECK(!pc_interrupted(&m.f.pc, &m.f.target));
    CHECK_NUMBER(change(&m, 50, PC_NEXT_BOOT), PC_DONE);
    start_windows(&m, ALL);
    for (size_t c = 0; c < PC_COPIES; c++) {
        CHECK(file_is_image(copy_paths[c], "2003sp1", 50));
    }
    /* Windows File Protection puts one back: that is. */
    put_image(copy_paths[0], "2003sp1", 0);
    look_again(&m);
    CHECK(pc_interrupted(&m.f.pc, &m.f.target));
    CHECK_NUMBER(recover(&m, "the rest was done"), PC_DONE);
    CHECK(file_is_image(copy_paths[0], "2003sp1", 50));
    turn_off(&m);
}

static void the_second_list_and_what_was_allowed_before(void)
{
    struct machine m;
    turn_on(&m);
    boot_store_put_text(&m.boot, OS_BOOT_RENAMES_2, "x|!y||");
    boot_store_put_text(&m.boot, OS_BOOT_PROTECTED, "||"); /* 0 */
    CHECK_NUMBER(change(&m, 100, PC_NEXT_BOOT), PC_DONE);
    check_waits(&m, 100, false);
    CHECK(boot_store_is_text(&m.boot, OS_BOOT_RENAMES, NULL));
    CHECK(boot_store_is_text(&m.boot, OS_BOOT_PROTECTED, "\x01|"));
    CHECK_NUMBER(change(&m, 0, PC_NEXT_BOOT), PC_DONE);
    CHECK(boot_store_is_text(&m.boot, OS_BOOT_RENAMES_2, "x|!y||"));
    CHECK(boot_store_is_text(&m.boot, OS_BOOT_PROTECTED, "||"));
    /* Somebody else has set it: it stays. */
    boot_store_put_text(&m.boot, OS_BOOT_PROTECTED, "\x01|");
    CHECK_NUMBER(change(&m, 100, PC_NEXT_BOOT), PC_DONE);
    CHECK_NUMBER(change(&m, 0, PC_NEXT_BOOT), PC_DONE);
    CHECK(boot_store_is_text(&m.boot, OS_BOOT_PROTECTED, "\x01|"));
    CHECK(boot_store_is_text(&m.boot, OS_BOOT_RENAMES_2, "x|!y||"));
    turn_off(&m);
}

static void lists_to_which_nothing_can_be_added(void)
{
    static const struct {
        const char *text;
        bool other_type;
        enum os_at_boot which;
        const char *words;
    } cases[] = {
        {"a|b|", false, OS_BOOT_RENAMES, "damaged by another program"},
        {"a|b|||", false, OS_BOOT_RENAMES_2, "damaged by another program"},
        {"a|b||", true, OS_BOOT_RENAMES, "type"},
        {"\x01|", true, OS_BOOT_PROTECTED, "type"},
        {"\x01", false, OS_BOOT_PROTECTED, "type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct machine m;
        turn_on(&m);
        boot_store_put_text(&m.boot, cases[i].which, cases[i].text);
        m.boot.values[cases[i].which].other_type = cases[i].other_type;
        CHECK_NUMBER(change(&m, 100, PC_NEXT_BOOT), PC_REFUSED);
        check_said(buf_text(&m.f.why), cases[i].words);
        check_said(buf_text(&m.f.why), "Nothing was changed.");
        check_copies(0);
        check_nothing_left_behind();
        CHECK(boot_store_is_text(&m.boot, cases[i].which, cases[i].text));
        turn_off(&m);
    }
}

/* Calls that answer with success and have done something else. */
static enum os_status register_nothing(const struct os *os, const char *from, const char *to)
{
    (void)os;
    (void)from;
    (void)to;
    return OS_OK;
}

static enum os_status register_without_others(const struct os *os, const char *from, const char *to)
{
    const struct faulty_os *faulty = os->context;
    (void)boot_store_write(faulty->boot, OS_BOOT_RENAMES, "", 0);
    return boot_store_rename(faulty->boot, from, to);
}

static enum os_status register_in_front(const struct os *os, const char *from, const char *to)
{
    const struct faulty_os *faulty = os->context;
    struct boot_store before = {0};
    struct buf all = BUF_INIT;
    boot_store_copy(&before, faulty->boot);
    (void)boot_store_write(faulty->boot, OS_BOOT_RENAMES, "", 0);
    (void)boot_store_rename(faulty->boot, from, to);
    const struct buf *ours = &faulty->boot->values[OS_BOOT_RENAMES].bytes;
    buf_add(&all, ours->data, ours->len - 2);
    buf_add(&all, before.values[OS_BOOT_RENAMES].bytes.data,
            before.values[OS_BOOT_RENAMES].bytes.len);
    (void)boot_store_write(faulty->boot, OS_BOOT_RENAMES, all.data, all.len);
    buf_free(&all);
    boot_store_free(&before);
    return OS_OK;
}

static enum os_status allow_nothing(const struct os *os, enum os_at_boot which, const void *bytes,
                                    size_t size)
{
    const struct faulty_os *faulty = os->context;
    return which == OS_BOOT_PROTECTED ? OS_OK : boot_store_write(faulty->boot, which, bytes, size);
}

static void what_is_registered_is_read_back(void)
{
    for (int i = 0; i < 4; i++) {
        struct machine m;
        turn_on(&m);
        boot_store_put_text(&m.boot, OS_BOOT_RENAMES, FOREIGN);
        if (i < 3) {
            m.os.table.rename_at_boot = i == 0   ? register_nothing
                                        : i == 1 ? register_without_others
                                                 : register_in_front;
        } else {
            m.os.table.write_at_boot = allow_nothing;
        }
        CHECK_NUMBER(change(&m, 100, PC_NEXT_BOOT), PC_FAILED);
        check_said(buf_text(&m.f.why), i < 3 ? "does not hold what was written to it"
                                             : "allowed to hold protected files");
        check_said(buf_text(&m.f.why), "Every copy is as it was before.");
        /* What others lost cannot be given back here; what is ours is gone. */
        check_settled(&m, 0, i == 1 ? NULL : FOREIGN, i == 1 ? "\x01|" : NULL);
        turn_off(&m);
    }
}

static void somebody_elses_update_waits(void)
{
    for (int i = 0; i < 2; i++) {
        struct machine m;
        struct buf text = BUF_INIT;
        turn_on(&m);
        CHECK_NUMBER(os_native()->real_path(os_native(), DRIVERS, &text), OS_OK);
        char *list = i == 0 ? text_printf("\\??\\C:\\new.sys|!\\??\\%s||", text.data)
                            : text_printf("\\??\\%s|||", text.data);
        boot_store_put_text(&m.boot, OS_BOOT_RENAMES, list);
        CHECK_NUMBER(change(&m, 100, PC_NEXT_BOOT), PC_REFUSED);
        check_said(buf_text(&m.f.why), "perhaps an update of Windows");
        check_settled(&m, 0, list, NULL);
        free(list);
        buf_free(&text);
        turn_off(&m);
    }
}

static void a_change_of_another_data_directory(void)
{
    struct machine m;
    turn_on(&m);
    CHECK_NUMBER(change(&m, 100, PC_NEXT_BOOT), PC_DONE);
    sandbox_remove(DATA);
    CHECK_NUMBER(change(&m, 200, PC_NEXT_BOOT), PC_REFUSED);
    check_said(buf_text(&m.f.why), "--data");
    turn_off(&m);
}

static void where_no_windows_runs(void)
{
    struct machine m;
    turn_on(&m);
    m.os.boot = NULL;
    CHECK_NUMBER(change(&m, 100, PC_NEXT_BOOT), PC_REFUSED);
    check_said(buf_text(&m.f.why), "Only a running Windows");
    check_copies(0);
    check_nothing_left_behind();
    CHECK(pc_is_running_windows(&m.f.pc, &m.f.target) == false);
    turn_off(&m);
}

static void an_unreadable_journal_leaves_nothing_registered(void)
{
    struct machine m;
    turn_on(&m);
    boot_store_put_text(&m.boot, OS_BOOT_RENAMES, FOREIGN);
    CHECK_NUMBER(change(&m, 100, PC_NEXT_BOOT), PC_DONE);
    char *directory = journal_directory(&m.f.pc, &m.f.target);
    char *path = os_path_join(directory, "journal");
    CHECK(sandbox_write(path, "nonsense", 8));
    CHECK_NUMBER(recover(&m, "cannot be used"), PC_DONE);
    CHECK(boot_store_is_text(&m.boot, OS_BOOT_RENAMES, FOREIGN));
    check_copies(0);
    CHECK_NUMBER(sandbox_count(ROOT, ""), PC_COPIES);
    free(path);
    free(directory);
    turn_off(&m);
}

static void the_32_bit_program_is_refused(void)
{
    struct buf why = BUF_INIT;
    CHECK_NUMBER(pc_check_redirection(false, false, &why), PC_DONE);
    CHECK_NUMBER(pc_check_redirection(false, true, &why), PC_DONE);
    CHECK_NUMBER(pc_check_redirection(true, false, &why), PC_DONE);
    CHECK_TEXT(buf_text(&why), "");
    CHECK_NUMBER(pc_check_redirection(true, true, &why), PC_REFUSED);
    check_said(buf_text(&why), "x64\\tcpippatch.exe");
    /* Nowhere do the tests run in such a program. */
    CHECK(!pc_is_redirected());
    buf_free(&why);
}

/* ---- failing calls ---- */

/* One call fails, or all from there on, as when the process is killed; afterwards Windows starts
 * and carries out what is registered, or nothing starts; and recovery finds its way. */
static bool run_with_fault(int first, int count, bool withdraw, bool starts)
{
    struct machine m;
    char what[120];
    turn_on(&m);
    boot_store_put_text(&m.boot, OS_BOOT_RENAMES, FOREIGN);
    if (withdraw) {
        CHECK_NUMBER(change(&m, 100, PC_NEXT_BOOT), PC_DONE);
    }
    look_again(&m);
    struct fixture *f = &m.f;
    CHECK_NUMBER(pc_plan_set(&f->pc, &f->target, 100, &f->plan, &f->why), PC_DONE);
    f->plan.way = PC_NEXT_BOOT;
    m.os.first = first;
    m.os.count = count;
    m.os.calls = 0;
    enum pc_result result = withdraw ? pc_withdraw(&f->pc, &f->target, &f->why)
                                     : pc_apply(&f->pc, &f->target, &f->plan, &f->why);
    bool failed = faulty_os_has_failed(&m.os);
    m.os.count = 0;
    struct pc_waiting waiting;
    bool waits = pc_waiting(&f->pc, &f->target, &waiting);
    bool right = failed || result == PC_DONE;
    if (result == PC_DONE || result == PC_FAILED) {
        /* What was answered is true. */
        right = right && waits == ((result == PC_DONE) != withdraw);
        right = right && (waits || boot_store_is_text(&m.boot, OS_BOOT_RENAMES, FOREIGN));
        right = right && (waits || sandbox_count(ROOT, "") == PC_COPIES);
    }
    right = right && (result == PC_DONE) == (f->why.len == 0);
    if (starts) {
        start_windows(&m, ALL);
    }
    look_again(&m);
    right = right && pc_recover(&m.f.pc, &m.f.target, &m.f.why) == PC_DONE;
    waits = pc_waiting(&m.f.pc, &m.f.target, &waiting);
    bool all_old = true;
    bool all_new = true;
    for (size_t c = 0; c < PC_COPIES; c++) {
        all_old = all_old && file_is_image(copy_paths[c], "2180", 0);
        all_new = all_new && file_is_image(copy_paths[c], "2180", 100);
    }
    right = right && (all_old || (all_new && starts));
    right = right && (waits ? !starts : sandbox_count(ROOT, "") == PC_COPIES && !interrupted());
    right = right && (waits || starts || boot_store_is_text(&m.boot, OS_BOOT_RENAMES, FOREIGN));
    if (!right) {
        snprintf(what, sizeof what, "%s, %d calls failing from %d, starts %d: result %d",
                 withdraw ? "withdraw" : "set", count, first, starts, (int)result);
        check_text(buf_text(&m.f.why), what, "fault", __FILE__, __LINE__);
    }
    CHECK(right);
    turn_off(&m);
    return failed;
}

/* Some places will do where files are slow, or the program is: the model disk tries every one. */
#if !defined(__OPTIMIZE__) || defined(__SANITIZE_ADDRESS__)
enum { STEP = 61 };
#elif defined(_WIN32)
enum { STEP = 17 };
#else
enum { STEP = 5 };
#endif

static void failures_at_every_call(void)
{
    static const int counts[] = {1, FAULTY_FOR_EVER};
    for (int i = 0; i < 8; i++) {
        int first = i % STEP;
        while (run_with_fault(first, counts[i % 2], (i & 2) != 0, (i & 4) != 0)) {
            first += STEP;
        }
        CHECK(first > 30);
    }
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"set, start, restore, start", set_start_restore_start},
        {"withdrawing keeps what others registered", withdrawing_keeps_what_others_registered},
        {"restore withdraws a set that waits", restore_withdraws_a_set_that_waits},
        {"another limit replaces the one that waits", another_limit_replaces_the_one_that_waits},
        {"now takes back what waits", now_takes_back_what_waits},
        {"what the start left undone", what_the_start_left_undone},
        {"entries that vanish before the start", entries_that_vanish_before_the_start},
        {"a waiting change that is damaged", a_waiting_change_that_is_damaged},
        {"a later update is no interrupted work", a_later_update_is_no_interrupted_work},
        {"the second list, and what was allowed", the_second_list_and_what_was_allowed_before},
        {"lists to which nothing can be added", lists_to_which_nothing_can_be_added},
        {"what is registered is read back", what_is_registered_is_read_back},
        {"somebody else's update waits", somebody_elses_update_waits},
        {"a change of another data directory", a_change_of_another_data_directory},
        {"where no Windows runs", where_no_windows_runs},
        {"an unreadable journal", an_unreadable_journal_leaves_nothing_registered},
        {"the 32-bit program is refused", the_32_bit_program_is_refused},
        {"failures at every call", failures_at_every_call},
    };
    int result = RUN_SUITE("boot", cases);
    sandbox_remove(BOX);
    return result;
}
