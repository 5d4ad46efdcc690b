/* A disk in memory for tests of what outlives a failure: a table of file calls over a model of a
 * file system with a volatile cache.
 *
 * What a power cut may leave: of the bytes added to a file since it was flushed, none, the first
 * ones alone, or any 512-byte blocks, the others being zero; of the changes to a directory (a name
 * made, renamed, removed; a directory made) that was not flushed, any, in the order in which they
 * were made for each name. A rename happens as a whole or not at all. Nothing else that file
 * systems promise is relied on. A process that is killed loses nothing.
 *
 * As on Windows, a file can neither be renamed nor removed while it is open to be written or
 * as a copy.
 */
#ifndef TESTS_MODEL_DISK_H
#define TESTS_MODEL_DISK_H

#include "boot_store.h"
#include "os.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum model_call {
    CALL_OPEN_READ,
    CALL_OPEN_WRITE,
    CALL_READ,
    CALL_WRITE,
    CALL_FLUSH,
    CALL_STAT_FILE,
    CALL_CLOSE,
    CALL_COPY_METADATA,
    CALL_STAT,
    CALL_RENAME,
    CALL_REMOVE,
    CALL_MAKE_DIRECTORY,
    CALL_FLUSH_DIRECTORY,
    CALL_LIST,
    CALL_LOCK,
    CALL_REAL_PATH,
    CALL_RENAME_AT_BOOT,
    CALL_READ_AT_BOOT,
    CALL_WRITE_AT_BOOT,
    MODEL_CALLS
};

enum model_how {
    MODEL_FAIL,      /* nothing is done; of a write the first half */
    MODEL_FAIL_DONE, /* it is done all the same */
    MODEL_DIE,       /* the same as MODEL_FAIL, and no later call does anything */
};

enum { MODEL_FOR_EVER = -1 };

/* Which calls can fail. */
enum model_scope {
    MODEL_ALL,
    MODEL_SPACE,   /* those that need space: a full disk */
    MODEL_CHANGES, /* those that change anything: a disk that can only be read */
};

/* The calls that fail. */
struct model_fault {
    enum model_how how;
    enum model_scope scope;
    int first;  /* number of the first of them, counted from 0 */
    int count;  /* how many; MODEL_FOR_EVER: all from there on */
    int status; /* which of the errors that the call can give, counted from 0 */
    int step;   /* at which step of a rename in two steps it dies: 0, or 1 after the first */
};

struct model_disk;

/* A disk with nothing but "/". Ends the program when memory is out, as all here do. */
struct model_disk *model_disk_new(void);
void model_disk_free(struct model_disk *disk);

/* The table of file calls; valid as long as the disk is. */
const struct os *model_disk_os(struct model_disk *disk);

/* A file, with the directories above it, on the medium at once. `metadata` stands for its owner,
 * permissions, attributes and times: copy_metadata() carries it over. */
void model_disk_put(struct model_disk *disk, const char *path, const void *bytes, size_t size,
                    uint32_t metadata);
/* The same for a directory. */
void model_disk_put_directory(struct model_disk *disk, const char *path);

/* The bytes of a file; NULL when there is none. Valid until the disk changes. */
const uint8_t *model_disk_get(const struct model_disk *disk, const char *path, size_t *size,
                              uint32_t *metadata);

/* Calls `each` for every file. */
void model_disk_each(const struct model_disk *disk,
                     void (*each)(void *context, const char *path, size_t size), void *context);

/* A rename over a file first moves that to NAME.tcpipwatch-old, as on Windows when it is in use. */
void model_disk_rename_in_two_steps(struct model_disk *disk);

/* What is registered for the next start of Windows: on the medium as soon as it is registered. */
struct boot_store *model_disk_boot(struct model_disk *disk);

/* Windows starts, and carries out these of the renames, see boot_store_start(). */
size_t model_disk_start(struct model_disk *disk, unsigned which);

/* ---- failures ---- */

/* From now on, counting the calls from 0 again. NULL: none. */
void model_disk_set_fault(struct model_disk *disk, const struct model_fault *fault);

/* Calls since then. */
int model_disk_calls(const struct model_disk *disk);

/* The first call that failed, and how many errors it can give; false when none has failed. */
bool model_disk_failed(const struct model_disk *disk, enum model_call *call, int *statuses);

/* Files and locks that are open: 0 after every operation. */
int model_disk_open_handles(const struct model_disk *disk);

const char *model_call_name(enum model_call call);

/* ---- what remains ---- */

/* The disk as the next process finds it after this one ended or was killed: nothing is lost, and
 * nothing is more on the medium than before. */
struct model_disk *model_disk_next(const struct model_disk *disk);

/* A digest of all on which the future of the disk depends: names, bytes, metadata, what of them is
 * on the medium, what is registered for the next start. Disks that differ in none of it have the
 * same one; that others have it too is possible once in 2^64 pairs. */
uint64_t model_disk_state(const struct model_disk *disk);

/* How many ways there are in which a power cut could leave it; UINT64_MAX for more. */
uint64_t model_disk_outcomes(const struct model_disk *disk);

/* The disk after a power cut, the way `choice` (below model_disk_outcomes()). */
struct model_disk *model_disk_crash(const struct model_disk *disk, uint64_t choice);

#endif
