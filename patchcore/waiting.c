/* A change that waits for the next start of Windows: whether there is one, and taking it back. */
#include "boot.h"
#include "install.h"

static bool read_waiting(const struct pc_context *pc, const struct pc_target *target,
                         struct journal *journal)
{
    enum keyfile_status whole;
    enum boot_state state;
    return journal_read(pc, target, journal, &whole) == OS_OK && whole == KEYFILE_OK &&
           journal->phase == JOURNAL_BOOT && boot_look(pc, target, journal, &state) == OS_OK &&
           state == BOOT_WAITS;
}

bool pc_waiting(const struct pc_context *pc, const struct pc_target *target, struct pc_waiting *out)
{
    struct journal journal;
    if (!read_waiting(pc, target, &journal)) {
        return false;
    }
    *out = (struct pc_waiting){.is_restore = journal.is_restore};
    for (size_t c = 0; c < PC_COPIES; c++) {
        out->changes[c] = journal.changes[c];
        if (journal.changes[c].wanted && (out->limit_after == 0 || c == PC_DRIVERS)) {
            out->limit_after = journal.changes[c].limit_after;
        }
    }
    return true;
}

/* After a failure: whether the change waits as before. */
static enum pc_result wait_on(const struct pc_context *pc, const struct pc_target *target,
                              struct journal *journal, struct buf *why)
{
    enum boot_state state;
    if (boot_look(pc, target, journal, &state) == OS_OK && state == BOOT_WAITS) {
        journal->phase = JOURNAL_BOOT;
        (void)journal_write(pc, target, journal);
        if (read_waiting(pc, target, journal)) {
            buf_add_text(why, " The change still waits for the next start of Windows.");
            return PC_FAILED;
        }
    }
    buf_add_text(why, " Run \"tcpippatch recover\" when the cause is mended.");
    return PC_INTERRUPTED;
}

/* Nothing is registered any more. */
static enum pc_result remove_what_is_left(const struct pc_context *pc,
                                          const struct pc_target *target, struct buf *why)
{
    bool removed = true;
    for (size_t c = 0; c < PC_COPIES; c++) {
        if (target->copies[c].directory != NULL) {
            removed = install_unstage(pc, &target->copies[c], why) && removed;
        }
    }
    if (removed) {
        enum os_status status = journal_remove(pc, target);
        removed = status == OS_OK;
        if (!removed) {
            install_explain(why, pc->data, "keeps a journal that cannot be removed", status);
        }
    }
    if (!removed) {
        buf_add_text(why, " The change was taken back, though not tidied up; run \"tcpippatch "
                          "recover\" when the cause is mended.");
    }
    return removed ? PC_DONE : PC_INTERRUPTED;
}

enum pc_result install_withdraw(const struct pc_context *pc, const struct pc_target *target,
                                struct journal *journal, struct buf *why)
{
    journal->phase = JOURNAL_WITHDRAW;
    enum os_status status = journal_write(pc, target, journal);
    if (status != OS_OK) {
        install_explain(why, pc->data, "cannot take the journal of this change", status);
        return wait_on(pc, target, journal, why);
    }
    if (!boot_unregister(pc, target, journal, why)) {
        return wait_on(pc, target, journal, why);
    }
    enum pc_result result = remove_what_is_left(pc, target, why);
    if (result == PC_DONE) {
        install_say(pc, "The %s that waited for the next start of Windows was taken back.",
                    journal->is_restore ? "restore" : "change");
    }
    return result;
}

enum pc_result pc_withdraw(const struct pc_context *pc, const struct pc_target *target,
                           struct buf *why)
{
    struct journal journal;
    struct os_lock *lock = NULL;
    enum install_earlier earlier = EARLIER_NONE;
    enum keyfile_status whole;
    enum os_status status = journal_read(pc, target, &journal, &whole);
    if (status == OS_NOT_FOUND || status == OS_WRONG_KIND) {
        return PC_DONE;
    }
    enum pc_result result = install_check_view(pc, target, why);
    if (result == PC_DONE) {
        result = install_begin(pc, target, &lock, why);
    }
    if (result == PC_DONE) {
        result = install_check_journal(pc, target, &journal, &earlier, why);
    }
    if (result == PC_DONE && earlier == EARLIER_WAITS) {
        result = install_withdraw(pc, target, &journal, why);
    }
    pc->os->unlock(pc->os, lock);
    return result;
}
