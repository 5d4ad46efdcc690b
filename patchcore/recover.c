/* Finishing or undoing what a crash, a kill or a power cut left behind. */
#include "backup.h"
#include "base/crc32.h"
#include "base/utf.h"
#include "boot.h"
#include "install.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What a copy is, compared with what the journal says of it. */
enum found {
    FOUND_BEFORE,  /* the old file */
    FOUND_AFTER,   /* the new file */
    FOUND_MISSING, /* no file: only possible where a rename cannot replace in one step */
    FOUND_FOREIGN, /* neither: another program has changed it since */
    FOUND_UNREADABLE,
};

struct recovery {
    const struct pc_context *pc;
    const struct pc_target *target;
    struct journal journal;
    enum found found[PC_COPIES];
    struct buf *why;
};

/* Looks at the file itself, under the lock: since it was found, the program that was at work may
 * have gone on. */
static enum found classify(const struct recovery *r, size_t c, enum os_status *status)
{
    const struct pc_copy *copy = &r->target->copies[c];
    const struct pc_change *change = &r->journal.changes[c];
    if (copy->directory == NULL) {
        *status = copy->access;
        return copy->present && copy->access != OS_WRONG_KIND ? FOUND_UNREADABLE : FOUND_FOREIGN;
    }
    struct buf image = BUF_INIT;
    *status = os_read_whole(r->pc->os, copy->path, OS_READ_COPY, PC_IMAGE_MOST, &image);
    uint32_t crc32 = crc32_update(0, buf_text(&image), image.len);
    buf_free(&image);
    switch (*status) {
    case OS_OK:
        return crc32 == change->crc32_after    ? FOUND_AFTER
               : crc32 == change->crc32_before ? FOUND_BEFORE
                                               : FOUND_FOREIGN;
    case OS_NOT_FOUND:
        return FOUND_MISSING;
    case OS_WRONG_KIND:
    case OS_TOO_BIG:
        return FOUND_FOREIGN;
    default:
        return FOUND_UNREADABLE;
    }
}

/* The image that the copy is to become, out of the present file or the saved original. */
static bool make_wanted(struct recovery *r, size_t c, uint32_t limit, uint32_t crc32,
                        struct buf *image)
{
    const struct pc_copy *copy = &r->target->copies[c];
    const struct pc_change *change = &r->journal.changes[c];
    struct buf from = BUF_INIT;
    bool made = false;
    if (r->found[c] == FOUND_MISSING) {
        made = backup_load(r->pc, &r->journal.version[c].number, r->journal.version[c].known,
                           change->crc32_original, &from, r->why) == BACKUP_SOUND;
    } else {
        enum os_status status =
            os_read_whole(r->pc->os, copy->path, OS_READ_COPY, PC_IMAGE_MOST, &from);
        made = status == OS_OK;
        if (!made) {
            install_explain(r->why, copy->path, "cannot be read", status);
        }
    }
    if (made) {
        struct pc_inspection inspection;
        pc_inspect((const uint8_t *)buf_text(&from), from.len, &inspection);
        made = install_make_image(&from, limit, image, &inspection);
    }
    if (made && crc32_update(0, image->data, image->len) != crc32) {
        made = false;
    }
    if (!made && r->why->len == 0) {
        add_printable(r->why, copy->path);
        buf_add_text(r->why, " could not be made as the journal says.");
    }
    buf_free(&from);
    return made;
}

/* Makes every copy that is ours the new file (forward) or the old one. */
static bool make_alike(struct recovery *r, bool forward)
{
    enum found wanted = forward ? FOUND_AFTER : FOUND_BEFORE;
    for (size_t c = 0; c < PC_COPIES; c++) {
        const struct pc_change *change = &r->journal.changes[c];
        const struct pc_copy *copy = &r->target->copies[c];
        if (!change->wanted || r->found[c] == wanted || r->found[c] == FOUND_FOREIGN) {
            continue;
        }
        struct buf image = BUF_INIT;
        bool staged;
        bool made = make_wanted(r, c, forward ? change->limit_after : change->limit_before,
                                forward ? change->crc32_after : change->crc32_before, &image) &&
                    install_stage(r->pc, copy, &image, &staged, r->why) &&
                    install_swap(r->pc, copy, r->why);
        buf_free(&image);
        if (!made) {
            return false;
        }
    }
    return true;
}

static bool remove_staged(struct recovery *r)
{
    for (size_t c = 0; c < PC_COPIES; c++) {
        const struct pc_copy *copy = &r->target->copies[c];
        if (copy->directory != NULL && !install_unstage(r->pc, copy, r->why)) {
            return false;
        }
    }
    return true;
}

static void say_foreign(struct recovery *r, const struct pc_copy *copy)
{
    struct buf path = BUF_INIT;
    add_printable(&path, copy->path != NULL ? copy->path : "A copy");
    install_say(r->pc,
                "%s is neither the old nor the new file; another program has changed it, and it is "
                "left as it is.",
                buf_text(&path));
    buf_free(&path);
}

