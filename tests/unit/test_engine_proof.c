/* Whose burst it is, whether the patch holds, and whether it has helped. */
#include "check.h"

#include "engine_fixture.h"

#include <stdio.h>
#include <string.h>

/* ---- unexpected programs ---- */

static void an_unexpected_program_is_never_patched_unasked(void)
{
    struct fixture f;
    set_up(&f);
    f.policy.on_burst = ON_BURST_PATCH;
    f.world.assume_yes = true;
    f.world.programs = CENSUS_UNEXPECTED;
    CHECK_TEXT(see_burst(&f, "WKS", NOW), "save burst unexpected ask-patch");
    CHECK_TEXT(engine_state_name(f.memory.state), "deciding");
    /* Nor at the next start, where nobody knows any more whose it was. */
    f.world.programs = CENSUS_ANY;
    CHECK_TEXT(names(engine_start(&f.memory, &f.world)), "burst ask-patch");
    f.world.can_ask = false;
    CHECK_TEXT(names(engine_start(&f.memory, &f.world)), "burst nobody-to-ask");
    CHECK_TEXT(names(engine_ask_again(&f.memory, &f.world)), "nobody-to-ask");
    /* A person may. */
    CHECK_TEXT(names(engine_patch_answer(&f.memory, &f.world, true, 100)), "save patch");
    tear_down(&f);
}

static void without_a_census_it_counts_as_unexpected(void)
{
    struct fixture f;
    set_up(&f);
    f.policy.on_burst = ON_BURST_PATCH;
    f.world.programs = CENSUS_NOBODY;
    CHECK_TEXT(see_burst(&f, "WKS", NOW), "save burst unexpected ask-patch");
    tear_down(&f);
}

static void an_expected_program_is_the_policys(void)
{
    struct fixture f;
    set_up(&f);
    f.policy.on_burst = ON_BURST_PATCH;
    f.world.programs = CENSUS_EXPECTED;
    CHECK_TEXT(see_burst(&f, "WKS", NOW), "save burst patch");
    tear_down(&f);
}

static void the_policy_may_want_it_only_told(void)
{
    struct fixture f;
    set_up(&f);
    f.policy.on_burst = ON_BURST_PATCH;
    f.policy.on_unexpected = ON_UNEXPECTED_NOTIFY;
    f.world.programs = CENSUS_UNEXPECTED;
    CHECK_TEXT(see_burst(&f, "WKS", NOW), "save burst unexpected");
    CHECK_TEXT(engine_state_name(f.memory.state), "watching");
    CHECK_TEXT(names(engine_start(&f.memory, &f.world)), "");
    tear_down(&f);
}

/* The warning is of use also where nothing could be patched anyway; that the programs of another
 * computer cannot be seen is no news. */
static void it_is_told_beside_an_obstacle(void)
{
    struct fixture f;
    set_up(&f);
    f.world.has_root = false;
    f.world.programs = CENSUS_UNEXPECTED;
    CHECK_TEXT(see_burst(&f, "A", NOW), "save burst unexpected nothing-to-change");
    f.world.programs = CENSUS_NOBODY;
    CHECK_TEXT(see_burst(&f, "B", NOW), "save burst nothing-to-change");
    f.world.has_root = true;
    f.policy.on_burst = ON_BURST_NOTIFY;
    CHECK_TEXT(see_burst(&f, "C", NOW), "save burst unexpected notify-only");
    tear_down(&f);
}

/* The question was about an expected program's burst; then another program's comes. */
static void it_takes_back_a_yes_given_beforehand(void)
{
    struct fixture f;
    set_up(&f);
    f.world.programs = CENSUS_EXPECTED;
    f.world.can_ask = false;
    CHECK_TEXT(see_burst(&f, "WKS", NOW), "save burst nobody-to-ask");
    f.world.programs = CENSUS_UNEXPECTED;
    CHECK_TEXT(see_burst(&f, "WKS", NOW + 25 * HOUR), "save burst unexpected");
    f.world.assume_yes = true;
    CHECK_TEXT(names(engine_start(&f.memory, &f.world)), "burst nobody-to-ask");
    tear_down(&f);
}

/* ---- one attempt for a build ---- */

