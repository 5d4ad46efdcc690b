/* Every path through the engine, without any file or clock. */
#include "check.h"

#include "engine_fixture.h"

#include <stdio.h>
#include <string.h>

static void asks_patches_restarts_and_verifies(void)
{
    struct fixture f;
    set_up(&f);
    CHECK_TEXT(names(engine_start(&f.memory, &f.world)), "");
    CHECK_TEXT(see_burst(&f, "WKS", NOW), "save burst ask-patch");
    CHECK_TEXT(engine_state_name(f.memory.state), "deciding");
    CHECK_NUMBER(f.memory.limit, 100);
    CHECK_TEXT(names(engine_patch_answer(&f.memory, &f.world, true, 200)), "save patch");
    CHECK_TEXT(engine_state_name(f.memory.state), "patching");
    CHECK_NUMBER(f.memory.limit, 200);
    write_patch(&f, 200);
    CHECK_TEXT(engine_state_name(f.memory.state), "reboot-pending");
    CHECK_NUMBER(f.memory.patch.time, NOW);
    CHECK_TEXT(f.memory.boot, "boot-1");
    CHECK_TEXT(names(engine_restart_answer(&f.memory, &f.world, RESTART_NOW)), "save restart");
    CHECK_NUMBER(engine_next_tick(&f.memory), 0);
    CHECK_TEXT(names(engine_start(&f.memory, &f.world)), "save verify");
    CHECK_TEXT(engine_state_name(f.memory.state), "verifying");
    CHECK(engine_is_as_written(&f.memory.patch, &f.target));
    CHECK_TEXT(names(engine_verified(&f.memory, &f.world, true)), "save verified");
    CHECK_TEXT(engine_state_name(f.memory.state), "watching");
    tear_down(&f);
}

static void no_is_no(void)
{
    struct fixture f;
    set_up(&f);
    (void)see_burst(&f, "WKS", NOW);
    CHECK_TEXT(names(engine_patch_answer(&f.memory, &f.world, false, 0)), "save declined");
    CHECK_TEXT(engine_state_name(f.memory.state), "watching");
    /* The cooldown keeps it from asking again too soon, by the records' time. */
    CHECK_TEXT(see_burst(&f, "WKS", NOW + 23 * HOUR), "");
    CHECK_TEXT(see_burst(&f, "WKS", NOW - HOUR), "");
    CHECK_TEXT(see_burst(&f, "WKS", NOW + 24 * HOUR), "save burst ask-patch");
    tear_down(&f);
}

static void the_policy_may_say_yes(void)
{
    struct fixture f;
    set_up(&f);
    f.policy.on_burst = ON_BURST_PATCH;
    f.world.can_ask = false;
    CHECK_TEXT(see_burst(&f, "WKS", NOW), "save burst patch");
    CHECK_TEXT(engine_state_name(f.memory.state), "patching");
    write_patch(&f, 100);
    tear_down(&f);
}

static void yes_beforehand_answers_everything(void)
{
    struct fixture f;
    set_up(&f);
    f.world.can_ask = false;
    f.world.assume_yes = true;
    CHECK_TEXT(see_burst(&f, "WKS", NOW), "save burst save patch");
    write_patch(&f, 100);
    CHECK_NUMBER(f.memory.remind_at, 0);
    tear_down(&f);
}

static void without_a_terminal_the_question_waits(void)
{
    struct fixture f;
    set_up(&f);
    f.world.can_ask = false;
    CHECK_TEXT(see_burst(&f, "WKS", NOW), "save burst nobody-to-ask");
    CHECK_TEXT(engine_state_name(f.memory.state), "deciding");
    CHECK_TEXT(names(engine_start(&f.memory, &f.world)), "burst nobody-to-ask");
    f.world.can_ask = true;
    CHECK_TEXT(names(engine_start(&f.memory, &f.world)), "burst ask-patch");
    /* A newer burst is told, and asks nothing more. */
    CHECK_TEXT(see_burst(&f, "WKS", NOW + 25 * HOUR), "save burst");
    CHECK_TEXT(engine_state_name(f.memory.state), "deciding");
    tear_down(&f);
}

