/* The engine's effects carried out: answers typed, copies patched, troubles told. */
#include "check.h"
#include "sandbox.h"
#include "watcher_fixture.h"

#include "base/wintime.h"
#include "loop/clock.h"

#include <stdlib.h>
#include <string.h>

static void open_with_root(struct watcher_fixture *f)
{
    fixture_open(f);
    fixture_add_root(f, "2180");
    f->can_ask = true;
}

static void see_burst(struct watcher_fixture *f)
{
    const struct engine_burst burst = {"WKS", START, START + WINTIME_PER_SECOND, 3};
    struct engine_world world = watcher_world(&f->w);
    watcher_act(&f->w, engine_burst_seen(&f->w.memory, &world, &burst));
}

static size_t asked(const struct watcher_fixture *f, const char *words)
{
    return fixture_count(&f->asked, words);
}

static size_t told(const struct watcher_fixture *f, const char *words)
{
    return fixture_count(&f->told, words);
}

/* So many lines of the audit log have these words in them. */
static size_t audited(const char *words)
{
    struct buf text = BUF_INIT;
    (void)sandbox_read(AUDIT, &text);
    size_t count = fixture_count(&text, words);
    buf_free(&text);
    return count;
}

static void yes_sets_the_limit_of_the_policy(void)
{
    static const char *const words[] = {"y", " YES "};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct watcher_fixture f;
        open_with_root(&f);
        see_burst(&f);
        CHECK_NUMBER(f.w.question, QUESTION_PATCH);
        CHECK_NUMBER(asked(&f, "Raise the limit from 10 to 100 in 3 copies"), 1);
        watcher_answer(&f.w, words[i]);
        CHECK_NUMBER(fixture_limit(), 100);
        CHECK_NUMBER(f.w.result, PC_DONE);
        CHECK_NUMBER(f.w.question, QUESTION_RESTART);
        CHECK_NUMBER(f.w.memory.patch.limit_before, 10);
        CHECK_NUMBER(f.w.memory.patch.limit_after, 100);
        CHECK_NUMBER(told(&f, "Done: the limit is 100 in 3 copies"), 1);
        CHECK_NUMBER(audited("\"action\":\"set\""), 1);
        CHECK_NUMBER(audited("\"action\":\"patched\""), 1);
        fixture_close(&f);
    }
}

static void no_changes_nothing(void)
{
    static const char *const words[] = {"n", "No"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct watcher_fixture f;
        open_with_root(&f);
        see_burst(&f);
        watcher_answer(&f.w, words[i]);
        CHECK_NUMBER(fixture_limit(), 10);
        CHECK_NUMBER(f.w.question, QUESTION_NONE);
        CHECK_NUMBER(f.w.memory.state, ENGINE_WATCHING);
        CHECK_NUMBER(told(&f, "Nothing was changed."), 1);
        CHECK_NUMBER(audited("\"action\":\"declined\""), 1);
        fixture_close(&f);
    }
}

static void a_number_is_another_limit(void)
{
    static const uint32_t limits[] = {1, 1000};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct watcher_fixture f;
        char *line = text_printf(" %u ", (unsigned)limits[i]);
        open_with_root(&f);
        see_burst(&f);
        watcher_answer(&f.w, line);
        CHECK_NUMBER(fixture_limit(), limits[i]);
        CHECK_NUMBER(f.w.memory.patch.limit_after, limits[i]);
        free(line);
        fixture_close(&f);
    }
}

static void a_number_above_the_policy_asks_a_second_time(void)
{
    struct watcher_fixture f;
    open_with_root(&f);
    see_burst(&f);
    watcher_answer(&f.w, "1001");
    CHECK_NUMBER(f.w.question, QUESTION_ABOVE_MAX);
    CHECK_NUMBER(asked(&f, "1001 is above the policy's [limit] max of 1000."), 1);
    CHECK_NUMBER(fixture_limit(), 10);
    watcher_answer(&f.w, "1001"); /* the number again is no yes */
    CHECK_NUMBER(f.w.question, QUESTION_ABOVE_MAX);
    CHECK_NUMBER(asked(&f, "expected is y or n:"), 1);
    watcher_answer(&f.w, "n"); /* back to the first question */
    CHECK_NUMBER(f.w.question, QUESTION_PATCH);
    CHECK_NUMBER(asked(&f, "Raise the limit from 10 to 100"), 2);
    CHECK_NUMBER(f.w.memory.state, ENGINE_DECIDING);
    watcher_answer(&f.w, "16777214");
    watcher_answer(&f.w, "y");
    CHECK_NUMBER(fixture_limit(), 16777214);
    fixture_close(&f);
}

