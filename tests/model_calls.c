#include "model_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct os_file {
    int inode;
    bool copy, writes;
};

struct os_lock {
    int inode;
};

/* ---- faults ---- */

static const struct {
    const char *name;
    enum os_status statuses[8]; /* up to OS_OK */
} calls[MODEL_CALLS] = {
    [CALL_OPEN_READ] = {"open to read", {OS_IO, OS_DENIED, OS_BUSY, OS_NO_MEMORY, OS_INTERRUPTED}},
    [CALL_OPEN_WRITE] = {"open to write",
                         {OS_FULL, OS_DENIED, OS_READ_ONLY, OS_BUSY, OS_NO_MEMORY, OS_IO}},
    [CALL_READ] = {"read", {OS_IO, OS_NO_MEMORY, OS_INTERRUPTED}},
    [CALL_WRITE] = {"write", {OS_FULL, OS_IO, OS_READ_ONLY, OS_INTERRUPTED}},
    [CALL_FLUSH] = {"flush", {OS_IO, OS_FULL}},
    [CALL_STAT_FILE] = {"stat of a file", {OS_IO}},
    [CALL_CLOSE] = {"close", {OS_IO, OS_FULL}},
    [CALL_COPY_METADATA] = {"copy metadata",
                            {OS_DENIED, OS_UNSUPPORTED, OS_READ_ONLY, OS_FULL, OS_IO}},
    [CALL_STAT] = {"stat", {OS_IO, OS_DENIED}},
    [CALL_RENAME] = {"rename", {OS_DENIED, OS_BUSY, OS_FULL, OS_READ_ONLY, OS_IO}},
    [CALL_REMOVE] = {"remove", {OS_DENIED, OS_BUSY, OS_READ_ONLY, OS_IO}},
    [CALL_MAKE_DIRECTORY] = {"make directory", {OS_FULL, OS_DENIED, OS_READ_ONLY, OS_IO}},
    [CALL_FLUSH_DIRECTORY] = {"flush directory", {OS_IO, OS_DENIED}},
    [CALL_LIST] = {"list", {OS_IO, OS_DENIED, OS_NO_MEMORY}},
    [CALL_LOCK] = {"lock", {OS_BUSY, OS_DENIED, OS_NO_MEMORY, OS_IO}},
    [CALL_REAL_PATH] = {"real path", {OS_DENIED, OS_IO}},
    [CALL_RENAME_AT_BOOT] = {"rename at boot", {OS_DENIED, OS_FULL, OS_NO_MEMORY, OS_IO}},
    [CALL_READ_AT_BOOT] = {"read at boot", {OS_DENIED, OS_NO_MEMORY, OS_IO}},
    [CALL_WRITE_AT_BOOT] = {"write at boot", {OS_DENIED, OS_FULL, OS_IO}},
};

const char *model_call_name(enum model_call call)
{
    return calls[call].name;
}

static int status_count(enum model_call call)
{
    int count = 1; /* every call can fail somehow */
    while (calls[call].statuses[count] != OS_OK) {
        count++;
    }
    return count;
}

static bool in_scope(enum model_call call, enum model_scope scope)
{
    bool space = call == CALL_OPEN_WRITE || call == CALL_WRITE || call == CALL_MAKE_DIRECTORY;
    bool change = call == CALL_RENAME || call == CALL_REMOVE || call == CALL_COPY_METADATA ||
                  call == CALL_RENAME_AT_BOOT || call == CALL_WRITE_AT_BOOT;
    return scope == MODEL_ALL || space || (scope == MODEL_CHANGES && change);
}

/* What becomes of a call. */
struct verdict {
    struct model_disk *disk;
    bool does, dies;
    enum os_status status; /* OS_OK: that of doing it */
};

static struct verdict judge(const struct os *os, enum model_call call)
{
    struct model_disk *disk = os->context;
    const struct model_fault *fault = &disk->fault;
    int number = disk->calls++;
    if (disk->dead) {
        return (struct verdict){disk, false, false, OS_IO};
    }
    if (!disk->faulty || number < fault->first || !in_scope(call, fault->scope) ||
        (fault->count != MODEL_FOR_EVER && number >= fault->first + fault->count)) {
        return (struct verdict){disk, true, false, OS_OK};
    }
    if (!disk->failed) {
        disk->failed = true;
        disk->failed_call = call;
    }
    disk->dead = fault->how == MODEL_DIE;
    /* A call that makes a file takes it away again before it answers with an error. */
    bool does = fault->how == MODEL_FAIL_DONE && call != CALL_OPEN_WRITE;
    return (struct verdict){disk, does, disk->dead,
                            calls[call].statuses[fault->status % status_count(call)]};
}

