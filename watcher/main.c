/* tcpipwatch: the command line. */
#include "base/args.h"
#include "base/term.h"
#include "commands.h"
#include "crew.h"
#include "patchcore.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char usage_text[] =
    "usage: tcpipwatch run [--source SPEC]... [--root DIR] [--policy FILE] [--data DIR]\n"
    "                      [--tray | --service | [--once] [--yes]]\n"
    "       tcpipwatch scan [--policy FILE] [--all] [--json] [--jobs N] PATH...\n"
    "       tcpipwatch status [--root DIR] [--policy FILE] [--data DIR]\n"
    "       tcpipwatch explain [--root DIR] [--policy FILE] [--data DIR] [--json] [--list]\n"
    "                      [BURST]\n"
    "       tcpipwatch check-policy [FILE]\n"
    "       tcpipwatch install-service [--source SPEC]... [--root DIR] [--policy FILE]\n"
    "                      [--data DIR]\n"
    "       tcpipwatch remove-service\n"
    "\n"
    "Watches event logs for bursts of TCP/IP event 4226 (Windows has held back outgoing\n"
    "connection attempts) and, after a yes, raises the half-open connection limit in the\n"
    "tcpip.sys of a Windows directory to what the policy says.\n"
    "\n"
    "  run           watches until it is stopped: tells, asks, patches, asks for the restart\n"
    "                and verifies after it\n"
    "  scan          prints the matching records and the bursts in logs; directories are\n"
    "                read through\n"
    "  status        what runs, what was seen and what was done\n"
    "  explain       tells the story of the last burst, or of BURST: the events, the programs\n"
    "                behind them, what was decided and changed, the restart, what came of it\n"
    "  check-policy  reads a policy, prints what is in force or what is wrong with it\n"
    "  install-service, remove-service\n"
    "                on Windows: registers and starts the service that runs with nobody\n"
    "                logged on; stops and removes it\n"
    "\n"
    "  --source SPEC  file:PATH, an .evt, .evtx or event XML file: read from its beginning,\n"
    "                 then followed as it grows; may be given several times. On Windows also\n"
    "                 system, the live System log, which is watched when no source is named,\n"
    "                 and channel:NAME, a channel of the event log of Vista and later\n"
    "  --root DIR     the Windows directory whose tcpip.sys may be changed: the one of the\n"
    "                 computer that the log is of\n"
    "  --policy FILE  the policy instead of the one at the default place\n"
    "  --data DIR     where state, audit log and saved originals are kept\n"
    "  --tray         on Windows: an icon beside the clock, which tells and asks\n"
    "  --service      how Windows itself starts the service\n"
    "  --once         ends at the end of the logs instead of waiting for more\n"
    "  --yes          answers every question with yes\n"
    "  --all          every record, not only event 4226\n"
    "  --json         one JSON object a line\n"
    "  --list         lists the bursts; BURST is the number (1 is the last one) or the time that\n"
    "                 stands there, or as much of the time as no other has\n"
    "  --jobs N       scans with N threads (1); the output stays in the same order\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 done, 1 failed or a log could not be read whole, 2 wrong usage or policy,\n"
    "3 refused, 4 interrupted work found (run \"tcpippatch recover\").\n";

struct command {
    const char *name;
    int (*run)(const struct command_options *options);
    const char *letters; /* of the options that it takes */
    int most_paths;      /* what may stand behind the options; -1: any number */
};

static const struct command commands[] = {
    {"run", command_run, "srpdoytv", 0},
    {"scan", command_scan, "pajn", -1},
    {"status", command_status, "rpd", 0},
    {"explain", command_explain, "rpdjl", 1},
    {"check-policy", command_check_policy, "p", 1},
    {"install-service", command_install_service, "srpd", 0},
    {"remove-service", command_remove_service, "", 0},
};

static int usage_error(void)
{
    (void)term_write(TERM_ERR, "Try \"tcpipwatch --help\".\n");
    return PC_USAGE;
}

