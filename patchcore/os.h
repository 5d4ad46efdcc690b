/* Files, the only place where the programs touch them: a table of calls with
 * one implementation for each platform (os_posix.c, os_win32.c), which tests
 * replace to make any call fail.
 *
 * Paths are UTF-8; '/' and, on Windows, '\' separate their parts.
 */
#ifndef PATCHCORE_OS_H
#define PATCHCORE_OS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum os_status {
    OS_OK,
    OS_NOT_FOUND,
    OS_DENIED,
    OS_EXISTS,
    OS_BUSY,        /* in use or locked by another program */
    OS_FULL,        /* no space left, or a quota reached */
    OS_READ_ONLY,   /* the file system is mounted read-only */
    OS_WRONG_KIND,  /* a directory, link, pipe or device instead of a file, or the reverse */
    OS_TOO_BIG,     /* larger than the caller is ready to read */
    OS_UNSUPPORTED, /* the file system or the platform has no such thing */
    OS_UNSAFE,      /* others could change what is kept there: see os_make_private() */
    OS_INTERRUPTED, /* the user stopped it */
    OS_NO_MEMORY,
    OS_IO, /* anything else: a medium error, a network gone */
};

/* The reason as the end of a sentence: "permission denied". */
const char *os_status_text(enum os_status status);

enum os_kind { OS_FILE, OS_DIRECTORY, OS_LINK, OS_OTHER };

struct os_stat {
    enum os_kind kind;
    uint64_t size;     /* bytes */
    uint64_t modified; /* 100 ns steps since 1601, see base/wintime.h */
    uint64_t device;   /* device and inode (file index) tell one file from another */
    uint64_t inode;
    bool foreign;     /* belongs to neither this user nor the administrator */
    bool open_to_all; /* everybody may write to it */
};

enum os_open {
    OS_READ,      /* an existing regular file, links followed; others may write to it */
    OS_READ_COPY, /* the same, but no link is followed, and OS_BUSY when another program has locked
                   * it for itself alone; keeps such programs out until it is closed */
    OS_CREATE,    /* a new file for its owner alone; OS_EXISTS when there is one */
    OS_APPEND,    /* written at its end; made for its owner alone where there is none */
};

#define OS_ASIDE ".tcpipwatch-old"

/* What a running Windows keeps for its next start: values of the Session Manager's registry key. */
enum os_at_boot {
    OS_BOOT_RENAMES,   /* PendingFileRenameOperations, see pending.h */
    OS_BOOT_RENAMES_2, /* PendingFileRenameOperations2, which it goes through afterwards */
    OS_BOOT_PROTECTED, /* AllowProtectedRenames, 4 bytes: other than 0 lets these renames replace
                        * protected files. The start removes it */
    OS_AT_BOOT
};

struct os_file; /* private to the implementation */
struct os_lock;

/* Called for each name in a directory, without "." and "..". False ends the listing. */
typedef bool (*os_name_fn)(void *context, const char *name);

struct os {
    void *context; /* handed to nobody: for a stand-in's own use */

    enum os_status (*open)(const struct os *os, const char *path, enum os_open how,
                           struct os_file **out);
    /* Reads up to `size` bytes; fewer only at the end of the file. */
    enum os_status (*read_at)(const struct os *os, struct os_file *file, uint64_t offset,
                              void *buffer, size_t size, size_t *got);
    /* Writes all bytes at the file's present position. */
    enum os_status (*write)(const struct os *os, struct os_file *file, const void *bytes,
                            size_t size);
    /* On the medium when it returns. */
    enum os_status (*flush)(const struct os *os, struct os_file *file);
    enum os_status (*stat_file)(const struct os *os, struct os_file *file, struct os_stat *out);
    /* Always frees the file; an error that the close reports is passed on. */
    enum os_status (*close)(const struct os *os, struct os_file *file);

    /* Gives `file` the owner, permissions, attributes and times of `model`. The times come
     * last, so nothing may be written to `file` afterwards. */
    enum os_status (*copy_metadata)(const struct os *os, struct os_file *model,
                                    struct os_file *file);

