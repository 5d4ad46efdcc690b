/* How `run` starts, and takes over a changed policy. Private to run.c, start.c and reload.c. */
#ifndef WATCHER_RUN_PARTS_H
#define WATCHER_RUN_PARTS_H

#include "commands.h"
#include "watcher.h"

/* ---- start.c; what goes wrong is complained of ---- */

/* The data directory and the audit log's name. */
bool run_make_paths(struct watcher *w, const struct command_options *options);
bool run_make_state_directory(struct watcher *w);

/* By the policy in force. False, and the file stays, when memory is out. */
bool run_choose_audit_file(struct watcher *w);

bool run_open_logs(struct watcher *w, const struct command_options *options);

/* A log that cannot be read at the start is most likely a slip in its name. */
bool run_check_logs(struct watcher *w);

void run_load_state(struct watcher *w);

/* Finishes or undoes interrupted work, and settles what Windows has carried out when it was
 * started. */
void run_recover(struct watcher *w);

void run_say_start(struct watcher *w);

/* ---- reload.c ---- */

/* Counts by the thresholds of the policy in force. */
void run_count_by_policy(struct watcher *w);

/* `changed`: the policy's file has; `idle`: there was nothing else to do. */
void run_look_at_policy(struct watcher *w, bool changed, bool idle);

/* It was read before it was watched, so it is read once more. */
void run_read_policy_again(struct watcher *w);

#endif
