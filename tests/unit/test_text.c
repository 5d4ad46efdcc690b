/* Every sentence of text.c in each of its variants, held against tests/data/texts.txt.
 *
 * A sentence that was changed on purpose: build, run "test_text --write tests/data/texts.txt" in
 * the source directory, and read the difference before committing it. */
#include "baseline.h"
#include "check.h"

#include "base/buf.h"
#include "base/wintime.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASELINE TEST_DATA "/texts.txt"
#define TIME     UINT64_C(129606733810000000) /* 2011-09-16 19:03:01 UTC */

struct scene {
    struct policy policy;
    struct pc_target target;
    struct engine_world world;
    struct engine_memory memory;
    struct engine_copy before[PC_COPIES];
    struct text_facts facts;
};

static char service_pack[] = "/mnt/xp/ServicePackFiles/i386/tcpip.sys";
static char dllcache[] = "/mnt/xp/system32/dllcache/tcpip.sys";
static char drivers[] = "/mnt/xp/system32/drivers/tcpip.sys";

static void set_up(struct scene *s)
{
    static char *const paths[PC_COPIES] = {service_pack, dllcache, drivers};
    memset(s, 0, sizeof *s);
    if (!policy_defaults(&s->policy)) {
        exit(1);
    }
    for (size_t c = 0; c < PC_COPIES; c++) {
        struct pc_copy *copy = &s->target.copies[c];
        copy->path = paths[c];
        copy->present = true;
        copy->crc32 = 1;
        copy->inspection = (struct pc_inspection){.status = PC_ORIGINAL,
                                                  .has_limit = true,
                                                  .limit = PC_LIMIT_WINDOWS,
                                                  .has_version = true,
                                                  .version = {{5, 1, 2600, 2180}}};
        s->memory.patch.copies[c].present = true;
        s->memory.patch.copies[c].crc32 = 1;
        s->memory.patch.copies[c].version = (struct pc_version){{5, 1, 2600, 2180}};
    }
    s->memory.burst =
        (struct engine_burst){"WKS-WINXP32BIT", TIME - 90 * WINTIME_PER_SECOND, TIME, 4};
    (void)snprintf(s->memory.computer, sizeof s->memory.computer, "%s", "WKS-WINXP32BIT");
    s->memory.limit = 100;
    s->memory.remind_at = TIME + 1800 * WINTIME_PER_SECOND;
    s->memory.patch.limit_before = 10;
    s->memory.patch.limit_after = 100;
    s->world = (struct engine_world){.policy = &s->policy, .target = &s->target};
    s->facts = (struct text_facts){.memory = &s->memory,
                                   .world = &s->world,
                                   .root = "/mnt/xp",
                                   .data = "/var/lib/tcpipwatch",
                                   .why = "The disk is full.",
                                   .ports = "What is known of them.",
                                   .before = s->before};
    s->memory.ports[0] = s->memory.burst;
    s->memory.verified = TIME - 3600 * WINTIME_PER_SECOND;
    for (size_t c = 0; c < PC_COPIES; c++) {
        s->memory.seen[c] = (struct engine_copy){.known = true,
                                                 .present = true,
                                                 .crc32 = 1,
                                                 .status = PC_PATCHED,
                                                 .version = {{5, 1, 2600, 2180}},
                                                 .has_limit = true,
                                                 .limit = 100};
        s->before[c] = s->memory.seen[c];
    }
}

/* ---- what makes a sentence another one ---- */

static void usual(struct scene *s)
{
    (void)s;
}

static void nameless_computer(struct scene *s)
{
    s->memory.burst.computer[0] = '\0';
}

static void nameless_ports(struct scene *s)
{
    s->memory.ports[0].computer[0] = '\0';
}

static void limit_of_50(struct scene *s)
{
    s->target.copies[PC_DRIVERS].inspection.limit = 50;
    s->target.copies[PC_DRIVERS].inspection.status = PC_PATCHED;
}

static void limit_of_200(struct scene *s)
{
    limit_of_50(s);
    s->target.copies[PC_DRIVERS].inspection.limit = 200;
}

static void no_cooldown(struct scene *s)
{
    s->policy.cooldown_seconds = 0;
}

