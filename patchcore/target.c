/* The copies of tcpip.sys under a Windows directory. */
#include "patchcore.h"

#include "base/crc32.h"
#include "base/utf.h"
#include "paths.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The directory of each copy, in the order of struct pc_target. Letter case is as on the disk. */
static const char *const places[PC_COPIES][2] = {
    {"ServicePackFiles", "i386"},
    {"system32", "dllcache"},
    {"system32", "drivers"},
};

struct name_search {
    const char *wanted;
    char *found; /* the best so far; owned */
    bool failed;
};

/* Windows knows one file for all spellings. Should a disk hold several, the exact one counts, else
 * the first in the order of their bytes, so that the choice never depends on the disk's order. */
static bool consider_name(void *context, const char *name)
{
    struct name_search *search = context;
    if (!same_text_nocase(name, search->wanted)) {
        return true;
    }
    bool exact = strcmp(name, search->wanted) == 0;
    if (search->found == NULL || exact || strcmp(name, search->found) < 0) {
        free(search->found);
        search->found = text_copy(name);
        search->failed = search->found == NULL;
    }
    return !exact && !search->failed;
}

/* The path of the entry `name` of a directory in any letter case; the caller frees. */
static enum os_status find_entry(const struct os *os, const char *directory, const char *name,
                                 char **path)
{
    struct name_search search = {name, NULL, false};
    *path = NULL;
    enum os_status status = os->list(os, directory, consider_name, &search);
    if (status == OS_OK && search.failed) {
        status = OS_NO_MEMORY;
    }
    if (status == OS_OK && search.found == NULL) {
        status = OS_NOT_FOUND;
    }
    if (status == OS_OK) {
        *path = os_path_join(directory, search.found);
        status = *path != NULL ? OS_OK : OS_NO_MEMORY;
    }
    free(search.found);
    return status;
}

/* The copy that was inspected last, and its bytes: most often the others are the same file. */
struct inspected {
    const struct pc_copy *copy; /* NULL: none yet */
    struct buf image;
};

static enum os_status read_copy(const struct os *os, struct pc_copy *copy, struct inspected *last)
{
    enum os_status status = OS_OK;
    bool same = false;
    if (last->copy != NULL) {
        status = os_compare_whole(os, copy->path, OS_READ_COPY, &last->image, &same);
    }
    if (same) {
        copy->inspection = last->copy->inspection;
        copy->crc32 = last->copy->crc32;
    } else if (status == OS_OK) {
        last->copy = NULL;
        status = os_read_whole(os, copy->path, OS_READ_COPY, PC_IMAGE_MOST, &last->image);
        if (status == OS_OK) {
            const uint8_t *bytes = (const uint8_t *)buf_text(&last->image);
            pc_inspect(bytes, last->image.len, &copy->inspection);
            copy->crc32 = crc32_update(0, bytes, last->image.len);
            last->copy = copy;
        }
    }
    return status;
}

/* A directory of the disk itself: a link could lead anywhere, so it is not followed. */
static enum os_status find_directory(const struct os *os, const char *above, const char *name,
                                     char **path)
{
    struct os_stat stat = {.kind = OS_OTHER};
    enum os_status status = find_entry(os, above, name, path);
    if (status == OS_OK) {
        status = os->stat(os, *path, &stat);
    }
    if (status == OS_OK && stat.kind != OS_DIRECTORY) {
        status = stat.kind == OS_LINK ? OS_WRONG_KIND : OS_NOT_FOUND;
    }
    if (status != OS_OK) {
        free(*path);
        *path = NULL;
    }
    return status;
}

static void find_copy(const struct os *os, const char *root, const char *const place[2],
                      struct pc_copy *copy, struct inspected *last)
{
    char *above = NULL;
    copy->access = find_directory(os, root, place[0], &above);
    if (copy->access == OS_OK) {
        copy->access = find_directory(os, above, place[1], &copy->directory);
    }
    if (copy->access == OS_OK) {
        copy->access = find_entry(os, copy->directory, "tcpip.sys", &copy->path);
    }
    /* A place that cannot be looked into may hold a copy: only a missing one holds none. */
    copy->present = copy->access != OS_NOT_FOUND;
    if (copy->path == NULL && (copy->directory != NULL || copy->present)) {
        /* The path where it would be, for the sentences and for putting it back. */
        copy->path = copy->directory != NULL
                         ? os_path_join(copy->directory, "tcpip.sys")
                         : text_printf("%s/%s/%s/tcpip.sys", root, place[0], place[1]);
    }
    if (copy->access == OS_OK) {
        copy->access = read_copy(os, copy, last);
        copy->present = copy->access != OS_NOT_FOUND;
    }
    free(above);
}

