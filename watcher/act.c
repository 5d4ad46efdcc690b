/* What the engine decides, done. */
#include "audit.h"
#include "base/keyfile.h"
#include "base/utf.h"
#include "loop/clock.h"
#include "scan_json.h"
#include "state.h"
#include "text.h"
#include "watcher.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char program[] = "tcpipwatch";

/* ---- telling and keeping ---- */

static void keep(struct watcher *w, struct json *j, struct buf *line)
{
    enum os_status status = audit_write(w->os, w->audit_file, j, line);
    if (status != OS_OK && !w->audit_trouble_told) {
        w->audit_trouble_told = true;
        struct buf text = BUF_INIT;
        buf_printf(&text, "The audit log %s cannot be written: %s.", w->audit_file,
                   os_status_text(status));
        w->notifier.tell(w->notifier.context, LEVEL_ERROR, buf_text(&text));
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
    w->notifier.tell(w->notifier.context, level, buf_text(&text));
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
        json_null(j, "burst");
    } else {
        const struct burst told = {burst->computer, burst->first, burst->last, burst->events};
        scan_json_burst(j, &told);
    }
}

/* Every effect stands in the audit log with the state it belongs to and the sentence shown. */
static void keep_effect(struct watcher *w, enum engine_effect effect, const char *text)
{
    struct buf line = BUF_INIT;
    struct json j = audit_start(&line, clock_now(), program, engine_effect_name(effect));
    json_text(&j, "state", engine_state_name(w->memory.state));
    json_text(&j, "root", w->has_target ? w->target.root : w->root);
    add_burst(&j, &w->memory.burst);
    json_number(&j, "limit", w->memory.limit);
    json_text(&j, "text", text[0] != '\0' ? text : NULL);
    keep(w, &j, &line);
    buf_free(&line);
}

static void show_effect(struct watcher *w, enum engine_effect effect)
{
    struct buf text = BUF_INIT;
    struct engine_world world = watcher_world(w);
    const struct text_facts facts = {.memory = &w->memory,
                                     .world = &world,
                                     .root = w->root,
                                     .data = w->data,
                                     .why = buf_text(&w->why)};
    text_effect(&text, effect, &facts);
    bool is_question = effect == EFFECT_ASK_PATCH || effect == EFFECT_ASK_RESTART;
    bool is_trouble = effect == EFFECT_TELL_PATCH_FAILED || effect == EFFECT_TELL_DIFFERS;
    if (is_question) {
        w->notifier.ask(w->notifier.context, buf_text(&text));
    } else if (text.len > 0) {
        w->notifier.tell(w->notifier.context, is_trouble ? LEVEL_ERROR : LEVEL_INFO,
                         buf_text(&text));
    }
    keep_effect(w, effect, buf_text(&text));
    buf_free(&text);
}

bool watcher_save(struct watcher *w)
{
    struct source sources[SOURCES_MAX];
    for (size_t i = 0; i < w->log_count; i++) {
        sources[i] = w->logs[i].source;
    }
    enum os_status status = state_save(w->os, w->directory, w->has_target ? w->target.root : "",
                                       &w->memory, &w->policy, sources, w->log_count);
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

void watcher_look(struct watcher *w)
{
    if (w->root == NULL) {
        return;
    }
    struct buf why = BUF_INIT;
    struct pc_target target;
    if (pc_find(&w->pc, w->root, &target, &why) == PC_DONE) {
        pc_target_free(&w->target);
        w->target = target;
        w->has_target = true;
    } else {
        pc_target_free(&target);
        w->has_target = false;
        watcher_tell(w, LEVEL_ERROR, "%s", buf_text(&why));
    }
    buf_free(&why);
}

struct engine_world watcher_world(struct watcher *w)
{
    return (struct engine_world){.now = clock_now(),
                                 .boot = w->boot,
                                 .policy = &w->policy,
                                 .has_root = w->root != NULL,
                                 .root_is_running = false,
                                 .can_ask = w->notifier.can_ask(w->notifier.context),
                                 .assume_yes = w->assume_yes,
                                 .target = w->has_target ? &w->target : NULL};
}

/* ---- patching ---- */

static void note_copies(const struct watcher *w, struct engine_patch *patch)
{
    *patch = (struct engine_patch){.limit_before = w->memory.limit_before,
                                   .limit_after = w->memory.limit};
    for (size_t c = 0; c < PC_COPIES; c++) {
        const struct pc_copy *copy = &w->target.copies[c];
        if (copy->present && copy->access == OS_OK && pc_writable(&copy->inspection)) {
            patch->copies[c].present = true;
            patch->copies[c].crc32 = copy->crc32;
            patch->copies[c].version = copy->inspection.version;
        }
    }
}

static void keep_patch(struct watcher *w, const struct pc_plan *plan, enum pc_result result)
{
    struct buf line = BUF_INIT;
    struct json j = audit_start(&line, clock_now(), program, "set");
    json_text(&j, "root", w->target.root);
    json_text(&j, "result", pc_result_name(result));
    json_text(&j, "message", w->why.len > 0 ? w->why.data : NULL);
    audit_changes(&j, &w->target, plan);
    keep(w, &j, &line);
    buf_free(&line);
}

/* The copies were looked at when it was decided; under its lock the patch core reads each again. */
static void patch(struct watcher *w, bool saved)
{
    struct pc_plan plan = {.what = "set"};
    struct engine_patch written = {.time = 0};
    enum pc_result result = PC_FAILED;
    buf_clear(&w->why);
    if (!saved) {
        buf_add_text(&w->why, "The state could not be saved, so nothing was changed.");
    } else if (!w->has_target) {
        buf_add_text(&w->why, "The Windows directory cannot be read any more.");
    } else {
        result = pc_plan_set(&w->pc, &w->target, w->memory.limit, &plan, &w->why);
        if (result == PC_DONE) {
            result = pc_apply(&w->pc, &w->target, &plan, &w->why);
        }
        keep_patch(w, &plan, result);
        watcher_look(w);
    }
    if (result == PC_DONE && w->has_target) {
        note_copies(w, &written);
    }
    w->result = result;
    struct engine_world world = watcher_world(w);
    watcher_act(w, engine_patched(&w->memory, &world, result, &written));
}

static void verify(struct watcher *w)
{
    watcher_look(w);
    struct engine_world world = watcher_world(w);
    bool as_written = w->has_target && engine_is_as_written(&w->memory.patch, &w->target);
    w->result = as_written ? PC_DONE : PC_FAILED;
    watcher_act(w, engine_verified(&w->memory, &world, as_written));
}

/* Before the question is shown: what was typed until listening begins is thrown away, and an answer
 * may come as fast as the question. */
static void open_question(struct watcher *w, enum question question)
{
    w->question = question;
    loop_listen(w->loop, true);
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
        if (effect == EFFECT_ASK_PATCH || effect == EFFECT_ASK_RESTART) {
            open_question(w, effect == EFFECT_ASK_PATCH ? QUESTION_PATCH : QUESTION_RESTART);
        }
        show_effect(w, effect);
        switch (effect) {
        case EFFECT_PATCH:
            patch(w, saved);
            break;
        case EFFECT_VERIFY:
            verify(w);
            break;
        case EFFECT_TELL_NOBODY_TO_ASK:
        case EFFECT_TELL_NOT_WRITABLE:
            w->result = PC_REFUSED;
            break;
        default:
            break;
        }
    }
}