static void what_stands_in_the_way_is_told(void)
{
    struct fixture f;
    set_up(&f);
    f.policy.cooldown_seconds = 0;
    f.policy.on_burst = ON_BURST_NOTIFY;
    CHECK_TEXT(see_burst(&f, "WKS", NOW), "save burst notify-only");
    f.policy.on_burst = ON_BURST_ASK;
    f.world.has_root = false;
    CHECK_TEXT(see_burst(&f, "WKS", NOW + HOUR), "save burst nothing-to-change");
    CHECK_TEXT(names(engine_start(&f.memory, &f.world)), "");
    f.world.has_root = true;
    f.target.copies[PC_DRIVERS].inspection.limit = 100;
    f.target.copies[PC_DRIVERS].inspection.status = PC_PATCHED;
    CHECK_TEXT(see_burst(&f, "WKS", NOW + 2 * HOUR), "save burst limit-is-set");
    f.target.copies[PC_DRIVERS].inspection.status = PC_UNRECOGNISED;
    CHECK_TEXT(see_burst(&f, "WKS", NOW + 3 * HOUR), "save burst not-writable");
    f.target.copies[PC_DRIVERS].access = OS_BUSY;
    CHECK_TEXT(see_burst(&f, "WKS", NOW + 4 * HOUR), "save burst not-writable");
    f.target.copies[PC_DRIVERS].present = false;
    CHECK_TEXT(see_burst(&f, "WKS", NOW + 5 * HOUR), "save burst not-writable");
    CHECK_TEXT(engine_state_name(f.memory.state), "watching");
    tear_down(&f);
}

static void only_one_computer_may_change_a_root(void)
{
    struct fixture f;
    set_up(&f);
    f.policy.cooldown_seconds = 0;
    (void)see_burst(&f, "WKS", NOW);
    (void)engine_patch_answer(&f.memory, &f.world, false, 0);
    CHECK_TEXT(see_burst(&f, "OTHER", NOW + HOUR), "save burst other-computer");
    CHECK_TEXT(see_burst(&f, "wks", NOW + 2 * HOUR), "save burst ask-patch");
    tear_down(&f);
}

/* One computer's cooldown does not silence another's burst, whatever order the logs come in. */
static void each_computer_has_its_own_cooldown(void)
{
    struct fixture f;
    char name[16];
    set_up(&f);
    f.world.has_root = false;
    CHECK(engine_told(&f.memory, "WKS") == NULL);
    CHECK_TEXT(see_burst(&f, "OTHER", NOW), "save burst nothing-to-change");
    CHECK_TEXT(see_burst(&f, "WKS", NOW - 2 * HOUR), "save burst nothing-to-change");
    CHECK_TEXT(see_burst(&f, "other", NOW + HOUR), "");
    CHECK_TEXT(see_burst(&f, "wks", NOW + HOUR), "");
    CHECK_TEXT(f.memory.burst.computer, "WKS");
    CHECK_NUMBER(engine_told(&f.memory, "OTHER")->last, NOW);
    CHECK_TEXT(see_burst(&f, "other", NOW + 24 * HOUR), "save burst nothing-to-change");
    CHECK_TEXT(f.memory.others[0].computer, "WKS");
    CHECK_NUMBER(f.memory.others[1].last, 0);
    /* So many computers are remembered, and then the oldest is forgotten. */
    for (int i = 0; i <= ENGINE_OTHERS_MAX; i++) {
        (void)snprintf(name, sizeof name, "PC%d", i);
        CHECK_TEXT(see_burst(&f, name, NOW), "save burst nothing-to-change");
    }
    CHECK_TEXT(see_burst(&f, "PC0", NOW + HOUR), "");
    CHECK(engine_told(&f.memory, "WKS") == NULL);
    CHECK(engine_told(&f.memory, "other") == NULL);
    tear_down(&f);
}

/* A patch, and a restart that has to wait. */
static void decline_restart(struct fixture *f)
{
    set_up(f);
    (void)see_burst(f, "WKS", NOW);
    (void)engine_patch_answer(&f->memory, &f->world, true, 100);
    write_patch(f, 100);
    CHECK_TEXT(names(engine_restart_answer(&f->memory, &f->world, RESTART_LATER)),
               "save restart-later");
}

