#include "model_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- bytes ---- */

void model_give_up(const char *what)
{
    fprintf(stderr, "model_disk: %s\n", what);
    abort();
}

struct blob *blob_new(size_t size)
{
    struct blob *blob = calloc(1, sizeof *blob + size);
    if (blob == NULL) {
        model_give_up("out of memory");
    } else {
        blob->refs = 1;
        blob->size = size;
    }
    return blob;
}

struct blob *blob_keep(struct blob *blob)
{
    if (blob != NULL) {
        blob->refs++;
    }
    return blob;
}

static void blob_drop(struct blob *blob)
{
    if (blob != NULL && --blob->refs == 0) {
        free(blob);
    }
}

size_t blob_size(const struct blob *blob)
{
    return blob != NULL ? blob->size : 0;
}

void blob_set(struct blob **to, struct blob *blob)
{
    blob_drop(*to);
    *to = blob;
}

struct blob *blob_append(const struct blob *blob, const void *bytes, size_t size)
{
    size_t before = blob_size(blob);
    struct blob *longer = blob_new(before + size);
    if (before > 0) {
        memcpy(longer->bytes, blob->bytes, before);
    }
    if (size > 0) {
        memcpy(longer->bytes + before, bytes, size);
    }
    return longer;
}

/* ---- names ---- */

void model_copy_tree(struct tree *to, const struct tree *from)
{
    memcpy(to->entries, from->entries, (size_t)from->count * sizeof from->entries[0]);
    to->count = from->count;
}

int model_find_entry(const struct tree *tree, int directory, const char *name)
{
    for (int i = 0; i < tree->count; i++) {
        if (tree->entries[i].directory == directory && strcmp(tree->entries[i].name, name) == 0) {
            return i;
        }
    }
    return NONE;
}

static void remove_entry(struct tree *tree, int directory, const char *name)
{
    int at = model_find_entry(tree, directory, name);
    if (at != NONE) {
        tree->entries[at] = tree->entries[--tree->count];
    }
}

static void set_entry(struct tree *tree, int directory, const char *name, int inode)
{
    int at = model_find_entry(tree, directory, name);
    if (at == NONE) {
        if (tree->count == ENTRIES_MOST) {
            model_give_up("too many names");
        }
        at = tree->count++;
        tree->entries[at].directory = directory;
        snprintf(tree->entries[at].name, NAME_MOST, "%s", name);
    }
    tree->entries[at].inode = inode;
}

void model_apply(struct tree *tree, const struct pending *change)
{
    if (change->from[0] != '\0') {
        remove_entry(tree, change->directory, change->from);
    }
    if (change->to[0] != '\0') {
        set_entry(tree, change->directory, change->to, change->inode);
    }
}

void model_change_names(struct model_disk *disk, int directory, const char *from, const char *to,
                        int inode)
{
    if (disk->pending_count == PENDING_MOST) {
        model_give_up("too many changes without a flush");
    }
    struct pending *change = &disk->pending[disk->pending_count++];
    *change = (struct pending){.directory = directory, .inode = inode};
    snprintf(change->from, NAME_MOST, "%s", from);
    snprintf(change->to, NAME_MOST, "%s", to);
    model_apply(&disk->now, change);
}

int model_find_parent(const struct model_disk *disk, const char *path, char name[NAME_MOST])
{
    int at = ROOT;
    name[0] = '\0';
    while (*path != '\0') {
        size_t length = strcspn(path, "/");
        if (length >= NAME_MOST) {
            return NONE;
        }
        if (length > 0 && !(length == 1 && path[0] == '.')) {
            if (name[0] != '\0') {
                int entry = model_find_entry(&disk->now, at, name);
                if (entry == NONE || !disk->inodes[disk->now.entries[entry].inode].directory) {
                    return NONE;
                }
                at = disk->now.entries[entry].inode;
            }
            memcpy(name, path, length);
            name[length] = '\0';
        }
        path += length + (path[length] == '/' ? 1 : 0);
    }
    return at;
}

int model_find_inode(const struct model_disk *disk, const char *path)
{
    char name[NAME_MOST];
    int parent = model_find_parent(disk, path, name);
    if (parent == NONE || name[0] == '\0') {
        return parent;
    }
    int entry = model_find_entry(&disk->now, parent, name);
    return entry != NONE ? disk->now.entries[entry].inode : NONE;
}

int model_new_inode(struct model_disk *disk, bool directory)
{
    if (disk->inode_count == INODES_MOST) {
        model_give_up("too many files");
    }
    disk->inodes[disk->inode_count] = (struct inode){.directory = directory};
    return disk->inode_count++;
}

/* ---- the disk ---- */

static struct model_disk *allocate(void)
{
    struct model_disk *disk = malloc(sizeof *disk);
    if (disk == NULL) {
        model_give_up("out of memory");
    }
    return disk;
}

struct model_disk *model_disk_new(void)
{
    struct model_disk *disk = allocate();
    memset(disk, 0, sizeof *disk);
    disk->table = model_table;
    disk->table.context = disk;
    (void)model_new_inode(disk, true);
    return disk;
}

