/* The commands of tcpipwatch; main.c reads the command line and calls one of them. Each returns
 * the exit status: the values of enum pc_result. */
#ifndef WATCHER_COMMANDS_H
#define WATCHER_COMMANDS_H

#include "patchcore.h"
#include "source/source.h"

#include <stdbool.h>

enum command_host { HOST_CONSOLE, HOST_TRAY, HOST_SERVICE };

struct command_options {
    const char *policy_file; /* NULL: the default place */
    const char *root;        /* NULL: none; on Windows the running system's */
    const char *data;        /* NULL: the policy's, else the default place */
    const char *specs[SOURCES_MAX];
    size_t spec_count;
    char **paths; /* what stands behind the options */
    int path_count;
    unsigned jobs; /* threads of a scan; 0 is 1 */
    enum command_host host;
    bool once, yes, all, json, list;
};

int command_run(const struct command_options *options);
int command_scan(const struct command_options *options);
int command_status(const struct command_options *options);
int command_check_policy(const struct command_options *options);
int command_explain(const struct command_options *options);

/* Registers and starts the service, or stops and removes it; done is done also when there was
 * nothing to do. Windows only. */
int command_install_service(const struct command_options *options);
int command_remove_service(const struct command_options *options);

/* Writes "tcpipwatch: SENTENCE" to the standard error output, or, from a service, the sentence to
 * the Application event log. Text from outside is escaped. */
void command_complain(const char *format, ...) PRINTF_LIKE(1, 2);

/* Writes to the standard output. PC_DONE, or PC_FAILED after a sentence when not all could be
 * written. */
int command_print(const char *text);

/* The data directory by --data, the policy, the default, in this order; the caller frees. */
char *command_data_directory(const char *named, const char *of_policy);

#endif
