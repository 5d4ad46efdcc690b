/* What the engine decides, done. */
#include "audit.h"
#include "base/keyfile.h"
#include "base/utf.h"
#include "base/wintime.h"
#include "loop/clock.h"
#include "reboot/reboot.h"
#include "scan_json.h"
#include "state.h"
#include "text.h"
#include "watcher.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char program[] = "tcpipwatch";

enum { COPIES_QUIET_MS = 2 * 1000 };

/* ---- telling and keeping ---- */

static void keep(struct watcher *w, struct json *j, struct buf *line)
{
    enum os_status status = audit_write(w->os, w->audit_file, j, line);
    if (status != OS_OK && !w->audit_trouble_told) {
        w->audit_trouble_told = true;
        struct buf text = BUF_INIT;
        buf_printf(&text, "The audit log %s cannot be written: %s.", w->audit_file,
                   os_status_text(status));
        w->notifier.tell(w->notifier.context, TELL_NOTE, LEVEL_ERROR, buf_text(&text));
        buf_free(&text);
    } else if (status == OS_OK) {
        w->audit_trouble_told = false;
    }
}

void watcher_tell(struct watcher *w, enum policy_level level, const char *format, ...)
{
    static const char *const levels[] = {"error", "warning", "info", "debug"};
    struct buf text = BUF_INIT;
    struct buf line = BUF_INIT;
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    w->notifier.tell(w->notifier.context, TELL_NOTE, level, buf_text(&text));
    if (level <= w->policy.log_level) {
        struct json j = audit_start(&line, clock_now(), program, "note");
        json_text(&j, "level", levels[level]);
        json_text(&j, "text", buf_text(&text));
        keep(w, &j, &line);
    }
    buf_free(&line);
    buf_free(&text);
}

void watcher_tell_lines(struct watcher *w, enum policy_level level, const char *lines)
{
    while (*lines != '\0') {
        size_t length = strcspn(lines, "\n");
        if (length > 0) {
            watcher_tell(w, level, "%.*s", (int)length, lines);
        }
        lines += length + (lines[length] == '\n');
    }
}

static void add_burst(struct json *j, const struct engine_burst *burst)
{
    if (burst->last == 0) {
        json_no_value(j, "burst");
    } else {
        const struct burst told = {burst->computer, burst->first, burst->last, burst->events};
        scan_json_burst(j, &told);
    }
}

/* What a copy was, or is, as a member of the object that is open. */
static void add_copy(struct json *j, const char *key, const struct engine_copy *copy)
{
    char version[PC_VERSION_SIZE];
    if (!copy->known || !copy->present || copy->access != OS_OK) {
        json_no_value(j, key);
        return;
    }
    pc_version_text(&copy->version, version);
    json_open_object(j, key);
    json_text(j, "status", pc_status_name(copy->status));
    json_text(j, "version", version);
    if (copy->has_limit) {
        json_number(j, "limit", copy->limit);
    } else {
        json_no_value(j, "limit");
    }
    json_number(j, "crc32", copy->crc32);
    json_close_object(j);
}

static void add_changed_copies(const struct watcher *w, struct json *j)
{
    json_open_array(j, "changes");
    for (size_t c = 0; c < PC_COPIES; c++) {
        if (!engine_copy_differs(&w->before[c], &w->memory.seen[c]) && w->before[c].known) {
            continue;
        }
        json_open_object(j, NULL);
        json_text(j, "path", w->target.copies[c].path);
        add_copy(j, "was", &w->before[c]);
        add_copy(j, "now", &w->memory.seen[c]);
        json_close_object(j);
    }
    json_close_array(j);
}

/* Every effect stands in the audit log with the state it belongs to and the sentence shown. */
static void keep_effect(struct watcher *w, enum engine_effect effect, const char *text)
{
    struct buf line = BUF_INIT;
    struct json j = audit_start(&line, clock_now(), program, engine_effect_name(effect));
    const struct engine_burst *burst =
        effect == EFFECT_TELL_PORTS ? &w->memory.ports[0] : &w->memory.burst;
    json_text(&j, "state", engine_state_name(w->memory.state));
    json_text(&j, "root", w->has_target ? w->target.root : w->root);
    add_burst(&j, burst);
    json_number(&j, "limit", w->memory.limit);
    json_text(&j, "text", text[0] != '\0' ? text : NULL);
    if (effect == EFFECT_TELL_BURST) {
        const struct burst told = {burst->computer, burst->first, burst->last, burst->events};
        witness_json(&w->witness, &told, &j);
    } else if (effect == EFFECT_TELL_COPIES_CHANGED) {
        add_changed_copies(w, &j);
    }
    keep(w, &j, &line);
    buf_free(&line);
}

