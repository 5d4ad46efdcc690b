/* A plan carried out as one transaction over the copies: now, or at the next start of Windows. */
#include "backup.h"
#include "base/crc32.h"
#include "base/utf.h"
#include "boot.h"
#include "install.h"

#include <inttypes.h>
#include <string.h>

static void say_change(const struct pc_context *pc, const struct pc_copy *copy,
                       const struct pc_change *change, const char *when)
{
    struct buf path = BUF_INIT;
    add_printable(&path, copy->path);
    install_say(pc,
                "%s: limit %" PRIu32 " -> %" PRIu32 " at file offset 0x%" PRIX32
                ", checksum 0x%08" PRIX32 " -> 0x%08" PRIX32 "%s.",
                buf_text(&path), change->limit_before, change->limit_after,
                copy->inspection.limit_offset, change->checksum_before, change->checksum_after,
                when);
    buf_free(&path);
}

struct copy_work {
    struct buf before, after;
    size_t
        images; /* whose `before` and `after` are this copy's, too: its own, or an earlier one's */
    bool staged;
};

struct transaction {
    const struct pc_context *pc;
    const struct pc_target *target;
    const struct pc_plan *plan;
    struct journal journal;
    struct copy_work work[PC_COPIES];
    bool swapping; /* the copies themselves may have been touched */
    struct buf *why;
};

/* The copies that the plan wants changed, in order: for (each...) reads like a sentence. */
static size_t next_wanted(const struct pc_plan *plan, size_t from)
{
    while (from < PC_COPIES && !plan->changes[from].wanted) {
        from++;
    }
    return from;
}

#define FOR_EACH_WANTED(t, c)                                                                      \
    for (size_t c = next_wanted((t)->plan, 0); (c) < PC_COPIES;                                    \
         (c) = next_wanted((t)->plan, (c) + 1))

/* For `set` the original is saved before anything is written. For `restore` it is the other way
 * round: what the present file says its original is, is compared with the saved one. A lost save
 * does not stop a restore, since the two changed numbers are known with certainty. */
static bool settle_original(struct transaction *t, const struct pc_copy *copy,
                            const struct buf *original, const struct pc_inspection *inspection)
{
    if (!t->journal.is_restore) {
        return backup_save(t->pc, original, inspection, copy->path, t->why);
    }
    struct buf saved = BUF_INIT;
    struct buf note = BUF_INIT;
    bool same = true;
    switch (backup_load(t->pc, &inspection->version, inspection->has_version,
                        crc32_update(0, original->data, original->len), &saved, &note)) {
    case BACKUP_SOUND:
        same = saved.len == original->len && memcmp(saved.data, original->data, saved.len) == 0;
        break;
    case BACKUP_MISSING:
        install_say(t->pc, "No saved original of this build is in the data directory; the limit "
                           "and the checksum are set back in the file itself.");
        break;
    case BACKUP_UNSOUND:
        install_say(t->pc, "%s The limit and the checksum are set back in the file itself.",
                    buf_text(&note));
        break;
    }
    if (!same) {
        add_printable(t->why, copy->path);
        buf_add_text(t->why, " differs from the saved original in more than the limit.");
    }
    buf_free(&note);
    buf_free(&saved);
    return same;
}

/* The image with Windows' own limit: one of the two at hand, or made. NULL when it cannot be. */
static const struct buf *find_original(const struct copy_work *work, const struct pc_change *change,
                                       const struct pc_inspection *before,
                                       const struct pc_inspection *after, struct buf *room,
                                       struct pc_inspection *inspection)
{
    *inspection = *before;
    if (before->limit == PC_LIMIT_WINDOWS) {
        return &work->before;
    }
    if (change->limit_after == PC_LIMIT_WINDOWS) {
        *inspection = *after;
        return &work->after;
    }
    return install_make_image(&work->before, PC_LIMIT_WINDOWS, room, inspection) ? room : NULL;
}

