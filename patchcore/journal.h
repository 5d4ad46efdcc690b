/* The journal of one transaction over the copies: DATA/roots/ID/journal.
 *
 * It says what each copy was and what it is to become, by CRC-32. Which copies have been swapped
 * already is not written down: the copies themselves tell it, and cannot be wrong about it.
 */
#ifndef PATCHCORE_JOURNAL_H
#define PATCHCORE_JOURNAL_H

#include "base/keyfile.h"
#include "patchcore.h"

enum journal_phase {
    JOURNAL_PREPARE,  /* new files are being written beside the copies: to be undone */
    JOURNAL_COMMIT,   /* all new files are whole and on the disk: to be finished */
    JOURNAL_BOOT,     /* the same, and they are registered for the next start of Windows, or just
                       * being so; boot_look() tells what became of it */
    JOURNAL_WITHDRAW, /* such a change is being taken back: to be undone */
    JOURNAL_PHASES
};

/* What AllowProtectedRenames was before a change was registered. */
enum journal_protected { PROTECTED_ABSENT, PROTECTED_OFF, PROTECTED_ON, PROTECTED_VALUES };

struct journal {
    enum journal_phase phase;
    bool is_restore;
    enum journal_protected protected_before;
    uint32_t others_crc32; /* of what others had registered for the next start */
    struct pc_change changes[PC_COPIES];
    struct {
        bool known;
        struct pc_version number;
    } version[PC_COPIES]; /* of each wanted copy: names its saved original */
};

/* Writes it so that a crash leaves the journal before or this one. */
enum os_status journal_write(const struct pc_context *pc, const struct pc_target *target,
                             const struct journal *journal);
/* OS_OK as soon as it is gone for every program that looks. Should a power cut bring it back, it
 * tells recovery of work that is done already. */
enum os_status journal_remove(const struct pc_context *pc, const struct pc_target *target);

/* Half a journal, written by a program that was killed: there is one, and remove it. */
bool journal_is_half(const struct pc_context *pc, const struct pc_target *target);
void journal_remove_half(const struct pc_context *pc, const struct pc_target *target);

/* OS_NOT_FOUND when there is none. With OS_OK, `whole` says whether it could be understood. */
enum os_status journal_read(const struct pc_context *pc, const struct pc_target *target,
                            struct journal *journal, enum keyfile_status *whole);

/* DATA/roots/ID, where the journal is; the caller frees. NULL when memory is out. */
char *journal_directory(const struct pc_context *pc, const struct pc_target *target);

#endif