/* Ten years ahead, and set right again: the computer must not be silent for ten years. */
static void a_clock_that_was_set_back_silences_nobody(void)
{
    struct fixture f;
    const uint64_t ahead = NOW + UINT64_C(87600) * HOUR;
    set_up(&f);
    f.world.has_root = false;
    CHECK_TEXT(see_burst(&f, "WKS", ahead), "save burst nothing-to-change");
    CHECK_TEXT(see_burst(&f, "WKS", ahead - 48 * HOUR), "");
    CHECK_TEXT(see_burst(&f, "WKS", NOW), "save burst nothing-to-change");
    CHECK_TEXT(see_burst(&f, "WKS", NOW + HOUR), "");
    CHECK_TEXT(see_burst(&f, "WKS", NOW - 48 * HOUR), "");
    /* A clock that is some hours off is a usual one. */
    CHECK_TEXT(see_burst(&f, "OTHER", NOW + 23 * HOUR), "save burst nothing-to-change");
    CHECK_TEXT(see_burst(&f, "OTHER", NOW), "");
    struct engine_burst ports = burst_at("WKS", ahead);
    CHECK_TEXT(names(engine_ports_seen(&f.memory, &f.world, &ports)), "save ports");
    ports = burst_at("WKS", NOW);
    CHECK_TEXT(names(engine_ports_seen(&f.memory, &f.world, &ports)), "save ports");
    tear_down(&f);
}

static void a_reminder_survives_a_clock_that_is_set_back(void)
{
    struct fixture f;
    decline_restart(&f);
    f.world.now = NOW - HOUR / 4; /* within what may be set */
    f.policy.grace_seconds = 3600;
    CHECK_TEXT(names(engine_tick(&f.memory, &f.world)), "");
    f.world.now = NOW - 1000 * HOUR;
    CHECK_TEXT(names(engine_tick(&f.memory, &f.world)), "ask-restart save");
    CHECK_NUMBER(engine_next_tick(&f.memory), NOW - 1000 * HOUR + HOUR / 2);
    CHECK_TEXT(names(engine_tick(&f.memory, &f.world)), "");
    tear_down(&f);
}

static void without_a_cooldown_each_burst_is_told_once(void)
{
    struct fixture f;
    set_up(&f);
    f.world.has_root = false;
    f.policy.cooldown_seconds = 0;
    CHECK_TEXT(see_burst(&f, "WKS", NOW), "save burst nothing-to-change");
    CHECK_TEXT(see_burst(&f, "WKS", NOW + HOUR / 2), ""); /* begins where that one ended */
    CHECK_TEXT(see_burst(&f, "WKS", NOW + HOUR / 2 + 1), "save burst nothing-to-change");
    tear_down(&f);
}

/* What another computer does meanwhile is told, and does not become what the question is about. */
static void another_computer_leaves_the_question_alone(void)
{
    struct fixture f;
    set_up(&f);
    (void)see_burst(&f, "WKS", NOW);
    CHECK_TEXT(see_burst(&f, "OTHER", NOW + HOUR), "save burst other-computer");
    CHECK_TEXT(f.memory.burst.computer, "OTHER");
    CHECK_TEXT(names(engine_start(&f.memory, &f.world)), "burst ask-patch");
    CHECK_TEXT(f.memory.burst.computer, "WKS");
    CHECK_NUMBER(engine_told(&f.memory, "OTHER")->last, NOW + HOUR);
    (void)engine_patch_answer(&f.memory, &f.world, true, 100);
    write_patch(&f, 100);
    CHECK_TEXT(see_burst(&f, "THIRD", NOW + HOUR), "save burst other-computer");
    tear_down(&f);
}

/* The disk was taken away while the program runs. */
static void a_root_that_is_gone_is_not_written(void)
{
    struct fixture f;
    set_up(&f);
    f.world.target = NULL;
    CHECK_TEXT(see_burst(&f, "WKS", NOW), "save burst not-writable");
    CHECK_TEXT(names(engine_start(&f.memory, &f.world)), "");
    tear_down(&f);
}

static void a_failed_patch_ends_the_matter(void)
{
    struct fixture f;
    struct engine_patch nothing = {.time = 0};
    set_up(&f);
    (void)see_burst(&f, "WKS", NOW);
    (void)engine_patch_answer(&f.memory, &f.world, true, 100);
    CHECK_TEXT(names(engine_patched(&f.memory, &f.world, PC_FAILED, &nothing)),
               "save patch-failed");
    CHECK_TEXT(engine_state_name(f.memory.state), "watching");
    CHECK_NUMBER(f.memory.patch.time, 0);
    tear_down(&f);
}

static void a_kill_while_patching_goes_on_at_the_next_start(void)
{
    struct fixture f;
    set_up(&f);
    (void)see_burst(&f, "WKS", NOW);
    (void)engine_patch_answer(&f.memory, &f.world, true, 100);
    CHECK_TEXT(names(engine_start(&f.memory, &f.world)), "patch");
    CHECK_TEXT(see_burst(&f, "WKS", NOW + 48 * HOUR), "");
    tear_down(&f);
}

