#include "boot.h"

#include "base/bytes.h"
#include "base/crc32.h"
#include "base/utf.h"
#include "install.h"
#include "pending.h"

#include <stdlib.h>
#include <string.h>

enum { LISTS = 2 }; /* OS_BOOT_RENAMES and OS_BOOT_RENAMES_2, in the order of the start */

static const char list_name[] = "The list of what Windows renames at its next start";

/* The names as they are registered: absolute, and without links. NULL where there is no such
 * place. */
struct names {
    char *from[PC_COPIES], *to[PC_COPIES];
};

static void free_names(struct names *names)
{
    for (size_t c = 0; c < PC_COPIES; c++) {
        free(names->from[c]);
        free(names->to[c]);
    }
}

static const char *last_part(const char *path)
{
    const char *last = path;
    for (const char *c = path; *c != '\0'; c++) {
        if (*c == '/' || *c == '\\') {
            last = c + 1;
        }
    }
    return last;
}

static enum os_status make_names_of(const struct pc_context *pc, const struct pc_copy *copy,
                                    char **from, char **to)
{
    struct buf directory = BUF_INIT;
    enum os_status status = pc->os->real_path(pc->os, copy->directory, &directory);
    if (status == OS_OK) {
        *to = os_path_join(buf_text(&directory), last_part(copy->path));
        *from = *to != NULL ? install_staged_path(*to) : NULL;
        status = *from != NULL ? OS_OK : OS_NO_MEMORY;
    }
    buf_free(&directory);
    return status;
}

/* To be freed in either case. */
static enum os_status make_names(const struct pc_context *pc, const struct pc_target *target,
                                 struct names *names)
{
    *names = (struct names){{NULL}, {NULL}};
    enum os_status status = OS_OK;
    for (size_t c = 0; status == OS_OK && c < PC_COPIES; c++) {
        if (target->copies[c].directory != NULL) {
            status = make_names_of(pc, &target->copies[c], &names->from[c], &names->to[c]);
        }
    }
    return status;
}

/* ---- the lists ---- */

static void free_lists(struct buf lists[LISTS])
{
    for (size_t i = 0; i < LISTS; i++) {
        buf_free(&lists[i]);
    }
}

/* A list that is not there is an empty one. To be freed in either case. */
static enum os_status read_lists(const struct pc_context *pc, struct buf lists[LISTS])
{
    enum os_status status = OS_OK;
    for (size_t i = 0; status == OS_OK && i < LISTS; i++) {
        status = pc->os->read_at_boot(pc->os, (enum os_at_boot)i, &lists[i]);
        if (status == OS_NOT_FOUND) {
            buf_clear(&lists[i]);
            status = OS_OK;
        }
    }
    return status;
}

/* Takes out what is ours. Returns how many pairs there were. */
static size_t remove_ours(struct buf *list, const struct names *names)
{
    size_t removed = 0;
    for (size_t c = 0; c < PC_COPIES; c++) {
        if (names->from[c] != NULL) {
            removed += pending_remove(list, names->from[c], names->to[c]);
        }
    }
    return removed;
}

static uint32_t crc32_of_pairs(const struct buf lists[LISTS])
{
    uint32_t crc = 0;
    for (size_t i = 0; i < LISTS; i++) {
        crc = crc32_update(crc, buf_text(&lists[i]), pending_pairs_size(&lists[i]));
    }
    return crc;
}

/* True when all that the journal wants is registered, in its order. */
static bool are_registered(const struct buf lists[LISTS], const struct names *names,
                           const struct journal *journal)
{
    size_t c = 0;
    for (size_t i = 0; i < LISTS; i++) {
        struct pending_pair pair;
        struct pending_walk walk = pending_start(&lists[i]);
        while (pending_next(&walk, &pair)) {
            while (c < PC_COPIES && !journal->changes[c].wanted) {
                c++;
            }
            if (c < PC_COPIES && names->from[c] != NULL &&
                pending_is(&pair, names->from[c], names->to[c]) && pending_replaces(&pair.to)) {
                c++;
            }
        }
    }
    while (c < PC_COPIES && !journal->changes[c].wanted) {
        c++;
    }
    return c == PC_COPIES;
}