    /* Of the link itself, when the path names one. */
    enum os_status (*stat)(const struct os *os, const char *path, struct os_stat *out);
    /* Replaces `to` in one step where it exists. A Windows file in use takes two: it is moved to
     * TO followed by OS_ASIDE first, and a crash between them leaves it there. */
    enum os_status (*rename)(const struct os *os, const char *from, const char *to);
    /* On Windows a file that was moved aside and is in use still, as a loaded driver is, goes at
     * the next start. */
    enum os_status (*remove)(const struct os *os, const char *path);
    /* For its owner alone. OS_EXISTS when there is anything of that name. */
    enum os_status (*make_directory)(const struct os *os, const char *path);
    /* The names in the directory are on the medium when it returns. */
    enum os_status (*flush_directory)(const struct os *os, const char *path);
    enum os_status (*list)(const struct os *os, const char *path, os_name_fn each, void *context);
    /* Keeps every other program that asks for the same lock out of the directory; OS_BUSY when
     * one has it. Ends with the process at the latest, and leaves nothing behind. */
    enum os_status (*lock)(const struct os *os, const char *directory, struct os_lock **out);
    void (*unlock)(const struct os *os, struct os_lock *lock);
    /* The path as the system knows it, absolute and without links. Added to `out`. */
    enum os_status (*real_path)(const struct os *os, const char *path, struct buf *out);

    /* For the next start of the Windows that runs this; elsewhere OS_UNSUPPORTED. On the medium
     * when they return. `rename_at_boot` registers that `from` takes the place of `to`, behind all
     * that is registered; both absolute. `read_at_boot` gives a value's bytes in `out` (which is
     * emptied first), OS_NOT_FOUND when there is none, OS_WRONG_KIND when it is of another type
     * than Windows makes it. `write_at_boot` replaces the bytes; no bytes remove the value. */
    enum os_status (*rename_at_boot)(const struct os *os, const char *from, const char *to);
    enum os_status (*read_at_boot)(const struct os *os, enum os_at_boot which, struct buf *out);
    enum os_status (*write_at_boot)(const struct os *os, enum os_at_boot which, const void *bytes,
                                    size_t size);
};

/* The table for the platform this was built for. */
const struct os *os_native(void);

/* ---- made of the calls above ---- */

/* "dir/name", or just the name for an empty dir; the caller frees. NULL when memory is out. */
char *os_path_join(const char *directory, const char *name);

/* The directory that a path is in, "." for a bare name; the caller frees. NULL when memory is out.
 */
char *os_path_directory(const char *path);

/* Of the directory that the path leads to, also through a link; OS_WRONG_KIND, or what the system
 * says, when it leads to none. */
enum os_status os_stat_directory(const struct os *os, const char *path, struct os_stat *out);

/* The whole file into `out` (which is emptied first); OS_TOO_BIG above `most` bytes. */
enum os_status os_read_whole(const struct os *os, const char *path, enum os_open how, size_t most,
                             struct buf *out);

/* Whether the whole file is these bytes, with OS_OK; nothing of it is kept. */
enum os_status os_compare_whole(const struct os *os, const char *path, enum os_open how,
                                const struct buf *bytes, bool *same);

/* Makes the directory and whatever is missing above it, and flushes each name on the way. */
enum os_status os_make_directories(const struct os *os, const char *path);

/* The same, for what only this user and the administrator may change: OS_UNSAFE when the directory
 * belongs to somebody else, or everybody may write to it. */
enum os_status os_make_private(const struct os *os, const char *path);

/* Replaces DIRECTORY/NAME by `size` bytes so that a crash leaves the old file or the new one:
 * writes NAME.new beside it, flushes, renames, flushes the directory. */
enum os_status os_write_whole(const struct os *os, const char *directory, const char *name,
                              const void *bytes, size_t size);

/* Reads DIRECTORY/NAME as os_write_whole() wrote it, also where a crash left it moved aside. */
enum os_status os_read_written(const struct os *os, const char *directory, const char *name,
                               size_t most, struct buf *out);

#endif
