/* The swap at the next start of Windows: the new files lie beside the copies, and Windows itself
 * renames them before anything is running that watches the copies or has them open. */
#ifndef PATCHCORE_BOOT_H
#define PATCHCORE_BOOT_H

#include "journal.h"

/* What has become of a change with a journal in JOURNAL_BOOT. */
enum boot_state {
    BOOT_WAITS,       /* every new file is in its place and registered */
    BOOT_CARRIED_OUT, /* nothing is left to do, since nothing of it is left */
    BOOT_BROKEN,      /* anything else: recovery has to settle it */
};

/* An error when that cannot be told. */
enum os_status boot_look(const struct pc_context *pc, const struct pc_target *target,
                         const struct journal *journal, enum boot_state *state);

/* Before anything is written: PC_DONE when files can be registered now and be found again.
 * Otherwise a sentence in `why`; PC_REFUSED where only a running Windows can do this. Takes down in
 * the journal what it has to know to take the change back. */
enum pc_result boot_check(const struct pc_context *pc, const struct pc_target *target,
                          struct journal *journal, struct buf *why);

/* Registers the staged files of all copies that the journal wants changed, the drivers copy last,
 * and reads back that they are, and that nothing else has changed. False with a sentence in `why`:
 * some of them may be registered then. */
bool boot_register(const struct pc_context *pc, const struct pc_target *target,
                   const struct journal *journal, struct buf *why);

/* Takes out whatever of this is registered, and nothing else; AllowProtectedRenames becomes what it
 * was, unless others have registered more since, who may need it. False with a sentence in `why`.
 */
bool boot_unregister(const struct pc_context *pc, const struct pc_target *target,
                     const struct journal *journal, struct buf *why);

#endif