/* Makes the new image and settles the original of a copy that was read. */
static bool make_images(struct transaction *t, size_t c)
{
    const struct pc_change *change = &t->plan->changes[c];
    const struct pc_copy *copy = &t->target->copies[c];
    struct copy_work *work = &t->work[c];
    struct buf room = BUF_INIT;
    const struct buf *original = NULL;
    struct pc_inspection before;
    pc_inspect((const uint8_t *)buf_text(&work->before), work->before.len, &before);
    struct pc_inspection after = before;
    struct pc_inspection inspection = before;
    if (install_make_image(&work->before, change->limit_after, &work->after, &after) &&
        crc32_update(0, work->after.data, work->after.len) == change->crc32_after) {
        original = find_original(work, change, &before, &after, &room, &inspection);
    }
    bool ready = false;
    if (original != NULL) {
        ready = settle_original(t, copy, original, &inspection);
        t->journal.version[c].known = inspection.has_version;
        t->journal.version[c].number = inspection.version;
    } else {
        add_printable(t->why, copy->path);
        buf_add_text(t->why, " could not be changed with certainty.");
    }
    buf_free(&room);
    return ready;
}

/* Most often the copies are the same file: then one's images and original are those of all. Says
 * whose images are this copy's, its own when no earlier one is the same. */
static enum os_status find_images(struct transaction *t, size_t c)
{
    const char *path = t->target->copies[c].path;
    const struct pc_change *change = &t->plan->changes[c];
    enum os_status status = OS_OK;
    bool same = false;
    t->work[c].images = c;
    for (size_t e = next_wanted(t->plan, 0); status == OS_OK && !same && e < c;
         e = next_wanted(t->plan, e + 1)) {
        const struct pc_change *earlier = &t->plan->changes[e];
        if (t->work[e].images == e && earlier->crc32_before == change->crc32_before &&
            earlier->limit_after == change->limit_after) {
            status = os_compare_whole(t->pc->os, path, OS_READ_COPY, &t->work[e].before, &same);
            t->work[c].images = same ? e : c;
        }
    }
    return status;
}

/* Reads a copy again, and has what it is to become made. */
static bool prepare_copy(struct transaction *t, size_t c)
{
    const char *path = t->target->copies[c].path;
    struct copy_work *work = &t->work[c];
    enum os_status status = find_images(t, c);
    if (status == OS_OK && work->images != c) {
        t->journal.version[c] = t->journal.version[work->images];
        return true;
    }
    if (status == OS_OK) {
        status = os_read_whole(t->pc->os, path, OS_READ_COPY, PC_IMAGE_MOST, &work->before);
    }
    if (status != OS_OK) {
        install_explain(t->why, path, "cannot be read", status);
        return false;
    }
    if (crc32_update(0, work->before.data, work->before.len) != t->plan->changes[c].crc32_before) {
        add_printable(t->why, path);
        buf_add_text(t->why, " was changed by another program since it was inspected.");
        return false;
    }
    return make_images(t, c);
}

static bool stage_all(struct transaction *t)
{
    FOR_EACH_WANTED(t, c)
    {
        struct copy_work *work = &t->work[c];
        if (!install_stage(t->pc, &t->target->copies[c], &t->work[work->images].after,
                           &work->staged, t->why)) {
            return false;
        }
    }
    return true;
}

static bool write_journal(struct transaction *t, enum journal_phase phase)
{
    t->journal.phase = phase;
    enum os_status status = journal_write(t->pc, t->target, &t->journal);
    if (status != OS_OK) {
        install_explain(t->why, t->pc->data, "cannot take the journal of this change", status);
    }
    return status == OS_OK;
}

static bool swap_all(struct transaction *t)
{
    t->swapping = true;
    FOR_EACH_WANTED(t, c)
    {
        const struct pc_copy *copy = &t->target->copies[c];
        if (!install_swap(t->pc, copy, t->why)) {
            return false;
        }
        say_change(t->pc, copy, &t->plan->changes[c], "");
    }
    return true;
}

/* Whether a copy has to be put back. A rename that was answered with an error may have been done
 * all the same, or by half, so that only the file itself can tell. */
