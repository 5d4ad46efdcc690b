/* The steps that a transaction over the copies is made of; apply.c takes them in order, waiting.c
 * takes back what waits for the next start of Windows, recover.c finishes or undoes what a crash
 * left. */
#ifndef PATCHCORE_INSTALL_H
#define PATCHCORE_INSTALL_H

#include "journal.h"
#include "patchcore.h"

/* Says a step to the context's listener. */
void install_say(const struct pc_context *pc, const char *format, ...) PRINTF_LIKE(2, 3);

/* Adds "PATH WHAT: REASON." to `why`. */
void install_explain(struct buf *why, const char *path, const char *what, enum os_status status);

/* Adds that another program is changing the copies right now. */
void install_explain_busy(const struct pc_target *target, struct buf *why);

/* Takes the lock that keeps a second program away from these copies, and makes the data
 * directory. */
enum pc_result install_begin(const struct pc_context *pc, const struct pc_target *target,
                             struct os_lock **lock, struct buf *why);

/* True when another program has that lock: a journal is then that of its work, not of work that was
 * interrupted. */
bool install_is_going_on(const struct pc_context *pc, const struct pc_target *target);

/* PC_REFUSED with a sentence in `why` for a 32-bit program that cannot see the copies of the 64-bit
 * Windows which runs it. */
enum pc_result install_check_view(const struct pc_context *pc, const struct pc_target *target,
                                  struct buf *why);

/* What a journal tells of a change that was made before. */
enum install_earlier {
    EARLIER_NONE,
    EARLIER_WAITS,       /* for the next start of Windows, and nothing is wrong with it */
    EARLIER_CARRIED_OUT, /* at the last start; all that is left of it is its journal */
};

/* PC_DONE when no journal tells of interrupted work; otherwise a sentence in `why`. `journal` is
 * that of the earlier change where there is one. */
enum pc_result install_check_journal(const struct pc_context *pc, const struct pc_target *target,
                                     struct journal *journal, enum install_earlier *earlier,
                                     struct buf *why);

/* True when the plan does to the copies just what the journal says. */
bool install_is_same_change(const struct pc_plan *plan, const struct journal *journal);

/* Takes back a change that waits, whose journal this is, under the lock. PC_FAILED: it still waits;
 * PC_INTERRUPTED: recovery has to finish it. */
enum pc_result install_withdraw(const struct pc_context *pc, const struct pc_target *target,
                                struct journal *journal, struct buf *why);

/* The path of the new file beside a copy; the caller frees. NULL when memory is out. */
char *install_staged_path(const char *path);

/* Writes `image` as a new file beside the copy, with the metadata of the present file where there
 * is one, flushes it, reads it back and compares. `staged` tells whether the file is there now:
 * after a failure only where it could not even be removed. */
bool install_stage(const struct pc_context *pc, const struct pc_copy *copy, const struct buf *image,
                   bool *staged, struct buf *why);

/* Puts the staged file in the place of the copy, to last. After a failure the copy may be the old
 * file, the new one, or moved aside. */
bool install_swap(const struct pc_context *pc, const struct pc_copy *copy, struct buf *why);

/* Removes a staged file; true when none is there afterwards, and none comes back after a power
 * cut. What was done to the copy itself before lasts then, too. */
bool install_unstage(const struct pc_context *pc, const struct pc_copy *copy, struct buf *why);

/* Where a rename in two steps was cut short (see OS_ASIDE): puts the file that was moved aside back
 * when the copy is gone, and removes it when the copy is there. True when none is left; a sentence
 * in `why` otherwise. To last, it needs install_unstage() afterwards. */
bool install_settle_aside(const struct pc_context *pc, const struct pc_copy *copy, struct buf *why);

/* Makes the image with another limit from one that is writable. `inspection` is that of `from`, and
 * becomes that of `out`. */
bool install_make_image(const struct buf *from, uint32_t limit, struct buf *out,
                        struct pc_inspection *inspection);

#endif