static struct text_facts facts_of(const struct watcher *w, const struct engine_world *world)
{
    return (struct text_facts){.memory = &w->memory,
                               .world = world,
                               .root = w->root,
                               .data = w->data,
                               .why = buf_text(&w->why),
                               .ports = buf_text(&w->ports),
                               .before = w->before,
                               .protection_named = w->protection_named};
}

/* ---- who had the connections ---- */

/* `text` is NULL for what is kept, and not told. */
static void keep_census(struct watcher *w, const struct engine_burst *burst, const char *text)
{
    struct buf line = BUF_INIT;
    struct json j = audit_start(&line, clock_now(), program, "census");
    const struct census *census = w->has_census ? w->witness.census : NULL;
    json_text(&j, "root", w->has_target ? w->target.root : w->root);
    add_burst(&j, burst);
    if (census != NULL) {
        census_json(census, &w->policy, &j);
    } else {
        json_no_value(&j, "census");
    }
    json_text(&j, "why", census == NULL ? buf_text(&w->no_census) : NULL);
    json_text(&j, "verdict", census_verdict_name(census_judge(census, &w->policy)));
    json_text(&j, "text", text);
    keep(w, &j, &line);
    buf_free(&line);
}

static void tell_census(struct watcher *w)
{
    struct buf text = BUF_INIT;
    text_census(&text, w->has_census ? w->witness.census : NULL, &w->policy,
                buf_text(&w->no_census));
    w->notifier.tell(w->notifier.context, TELL_NEWS, LEVEL_INFO, buf_text(&text));
    keep_census(w, &w->memory.burst, buf_text(&text));
    buf_free(&text);
}

static uint64_t window_of(const struct watcher *w)
{
    return w->policy.window_seconds * WINTIME_PER_SECOND;
}

void watcher_look_at_connections(struct watcher *w)
{
    witness_look(&w->witness, clock_now(), loop_now_ms(w->loop), window_of(w));
}

void watcher_follow_connections(struct watcher *w)
{
    bool last = witness_follow(&w->witness, clock_now(), loop_now_ms(w->loop), window_of(w));
    if (last && w->census_burst.last != 0) {
        keep_census(w, &w->census_burst, NULL);
        w->census_burst.last = 0;
    }
}

void watcher_witness_burst(struct watcher *w, const struct engine_burst *burst)
{
    w->census_due = burst != NULL;
    w->programs = CENSUS_ANY;
    w->most_half_open = 0;
    if (burst == NULL) {
        return;
    }
    buf_clear(&w->no_census);
    w->has_census =
        witness_has_census(&w->witness, burst->computer, burst->last, clock_now(), &w->no_census);
    const struct census *census = w->has_census ? w->witness.census : NULL;
    w->programs = census_judge(census, &w->policy);
    w->most_half_open = census != NULL ? census_sum(census).most : 0;
    w->census_burst = census != NULL ? *burst : (struct engine_burst){.last = 0};
}

/* ---- effects ---- */

static enum policy_level level_of(enum engine_effect effect)
{
    switch (effect) {
    case EFFECT_TELL_PATCH_FAILED:
    case EFFECT_TELL_DIFFERS:
        return LEVEL_ERROR;
    case EFFECT_TELL_UNEXPECTED:
    case EFFECT_TELL_STILL_LIMITED:
    case EFFECT_TELL_COPIES_CHANGED:
        return LEVEL_WARNING;
    default:
        return LEVEL_INFO;
    }
}

static void show_effect(struct watcher *w, enum engine_effect effect)
{
    struct buf text = BUF_INIT;
    struct engine_world world = watcher_world(w);
    const struct text_facts facts = facts_of(w, &world);
    text_effect(&text, effect, &facts);
    if (effect == EFFECT_TELL_BURST) {
        w->burst_stands = true;
    } else if (effect == EFFECT_TELL_DECLINED || effect == EFFECT_TELL_VERIFIED) {
        w->burst_stands = false;
    }
    if (effect == EFFECT_ASK_PATCH) {
        watcher_ask(w, QUESTION_PATCH);
    } else if (effect == EFFECT_ASK_RESTART) {
        watcher_ask(w, QUESTION_RESTART);
    } else if (text.len > 0) {
        w->notifier.tell(w->notifier.context, TELL_NEWS, level_of(effect), buf_text(&text));
    }
    keep_effect(w, effect, buf_text(&text));
    if (effect == EFFECT_TELL_BURST && w->census_due) {
        tell_census(w);
    }
    buf_free(&text);
}

