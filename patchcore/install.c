#include "install.h"

#include "backup.h"
#include "base/crc32.h"
#include "base/utf.h"
#include "journal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char staged_suffix[] = ".tcpipwatch-new";

/* ---- sentences ---- */

void install_say(const struct pc_context *pc, const char *format, ...)
{
    if (pc->say == NULL) {
        return;
    }
    struct buf sentence = BUF_INIT;
    va_list args;
    va_start(args, format);
    buf_vprintf(&sentence, format, args);
    va_end(args);
    pc->say(pc->say_context, buf_text(&sentence));
    buf_free(&sentence);
}

void install_explain(struct buf *why, const char *path, const char *what, enum os_status status)
{
    add_printable(why, path);
    buf_printf(why, " %s: %s.", what, os_status_text(status));
}

static void say_swapped(const struct pc_context *pc, const struct pc_copy *copy,
                        const struct pc_change *change)
{
    struct buf path = BUF_INIT;
    add_printable(&path, copy->path);
    install_say(pc,
                "%s: limit %" PRIu32 " -> %" PRIu32 " at file offset 0x%" PRIX32
                ", checksum 0x%08" PRIX32 " -> 0x%08" PRIX32 ".",
                buf_text(&path), change->limit_before, change->limit_after,
                copy->inspection.limit_offset, change->checksum_before, change->checksum_after);
    buf_free(&path);
}

/* ---- single steps ---- */

void install_explain_busy(const struct pc_target *target, struct buf *why)
{
    buf_add_text(why, "Another program is changing the copies under ");
    add_printable(why, target->root);
    buf_add_text(why, " right now; try again when it is done.");
}

enum pc_result install_begin(const struct pc_context *pc, const struct pc_target *target,
                             struct os_lock **lock, struct buf *why)
{
    const struct pc_copy *drivers = &target->copies[PC_DRIVERS];
    *lock = NULL;
    enum os_status status = os_make_private(pc->os, pc->data);
    if (status != OS_OK) {
        buf_add_text(why, "The data directory ");
        install_explain(why, pc->data, "cannot be used", status);
        buf_add_text(why, " Name another one with --data.");
        return PC_FAILED;
    }
    if (drivers->directory == NULL) {
        add_printable(why, target->root);
        buf_add_text(why, " has no system32/drivers directory.");
        return PC_REFUSED;
    }
    status = pc->os->lock(pc->os, drivers->directory, lock);
    if (status == OS_BUSY) {
        install_explain_busy(target, why);
        return PC_FAILED;
    }
    if (status != OS_OK) {
        install_explain(why, drivers->directory, "cannot be locked", status);
        return PC_FAILED;
    }
    return PC_DONE;
}

bool install_is_going_on(const struct pc_context *pc, const struct pc_target *target)
{
    struct os_lock *lock = NULL;
    const char *directory = target->copies[PC_DRIVERS].directory;
    bool busy = directory != NULL && pc->os->lock(pc->os, directory, &lock) == OS_BUSY;
    pc->os->unlock(pc->os, lock);
    return busy;
}

static char *staged_path(const struct pc_copy *copy)
{
    return text_printf("%s%s", copy->path, staged_suffix);
}

static enum os_status copy_metadata_of(const struct os *os, const char *path, struct os_file *file)
{
    struct os_file *model;
    enum os_status status = os->open(os, path, OS_READ_COPY, &model);
    if (status == OS_NOT_FOUND) {
        return OS_OK; /* Recovery may have to put back a copy that is gone. */
    }
    if (status != OS_OK) {
        return status;
    }
    status = os->copy_metadata(os, model, file);
    enum os_status closed = os->close(os, model);
    return status != OS_OK ? status : closed;
}

/* `made` tells whether the file was made, whatever became of it. */
static enum os_status write_staged(const struct os *os, const char *path, const char *staged,
                                   const struct buf *image, bool *made)
{
    struct os_file *file;
    enum os_status status = os->open(os, staged, OS_CREATE, &file);
    *made = status == OS_OK;
    if (status != OS_OK) {
        return status;
    }
    status = os->write(os, file, image->data, image->len);
    if (status == OS_OK) {
        status = copy_metadata_of(os, path, file);
    }
    if (status == OS_OK) {
        status = os->flush(os, file);
    }
    enum os_status closed = os->close(os, file);
    return status != OS_OK ? status : closed;
}

