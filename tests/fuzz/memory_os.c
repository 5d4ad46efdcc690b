#include "memory_os.h"

#include <string.h>

struct os_file {
    struct memory_os *owner;
};

static struct os_file the_file;

static enum os_status open_file(const struct os *os, const char *path, enum os_open how,
                                struct os_file **out)
{
    struct memory_os *m = os->context;
    (void)path;
    if (how == OS_CREATE || how == OS_APPEND) {
        buf_clear(&m->written);
    }
    the_file.owner = m;
    *out = &the_file;
    return OS_OK;
}

static enum os_status read_at(const struct os *os, struct os_file *file, uint64_t offset,
                              void *buffer, size_t size, size_t *got)
{
    const struct memory_os *m = file->owner;
    (void)os;
    size_t there = offset < m->size ? m->size - (size_t)offset : 0;
    *got = size < there ? size : there;
    if (*got > 0) {
        memcpy(buffer, (const char *)m->bytes + offset, *got);
    }
    return OS_OK;
}

static enum os_status write_file(const struct os *os, struct os_file *file, const void *bytes,
                                 size_t size)
{
    (void)os;
    buf_add(&file->owner->written, bytes, size);
    return OS_OK;
}

static enum os_status flush(const struct os *os, struct os_file *file)
{
    (void)os;
    (void)file;
    return OS_OK;
}

static enum os_status stat_file(const struct os *os, struct os_file *file, struct os_stat *out)
{
    (void)os;
    *out = (struct os_stat){.kind = OS_FILE, .size = file->owner->size};
    return OS_OK;
}

static enum os_status stat_path(const struct os *os, const char *path, struct os_stat *out)
{
    const struct memory_os *m = os->context;
    (void)path;
    *out = (struct os_stat){.kind = OS_FILE, .size = m->size};
    return OS_OK;
}

static enum os_status any_path(const struct os *os, const char *path)
{
    (void)os;
    (void)path;
    return OS_OK;
}

static enum os_status any_paths(const struct os *os, const char *from, const char *to)
{
    (void)os;
    (void)from;
    (void)to;
    return OS_OK;
}

void memory_os_init(struct memory_os *m, const void *bytes, size_t size)
{
    *m = (struct memory_os){.os = {.context = m,
                                   .open = open_file,
                                   .read_at = read_at,
                                   .write = write_file,
                                   .flush = flush,
                                   .stat_file = stat_file,
                                   .close = flush,
                                   .stat = stat_path,
                                   .rename = any_paths,
                                   .remove = any_path,
                                   .make_directory = any_path,
                                   .flush_directory = any_path},
                            .bytes = bytes,
                            .size = size,
                            .written = BUF_INIT};
}

void memory_os_free(struct memory_os *m)
{
    buf_free(&m->written);
}
