#include "engine_fixture.h"

#include "check.h"

#include <stdio.h>
#include <string.h>

static char drivers_path[] = "/w/system32/drivers/tcpip.sys";

void set_up(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    CHECK(policy_defaults(&f->policy));
    struct pc_copy *drivers = &f->target.copies[PC_DRIVERS];
    drivers->path = drivers_path;
    drivers->present = true;
    drivers->crc32 = 0x1234;
    drivers->inspection.status = PC_ORIGINAL;
    drivers->inspection.has_limit = true;
    drivers->inspection.limit = PC_LIMIT_WINDOWS;
    drivers->inspection.size = 359040;
    drivers->inspection.version = (struct pc_version){{5, 1, 2600, 2180}};
    f->world = (struct engine_world){.now = NOW,
                                     .boot = "boot-1",
                                     .policy = &f->policy,
                                     .has_root = true,
                                     .can_ask = true,
                                     .target = &f->target};
    engine_reset(&f->memory);
}

void tear_down(struct fixture *f)
{
    policy_free(&f->policy);
}

struct engine_burst burst_at(const char *computer, uint64_t last)
{
    struct engine_burst burst = {.first = last - HOUR / 2, .last = last, .events = 3};
    memcpy(burst.computer, computer, strlen(computer) + 1);
    return burst;
}

const char *names(struct engine_effects effects)
{
    static char text[256];
    size_t length = 0;
    text[0] = '\0';
    for (size_t i = 0; i < effects.count && length < sizeof text; i++) {
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%s", i > 0 ? " " : "",
                                   engine_effect_name(effects.items[i]));
    }
    return text;
}

const char *see_burst(struct fixture *f, const char *computer, uint64_t last)
{
    struct engine_burst burst = burst_at(computer, last);
    return names(engine_burst_seen(&f->memory, &f->world, &burst));
}

void write_patch(struct fixture *f, uint32_t limit)
{
    struct engine_patch patch = {.limit_before = 10, .limit_after = limit};
    patch.copies[PC_DRIVERS].present = true;
    patch.copies[PC_DRIVERS].crc32 = 0x5678;
    CHECK_TEXT(names(engine_patched(&f->memory, &f->world, PC_DONE, &patch)),
               f->policy.reboot_prompt ? f->world.assume_yes ? "save patched save restart"
                                         : f->world.can_ask  ? "save patched ask-restart"
                                                             : "save patched restart-needed"
                                       : "save patched restart-needed");
    f->target.copies[PC_DRIVERS].crc32 = 0x5678;
    f->target.copies[PC_DRIVERS].inspection.status = PC_PATCHED;
    f->target.copies[PC_DRIVERS].inspection.limit = limit;
}

void patch_and_verify(struct fixture *f, uint32_t limit)
{
    (void)see_burst(f, "WKS", NOW);
    (void)engine_patch_answer(&f->memory, &f->world, true, limit);
    write_patch(f, limit);
    f->world.now = NOW + HOUR;
    f->world.boot = "boot-2";
    CHECK_TEXT(names(engine_start(&f->memory, &f->world)), "save verify");
    CHECK_TEXT(names(engine_verified(&f->memory, &f->world, true)), "save verified");
}
