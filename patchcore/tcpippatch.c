/* tcpippatch: the patch core on the command line. */
#include "audit.h"
#include "base/args.h"
#include "base/term.h"
#include "base/utf.h"
#include "base/wintime.h"
#include "paths.h"
#include "report.h"
#include "system.h"
#include "tcpippatch_options.h"
#include "tcpippatch_rate.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DEFAULT_LIMIT = 100 }; /* as [limit] half_open in the policy */

/* What one command works with, and what it prints at its end. */
struct session {
    const struct options *options;
    bool yes;     /* the question before writing is answered */
    bool running; /* the root is the running system's own */
    bool said;    /* the patch core has told of a step */
    bool cut;     /* not all of the standard output could be written */
    struct pc_context pc;
    struct pc_target target;
    struct buf out; /* for standard output */
    struct buf why; /* for the standard error output */
};

/* ---- printing ---- */

static void print(struct session *s, enum term_stream stream, struct buf *text)
{
    if (stream == TERM_OUT) {
        s->cut = !term_print(buf_text(text)) || s->cut;
    } else {
        (void)term_write(stream, buf_text(text));
    }
    buf_clear(text);
}

/* The reason on the standard error output, and in JSON in the result. */
static void complain(struct session *s)
{
    if (s->why.len > 0) {
        buf_add_char(&s->why, '\n');
        print(s, TERM_ERR, &s->why);
    }
}

/* A command that only reports has failed then; what another one did is done. */
static int tell_cut(const struct session *s, int result)
{
    const char *command = s->options->command;
    bool reports =
        command != NULL && (strcmp(command, "inspect") == 0 || strcmp(command, "status") == 0);
    options_tell_cut();
    return reports && result == PC_DONE ? PC_FAILED : result;
}

static void say_step(void *context, const char *sentence)
{
    struct session *s = context;
    s->said = true;
    if (!s->options->json) {
        struct buf line = BUF_INIT;
        buf_printf(&line, "%s\n", sentence);
        print(s, TERM_OUT, &line);
        buf_free(&line);
    }
}

static void write_audit(struct session *s, const struct pc_plan *plan, enum pc_result result)
{
    struct buf line = BUF_INIT;
    char *file = audit_default_file(s->pc.data);
    if (file == NULL) {
        return;
    }
    uint64_t now = wintime_from_unix((uint64_t)time(NULL));
    struct json j = audit_start(&line, now, "tcpippatch", plan->what);
    json_text(&j, "root", s->target.root);
    json_text(&j, "result", pc_result_name(result));
    json_text(&j, "message", s->why.len > 0 ? s->why.data : NULL);
    if (plan->waits) {
        json_bool(&j, "takes_back", true); /* what waited for the start of Windows */
    }
    audit_changes(&j, &s->target, plan);
    enum os_status status = audit_write(s->pc.os, file, &j, &line);
    if (status != OS_OK) {
        buf_add_text(&line, "tcpippatch: the audit log ");
        add_printable(&line, file);
        buf_printf(&line, " cannot be written: %s.\n", os_status_text(status));
        print(s, TERM_ERR, &line);
    }
    free(file);
    buf_free(&line);
}

/* ---- the commands ---- */

static struct rate_work rate_work(struct session *s)
{
    return (struct rate_work){.options = s->options,
                              .pc = &s->pc,
                              .target = &s->target,
                              .running = s->running,
                              .out = &s->out,
                              .cut = &s->cut,
                              .why = &s->why};
}

static enum pc_result run_inspect(struct session *s)
{
    enum pc_result result = PC_DONE;
    if (s->options->file_count == 0) {
        return (enum pc_result)options_complain("inspect needs at least one file.");
    }
    for (int i = 0; i < s->options->file_count; i++) {
        const char *path = s->options->files[i];
        struct pc_inspection inspection;
        struct buf image = BUF_INIT;
        enum os_status status = os_read_whole(s->pc.os, path, OS_READ, PC_IMAGE_MOST, &image);
        if (status == OS_OK || status == OS_TOO_BIG) {
            pc_inspect((const uint8_t *)buf_text(&image), image.len, &inspection);
            (s->options->json ? report_image_json : report_image)(&s->out, path, &inspection);
        } else {
            (s->options->json ? report_unreadable_json : report_unreadable)(&s->out, path, status);
            result = PC_FAILED;
        }
        buf_free(&image);
        print(s, TERM_OUT, &s->out);
    }
    return result;
}

