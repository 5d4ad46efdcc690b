#include "install.h"

#include "base/utf.h"
#include "boot.h"
#include "system.h"

#include <stdlib.h>
#include <string.h>

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

char *install_staged_path(const char *path)
{
    return text_printf("%s" PC_STAGED, path);
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
    bool same = false;
    enum os_status status = os_compare_whole(os, staged, OS_READ, image, &same);
    return status == OS_OK && !same ? OS_IO : status;
}

bool install_stage(const struct pc_context *pc, const struct pc_copy *copy, const struct buf *image,
                   bool *staged, struct buf *why)
{
    char *path = install_staged_path(copy->path);
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
    char *staged = install_staged_path(copy->path);
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
    char *staged = install_staged_path(copy->path);
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

bool install_settle_aside(const struct pc_context *pc, const struct pc_copy *copy, struct buf *why)
{
    struct os_stat stat;
    char *aside = text_printf("%s" OS_ASIDE, copy->path);
    enum os_status status = aside != NULL ? pc->os->stat(pc->os, aside, &stat) : OS_NO_MEMORY;
    if (status == OS_OK && stat.kind == OS_FILE) {
        status = pc->os->stat(pc->os, copy->path, &stat);
        if (status == OS_NOT_FOUND) {
            status = pc->os->rename(pc->os, aside, copy->path);
        } else if (status == OS_OK) {
            status = pc->os->remove(pc->os, aside);
        }
    }
    bool settled = status == OS_OK || status == OS_NOT_FOUND;
    if (!settled) {
        install_explain(why, aside != NULL ? aside : copy->path, "cannot be put in order", status);
    }
    free(aside);
    return settled;
}

bool install_make_image(const struct buf *from, uint32_t limit, struct buf *out,
                        struct pc_inspection *inspection)
{
    buf_clear(out);
    buf_add(out, from->data, from->len);
    return !out->failed && pc_change_limit((uint8_t *)out->data, out->len, limit, inspection);
}

/* ---- what was begun before ---- */

enum pc_result install_check_journal(const struct pc_context *pc, const struct pc_target *target,
                                     struct journal *journal, enum install_earlier *earlier,
                                     struct buf *why)
{
    enum keyfile_status whole;
    enum boot_state state = BOOT_BROKEN;
    *earlier = EARLIER_NONE;
    enum os_status status = journal_read(pc, target, journal, &whole);
    if (status == OS_NOT_FOUND || status == OS_WRONG_KIND) {
        return PC_DONE;
    }
    if (status != OS_OK) {
        install_explain(why, pc->data, "cannot be searched for interrupted work", status);
        buf_add_text(why, " Name another data directory with --data.");
        return PC_FAILED;
    }
    if (whole == KEYFILE_OK && journal->phase == JOURNAL_BOOT) {
        status = boot_look(pc, target, journal, &state);
        if (status != OS_OK) {
            buf_printf(why,
                       "Whether a change waits for the next start of Windows cannot be told: "
                       "%s.",
                       os_status_text(status));
            return PC_FAILED;
        }
        *earlier = state == BOOT_WAITS         ? EARLIER_WAITS
                   : state == BOOT_CARRIED_OUT ? EARLIER_CARRIED_OUT
                                               : EARLIER_NONE;
        if (*earlier != EARLIER_NONE) {
            return PC_DONE;
        }
    }
    buf_add_text(why, "Interrupted work was found under ");
    add_printable(why, target->root);
    buf_add_text(why, "; run \"tcpippatch recover\" first.");
    return PC_INTERRUPTED;
}

/* ---- who may write ---- */

bool pc_is_redirected(void)
{
    return system_is_redirected();
}

enum pc_result pc_check_redirection(bool redirected, bool running, struct buf *why)
{
    if (!redirected || !running) {
        return PC_DONE;
    }
    buf_add_text(why, "This is the 32-bit program on a 64-bit Windows, which shows it other files "
                      "in the place of system32, so that it cannot see the driver. Use the 64-bit "
                      "programs instead: x64\\tcpippatch.exe, x64\\tcpipwatch.exe.");
    return PC_REFUSED;
}

enum pc_result install_check_view(const struct pc_context *pc, const struct pc_target *target,
                                  struct buf *why)
{
    bool redirected = pc_is_redirected();
    return pc_check_redirection(redirected, redirected && pc_is_running_windows(pc, target), why);
}