static void directory_gone(struct scene *s)
{
    s->target.copies[1] = (struct pc_copy){.path = NULL};
}

static void nameless_root(struct scene *s)
{
    s->memory.computer[0] = '\0';
}

static void no_target(struct scene *s)
{
    s->world.target = NULL;
}

static void drivers_gone(struct scene *s)
{
    s->target.copies[PC_DRIVERS].present = false;
}

static void drivers_locked(struct scene *s)
{
    s->target.copies[PC_DRIVERS].access = OS_BUSY;
}

static void drivers_damaged(struct scene *s)
{
    struct pc_inspection *inspection = &s->target.copies[PC_DRIVERS].inspection;
    *inspection = (struct pc_inspection){.status = PC_DAMAGED};
    (void)snprintf(inspection->reason, sizeof inspection->reason, "%s", "It is cut short.");
}

static void drivers_alone(struct scene *s)
{
    s->target.copies[0].present = false;
    s->target.copies[1].access = OS_DENIED;
    s->memory.patch.copies[0].present = false;
    s->memory.patch.copies[1].present = false;
}

static void drivers_updated(struct scene *s)
{
    s->target.copies[PC_DRIVERS].crc32 = 2;
    s->target.copies[PC_DRIVERS].inspection.version.part[3] = 5512;
}

static void drivers_put_back(struct scene *s)
{
    s->target.copies[PC_DRIVERS].crc32 = 2;
}

static void drivers_set_by_another(struct scene *s)
{
    s->target.copies[PC_DRIVERS].crc32 = 2;
    s->target.copies[PC_DRIVERS].inspection.limit = 50;
}

static void drivers_now_damaged(struct scene *s)
{
    s->target.copies[PC_DRIVERS].crc32 = 2;
    drivers_damaged(s);
}

static void all_differ(struct scene *s)
{
    drivers_put_back(s);
    s->target.copies[0].present = false;
    s->target.copies[1].access = OS_DENIED;
}

/* What is changed is the running system's own, at its next start. */
static void running(struct scene *s)
{
    s->world.root_is_running = true;
    s->facts.root = "C:\\WINDOWS";
}

static void running_drivers_alone(struct scene *s)
{
    running(s);
    drivers_alone(s);
}

static void running_original(struct scene *s)
{
    running(s);
    s->memory.patch.limit_before = 100;
    s->memory.patch.limit_after = 10;
}

static void original(struct scene *s)
{
    running_original(s);
    s->world.root_is_running = false;
    s->facts.root = "/mnt/xp";
}

/* ---- an unexpected program ---- */

static void unexpected(struct scene *s)
{
    s->world.programs = CENSUS_UNEXPECTED;
}

static void unexpected_to_be_asked(struct scene *s)
{
    unexpected(s);
    s->memory.state = ENGINE_DECIDING;
}

static void unexpected_only_told(struct scene *s)
{
    unexpected(s);
    s->policy.on_unexpected = ON_UNEXPECTED_NOTIFY;
}

static void unexpected_and_waiting(struct scene *s)
{
    unexpected_only_told(s);
    s->memory.state = ENGINE_REBOOT_PENDING;
}

static void nobody_seen(struct scene *s)
{
    unexpected_to_be_asked(s);
    s->world.programs = CENSUS_NOBODY;
}

static void by_hand(struct scene *s)
{
    s->memory.by_hand = true;
}

/* ---- bursts that go on ---- */

static void none_seen(struct scene *s)
{
    limit_of_50(s);
    s->memory.limit = 100;
}

static void more_seen(struct scene *s)
{
    none_seen(s);
    s->world.most_half_open = 64;
}

static void fewer_seen(struct scene *s)
{
    none_seen(s);
    s->world.most_half_open = 12;
    s->memory.limit = 0;
}

static void no_higher_limit(struct scene *s)
{
    none_seen(s);
    s->memory.limit = 0;
}

static void more_seen_and_no_higher_limit(struct scene *s)
{
    more_seen(s);
    s->memory.limit = 0;
}

/* ---- copies that somebody has changed ---- */