/* What the copies are, each after a rename that was cut short has been settled. */
static bool look_at_copies(struct recovery *r)
{
    for (size_t c = 0; c < PC_COPIES; c++) {
        const struct pc_copy *copy = &r->target->copies[c];
        enum os_status status = OS_OK;
        if (!r->journal.changes[c].wanted) {
            continue;
        }
        if (copy->directory != NULL && !install_settle_aside(r->pc, copy, r->why)) {
            return false;
        }
        r->found[c] = classify(r, c, &status);
        if (r->found[c] == FOUND_UNREADABLE) {
            install_explain(r->why, copy->path, "cannot be read", status);
            return false;
        }
    }
    return true;
}

static bool any_found(const struct recovery *r, enum found found)
{
    bool any = false;
    for (size_t c = 0; c < PC_COPIES; c++) {
        any = any || (r->journal.changes[c].wanted && r->found[c] == found);
    }
    return any;
}

/* After a change that Windows was to carry out at its start, the drivers copy decides, so that it
 * need not be replaced while Windows watches it. */
static bool goes_forward(const struct recovery *r)
{
    const bool driver_wanted = r->journal.changes[PC_DRIVERS].wanted;
    const enum found driver = r->found[PC_DRIVERS];
    switch (r->journal.phase) {
    case JOURNAL_COMMIT:
        return !driver_wanted || driver != FOUND_FOREIGN;
    case JOURNAL_BOOT:
        return driver_wanted ? driver == FOUND_AFTER : any_found(r, FOUND_AFTER);
    default:
        return false;
    }
}

/* How much of a change Windows has carried out at its start. */
enum boot_part { PART_NONE, PART_SOME, PART_ALL };

static enum boot_part part_carried_out(const struct recovery *r)
{
    bool old = any_found(r, FOUND_BEFORE) || any_found(r, FOUND_MISSING);
    return !any_found(r, FOUND_AFTER) ? PART_NONE : old ? PART_SOME : PART_ALL;
}

static void say_settled(const struct recovery *r, enum boot_part part, bool forward)
{
    const char *what = r->journal.is_restore ? "restore" : "change";
    const char *before = r->journal.phase == JOURNAL_BOOT && part == PART_NONE
                             ? "Windows has not carried out the %s that was registered for its "
                               "start; it was taken back: every %scopy is as it was before."
                         : r->journal.phase == JOURNAL_BOOT
                             ? "Windows has carried out only a part of the %s that was registered "
                               "for its start; that was undone: every %scopy is as it was before."
                             : "An interrupted %s was found and undone: every %scopy is as it was "
                               "before.";
    const char *after =
        r->journal.phase != JOURNAL_BOOT ? "An interrupted %s was found and finished."
        : part == PART_ALL ? "Windows has carried out the %s that was registered for its start."
                           : "Windows has carried out only a part of the %s that was registered "
                             "for its start; the rest was done now.";
    if (forward) {
        install_say(r->pc, after, what);
    } else {
        install_say(r->pc, before, what, any_found(r, FOUND_FOREIGN) ? "other " : "");
    }
}

/* All copies alike, and nothing left behind. */
static enum pc_result settle(struct recovery *r)
{
    bool forward = goes_forward(r);
    enum boot_part part = part_carried_out(r);
    for (size_t c = 0; c < PC_COPIES; c++) {
        if (r->journal.changes[c].wanted && r->found[c] == FOUND_FOREIGN) {
            say_foreign(r, &r->target->copies[c]);
        }
    }
    bool settled = remove_staged(r) && make_alike(r, forward);
    if (!settled && forward) {
        install_say(r->pc, "The change cannot be finished, so it is undone: %s", buf_text(r->why));
        buf_clear(r->why);
        forward = false;
        settled = look_at_copies(r) && remove_staged(r) && make_alike(r, false);
    }
    if (!settled) {
        buf_add_text(r->why, " The interrupted work is still unfinished; mend the cause and run "
                             "\"tcpippatch recover\" again.");
        return PC_INTERRUPTED;
    }
    enum os_status status = journal_remove(r->pc, r->target);
    if (status != OS_OK) {
        install_explain(r->why, r->pc->data, "keeps a journal that cannot be removed", status);
        return PC_INTERRUPTED;
    }
    say_settled(r, part, forward);
    return PC_DONE;
}

static bool unregister(struct recovery *r)
{
    bool done = boot_unregister(r->pc, r->target, &r->journal, r->why);
    if (!done) {
        buf_add_text(r->why, " Mend the cause and run \"tcpippatch recover\" again.");
    }
    return done;
}