static void nonsense_is_asked_again(void)
{
    static const char *const words[] = {"",
                                        "maybe",
                                        "0",
                                        "16777215",
                                        "-5",
                                        "1e3",
                                        "y n",
                                        "10 0",
                                        "yess",
                                        "100x",
                                        "99999999999999999999999"};
    struct watcher_fixture f;
    open_with_root(&f);
    see_burst(&f);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        watcher_answer(&f.w, words[i]);
        CHECK_NUMBER(f.w.question, QUESTION_PATCH);
        CHECK_NUMBER(asked(&f, "expected is y, n, or a limit from 1 to 16777214:"), i + 1);
    }
    CHECK_NUMBER(fixture_limit(), 10);
    watcher_answer(&f.w, "y");
    watcher_answer(&f.w, "100"); /* the restart is no number */
    CHECK_NUMBER(f.w.question, QUESTION_RESTART);
    CHECK_NUMBER(asked(&f, "expected is y, d or n:"), 1);
    fixture_close(&f);
}

static void the_restart_is_agreed_to_or_put_off(void)
{
    struct watcher_fixture f;
    open_with_root(&f);
    see_burst(&f);
    watcher_answer(&f.w, "y");
    watcher_answer(&f.w, "n");
    CHECK_NUMBER(f.w.question, QUESTION_NONE);
    CHECK_NUMBER(told(&f, "You are reminded at"), 1);
    /* The time has come. */
    f.w.memory.remind_at = clock_now() - 1;
    struct engine_world world = watcher_world(&f.w);
    watcher_act(&f.w, engine_tick(&f.w.memory, &world));
    CHECK_NUMBER(f.w.question, QUESTION_RESTART);
    CHECK_NUMBER(asked(&f, "The new limit holds after a restart"), 2);
    CHECK(f.w.memory.remind_at > clock_now());
    watcher_answer(&f.w, "y");
    CHECK_NUMBER(told(&f, "Restart the machine that " ROOT " belongs to."), 1);
    CHECK_NUMBER(f.w.memory.remind_at, 0);
    CHECK_NUMBER(audited("\"action\":\"restart\""), 1);
    fixture_close(&f);
}

