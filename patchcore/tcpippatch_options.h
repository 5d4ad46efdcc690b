/* The command line of tcpippatch. */
#ifndef PATCHCORE_TCPIPPATCH_OPTIONS_H
#define PATCHCORE_TCPIPPATCH_OPTIONS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/* What was asked for. */
enum options_wish { WISH_COMMAND, WISH_HELP, WISH_VERSION };

struct options {
    enum options_wish wish;
    const char *command; /* NULL: ask on the terminal */
    const char *root;
    const char *data;
    uint32_t limit;
    bool has_limit, yes, dry_run, json;
    bool now; /* also on the running system */
    char **files;
    int file_count;
};

/* Reads the command line and checks that command and options go together. PC_DONE, or PC_USAGE
 * after a sentence on the standard error output. */
int options_read(int argc, char **argv, struct options *out);

/* The help text. */
const char *options_usage(void);

/* A limit as a user types it: a whole number that is possible as a limit. */
bool options_parse_limit(const char *text, uint32_t *limit);

/* Writes a sentence and where to find help to the standard error output; PC_USAGE. */
int options_complain(const char *format, ...) PRINTF_LIKE(1, 2);

/* Says on the standard error output that the standard output could not be written. */
void options_tell_cut(void);

/* Writes to the standard output. PC_DONE, or PC_FAILED after that sentence. */
int options_print(const char *text);

#endif