/* Listens before the question is shown: what was typed until listening begins is thrown away, and
 * an answer may come as fast as the question. Nobody types where the notifier takes the answers. */
void watcher_ask(struct watcher *w, enum question_kind kind)
{
    struct buf text = BUF_INIT;
    struct buf keys = BUF_INIT;
    struct engine_world world = watcher_world(w);
    const struct text_facts facts = facts_of(w, &world);
    text_question(&text, kind, w->asked_limit, &facts);
    text_keys(&keys, kind, &facts);
    w->question = kind;
    w->question_serial++;
    loop_listen(w->loop, w->notifier.take == NULL);
    const struct question question = {.kind = kind,
                                      .serial = w->question_serial,
                                      .text = buf_text(&text),
                                      .keys = buf_text(&keys),
                                      .limit = w->memory.limit,
                                      .most = w->policy.max,
                                      .remind_seconds = w->policy.remind_seconds,
                                      .grace_seconds = w->policy.grace_seconds,
                                      .elsewhere = !w->root_is_running};
    w->notifier.ask(w->notifier.context, &question);
    buf_free(&keys);
    buf_free(&text);
}

static enum notify_face face_of(const struct watcher *w)
{
    if (w->trouble) {
        return FACE_PROBLEM;
    }
    if (w->memory.state == ENGINE_REBOOT_PENDING) {
        return FACE_RESTART;
    }
    return w->memory.state == ENGINE_WATCHING && !w->burst_stands ? FACE_WATCHING : FACE_BURST;
}

void watcher_show(struct watcher *w)
{
    if (w->notifier.show == NULL) {
        return;
    }
    const struct engine_burst *burst = &w->memory.burst;
    const struct pc_copy *drivers = &w->target.copies[PC_DRIVERS];
    bool known = w->has_target && drivers->present && drivers->access == OS_OK;
    const struct notify_view view = {.face = face_of(w),
                                     .has_root = w->root != NULL,
                                     .has_limit = known && drivers->inspection.has_limit,
                                     .limit = known ? drivers->inspection.limit : 0,
                                     .last_event = w->last_event,
                                     .events = w->events,
                                     .burst_events = burst->last != 0 ? burst->events : 0,
                                     .burst_first = burst->first,
                                     .burst_last = burst->last,
                                     .burst_computer = burst->computer,
                                     .root = w->root,
                                     .policy = w->policy_file,
                                     .audit = w->audit_file};
    w->notifier.show(w->notifier.context, &view);
}

bool watcher_save(struct watcher *w)
{
    struct source sources[SOURCES_MAX];
    for (size_t i = 0; i < w->log_count; i++) {
        sources[i] = w->logs[i].source;
    }
    enum os_status status = w->directory_lasts ? OS_OK : os_make_directories(w->os, w->directory);
    w->directory_lasts = status == OS_OK;
    if (status == OS_OK) {
        status = state_save(w->os, w->directory, w->has_target ? w->target.root : "", &w->memory,
                            &w->policy, sources, w->log_count);
    }
    w->state_saved_ms = loop_now_ms(w->loop);
    if (status == OS_OK) {
        w->state_changed = false;
        w->state_trouble_told = false;
        return true;
    }
    if (!w->state_trouble_told) {
        w->state_trouble_told = true;
        watcher_tell(w, LEVEL_ERROR,
                     "The state cannot be saved in %s: %s. Nothing is changed as long as that is "
                     "so, since a crash would forget it.",
                     w->directory, os_status_text(status));
    }
    return false;
}

/* ---- the world ---- */

bool watcher_find_copies(struct watcher *w, struct buf *why)
{
    struct pc_target target;
    bool found = pc_find(&w->pc, w->root, &target, why) == PC_DONE;
    if (found) {
        pc_target_free(&w->target);
        w->target = target;
        w->has_target = true;
    } else {
        pc_target_free(&target);
    }
    return found;
}

