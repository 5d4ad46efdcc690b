/* The policy as a file: where it is, and reading it. */
#ifndef WATCHER_POLICY_FILE_H
#define WATCHER_POLICY_FILE_H

#include "os.h"
#include "policy.h"

enum policy_load {
    POLICY_LOADED,
    POLICY_ABSENT, /* none was named and none is at the default place: the defaults hold */
    POLICY_WRONG,  /* it cannot be read or has errors; `why` has a line for each */
};

/* Reads the policy `named`, or with NULL the one at the default place. `out` is an initialised
 * policy, and untouched with POLICY_WRONG. */
enum policy_load policy_load(const struct os *os, const char *named, struct policy *out,
                             struct buf *why);

/* The path that policy_load() reads; NULL when there is no default place. The caller frees. */
char *policy_file_path(const char *named);

#endif