static bool has_to_go_back(struct transaction *t, size_t c, bool *back, struct buf *why)
{
    const struct pc_copy *copy = &t->target->copies[c];
    struct buf present = BUF_INIT;
    enum os_status status =
        os_read_whole(t->pc->os, copy->path, OS_READ_COPY, PC_IMAGE_MOST, &present);
    *back = status == OS_NOT_FOUND ||
            (status == OS_OK &&
             crc32_update(0, buf_text(&present), present.len) == t->plan->changes[c].crc32_after);
    if (status != OS_OK && status != OS_NOT_FOUND) {
        install_explain(why, copy->path, "cannot be read", status);
    }
    buf_free(&present);
    return status == OS_OK || status == OS_NOT_FOUND;
}

static bool undo_copy(struct transaction *t, size_t c, struct buf *why)
{
    const struct pc_copy *copy = &t->target->copies[c];
    const struct buf *before = &t->work[t->work[c].images].before;
    bool back = false;
    bool staged;
    if (t->swapping && !install_settle_aside(t->pc, copy, why)) {
        return false;
    }
    if (!install_unstage(t->pc, copy, why) || (t->swapping && !has_to_go_back(t, c, &back, why))) {
        return false;
    }
    return !back ||
           (install_stage(t->pc, copy, before, &staged, why) && install_swap(t->pc, copy, why));
}

/* Every copy as it was, nothing beside it, no journal. */
static bool undo_all(struct transaction *t)
{
    struct buf more = BUF_INIT;
    bool undone = true;
    FOR_EACH_WANTED(t, c)
    {
        if (t->swapping || t->work[c].staged) {
            undone = undo_copy(t, c, &more) && undone;
        }
    }
    if (undone) {
        enum os_status status = journal_remove(t->pc, t->target);
        undone = status == OS_OK;
        if (!undone) {
            install_explain(&more, t->pc->data, "keeps a journal that cannot be removed", status);
        }
    }
    if (more.len > 0) {
        buf_printf(t->why, " Putting things back: %s", buf_text(&more));
    }
    buf_free(&more);
    return undone;
}

/* A crash from here on must not finish what the user is told was undone, so the journal says that
 * first; where it cannot be written either, a crash would still leave all copies alike. */
static enum pc_result give_up(struct transaction *t)
{
    bool registering = t->journal.phase == JOURNAL_BOOT;
    struct buf more = BUF_INIT;
    if (t->journal.phase != JOURNAL_PREPARE) {
        t->journal.phase = registering ? JOURNAL_WITHDRAW : JOURNAL_PREPARE;
        (void)journal_write(t->pc, t->target, &t->journal);
    }
    bool free_of_it = !registering || boot_unregister(t->pc, t->target, &t->journal, &more);
    if (!free_of_it) {
        buf_printf(t->why, " Putting things back: %s", buf_text(&more));
    }
    buf_free(&more);
    /* Files that Windows would still rename stay where they are: all of them or none. */
    if (free_of_it && undo_all(t)) {
        buf_add_text(t->why, " Every copy is as it was before.");
        return PC_FAILED;
    }
    buf_add_text(t->why, " Not everything could be put back; run \"tcpippatch recover\" when the "
                         "cause is mended.");
    return PC_INTERRUPTED;
}

static enum pc_result swap_now(struct transaction *t)
{
    if (!write_journal(t, JOURNAL_COMMIT) || !swap_all(t)) {
        return give_up(t);
    }
    enum os_status status = journal_remove(t->pc, t->target);
    if (status != OS_OK) {
        install_explain(t->why, t->pc->data, "keeps a journal that cannot be removed", status);
        buf_add_text(t->why,
                     " All copies are changed; run \"tcpippatch recover\" when the cause is "
                     "mended.");
        return PC_INTERRUPTED;
    }
    return PC_DONE;
}

/* What is registered must be there when Windows looks for it. */
static bool flush_staged(struct transaction *t)
{
    FOR_EACH_WANTED(t, c)
    {
        const char *directory = t->target->copies[c].directory;
        enum os_status status = t->pc->os->flush_directory(t->pc->os, directory);
        if (status != OS_OK) {
            install_explain(t->why, directory, "cannot be written to the disk", status);
            return false;
        }
    }
    return true;
}