/* ---- answers ---- */

enum reply { REPLY_YES, REPLY_NO, REPLY_LIMIT, REPLY_OTHER };

static enum reply read_reply(const char *line, uint32_t *limit)
{
    struct buf word = BUF_INIT;
    uint64_t number;
    enum reply reply = REPLY_OTHER;
    line += strspn(line, " \t");
    size_t length = strcspn(line, " \t");
    buf_add(&word, line, length);
    const char *text = line[length + strspn(line + length, " \t")] == '\0' ? buf_text(&word) : "";
    if (same_text_nocase(text, "y") || same_text_nocase(text, "yes")) {
        reply = REPLY_YES;
    } else if (same_text_nocase(text, "n") || same_text_nocase(text, "no")) {
        reply = REPLY_NO;
    } else if (keyfile_number(text, PC_LIMIT_MOST, &number) && number >= PC_LIMIT_LEAST) {
        *limit = (uint32_t)number;
        reply = REPLY_LIMIT;
    }
    buf_free(&word);
    return reply;
}

static void say_not_an_answer(struct watcher *w, const char *line, const char *expected)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "\"%s\" was read; expected is %s:", line, expected);
    w->notifier.ask(w->notifier.context, buf_text(&text));
    buf_free(&text);
}

static void close_question(struct watcher *w)
{
    w->question = QUESTION_NONE;
    loop_listen(w->loop, false);
}

static void answer_patch(struct watcher *w, bool yes, uint32_t limit)
{
    close_question(w);
    watcher_look(w);
    struct engine_world world = watcher_world(w);
    watcher_act(w, engine_patch_answer(&w->memory, &world, yes, limit));
}

static void take_patch_reply(struct watcher *w, const char *line)
{
    uint32_t limit = w->memory.limit;
    switch (read_reply(line, &limit)) {
    case REPLY_YES:
    case REPLY_LIMIT:
        if (limit > w->policy.max) {
            w->question = QUESTION_ABOVE_MAX;
            w->asked_limit = limit;
            struct buf text = BUF_INIT;
            buf_printf(&text,
                       "%" PRIu32 " is above the policy's [limit] max of %" PRIu32 ". Set it all "
                       "the same? y = yes, n = no:",
                       limit, w->policy.max);
            w->notifier.ask(w->notifier.context, buf_text(&text));
            buf_free(&text);
        } else {
            answer_patch(w, true, limit);
        }
        break;
    case REPLY_NO:
        answer_patch(w, false, 0);
        break;
    case REPLY_OTHER:
        say_not_an_answer(w, line, "y, n, or a limit from 1 to 16777214");
        break;
    }
}

static void take_yes_or_no(struct watcher *w, const char *line)
{
    uint32_t unused;
    enum reply reply = read_reply(line, &unused);
    if (reply != REPLY_YES && reply != REPLY_NO) {
        say_not_an_answer(w, line, "y or n");
        return;
    }
    bool yes = reply == REPLY_YES;
    if (w->question == QUESTION_ABOVE_MAX && yes) {
        answer_patch(w, true, w->asked_limit);
        return;
    }
    if (w->question == QUESTION_ABOVE_MAX) {
        w->question = QUESTION_PATCH; /* it was only this number that was not meant */
        show_effect(w, EFFECT_ASK_PATCH);
        return;
    }
    close_question(w);
    struct engine_world world = watcher_world(w);
    watcher_act(w, engine_restart_answer(&w->memory, &world, yes));
}

void watcher_answer(struct watcher *w, const char *line)
{
    switch (w->question) {
    case QUESTION_NONE:
        break;
    case QUESTION_PATCH:
        take_patch_reply(w, line);
        break;
    case QUESTION_ABOVE_MAX:
    case QUESTION_RESTART:
        take_yes_or_no(w, line);
        break;
    }
}