/* Another disk at the same place, or an update: the yes was not for this driver. */
static void a_yes_holds_for_no_other_driver(void)
{
    struct fixture f;
    set_up(&f);
    (void)see_burst(&f, "WKS", NOW);
    (void)engine_patch_answer(&f.memory, &f.world, true, 100);
    f.target.copies[PC_DRIVERS].inspection.version.part[3] = 5512;
    CHECK_TEXT(names(engine_start(&f.memory, &f.world)), "save other-driver");
    CHECK_TEXT(engine_state_name(f.memory.state), "watching");
    tear_down(&f);
    set_up(&f);
    (void)see_burst(&f, "WKS", NOW);
    f.target.copies[PC_DRIVERS].inspection.size++; /* while the question stood */
    CHECK_TEXT(names(engine_patch_answer(&f.memory, &f.world, true, 100)), "save other-driver");
    CHECK_TEXT(engine_state_name(f.memory.state), "watching");
    tear_down(&f);
    set_up(&f);
    (void)see_burst(&f, "WKS", NOW);
    f.target.copies[PC_DRIVERS].present = false;
    CHECK_TEXT(names(engine_start(&f.memory, &f.world)), "save other-driver");
    tear_down(&f);
}

static void a_declined_restart_reminds(void)
{
    struct fixture f;
    decline_restart(&f);
    CHECK_NUMBER(engine_next_tick(&f.memory), NOW + HOUR / 2);
    CHECK_TEXT(names(engine_tick(&f.memory, &f.world)), "");
    f.world.now = NOW + HOUR / 2;
    CHECK_TEXT(names(engine_tick(&f.memory, &f.world)), "ask-restart save");
    CHECK_NUMBER(engine_next_tick(&f.memory), NOW + HOUR);
    /* A burst meanwhile says so, and that the restart is still missing. */
    CHECK_TEXT(see_burst(&f, "WKS", NOW + 25 * HOUR), "save burst restart-needed");
    tear_down(&f);
}

static void a_policy_without_prompt_only_tells(void)
{
    struct fixture f;
    set_up(&f);
    f.policy.reboot_prompt = false;
    (void)see_burst(&f, "WKS", NOW);
    (void)engine_patch_answer(&f.memory, &f.world, true, 100);
    write_patch(&f, 100);
    CHECK_NUMBER(engine_next_tick(&f.memory), 0);
    tear_down(&f);
}

static void nobody_to_ask_is_reminded_in_words(void)
{
    struct fixture f;
    set_up(&f);
    f.policy.on_burst = ON_BURST_PATCH;
    f.world.can_ask = false;
    (void)see_burst(&f, "WKS", NOW);
    write_patch(&f, 100);
    f.world.now += HOUR;
    CHECK_TEXT(names(engine_tick(&f.memory, &f.world)), "restart-needed save");
    tear_down(&f);
}

static void a_running_system_verifies_only_after_another_boot(void)
{
    struct fixture f;
    set_up(&f);
    f.world.root_is_running = true;
    (void)see_burst(&f, "WKS", NOW);
    (void)engine_patch_answer(&f.memory, &f.world, true, 100);
    write_patch(&f, 100);
    CHECK_TEXT(names(engine_start(&f.memory, &f.world)), "ask-restart");
    CHECK_TEXT(engine_state_name(f.memory.state), "reboot-pending");
    f.world.boot = "boot-2";
    CHECK_TEXT(names(engine_start(&f.memory, &f.world)), "save verify");
    CHECK_TEXT(names(engine_start(&f.memory, &f.world)), "verify");
    tear_down(&f);
}

static void the_log_shows_the_restart(void)
{
    struct fixture f;
    set_up(&f);
    CHECK_TEXT(names(engine_started_again(&f.memory, &f.world, NOW)), "");
    (void)see_burst(&f, "WKS", NOW);
    (void)engine_patch_answer(&f.memory, &f.world, true, 100);
    write_patch(&f, 100);
    CHECK_TEXT(names(engine_started_again(&f.memory, &f.world, NOW - 1)), "");
    CHECK_TEXT(names(engine_started_again(&f.memory, &f.world, NOW + HOUR)), "save verify");
    f.target.copies[PC_DRIVERS].crc32 = 0x9999;
    CHECK(!engine_is_as_written(&f.memory.patch, &f.target));
    f.target.copies[PC_DRIVERS].present = false;
    CHECK(!engine_is_as_written(&f.memory.patch, &f.target));
    CHECK_TEXT(see_burst(&f, "WKS", NOW + 48 * HOUR), "");
    CHECK_TEXT(names(engine_verified(&f.memory, &f.world, false)), "save differs");
    tear_down(&f);
}