static void the_policy_says_yes_once_for_a_build(void)
{
    struct fixture f;
    set_up(&f);
    f.policy.on_burst = ON_BURST_PATCH;
    CHECK_TEXT(see_burst(&f, "WKS", NOW), "save burst patch");
    write_patch(&f, 100);
    f.world.boot = "boot-2";
    (void)engine_start(&f.memory, &f.world);
    (void)engine_verified(&f.memory, &f.world, true);
    /* Something puts the original back. */
    f.target.copies[PC_DRIVERS].inspection.limit = PC_LIMIT_WINDOWS;
    f.target.copies[PC_DRIVERS].inspection.status = PC_ORIGINAL;
    CHECK_TEXT(see_burst(&f, "WKS", NOW + 25 * HOUR), "save burst tried-before ask-patch");
    CHECK_TEXT(names(engine_patch_answer(&f.memory, &f.world, true, 100)), "save patch");
    write_patch(&f, 100);
    (void)engine_verified(&f.memory, &f.world, true);
    tear_down(&f);
}

static void another_build_is_another_attempt(void)
{
    struct fixture f;
    set_up(&f);
    f.policy.on_burst = ON_BURST_PATCH;
    struct engine_patch nothing = {.time = 0};
    for (uint64_t i = 0; i <= ENGINE_TRIED_MAX; i++) {
        f.target.copies[PC_DRIVERS].inspection.version.part[3] = (uint16_t)(2180 + i);
        CHECK_TEXT(see_burst(&f, "WKS", NOW + 25 * i * HOUR), "save burst patch");
        (void)engine_patched(&f.memory, &f.world, PC_FAILED, &nothing);
    }
    /* A failed attempt was one. So many are remembered, and then the oldest is forgotten. */
    CHECK_TEXT(see_burst(&f, "X", NOW + UINT64_C(1000) * HOUR), "save burst other-computer");
    CHECK_TEXT(see_burst(&f, "WKS", NOW + UINT64_C(1000) * HOUR),
               "save burst tried-before ask-patch");
    (void)engine_patch_answer(&f.memory, &f.world, false, 0);
    f.target.copies[PC_DRIVERS].inspection.version.part[3] = 2180;
    CHECK_TEXT(see_burst(&f, "WKS", NOW + UINT64_C(2000) * HOUR), "save burst patch");
    tear_down(&f);
}

/* ---- it still hurts ---- */

static void bursts_that_go_on_propose_a_higher_limit(void)
{
    struct fixture f;
    set_up(&f);
    patch_and_verify(&f, 100);
    /* The cooldown is no reason to keep quiet about it. */
    f.world.most_half_open = 130;
    CHECK_TEXT(see_burst(&f, "WKS", NOW + 2 * HOUR), "save burst still-limited ask-patch");
    CHECK_NUMBER(f.memory.limit, 200); /* a quarter above 130, rounded up */
    CHECK_TEXT(engine_state_name(f.memory.state), "deciding");
    CHECK_TEXT(names(engine_patch_answer(&f.memory, &f.world, true, 200)), "save patch");
    write_patch(&f, 200);
    tear_down(&f);
}

