#include "os.h"

#include "base/wintime.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

struct os_file {
    int fd;
};

struct os_lock {
    int fd;
};

static enum os_status status_of(int error)
{
    switch (error) {
    case 0:
        return OS_OK;
    case ENOENT:
        return OS_NOT_FOUND;
    case EACCES:
    case EPERM:
        return OS_DENIED;
    case EEXIST:
    case ENOTEMPTY:
        return OS_EXISTS;
    case EBUSY:
    case ETXTBSY:
    case EAGAIN:
        return OS_BUSY;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return OS_FULL;
    case EROFS:
        return OS_READ_ONLY;
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case ENXIO:
        return OS_WRONG_KIND;
    case ENOTSUP:
    case ENOSYS:
        return OS_UNSUPPORTED;
    case EINTR:
        return OS_INTERRUPTED;
    case ENOMEM:
        return OS_NO_MEMORY;
    default:
        return OS_IO;
    }
}

static enum os_status posix_close(const struct os *os, struct os_file *file)
{
    (void)os;
    int result = close(file->fd);
    int error = errno;
    free(file);
    return result == 0 ? OS_OK : status_of(error);
}

static enum os_status check_kind_and_lock(int fd, enum os_open how)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return status_of(errno);
    }
    if (!S_ISREG(st.st_mode)) {
        return OS_WRONG_KIND;
    }
    /* Shared, so that two who only read do not stop each other. A file system without locks is no
     * reason to refuse its files. */
    if (how == OS_READ_COPY && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        return OS_BUSY;
    }
    return OS_OK;
}

static enum os_status posix_open(const struct os *os, const char *path, enum os_open how,
                                 struct os_file **out)
{
    static const int flags[] = {
        [OS_READ] = O_RDONLY,
        [OS_READ_COPY] = O_RDONLY | O_NOFOLLOW,
        [OS_CREATE] = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
        [OS_APPEND] = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW,
    };
    (void)os;
    struct os_file *file = malloc(sizeof *file);
    if (file == NULL) {
        return OS_NO_MEMORY;
    }
    /* O_NONBLOCK, or opening a pipe would wait for its other end. */
    file->fd = open(path, flags[how] | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, S_IRUSR | S_IWUSR);
    enum os_status status = file->fd < 0 ? status_of(errno) : check_kind_and_lock(file->fd, how);
    if (status == OS_OK) {
        *out = file;
        return OS_OK;
    }
    if (file->fd >= 0) {
        close(file->fd);
        if (how == OS_CREATE) {
            unlink(path);
        }
    }
    free(file);
    return status;
}

static enum os_status posix_read_at(const struct os *os, struct os_file *file, uint64_t offset,
                                    void *buffer, size_t size, size_t *got)
{
    (void)os;
    *got = 0;
    while (*got < size) {
        ssize_t part = pread(file->fd, (char *)buffer + *got, size - *got, (off_t)(offset + *got));
        if (part < 0) {
            return status_of(errno);
        }
        if (part == 0) {
            break;
        }
        *got += (size_t)part;
    }
    return OS_OK;
}

static enum os_status posix_write(const struct os *os, struct os_file *file, const void *bytes,
                                  size_t size)
{
    (void)os;
    size_t done = 0;
    while (done < size) {
        ssize_t part = write(file->fd, (const char *)bytes + done, size - done);
        if (part < 0) {
            return status_of(errno);
        }
        done += (size_t)part;
    }
    return OS_OK;
}

static enum os_status posix_flush(const struct os *os, struct os_file *file)
{
    (void)os;
    return fsync(file->fd) == 0 ? OS_OK : status_of(errno);
}