static enum os_status answer(const struct verdict *v, enum os_status status)
{
    return v->status != OS_OK ? v->status : status;
}

bool model_disk_failed(const struct model_disk *disk, enum model_call *call, int *statuses)
{
    if (disk->failed) {
        *call = disk->failed_call;
        *statuses = status_count(disk->failed_call);
    }
    return disk->failed;
}

/* ---- files ---- */

static enum os_status open_existing(struct model_disk *disk, int inode, enum os_open how)
{
    const struct inode *file = &disk->inodes[inode];
    if (how == OS_CREATE) {
        return OS_EXISTS;
    }
    if (file->directory) {
        return OS_WRONG_KIND;
    }
    return (how == OS_READ_COPY && (file->copy_open || file->write_open)) ||
                   (how == OS_APPEND && file->write_open)
               ? OS_BUSY
               : OS_OK;
}

/* The inode of what is to be opened; made where that is wanted. */
static enum os_status prepare_open(struct model_disk *disk, const char *path, enum os_open how,
                                   int *inode)
{
    char name[NAME_MOST];
    int parent = model_find_parent(disk, path, name);
    *inode = model_find_inode(disk, path);
    if (*inode != NONE) {
        return open_existing(disk, *inode, how);
    }
    if (parent == NONE || (how != OS_CREATE && how != OS_APPEND)) {
        return OS_NOT_FOUND;
    }
    *inode = model_new_inode(disk, false);
    model_change_names(disk, parent, "", name, *inode);
    return OS_OK;
}

static enum os_status model_open(const struct os *os, const char *path, enum os_open how,
                                 struct os_file **out)
{
    bool writes = how == OS_CREATE || how == OS_APPEND;
    struct verdict v = judge(os, writes ? CALL_OPEN_WRITE : CALL_OPEN_READ);
    int inode = NONE;
    enum os_status status = v.does ? prepare_open(v.disk, path, how, &inode) : OS_IO;
    if (status != OS_OK || v.status != OS_OK) {
        return answer(&v, status);
    }
    struct os_file *file = malloc(sizeof *file);
    if (file == NULL) {
        return OS_NO_MEMORY;
    }
    *file = (struct os_file){inode, how == OS_READ_COPY, writes};
    v.disk->inodes[inode].copy_open |= file->copy;
    v.disk->inodes[inode].write_open |= writes;
    v.disk->handles++;
    *out = file;
    return OS_OK;
}

static enum os_status model_read_at(const struct os *os, struct os_file *file, uint64_t offset,
                                    void *buffer, size_t size, size_t *got)
{
    struct verdict v = judge(os, CALL_READ);
    const struct blob *blob = v.disk->inodes[file->inode].now;
    *got = 0;
    if (v.status == OS_OK && offset < blob_size(blob)) {
        size_t rest = blob->size - (size_t)offset;
        *got = size < rest ? size : rest;
        memcpy(buffer, blob->bytes + offset, *got);
    }
    return v.status;
}

static enum os_status model_write(const struct os *os, struct os_file *file, const void *bytes,
                                  size_t size)
{
    struct verdict v = judge(os, CALL_WRITE);
    struct inode *inode = &v.disk->inodes[file->inode];
    bool half = !v.does && (v.dies || !v.disk->dead);
    if (v.does || half) {
        blob_set(&inode->now, blob_append(inode->now, bytes, half ? size / 2 : size));
    }
    return v.status;
}

static enum os_status model_flush(const struct os *os, struct os_file *file)
{
    struct verdict v = judge(os, CALL_FLUSH);
    struct inode *inode = &v.disk->inodes[file->inode];
    if (v.does) {
        blob_set(&inode->kept, blob_keep(inode->now));
        inode->metadata_kept = inode->metadata;
    }
    return v.status;
}

static void stat_inode(const struct model_disk *disk, int inode, struct os_stat *out)
{
    *out = (struct os_stat){
        .kind = disk->inodes[inode].directory ? OS_DIRECTORY : OS_FILE,
        .size = blob_size(disk->inodes[inode].now),
        .modified = disk->inodes[inode].metadata,
        .device = 1,
        .inode = (uint64_t)inode,
    };
}

static enum os_status model_stat_file(const struct os *os, struct os_file *file,
                                      struct os_stat *out)
{
    struct verdict v = judge(os, CALL_STAT_FILE);
    stat_inode(v.disk, file->inode, out);
    return v.status;
}

