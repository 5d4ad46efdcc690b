#include "tcpippatch_options.h"

#include "base/keyfile.h"
#include "base/term.h"
#include "base/utf.h"
#include "patchcore.h"

#include <ctype.h>
#include <getopt.h>
#include <string.h>

static const char usage_text[] =
    "usage: tcpippatch inspect FILE... [--json]\n"
    "       tcpippatch status  [--root DIR] [--json]\n"
    "       tcpippatch set     --limit N [--root DIR] [--now] [--yes] [--dry-run] [--json]\n"
    "       tcpippatch restore [--root DIR] [--now] [--yes] [--dry-run] [--json]\n"
    "       tcpippatch recover [--root DIR] [--json]\n"
    "       tcpippatch [/L=N] [/W=DIR] [/R] [/?]\n"
    "\n"
    "Shows and changes the half-open connection limit in the copies of tcpip.sys in a\n"
    "Windows directory: all of them or none, only where it is certain of the place, and\n"
    "back to the original bit for bit. Without a command it shows what it found and asks.\n"
    "The files of the running Windows are changed when it starts next, before it watches\n"
    "them; until then restore takes that back. Those of another Windows are changed at once.\n"
    "\n"
    "  --root DIR    the Windows directory, one that has system32; on Windows the running\n"
    "                system's unless another is named\n"
    "  --limit N     half-open connections, 1 to 16777214; Windows ships 10\n"
    "  --now         changes the files of the running Windows at once; Windows File Protection\n"
    "                then shows two windows, and only Cancel, then Yes, keeps the change\n"
    "  --yes         answers the question before writing with yes\n"
    "  --dry-run     shows each file, offset, old and new bytes and checksums; writes nothing\n"
    "  --json        one JSON object a line\n"
    "  --data DIR    where saved originals, journals and the audit log are kept\n"
    "  /L=N /W=DIR   the limit and the Windows directory;  /R  put the original back\n"
    "  --help, /?    this text;  --version\n"
    "\n"
    "Exit status: 0 done or nothing to do, 1 failed and put back as it was, 2 wrong usage,\n"
    "3 refused, 4 interrupted work found (run \"tcpippatch recover\").\n";

const char *options_usage(void)
{
    return usage_text;
}

int options_complain(const char *format, ...)
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

void options_tell_cut(void)
{
    (void)term_write(TERM_ERR, "tcpippatch: The output cannot be written. Is the disk full?\n");
}

int options_print(const char *text)
{
    if (term_print(text)) {
        return PC_DONE;
    }
    options_tell_cut();
    return PC_FAILED;
}

bool options_parse_limit(const char *text, uint32_t *limit)
{
    uint64_t number;
    if (!keyfile_number(text, PC_LIMIT_MOST, &number) || number < PC_LIMIT_LEAST) {
        return false;
    }
    *limit = (uint32_t)number;
    return true;
}

static int take_limit(struct options *options, const char *text)
{
    if (!options_parse_limit(text, &options->limit)) {
        return options_complain(
            "The limit was given as \"%s\"; it is a whole number from %d to %d.", text,
            PC_LIMIT_LEAST, PC_LIMIT_MOST);
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
            return options_complain("\"%s\" does not go together with %s.", argv[i], argv[1]);
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
            options->wish = WISH_HELP;
            return PC_DONE;
        }
    }
    return PC_DONE;
}

static int parse_long_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        {"root", required_argument, NULL, 'r'},  {"data", required_argument, NULL, 'd'},
        {"limit", required_argument, NULL, 'l'}, {"now", no_argument, NULL, 'w'},
        {"yes", no_argument, NULL, 'y'},         {"dry-run", no_argument, NULL, 'n'},
        {"json", no_argument, NULL, 'j'},        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},     {NULL, 0, NULL, 0},
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
        case 'w':
            options->now = true;
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
            options->wish = WISH_HELP;
            return PC_DONE;
        case 'V':
            options->wish = WISH_VERSION;
            return PC_DONE;
        case ':':
            return options_complain("The option %s needs a value.", argv[optind - 1]);
        default:
            return options_complain("There is no option %s, or it takes no value.",
                                    argv[optind - 1]);
        }
    }
    if (optind < argc) {
        options->command = argv[optind++];
    }
    options->files = argv + optind;
    options->file_count = argc - optind;
    return PC_DONE;
}

static int check_command(const struct options *o)
{
    static const char *const commands[] = {"inspect", "status", "set", "restore", "recover"};
    if (o->command == NULL) {
        return term_is_terminal(TERM_IN)
                   ? PC_DONE
                   : options_complain(
                         "Without a command it asks, and there is no terminal to ask on.");
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(o->command, commands[i]) == 0) {
            bool set = strcmp(o->command, "set") == 0;
            if (set && !o->has_limit) {
                return options_complain("set needs --limit N, a number from %d to %d.",
                                        PC_LIMIT_LEAST, PC_LIMIT_MOST);
            }
            if (i > 0 && o->file_count > 0) {
                return options_complain("%s takes no file: \"%s\".", o->command, o->files[0]);
            }
            return PC_DONE;
        }
    }
    return options_complain(
        "There is no command \"%s\"; there are inspect, status, set, restore and "
        "recover.",
        o->command);
}

int options_read(int argc, char **argv, struct options *out)
{
    *out = (struct options){.wish = WISH_COMMAND};
    int result = argc > 1 && is_old_form(argv[1]) ? parse_old_forms(argc, argv, out)
                                                  : parse_long_options(argc, argv, out);
    return result == PC_DONE && out->wish == WISH_COMMAND ? check_command(out) : result;
}