static struct engine_copy *changed_drivers(struct scene *s)
{
    struct engine_copy *seen = &s->memory.seen[PC_DRIVERS];
    seen->crc32 = 2;
    return seen;
}

static void first_look(struct scene *s)
{
    s->before[PC_DRIVERS].known = false;
    s->memory.seen[PC_DRIVERS].limit = 50;
}

static void put_back(struct scene *s)
{
    struct engine_copy *seen = changed_drivers(s);
    seen->status = PC_ORIGINAL;
    seen->limit = PC_LIMIT_WINDOWS;
}

static void put_back_by_protection(struct scene *s)
{
    put_back(s);
    s->facts.protection_named = true;
}

static void all_put_back(struct scene *s)
{
    put_back(s);
    s->memory.seen[0] = s->memory.seen[PC_DRIVERS];
    s->memory.seen[1] = s->memory.seen[PC_DRIVERS];
}

static void other_limit(struct scene *s)
{
    changed_drivers(s)->limit = 50;
}

static void other_build(struct scene *s)
{
    put_back(s);
    s->memory.seen[PC_DRIVERS].version.part[3] = 5512;
}

static void other_build_without_limit(struct scene *s)
{
    struct engine_copy *seen = changed_drivers(s);
    seen->version.part[3] = 5512;
    seen->has_limit = false;
    seen->status = PC_UNRECOGNISED;
    struct pc_inspection *inspection = &s->target.copies[PC_DRIVERS].inspection;
    (void)snprintf(inspection->reason, sizeof inspection->reason, "%s",
                   "Two places could be the limit.");
}

static void damaged_now(struct scene *s)
{
    drivers_damaged(s);
    struct engine_copy *seen = changed_drivers(s);
    seen->has_limit = false;
    seen->status = PC_DAMAGED;
}

static void gone(struct scene *s)
{
    s->memory.seen[PC_DRIVERS] = (struct engine_copy){.known = true};
}

static void locked(struct scene *s)
{
    s->memory.seen[PC_DRIVERS] =
        (struct engine_copy){.known = true, .present = true, .access = OS_BUSY};
}

static void readable_again(struct scene *s)
{
    s->before[PC_DRIVERS] = (struct engine_copy){.known = true, .present = true, .access = OS_BUSY};
}

static void come_back(struct scene *s)
{
    s->before[PC_DRIVERS] = (struct engine_copy){.known = true};
}

static void other_file(struct scene *s)
{
    (void)changed_drivers(s);
}