/* A change that is registered for the start of Windows, or was. */
static enum pc_result settle_at_boot(struct recovery *r)
{
    enum boot_state state = BOOT_BROKEN;
    enum os_status status = OS_OK;
    if (r->journal.phase == JOURNAL_BOOT) {
        status = boot_look(r->pc, r->target, &r->journal, &state);
    }
    if (status != OS_OK) {
        buf_printf(r->why,
                   "Whether a change waits for the next start of Windows cannot be told: "
                   "%s.",
                   os_status_text(status));
        return PC_INTERRUPTED;
    }
    if (state == BOOT_WAITS) {
        install_say(r->pc, "A %s waits for the next start of Windows; nothing is wrong with it.",
                    r->journal.is_restore ? "restore" : "change");
        return PC_DONE;
    }
    return unregister(r) && look_at_copies(r) ? settle(r) : PC_INTERRUPTED;
}

/* Each copy is a whole file whatever happened, since it is only ever replaced by a rename. So a
 * journal that cannot be read costs no more than the knowledge of what was meant. */
static enum pc_result set_journal_aside(struct recovery *r, enum keyfile_status whole)
{
    char *directory = journal_directory(r->pc, r->target);
    char *from = directory != NULL ? os_path_join(directory, "journal") : NULL;
    char *to = directory != NULL ? os_path_join(directory, "journal.unreadable") : NULL;
    enum os_status status = OS_NO_MEMORY;
    if (from != NULL && to != NULL) {
        /* Nor may Windows rename what it was told to, should that be in it. */
        r->journal = (struct journal){.protected_before = PROTECTED_ON};
        status = whole == KEYFILE_FUTURE             ? OS_UNSUPPORTED
                 : unregister(r) && remove_staged(r) ? r->pc->os->rename(r->pc->os, from, to)
                                                     : OS_IO;
    }
    if (status == OS_OK) {
        struct buf path = BUF_INIT;
        add_printable(&path, to);
        install_say(r->pc,
                    "The journal of an interrupted change cannot be used: %s. It is kept as %s. "
                    "Every copy is a whole file; see \"tcpippatch status\" whether they are alike, "
                    "and set or restore them.",
                    keyfile_status_text(whole), buf_text(&path));
        buf_free(&path);
    } else {
        buf_printf(r->why, "The journal of an interrupted change cannot be used: %s.",
                   keyfile_status_text(whole));
    }
    free(to);
    free(from);
    free(directory);
    return status == OS_OK ? PC_DONE : PC_INTERRUPTED;
}

static enum pc_result recover_locked(struct recovery *r)
{
    enum keyfile_status whole;
    /* The program that had the lock may have finished meanwhile. */
    enum os_status status = journal_read(r->pc, r->target, &r->journal, &whole);
    if (status == OS_OK && whole != KEYFILE_OK) {
        return set_journal_aside(r, whole);
    }
    if (status == OS_OK) {
        bool at_boot = r->journal.phase == JOURNAL_BOOT || r->journal.phase == JOURNAL_WITHDRAW;
        return at_boot ? settle_at_boot(r) : look_at_copies(r) ? settle(r) : PC_INTERRUPTED;
    }
    if (status != OS_NOT_FOUND) {
        install_explain(r->why, r->pc->data, "cannot be searched for interrupted work", status);
        return PC_INTERRUPTED;
    }
    return PC_DONE;
}

enum pc_result pc_recover(const struct pc_context *pc, const struct pc_target *target,
                          struct buf *why)
{
    struct recovery r = {.pc = pc, .target = target, .why = why};
    struct os_lock *lock = NULL;
    enum keyfile_status whole;
    enum os_status status = journal_read(pc, target, &r.journal, &whole);
    bool none = status == OS_NOT_FOUND || status == OS_WRONG_KIND;
    if (none && !journal_is_half(pc, target)) {
        backup_tidy(pc);
        return PC_DONE;
    }
    if (!none && status != OS_OK) {
        install_explain(why, pc->data, "cannot be searched for interrupted work", status);
        return PC_INTERRUPTED;
    }
    enum pc_result result = install_check_view(pc, target, why);
    if (result != PC_DONE) {
        return result;
    }
    result = PC_INTERRUPTED;
    if (install_begin(pc, target, &lock, why) == PC_DONE) {
        result = recover_locked(&r);
        if (result == PC_DONE) {
            journal_remove_half(pc, target);
            backup_tidy(pc);
        }
    }
    pc->os->unlock(pc->os, lock);
    return result;
}

bool pc_interrupted(const struct pc_context *pc, const struct pc_target *target)
{
    struct journal journal;
    enum keyfile_status whole;
    enum boot_state state = BOOT_BROKEN;
    if (journal_read(pc, target, &journal, &whole) != OS_OK) {
        return false;
    }
    if (whole == KEYFILE_OK && journal.phase == JOURNAL_BOOT &&
        boot_look(pc, target, &journal, &state) == OS_OK && state != BOOT_BROKEN) {
        return false;
    }
    return !install_is_going_on(pc, target);
}