static enum os_status compare_staged(const struct os *os, const char *staged,
                                     const struct buf *image)
{
    struct buf back = BUF_INIT;
    enum os_status status = os_read_whole(os, staged, OS_READ, PC_IMAGE_MOST, &back);
    if (status == OS_OK &&
        (back.len != image->len || memcmp(back.data, image->data, image->len) != 0)) {
        status = OS_IO;
    }
    buf_free(&back);
    return status;
}

bool install_stage(const struct pc_context *pc, const struct pc_copy *copy, const struct buf *image,
                   bool *staged, struct buf *why)
{
    char *path = staged_path(copy);
    *staged = false;
    if (path == NULL) {
        buf_add_text(why, "Out of memory.");
        return false;
    }
    const char *what = "cannot be written";
    enum os_status status = write_staged(pc->os, copy->path, path, image, staged);
    if (status == OS_OK) {
        what = "cannot be read back as it was written";
        status = compare_staged(pc->os, path, image);
    }
    if (status != OS_OK) {
        install_explain(why, path, what, status);
        if (*staged) {
            struct buf note = BUF_INIT;
            *staged = !install_unstage(pc, copy, &note);
            buf_free(&note);
        }
    }
    free(path);
    return status == OS_OK;
}

bool install_swap(const struct pc_context *pc, const struct pc_copy *copy, struct buf *why)
{
    char *staged = staged_path(copy);
    enum os_status status = OS_NO_MEMORY;
    if (staged != NULL) {
        status = pc->os->rename(pc->os, staged, copy->path);
    }
    if (status == OS_OK) {
        status = pc->os->flush_directory(pc->os, copy->directory);
    }
    if (status != OS_OK) {
        install_explain(why, copy->path, "cannot be replaced", status);
    }
    free(staged);
    return status == OS_OK;
}

bool install_unstage(const struct pc_context *pc, const struct pc_copy *copy, struct buf *why)
{
    char *staged = staged_path(copy);
    enum os_status status = staged != NULL ? pc->os->remove(pc->os, staged) : OS_NO_MEMORY;
    if (status == OS_OK || status == OS_NOT_FOUND) {
        status = pc->os->flush_directory(pc->os, copy->directory);
    }
    if (status != OS_OK) {
        install_explain(why, staged != NULL ? staged : copy->path, "cannot be removed", status);
    }
    free(staged);
    return status == OS_OK;
}

void install_settle_aside(const struct pc_context *pc, const struct pc_copy *copy)
{
    struct os_stat stat;
    char *aside = text_printf("%s" OS_ASIDE, copy->path);
    if (aside != NULL && pc->os->stat(pc->os, aside, &stat) == OS_OK) {
        enum os_status status = pc->os->stat(pc->os, copy->path, &stat);
        if (status == OS_NOT_FOUND) {
            (void)pc->os->rename(pc->os, aside, copy->path);
        } else if (status == OS_OK) {
            (void)pc->os->remove(pc->os, aside);
        }
    }
    free(aside);
}

bool install_make_image(const struct buf *from, uint32_t limit, struct buf *out)
{
    buf_clear(out);
    buf_add(out, from->data, from->len);
    return !out->failed && pc_set_limit((uint8_t *)out->data, out->len, limit);
}

/* ---- the transaction ---- */

