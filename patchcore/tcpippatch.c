/* tcpippatch: the patch core on the command line. */
#include "audit.h"
#include "base/args.h"
#include "base/term.h"
#include "base/utf.h"
#include "base/wintime.h"
#include "paths.h"
#include "report.h"

#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DEFAULT_LIMIT = 100 }; /* as [limit] half_open in the policy */

struct options {
    const char *command; /* NULL: ask on the terminal */
    const char *root;
    const char *data;
    uint32_t limit;
    bool has_limit, yes, dry_run, json;
    char **files;
    int file_count;
};

/* What one command works with, and what it prints at its end. */
struct session {
    const struct options *options;
    bool yes;     /* the question before writing is answered */
    bool running; /* the root is the running system's own */
    struct pc_context pc;
    struct pc_target target;
    struct buf out; /* for standard output */
    struct buf why; /* for the standard error output */
};

static const char usage_text[] =
    "usage: tcpippatch inspect FILE... [--json]\n"
    "       tcpippatch status  [--root DIR] [--json]\n"
    "       tcpippatch set     --limit N [--root DIR] [--yes] [--dry-run] [--json]\n"
    "       tcpippatch restore [--root DIR] [--yes] [--dry-run] [--json]\n"
    "       tcpippatch recover [--root DIR] [--json]\n"
    "       tcpippatch [/L=N] [/W=DIR] [/R] [/?]\n"
    "\n"
    "Shows and changes the half-open connection limit in the copies of tcpip.sys in a\n"
    "Windows directory: all of them or none, only where it is certain of the place, and\n"
    "back to the original bit for bit. Without a command it shows what it found and asks.\n"
    "\n"
    "  --root DIR    the Windows directory, one that has system32; on Windows the running\n"
    "                system's unless another is named\n"
    "  --limit N     half-open connections, 1 to 16777214; Windows ships 10\n"
    "  --yes         answers the question before writing with yes\n"
    "  --dry-run     shows each file, offset, old and new bytes and checksums; writes nothing\n"
    "  --json        one JSON object a line\n"
    "  --data DIR    where saved originals, journals and the audit log are kept\n"
    "  /L=N /W=DIR   the limit and the Windows directory;  /R  put the original back\n"
    "  --help, /?    this text;  --version\n"
    "\n"
    "Exit status: 0 done or nothing to do, 1 failed and put back as it was, 2 wrong usage,\n"
    "3 refused, 4 interrupted work found (run \"tcpippatch recover\").\n";

static int usage_error(const char *format, ...) PRINTF_LIKE(1, 2);

static int usage_error(const char *format, ...)
{
    struct buf text = BUF_INIT;
    va_list args;
    va_start(args, format);
    buf_add_text(&text, "tcpippatch: ");
    buf_vprintf(&text, format, args);
    va_end(args);
    struct buf safe = BUF_INIT;
    add_printable(&safe, buf_text(&text));
    buf_add_text(&safe, "\nTry \"tcpippatch --help\".\n");
    (void)term_write(TERM_ERR, buf_text(&safe));
    buf_free(&safe);
    buf_free(&text);
    return PC_USAGE;
}

/* ---- the command line ---- */

static bool parse_limit(const char *text, uint32_t *limit)
{
    uint32_t value = 0;
    if (*text == '\0') {
        return false;
    }
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < '0' || *c > '9') {
            return false;
        }
        value = value * 10 + (uint32_t)(*c - '0');
        if (value > PC_LIMIT_MOST) {
            return false;
        }
    }
    *limit = value;
    return value >= PC_LIMIT_LEAST;
}

static int take_limit(struct options *options, const char *text)
{
    if (!parse_limit(text, &options->limit)) {
        return usage_error("The limit was given as \"%s\"; it is a whole number from %d to %d.",
                           text, PC_LIMIT_LEAST, PC_LIMIT_MOST);
    }
    options->has_limit = true;
    return PC_DONE;
}

static bool is_old_form(const char *argument)
{
    return argument[0] == '/' &&
           ((strchr("LlWw", argument[1]) != NULL && argument[1] != '\0' && argument[2] == '=') ||
            (strchr("Rr?", argument[1]) != NULL && argument[1] != '\0' && argument[2] == '\0'));
}

/* The forms of LvlLord's patcher. */
static int parse_old_forms(int argc, char **argv, struct options *options)
{
    for (int i = 1; i < argc; i++) {
        if (!is_old_form(argv[i])) {
            return usage_error("\"%s\" does not go together with %s.", argv[i], argv[1]);
        }
        switch (tolower((unsigned char)argv[i][1])) {
        case 'l':
            if (take_limit(options, argv[i] + 3) != PC_DONE) {
                return PC_USAGE;
            }
            break;
        case 'w':
            options->root = argv[i] + 3;
            break;
        case 'r':
            options->command = "restore";
            break;
        default:
            options->command = "help";
            return PC_DONE;
        }
    }
    return PC_DONE;
}