void watcher_look(struct watcher *w)
{
    struct buf why = BUF_INIT;
    if (w->root != NULL && !watcher_find_copies(w, &why)) {
        w->has_target = false;
        watcher_tell(w, LEVEL_ERROR, "%s", buf_text(&why));
    }
    buf_free(&why);
}

static bool tells(const struct engine_effects *effects, enum engine_effect effect)
{
    bool found = false;
    for (size_t i = 0; i < effects->count; i++) {
        found = found || effects->items[i] == effect;
    }
    return found;
}

/* Another limit is in force from here on: what was logged under the one before is no part of a
 * burst under this one. */
static void count_anew(struct watcher *w)
{
    for (size_t i = 0; i < w->log_count; i++) {
        if (w->logs[i].of_root) {
            source_forget(&w->logs[i].source, BURST_CONNECT_LIMIT, w->policy.events, window_of(w));
        }
    }
}

void watcher_tell_changes(struct watcher *w)
{
    w->copies_due_ms = 0;
    struct engine_world world = watcher_world(w);
    struct engine_effects effects = engine_look(&w->memory, &world, w->before);
    if (tells(&effects, EFFECT_TELL_COPIES_CHANGED)) {
        count_anew(w);
        w->trouble =
            w->memory.patch.time != 0 && !engine_is_as_written(&w->memory.patch, &w->target);
    }
    watcher_act(w, effects);
    w->protection_named = false;
}

void watcher_look_for_changes(struct watcher *w)
{
    if (w->root != NULL) { /* else only logs are watched */
        watcher_look(w);
        watcher_tell_changes(w);
    }
}

void watcher_copies_may_differ(struct watcher *w, bool named)
{
    w->protection_named = w->protection_named || named;
    w->copies_due_ms = loop_now_ms(w->loop) + COPIES_QUIET_MS;
}

struct engine_world watcher_world(struct watcher *w)
{
    return (struct engine_world){.now = clock_now(),
                                 .boot = w->boot,
                                 .policy = &w->policy,
                                 .has_root = w->root != NULL,
                                 .root_is_running = w->root_is_running,
                                 .can_ask = w->notifier.can_ask(w->notifier.context),
                                 .assume_yes = w->assume_yes,
                                 .programs = w->programs,
                                 .most_half_open = w->most_half_open,
                                 .target = w->has_target ? &w->target : NULL};
}

/* ---- patching ---- */

/* What each copy is, or becomes by this plan. */
static void note_copies(const struct watcher *w, const struct pc_plan *plan,
                        struct engine_patch *patch)
{
    for (size_t c = 0; c < PC_COPIES; c++) {
        const struct pc_copy *copy = &w->target.copies[c];
        if (copy->present && copy->access == OS_OK && pc_writable(&copy->inspection)) {
            patch->copies[c].present = true;
            patch->copies[c].crc32 =
                plan->changes[c].wanted ? plan->changes[c].crc32_after : copy->crc32;
            patch->copies[c].version = copy->inspection.version;
        }
    }
}

static void keep_patch(struct watcher *w, const struct pc_plan *plan, enum pc_result result)
{
    struct buf line = BUF_INIT;
    struct json j = audit_start(&line, clock_now(), program, plan->what);
    json_text(&j, "root", w->target.root);
    json_text(&j, "result", pc_result_name(result));
    json_text(&j, "message", w->why.len > 0 ? w->why.data : NULL);
    audit_changes(&j, &w->target, plan);
    keep(w, &j, &line);
    buf_free(&line);
}

/* Plans and carries out, and says in `written` what the copies are then. The copies were looked at
 * when it was decided; under its lock the patch core reads each again. Those of the running Windows
 * are changed at its next start, before it watches them. */
static enum pc_result change(struct watcher *w, bool restore, struct pc_plan *plan,
                             struct engine_patch *written)
{
    enum pc_result result = restore
                                ? pc_plan_restore(&w->pc, &w->target, plan, &w->why)
                                : pc_plan_set(&w->pc, &w->target, w->memory.limit, plan, &w->why);
    if (result == PC_DONE) {
        plan->way = w->root_is_running ? PC_NEXT_BOOT : PC_NOW;
        note_copies(w, plan, written);
        result = pc_apply(&w->pc, &w->target, plan, &w->why);
    }
    keep_patch(w, plan, result);
    watcher_look(w);
    return result;
}

