/* What the parts of the model disk share. */
#ifndef TESTS_MODEL_PARTS_H
#define TESTS_MODEL_PARTS_H

#include "model_disk.h"

enum {
    NAME_MOST = 64,
    INODES_MOST = 512,
    ENTRIES_MOST = 96,
    PENDING_MOST = 256,
    NONE = -1,
    ROOT = 0,
};

/* Bytes that several disks share; never changed. */
struct blob {
    size_t refs, size;
    uint64_t digest; /* 0: not computed yet */
    uint8_t bytes[];
};

struct inode {
    bool directory;
    bool copy_open;          /* as OS_READ_COPY */
    bool write_open;         /* as OS_CREATE or OS_APPEND */
    bool locked;             /* by lock() */
    struct blob *now, *kept; /* NULL: empty */
    uint32_t metadata, metadata_kept;
};

struct entry {
    int directory, inode;
    char name[NAME_MOST];
};

struct tree {
    int count;
    struct entry entries[ENTRIES_MOST];
};

/* A change to the names in a directory that is not on the medium yet: `from` goes, `to` comes. */
struct pending {
    int directory, inode;
    char from[NAME_MOST], to[NAME_MOST]; /* "": none */
};

struct model_disk {
    struct os table;
    struct inode inodes[INODES_MOST];
    int inode_count;
    struct tree now, kept;
    struct pending pending[PENDING_MOST];
    int pending_count;
    bool two_steps;
    struct boot_store boot;
    struct model_fault fault;
    bool faulty, dead, failed;
    enum model_call failed_call;
    int calls, handles;
};

/* The table of calls, for any disk. */
extern const struct os model_table;

/* Ends the program. */
void model_give_up(const char *what);

struct blob *blob_new(size_t size);
struct blob *blob_keep(struct blob *blob);
size_t blob_size(const struct blob *blob);
/* Puts `blob` in the place of the one that is there. */
void blob_set(struct blob **to, struct blob *blob);
struct blob *blob_append(const struct blob *blob, const void *bytes, size_t size);

/* The same names; what lies behind them is not touched. */
void model_copy_tree(struct tree *to, const struct tree *from);

/* The place of a name in the tree, or NONE. */
int model_find_entry(const struct tree *tree, int directory, const char *name);
void model_apply(struct tree *tree, const struct pending *change);

/* Changes names for every process that looks, and leaves it to a flush to keep that. */
void model_change_names(struct model_disk *disk, int directory, const char *from, const char *to,
                        int inode);

/* The directory that a path is in, and its last part; NONE when a part on the way is missing. */
int model_find_parent(const struct model_disk *disk, const char *path, char name[NAME_MOST]);
int model_find_inode(const struct model_disk *disk, const char *path);
int model_new_inode(struct model_disk *disk, bool directory);

/* Whatever was written so far is on the medium. */
void model_keep_all(struct model_disk *disk);

#endif