static enum os_status model_close(const struct os *os, struct os_file *file)
{
    struct verdict v = judge(os, CALL_CLOSE);
    v.disk->inodes[file->inode].copy_open &= !file->copy;
    v.disk->inodes[file->inode].write_open &= !file->writes;
    v.disk->handles--;
    free(file);
    return v.status;
}

static enum os_status model_copy_metadata(const struct os *os, struct os_file *model,
                                          struct os_file *file)
{
    struct verdict v = judge(os, CALL_COPY_METADATA);
    if (v.does) {
        v.disk->inodes[file->inode].metadata = v.disk->inodes[model->inode].metadata;
    }
    return v.status;
}

/* ---- names and directories ---- */

static enum os_status model_stat(const struct os *os, const char *path, struct os_stat *out)
{
    struct verdict v = judge(os, CALL_STAT);
    int inode = model_find_inode(v.disk, path);
    if (v.status == OS_OK && inode != NONE) {
        stat_inode(v.disk, inode, out);
    }
    return answer(&v, inode != NONE ? OS_OK : OS_NOT_FOUND);
}

static bool in_use(const struct model_disk *disk, int inode)
{
    return inode != NONE && (disk->inodes[inode].copy_open || disk->inodes[inode].write_open);
}

/* Brings the changes of a directory to the medium, and with them a rename's other half. */
static void keep_names(struct model_disk *disk, int directory)
{
    int left = 0;
    for (int i = 0; i < disk->pending_count; i++) {
        if (disk->pending[i].directory == directory) {
            model_apply(&disk->kept, &disk->pending[i]);
        } else {
            disk->pending[left++] = disk->pending[i];
        }
    }
    disk->pending_count = left;
}

/* The old file is moved aside; each step is on the medium at once, as MoveFileEx has it. */
static void swap_in_two_steps(struct model_disk *disk, int directory, const char *from,
                              const char *to, int inode, int steps)
{
    char aside[NAME_MOST];
    int old = disk->now.entries[model_find_entry(&disk->now, directory, to)].inode;
    snprintf(aside, NAME_MOST, "%.40s.tcpipwatch-old", to);
    model_change_names(disk, directory, to, aside, old);
    if (steps > 1) {
        model_change_names(disk, directory, from, to, inode);
    }
    if (steps > 2) {
        model_change_names(disk, directory, aside, "", NONE);
    }
    keep_names(disk, directory);
}

static enum os_status model_rename(const struct os *os, const char *from, const char *to)
{
    struct verdict v = judge(os, CALL_RENAME);
    char from_name[NAME_MOST];
    char to_name[NAME_MOST];
    int directory = model_find_parent(v.disk, from, from_name);
    int inode = model_find_inode(v.disk, from);
    int over = model_find_inode(v.disk, to);
    if (v.status == OS_OK && inode == NONE) {
        return OS_NOT_FOUND;
    }
    if (v.status == OS_OK && (in_use(v.disk, inode) || in_use(v.disk, over))) {
        return OS_BUSY;
    }
    if (directory != model_find_parent(v.disk, to, to_name)) {
        model_give_up("a rename to another directory, which nothing here needs");
    }
    if (v.disk->two_steps && over != NONE && (v.does || v.dies)) {
        int steps = v.does ? 3 : v.disk->fault.step;
        if (steps > 0) {
            swap_in_two_steps(v.disk, directory, from_name, to_name, inode, steps);
        }
    } else if (v.does) {
        model_change_names(v.disk, directory, from_name, to_name, inode);
    }
    return v.status;
}

static enum os_status model_remove(const struct os *os, const char *path)
{
    struct verdict v = judge(os, CALL_REMOVE);
    char name[NAME_MOST];
    int directory = model_find_parent(v.disk, path, name);
    int inode = model_find_inode(v.disk, path);
    if (v.status == OS_OK && inode == NONE) {
        return OS_NOT_FOUND;
    }
    if (v.status == OS_OK && (in_use(v.disk, inode) || v.disk->inodes[inode].directory)) {
        return OS_BUSY;
    }
    if (v.does) {
        model_change_names(v.disk, directory, name, "", NONE);
    }
    return v.status;
}

static enum os_status model_make_directory(const struct os *os, const char *path)
{
    struct verdict v = judge(os, CALL_MAKE_DIRECTORY);
    char name[NAME_MOST];
    int directory = model_find_parent(v.disk, path, name);
    if (v.status == OS_OK && model_find_inode(v.disk, path) != NONE) {
        return OS_EXISTS;
    }
    if (v.status == OS_OK && directory == NONE) {
        return OS_NOT_FOUND;
    }
    if (v.does && directory != NONE && model_find_inode(v.disk, path) == NONE) {
        model_change_names(v.disk, directory, "", name, model_new_inode(v.disk, true));
    }
    return v.status;
}

