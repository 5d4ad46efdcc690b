/* tcpippatch where the limit is not in tcpip.sys: what the running Windows needs, and the registry
 * value that switches a limit on. */
#ifndef PATCHCORE_TCPIPPATCH_RATE_H
#define PATCHCORE_TCPIPPATCH_RATE_H

#include "patchcore.h"
#include "tcpippatch_options.h"

struct rate_work {
    const struct options *options;
    const struct pc_context *pc;
    const struct pc_target *target;
    bool running;    /* the target is the Windows that runs this */
    struct buf *out; /* for standard output; printed before a question */
    bool *cut;       /* set when that could not be written */
    struct buf *why; /* for the standard error output */
};

/* What the Windows needs, for `status`: a sentence; as JSON, for the running Windows alone, an
 * object with the member "windows". And the change that `restore` would undo. */
void rate_report(const struct rate_work *work);

/* `set` and `restore` for the running Windows, where there is nothing in a tcpip.sys to be changed:
 * offers to switch off the limit that is switched on, refuses where there is none, puts back what
 * was switched off. False, and nothing done, when the command is about the copies of tcpip.sys. */
bool rate_change(const struct rate_work *work, bool restore, enum pc_result *result);

#endif
