#include "faulty_os.h"

/* True when this call is to fail. The counter lives in the object that the table belongs to. */
static bool fails(const struct os *os)
{
    struct faulty_os *faulty = os->context;
    int call = faulty->calls++;
    return call >= faulty->first &&
           (faulty->count == FAULTY_FOR_EVER || call < faulty->first + faulty->count);
}

static enum os_status answer(const struct os *os)
{
    const struct faulty_os *faulty = os->context;
    return faulty->status;
}

static enum os_status faulty_open(const struct os *os, const char *path, enum os_open how,
                                  struct os_file **out)
{
    return fails(os) ? answer(os) : os_native()->open(os_native(), path, how, out);
}

static enum os_status faulty_read_at(const struct os *os, struct os_file *file, uint64_t offset,
                                     void *buffer, size_t size, size_t *got)
{
    *got = 0;
    return fails(os) ? answer(os)
                     : os_native()->read_at(os_native(), file, offset, buffer, size, got);
}

static enum os_status faulty_write(const struct os *os, struct os_file *file, const void *bytes,
                                   size_t size)
{
    bool failing = fails(os);
    enum os_status status = os_native()->write(os_native(), file, bytes, failing ? size / 2 : size);
    return failing ? answer(os) : status;
}

static enum os_status faulty_flush(const struct os *os, struct os_file *file)
{
    (void)file;
    return fails(os) ? answer(os) : OS_OK;
}

static enum os_status faulty_stat_file(const struct os *os, struct os_file *file,
                                       struct os_stat *out)
{
    return fails(os) ? answer(os) : os_native()->stat_file(os_native(), file, out);
}

static enum os_status faulty_close(const struct os *os, struct os_file *file)
{
    enum os_status status = os_native()->close(os_native(), file);
    return fails(os) ? answer(os) : status;
}

static enum os_status faulty_copy_metadata(const struct os *os, struct os_file *model,
                                           struct os_file *file)
{
    return fails(os) ? answer(os) : os_native()->copy_metadata(os_native(), model, file);
}

static enum os_status faulty_stat(const struct os *os, const char *path, struct os_stat *out)
{
    return fails(os) ? answer(os) : os_native()->stat(os_native(), path, out);
}

static enum os_status faulty_rename(const struct os *os, const char *from, const char *to)
{
    return fails(os) ? answer(os) : os_native()->rename(os_native(), from, to);
}

static enum os_status faulty_remove(const struct os *os, const char *path)
{
    return fails(os) ? answer(os) : os_native()->remove(os_native(), path);
}

static enum os_status faulty_make_directory(const struct os *os, const char *path)
{
    return fails(os) ? answer(os) : os_native()->make_directory(os_native(), path);
}

static enum os_status faulty_flush_directory(const struct os *os, const char *path)
{
    (void)path;
    return fails(os) ? answer(os) : OS_OK;
}

static enum os_status faulty_list(const struct os *os, const char *path, os_name_fn each,
                                  void *context)
{
    return fails(os) ? answer(os) : os_native()->list(os_native(), path, each, context);
}

static enum os_status faulty_lock(const struct os *os, const char *directory, struct os_lock **out)
{
    return fails(os) ? answer(os) : os_native()->lock(os_native(), directory, out);
}

static void faulty_unlock(const struct os *os, struct os_lock *lock)
{
    (void)os;
    os_native()->unlock(os_native(), lock);
}

static enum os_status faulty_real_path(const struct os *os, const char *path, struct buf *out)
{
    return fails(os) ? answer(os) : os_native()->real_path(os_native(), path, out);
}

static enum os_status faulty_rename_at_boot(const struct os *os, const char *from, const char *to)
{
    const struct faulty_os *faulty = os->context;
    return fails(os)              ? answer(os)
           : faulty->boot != NULL ? boot_store_rename(faulty->boot, from, to)
                                  : OS_UNSUPPORTED;
}

static enum os_status faulty_read_at_boot(const struct os *os, enum os_at_boot which,
                                          struct buf *out)
{
    const struct faulty_os *faulty = os->context;
    return fails(os)              ? answer(os)
           : faulty->boot != NULL ? boot_store_read(faulty->boot, which, out)
                                  : OS_UNSUPPORTED;
}

static enum os_status faulty_write_at_boot(const struct os *os, enum os_at_boot which,
                                           const void *bytes, size_t size)
{
    const struct faulty_os *faulty = os->context;
    return fails(os)              ? answer(os)
           : faulty->boot != NULL ? boot_store_write(faulty->boot, which, bytes, size)
                                  : OS_UNSUPPORTED;
}

void faulty_os_init(struct faulty_os *faulty, int first, int count, enum os_status status)
{
    *faulty = (struct faulty_os){
        .table =
            {
                .context = faulty,
                .open = faulty_open,
                .read_at = faulty_read_at,
                .write = faulty_write,
                .flush = faulty_flush,
                .stat_file = faulty_stat_file,
                .close = faulty_close,
                .copy_metadata = faulty_copy_metadata,
                .stat = faulty_stat,
                .rename = faulty_rename,
                .remove = faulty_remove,
                .make_directory = faulty_make_directory,
                .flush_directory = faulty_flush_directory,
                .list = faulty_list,
                .lock = faulty_lock,
                .unlock = faulty_unlock,
                .real_path = faulty_real_path,
                .rename_at_boot = faulty_rename_at_boot,
                .read_at_boot = faulty_read_at_boot,
                .write_at_boot = faulty_write_at_boot,
            },
        .status = status,
        .first = first,
        .count = count,
    };
}

bool faulty_os_has_failed(const struct faulty_os *faulty)
{
    return faulty->calls > faulty->first;
}