static bool any_registered(const struct buf lists[LISTS], const struct names *names)
{
    bool any = false;
    for (size_t i = 0; i < LISTS; i++) {
        struct buf copy = BUF_INIT;
        buf_add(&copy, buf_text(&lists[i]), lists[i].len);
        any = any || remove_ours(&copy, names) > 0;
        buf_free(&copy);
    }
    return any;
}

/* ---- what has become of it ---- */

static enum os_status crc32_of_file(const struct pc_context *pc, const char *path, uint32_t *crc32)
{
    struct buf image = BUF_INIT;
    enum os_status status = os_read_whole(pc->os, path, OS_READ, PC_IMAGE_MOST, &image);
    *crc32 = crc32_update(0, buf_text(&image), image.len);
    buf_free(&image);
    return status;
}

/* What the files of all changed copies say, each of these true for all of them. */
struct files {
    bool wait;     /* the copy is the old file, and the new one lies beside it */
    bool consumed; /* the copy is not the old file, and none lies beside it */
};

static enum os_status look_at_files(const struct pc_context *pc, const struct pc_target *target,
                                    const struct journal *journal, struct files *files)
{
    *files = (struct files){true, true};
    for (size_t c = 0; c < PC_COPIES; c++) {
        const struct pc_change *change = &journal->changes[c];
        const struct pc_copy *copy = &target->copies[c];
        uint32_t crc32 = 0;
        uint32_t staged_crc32 = 0;
        if (!change->wanted) {
            continue;
        }
        char *path = copy->directory != NULL ? install_staged_path(copy->path) : NULL;
        enum os_status status = path != NULL ? crc32_of_file(pc, copy->path, &crc32) : OS_NOT_FOUND;
        enum os_status staged =
            path != NULL ? crc32_of_file(pc, path, &staged_crc32) : OS_NOT_FOUND;
        free(path);
        if ((status != OS_OK && status != OS_NOT_FOUND) ||
            (staged != OS_OK && staged != OS_NOT_FOUND)) {
            return status != OS_OK && status != OS_NOT_FOUND ? status : staged;
        }
        files->wait = files->wait && status == OS_OK && crc32 == change->crc32_before &&
                      staged == OS_OK && staged_crc32 == change->crc32_after;
        files->consumed = files->consumed && status == OS_OK && crc32 != change->crc32_before &&
                          staged == OS_NOT_FOUND;
    }
    return OS_OK;
}

enum os_status boot_look(const struct pc_context *pc, const struct pc_target *target,
                         const struct journal *journal, enum boot_state *state)
{
    struct buf lists[LISTS] = {BUF_INIT, BUF_INIT};
    struct names names;
    struct files files;
    enum os_status status = make_names(pc, target, &names);
    if (status == OS_OK) {
        status = read_lists(pc, lists);
        /* Somebody's value of another type, or no such list here: nothing is registered. */
        status = status == OS_WRONG_KIND || status == OS_UNSUPPORTED ? OS_OK : status;
    }
    if (status == OS_OK) {
        status = look_at_files(pc, target, journal, &files);
    }
    if (status == OS_OK) {
        *state = files.wait && are_registered(lists, &names, journal) ? BOOT_WAITS
                 : files.consumed && !any_registered(lists, &names)   ? BOOT_CARRIED_OUT
                                                                      : BOOT_BROKEN;
    }
    free_lists(lists);
    free_names(&names);
    return status;
}

/* ---- registering ---- */

