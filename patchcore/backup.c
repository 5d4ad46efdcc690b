#include "backup.h"

#include "base/crc32.h"
#include "base/keyfile.h"
#include "base/utf.h"
#include "install.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char manifest_kind[] = "tcpipwatch-original";

void pc_original_name(struct buf *out, const struct pc_version *version, bool has_version,
                      uint32_t crc32_original)
{
    char text[PC_VERSION_SIZE];
    pc_version_text(version, text);
    buf_printf(out, "%s-%08" PRIx32 ".sys", has_version ? text : "unknown", crc32_original);
}

static bool is_sound(const struct buf *image, uint32_t crc32)
{
    struct pc_inspection inspection;
    const uint8_t *bytes = (const uint8_t *)buf_text(image);
    pc_inspect(bytes, image->len, &inspection);
    return crc32_update(0, bytes, image->len) == crc32 && inspection.status == PC_ORIGINAL;
}

static void explain(struct buf *why, const char *path, const char *what, const char *reason)
{
    buf_add_text(why, "The saved original ");
    add_printable(why, path);
    buf_printf(why, " %s%s.", what, reason);
}

/* Tells what is wrong with a saved original that was read with `status`. */
static enum backup_found judge(const char *path, enum os_status status, bool sound, struct buf *why)
{
    if (status == OS_NOT_FOUND) {
        return BACKUP_MISSING;
    }
    if (status != OS_OK) {
        explain(why, path, "cannot be read: ", os_status_text(status));
        return BACKUP_UNSOUND;
    }
    if (!sound) {
        explain(why, path,
                "is not what it was when it was saved (its CRC-32 differs). It is left as it is; "
                "move it away to save the original anew",
                "");
        return BACKUP_UNSOUND;
    }
    return BACKUP_SOUND;
}

/* Whether the saved original is the image, which was inspected. */
static enum backup_found compare(const struct os *os, const char *path, const struct buf *image,
                                 struct buf *why)
{
    bool same = false;
    enum os_status status = os_compare_whole(os, path, OS_READ, image, &same);
    return judge(path, status, same, why);
}

static void make_manifest(struct buf *out, const struct pc_inspection *inspection, uint32_t crc32,
                          const char *path)
{
    char version[PC_VERSION_SIZE];
    pc_version_text(&inspection->version, version);
    keyfile_start(out, manifest_kind, 1);
    keyfile_add(out, "version", inspection->has_version ? version : "unknown");
    keyfile_add_number(out, "size", inspection->size);
    keyfile_add_number(out, "crc32", crc32);
    keyfile_add_number(out, "checksum", inspection->checksum_stored);
    keyfile_add_number(out, "limit-offset", inspection->limit_offset);
    keyfile_add(out, "taken-from", path);
    keyfile_finish(out);
}

static const char temporary[] = ".new"; /* what os_write_whole() adds to a name */

static enum os_status write_both(const struct os *os, const char *directory, const char *name,
                                 const struct buf *image, const struct buf *manifest)
{
    enum os_status status = OS_NO_MEMORY;
    char *manifest_name = text_printf("%s.txt", name);
    /* The manifest first: an original without its manifest never exists. */
    if (manifest_name != NULL && !manifest->failed) {
        status = os_write_whole(os, directory, manifest_name, manifest->data, manifest->len);
    }
    if (status == OS_OK) {
        status = os_write_whole(os, directory, name, image->data, image->len);
    }
    free(manifest_name);
    return status;
}

/* Saves the image where it is not saved yet. The directory is every root's, so that two programs
 * may come here at a time: they must not write the same temporary file. */
static enum os_status save_once(const struct os *os, const char *directory, const char *name,
                                const struct buf *image, const struct buf *manifest, bool present)
{
    struct os_lock *lock = NULL;
    enum os_status status = os_make_directories(os, directory);
    if (status == OS_OK && present) {
        /* Whoever saved it may have been killed before this. */
        return os->flush_directory(os, directory);
    }
    if (status == OS_OK) {
        status = os->lock(os, directory, &lock);
    }
    if (status == OS_OK) {
        status = write_both(os, directory, name, image, manifest);
    }
    os->unlock(os, lock);
    return status;
}

