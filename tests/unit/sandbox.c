#include "sandbox.h"

#include "os.h"

#include <stdlib.h>
#include <string.h>

static bool ends_so(const char *text, const char *ending)
{
    size_t length = strlen(text);
    size_t tail = strlen(ending);
    return length >= tail && strcmp(text + length - tail, ending) == 0;
}

/* Walks a tree from its leaves up. */
struct walk {
    const char *directory;
    bool remove;
    const char *ending;
    size_t count;
};

static void walk_directory(struct walk *w);

static bool walk_entry(void *context, const char *name)
{
    struct walk *w = context;
    struct os_stat stat;
    char *path = os_path_join(w->directory, name);
    if (path == NULL || os_native()->stat(os_native(), path, &stat) != OS_OK) {
        free(path);
        return true;
    }
    if (stat.kind == OS_DIRECTORY) {
        struct walk inner = {path, w->remove, w->ending, 0};
        walk_directory(&inner);
        w->count += inner.count;
        if (w->remove) {
            sandbox_remove_directory(path);
        }
    } else {
        w->count += ends_so(name, w->ending);
        if (w->remove) {
            (void)os_native()->remove(os_native(), path);
        }
    }
    free(path);
    return true;
}

static void walk_directory(struct walk *w)
{
    (void)os_native()->list(os_native(), w->directory, walk_entry, w);
}

void sandbox_remove(const char *directory)
{
    struct walk w = {directory, true, "", 0};
    walk_directory(&w);
    sandbox_remove_directory(directory);
}

bool sandbox_make(const char *directory)
{
    sandbox_remove(directory);
    return os_make_directories(os_native(), directory) == OS_OK;
}

bool sandbox_write(const char *path, const void *bytes, size_t size)
{
    char *directory = text_copy(path);
    char *slash = directory != NULL ? strrchr(directory, '/') : NULL;
    bool written = false;
    if (slash != NULL) {
        *slash = '\0';
        written = os_make_directories(os_native(), directory) == OS_OK &&
                  os_write_whole(os_native(), directory, path + (slash - directory) + 1, bytes,
                                 size) == OS_OK;
    }
    free(directory);
    return written;
}

bool sandbox_read(const char *path, struct buf *out)
{
    return os_read_whole(os_native(), path, OS_READ, (size_t)64 * 1024 * 1024, out) == OS_OK;
}

bool sandbox_exists(const char *path)
{
    struct os_stat stat;
    return os_native()->stat(os_native(), path, &stat) == OS_OK;
}

size_t sandbox_count(const char *directory, const char *ending)
{
    struct walk w = {directory, false, ending, 0};
    walk_directory(&w);
    return w.count;
}
