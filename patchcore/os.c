#include "os.h"

#include <stdlib.h>
#include <string.h>

const char *os_status_text(enum os_status status)
{
    static const char *const texts[] = {
        [OS_OK] = "no error",
        [OS_NOT_FOUND] = "no such file or directory",
        [OS_DENIED] = "permission denied",
        [OS_EXISTS] = "a file of that name exists already",
        [OS_BUSY] = "another program is using it or has it locked",
        [OS_FULL] = "no space is left on the disk",
        [OS_READ_ONLY] = "the disk is mounted read-only or write-protected",
        [OS_WRONG_KIND] = "not a regular file or directory as expected there",
        [OS_TOO_BIG] = "larger than expected",
        [OS_UNSUPPORTED] = "the file system cannot do that",
        [OS_UNSAFE] = "it belongs to another user, or everybody may write to it",
        [OS_INTERRUPTED] = "stopped by the user",
        [OS_NO_MEMORY] = "out of memory",
        [OS_IO] = "input/output error",
    };
    return texts[status];
}

static bool ends_with_separator(const char *path)
{
    size_t length = strlen(path);
    return length > 0 && (path[length - 1] == '/' || path[length - 1] == '\\');
}

char *os_path_join(const char *directory, const char *name)
{
    const char *between = directory[0] == '\0' || ends_with_separator(directory) ? "" : "/";
    return text_printf("%s%s%s", directory, between, name);
}

static enum os_status read_open_file(const struct os *os, struct os_file *file, size_t most,
                                     struct buf *out)
{
    enum { STEP = 64 * 1024 };
    for (;;) {
        size_t got = 0;
        if (!buf_reserve(out, STEP)) {
            return OS_NO_MEMORY;
        }
        enum os_status status = os->read_at(os, file, out->len, out->data + out->len, STEP, &got);
        if (status != OS_OK) {
            return status;
        }
        out->len += got;
        out->data[out->len] = '\0';
        if (out->len > most) {
            return OS_TOO_BIG;
        }
        if (got == 0) {
            return OS_OK;
        }
    }
}

enum os_status os_read_whole(const struct os *os, const char *path, enum os_open how, size_t most,
                             struct buf *out)
{
    struct os_file *file;
    buf_clear(out);
    enum os_status status = os->open(os, path, how, &file);
    if (status != OS_OK) {
        return status;
    }
    status = read_open_file(os, file, most, out);
    enum os_status closed = os->close(os, file);
    return status != OS_OK ? status : closed;
}

/* OS_OK when the directory is there afterwards, whoever made it. */
static enum os_status make_one_directory(const struct os *os, const char *path)
{
    struct os_stat stat;
    enum os_status status = os->make_directory(os, path);
    if (status == OS_OK) {
        return OS_OK;
    }
    /* A drive or a mount point answers in other words than OS_EXISTS. */
    if (os->stat(os, path, &stat) != OS_OK) {
        return status;
    }
    if (stat.kind == OS_LINK) {
        char *inside = os_path_join(path, ".");
        bool leads_to_directory =
            inside != NULL && os->stat(os, inside, &stat) == OS_OK && stat.kind == OS_DIRECTORY;
        free(inside);
        return leads_to_directory ? OS_OK : OS_WRONG_KIND;
    }
    return stat.kind == OS_DIRECTORY ? OS_OK : OS_WRONG_KIND;
}

enum os_status os_make_directories(const struct os *os, const char *path)
{
    char *part = text_copy(path);
    if (part == NULL) {
        return OS_NO_MEMORY;
    }
    enum os_status status = OS_OK;
    for (size_t i = 1; status == OS_OK && part[i] != '\0'; i++) {
        bool separator = part[i] == '/' || part[i] == '\\';
        if (separator && part[i - 1] != '/' && part[i - 1] != '\\' && part[i - 1] != ':') {
            char kept = part[i];
            part[i] = '\0';
            status = make_one_directory(os, part);
            part[i] = kept;
        }
    }
    if (status == OS_OK) {
        status = make_one_directory(os, part);
    }
    free(part);
    return status;
}

enum os_status os_make_private(const struct os *os, const char *path)
{
    struct os_stat stat = {.kind = OS_OTHER};
    enum os_status status = os_make_directories(os, path);
    char *inside = os_path_join(path, "."); /* the directory itself, also behind a link */
    if (inside == NULL) {
        return OS_NO_MEMORY;
    }
    if (status == OS_OK) {
        status = os->stat(os, inside, &stat);
    }
    free(inside);
    return status == OS_OK && (stat.foreign || stat.open_to_all) ? OS_UNSAFE : status;
}

static enum os_status write_new_file(const struct os *os, const char *path, const void *bytes,
                                     size_t size)
{
    struct os_file *file;
    enum os_status status = os->open(os, path, OS_CREATE, &file);
    if (status == OS_EXISTS) {
        /* Left behind by a crash; only this function makes files of this name. */
        status = os->remove(os, path);
        if (status == OS_OK) {
            status = os->open(os, path, OS_CREATE, &file);
        }
    }
    if (status != OS_OK) {
        return status;
    }
    status = os->write(os, file, bytes, size);
    if (status == OS_OK) {
        status = os->flush(os, file);
    }
    enum os_status closed = os->close(os, file);
    return status != OS_OK ? status : closed;
}

enum os_status os_write_whole(const struct os *os, const char *directory, const char *name,
                              const void *bytes, size_t size)
{
    enum os_status status = OS_NO_MEMORY;
    char *path = os_path_join(directory, name);
    char *beside = path != NULL ? text_printf("%s.new", path) : NULL;
    if (beside != NULL) {
        status = write_new_file(os, beside, bytes, size);
        if (status == OS_OK) {
            status = os->rename(os, beside, path);
        }
        if (status == OS_OK) {
            status = os->flush_directory(os, directory);
        } else {
            (void)os->remove(os, beside);
        }
    }
    free(beside);
    free(path);
    return status;
}
