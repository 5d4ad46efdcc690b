#include "engine.h"

#include "base/utf.h"
#include "base/wintime.h"

#include <string.h>

const char *engine_state_name(enum engine_state state)
{
    static const char *const names[ENGINE_STATES] = {
        [ENGINE_WATCHING] = "watching",   [ENGINE_DECIDING] = "deciding",
        [ENGINE_PATCHING] = "patching",   [ENGINE_REBOOT_PENDING] = "reboot-pending",
        [ENGINE_VERIFYING] = "verifying",
    };
    return names[state];
}

const char *engine_effect_name(enum engine_effect effect)
{
    static const char *const names[EFFECT_KINDS] = {
        [EFFECT_SAVE] = "save",
        [EFFECT_TELL_BURST] = "burst",
        [EFFECT_TELL_NO_ROOT] = "nothing-to-change",
        [EFFECT_TELL_NOTIFY_ONLY] = "notify-only",
        [EFFECT_TELL_OTHER_COMPUTER] = "other-computer",
        [EFFECT_TELL_NOT_WRITABLE] = "not-writable",
        [EFFECT_TELL_LIMIT_IS_SET] = "limit-is-set",
        [EFFECT_TELL_NOBODY_TO_ASK] = "nobody-to-ask",
        [EFFECT_ASK_PATCH] = "ask-patch",
        [EFFECT_TELL_DECLINED] = "declined",
        [EFFECT_PATCH] = "patch",
        [EFFECT_TELL_PATCHED] = "patched",
        [EFFECT_TELL_PATCH_FAILED] = "patch-failed",
        [EFFECT_ASK_RESTART] = "ask-restart",
        [EFFECT_TELL_RESTART_NEEDED] = "restart-needed",
        [EFFECT_TELL_RESTART_LATER] = "restart-later",
        [EFFECT_TELL_RESTART_DECLINED] = "restart-declined",
        [EFFECT_RESTART] = "restart",
        [EFFECT_VERIFY] = "verify",
        [EFFECT_TELL_VERIFIED] = "verified",
        [EFFECT_TELL_DIFFERS] = "differs",
        [EFFECT_TELL_OTHER_DRIVER] = "other-driver",
        [EFFECT_TELL_RESTORED] = "restored",
        [EFFECT_TELL_WITHDRAWN] = "withdrawn",
    };
    return names[effect];
}

void engine_reset(struct engine_memory *m)
{
    *m = (struct engine_memory){.state = ENGINE_WATCHING};
}

const struct engine_burst *engine_told(const struct engine_memory *m, const char *computer)
{
    if (m->burst.last != 0 && same_text_nocase(m->burst.computer, computer)) {
        return &m->burst;
    }
    for (size_t i = 0; i < ENGINE_OTHERS_MAX && m->others[i].last != 0; i++) {
        if (same_text_nocase(m->others[i].computer, computer)) {
            return &m->others[i];
        }
    }
    return NULL;
}

bool engine_is_quiet(const struct engine_memory *m, const struct policy *policy,
                     const struct engine_burst *burst)
{
    const struct engine_burst *told = engine_told(m, burst->computer);
    uint64_t cooldown = policy->cooldown_seconds * WINTIME_PER_SECOND;
    if (told == NULL) {
        return false;
    }
    return burst->last <= told->last || burst->last - told->last < cooldown ||
           (cooldown == 0 && burst->first <= told->last);
}

/* Moves the computer's burst to the front; the oldest of too many is forgotten. */
static void remember(struct engine_memory *m, const struct engine_burst *burst)
{
    if (m->burst.last != 0 && !same_text_nocase(m->burst.computer, burst->computer)) {
        size_t i = 0;
        while (i < ENGINE_OTHERS_MAX - 1 && m->others[i].last != 0 &&
               !same_text_nocase(m->others[i].computer, burst->computer)) {
            i++;
        }
        memmove(&m->others[1], &m->others[0], i * sizeof m->others[0]);
        m->others[0] = m->burst;
    }
    m->burst = *burst;
}

static void add(struct engine_effects *effects, enum engine_effect effect)
{
    if (effects->count < ENGINE_EFFECTS_MAX) {
        effects->items[effects->count++] = effect;
    }
}

static bool asks_nobody(const struct engine_world *w)
{
    return !w->can_ask && !w->assume_yes;
}

static const struct pc_inspection *drivers_of(const struct engine_world *w)
{
    const struct pc_copy *drivers = w->target != NULL ? &w->target->copies[PC_DRIVERS] : NULL;
    return drivers != NULL && drivers->present && drivers->access == OS_OK ? &drivers->inspection
                                                                           : NULL;
}