/* The journal stays until what was registered has been carried out or taken back. */
static enum pc_result leave_to_next_boot(struct transaction *t)
{
    if (!flush_staged(t) || !write_journal(t, JOURNAL_BOOT) ||
        !boot_register(t->pc, t->target, &t->journal, t->why)) {
        return give_up(t);
    }
    FOR_EACH_WANTED(t, c)
    {
        say_change(t->pc, &t->target->copies[c], &t->plan->changes[c],
                   " at the next start of Windows");
    }
    return PC_DONE;
}

static enum pc_result carry_out(struct transaction *t)
{
    bool at_boot = t->plan->way == PC_NEXT_BOOT;
    enum pc_result ready = at_boot ? boot_check(t->pc, t->target, &t->journal, t->why) : PC_DONE;
    for (size_t c = next_wanted(t->plan, 0); ready == PC_DONE && c < PC_COPIES;
         c = next_wanted(t->plan, c + 1)) {
        ready = prepare_copy(t, c) ? PC_DONE : PC_FAILED;
    }
    if (ready != PC_DONE) {
        buf_add_text(t->why, " Nothing was changed.");
        return ready;
    }
    if (!write_journal(t, JOURNAL_PREPARE) || !stage_all(t)) {
        return give_up(t);
    }
    return at_boot ? leave_to_next_boot(t) : swap_now(t);
}

bool install_is_same_change(const struct pc_plan *plan, const struct journal *journal)
{
    bool same = plan->wanted > 0;
    for (size_t c = 0; c < PC_COPIES; c++) {
        const struct pc_change *a = &plan->changes[c];
        const struct pc_change *b = &journal->changes[c];
        same = same && a->wanted == b->wanted &&
               (!a->wanted ||
                (a->crc32_before == b->crc32_before && a->crc32_after == b->crc32_after));
    }
    return same;
}

/* Makes way for this change; `done` when it waits already. */
static enum pc_result settle_earlier(struct transaction *t, bool *done)
{
    struct journal journal;
    enum install_earlier earlier;
    enum os_status status = OS_OK;
    *done = false;
    enum pc_result result = install_check_journal(t->pc, t->target, &journal, &earlier, t->why);
    if (result != PC_DONE || earlier == EARLIER_NONE) {
        return result;
    }
    if (earlier == EARLIER_CARRIED_OUT) {
        status = journal_remove(t->pc, t->target);
        if (status != OS_OK) {
            install_explain(t->why, t->pc->data, "keeps a journal that cannot be removed", status);
        }
        return status == OS_OK ? PC_DONE : PC_FAILED;
    }
    *done = t->plan->way == PC_NEXT_BOOT && install_is_same_change(t->plan, &journal);
    return *done ? PC_DONE : install_withdraw(t->pc, t->target, &journal, t->why);
}

enum pc_result pc_apply(const struct pc_context *pc, const struct pc_target *target,
                        const struct pc_plan *plan, struct buf *why)
{
    struct os_lock *lock = NULL;
    bool done = false;
    if (plan->wanted == 0 && !plan->waits) {
        return PC_DONE;
    }
    struct transaction t = {.pc = pc, .target = target, .plan = plan, .why = why};
    memcpy(t.journal.changes, plan->changes, sizeof t.journal.changes);
    t.journal.is_restore = strcmp(plan->what, "restore") == 0;
    enum pc_result result = install_check_view(pc, target, why);
    if (result == PC_DONE) {
        result = install_begin(pc, target, &lock, why);
    }
    if (result == PC_DONE) {
        result = settle_earlier(&t, &done);
    }
    if (result == PC_DONE && !done && plan->wanted > 0) {
        result = carry_out(&t);
    }
    pc->os->unlock(pc->os, lock);
    for (size_t c = 0; c < PC_COPIES; c++) {
        buf_free(&t.work[c].before);
        buf_free(&t.work[c].after);
    }
    return result;
}