static void patch(struct watcher *w, bool saved)
{
    struct pc_plan plan = {.what = "set"};
    struct engine_patch written = {.limit_before = w->memory.limit_before,
                                   .limit_after = w->memory.limit};
    enum pc_result result = PC_FAILED;
    buf_clear(&w->why);
    if (!saved) {
        buf_add_text(&w->why, "The state could not be saved, so nothing was changed.");
    } else if (!w->has_target) {
        buf_add_text(&w->why, "The Windows directory cannot be read any more.");
    } else {
        result = change(w, false, &plan, &written);
    }
    w->result = result;
    w->trouble = result != PC_DONE;
    struct engine_world world = watcher_world(w);
    watcher_act(w, engine_patched(&w->memory, &world, result, &written));
}

/* Put back, taken back, or nothing to do. */
static void tell_restored(struct watcher *w, const struct pc_plan *plan,
                          const struct engine_patch *written)
{
    struct engine_world world = watcher_world(w);
    if (plan->wanted > 0) {
        watcher_act(w, engine_restored(&w->memory, &world, written));
    } else if (plan->waits) {
        watcher_act(w, engine_restored(&w->memory, &world, NULL));
    } else {
        watcher_tell(w, LEVEL_INFO, "Nothing to do: every copy under %s is the original.", w->root);
    }
}

void watcher_restore(struct watcher *w)
{
    struct pc_plan plan = {.what = "restore"};
    struct engine_patch written = {.limit_after = PC_LIMIT_WINDOWS};
    enum pc_result result = PC_FAILED;
    buf_clear(&w->why);
    watcher_look(w);
    if (w->has_target) {
        written.limit_before = w->target.copies[PC_DRIVERS].inspection.limit;
        result = change(w, true, &plan, &written);
    } else {
        buf_add_text(&w->why, "The Windows directory cannot be read any more.");
    }
    w->trouble = result != PC_DONE;
    if (result == PC_DONE) {
        tell_restored(w, &plan, &written);
    } else {
        watcher_tell(w, LEVEL_ERROR, "The original was not put back. %s", buf_text(&w->why));
    }
    watcher_show(w);
}

/* A restart that has been agreed to: what Windows says to it comes before what the user is told. */
static void restart(struct watcher *w)
{
    struct buf why = BUF_INIT;
    bool begun = !w->root_is_running ||
                 reboot_begin(w->policy.grace_seconds,
                              "tcpipwatch restarts Windows, so that the new limit of half-open "
                              "connections holds. To stop it: shutdown -a",
                              &why);
    if (!begun) {
        watcher_tell(w, LEVEL_ERROR, "%s You are asked again in a while.", buf_text(&why));
    } else {
        show_effect(w, EFFECT_RESTART);
        if (w->root_is_running && w->policy.grace_seconds > 0 &&
            w->notifier.can_ask(w->notifier.context)) {
            watcher_ask(w, QUESTION_GRACE);
        }
    }
    buf_free(&why);
}

static void verify(struct watcher *w)
{
    watcher_look(w);
    struct engine_world world = watcher_world(w);
    bool as_written = w->has_target && engine_is_as_written(&w->memory.patch, &w->target);
    w->result = as_written ? PC_DONE : PC_FAILED;
    w->trouble = !as_written;
    struct engine_effects effects = engine_verified(&w->memory, &world, as_written);
    count_anew(w);
    watcher_act(w, effects);
}

void watcher_act(struct watcher *w, struct engine_effects effects)
{
    bool saved = true;
    for (size_t i = 0; i < effects.count; i++) {
        enum engine_effect effect = effects.items[i];
        if (effect == EFFECT_SAVE) {
            saved = watcher_save(w);
            continue;
        }
        if (effect != EFFECT_RESTART) {
            show_effect(w, effect);
        }
        switch (effect) {
        case EFFECT_PATCH:
            patch(w, saved);
            break;
        case EFFECT_RESTART:
            restart(w);
            break;
        case EFFECT_VERIFY:
            verify(w);
            break;
        case EFFECT_TELL_NOBODY_TO_ASK:
        case EFFECT_TELL_NOT_WRITABLE:
            w->result = PC_REFUSED;
            break;
        case EFFECT_TELL_OTHER_DRIVER:
            watcher_close_question(w);
            break;
        default:
            break;
        }
    }
    watcher_show(w);
}