static enum os_status model_flush_directory(const struct os *os, const char *path)
{
    struct verdict v = judge(os, CALL_FLUSH_DIRECTORY);
    int directory = model_find_inode(v.disk, path);
    if (v.does && directory != NONE) {
        keep_names(v.disk, directory);
    }
    return answer(&v, directory != NONE ? OS_OK : OS_NOT_FOUND);
}

static enum os_status model_list(const struct os *os, const char *path, os_name_fn each,
                                 void *context)
{
    struct verdict v = judge(os, CALL_LIST);
    int directory = model_find_inode(v.disk, path);
    if (v.status != OS_OK || directory == NONE) {
        return answer(&v, OS_NOT_FOUND);
    }
    if (!v.disk->inodes[directory].directory) {
        return OS_WRONG_KIND;
    }
    const struct tree seen = v.disk->now; /* `each` may change it */
    for (int i = 0; i < seen.count; i++) {
        if (seen.entries[i].directory == directory && !each(context, seen.entries[i].name)) {
            break;
        }
    }
    return OS_OK;
}

static enum os_status model_lock(const struct os *os, const char *directory, struct os_lock **out)
{
    struct verdict v = judge(os, CALL_LOCK);
    int inode = model_find_inode(v.disk, directory);
    if (v.status != OS_OK || inode == NONE) {
        return answer(&v, OS_NOT_FOUND);
    }
    if (v.disk->inodes[inode].locked) {
        return OS_BUSY;
    }
    struct os_lock *lock = malloc(sizeof *lock);
    if (lock == NULL) {
        return OS_NO_MEMORY;
    }
    lock->inode = inode;
    v.disk->inodes[inode].locked = true;
    v.disk->handles++;
    *out = lock;
    return OS_OK;
}

static void model_unlock(const struct os *os, struct os_lock *lock)
{
    struct model_disk *disk = os->context;
    if (lock != NULL) {
        disk->inodes[lock->inode].locked = false;
        disk->handles--;
        free(lock);
    }
}

static enum os_status model_real_path(const struct os *os, const char *path, struct buf *out)
{
    struct verdict v = judge(os, CALL_REAL_PATH);
    if (v.status == OS_OK) {
        buf_add_text(out, path);
    }
    return answer(&v, model_find_inode(v.disk, path) != NONE ? OS_OK : OS_NOT_FOUND);
}

/* ---- at the next start of Windows ---- */

static enum os_status model_rename_at_boot(const struct os *os, const char *from, const char *to)
{
    struct verdict v = judge(os, CALL_RENAME_AT_BOOT);
    return answer(&v, v.does ? boot_store_rename(&v.disk->boot, from, to) : OS_OK);
}

static enum os_status model_read_at_boot(const struct os *os, enum os_at_boot which,
                                         struct buf *out)
{
    struct verdict v = judge(os, CALL_READ_AT_BOOT);
    return v.status != OS_OK ? v.status : boot_store_read(&v.disk->boot, which, out);
}

static enum os_status model_write_at_boot(const struct os *os, enum os_at_boot which,
                                          const void *bytes, size_t size)
{
    struct verdict v = judge(os, CALL_WRITE_AT_BOOT);
    return answer(&v, v.does ? boot_store_write(&v.disk->boot, which, bytes, size) : OS_OK);
}

size_t model_disk_start(struct model_disk *disk, unsigned which)
{
    bool two_steps = disk->two_steps;
    disk->two_steps = false; /* nothing is in use yet */
    model_disk_set_fault(disk, NULL);
    size_t pairs = boot_store_start(&disk->boot, &disk->table, which);
    model_keep_all(disk);
    disk->two_steps = two_steps;
    return pairs;
}

const struct os model_table = {
    .open = model_open,
    .read_at = model_read_at,
    .write = model_write,
    .flush = model_flush,
    .stat_file = model_stat_file,
    .close = model_close,
    .copy_metadata = model_copy_metadata,
    .stat = model_stat,
    .rename = model_rename,
    .remove = model_remove,
    .make_directory = model_make_directory,
    .flush_directory = model_flush_directory,
    .list = model_list,
    .lock = model_lock,
    .unlock = model_unlock,
    .real_path = model_real_path,
    .rename_at_boot = model_rename_at_boot,
    .read_at_boot = model_read_at_boot,
    .write_at_boot = model_write_at_boot,
};