static void stat_from(const struct stat *st, struct os_stat *out)
{
    out->kind = S_ISREG(st->st_mode)   ? OS_FILE
                : S_ISDIR(st->st_mode) ? OS_DIRECTORY
                : S_ISLNK(st->st_mode) ? OS_LINK
                                       : OS_OTHER;
    out->size = (uint64_t)st->st_size;
    out->modified =
        wintime_from_unix((uint64_t)st->st_mtim.tv_sec) + (uint64_t)st->st_mtim.tv_nsec / 100;
    out->device = st->st_dev;
    out->inode = st->st_ino;
    out->foreign = st->st_uid != 0 && st->st_uid != geteuid();
    out->open_to_all = (st->st_mode & S_IWOTH) != 0;
}

static enum os_status posix_stat_file(const struct os *os, struct os_file *file,
                                      struct os_stat *out)
{
    struct stat st;
    (void)os;
    if (fstat(file->fd, &st) != 0) {
        return status_of(errno);
    }
    stat_from(&st, out);
    return OS_OK;
}

static enum os_status posix_stat(const struct os *os, const char *path, struct os_stat *out)
{
    struct stat st;
    (void)os;
    if (lstat(path, &st) != 0) {
        return status_of(errno);
    }
    stat_from(&st, out);
    return OS_OK;
}

static enum os_status copy_one_attribute(int from, int to, const char *name)
{
    enum { MOST = 64 * 1024 }; /* the kernel's own limit for one value */
    enum os_status status = OS_OK;
    char *value = malloc(MOST);
    if (value == NULL) {
        return OS_NO_MEMORY;
    }
    ssize_t size = fgetxattr(from, name, value, MOST);
    if (size < 0) {
        status = errno == ENODATA ? OS_OK : status_of(errno);
    } else if (fsetxattr(to, name, value, (size_t)size, 0) != 0) {
        status = status_of(errno);
    }
    free(value);
    return status;
}

static bool for_the_kernel_alone(const char *name)
{
    return strncmp(name, "security.", 9) == 0 || strncmp(name, "trusted.", 8) == 0;
}

static enum os_status copy_attributes(int from, int to)
{
    /* The NTFS drivers have these, and do not list them. */
    static const char *const ntfs[] = {"system.ntfs_acl", "system.ntfs_attrib",
                                       "system.ntfs_crtime"};
    enum { MOST = 64 * 1024 };
    enum os_status status = OS_OK;
    char *names = malloc(MOST);
    if (names == NULL) {
        return OS_NO_MEMORY;
    }
    ssize_t size = flistxattr(from, names, MOST);
    for (ssize_t at = 0; status == OS_OK && at < size; at += (ssize_t)strlen(names + at) + 1) {
        status = copy_one_attribute(from, to, names + at);
        if (status == OS_UNSUPPORTED || (status == OS_DENIED && for_the_kernel_alone(names + at))) {
            status = OS_OK;
        }
    }
    for (size_t i = 0; status == OS_OK && i < sizeof ntfs / sizeof ntfs[0]; i++) {
        status = copy_one_attribute(from, to, ntfs[i]);
        if (status == OS_UNSUPPORTED) {
            status = OS_OK;
        }
    }
    free(names);
    return status;
}

static enum os_status posix_copy_metadata(const struct os *os, struct os_file *model,
                                          struct os_file *file)
{
    struct stat want;
    struct stat have;
    (void)os;
    if (fstat(model->fd, &want) != 0 || fstat(file->fd, &have) != 0) {
        return status_of(errno);
    }
    if ((want.st_uid != have.st_uid || want.st_gid != have.st_gid) &&
        fchown(file->fd, want.st_uid, want.st_gid) != 0) {
        return status_of(errno);
    }
    enum os_status status = copy_attributes(model->fd, file->fd);
    if (status != OS_OK) {
        return status;
    }
    if (want.st_mode != have.st_mode && fchmod(file->fd, want.st_mode & 07777) != 0) {
        return status_of(errno);
    }
    const struct timespec times[2] = {want.st_atim, want.st_mtim};
    return futimens(file->fd, times) == 0 ? OS_OK : status_of(errno);
}