static void agree_to_patch(struct engine_memory *m, const struct engine_world *w)
{
    m->state = ENGINE_PATCHING;
    m->limit_before = drivers_of(w)->limit;
}

static void begin_patching(struct engine_memory *m, const struct engine_world *w,
                           struct engine_effects *effects)
{
    agree_to_patch(m, w);
    add(effects, EFFECT_SAVE);
    add(effects, EFFECT_PATCH);
}

static void ask_for_patch(struct engine_memory *m, const struct engine_world *w,
                          struct engine_effects *effects)
{
    if (w->assume_yes) {
        begin_patching(m, w, effects);
    } else {
        add(effects, asks_nobody(w) ? EFFECT_TELL_NOBODY_TO_ASK : EFFECT_ASK_PATCH);
    }
}

/* The burst that a question is about, told again; another computer's may have come after it. */
static void tell_own_burst(struct engine_memory *m, struct engine_effects *effects)
{
    const struct engine_burst *told = engine_told(m, m->computer);
    if (told != NULL) {
        struct engine_burst own = *told;
        remember(m, &own);
        add(effects, EFFECT_TELL_BURST);
    }
}

static void begin_verifying(struct engine_memory *m, struct engine_effects *effects)
{
    m->state = ENGINE_VERIFYING;
    add(effects, EFFECT_SAVE);
    add(effects, EFFECT_VERIFY);
}

/* Windows' own restart may still be stopped by somebody, and is then asked for again. */
static void accept_restart(struct engine_memory *m, const struct engine_world *w,
                           struct engine_effects *effects)
{
    uint64_t seconds = (uint64_t)w->policy->grace_seconds + w->policy->remind_seconds;
    m->remind_at = w->root_is_running ? w->now + seconds * WINTIME_PER_SECOND : 0;
    add(effects, EFFECT_SAVE);
    add(effects, EFFECT_RESTART);
}

/* Sets the next reminder and asks, or says it where nobody can answer. */
static void ask_for_restart(struct engine_memory *m, const struct engine_world *w,
                            struct engine_effects *effects)
{
    if (!w->policy->reboot_prompt) {
        m->remind_at = 0;
        add(effects, EFFECT_TELL_RESTART_NEEDED);
        return;
    }
    m->remind_at = w->now + w->policy->remind_seconds * WINTIME_PER_SECOND;
    if (w->assume_yes) {
        accept_restart(m, w, effects);
    } else {
        add(effects, asks_nobody(w) ? EFFECT_TELL_RESTART_NEEDED : EFFECT_ASK_RESTART);
    }
}

static bool is_driver_asked_about(const struct engine_memory *m, const struct engine_world *w)
{
    const struct pc_inspection *drivers = drivers_of(w);
    return drivers != NULL && drivers->size == m->asked_size &&
           memcmp(&drivers->version, &m->asked_version, sizeof m->asked_version) == 0;
}

static void note_driver(struct engine_memory *m, const struct engine_world *w)
{
    m->asked_version = drivers_of(w)->version;
    m->asked_size = drivers_of(w)->size;
}

static void drop_question(struct engine_memory *m, struct engine_effects *effects)
{
    m->state = ENGINE_WATCHING;
    add(effects, EFFECT_SAVE);
    add(effects, EFFECT_TELL_OTHER_DRIVER);
}

struct engine_effects engine_start(struct engine_memory *m, const struct engine_world *w)
{
    struct engine_effects effects = {.count = 0};
    if (!w->has_root || w->target == NULL) {
        return effects;
    }
    bool question_open = m->state == ENGINE_DECIDING || m->state == ENGINE_PATCHING;
    if (question_open && !is_driver_asked_about(m, w)) {
        drop_question(m, &effects);
        return effects;
    }
    switch (m->state) {
    case ENGINE_WATCHING:
    case ENGINE_STATES:
        break;
    case ENGINE_DECIDING:
        tell_own_burst(m, &effects);
        ask_for_patch(m, w, &effects);
        break;
    case ENGINE_PATCHING:
        /* Yes was said; what is done already is not done twice. */
        add(&effects, EFFECT_PATCH);
        break;
    case ENGINE_REBOOT_PENDING:
        /* Another machine's restart cannot be seen from here, but its disk can be looked at. */
        if (w->root_is_running && strcmp(m->boot, w->boot) == 0) {
            ask_for_restart(m, w, &effects);
        } else {
            begin_verifying(m, &effects);
        }
        break;
    case ENGINE_VERIFYING:
        add(&effects, EFFECT_VERIFY);
        break;
    }
    return effects;
}

