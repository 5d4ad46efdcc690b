#include "walk.h"

#include "base/utf.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 64 };

struct names {
    char **items;
    size_t count, capacity;
    bool failed;
};

static bool add_name(void *context, const char *name)
{
    struct names *names = context;
    if (names->count == names->capacity) {
        size_t capacity = names->capacity == 0 ? 64 : names->capacity * 2;
        char **items = realloc(names->items, capacity * sizeof *items);
        if (items == NULL) {
            names->failed = true;
            return false;
        }
        names->items = items;
        names->capacity = capacity;
    }
    char *copy = text_copy(name);
    if (copy == NULL) {
        names->failed = true;
        return false;
    }
    names->items[names->count++] = copy;
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_log_name(const char *name)
{
    static const char *const endings[] = {".evt", ".evtx", ".xml"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot != NULL && i < sizeof endings / sizeof endings[0]; i++) {
        if (same_text_nocase(dot, endings[i])) {
            return true;
        }
    }
    return false;
}

struct walk {
    const struct os *os;
    walk_file_fn file;
    walk_trouble_fn trouble;
    void *context;
};

static bool walk_directory(const struct walk *walk, const char *path, unsigned depth);

static bool walk_entry(const struct walk *walk, const char *path, const char *name, unsigned depth)
{
    struct os_stat stat;
    bool more = true;
    enum os_status status = walk->os->stat(walk->os, path, &stat);
    if (status != OS_OK) {
        walk->trouble(walk->context, path, status);
    } else if (stat.kind == OS_DIRECTORY) {
        more = walk_directory(walk, path, depth + 1);
    } else if (stat.kind == OS_FILE && is_log_name(name)) {
        more = walk->file(walk->context, path, false);
    }
    return more;
}

static bool walk_directory(const struct walk *walk, const char *path, unsigned depth)
{
    struct names names = {NULL, 0, 0, false};
    bool more = true;
    enum os_status status =
        depth > DEPTH_MAX ? OS_TOO_BIG : walk->os->list(walk->os, path, add_name, &names);
    if (status != OS_OK || names.failed) {
        walk->trouble(walk->context, path, names.failed ? OS_NO_MEMORY : status);
    }
    if (names.count > 1) {
        qsort(names.items, names.count, sizeof *names.items, compare_names);
    }
    for (size_t i = 0; i < names.count; i++) {
        char *entry = more ? os_path_join(path, names.items[i]) : NULL;
        if (more && entry != NULL) {
            more = walk_entry(walk, entry, names.items[i], depth);
        } else if (more) {
            walk->trouble(walk->context, path, OS_NO_MEMORY);
            more = false;
        }
        free(entry);
        free(names.items[i]);
    }
    free(names.items);
    return more;
}

bool walk_logs(const struct os *os, const char *path, walk_file_fn file, walk_trouble_fn trouble,
               void *context)
{
    const struct walk walk = {os, file, trouble, context};
    struct os_stat stat;
    bool directory = os_stat_directory(os, path, &stat) == OS_OK;
    return directory ? walk_directory(&walk, path, 0) : file(context, path, true);
}