static enum pc_result run_status(struct session *s)
{
    struct pc_waiting waiting;
    enum pc_result result = PC_DONE;
    bool waits = pc_waiting(&s->pc, &s->target, &waiting);
    if (s->options->json) {
        report_target_json(&s->out, &s->target, waits ? &waiting : NULL);
    } else {
        report_target(&s->out, &s->target);
    }
    if (waits && !s->options->json) {
        report_waiting(&s->out, &waiting);
    }
    for (size_t c = 0; c < PC_COPIES; c++) {
        if (s->target.copies[c].present && s->target.copies[c].access != OS_OK) {
            result = PC_FAILED;
        }
    }
    const struct rate_work rate = rate_work(s);
    rate_report(&rate);
    if (pc_interrupted(&s->pc, &s->target)) {
        buf_add_text(&s->why, "Interrupted work was found; run \"tcpippatch recover\".");
        result = PC_INTERRUPTED;
    }
    return result;
}

static enum pc_result run_recover(struct session *s)
{
    struct pc_plan plan = {.what = "recover"};
    struct pc_waiting waiting;
    bool waits = pc_waiting(&s->pc, &s->target, &waiting);
    bool any = pc_interrupted(&s->pc, &s->target);
    s->said = false;
    enum pc_result result = pc_recover(&s->pc, &s->target, &s->why);
    any = (any || s->said) && !waits;
    if (any) {
        write_audit(s, &plan, result);
    } else if (result == PC_DONE && !s->said && !s->options->json) {
        buf_add_text(&s->out, "No interrupted work was found.\n");
    }
    if (s->options->json) {
        report_result_json(&s->out, &s->target, &plan, result, false, buf_text(&s->why));
    }
    return result;
}

/* PC_DONE: go on. PC_REFUSED, PC_FAILED: the end, with the reason in `why`. */
static enum pc_result ask_before_writing(struct session *s, const struct pc_plan *plan, bool *yes)
{
    *yes = s->yes;
    if (*yes) {
        return PC_DONE;
    }
    if (!term_is_terminal(TERM_IN)) {
        buf_printf(&s->why,
                   "Nothing was changed: %s writes only with a yes. Give --yes, or run it on a "
                   "terminal.",
                   plan->what);
        return PC_REFUSED;
    }
    struct buf answer = BUF_INIT;
    enum pc_result result = PC_DONE;
    report_plan(&s->out, &s->target, plan);
    print(s, TERM_OUT, &s->out);
    switch (term_read_line(plan->wanted > 0 ? "Change these files? [y/N] " : "Take it back? [y/N] ",
                           &answer)) {
    case TERM_LINE:
        *yes =
            same_text_nocase(buf_text(&answer), "y") || same_text_nocase(buf_text(&answer), "yes");
        break;
    case TERM_END:
    case TERM_INTERRUPTED:
        buf_add_text(&s->why, "\nStopped. Nothing was changed.");
        result = PC_FAILED;
        break;
    }
    if (result == PC_DONE && !*yes) {
        buf_add_text(&s->out, "Nothing was changed.\n");
    }
    buf_free(&answer);
    return result;
}

/* There is nothing to do but to wait for the start of Windows. */
static bool is_waiting_already(const struct pc_plan *plan)
{
    return plan->same_waits && plan->way == PC_NEXT_BOOT;
}

/* As it has to be typed where it has blanks. */
static void add_argument(struct buf *out, const char *text)
{
    const char *quote = strchr(text, ' ') != NULL ? "\"" : "";
    buf_add_text(out, quote);
    add_printable(out, text);
    buf_add_text(out, quote);
}

static void add_how_to_undo(struct session *s)
{
    buf_add_text(&s->out, "To undo it: tcpippatch restore");
    if (!s->running) {
        buf_add_text(&s->out, " --root ");
        add_argument(&s->out, s->target.root);
    }
    if (s->options->data != NULL) {
        buf_add_text(&s->out, " --data ");
        add_argument(&s->out, s->options->data);
    }
    buf_add_char(&s->out, '\n');
}

static void say_nothing_to_do(struct session *s, const struct pc_plan *plan)
{
    const char *what = is_waiting_already(plan)
                           ? "this change waits for the next start of Windows already"
                       : strcmp(plan->what, "set") == 0 ? "every copy has this limit already"
                                                        : "every copy is the original";
    /* Something that waited was taken back, which is said already. */
    buf_printf(&s->out, "%s: %s.\n",
               plan->waits && !is_waiting_already(plan) ? "Done" : "Nothing to do", what);
}

