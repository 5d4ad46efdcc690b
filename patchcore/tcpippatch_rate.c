#include "tcpippatch_rate.h"

#include "audit.h"
#include "base/term.h"
#include "base/utf.h"
#include "base/wintime.h"
#include "needs.h"

#include <stdlib.h>
#include <time.h>

/* One change of the value, as it is planned or was done. */
struct rate_step {
    const char *what; /* "set" or "restore" */
    struct rate_limiting_value before, after;
    struct buf done; /* what was done */
};

/* ---- what is there ---- */

static void report_kept(const struct rate_work *work)
{
    struct rate_limiting_value kept;
    enum os_status status = rate_limiting_saved(work->pc->os, work->pc->data, &kept);
    if (status == OS_OK) {
        buf_add_text(work->out, RATE_LIMITING_NAME " was ");
        rate_limiting_text(work->out, &kept);
        buf_add_text(work->out, " before it was switched off here; \"tcpippatch restore\" puts "
                                "that back.\n");
    } else if (status != OS_NOT_FOUND) {
        buf_printf(work->out,
                   "What " RATE_LIMITING_NAME " was before it was switched off here cannot be "
                   "read: %s.\n",
                   os_status_text(status));
    }
}

static void report_json(const struct rate_work *work, const struct needs_facts *facts)
{
    struct rate_limiting_value kept;
    enum os_status status = rate_limiting_saved(work->pc->os, work->pc->data, &kept);
    struct json j = json_start(work->out);
    json_open_object(&j, NULL);
    json_open_object(&j, "windows");
    needs_json(&j, facts);
    json_bool(&j, "rate_limiting_changed", status != OS_NOT_FOUND);
    rate_limiting_json(&j, "rate_limiting_before", &kept);
    json_close_object(&j);
    json_close_object(&j);
    buf_add_char(work->out, '\n');
}

void rate_report(const struct rate_work *work)
{
    struct needs_facts facts;
    needs_gather(work->target, work->running, &facts);
    if (work->options->json) {
        if (work->running) {
            report_json(work, &facts);
        }
        return;
    }
    needs_text(work->out, &facts);
    buf_add_char(work->out, '\n');
    if (work->running) {
        report_kept(work);
    }
}

/* ---- changing it ---- */

static void say(const struct rate_work *work)
{
    *work->cut = !term_print(buf_text(work->out)) || *work->cut;
    buf_clear(work->out);
}

static void add_step(struct buf *out, const struct rate_step *step)
{
    buf_add_text(out, "  " RATE_LIMITING_KEY "\n      " RATE_LIMITING_NAME " ");
    rate_limiting_text(out, &step->before);
    buf_add_text(out, " -> ");
    rate_limiting_text(out, &step->after);
    buf_add_char(out, '\n');
}

static void add_step_json(struct json *j, const struct rate_step *step)
{
    json_open_object(j, "rate_limiting");
    json_text(j, "key", RATE_LIMITING_KEY);
    json_text(j, "name", RATE_LIMITING_NAME);
    rate_limiting_json(j, "before", &step->before);
    rate_limiting_json(j, "after", &step->after);
    json_close_object(j);
}

/* PC_DONE with a yes or a no: go on or not. Else the end, with the reason in `why`. */
static enum pc_result ask(const struct rate_work *work, const struct rate_step *step, bool *yes)
{
    *yes = work->options->yes;
    if (*yes) {
        return PC_DONE;
    }
    if (!term_is_terminal(TERM_IN)) {
        buf_printf(work->why,
                   "Nothing was changed: %s writes only with a yes. Give --yes, or run it on a "
                   "terminal.",
                   step->what);
        return PC_REFUSED;
    }
    struct buf answer = BUF_INIT;
    enum pc_result result = PC_DONE;
    add_step(work->out, step);
    say(work);
    if (term_read_line("Change this value of the registry? [y/N] ", &answer) == TERM_LINE) {
        *yes =
            same_text_nocase(buf_text(&answer), "y") || same_text_nocase(buf_text(&answer), "yes");
    } else {
        buf_add_text(work->why, "\nStopped. Nothing was changed.");
        result = PC_FAILED;
    }
    if (result == PC_DONE && !*yes) {
        buf_add_text(work->out, "Nothing was changed.\n");
    }
    buf_free(&answer);
    return result;
}

static void write_audit(const struct rate_work *work, const struct rate_step *step,
                        enum pc_result result)
{
    struct buf line = BUF_INIT;
    char *file = audit_default_file(work->pc->data);
    if (file == NULL) {
        return;
    }
    uint64_t now = wintime_from_unix((uint64_t)time(NULL));
    struct json j = audit_start(&line, now, "tcpippatch", step->what);
    json_text(&j, "root", work->target->root);
    json_text(&j, "result", pc_result_name(result));
    json_text(&j, "message", buf_text(work->why->len > 0 ? work->why : &step->done));
    add_step_json(&j, step);
    enum os_status status = audit_write(work->pc->os, file, &j, &line);
    if (status != OS_OK) {
        buf_add_text(&line, "tcpippatch: the audit log ");
        add_printable(&line, file);
        buf_printf(&line, " cannot be written: %s.\n", os_status_text(status));
        (void)term_write(TERM_ERR, buf_text(&line));
    }
    free(file);
    buf_free(&line);
}