static enum os_status posix_rename(const struct os *os, const char *from, const char *to)
{
    (void)os;
    return rename(from, to) == 0 ? OS_OK : status_of(errno);
}

static enum os_status posix_remove(const struct os *os, const char *path)
{
    (void)os;
    return unlink(path) == 0 ? OS_OK : status_of(errno);
}

static enum os_status posix_make_directory(const struct os *os, const char *path)
{
    (void)os;
    return mkdir(path, S_IRWXU) == 0 ? OS_OK : status_of(errno);
}

static enum os_status posix_flush_directory(const struct os *os, const char *path)
{
    (void)os;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return status_of(errno);
    }
    /* Some file systems in user space cannot flush a directory: theirs is no failure of ours. */
    int result =
        fsync(fd) == 0 || errno == EINVAL || errno == ENOSYS || errno == ENOTSUP ? 0 : errno;
    close(fd);
    return status_of(result);
}

static enum os_status posix_list(const struct os *os, const char *path, os_name_fn each,
                                 void *context)
{
    (void)os;
    DIR *directory = opendir(path);
    if (directory == NULL) {
        return status_of(errno);
    }
    enum os_status status = OS_OK;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (entry == NULL) {
            status = status_of(errno);
            break;
        }
        bool self = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        if (!self && !each(context, entry->d_name)) {
            break;
        }
    }
    closedir(directory);
    return status;
}

static enum os_status posix_lock(const struct os *os, const char *directory, struct os_lock **out)
{
    (void)os;
    struct os_lock *lock = malloc(sizeof *lock);
    if (lock == NULL) {
        return OS_NO_MEMORY;
    }
    lock->fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = lock->fd < 0 ? errno : 0;
    if (lock->fd >= 0 && flock(lock->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        error = EBUSY;
    }
    if (error == 0) {
        *out = lock;
        return OS_OK;
    }
    if (lock->fd >= 0) {
        close(lock->fd);
    }
    free(lock);
    return status_of(error);
}

static void posix_unlock(const struct os *os, struct os_lock *lock)
{
    (void)os;
    if (lock != NULL) {
        close(lock->fd);
        free(lock);
    }
}

static enum os_status posix_real_path(const struct os *os, const char *path, struct buf *out)
{
    (void)os;
    char *real = realpath(path, NULL);
    if (real == NULL) {
        return status_of(errno);
    }
    buf_add_text(out, real);
    free(real);
    return out->failed ? OS_NO_MEMORY : OS_OK;
}

/* ---- at the next start of Windows ---- */

static enum os_status posix_rename_at_boot(const struct os *os, const char *from, const char *to)
{
    (void)os;
    (void)from;
    (void)to;
    return OS_UNSUPPORTED;
}

static enum os_status posix_read_at_boot(const struct os *os, enum os_at_boot which,
                                         struct buf *out)
{
    (void)os;
    (void)which;
    buf_clear(out);
    return OS_UNSUPPORTED;
}

static enum os_status posix_write_at_boot(const struct os *os, enum os_at_boot which,
                                          const void *bytes, size_t size)
{
    (void)os;
    (void)which;
    (void)bytes;
    (void)size;
    return OS_UNSUPPORTED;
}

const struct os *os_native(void)
{
    static const struct os table = {
        .open = posix_open,
        .read_at = posix_read_at,
        .write = posix_write,
        .flush = posix_flush,
        .stat_file = posix_stat_file,
        .close = posix_close,
        .copy_metadata = posix_copy_metadata,
        .stat = posix_stat,
        .rename = posix_rename,
        .remove = posix_remove,
        .make_directory = posix_make_directory,
        .flush_directory = posix_flush_directory,
        .list = posix_list,
        .lock = posix_lock,
        .unlock = posix_unlock,
        .real_path = posix_real_path,
        .rename_at_boot = posix_rename_at_boot,
        .read_at_boot = posix_read_at_boot,
        .write_at_boot = posix_write_at_boot,
    };
    return &table;
}