bool backup_save(const struct pc_context *pc, const struct buf *image,
                 const struct pc_inspection *inspection, const char *path, struct buf *why)
{
    bool saved = false;
    uint32_t crc32 = crc32_update(0, image->data, image->len);
    struct buf name = BUF_INIT;
    struct buf manifest = BUF_INIT;
    pc_original_name(&name, &inspection->version, inspection->has_version, crc32);
    make_manifest(&manifest, inspection, crc32, path);
    char *directory = os_path_join(pc->data, "originals");
    char *file = directory != NULL ? os_path_join(directory, buf_text(&name)) : NULL;
    if (file == NULL || name.failed) {
        buf_add_text(why, "The original cannot be saved: out of memory.");
        goto done;
    }
    enum backup_found found = compare(pc->os, file, image, why);
    if (found == BACKUP_UNSOUND) {
        goto done;
    }
    enum os_status status =
        save_once(pc->os, directory, name.data, image, &manifest, found == BACKUP_SOUND);
    if (status != OS_OK) {
        buf_add_text(why, "The original cannot be saved as ");
        add_printable(why, file);
        buf_printf(why, ": %s.", os_status_text(status));
        goto done;
    }
    saved = found == BACKUP_SOUND || compare(pc->os, file, image, why) == BACKUP_SOUND;
    if (saved && found == BACKUP_MISSING) {
        struct buf shown = BUF_INIT;
        add_printable(&shown, file);
        install_say(pc, "Saved the original as %s.", buf_text(&shown));
        buf_free(&shown);
    }
done:
    free(file);
    free(directory);
    buf_free(&manifest);
    buf_free(&name);
    return saved;
}

struct tidying {
    const struct os *os;
    const char *directory;
    bool remove;
    bool found;
};

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name);
    size_t tail = strlen(end);
    return length > tail && strcmp(name + length - tail, end) == 0;
}

/* What a rename in two steps left of a manifest (see OS_ASIDE): it is put back where the new one
 * did not come. An original is never written over, so that none is ever moved aside. */
static void tidy_aside(const struct tidying *t, const char *path)
{
    struct os_stat stat;
    char *manifest = text_printf("%.*s", (int)(strlen(path) - (sizeof OS_ASIDE - 1)), path);
    if (manifest != NULL) {
        enum os_status status = t->os->stat(t->os, manifest, &stat);
        if (status == OS_NOT_FOUND) {
            (void)t->os->rename(t->os, path, manifest);
        } else if (status == OS_OK) {
            (void)t->os->remove(t->os, path);
        }
    }
    free(manifest);
}

static bool tidy_name(void *context, const char *name)
{
    struct tidying *t = context;
    bool aside = ends_with(name, ".txt" OS_ASIDE);
    if (!aside && !ends_with(name, temporary)) {
        return true;
    }
    t->found = true;
    char *path = t->remove ? os_path_join(t->directory, name) : NULL;
    if (path != NULL && aside) {
        tidy_aside(t, path);
    } else if (path != NULL) {
        (void)t->os->remove(t->os, path);
    }
    free(path);
    return t->remove;
}

void backup_tidy(const struct pc_context *pc)
{
    const struct os *os = pc->os;
    struct os_lock *lock = NULL;
    char *directory = os_path_join(pc->data, "originals");
    struct tidying t = {.os = os, .directory = directory};
    if (directory != NULL && os->list(os, directory, tidy_name, &t) == OS_OK && t.found &&
        os->lock(os, directory, &lock) == OS_OK) {
        t.remove = true;
        (void)os->list(os, directory, tidy_name, &t);
        os->unlock(os, lock);
    }
    free(directory);
}

enum backup_found backup_load(const struct pc_context *pc, const struct pc_version *version,
                              bool has_version, uint32_t crc32, struct buf *image, struct buf *why)
{
    enum backup_found found = BACKUP_UNSOUND;
    struct buf name = BUF_INIT;
    buf_add_text(&name, "originals/");
    pc_original_name(&name, version, has_version, crc32);
    char *file = os_path_join(pc->data, buf_text(&name));
    if (file != NULL && !name.failed) {
        enum os_status status = os_read_whole(pc->os, file, OS_READ, PC_IMAGE_MOST, image);
        found = judge(file, status, status == OS_OK && is_sound(image, crc32), why);
    } else {
        buf_add_text(why, "The saved original cannot be read: out of memory.");
    }
    free(file);
    buf_free(&name);
    return found;
}