struct copy_work {
    struct buf before, after;
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

/* Reads every copy again, makes the new images and settles the originals. */
static bool prepare_copy(struct transaction *t, size_t c)
{
    const struct pc_change *change = &t->plan->changes[c];
    const struct pc_copy *copy = &t->target->copies[c];
    struct copy_work *work = &t->work[c];
    struct buf original = BUF_INIT;
    bool ready = false;
    enum os_status status =
        os_read_whole(t->pc->os, copy->path, OS_READ_COPY, PC_IMAGE_MOST, &work->before);
    if (status != OS_OK) {
        install_explain(t->why, copy->path, "cannot be read", status);
        goto done;
    }
    if (crc32_update(0, work->before.data, work->before.len) != change->crc32_before) {
        add_printable(t->why, copy->path);
        buf_add_text(t->why, " was changed by another program since it was inspected.");
        goto done;
    }
    if (!install_make_image(&work->before, change->limit_after, &work->after) ||
        !install_make_image(&work->before, PC_LIMIT_WINDOWS, &original)) {
        add_printable(t->why, copy->path);
        buf_add_text(t->why, " could not be changed with certainty.");
        goto done;
    }
    struct pc_inspection inspection;
    pc_inspect((const uint8_t *)original.data, original.len, &inspection);
    ready = settle_original(t, copy, &original, &inspection);
    t->journal.version[c].known = inspection.has_version;
    t->journal.version[c].number = inspection.version;
done:
    buf_free(&original);
    return ready;
}

static bool stage_all(struct transaction *t)
{
    FOR_EACH_WANTED(t, c)
    {
        struct copy_work *work = &t->work[c];
        if (!install_stage(t->pc, &t->target->copies[c], &work->after, &work->staged, t->why)) {
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
        say_swapped(t->pc, copy, &t->plan->changes[c]);
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
    struct copy_work *work = &t->work[c];
    bool back = false;
    bool staged;
    if (t->swapping) {
        install_settle_aside(t->pc, copy);
    }
    if (!install_unstage(t->pc, copy, why) || (t->swapping && !has_to_go_back(t, c, &back, why))) {
        return false;
    }
    return !back || (install_stage(t->pc, copy, &work->before, &staged, why) &&
                     install_swap(t->pc, copy, why));
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
    if (t->journal.phase == JOURNAL_COMMIT) {
        t->journal.phase = JOURNAL_PREPARE;
        (void)journal_write(t->pc, t->target, &t->journal);
    }
    if (undo_all(t)) {
        buf_add_text(t->why, " Every copy is as it was before.");
        return PC_FAILED;
    }
    buf_add_text(t->why, " Not everything could be put back; run \"tcpippatch recover\" when the "
                         "cause is mended.");
    return PC_INTERRUPTED;
}

static enum pc_result carry_out(struct transaction *t)
{
    FOR_EACH_WANTED(t, c)
    {
        if (!prepare_copy(t, c)) {
            buf_add_text(t->why, " Nothing was changed.");
            return PC_FAILED;
        }
    }
    if (!write_journal(t, JOURNAL_PREPARE) || !stage_all(t) || !write_journal(t, JOURNAL_COMMIT) ||
        !swap_all(t)) {
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

enum pc_result install_check_no_journal(const struct pc_context *pc, const struct pc_target *target,
                                        struct buf *why)
{
    struct journal journal;
    enum keyfile_status whole;
    enum os_status status = journal_read(pc, target, &journal, &whole);
    if (status == OS_NOT_FOUND || status == OS_WRONG_KIND) {
        return PC_DONE;
    }
    if (status != OS_OK) {
        install_explain(why, pc->data, "cannot be searched for interrupted work", status);
        buf_add_text(why, " Name another data directory with --data.");
        return PC_FAILED;
    }
    buf_add_text(why, "Interrupted work was found under ");
    add_printable(why, target->root);
    buf_add_text(why, "; run \"tcpippatch recover\" first.");
    return PC_INTERRUPTED;
}

enum pc_result pc_apply(const struct pc_context *pc, const struct pc_target *target,
                        const struct pc_plan *plan, struct buf *why)
{
    struct os_lock *lock;
    if (plan->wanted == 0) {
        return PC_DONE;
    }
    struct transaction t = {.pc = pc, .target = target, .plan = plan, .why = why};
    memcpy(t.journal.changes, plan->changes, sizeof t.journal.changes);
    t.journal.is_restore = strcmp(plan->what, "restore") == 0;
    enum pc_result result = install_begin(pc, target, &lock, why);
    if (result == PC_DONE) {
        result = install_check_no_journal(pc, target, why);
    }
    if (result == PC_DONE) {
        result = carry_out(&t);
    }
    pc->os->unlock(pc->os, lock);
    for (size_t c = 0; c < PC_COPIES; c++) {
        buf_free(&t.work[c].before);
        buf_free(&t.work[c].after);
    }
    return result;
}