/* What in the Windows directory stands in the way of a patch; EFFECT_PATCH when nothing does. */
static enum engine_effect find_obstacle_to_limit(const struct engine_world *w)
{
    const struct pc_inspection *drivers = drivers_of(w);
    if (!w->has_root) {
        return EFFECT_TELL_NO_ROOT;
    }
    if (drivers == NULL || !pc_writable(drivers)) {
        return EFFECT_TELL_NOT_WRITABLE;
    }
    return drivers->limit >= w->policy->half_open ? EFFECT_TELL_LIMIT_IS_SET : EFFECT_PATCH;
}

/* The same for a patch after this burst. */
static enum engine_effect find_obstacle(const struct engine_memory *m, const struct engine_world *w,
                                        const struct engine_burst *burst)
{
    if (!w->has_root) {
        return EFFECT_TELL_NO_ROOT;
    }
    if (m->computer[0] != '\0' && !same_text_nocase(m->computer, burst->computer)) {
        return EFFECT_TELL_OTHER_COMPUTER;
    }
    enum engine_effect obstacle = find_obstacle_to_limit(w);
    return obstacle == EFFECT_PATCH && w->policy->on_burst == ON_BURST_NOTIFY
               ? EFFECT_TELL_NOTIFY_ONLY
               : obstacle;
}

struct engine_effects engine_burst_seen(struct engine_memory *m, const struct engine_world *w,
                                        const struct engine_burst *burst)
{
    struct engine_effects effects = {.count = 0};
    bool idle = m->state == ENGINE_WATCHING;
    if (engine_is_quiet(m, w->policy, burst) || m->state == ENGINE_PATCHING ||
        m->state == ENGINE_VERIFYING) {
        return effects;
    }
    if (!idle) {
        /* The question or the restart stands already; the newer burst only says so again. */
        remember(m, burst);
        add(&effects, EFFECT_SAVE);
        add(&effects, EFFECT_TELL_BURST);
        if (m->computer[0] != '\0' && !same_text_nocase(m->computer, burst->computer)) {
            add(&effects, EFFECT_TELL_OTHER_COMPUTER);
        } else if (m->state == ENGINE_REBOOT_PENDING) {
            add(&effects, EFFECT_TELL_RESTART_NEEDED);
        }
        return effects;
    }
    enum engine_effect obstacle = find_obstacle(m, w, burst);
    remember(m, burst);
    m->limit = w->policy->half_open;
    if (obstacle != EFFECT_PATCH) {
        add(&effects, EFFECT_SAVE);
        add(&effects, EFFECT_TELL_BURST);
        add(&effects, obstacle);
        return effects;
    }
    memcpy(m->computer, burst->computer, sizeof m->computer);
    note_driver(m, w);
    if (w->policy->on_burst == ON_BURST_PATCH) {
        agree_to_patch(m, w);
        add(&effects, EFFECT_SAVE);
        add(&effects, EFFECT_TELL_BURST);
        add(&effects, EFFECT_PATCH);
        return effects;
    }
    m->state = ENGINE_DECIDING;
    add(&effects, EFFECT_SAVE);
    add(&effects, EFFECT_TELL_BURST);
    ask_for_patch(m, w, &effects);
    return effects;
}

struct engine_effects engine_patch_answer(struct engine_memory *m, const struct engine_world *w,
                                          bool yes, uint32_t limit)
{
    struct engine_effects effects = {.count = 0};
    if (m->state != ENGINE_DECIDING) {
        return effects;
    }
    if (yes && !is_driver_asked_about(m, w)) {
        drop_question(m, &effects);
    } else if (yes) {
        m->limit = limit;
        begin_patching(m, w, &effects);
    } else {
        m->state = ENGINE_WATCHING;
        add(&effects, EFFECT_SAVE);
        add(&effects, EFFECT_TELL_DECLINED);
    }
    return effects;
}

/* From here on everything waits for a restart. */
static void await_restart(struct engine_memory *m, const struct engine_world *w,
                          const struct engine_patch *patch, enum engine_effect tell,
                          struct engine_effects *effects)
{
    m->state = ENGINE_REBOOT_PENDING;
    m->patch = *patch;
    m->patch.time = w->now;
    (void)strncpy(m->boot, w->boot, sizeof m->boot - 1);
    m->remind_at = w->now + w->policy->remind_seconds * WINTIME_PER_SECOND;
    add(effects, EFFECT_SAVE);
    add(effects, tell);
    ask_for_restart(m, w, effects);
}

struct engine_effects engine_patched(struct engine_memory *m, const struct engine_world *w,
                                     enum pc_result result, const struct engine_patch *patch)
{
    struct engine_effects effects = {.count = 0};
    if (m->state != ENGINE_PATCHING) {
        return effects;
    }
    if (result != PC_DONE) {
        m->state = ENGINE_WATCHING;
        add(&effects, EFFECT_SAVE);
        add(&effects, EFFECT_TELL_PATCH_FAILED);
        return effects;
    }
    await_restart(m, w, patch, EFFECT_TELL_PATCHED, &effects);
    return effects;
}