static int parse_long_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        {"root", required_argument, NULL, 'r'},
        {"data", required_argument, NULL, 'd'},
        {"limit", required_argument, NULL, 'l'},
        {"yes", no_argument, NULL, 'y'},
        {"dry-run", no_argument, NULL, 'n'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    int found;
    opterr = 0;
    while ((found = getopt_long(argc, argv, ":hVy", known, NULL)) != -1) { // NOLINT(concurrency-*)
        switch (found) {
        case 'r':
            options->root = optarg;
            break;
        case 'd':
            options->data = optarg;
            break;
        case 'l':
            if (take_limit(options, optarg) != PC_DONE) {
                return PC_USAGE;
            }
            break;
        case 'y':
            options->yes = true;
            break;
        case 'n':
            options->dry_run = true;
            break;
        case 'j':
            options->json = true;
            break;
        case 'h':
            options->command = "help";
            return PC_DONE;
        case 'V':
            options->command = "version";
            return PC_DONE;
        case ':':
            return usage_error("The option %s needs a value.", argv[optind - 1]);
        default:
            return usage_error("There is no option %s, or it takes no value.", argv[optind - 1]);
        }
    }
    if (optind < argc) {
        options->command = argv[optind++];
    }
    options->files = argv + optind;
    options->file_count = argc - optind;
    return PC_DONE;
}

/* ---- printing ---- */