static void a_restart_can_be_declined_for_good(void)
{
    struct fixture f;
    set_up(&f);
    (void)see_burst(&f, "WKS", NOW);
    (void)engine_patch_answer(&f.memory, &f.world, true, 100);
    write_patch(&f, 100);
    CHECK_TEXT(names(engine_restart_answer(&f.memory, &f.world, RESTART_NEVER)),
               "save restart-declined");
    CHECK_NUMBER(engine_next_tick(&f.memory), 0);
    CHECK_TEXT(engine_state_name(f.memory.state), "reboot-pending");
    tear_down(&f);
}

/* Somebody may stop a restart that was agreed to. */
static void a_restart_of_the_running_system_is_asked_for_again(void)
{
    struct fixture f;
    set_up(&f);
    f.world.root_is_running = true;
    f.policy.grace_seconds = 60;
    (void)see_burst(&f, "WKS", NOW);
    (void)engine_patch_answer(&f.memory, &f.world, true, 100);
    write_patch(&f, 100);
    CHECK_TEXT(names(engine_restart_answer(&f.memory, &f.world, RESTART_NOW)), "save restart");
    CHECK_NUMBER(engine_next_tick(&f.memory), NOW + HOUR / 2 + 60 * WINTIME_PER_SECOND);
    f.world.now = NOW + HOUR;
    CHECK_TEXT(names(engine_tick(&f.memory, &f.world)), "ask-restart save");
    tear_down(&f);
}

/* The event log service was started again, and the machine was not. */
static void the_log_of_the_running_system_is_not_believed(void)
{
    struct fixture f;
    set_up(&f);
    f.world.root_is_running = true;
    (void)see_burst(&f, "WKS", NOW);
    (void)engine_patch_answer(&f.memory, &f.world, true, 100);
    write_patch(&f, 100);
    CHECK_TEXT(names(engine_started_again(&f.memory, &f.world, NOW + HOUR)), "");
    f.world.boot = "boot-2";
    CHECK_TEXT(names(engine_started_again(&f.memory, &f.world, NOW + HOUR)), "save verify");
    tear_down(&f);
}

static void a_patch_may_be_wanted_without_a_burst(void)
{
    struct fixture f;
    set_up(&f);
    CHECK_TEXT(names(engine_patch_wanted(&f.memory, &f.world)), "save ask-patch");
    CHECK_TEXT(engine_state_name(f.memory.state), "deciding");
    CHECK_NUMBER(f.memory.limit, 100);
    /* A burst meanwhile is told beside the question; no computer is known that it could not be of.
     */
    CHECK_TEXT(see_burst(&f, "WKS", NOW), "save burst");
    CHECK_TEXT(names(engine_patch_wanted(&f.memory, &f.world)), "ask-patch");
    CHECK_TEXT(names(engine_patch_answer(&f.memory, &f.world, true, 50)), "save patch");
    write_patch(&f, 50);
    CHECK_TEXT(names(engine_patch_wanted(&f.memory, &f.world)), "ask-restart save");
    tear_down(&f);
    set_up(&f);
    f.target.copies[PC_DRIVERS].inspection.limit = 100;
    CHECK_TEXT(names(engine_patch_wanted(&f.memory, &f.world)), "limit-is-set");
    f.target.copies[PC_DRIVERS].inspection.status = PC_UNRECOGNISED;
    CHECK_TEXT(names(engine_patch_wanted(&f.memory, &f.world)), "not-writable");
    f.world.has_root = false;
    CHECK_TEXT(names(engine_patch_wanted(&f.memory, &f.world)), "nothing-to-change");
    CHECK_TEXT(engine_state_name(f.memory.state), "watching");
    tear_down(&f);
}

static void a_restored_original_waits_for_a_restart_too(void)
{
    const struct engine_patch patch = {.limit_before = 100, .limit_after = 10};
    struct fixture f;
    set_up(&f);
    CHECK_TEXT(names(engine_restored(&f.memory, &f.world, &patch)), "save restored ask-restart");
    CHECK_TEXT(engine_state_name(f.memory.state), "reboot-pending");
    CHECK_NUMBER(f.memory.patch.time, NOW);
    CHECK_TEXT(names(engine_start(&f.memory, &f.world)), "save verify");
    tear_down(&f);
}