static const struct {
    enum engine_effect effect;
    const char *variant;
    void (*change)(struct scene *s);
} scenes[] = {
    {EFFECT_SAVE, "", usual},
    {EFFECT_TELL_BURST, "", usual},
    {EFFECT_TELL_BURST, "nameless computer", nameless_computer},
    {EFFECT_TELL_BURST, "limit of 50", limit_of_50},
    {EFFECT_TELL_BURST, "no target", no_target},
    {EFFECT_TELL_NO_ROOT, "", usual},
    {EFFECT_TELL_NOTIFY_ONLY, "", usual},
    {EFFECT_TELL_OTHER_COMPUTER, "", usual},
    {EFFECT_TELL_OTHER_COMPUTER, "nameless computer", nameless_computer},
    {EFFECT_TELL_OTHER_COMPUTER, "nameless root", nameless_root},
    {EFFECT_TELL_NOT_WRITABLE, "no target", no_target},
    {EFFECT_TELL_NOT_WRITABLE, "drivers gone", drivers_gone},
    {EFFECT_TELL_NOT_WRITABLE, "drivers locked", drivers_locked},
    {EFFECT_TELL_NOT_WRITABLE, "drivers damaged", drivers_damaged},
    {EFFECT_TELL_LIMIT_IS_SET, "limit of 200", limit_of_200},
    {EFFECT_TELL_NOBODY_TO_ASK, "", usual},
    {EFFECT_ASK_PATCH, "", usual},
    {EFFECT_ASK_PATCH, "drivers alone", drivers_alone},
    {EFFECT_TELL_DECLINED, "", usual},
    {EFFECT_TELL_DECLINED, "no cooldown", no_cooldown},
    {EFFECT_PATCH, "", usual},
    {EFFECT_PATCH, "drivers alone", drivers_alone},
    {EFFECT_TELL_PATCHED, "", usual},
    {EFFECT_TELL_PATCHED, "drivers alone", drivers_alone},
    {EFFECT_TELL_PATCH_FAILED, "", usual},
    {EFFECT_ASK_RESTART, "", usual},
    {EFFECT_TELL_RESTART_NEEDED, "", usual},
    {EFFECT_TELL_RESTART_LATER, "", usual},
    {EFFECT_RESTART, "", usual},
    {EFFECT_VERIFY, "", usual},
    {EFFECT_TELL_VERIFIED, "", usual},
    {EFFECT_TELL_DIFFERS, "no target", no_target},
    {EFFECT_TELL_DIFFERS, "drivers gone", drivers_gone},
    {EFFECT_TELL_DIFFERS, "directory gone", directory_gone},
    {EFFECT_TELL_DIFFERS, "drivers locked", drivers_locked},
    {EFFECT_TELL_DIFFERS, "drivers updated", drivers_updated},
    {EFFECT_TELL_DIFFERS, "drivers put back", drivers_put_back},
    {EFFECT_TELL_DIFFERS, "drivers set by another", drivers_set_by_another},
    {EFFECT_TELL_DIFFERS, "drivers damaged", drivers_now_damaged},
    {EFFECT_TELL_DIFFERS, "all differ", all_differ},
    {EFFECT_TELL_OTHER_DRIVER, "", usual},
    {EFFECT_TELL_RESTART_DECLINED, "", usual},
    {EFFECT_PATCH, "running", running},
    {EFFECT_PATCH, "running, drivers alone", running_drivers_alone},
    {EFFECT_TELL_PATCHED, "running", running},
    {EFFECT_TELL_PATCHED, "running, drivers alone", running_drivers_alone},
    {EFFECT_ASK_RESTART, "running", running},
    {EFFECT_TELL_RESTART_NEEDED, "running", running},
    {EFFECT_RESTART, "running", running},
    {EFFECT_TELL_RESTORED, "", original},
    {EFFECT_TELL_RESTORED, "running", running_original},
    {EFFECT_TELL_WITHDRAWN, "running", running},
    {EFFECT_TELL_UNEXPECTED, "to be asked", unexpected_to_be_asked},
    {EFFECT_TELL_UNEXPECTED, "only told", unexpected_only_told},
    {EFFECT_TELL_UNEXPECTED, "with an obstacle", unexpected},
    {EFFECT_TELL_UNEXPECTED, "restart pending", unexpected_and_waiting},
    {EFFECT_TELL_UNEXPECTED, "nobody seen", nobody_seen},
    {EFFECT_TELL_NOBODY_TO_ASK, "by hand", by_hand},
    {EFFECT_TELL_TRIED_BEFORE, "", usual},
    {EFFECT_TELL_STILL_LIMITED, "none seen", none_seen},
    {EFFECT_TELL_STILL_LIMITED, "more seen", more_seen},
    {EFFECT_TELL_STILL_LIMITED, "fewer seen", fewer_seen},
    {EFFECT_TELL_STILL_LIMITED, "none seen, no higher limit", no_higher_limit},
    {EFFECT_TELL_STILL_LIMITED, "more seen, no higher limit", more_seen_and_no_higher_limit},
    {EFFECT_TELL_COPIES_CHANGED, "first look", first_look},
    {EFFECT_TELL_COPIES_CHANGED, "put back", put_back},
    {EFFECT_TELL_COPIES_CHANGED, "put back, protection", put_back_by_protection},
    {EFFECT_TELL_COPIES_CHANGED, "all put back", all_put_back},
    {EFFECT_TELL_COPIES_CHANGED, "other limit", other_limit},
    {EFFECT_TELL_COPIES_CHANGED, "other build", other_build},
    {EFFECT_TELL_COPIES_CHANGED, "other build without limit", other_build_without_limit},
    {EFFECT_TELL_COPIES_CHANGED, "damaged", damaged_now},
    {EFFECT_TELL_COPIES_CHANGED, "gone", gone},
    {EFFECT_TELL_COPIES_CHANGED, "locked", locked},
    {EFFECT_TELL_COPIES_CHANGED, "readable again", readable_again},
    {EFFECT_TELL_COPIES_CHANGED, "come back", come_back},
    {EFFECT_TELL_COPIES_CHANGED, "other file", other_file},
    {EFFECT_TELL_PORTS, "", usual},
    {EFFECT_TELL_PORTS, "nameless computer", nameless_ports},
};