/* What stands in the way of registering more in these lists. */
static enum pc_result judge_lists(const struct buf lists[LISTS], const struct names *names,
                                  struct buf *why)
{
    if (any_registered(lists, names)) {
        buf_add_text(why, "A change of these copies is registered for the next start of Windows "
                          "already, and its journal is not in this data directory. Name its data "
                          "directory with --data, or restart Windows first.");
        return PC_REFUSED;
    }
    for (size_t i = 0; i < LISTS; i++) {
        struct pending_pair pair;
        struct pending_walk walk = pending_start(&lists[i]);
        if (!pending_is_sound(&lists[i])) {
            buf_printf(why,
                       "%s has been left damaged by another program, so that nothing can be added "
                       "to it with certainty. Restart Windows first, which empties it.",
                       list_name);
            return PC_REFUSED;
        }
        while (pending_next(&walk, &pair)) {
            for (size_t c = 0; c < PC_COPIES; c++) {
                if (names->to[c] != NULL && (pending_names(&pair.from, names->to[c]) ||
                                             pending_names(&pair.to, names->to[c]))) {
                    buf_add_text(why, "Another program, perhaps an update of Windows, has "
                                      "registered a change of ");
                    add_printable(why, names->to[c]);
                    buf_add_text(why, " for the next start of Windows. Restart Windows first.");
                    return PC_REFUSED;
                }
            }
        }
    }
    return PC_DONE;
}

static enum os_status read_protected(const struct pc_context *pc, enum journal_protected *before)
{
    struct buf value = BUF_INIT;
    enum os_status status = pc->os->read_at_boot(pc->os, OS_BOOT_PROTECTED, &value);
    *before = PROTECTED_ABSENT;
    if (status == OS_OK && value.len != 4) {
        status = OS_WRONG_KIND;
    } else if (status == OS_OK) {
        *before = get_le32((const uint8_t *)value.data) != 0 ? PROTECTED_ON : PROTECTED_OFF;
    }
    buf_free(&value);
    return status == OS_NOT_FOUND ? OS_OK : status;
}

static void explain_list(struct buf *why, const char *what, enum os_status status)
{
    buf_printf(why, "%s cannot be %s: %s.", list_name, what, os_status_text(status));
}

enum pc_result boot_check(const struct pc_context *pc, const struct pc_target *target,
                          struct journal *journal, struct buf *why)
{
    struct buf lists[LISTS] = {BUF_INIT, BUF_INIT};
    struct names names;
    enum pc_result result = PC_FAILED;
    enum os_status status = make_names(pc, target, &names);
    if (status != OS_OK) {
        install_explain(why, target->root, "cannot be read", status);
        goto done;
    }
    status = read_lists(pc, lists);
    if (status == OS_OK) {
        status = read_protected(pc, &journal->protected_before);
    }
    if (status == OS_UNSUPPORTED) {
        buf_add_text(why, "Only a running Windows can change its own files at its next start.");
        result = PC_REFUSED;
    } else if (status == OS_WRONG_KIND) {
        buf_printf(why,
                   "%s, or AllowProtectedRenames beside it, has a type that Windows does not "
                   "give it. Mend it, or restart Windows first.",
                   list_name);
        result = PC_REFUSED;
    } else if (status != OS_OK) {
        explain_list(why, "read", status);
    } else {
        result = judge_lists(lists, &names, why);
        journal->others_crc32 = crc32_of_pairs(lists);
    }
done:
    free_lists(lists);
    free_names(&names);
    return result;
}

static enum os_status allow_protected(const struct pc_context *pc)
{
    enum journal_protected now;
    uint8_t one[4];
    put_le32(one, 1);
    enum os_status status = read_protected(pc, &now);
    if (status == OS_OK && now != PROTECTED_ON) {
        status = pc->os->write_at_boot(pc->os, OS_BOOT_PROTECTED, one, sizeof one);
        if (status == OS_OK) {
            status = read_protected(pc, &now);
        }
    }
    return status == OS_OK && now != PROTECTED_ON ? OS_IO : status;
}

/* `after` is `before` with nothing but our pairs, and perhaps those of others, behind it. */
static bool has_grown_by_ours(const struct buf before[LISTS], const struct buf after[LISTS],
                              const struct names *names, const struct journal *journal)
{
    bool kept = are_registered(after, names, journal);
    for (size_t i = 0; i < LISTS; i++) {
        struct buf others = BUF_INIT;
        size_t size = pending_pairs_size(&before[i]);
        buf_add(&others, buf_text(&after[i]), after[i].len);
        (void)remove_ours(&others, names);
        kept = kept && pending_is_sound(&after[i]) && pending_pairs_size(&others) >= size &&
               memcmp(buf_text(&others), buf_text(&before[i]), size) == 0;
        buf_free(&others);
    }
    return kept;
}