static void say_done(struct session *s, const struct pc_plan *plan)
{
    const char *files = plan->wanted == 1 ? "file" : "files";
    if (plan->wanted == 0 || is_waiting_already(plan)) {
        say_nothing_to_do(s, plan);
        return;
    }
    if (plan->way == PC_NEXT_BOOT) {
        buf_printf(&s->out,
                   "Done: Windows will change %zu %s at its next start; until then nothing is "
                   "different.\nWindows File Protection does not ask then. Restart Windows to have "
                   "the new limit.\n",
                   plan->wanted, files);
    } else {
        buf_printf(&s->out, "Done: %zu %s changed.\n", plan->wanted, files);
        buf_add_text(&s->out, "It takes effect when the Windows in ");
        add_printable(&s->out, s->target.root);
        buf_add_text(&s->out, " is started again.\n");
    }
    if (strcmp(plan->what, "set") == 0) {
        add_how_to_undo(s);
    }
}

/* What has to be known before the answer to the question. */
static void report_beforehand(struct session *s, const struct pc_plan *plan)
{
    struct pc_waiting waiting;
    if (plan->waits && pc_waiting(&s->pc, &s->target, &waiting)) {
        buf_printf(&s->out,
                   "The %s to a limit of %" PRIu32 " that waits for the next start of Windows is "
                   "taken back first.\n",
                   waiting.is_restore ? "restore" : "change", waiting.limit_after);
    }
    if (plan->wanted == 0) {
        return;
    }
    if (plan->way == PC_NOW && s->running) {
        report_protection(&s->out);
    }
    if (s->running && strcmp(plan->what, "set") == 0 && system_scans_at_boot()) {
        report_boot_scan(&s->out);
    }
}

static void report_dry_run(struct session *s, const struct pc_plan *plan)
{
    report_plan(&s->out, &s->target, plan);
    if (plan->wanted > 0 && plan->way == PC_NEXT_BOOT) {
        report_registering(&s->out, &s->target, plan);
    }
    buf_printf(&s->out, "Dry run: %zu %s would be changed%s; nothing was written.\n", plan->wanted,
               plan->wanted == 1 ? "file" : "files",
               plan->way == PC_NEXT_BOOT ? " at the next start of Windows" : "");
}

static enum pc_result carry_out(struct session *s, const struct pc_plan *plan)
{
    const struct options *o = s->options;
    bool yes = false;
    bool writes = !is_waiting_already(plan) && (plan->wanted > 0 || plan->waits);
    if (!o->json) {
        report_left_alone(&s->out, &s->target);
        if (writes) {
            report_beforehand(s, plan);
        }
    }
    if (o->dry_run) {
        if (!o->json) {
            report_dry_run(s, plan);
        }
        return PC_DONE;
    }
    if (writes) {
        enum pc_result asked = ask_before_writing(s, plan, &yes);
        if (asked != PC_DONE || !yes) {
            return asked;
        }
    }
    print(s, TERM_OUT, &s->out);
    enum pc_result result = pc_apply(&s->pc, &s->target, plan, &s->why);
    if (writes) {
        write_audit(s, plan, result);
    }
    if (result == PC_DONE && !o->json) {
        say_done(s, plan);
    }
    return result;
}

static enum pc_result run_change(struct session *s, bool restore, uint32_t limit)
{
    struct pc_plan plan;
    const struct rate_work rate = rate_work(s);
    enum pc_result result;
    if (rate_change(&rate, restore, &result)) {
        return result;
    }
    if (!restore) {
        struct buf warning = BUF_INIT;
        report_limit_warning(&warning, limit);
        print(s, TERM_ERR, &warning);
        buf_free(&warning);
    }
    result = restore ? pc_plan_restore(&s->pc, &s->target, &plan, &s->why)
                     : pc_plan_set(&s->pc, &s->target, limit, &plan, &s->why);
    plan.way = s->running && !s->options->now ? PC_NEXT_BOOT : PC_NOW;
    if (result == PC_DONE) {
        result = carry_out(s, &plan);
    }
    if (s->options->json) {
        report_result_json(&s->out, &s->target, &plan, result, s->options->dry_run,
                           buf_text(&s->why));
    }
    return result;
}

