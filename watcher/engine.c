#include "engine.h"

#include "base/utf.h"
#include "base/wintime.h"
#include "engine_memory.h"

#include <string.h>

static void add(struct engine_effects *effects, enum engine_effect effect)
{
    if (effects->count < ENGINE_EFFECTS_MAX) {
        effects->items[effects->count++] = effect;
    }
}

/* The records of classic logs have no finer time. */
static uint64_t whole_second(uint64_t time)
{
    return time - time % WINTIME_PER_SECOND;
}

static const struct pc_inspection *drivers_of(const struct engine_world *w)
{
    const struct pc_copy *drivers = w->target != NULL ? &w->target->copies[PC_DRIVERS] : NULL;
    return drivers != NULL && drivers->present && drivers->access == OS_OK ? &drivers->inspection
                                                                           : NULL;
}

static struct engine_build build_of(const struct pc_inspection *drivers)
{
    return (struct engine_build){drivers->version, drivers->size};
}

static void agree_to_patch(struct engine_memory *m, const struct engine_world *w)
{
    const struct engine_build build = build_of(drivers_of(w));
    m->state = ENGINE_PATCHING;
    m->limit_before = drivers_of(w)->limit;
    engine_add_tried(m, &build);
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
    if (w->assume_yes && !m->by_hand) {
        begin_patching(m, w, effects);
    } else {
        add(effects, w->can_ask ? EFFECT_ASK_PATCH : EFFECT_TELL_NOBODY_TO_ASK);
    }
}

/* The burst that a question is about, told again; another computer's may have come after it. */
static void tell_own_burst(struct engine_memory *m, struct engine_effects *effects)
{
    const struct engine_burst *told = engine_told(m, m->computer);
    if (told != NULL) {
        struct engine_burst own = *told;
        engine_remember(m, &own);
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
        add(effects, w->can_ask ? EFFECT_ASK_RESTART : EFFECT_TELL_RESTART_NEEDED);
    }
}

static bool is_driver_asked_about(const struct engine_memory *m, const struct engine_world *w)
{
    const struct pc_inspection *drivers = drivers_of(w);
    const struct engine_build build =
        drivers != NULL ? build_of(drivers) : (struct engine_build){0};
    return drivers != NULL && engine_same_build(&build, &m->asked);
}