bool boot_register(const struct pc_context *pc, const struct pc_target *target,
                   const struct journal *journal, struct buf *why)
{
    struct buf before[LISTS] = {BUF_INIT, BUF_INIT};
    struct buf after[LISTS] = {BUF_INIT, BUF_INIT};
    struct names names;
    const char *what = "read";
    enum os_status status = make_names(pc, target, &names);
    if (status == OS_OK) {
        status = read_lists(pc, before);
    }
    if (status == OS_OK) {
        what = "allowed to hold protected files";
        status = allow_protected(pc);
    }
    for (size_t c = 0; status == OS_OK && c < PC_COPIES; c++) {
        if (journal->changes[c].wanted) {
            what = "written";
            status = pc->os->rename_at_boot(pc->os, names.from[c], names.to[c]);
        }
    }
    if (status == OS_OK) {
        what = "read back";
        status = read_lists(pc, after);
    }
    bool registered = status == OS_OK && has_grown_by_ours(before, after, &names, journal);
    if (status != OS_OK) {
        explain_list(why, what, status);
    } else if (!registered) {
        buf_printf(why, "%s does not hold what was written to it.", list_name);
    }
    free_lists(after);
    free_lists(before);
    free_names(&names);
    return registered;
}

/* ---- taking it back ---- */

/* One list without our pairs, read back. */
static enum os_status clean_list(const struct pc_context *pc, enum os_at_boot which,
                                 const struct names *names)
{
    struct buf list = BUF_INIT;
    enum os_status status = pc->os->read_at_boot(pc->os, which, &list);
    if (status == OS_OK && remove_ours(&list, names) > 0) {
        /* A list of nothing is none. */
        bool empty = pending_pairs_size(&list) == 0 && pending_is_sound(&list);
        status = pc->os->write_at_boot(pc->os, which, list.data, empty ? 0 : list.len);
        if (status == OS_OK) {
            status = pc->os->read_at_boot(pc->os, which, &list);
        }
        if (status == OS_OK && remove_ours(&list, names) > 0) {
            status = OS_IO;
        }
    }
    buf_free(&list);
    return status == OS_NOT_FOUND || status == OS_WRONG_KIND || status == OS_UNSUPPORTED ? OS_OK
                                                                                         : status;
}

static enum os_status put_protected_back(const struct pc_context *pc, const struct journal *journal)
{
    static const uint8_t zero[4];
    struct buf lists[LISTS] = {BUF_INIT, BUF_INIT};
    enum journal_protected now = PROTECTED_ABSENT;
    enum os_status status = read_lists(pc, lists);
    bool alone = status == OS_OK && crc32_of_pairs(lists) == journal->others_crc32;
    if (alone) {
        status = read_protected(pc, &now);
    }
    if (status == OS_OK && alone && now == PROTECTED_ON) {
        status =
            pc->os->write_at_boot(pc->os, OS_BOOT_PROTECTED, zero,
                                  journal->protected_before == PROTECTED_OFF ? sizeof zero : 0);
    }
    free_lists(lists);
    return status == OS_WRONG_KIND || status == OS_UNSUPPORTED ? OS_OK : status;
}

bool boot_unregister(const struct pc_context *pc, const struct pc_target *target,
                     const struct journal *journal, struct buf *why)
{
    struct names names;
    enum os_status status = make_names(pc, target, &names);
    for (size_t i = LISTS; status == OS_OK && i-- > 0;) {
        status = clean_list(pc, (enum os_at_boot)i, &names);
    }
    if (status == OS_OK && journal->protected_before != PROTECTED_ON) {
        status = put_protected_back(pc, journal);
    }
    if (status != OS_OK) {
        explain_list(why, "freed of this change", status);
    }
    free_names(&names);
    return status == OS_OK;
}