static void yes_and_no_in_every_spelling(void)
{
    static const struct {
        const char *line;
        const char *said;
    } cases[] = {
        {"y", "Restart the machine"},       {"Y", "Restart the machine"},
        {"yes", "Restart the machine"},     {"YES", "Restart the machine"},
        {"  yEs  ", "Restart the machine"}, {"\ty\t", "Restart the machine"},
        {"n", "You are reminded at"},       {"N", "You are reminded at"},
        {"no", "You are reminded at"},      {" NO", "You are reminded at"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct watcher_fixture f;
        fixture_open(&f);
        f.w.root = ROOT;
        f.w.memory.state = ENGINE_REBOOT_PENDING;
        f.w.question = QUESTION_RESTART;
        watcher_answer(&f.w, cases[i].line);
        CHECK_NUMBER(f.w.question, QUESTION_NONE);
        CHECK_NUMBER(told(&f, cases[i].said), 1);
        fixture_close(&f);
    }
}

static bool want(struct watcher_fixture *f, enum request_kind kind, uint32_t serial, uint32_t limit)
{
    const struct user_request request = {.kind = kind, .serial = serial, .limit = limit};
    return watcher_request(&f->w, &request);
}

/* A button of a question that is over must not answer the next one. */
static void an_answer_belongs_to_its_question(void)
{
    struct watcher_fixture f;
    open_with_root(&f);
    see_burst(&f);
    uint32_t first = f.w.question_serial;
    CHECK(!want(&f, REQUEST_NEVER, first, 0)); /* no answer to this question */
    CHECK_NUMBER(f.w.question, QUESTION_PATCH);
    CHECK(!want(&f, REQUEST_LIMIT, first, 2000));
    CHECK_NUMBER(f.w.question, QUESTION_ABOVE_MAX);
    CHECK(!want(&f, REQUEST_YES, first, 0)); /* of the first, once more */
    CHECK_NUMBER(f.w.question, QUESTION_ABOVE_MAX);
    CHECK_NUMBER(fixture_limit(), 10);
    CHECK(!want(&f, REQUEST_YES, f.w.question_serial, 0));
    CHECK_NUMBER(fixture_limit(), 2000);
    CHECK_NUMBER(f.w.question, QUESTION_RESTART);
    CHECK(!want(&f, REQUEST_YES, first, 0));
    CHECK_NUMBER(f.w.question, QUESTION_RESTART);
    CHECK(!want(&f, REQUEST_NEVER, f.w.question_serial, 0));
    CHECK_NUMBER(told(&f, "You are not reminded of it"), 1);
    CHECK_NUMBER(f.w.memory.remind_at, 0);
    CHECK(want(&f, REQUEST_STOP, 0, 0));
    fixture_close(&f);
}

static void wishes_are_asked_about(void)
{
    struct watcher_fixture f;
    open_with_root(&f);
    CHECK(!want(&f, REQUEST_RESTART, 0, 0));
    CHECK_NUMBER(told(&f, "No change waits for a restart."), 1);
    CHECK(!want(&f, REQUEST_RESTORE, 0, 0));
    CHECK_NUMBER(asked(&f, "Put the original tcpip.sys back under " ROOT), 1);
    watcher_answer(&f.w, "y");
    CHECK_NUMBER(told(&f, "Nothing to do: every copy under " ROOT " is the original."), 1);
    CHECK(!want(&f, REQUEST_PATCH, 0, 0));
    CHECK_NUMBER(asked(&f, "Raise the limit from 10 to 100 in 3 copies"), 1);
    CHECK(!want(&f, REQUEST_RESTORE, 0, 0)); /* one question at a time: this one again */
    CHECK_NUMBER(asked(&f, "Raise the limit from 10 to 100 in 3 copies"), 2);
    watcher_answer(&f.w, "n");
    CHECK(!want(&f, REQUEST_SHOW, 0, 0)); /* nothing is open */
    CHECK_NUMBER(f.w.question, QUESTION_NONE);
    CHECK(!want(&f, REQUEST_PATCH, 0, 0));
    watcher_answer(&f.w, "60");
    CHECK_NUMBER(fixture_limit(), 60);
    watcher_answer(&f.w, "n");
    CHECK(!want(&f, REQUEST_RESTART, 0, 0));
    CHECK_NUMBER(f.w.question, QUESTION_RESTART);
    fixture_close(&f);
}

static void a_restored_original_is_verified_like_a_patch(void)
{
    struct watcher_fixture f;
    open_with_root(&f);
    see_burst(&f);
    watcher_answer(&f.w, "y");
    watcher_answer(&f.w, "d");
    CHECK_NUMBER(fixture_limit(), 100);
    CHECK(!want(&f, REQUEST_RESTORE, 0, 0));
    watcher_answer(&f.w, "n");
    CHECK_NUMBER(fixture_limit(), 100);
    CHECK_NUMBER(told(&f, "Nothing was changed."), 1);
    CHECK(!want(&f, REQUEST_RESTORE, 0, 0));
    watcher_answer(&f.w, "y");
    CHECK_NUMBER(fixture_limit(), 10);
    CHECK_NUMBER(told(&f, "Done: the original tcpip.sys, with the limit 10, is back"), 1);
    CHECK_NUMBER(audited("\"action\":\"restored\""), 1);
    CHECK_NUMBER(f.w.question, QUESTION_RESTART);
    CHECK_NUMBER(f.w.memory.patch.limit_before, 100);
    struct engine_world world = watcher_world(&f.w);
    watcher_act(&f.w, engine_start(&f.w.memory, &world));
    CHECK_NUMBER(told(&f, "Verified: every copy under " ROOT " is as it was written"), 1);
    fixture_close(&f);
}

/* What an icon shows follows what happens. */
static struct notify_view seen_view;

static void keep_view(void *context, const struct notify_view *view)
{
    (void)context;
    seen_view = *view;
}

static void the_icon_shows_the_state(void)
{
    struct watcher_fixture f;
    open_with_root(&f);
    f.w.notifier.show = keep_view;
    watcher_show(&f.w);
    CHECK_NUMBER(seen_view.face, FACE_WATCHING);
    CHECK(seen_view.has_root && seen_view.has_limit);
    CHECK_NUMBER(seen_view.limit, 10);
    see_burst(&f);
    CHECK_NUMBER(seen_view.face, FACE_BURST);
    watcher_answer(&f.w, "n");
    CHECK_NUMBER(seen_view.face, FACE_WATCHING);
    f.w.policy.on_burst = ON_BURST_NOTIFY; /* it was only told, and stands */
    f.w.policy.cooldown_seconds = 0;
    struct engine_burst later = {"WKS", START + 2 * WINTIME_PER_SECOND,
                                 START + 3 * WINTIME_PER_SECOND, 3};
    struct engine_world before = watcher_world(&f.w);
    watcher_act(&f.w, engine_burst_seen(&f.w.memory, &before, &later));
    CHECK_NUMBER(seen_view.face, FACE_BURST);
    CHECK(!want(&f, REQUEST_PATCH, 0, 0));
    watcher_answer(&f.w, "y");
    CHECK_NUMBER(seen_view.face, FACE_RESTART);
    CHECK_NUMBER(seen_view.limit, 100);
    CHECK_NUMBER(os_native()->remove(os_native(), DRIVERS), OS_OK);
    struct engine_world world = watcher_world(&f.w);
    watcher_act(&f.w, engine_start(&f.w.memory, &world));
    CHECK_NUMBER(seen_view.face, FACE_PROBLEM);
    CHECK(!seen_view.has_limit);
    fixture_close(&f);
}

static void a_line_without_a_question_is_nothing(void)
{
    struct watcher_fixture f;
    open_with_root(&f);
    watcher_answer(&f.w, "y");
    CHECK_NUMBER(fixture_limit(), 10);
    CHECK_TEXT(buf_text(&f.told), "");
    CHECK_TEXT(buf_text(&f.asked), "");
    fixture_close(&f);
}

/* Killed behind the last write: the patch is finished as what it was. */
static void a_patch_that_was_done_already_keeps_its_limits(void)
{
    struct watcher_fixture f;
    open_with_root(&f);
    see_burst(&f);
    struct engine_memory killed = f.w.memory;
    watcher_answer(&f.w, "y");
    killed.state = ENGINE_PATCHING;
    killed.limit_before = 10;
    f.w.memory = killed;
    struct engine_world world = watcher_world(&f.w);
    watcher_act(&f.w, engine_start(&f.w.memory, &world));
    CHECK_NUMBER(f.w.memory.state, ENGINE_REBOOT_PENDING);
    CHECK_NUMBER(f.w.memory.patch.limit_before, 10);
    CHECK_NUMBER(f.w.memory.patch.limit_after, 100);
    CHECK(f.w.memory.patch.copies[PC_DRIVERS].present);
    fixture_close(&f);
}

/* An update came while the question stood: the yes was not for this driver. */
static void a_driver_replaced_meanwhile_is_left_alone(void)
{
    struct watcher_fixture f;
    open_with_root(&f);
    see_burst(&f);
    fixture_add_root(&f, "5512");
    watcher_answer(&f.w, "y");
    CHECK_NUMBER(fixture_limit(), 10);
    CHECK_NUMBER(told(&f, "An open question about " ROOT " is dropped"), 1);
    CHECK_NUMBER(f.w.memory.state, ENGINE_WATCHING);
    fixture_close(&f);
}

/* What a crash would forget is not done. */
static void without_a_saved_state_nothing_is_patched(void)
{
    struct watcher_fixture f;
    open_with_root(&f);
    CHECK(sandbox_write(DATA "/roots", "in the way", 10));
    f.w.policy.on_burst = ON_BURST_PATCH;
    see_burst(&f);
    CHECK_NUMBER(fixture_limit(), 10);
    CHECK_NUMBER(f.w.result, PC_FAILED);
    CHECK_NUMBER(told(&f, "The state cannot be saved in " DIRECTORY), 1);
    CHECK_NUMBER(told(&f, "The limit was not raised. The state could not be saved"), 1);
    CHECK(!watcher_save(&f.w));
    CHECK_NUMBER(told(&f, "The state cannot be saved"), 1); /* once */
    CHECK_NUMBER(os_native()->remove(os_native(), DATA "/roots"), OS_OK);
    CHECK(watcher_save(&f.w));
    fixture_close(&f);
}

static void an_audit_log_that_cannot_be_written_is_told_once(void)
{
    struct watcher_fixture f;
    open_with_root(&f);
    free(f.w.audit_file);
    f.w.audit_file = text_copy(PLACE "/none/audit.jsonl");
    f.w.policy.on_burst = ON_BURST_PATCH;
    see_burst(&f);
    CHECK_NUMBER(fixture_limit(), 100);
    CHECK_NUMBER(told(&f, "The audit log " PLACE "/none/audit.jsonl cannot be written: "), 1);
    CHECK(sandbox_write(PLACE "/none/x", "", 0));
    watcher_tell(&f.w, LEVEL_INFO, "It is there again.");
    sandbox_remove(PLACE "/none");
    watcher_tell(&f.w, LEVEL_INFO, "And gone again.");
    CHECK_NUMBER(told(&f, "cannot be written: "), 2);
    fixture_close(&f);
}

static void the_audit_log_has_what_the_level_says(void)
{
    struct watcher_fixture f;
    fixture_open(&f);
    f.w.policy.log_level = LEVEL_WARNING;
    watcher_tell(&f.w, LEVEL_INFO, "Not kept.");
    watcher_tell(&f.w, LEVEL_WARNING, "Kept: %d %%.", 100);
    watcher_tell_lines(&f.w, LEVEL_ERROR, "One.\n\nTwo.\nThree.");
    CHECK_NUMBER(audited("Not kept."), 0);
    CHECK_NUMBER(audited("\"level\":\"warning\",\"text\":\"Kept: 100 %.\""), 1);
    CHECK_NUMBER(audited("\"action\":\"note\""), 4);
    CHECK_NUMBER(told(&f, "error: T"), 2);
    fixture_close(&f);
}

static void a_root_that_vanishes_is_told(void)
{
    struct watcher_fixture f;
    open_with_root(&f);
    sandbox_remove(ROOT);
    watcher_look(&f.w);
    CHECK(!f.w.has_target);
    CHECK_NUMBER(told(&f, "error: "), 1);
    see_burst(&f);
    CHECK_NUMBER(told(&f, "Nothing is changed: there is no tcpip.sys"), 1);
    CHECK_NUMBER(f.w.result, PC_REFUSED);
    fixture_add_root(&f, "2180");
    CHECK(f.w.has_target);
    fixture_close(&f);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"yes sets the limit of the policy", yes_sets_the_limit_of_the_policy},
        {"no changes nothing", no_changes_nothing},
        {"a number is another limit", a_number_is_another_limit},
        {"a number above the policy asks a second time",
         a_number_above_the_policy_asks_a_second_time},
        {"nonsense is asked again", nonsense_is_asked_again},
        {"the restart is agreed to or put off", the_restart_is_agreed_to_or_put_off},
        {"yes and no in every spelling", yes_and_no_in_every_spelling},
        {"an answer belongs to its question", an_answer_belongs_to_its_question},
        {"wishes are asked about", wishes_are_asked_about},
        {"a restored original is verified like a patch",
         a_restored_original_is_verified_like_a_patch},
        {"the icon shows the state", the_icon_shows_the_state},
        {"a line without a question is nothing", a_line_without_a_question_is_nothing},
        {"a patch that was done already keeps its limits",
         a_patch_that_was_done_already_keeps_its_limits},
        {"a driver replaced meanwhile is left alone", a_driver_replaced_meanwhile_is_left_alone},
        {"without a saved state nothing is patched", without_a_saved_state_nothing_is_patched},
        {"an audit log that cannot be written is told once",
         an_audit_log_that_cannot_be_written_is_told_once},
        {"the audit log has what the level says", the_audit_log_has_what_the_level_says},
        {"a root that vanishes is told", a_root_that_vanishes_is_told},
    };
    return RUN_SUITE("act", cases);
}