static void note_driver(struct engine_memory *m, const struct engine_world *w)
{
    m->asked = build_of(drivers_of(w));
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

static bool is_unexpected(const struct engine_world *w)
{
    return w->programs == CENSUS_UNEXPECTED || w->programs == CENSUS_NOBODY;
}

/* The limit that was written is in force, and bursts go on. */
static bool is_still_limited(const struct engine_memory *m, const struct engine_world *w,
                             const struct engine_burst *burst)
{
    return m->verified != 0 && burst->first >= m->verified &&
           drivers_of(w)->limit == m->patch.limit_after;
}

/* A higher limit to try next: a quarter above the most that was seen, or twice the present one,
 * where nothing was seen; 0 when the policy allows no higher one, or fewer connections were seen
 * than the present limit allows. */
static uint32_t propose_limit(const struct engine_world *w)
{
    enum { STEP = 50 };
    uint64_t limit = drivers_of(w)->limit;
    uint64_t most = w->most_half_open;
    if (most != 0 && most < limit) {
        return 0;
    }
    uint64_t proposal = most != 0 ? most + most / 4 : 2 * limit;
    proposal = (proposal + STEP - 1) / STEP * STEP;
    proposal = proposal < w->policy->max ? proposal : w->policy->max;
    return proposal > limit ? (uint32_t)proposal : 0;
}

/* The question or the restart stands already; the newer burst only says so again. */
static void see_another_burst(struct engine_memory *m, const struct engine_world *w,
                              const struct engine_burst *burst, struct engine_effects *effects)
{
    bool other = m->computer[0] != '\0' && !same_text_nocase(m->computer, burst->computer);
    engine_remember(m, burst);
    m->by_hand = m->by_hand || (!other && is_unexpected(w));
    add(effects, EFFECT_SAVE);
    add(effects, EFFECT_TELL_BURST);
    if (other) {
        add(effects, EFFECT_TELL_OTHER_COMPUTER);
        return;
    }
    if (is_unexpected(w)) {
        add(effects, EFFECT_TELL_UNEXPECTED);
    }
    if (m->state == ENGINE_REBOOT_PENDING) {
        add(effects, EFFECT_TELL_RESTART_NEEDED);
    }
}

/* Nothing is to be patched for this burst, or only by a person who is at hand. */
static void see_obstacle(struct engine_memory *m, const struct engine_world *w,
                         enum engine_effect obstacle, bool unexpected,
                         struct engine_effects *effects)
{
    bool asks = false;
    if (obstacle == EFFECT_TELL_STILL_LIMITED) {
        m->limit = propose_limit(w);
        asks = m->limit != 0 && w->policy->on_burst == ON_BURST_ASK && w->can_ask && !unexpected;
    }
    if (asks) {
        note_driver(m, w);
        m->state = ENGINE_DECIDING;
        m->by_hand = true;
    }
    add(effects, EFFECT_SAVE);
    add(effects, EFFECT_TELL_BURST);
    if (unexpected) {
        add(effects, EFFECT_TELL_UNEXPECTED);
    }
    add(effects, obstacle);
    if (asks) {
        add(effects, EFFECT_ASK_PATCH);
    }
}

/* Nothing stands in the way: the policy has decided, or a person has to. */
static void decide(struct engine_memory *m, const struct engine_world *w, bool unexpected,
                   struct engine_effects *effects)
{
    const struct engine_build build = build_of(drivers_of(w));
    bool yes_beforehand = w->policy->on_burst == ON_BURST_PATCH || w->assume_yes;
    bool tried = yes_beforehand && !unexpected && engine_was_tried(m, &build);
    bool only_tells = unexpected && w->policy->on_unexpected == ON_UNEXPECTED_NOTIFY;
    m->by_hand = unexpected || tried;
    if (w->policy->on_burst == ON_BURST_PATCH && !m->by_hand) {
        agree_to_patch(m, w);
    } else if (!only_tells) {
        m->state = ENGINE_DECIDING;
    }
    add(effects, EFFECT_SAVE);
    add(effects, EFFECT_TELL_BURST);
    if (unexpected) {
        add(effects, EFFECT_TELL_UNEXPECTED);
    }
    if (tried) {
        add(effects, EFFECT_TELL_TRIED_BEFORE);
    }
    if (m->state == ENGINE_PATCHING) {
        add(effects, EFFECT_PATCH);
    } else if (!only_tells) {
        ask_for_patch(m, w, effects);
    }
}

struct engine_effects engine_burst_seen(struct engine_memory *m, const struct engine_world *w,
                                        const struct engine_burst *burst)
{
    struct engine_effects effects = {.count = 0};
    if (engine_is_quiet(m, w->policy, w->now, burst) || m->state == ENGINE_PATCHING ||
        m->state == ENGINE_VERIFYING) {
        return effects;
    }
    if (m->state != ENGINE_WATCHING) {
        see_another_burst(m, w, burst, &effects);
        return effects;
    }
    enum engine_effect obstacle = find_obstacle(m, w, burst);
    /* Nothing can be said of the programs on another computer. */
    bool unexpected = obstacle == EFFECT_TELL_NO_ROOT || obstacle == EFFECT_TELL_OTHER_COMPUTER
                          ? w->programs == CENSUS_UNEXPECTED
                          : is_unexpected(w);
    if (obstacle == EFFECT_TELL_LIMIT_IS_SET && is_still_limited(m, w, burst)) {
        obstacle = EFFECT_TELL_STILL_LIMITED;
    }
    engine_remember(m, burst);
    m->limit = w->policy->half_open;
    if (obstacle != EFFECT_PATCH) {
        see_obstacle(m, w, obstacle, unexpected, &effects);
        return effects;
    }
    memcpy(m->computer, burst->computer, sizeof m->computer);
    note_driver(m, w);
    decide(m, w, unexpected, &effects);
    return effects;
}

struct engine_effects engine_ports_seen(struct engine_memory *m, const struct engine_world *w,
                                        const struct engine_burst *burst)
{
    struct engine_effects effects = {.count = 0};
    if (!engine_is_quiet_on_ports(m, w->policy, w->now, burst)) {
        engine_remember_ports(m, burst);
        add(&effects, EFFECT_SAVE);
        add(&effects, EFFECT_TELL_PORTS);
    }
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
    m->verified = 0;
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
    engine_note_copies(m, w->target);
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
    m->by_hand = false;
    add(&effects, EFFECT_SAVE);
    ask_for_patch(m, w, &effects);
    return effects;
}

struct engine_effects engine_restored(struct engine_memory *m, const struct engine_world *w,
                                      const struct engine_patch *patch)
{
    struct engine_effects effects = {.count = 0};
    engine_note_copies(m, w->target);
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
    if (m->state != ENGINE_VERIFYING) {
        return effects;
    }
    engine_note_copies(m, w->target);
    m->state = ENGINE_WATCHING;
    m->remind_at = 0;
    m->fresh_from = whole_second(w->now);
    m->verified = as_written ? m->fresh_from : 0;
    add(&effects, EFFECT_SAVE);
    add(&effects, as_written ? EFFECT_TELL_VERIFIED : EFFECT_TELL_DIFFERS);
    return effects;
}

/* A driver whose limit is neither Windows' own nor the one from here, found there at the first
 * look: somebody else has set it. */
static bool was_set_before(const struct engine_memory *m, const struct engine_copy *before,
                           const struct engine_copy *now)
{
    return !before->known && now->known && now->has_limit && now->limit != PC_LIMIT_WINDOWS &&
           (m->patch.time == 0 || now->limit != m->patch.limit_after);
}

struct engine_effects engine_look(struct engine_memory *m, const struct engine_world *w,
                                  struct engine_copy before[PC_COPIES])
{
    struct engine_effects effects = {.count = 0};
    if (w->target == NULL || m->state == ENGINE_PATCHING || m->state == ENGINE_VERIFYING) {
        memcpy(before, m->seen, sizeof m->seen);
        return effects;
    }
    bool differs = false;
    bool first = false;
    memcpy(before, m->seen, sizeof m->seen);
    engine_note_copies(m, w->target);
    for (size_t c = 0; c < PC_COPIES; c++) {
        differs = differs || engine_copy_differs(&before[c], &m->seen[c]);
        first = first || !before[c].known;
    }
    bool drivers_differ = engine_copy_differs(&before[PC_DRIVERS], &m->seen[PC_DRIVERS]);
    if (differs || was_set_before(m, &before[PC_DRIVERS], &m->seen[PC_DRIVERS])) {
        add(&effects, EFFECT_TELL_COPIES_CHANGED);
    }
    if (drivers_differ) {
        m->verified = 0;
        m->fresh_from = whole_second(w->now);
    }
    if (drivers_differ && m->state == ENGINE_DECIDING && !is_driver_asked_about(m, w)) {
        m->state = ENGINE_WATCHING;
        add(&effects, EFFECT_TELL_OTHER_DRIVER);
    }
    /* Told first: a kill in between has it told twice, and not never. */
    if (effects.count > 0 || first) {
        add(&effects, EFFECT_SAVE);
    }
    return effects;
}

/* A reminder farther away than any is set means that the clock was set back. */
static bool is_reminder_due(const struct engine_memory *m, const struct engine_world *w)
{
    const uint64_t seconds = (uint64_t)w->policy->grace_seconds + w->policy->remind_seconds;
    return m->remind_at != 0 &&
           (w->now >= m->remind_at || m->remind_at - w->now > seconds * WINTIME_PER_SECOND);
}

struct engine_effects engine_tick(struct engine_memory *m, const struct engine_world *w)
{
    struct engine_effects effects = {.count = 0};
    if (m->state == ENGINE_REBOOT_PENDING && is_reminder_due(m, w)) {
        ask_for_restart(m, w, &effects);
        add(&effects, EFFECT_SAVE);
    }
    return effects;
}

uint64_t engine_next_tick(const struct engine_memory *m)
{
    return m->state == ENGINE_REBOOT_PENDING ? m->remind_at : 0;
}