static const struct {
    enum question_kind question;
    const char *name;
    void (*change)(struct scene *s);
} questions[] = {
    {QUESTION_PATCH, "patch", usual},
    {QUESTION_ABOVE_MAX, "above max", usual},
    {QUESTION_RESTORE, "restore", usual},
    {QUESTION_RESTART, "restart", usual},
    {QUESTION_RESTART, "restart, running", running},
    {QUESTION_GRACE, "grace", running},
};

/* What a census says itself is in test_census.c. */
static void add_no_census(struct buf *out)
{
    buf_add_text(out, "[census: none]\n");
    text_census(out, NULL, NULL, "Why there is none.");
    buf_add_text(out, "\n\n");
}

static void add_questions(struct buf *out)
{
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        struct scene s;
        set_up(&s);
        questions[i].change(&s);
        buf_printf(out, "[question: %s]\n", questions[i].name);
        text_question(out, questions[i].question, 2000, &s.facts);
        buf_add_text(out, "\n");
        text_keys(out, questions[i].question, &s.facts);
        buf_add_text(out, "\n\n");
        policy_free(&s.policy);
    }
}

static void add_scenes(struct buf *out)
{
    for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++) {
        struct scene s;
        set_up(&s);
        scenes[i].change(&s);
        buf_printf(out, "[%s%s%s]\n", engine_effect_name(scenes[i].effect),
                   scenes[i].variant[0] != '\0' ? ", " : "", scenes[i].variant);
        text_effect(out, scenes[i].effect, &s.facts);
        buf_add_text(out, "\n\n");
        policy_free(&s.policy);
    }
    add_no_census(out);
    add_questions(out);
}

static void every_sentence_is_as_in_the_baseline(void)
{
    struct buf got = BUF_INIT;
    add_scenes(&got);
    check_baseline(BASELINE, &got, "test_text --write tests/data/texts.txt");
    buf_free(&got);
}

/* A new effect has to come with its sentence. */
static void every_effect_has_a_scene(void)
{
    for (int effect = 0; effect < EFFECT_KINDS; effect++) {
        size_t count = 0;
        for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++) {
            count += scenes[i].effect == (enum engine_effect)effect;
        }
        if (count == 0) {
            printf("\n%s has no scene", engine_effect_name((enum engine_effect)effect));
        }
        CHECK(count > 0);
    }
}

static void durations_in_the_unit_that_fits(void)
{
    static const struct {
        uint64_t seconds;
        const char *text;
    } cases[] = {
        {0, "0 seconds"},     {1, "1 second"},    {59, "59 seconds"},     {60, "1 minute"},
        {61, "61 seconds"},   {90, "90 seconds"}, {119, "119 seconds"},   {120, "2 minutes"},
        {149, "2 minutes"},   {150, "3 minutes"}, {3599, "60 minutes"},   {3600, "1 hour"},
        {5400, "90 minutes"}, {7200, "2 hours"},  {86400, "1 day"},       {129600, "36 hours"},
        {172800, "2 days"},   {604800, "7 days"}, {31536000, "365 days"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf text = BUF_INIT;
        text_duration(&text, cases[i].seconds);
        CHECK_TEXT(buf_text(&text), cases[i].text);
        buf_free(&text);
    }
}

static int write_all(const char *path)
{
    struct buf text = BUF_INIT;
    add_scenes(&text);
    int status = write_baseline(path, &text);
    buf_free(&text);
    return status;
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"every sentence is as in the baseline", every_sentence_is_as_in_the_baseline},
        {"every effect has a scene", every_effect_has_a_scene},
        {"durations in the unit that fits", durations_in_the_unit_that_fits},
    };
    return argc == 3 && strcmp(argv[1], "--write") == 0 ? write_all(argv[2])
                                                        : RUN_SUITE("text", cases);
}