void model_disk_free(struct model_disk *disk)
{
    for (int i = 0; disk != NULL && i < disk->inode_count; i++) {
        blob_drop(disk->inodes[i].now);
        blob_drop(disk->inodes[i].kept);
    }
    if (disk != NULL) {
        boot_store_free(&disk->boot);
    }
    free(disk);
}

struct boot_store *model_disk_boot(struct model_disk *disk)
{
    return &disk->boot;
}

const struct os *model_disk_os(struct model_disk *disk)
{
    return &disk->table;
}

void model_keep_all(struct model_disk *disk)
{
    for (int i = 0; i < disk->inode_count; i++) {
        blob_set(&disk->inodes[i].kept, blob_keep(disk->inodes[i].now));
        disk->inodes[i].metadata_kept = disk->inodes[i].metadata;
    }
    model_copy_tree(&disk->kept, &disk->now);
    disk->pending_count = 0;
}

/* The inode of a path, made with all that is missing on the way. */
static int place(struct model_disk *disk, const char *path, bool directory)
{
    char above[256];
    char name[NAME_MOST];
    int inode = model_find_inode(disk, path);
    if (inode != NONE) {
        return inode;
    }
    const char *slash = strrchr(path, '/');
    if (slash != NULL && slash != path) {
        snprintf(above, sizeof above, "%.*s", (int)(slash - path), path);
        (void)place(disk, above, true);
    }
    int parent = model_find_parent(disk, path, name);
    inode = model_new_inode(disk, directory);
    model_change_names(disk, parent, "", name, inode);
    return inode;
}

void model_disk_put(struct model_disk *disk, const char *path, const void *bytes, size_t size,
                    uint32_t metadata)
{
    struct inode *file = &disk->inodes[place(disk, path, false)];
    blob_set(&file->now, blob_append(NULL, bytes, size));
    file->metadata = metadata;
    model_keep_all(disk);
}

void model_disk_put_directory(struct model_disk *disk, const char *path)
{
    (void)place(disk, path, true);
    model_keep_all(disk);
}

const uint8_t *model_disk_get(const struct model_disk *disk, const char *path, size_t *size,
                              uint32_t *metadata)
{
    static const uint8_t nothing[1] = {0};
    int inode = model_find_inode(disk, path);
    if (inode == NONE || disk->inodes[inode].directory) {
        return NULL;
    }
    const struct blob *blob = disk->inodes[inode].now;
    *size = blob_size(blob);
    *metadata = disk->inodes[inode].metadata;
    return blob != NULL ? blob->bytes : nothing;
}

static void each_below(const struct model_disk *disk, int directory, const char *path,
                       void (*each)(void *context, const char *path, size_t size), void *context)
{
    char inside[512];
    for (int i = 0; i < disk->now.count; i++) {
        const struct entry *entry = &disk->now.entries[i];
        if (entry->directory == directory) {
            snprintf(inside, sizeof inside, "%s/%s", path, entry->name);
            if (disk->inodes[entry->inode].directory) {
                each_below(disk, entry->inode, inside, each, context);
            } else {
                each(context, inside, blob_size(disk->inodes[entry->inode].now));
            }
        }
    }
}

void model_disk_each(const struct model_disk *disk,
                     void (*each)(void *context, const char *path, size_t size), void *context)
{
    each_below(disk, ROOT, "", each, context);
}

void model_disk_rename_in_two_steps(struct model_disk *disk)
{
    disk->two_steps = true;
}

void model_disk_set_fault(struct model_disk *disk, const struct model_fault *fault)
{
    disk->faulty = fault != NULL;
    disk->fault = fault != NULL ? *fault : (struct model_fault){.how = MODEL_FAIL};
    disk->dead = false;
    disk->failed = false;
    disk->calls = 0;
}

int model_disk_calls(const struct model_disk *disk)
{
    return disk->calls;
}

int model_disk_open_handles(const struct model_disk *disk)
{
    return disk->handles;
}

struct model_disk *model_disk_next(const struct model_disk *disk)
{
    struct model_disk *next = allocate();
    /* Not all of it, since most of the room is empty, and some tests do little else. */
    next->table = disk->table;
    next->table.context = next;
    next->inode_count = disk->inode_count;
    memcpy(next->inodes, disk->inodes, (size_t)disk->inode_count * sizeof disk->inodes[0]);
    model_copy_tree(&next->now, &disk->now);
    model_copy_tree(&next->kept, &disk->kept);
    next->pending_count = disk->pending_count;
    memcpy(next->pending, disk->pending, (size_t)disk->pending_count * sizeof disk->pending[0]);
    next->two_steps = disk->two_steps;
    next->failed_call = disk->failed_call;
    next->handles = 0;
    boot_store_copy(&next->boot, &disk->boot);
    for (int i = 0; i < next->inode_count; i++) {
        struct inode *inode = &next->inodes[i];
        inode->now = blob_keep(inode->now);
        inode->kept = blob_keep(inode->kept);
        inode->copy_open = inode->write_open = inode->locked = false;
    }
    model_disk_set_fault(next, NULL);
    return next;
}
