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

static bool is_separator(char c)
{
    return c == '/' || c == '\\';
}

static bool ends_with_separator(const char *path)
{
    size_t length = strlen(path);
    return length > 0 && is_separator(path[length - 1]);
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
    struct os_stat stat;
    enum os_status status = os->stat_file(os, file, &stat);
    if (status != OS_OK) {
        return status;
    }
    /* One byte more than the file has shows its end; it may grow all the same. */
    size_t step = stat.size >= STEP && stat.size <= most ? (size_t)stat.size + 1 : STEP;
    for (;;) {
        size_t got = 0;
        if (!buf_reserve(out, step)) {
            return OS_NO_MEMORY;
        }
        status = os->read_at(os, file, out->len, out->data + out->len, step, &got);
        if (status != OS_OK) {
            return status;
        }
        out->len += got;
        out->data[out->len] = '\0';
        if (out->len > most) {
            return OS_TOO_BIG;
        }
        if (got < step) {
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

static enum os_status compare_open_file(const struct os *os, struct os_file *file,
                                        const struct buf *bytes, bool *same)
{
    char piece[16 * 1024];
    size_t at = 0;
    size_t got = sizeof piece;
    enum os_status status = OS_OK;
    *same = true;
    while (status == OS_OK && *same && got == sizeof piece) {
        status = os->read_at(os, file, at, piece, sizeof piece, &got);
        *same = got <= bytes->len - at && memcmp(piece, buf_text(bytes) + at, got) == 0;
        at += got;
    }
    *same = status == OS_OK && *same && at == bytes->len;
    return status;
}

enum os_status os_compare_whole(const struct os *os, const char *path, enum os_open how,
                                const struct buf *bytes, bool *same)
{
    struct os_file *file;
    *same = false;
    enum os_status status = os->open(os, path, how, &file);
    if (status != OS_OK) {
        return status;
    }
    status = compare_open_file(os, file, bytes, same);
    enum os_status closed = os->close(os, file);
    status = status != OS_OK ? status : closed;
    *same = *same && status == OS_OK;
    return status;
}

enum os_status os_stat_directory(const struct os *os, const char *path, struct os_stat *out)
{
    char *inside = os_path_join(path, "."); /* which follows a link, where `stat` does not */
    enum os_status status = inside != NULL ? os->stat(os, inside, out) : OS_NO_MEMORY;
    free(inside);
    return status == OS_OK && out->kind != OS_DIRECTORY ? OS_WRONG_KIND : status;
}

/* OS_OK when the directory is there afterwards, whoever made it. */
static enum os_status make_one_directory(const struct os *os, const char *path, bool *made)
{
    struct os_stat stat;
    enum os_status status = os->make_directory(os, path);
    *made = status == OS_OK;
    if (*made) {
        return OS_OK;
    }
    /* A drive or a mount point answers in other words than OS_EXISTS. */
    if (os->stat(os, path, &stat) != OS_OK) {
        return status;
    }
    bool is_directory = stat.kind == OS_DIRECTORY ||
                        (stat.kind == OS_LINK && os_stat_directory(os, path, &stat) == OS_OK);
    return is_directory ? OS_OK : OS_WRONG_KIND;
}

static size_t root_length(const char *path)
{
    return is_separator(path[0]) ? 1 : path[0] != '\0' && path[1] == ':' ? 3 : 0;
}

/* The directory that `path` (of `length` bytes) is in; the caller frees. */
static char *directory_above(const char *path, size_t length)
{
    size_t root = root_length(path);
    while (length > root && !is_separator(path[length - 1])) {
        length--;
    }
    while (length > root && is_separator(path[length - 1])) {
        length--;
    }
    return length > 0 ? text_printf("%.*s", (int)length, path) : text_copy(".");
}

char *os_path_directory(const char *path)
{
    return directory_above(path, strlen(path));
}

/* Makes the directory that the first `length` bytes of `path` name, and sees to it that its name
 * lasts: also where it was there, since whoever made it may have been killed before the flush. */
static enum os_status make_lasting_directory(const struct os *os, const char *path, size_t length)
{
    char *part = text_printf("%.*s", (int)length, path);
    char *above = directory_above(path, length);
    enum os_status status = OS_NO_MEMORY;
    if (part != NULL && above != NULL) {
        bool made;
        status = make_one_directory(os, part, &made);
        if (status == OS_OK) {
            enum os_status flushed = os->flush_directory(os, above);
            /* Directories of others may not be there to be read. */
            status = made ? flushed : OS_OK;
        }
    }
    free(above);
    free(part);
    return status;
}

enum os_status os_make_directories(const struct os *os, const char *path)
{
    enum os_status status = OS_OK;
    size_t length = strlen(path);
    while (length > 1 && is_separator(path[length - 1])) {
        length--;
    }
    for (size_t i = 1; status == OS_OK && i < length; i++) {
        if (is_separator(path[i]) && !is_separator(path[i - 1]) && path[i - 1] != ':') {
            status = make_lasting_directory(os, path, i);
        }
    }
    return status == OS_OK ? make_lasting_directory(os, path, length) : status;
}

enum os_status os_make_private(const struct os *os, const char *path)
{
    struct os_stat stat = {.kind = OS_OTHER};
    enum os_status status = os_make_directories(os, path);
    if (status == OS_OK) {
        status = os_stat_directory(os, path, &stat);
    }
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

enum os_status os_read_written(const struct os *os, const char *directory, const char *name,
                               size_t most, struct buf *out)
{
    enum os_status status = OS_NO_MEMORY;
    char *path = os_path_join(directory, name);
    char *aside = path != NULL ? text_printf("%s" OS_ASIDE, path) : NULL;
    if (aside != NULL) {
        status = os_read_whole(os, path, OS_READ, most, out);
        if (status == OS_NOT_FOUND) {
            status = os_read_whole(os, aside, OS_READ, most, out);
        }
    }
    free(aside);
    free(path);
    return status;
}