static void a_proposal_stays_within_the_policy(void)
{
    static const struct {
        size_t most;
        uint32_t max, proposal;
    } cases[] = {
        {0, 1000, 200},   /* nothing was seen: twice the present limit */
        {0, 150, 150},    /* no more than the policy allows */
        {0, 100, 0},      /* which is no more than there is */
        {99, 1000, 0},    /* fewer than the limit: not the cause */
        {100, 1000, 150}, /* 125, rounded up */
        {4096, 1000, 1000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;
        set_up(&f);
        patch_and_verify(&f, 100);
        f.policy.max = cases[i].max;
        f.world.most_half_open = cases[i].most;
        CHECK_TEXT(see_burst(&f, "WKS", NOW + 2 * HOUR), cases[i].proposal != 0
                                                             ? "save burst still-limited ask-patch"
                                                             : "save burst still-limited");
        CHECK_NUMBER(f.memory.limit, cases[i].proposal);
        tear_down(&f);
    }
}

/* The policy named a limit; more than that takes a person. */
static void a_proposal_is_only_told_where_nobody_is(void)
{
    struct fixture f;
    set_up(&f);
    patch_and_verify(&f, 100);
    f.world.assume_yes = true;
    f.policy.on_burst = ON_BURST_PATCH;
    CHECK_TEXT(see_burst(&f, "WKS", NOW + 2 * HOUR), "save burst still-limited");
    CHECK_TEXT(engine_state_name(f.memory.state), "watching");
    f.policy.on_burst = ON_BURST_ASK;
    f.world.can_ask = false;
    CHECK_TEXT(see_burst(&f, "WKS", NOW + 27 * HOUR), "save burst still-limited");
    f.world.can_ask = true;
    f.world.programs = CENSUS_UNEXPECTED;
    CHECK_TEXT(see_burst(&f, "WKS", NOW + 52 * HOUR), "save burst unexpected still-limited");
    tear_down(&f);
}

/* Before the restart, or with a limit of somebody else's, it is only said that it is set. */
static void only_what_was_verified_still_hurts(void)
{
    struct fixture f;
    set_up(&f);
    f.target.copies[PC_DRIVERS].inspection.limit = 200;
    CHECK_TEXT(see_burst(&f, "WKS", NOW), "save burst limit-is-set");
    tear_down(&f);
    set_up(&f);
    patch_and_verify(&f, 100);
    f.target.copies[PC_DRIVERS].inspection.limit = 150;
    CHECK_TEXT(see_burst(&f, "WKS", NOW + 2 * HOUR), "save burst limit-is-set");
    tear_down(&f);
    /* Records of before the restart, read late. */
    set_up(&f);
    patch_and_verify(&f, 100);
    f.policy.cooldown_seconds = 0;
    CHECK_TEXT(see_burst(&f, "WKS", NOW + HOUR - 1), "save burst limit-is-set");
    tear_down(&f);
}

/* ---- copies that somebody changes ---- */

static const char *look(struct fixture *f)
{
    struct engine_copy before[PC_COPIES];
    return names(engine_look(&f->memory, &f->world, before));
}

static void put_back(struct fixture *f)
{
    struct pc_copy *drivers = &f->target.copies[PC_DRIVERS];
    drivers->crc32 = 0x1234;
    drivers->inspection.limit = PC_LIMIT_WINDOWS;
    drivers->inspection.status = PC_ORIGINAL;
}

static void a_changed_copy_is_told_once(void)
{
    struct fixture f;
    set_up(&f);
    CHECK_TEXT(look(&f), "save"); /* the first look only keeps what there is */
    CHECK_TEXT(look(&f), "");
    patch_and_verify(&f, 100);
    CHECK_TEXT(look(&f), ""); /* what the watcher itself has changed is no news */
    put_back(&f);
    struct engine_copy before[PC_COPIES];
    CHECK_TEXT(names(engine_look(&f.memory, &f.world, before)), "copies-changed save");
    CHECK_NUMBER(before[PC_DRIVERS].limit, 100);
    CHECK_NUMBER(f.memory.seen[PC_DRIVERS].limit, PC_LIMIT_WINDOWS);
    CHECK_NUMBER(f.memory.verified, 0);
    CHECK_TEXT(look(&f), "");
    tear_down(&f);
}

/* Told first; patched again only after a new burst, and then asked. */
static void a_revert_makes_a_burst_news_again(void)
{
    struct fixture f;
    set_up(&f);
    patch_and_verify(&f, 100);
    put_back(&f);
    f.world.now = NOW + 3 * HOUR + 1;
    CHECK_TEXT(look(&f), "copies-changed save");
    CHECK_TEXT(see_burst(&f, "WKS", NOW + 3 * HOUR + 1), ""); /* begun before */
    CHECK_TEXT(see_burst(&f, "WKS", NOW + 4 * HOUR), "save burst ask-patch");
    (void)engine_patch_answer(&f.memory, &f.world, false, 0);
    CHECK_TEXT(see_burst(&f, "WKS", NOW + 5 * HOUR), ""); /* once; then the cooldown holds */
    tear_down(&f);
}

static void a_limit_of_somebody_elses_is_told_at_the_first_look(void)
{
    struct fixture f;
    set_up(&f);
    f.target.copies[PC_DRIVERS].inspection.limit = 50;
    f.target.copies[PC_DRIVERS].inspection.status = PC_PATCHED;
    CHECK_TEXT(look(&f), "copies-changed save");
    CHECK_TEXT(look(&f), "");
    tear_down(&f);
    /* Not the one that was written from here, by a version that did not keep what it saw. */
    set_up(&f);
    patch_and_verify(&f, 50);
    memset(f.memory.seen, 0, sizeof f.memory.seen);
    CHECK_TEXT(look(&f), "save");
    tear_down(&f);
}

static void another_build_ends_the_question(void)
{
    struct fixture f;
    set_up(&f);
    (void)look(&f);
    (void)see_burst(&f, "WKS", NOW);
    f.target.copies[PC_DRIVERS].crc32 = 0x9999;
    f.target.copies[PC_DRIVERS].inspection.version.part[3] = 5512;
    CHECK_TEXT(look(&f), "copies-changed other-driver save");
    CHECK_TEXT(engine_state_name(f.memory.state), "watching");
    CHECK_TEXT(names(engine_patch_answer(&f.memory, &f.world, true, 100)), "");
    tear_down(&f);
}

/* The watcher's own work is judged when it is done. */
static void nothing_is_told_in_the_middle_of_the_own_work(void)
{
    struct fixture f;
    set_up(&f);
    (void)look(&f);
    (void)see_burst(&f, "WKS", NOW);
    (void)engine_patch_answer(&f.memory, &f.world, true, 100);
    f.target.copies[PC_DRIVERS].crc32 = 0x5678;
    CHECK_TEXT(look(&f), "");
    write_patch(&f, 100);
    f.world.boot = "boot-2";
    (void)engine_start(&f.memory, &f.world);
    put_back(&f);
    CHECK_TEXT(look(&f), "");
    CHECK_TEXT(names(engine_verified(&f.memory, &f.world, false)), "save differs");
    CHECK_TEXT(look(&f), ""); /* said by that already */
    f.world.target = NULL;
    CHECK_TEXT(look(&f), "");
    tear_down(&f);
}

/* ---- ports ---- */

static const char *see_ports(struct fixture *f, const char *computer, uint64_t last)
{
    struct engine_burst burst = burst_at(computer, last);
    return names(engine_ports_seen(&f->memory, &f->world, &burst));
}

static void ports_are_told_and_change_nothing(void)
{
    struct fixture f;
    char name[16];
    set_up(&f);
    f.policy.on_burst = ON_BURST_PATCH;
    CHECK_TEXT(see_ports(&f, "WKS", NOW), "save ports");
    CHECK_TEXT(engine_state_name(f.memory.state), "watching");
    CHECK_TEXT(see_ports(&f, "wks", NOW + HOUR), "");
    CHECK_TEXT(see_ports(&f, "wks", NOW + 24 * HOUR), "save ports");
    /* They have a cooldown of their own. */
    CHECK_TEXT(see_burst(&f, "WKS", NOW), "save burst patch");
    for (int i = 0; i < ENGINE_PORTS_MAX; i++) {
        (void)snprintf(name, sizeof name, "PC%d", i);
        CHECK_TEXT(see_ports(&f, name, NOW), "save ports");
    }
    CHECK(engine_ports_told(&f.memory, "PC0") != NULL);
    CHECK(engine_ports_told(&f.memory, "WKS") == NULL);
    tear_down(&f);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"an unexpected program is never patched unasked",
         an_unexpected_program_is_never_patched_unasked},
        {"without a census it counts as unexpected", without_a_census_it_counts_as_unexpected},
        {"an expected program is the policy's", an_expected_program_is_the_policys},
        {"the policy may want it only told", the_policy_may_want_it_only_told},
        {"it is told beside an obstacle", it_is_told_beside_an_obstacle},
        {"it takes back a yes given beforehand", it_takes_back_a_yes_given_beforehand},
        {"the policy says yes once for a build", the_policy_says_yes_once_for_a_build},
        {"another build is another attempt", another_build_is_another_attempt},
        {"bursts that go on propose a higher limit", bursts_that_go_on_propose_a_higher_limit},
        {"a proposal stays within the policy", a_proposal_stays_within_the_policy},
        {"a proposal is only told where nobody is", a_proposal_is_only_told_where_nobody_is},
        {"only what was verified still hurts", only_what_was_verified_still_hurts},
        {"a changed copy is told once", a_changed_copy_is_told_once},
        {"a revert makes a burst news again", a_revert_makes_a_burst_news_again},
        {"a limit of somebody else's is told at the first look",
         a_limit_of_somebody_elses_is_told_at_the_first_look},
        {"another build ends the question", another_build_ends_the_question},
        {"nothing is told in the middle of the own work",
         nothing_is_told_in_the_middle_of_the_own_work},
        {"ports are told and change nothing", ports_are_told_and_change_nothing},
    };
    return RUN_SUITE("engine, the proof", cases);
}