struct engine_effects engine_patch_wanted(struct engine_memory *m, const struct engine_world *w)
{
    struct engine_effects effects = {.count = 0};
    if (m->state != ENGINE_WATCHING) {
        return engine_ask_again(m, w);
    }
    enum engine_effect obstacle = find_obstacle_to_limit(w);
    m->limit = w->policy->half_open;
    if (obstacle != EFFECT_PATCH) {
        add(&effects, obstacle);
        return effects;
    }
    note_driver(m, w);
    m->state = ENGINE_DECIDING;
    add(&effects, EFFECT_SAVE);
    ask_for_patch(m, w, &effects);
    return effects;
}

struct engine_effects engine_restored(struct engine_memory *m, const struct engine_world *w,
                                      const struct engine_patch *patch)
{
    struct engine_effects effects = {.count = 0};
    if (patch != NULL) {
        await_restart(m, w, patch, EFFECT_TELL_RESTORED, &effects);
    } else {
        m->state = ENGINE_WATCHING;
        m->remind_at = 0;
        add(&effects, EFFECT_SAVE);
        add(&effects, EFFECT_TELL_WITHDRAWN);
    }
    return effects;
}

struct engine_effects engine_restart_answer(struct engine_memory *m, const struct engine_world *w,
                                            enum engine_restart answer)
{
    struct engine_effects effects = {.count = 0};
    if (m->state != ENGINE_REBOOT_PENDING) {
        return effects;
    }
    switch (answer) {
    case RESTART_NOW:
        accept_restart(m, w, &effects);
        break;
    case RESTART_LATER:
        m->remind_at = w->now + w->policy->remind_seconds * WINTIME_PER_SECOND;
        add(&effects, EFFECT_SAVE);
        add(&effects, EFFECT_TELL_RESTART_LATER);
        break;
    case RESTART_NEVER:
        m->remind_at = 0;
        add(&effects, EFFECT_SAVE);
        add(&effects, EFFECT_TELL_RESTART_DECLINED);
        break;
    }
    return effects;
}

struct engine_effects engine_ask_again(struct engine_memory *m, const struct engine_world *w)
{
    struct engine_effects effects = {.count = 0};
    if (m->state == ENGINE_DECIDING) {
        ask_for_patch(m, w, &effects);
    } else if (m->state == ENGINE_REBOOT_PENDING) {
        ask_for_restart(m, w, &effects);
        add(&effects, EFFECT_SAVE);
    }
    return effects;
}

struct engine_effects engine_started_again(struct engine_memory *m, const struct engine_world *w,
                                           uint64_t time)
{
    struct engine_effects effects = {.count = 0};
    /* The event log service may be started again while the machine runs on. */
    bool same_start = w->root_is_running && strcmp(m->boot, w->boot) == 0;
    if (m->state == ENGINE_REBOOT_PENDING && w->has_root && time >= m->patch.time && !same_start) {
        begin_verifying(m, &effects);
    }
    return effects;
}

struct engine_effects engine_verified(struct engine_memory *m, const struct engine_world *w,
                                      bool as_written)
{
    struct engine_effects effects = {.count = 0};
    (void)w;
    if (m->state != ENGINE_VERIFYING) {
        return effects;
    }
    m->state = ENGINE_WATCHING;
    m->remind_at = 0;
    add(&effects, EFFECT_SAVE);
    add(&effects, as_written ? EFFECT_TELL_VERIFIED : EFFECT_TELL_DIFFERS);
    return effects;
}

struct engine_effects engine_tick(struct engine_memory *m, const struct engine_world *w)
{
    struct engine_effects effects = {.count = 0};
    if (m->state == ENGINE_REBOOT_PENDING && m->remind_at != 0 && w->now >= m->remind_at) {
        ask_for_restart(m, w, &effects);
        add(&effects, EFFECT_SAVE);
    }
    return effects;
}

uint64_t engine_next_tick(const struct engine_memory *m)
{
    return m->state == ENGINE_REBOOT_PENDING ? m->remind_at : 0;
}

bool engine_is_as_written(const struct engine_patch *patch, const struct pc_target *target)
{
    for (size_t c = 0; c < PC_COPIES; c++) {
        const struct pc_copy *copy = &target->copies[c];
        if (patch->copies[c].present &&
            (!copy->present || copy->access != OS_OK || copy->crc32 != patch->copies[c].crc32)) {
            return false;
        }
    }
    return true;
}