static void print(struct session *s, enum term_stream stream, struct buf *text)
{
    (void)s;
    (void)term_write(stream, buf_text(text));
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

static void say_step(void *context, const char *sentence)
{
    struct session *s = context;
    if (!s->options->json) {
        (void)term_write(TERM_OUT, sentence);
        (void)term_write(TERM_OUT, "\n");
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

static enum pc_result run_inspect(struct session *s)
{
    enum pc_result result = PC_DONE;
    if (s->options->file_count == 0) {
        return (enum pc_result)usage_error("inspect needs at least one file.");
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
    enum pc_result result = PC_DONE;
    (s->options->json ? report_target_json : report_target)(&s->out, &s->target);
    for (size_t c = 0; c < PC_COPIES; c++) {
        if (s->target.copies[c].present && s->target.copies[c].access != OS_OK) {
            result = PC_FAILED;
        }
    }
    if (pc_interrupted(&s->pc, &s->target)) {
        buf_add_text(&s->why, "Interrupted work was found; run \"tcpippatch recover\".");
        result = PC_INTERRUPTED;
    }
    return result;
}

static enum pc_result run_recover(struct session *s)
{
    struct pc_plan plan = {.what = "recover"};
    bool any = pc_interrupted(&s->pc, &s->target);
    enum pc_result result = pc_recover(&s->pc, &s->target, &s->why);
    if (any) {
        write_audit(s, &plan, result);
    } else if (result == PC_DONE && !s->options->json) {
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
    switch (term_read_line("Change these files? [y/N] ", &answer)) {
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

/* As it has to be typed where it has blanks. */
static void add_argument(struct buf *out, const char *text)
{
    const char *quote = strchr(text, ' ') != NULL ? "\"" : "";
    buf_add_text(out, quote);
    add_printable(out, text);
    buf_add_text(out, quote);
}

static void say_done(struct session *s, const struct pc_plan *plan)
{
    if (plan->wanted == 0) {
        buf_add_text(&s->out, strcmp(plan->what, "set") == 0
                                  ? "Nothing to do: every copy has this limit already.\n"
                                  : "Nothing to do: every copy is the original.\n");
        return;
    }
    buf_printf(&s->out, "Done: %zu %s changed.\n", plan->wanted,
               plan->wanted == 1 ? "file" : "files");
    buf_add_text(&s->out, "It takes effect when the Windows in ");
    add_printable(&s->out, s->target.root);
    buf_add_text(&s->out, " is started again.\n");
    if (s->running) {
        buf_add_text(&s->out, "Windows File Protection may say now that files were replaced by "
                              "unrecognized versions: Cancel, then Yes, keeps the change.\n");
    }
    if (strcmp(plan->what, "set") == 0) {
        buf_add_text(&s->out, "To undo it: tcpippatch restore --root ");
        add_argument(&s->out, s->target.root);
        if (s->options->data != NULL) {
            buf_add_text(&s->out, " --data ");
            add_argument(&s->out, s->options->data);
        }
        buf_add_char(&s->out, '\n');
    }
}

static enum pc_result carry_out(struct session *s, const struct pc_plan *plan)
{
    const struct options *o = s->options;
    bool yes = false;
    if (!o->json) {
        report_left_alone(&s->out, &s->target);
    }
    if (o->dry_run) {
        if (!o->json) {
            report_plan(&s->out, &s->target, plan);
            buf_printf(&s->out, "Dry run: %zu %s would be changed; nothing was written.\n",
                       plan->wanted, plan->wanted == 1 ? "file" : "files");
        }
        return PC_DONE;
    }
    if (plan->wanted > 0) {
        enum pc_result asked = ask_before_writing(s, plan, &yes);
        if (asked != PC_DONE || !yes) {
            return asked;
        }
    }
    print(s, TERM_OUT, &s->out);
    enum pc_result result = pc_apply(&s->pc, &s->target, plan, &s->why);
    if (plan->wanted > 0) {
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
    if (!restore) {
        struct buf warning = BUF_INIT;
        report_limit_warning(&warning, limit);
        print(s, TERM_ERR, &warning);
        buf_free(&warning);
    }
    enum pc_result result = restore ? pc_plan_restore(&s->pc, &s->target, &plan, &s->why)
                                    : pc_plan_set(&s->pc, &s->target, limit, &plan, &s->why);
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
        if (letter == 'c' && parse_limit(buf_text(&answer), &wanted)) {
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

/* Finds the Windows directory that the command is about, and runs it there. */
static enum pc_result run_with_root(struct session *s)
{
    char *running = s->options->root == NULL ? paths_running_windows() : NULL;
    const char *root = s->options->root != NULL ? s->options->root : running;
    enum pc_result result;
    s->running = running != NULL;
    if (root == NULL) {
        return (enum pc_result)usage_error(
            "Which Windows? Name its directory, the one with system32, with --root DIR.");
    }
    result = pc_find(&s->pc, root, &s->target, &s->why);
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

static int check_command(const struct options *o)
{
    static const char *const commands[] = {"inspect", "status", "set", "restore", "recover"};
    if (o->command == NULL) {
        return term_is_terminal(TERM_IN)
                   ? PC_DONE
                   : usage_error("Without a command it asks, and there is no terminal to ask on.");
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(o->command, commands[i]) == 0) {
            bool set = strcmp(o->command, "set") == 0;
            if (set && !o->has_limit) {
                return usage_error("set needs --limit N, a number from %d to %d.", PC_LIMIT_LEAST,
                                   PC_LIMIT_MOST);
            }
            if (i > 0 && o->file_count > 0) {
                return usage_error("%s takes no file: \"%s\".", o->command, o->files[0]);
            }
            return PC_DONE;
        }
    }
    return usage_error("There is no command \"%s\"; there are inspect, status, set, restore and "
                       "recover.",
                       o->command);
}

static int run(const struct options *options)
{
    int result = check_command(options);
    if (result != PC_DONE) {
        return result;
    }
    char *default_data = options->data == NULL ? paths_default_data() : NULL;
    struct session s = {.options = options, .yes = options->yes, .out = BUF_INIT, .why = BUF_INIT};
    s.pc.os = os_native();
    s.pc.data = options->data != NULL ? options->data : default_data;
    s.pc.say = say_step;
    s.pc.say_context = &s;
    if (options->command != NULL && strcmp(options->command, "inspect") == 0) {
        result = (int)run_inspect(&s);
    } else if (s.pc.data == NULL) {
        result = usage_error("There is no place for saved originals: name one with --data DIR.");
    } else {
        result = (int)run_with_root(&s);
    }
    print(&s, TERM_OUT, &s.out);
    complain(&s);
    buf_free(&s.out);
    buf_free(&s.why);
    free(default_data);
    return result;
}

int main(int argc, char **argv)
{
    char **args;
    struct options options = {0};
    int count = args_get(argc, argv, &args);
    if (count < 0) {
        return usage_error("The command line cannot be read: out of memory.");
    }
    int result = count > 1 && is_old_form(args[1]) ? parse_old_forms(count, args, &options)
                                                   : parse_long_options(count, args, &options);
    if (result == PC_DONE && options.command != NULL && strcmp(options.command, "help") == 0) {
        (void)term_write(TERM_OUT, usage_text);
    } else if (result == PC_DONE && options.command != NULL &&
               strcmp(options.command, "version") == 0) {
        (void)term_write(TERM_OUT, "tcpippatch " TCPIPWATCH_VERSION "\n");
    } else if (result == PC_DONE) {
        result = run(&options);
    }
    args_free(args);
    return result;
}
