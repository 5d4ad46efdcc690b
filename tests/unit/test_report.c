/* What tcpippatch says of a change that waits for the next start of Windows. */
#include "check.h"
#include "install_fixture.h"
#include "sandbox.h"

#include "report.h"

#include <string.h>

static void check_says(struct buf *out, const char *words)
{
    bool says = strstr(buf_text(out), words) != NULL;
    if (!says) {
        check_text(buf_text(out), words, "report", __FILE__, __LINE__);
    }
    CHECK(says);
}

static struct pc_waiting waiting_of(bool is_restore, uint32_t before, uint32_t after)
{
    struct pc_waiting waiting = {.is_restore = is_restore, .limit_after = after};
    for (size_t c = 1; c < PC_COPIES; c++) {
        waiting.changes[c] =
            (struct pc_change){.wanted = true, .limit_before = before, .limit_after = after};
    }
    return waiting;
}

static void how_to_take_it_back(void)
{
    static const struct {
        bool is_restore;
        uint32_t before, after;
        const char *text;
    } cases[] = {
        {false, 10, 100,
         "A change waits for the next start of Windows: the limit is 100 then. Restart Windows to "
         "have it, or take it back with \"tcpippatch restore\".\n"},
        {false, 50, 100,
         "A change waits for the next start of Windows: the limit is 100 then. Restart Windows to "
         "have it, or take it back with \"tcpippatch set --limit 50\".\n"},
        {true, 100, 10,
         "A restore waits for the next start of Windows: the limit is 10 then. Restart Windows to "
         "have it, or take it back with \"tcpippatch set --limit 100\".\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out = BUF_INIT;
        struct pc_waiting waiting =
            waiting_of(cases[i].is_restore, cases[i].before, cases[i].after);
        report_waiting(&out, &waiting);
        CHECK_TEXT(buf_text(&out), cases[i].text);
        /* The drivers copy may have been so before. */
        waiting.changes[PC_DRIVERS].wanted = false;
        buf_clear(&out);
        report_waiting(&out, &waiting);
        CHECK_TEXT(buf_text(&out), cases[i].text);
        buf_free(&out);
    }
}

static size_t count(const char *text, const char *words)
{
    size_t found = 0;
    while ((text = strstr(text, words)) != NULL) {
        text += strlen(words);
        found++;
    }
    return found;
}

static void a_change_and_its_copies(void)
{
    struct fixture f;
    struct buf out = BUF_INIT;
    struct pc_waiting waiting = waiting_of(false, 10, 100);
    make_windows("2180");
    open_fixture(&f, os_native());
    report_target_json(&out, &f.target, &waiting);
    CHECK_NUMBER(count(buf_text(&out), "\"next_boot_limit\":100"), 2);
    CHECK_NUMBER(count(buf_text(&out), "\"next_boot_limit\":null"), 1);
    CHECK_NUMBER(count(buf_text(&out), "\n"), 3);
    buf_clear(&out);
    report_target_json(&out, &f.target, NULL);
    CHECK_NUMBER(count(buf_text(&out), "next_boot_limit"), 0);
    buf_clear(&out);
    CHECK_NUMBER(pc_plan_set(&f.pc, &f.target, 100, &f.plan, &f.why), PC_DONE);
    f.plan.changes[0].wanted = false;
    report_registering(&out, &f.target, &f.plan);
    check_says(&out, DRIVERS ".tcpipwatch-new to " DRIVERS "\n");
    check_says(&out, "AllowProtectedRenames = 1");
    CHECK_NUMBER(count(buf_text(&out), ".tcpipwatch-new"), 2);
    buf_clear(&out);
    f.plan.way = PC_NEXT_BOOT;
    report_result_json(&out, &f.target, &f.plan, PC_DONE, false, "");
    check_says(&out, "\"way\":\"next-boot\"");
    buf_clear(&out);
    f.plan.way = PC_NOW;
    report_result_json(&out, &f.target, &f.plan, PC_DONE, false, "");
    check_says(&out, "\"way\":\"now\"");
    buf_free(&out);
    close_fixture(&f);
}

static void what_protection_asks(void)
{
    struct buf out = BUF_INIT;
    report_protection(&out);
    const char *cancel = strstr(buf_text(&out), "press Cancel");
    const char *yes = strstr(buf_text(&out), "press Yes");
    CHECK(cancel != NULL && yes != NULL && cancel < yes);
    buf_clear(&out);
    report_boot_scan(&out);
    check_says(&out, "Warning: ");
    check_says(&out, "sfc /revert");
    buf_free(&out);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"how to take it back", how_to_take_it_back},
        {"a change and its copies", a_change_and_its_copies},
        {"what Windows File Protection asks", what_protection_asks},
    };
    int result = RUN_SUITE("report", cases);
    sandbox_remove(BOX);
    return result;
}