/* "WINDOWS-1a2b3c4d": readable, and different for different paths. */
static char *make_id(const char *root)
{
    struct buf id = BUF_INIT;
    const char *last = root;
    for (const char *c = root; *c != '\0'; c++) {
        if ((*c == '/' || *c == '\\') && c[1] != '\0') {
            last = c + 1;
        }
    }
    for (const char *c = last; *c != '\0' && id.len < 40; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                     (*c >= '0' && *c <= '9') || *c == '-' || *c == '_';
        buf_add_char(&id, plain ? *c : '_');
    }
    buf_printf(&id, "-%08" PRIx32, crc32_update(0, root, strlen(root)));
    if (id.failed) {
        buf_free(&id);
        return NULL;
    }
    return id.data;
}

/* A mounted disk is often named instead of the Windows directory on it. */
static void suggest_root(const struct os *os, const char *root, struct buf *why)
{
    static const char *const names[] = {"windows", "winnt"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *inside = NULL;
        char *system32 = NULL;
        if (find_entry(os, root, names[i], &inside) == OS_OK &&
            find_entry(os, inside, "system32", &system32) == OS_OK) {
            buf_add_text(why, " Did you mean ");
            add_printable(why, inside);
            buf_add_text(why, "?");
        }
        free(inside);
        free(system32);
    }
}

enum pc_result pc_find(const struct pc_context *pc, const char *root, struct pc_target *target,
                       struct buf *why)
{
    const struct os *os = pc->os;
    char *system32 = NULL;
    struct buf real = BUF_INIT;
    *target = (struct pc_target){0};
    enum os_status status = os->real_path(os, root, &real);
    if (status == OS_OK) {
        target->root = real.data;
        target->id = make_id(real.data);
        status =
            target->id != NULL ? find_entry(os, target->root, "system32", &system32) : OS_NO_MEMORY;
    } else {
        buf_free(&real);
    }
    free(system32);
    if (status == OS_NOT_FOUND && target->root != NULL) {
        add_printable(why, root);
        buf_add_text(why,
                     " is no Windows directory: there is no system32 in it. Name the directory "
                     "that has system32, with --root.");
        suggest_root(os, target->root, why);
        return PC_REFUSED;
    }
    if (status != OS_OK) {
        add_printable(why, root);
        buf_printf(why,
                   " cannot be read as a Windows directory: %s. Name the directory that has "
                   "system32, with --root.",
                   os_status_text(status));
        return PC_REFUSED;
    }
    struct inspected last = {.copy = NULL};
    for (size_t i = 0; i < PC_COPIES; i++) {
        find_copy(os, root, places[i], &target->copies[i], &last);
    }
    buf_free(&last.image);
    return PC_DONE;
}

/* Two spellings of a directory, also through a link or a drive that stands for a directory. */
static bool is_same_directory(const struct os *os, const char *one, const char *other)
{
    struct os_stat a;
    struct os_stat b;
    return os_stat_directory(os, one, &a) == OS_OK && os_stat_directory(os, other, &b) == OS_OK &&
           a.inode != 0 && a.inode == b.inode && a.device == b.device;
}

bool pc_is_running_windows(const struct pc_context *pc, const struct pc_target *target)
{
    struct buf real = BUF_INIT;
    char *running = target->root != NULL ? paths_running_windows() : NULL;
    bool same = running != NULL && ((pc->os->real_path(pc->os, running, &real) == OS_OK &&
                                     same_text_nocase(buf_text(&real), target->root)) ||
                                    is_same_directory(pc->os, running, target->root));
    buf_free(&real);
    free(running);
    return same;
}

void pc_target_free(struct pc_target *target)
{
    for (size_t i = 0; i < PC_COPIES; i++) {
        free(target->copies[i].path);
        free(target->copies[i].directory);
    }
    free(target->root);
    free(target->id);
    *target = (struct pc_target){0};
}