static void add_how_to_undo(const struct rate_work *work)
{
    buf_add_text(work->out, "To undo it: tcpippatch restore");
    if (work->options->data != NULL) {
        buf_add_text(work->out, " --data \"");
        add_printable(work->out, work->options->data);
        buf_add_char(work->out, '"');
    }
    buf_add_char(work->out, '\n');
}

static enum pc_result carry_out(const struct rate_work *work, struct rate_step *step, bool restore)
{
    const struct rate_limiting_calls *calls = rate_limiting_native();
    enum pc_result result = restore
                                ? rate_limiting_put_back(work->pc, calls, &step->done, work->why)
                                : rate_limiting_switch_off(work->pc, calls, &step->done, work->why);
    (void)calls->read(calls->context, &step->after);
    write_audit(work, step, result);
    if (result == PC_DONE && !work->options->json) {
        buf_add_text(work->out, buf_text(&step->done));
        buf_add_char(work->out, '\n');
        if (!restore) {
            add_how_to_undo(work);
        }
    }
    return result;
}

/* Shows, asks, does. */
static enum pc_result take_step(const struct rate_work *work, struct rate_step *step, bool restore)
{
    bool yes = false;
    if (work->options->dry_run) {
        if (!work->options->json) {
            add_step(work->out, step);
            buf_add_text(work->out, "Dry run: nothing was written.\n");
        }
        return PC_DONE;
    }
    enum pc_result result = ask(work, step, &yes);
    if (result == PC_DONE && yes) {
        say(work);
        return carry_out(work, step, restore);
    }
    step->after = step->before;
    return result;
}

static void report_result(const struct rate_work *work, const struct rate_step *step,
                          enum pc_result result)
{
    const struct buf *message = work->why->len > 0 ? work->why : &step->done;
    struct json j = json_start(work->out);
    json_open_object(&j, NULL);
    json_text(&j, "result", pc_result_name(result));
    json_number(&j, "exit_status", result);
    json_text(&j, "what", step->what);
    json_text(&j, "root", work->target->root);
    json_bool(&j, "dry_run", work->options->dry_run);
    json_text(&j, "message", message->len > 0 ? message->data : NULL);
    add_step_json(&j, step);
    json_open_array(&j, "changes");
    json_close_array(&j);
    json_close_object(&j);
    buf_add_char(work->out, '\n');
}

/* ---- which of it ---- */

static enum pc_result set(const struct rate_work *work, const struct needs_facts *facts,
                          struct rate_step *step)
{
    enum needs_case needs = needs_judge(facts);
    if (needs == NEEDS_SETTING) {
        step->after = (struct rate_limiting_value){.known = true, .there = true, .set = 0};
        if (!work->options->json) {
            needs_text(work->out, facts);
            buf_add_text(work->out, "\nA number cannot be chosen there: 0 switches that limit "
                                    "off.\n");
        }
        return take_step(work, step, false);
    }
    buf_add_text(work->why, needs == NEEDS_NOTHING ? "Nothing to do: " : "Nothing was changed: ");
    needs_text(work->why, facts);
    return PC_REFUSED;
}

static enum pc_result put_back(const struct rate_work *work, enum os_status kept_status,
                               const struct rate_limiting_value *kept, struct rate_step *step)
{
    if (kept_status == OS_OK) {
        step->after = rate_limiting_after_back(&step->before, kept);
    }
    return take_step(work, step, true);
}

bool rate_change(const struct rate_work *work, bool restore, enum pc_result *result)
{
    struct needs_facts facts;
    struct rate_limiting_value kept;
    needs_gather(work->target, work->running, &facts);
    enum needs_case needs = needs_judge(&facts);
    enum os_status kept_status = rate_limiting_saved(work->pc->os, work->pc->data, &kept);
    bool is_mine =
        restore ? kept_status != OS_NOT_FOUND && needs != NEEDS_PATCH
                : needs == NEEDS_SETTING || needs == NEEDS_NOTHING || needs == NEEDS_SERVICE_PACK;
    if (!work->running || !is_mine) {
        return false;
    }
    struct rate_step step = {.what = restore ? "restore" : "set",
                             .before = facts.rate_limiting,
                             .after = facts.rate_limiting,
                             .done = BUF_INIT};
    *result = restore ? put_back(work, kept_status, &kept, &step) : set(work, &facts, &step);
    if (work->options->json) {
        report_result(work, &step, *result);
    }
    buf_free(&step.done);
    return true;
}