static void what_was_taken_back_needs_no_restart(void)
{
    struct fixture f;
    set_up(&f);
    (void)see_burst(&f, "WKS", NOW);
    (void)engine_patch_answer(&f.memory, &f.world, true, 100);
    write_patch(&f, 100);
    CHECK_TEXT(names(engine_restored(&f.memory, &f.world, NULL)), "save withdrawn");
    CHECK_TEXT(engine_state_name(f.memory.state), "watching");
    CHECK_NUMBER(engine_next_tick(&f.memory), 0);
    tear_down(&f);
}

static void open_questions_are_asked_of_whoever_comes(void)
{
    struct fixture f;
    set_up(&f);
    CHECK_TEXT(names(engine_ask_again(&f.memory, &f.world)), "");
    f.world.can_ask = false;
    CHECK_TEXT(see_burst(&f, "WKS", NOW), "save burst nobody-to-ask");
    f.world.can_ask = true;
    CHECK_TEXT(names(engine_ask_again(&f.memory, &f.world)), "ask-patch");
    (void)engine_patch_answer(&f.memory, &f.world, true, 100);
    CHECK_TEXT(names(engine_ask_again(&f.memory, &f.world)), ""); /* it is being patched */
    write_patch(&f, 100);
    CHECK_TEXT(names(engine_ask_again(&f.memory, &f.world)), "ask-restart save");
    tear_down(&f);
}

static void answers_out_of_turn_do_nothing(void)
{
    struct fixture f;
    struct engine_patch nothing = {.time = 0};
    set_up(&f);
    CHECK_TEXT(names(engine_patch_answer(&f.memory, &f.world, true, 100)), "");
    CHECK_TEXT(names(engine_restart_answer(&f.memory, &f.world, RESTART_NOW)), "");
    CHECK_TEXT(names(engine_patched(&f.memory, &f.world, PC_DONE, &nothing)), "");
    CHECK_TEXT(names(engine_verified(&f.memory, &f.world, true)), "");
    CHECK_TEXT(names(engine_tick(&f.memory, &f.world)), "");
    CHECK_TEXT(engine_state_name(f.memory.state), "watching");
    tear_down(&f);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"asks, patches, restarts and verifies", asks_patches_restarts_and_verifies},
        {"no is no", no_is_no},
        {"the policy may say yes", the_policy_may_say_yes},
        {"yes beforehand answers everything", yes_beforehand_answers_everything},
        {"without a terminal the question waits", without_a_terminal_the_question_waits},
        {"what stands in the way is told", what_stands_in_the_way_is_told},
        {"only one computer may change a root", only_one_computer_may_change_a_root},
        {"each computer has its own cooldown", each_computer_has_its_own_cooldown},
        {"a clock that was set back silences nobody", a_clock_that_was_set_back_silences_nobody},
        {"a reminder survives a clock that is set back",
         a_reminder_survives_a_clock_that_is_set_back},
        {"without a cooldown each burst is told once", without_a_cooldown_each_burst_is_told_once},
        {"another computer leaves the question alone", another_computer_leaves_the_question_alone},
        {"a root that is gone is not written", a_root_that_is_gone_is_not_written},
        {"a failed patch ends the matter", a_failed_patch_ends_the_matter},
        {"a kill while patching goes on at the next start",
         a_kill_while_patching_goes_on_at_the_next_start},
        {"a yes holds for no other driver", a_yes_holds_for_no_other_driver},
        {"a declined restart reminds", a_declined_restart_reminds},
        {"a policy without prompt only tells", a_policy_without_prompt_only_tells},
        {"nobody to ask is reminded in words", nobody_to_ask_is_reminded_in_words},
        {"a running system verifies only after another boot",
         a_running_system_verifies_only_after_another_boot},
        {"the log shows the restart", the_log_shows_the_restart},
        {"a restart can be declined for good", a_restart_can_be_declined_for_good},
        {"a restart of the running system is asked for again",
         a_restart_of_the_running_system_is_asked_for_again},
        {"the log of the running system is not believed",
         the_log_of_the_running_system_is_not_believed},
        {"a patch may be wanted without a burst", a_patch_may_be_wanted_without_a_burst},
        {"a restored original waits for a restart too",
         a_restored_original_waits_for_a_restart_too},
        {"what was taken back needs no restart", what_was_taken_back_needs_no_restart},
        {"open questions are asked of whoever comes", open_questions_are_asked_of_whoever_comes},
        {"answers out of turn do nothing", answers_out_of_turn_do_nothing},
    };
    return RUN_SUITE("engine", cases);
}