static bool take_jobs(struct command_options *options, const char *value)
{
    char *end;
    unsigned long jobs = strtoul(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || jobs < 1 || jobs > CREW_MOST) {
        command_complain("--jobs %s: expected is a number of threads from 1 to %d.", value,
                         CREW_MOST);
        return false;
    }
    options->jobs = (unsigned)jobs;
    return true;
}

static bool take_option(struct command_options *options, int letter, const char *value)
{
    switch (letter) {
    case 's':
        if (options->spec_count == SOURCES_MAX) {
            command_complain("At most %d sources can be watched at a time.", SOURCES_MAX);
            return false;
        }
        options->specs[options->spec_count++] = value;
        break;
    case 'r':
        options->root = value;
        break;
    case 'p':
        options->policy_file = value;
        break;
    case 'd':
        options->data = value;
        break;
    case 'o':
        options->once = true;
        break;
    case 'y':
        options->yes = true;
        break;
    case 'a':
        options->all = true;
        break;
    case 't':
    case 'v':
        if (options->host != HOST_CONSOLE) {
            command_complain("Either --tray or --service.");
            return false;
        }
        options->host = letter == 't' ? HOST_TRAY : HOST_SERVICE;
        break;
    case 'l':
        options->list = true;
        break;
    case 'n':
        return take_jobs(options, value);
    default:
        options->json = true;
        break;
    }
    return true;
}

static int run_command(const struct command *command, int argc, char **argv)
{
    static const struct option known[] = {
        {"source", required_argument, NULL, 's'}, {"root", required_argument, NULL, 'r'},
        {"policy", required_argument, NULL, 'p'}, {"data", required_argument, NULL, 'd'},
        {"once", no_argument, NULL, 'o'},         {"tray", no_argument, NULL, 't'},
        {"service", no_argument, NULL, 'v'},      {"yes", no_argument, NULL, 'y'},
        {"all", no_argument, NULL, 'a'},          {"json", no_argument, NULL, 'j'},
        {"list", no_argument, NULL, 'l'},         {"jobs", required_argument, NULL, 'n'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    struct command_options options = {0};
    int found;
    opterr = 0;
    while ((found = getopt_long(argc, argv, ":h", known, NULL)) != -1) {
        if (found == 'h') {
            return command_print(usage_text);
        }
        if (found == ':') {
            command_complain("The option %s needs a value.", argv[optind - 1]);
            return usage_error();
        }
        if (found == '?') {
            command_complain("There is no option %s, or it takes no value.", argv[optind - 1]);
            return usage_error();
        }
        if (strchr(command->letters, found) == NULL) {
            command_complain("%s takes no such option: %s.", command->name, argv[optind - 1]);
            return usage_error();
        }
        if (!take_option(&options, found, optarg)) {
            return PC_USAGE;
        }
    }
    options.paths = argv + optind;
    options.path_count = argc - optind;
    if (command->most_paths >= 0 && options.path_count > command->most_paths) {
        command_complain("%s does not take \"%s\".", command->name,
                         options.paths[command->most_paths]);
        return usage_error();
    }
    return command->run(&options);
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        (void)term_write(TERM_ERR, usage_text);
        return PC_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "/?") == 0) {
        return command_print(usage_text);
    }
    if (strcmp(argv[1], "--version") == 0) {
        return command_print("tcpipwatch " TCPIPWATCH_VERSION "\n");
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            return run_command(&commands[i], argc - 1, argv + 1);
        }
    }
    command_complain("There is no command \"%s\"; there are run, scan, status, explain, "
                     "check-policy, install-service and remove-service.",
                     argv[1]);
    return usage_error();
}

int main(int argc, char **argv)
{
    char **args;
    int count = args_get(argc, argv, &args);
    if (count < 0) {
        command_complain("The command line cannot be read: out of memory.");
        return PC_FAILED;
    }
    int result = dispatch(count, args);
    args_free(args);
    return result;
}