/* The conversation that the older patchers have: Y, N, C (another limit), U (undo). */
static enum pc_result run_conversation(struct session *s)
{
    uint32_t limit = s->options->has_limit ? s->options->limit : DEFAULT_LIMIT;
    struct buf answer = BUF_INIT;
    struct buf prompt = BUF_INIT;
    enum pc_result result = PC_DONE;
    (void)run_status(s);
    print(s, TERM_OUT, &s->out);
    complain(s);
    for (;;) {
        uint32_t wanted;
        buf_clear(&prompt);
        buf_printf(&prompt,
                   "Set the limit to %" PRIu32 "?  Y = yes, N = no, C = change limit, U = undo "
                   "(put the original back): ",
                   limit);
        enum term_line line = term_read_line(buf_text(&prompt), &answer);
        int letter = answer.len == 1 ? tolower((unsigned char)answer.data[0]) : 0;
        if (line == TERM_LINE && letter == 'c') {
            buf_clear(&prompt);
            buf_printf(&prompt, "New limit (%d to %d): ", PC_LIMIT_LEAST, PC_LIMIT_MOST);
            line = term_read_line(buf_text(&prompt), &answer);
        }
        if (line != TERM_LINE) {
            buf_add_text(&s->why, "\nStopped. Nothing was changed.");
            result = PC_FAILED;
            break;
        }
        if (letter == 'n') {
            buf_add_text(&s->out, "Nothing was changed.\n");
            break;
        }
        if (letter == 'y' || letter == 'u') {
            s->yes = true;
            result = run_change(s, letter == 'u', limit);
            break;
        }
        if (letter == 'c' && options_parse_limit(buf_text(&answer), &wanted)) {
            limit = wanted;
            continue;
        }
        (void)term_write(TERM_ERR, "That is not one of the answers.\n");
    }
    buf_free(&prompt);
    buf_free(&answer);
    return result;
}

static enum pc_result run_on_root(struct session *s)
{
    const struct options *o = s->options;
    const char *command = o->command;
    if (command == NULL) {
        return run_conversation(s);
    }
    return strcmp(command, "status") == 0 ? run_status(s)
           : strcmp(command, "recover") == 0
               ? run_recover(s)
               : run_change(s, strcmp(command, "restore") == 0, o->limit);
}

/* Finds the copies, those of the running system under the name that it has itself: it starts
 * without the links and drive letters by which it may have been named. */
static enum pc_result find_target(struct session *s, const char *root, const char *running)
{
    enum pc_result result = pc_find(&s->pc, root, &s->target, &s->why);
    s->running = result == PC_DONE && pc_is_running_windows(&s->pc, &s->target);
    if (s->running && running != NULL && root != running) {
        pc_target_free(&s->target);
        result = pc_find(&s->pc, running, &s->target, &s->why);
    }
    return result == PC_DONE ? pc_check_redirection(pc_is_redirected(), s->running, &s->why)
                             : result;
}

/* Finds the Windows directory that the command is about, and runs it there. */
static enum pc_result run_with_root(struct session *s)
{
    char *running = paths_running_windows();
    const char *root = s->options->root != NULL ? s->options->root : running;
    enum pc_result result;
    if (root == NULL) {
        return (enum pc_result)options_complain(
            "Which Windows? Name its directory, the one with system32, with --root DIR.");
    }
    result = find_target(s, root, running);
    if (result == PC_DONE) {
        result = run_on_root(s);
    } else if (s->options->json) {
        const struct pc_plan none = {.what = s->options->command};
        report_result_json(&s->out, &s->target, &none, result, s->options->dry_run,
                           buf_text(&s->why));
    }
    pc_target_free(&s->target);
    free(running);
    return result;
}

static int run(const struct options *options)
{
    int result = PC_DONE;
    char *default_data = options->data == NULL ? paths_default_data() : NULL;
    struct session s = {.options = options, .yes = options->yes, .out = BUF_INIT, .why = BUF_INIT};
    s.pc.os = os_native();
    s.pc.data = options->data != NULL ? options->data : default_data;
    s.pc.say = say_step;
    s.pc.say_context = &s;
    if (options->command != NULL && strcmp(options->command, "inspect") == 0) {
        result = (int)run_inspect(&s);
    } else if (s.pc.data == NULL) {
        result =
            options_complain("There is no place for saved originals: name one with --data DIR.");
    } else {
        result = (int)run_with_root(&s);
    }
    print(&s, TERM_OUT, &s.out);
    complain(&s);
    if (s.cut) {
        result = tell_cut(&s, result);
    }
    buf_free(&s.out);
    buf_free(&s.why);
    free(default_data);
    return result;
}

int main(int argc, char **argv)
{
    char **args;
    struct options options;
    int count = args_get(argc, argv, &args);
    if (count < 0) {
        return options_complain("The command line cannot be read: out of memory.");
    }
    int result = options_read(count, args, &options);
    if (result == PC_DONE) {
        switch (options.wish) {
        case WISH_HELP:
            result = options_print(options_usage());
            break;
        case WISH_VERSION:
            result = options_print("tcpippatch " TCPIPWATCH_VERSION "\n");
            break;
        case WISH_COMMAND:
            result = run(&options);
            break;
        }
    }
    args_free(args);
    return result;
}
