/* The patch core: what one image of tcpip.sys is, where its half-open connection limit stands, and
 * how the copies of it in a Windows directory are changed and changed back. No user interface, no
 * policy, no event log.
 *
 * Sources for the formats: "PE Format" in the Windows SDK documentation (headers, sections, version
 * resource, checksum); the code around the limit as in the notes of patchcore/locate.c.
 */
#ifndef PATCHCORE_H
#define PATCHCORE_H

#include "base/json.h"
#include "os.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- one image ---- */

enum {
    PC_LIMIT_WINDOWS = 10, /* as Windows XP SP2 to Vista SP1 ship */
    PC_LIMIT_LEAST = 1,
    PC_LIMIT_MOST = 16777214,
    PC_LIMIT_HIGH = 1000, /* above this the alarm that the limit is has been switched off */
    PC_IMAGE_MOST = 16 * 1024 * 1024, /* bytes; no tcpip.sys comes near it */
    PC_REASON_SIZE = 256,
};

enum pc_status {
    PC_ORIGINAL,     /* a limit of 10 */
    PC_PATCHED,      /* any other limit */
    PC_NO_LIMIT,     /* tcpip.sys of a Windows that has none */
    PC_UNRECOGNISED, /* a sound image whose limit cannot be told with certainty */
    PC_DAMAGED,      /* not a PE image, cut short, impossible headers, wrong checksum */
};

/* "original", "patched", "no-limit", "unrecognised", "damaged". */
const char *pc_status_name(enum pc_status status);

enum pc_machine { PC_MACHINE_OTHER, PC_MACHINE_I386, PC_MACHINE_AMD64 };

struct pc_version {
    uint16_t part[4]; /* 5.1.2600.2180 */
};

/* What a Windows has, by its version. */
enum pc_generation {
    PC_GENERATION_UNKNOWN, /* no Windows that is known, or its version is not */
    PC_GENERATION_BEFORE,  /* none: 2000, XP before SP2, Server 2003 before SP1 */
    PC_GENERATION_LIMIT,   /* the limit in tcpip.sys: XP from SP2 on, Server 2003 from SP1 on */
    PC_GENERATION_SP2,     /* the limit, which Service Pack 2 removes: Vista and Server 2008 */
    PC_GENERATION_AFTER,   /* none, unless it is switched on: Vista SP2, Windows 7 and later */
};

struct pc_inspection {
    enum pc_status status;
    enum pc_generation generation; /* by the version of a sound image that says it is tcpip.sys */
    enum pc_machine machine;       /* PC_MACHINE_OTHER: unknown, or neither of the two */
    bool has_version;
    struct pc_version version; /* the file version of the version resource */
    uint64_t size;             /* bytes */
    bool has_limit;
    uint32_t limit;        /* half-open connections */
    uint32_t limit_offset; /* file offset of the 32-bit immediate that is the limit */
    bool has_compare;
    uint32_t compare_offset; /* file offset of the first compare of the variable that holds the
                              * limit: the second sign, which only x86 requires */
    bool has_checksum;
    uint32_t checksum_offset; /* file offset of the field in the optional header */
    uint32_t checksum_stored;
    uint32_t checksum_computed;
    const char *build;           /* name in the table of known builds, or NULL; static */
    char reason[PC_REASON_SIZE]; /* a sentence where nothing can be done, otherwise empty */
};

/* Tells what an image is. Any bytes are allowed, of any length; nothing is kept. */
void pc_inspect(const uint8_t *image, size_t size, struct pc_inspection *out);

/* True for PC_ORIGINAL and PC_PATCHED: the only ones that are ever written to. */
bool pc_writable(const struct pc_inspection *inspection);

/* The members of one inspection into an open JSON object, all but "path": status, machine, version,
 * size, limit, limit_offset, checksum_stored, checksum_computed, build, reason, compare_offset;
 * null for what is not known. */
void pc_inspection_json(struct json *j, const struct pc_inspection *inspection);

/* "5.1.2600.2180"; `out` has room for PC_VERSION_SIZE bytes. */
enum { PC_VERSION_SIZE = 24 };
void pc_version_text(const struct pc_version *version, char out[PC_VERSION_SIZE]);

/* Writes `limit` (PC_LIMIT_LEAST to PC_LIMIT_MOST) and the checksum that goes with it into an image
 * that pc_inspect() has just found writable, and touches no other byte. False, and nothing written,
 * when the image is not writable, the limit is out of range, or the changed image would not be
 * inspected as exactly that limit with a right checksum. */
bool pc_set_limit(uint8_t *image, size_t size, uint32_t limit);

/* The same for an image that need not be inspected once more: `inspection` is what pc_inspect() has
 * found in these very bytes, and with true what it finds in the changed ones. */
bool pc_change_limit(uint8_t *image, size_t size, uint32_t limit, struct pc_inspection *inspection);

/* ---- the checksum of a PE image ---- */

/* The checksum that the 4 bytes at `field` (inside the image) should hold: all 16-bit words summed
 * with the field taken as zero, carries folded in, plus the size. As CheckSumMappedFile of
 * imagehlp.dll computes it, also where the folded sum is 0xFFFF: that counts as 0, since it is what
 * that function finds once the field holds anything. */
uint32_t pc_checksum(const uint8_t *image, size_t size, size_t field);

/* The checksum of an image of `size` bytes with `checksum` after the 32-bit value at file offset
 * `offset` has changed from `before` to `after`: what pc_checksum() would give, without the image.
 */
uint32_t pc_checksum_after(uint32_t checksum, size_t size, size_t offset, uint32_t before,
                           uint32_t after);

/* ---- the copies in a Windows directory ---- */

/* What an operation came to; the values are the exit status of tcpippatch. */
enum pc_result {
    PC_DONE = 0,        /* done, or nothing to do */
    PC_FAILED = 1,      /* failed, and everything is as it was before */
    PC_USAGE = 2,       /* for the programs: wrong usage or policy */
    PC_REFUSED = 3,     /* nothing here may be written */
    PC_INTERRUPTED = 4, /* interrupted work was found, or this work could neither be finished nor
                         * undone: pc_recover() has to be called */
};

/* What every operation needs. The caller owns all of it and keeps it until the call returns. */
struct pc_context {
    const struct os *os;
    const char *data; /* directory for saved originals and journals; made when it is needed */
    /* Told of each step as it is done, a whole sentence; may be NULL. */
    void (*say)(void *context, const char *sentence);
    void *say_context;
};

enum { PC_COPIES = 3, PC_DRIVERS = 2 };

/* Behind the path of a copy: its new file, until that takes the copy's place. */
#define PC_STAGED ".tcpipwatch-new"

/* One of the places where Windows keeps tcpip.sys, in the order in which they are written:
 * ServicePackFiles/i386, system32/dllcache, system32/drivers (PC_DRIVERS, the last). */
struct pc_copy {
    char *path;      /* below the root as it was named, spelled as on the disk; NULL when there
                      * is no such directory */
    char *directory; /* the directory part of it */
    bool present;    /* there is a file */
    enum os_status access; /* OS_OK, or why it could not be read; the inspection is then void */
    struct pc_inspection inspection;
    uint32_t crc32; /* of the whole file, when it was read */
};

struct pc_target {
    char *root; /* absolute, without links: what it is, however it was named */
    char *id;   /* names the root in the data directory */
    struct pc_copy copies[PC_COPIES];
};

/* Finds the copies under `root` (a Windows directory, one that has system32 in any letter case) and
 * inspects each. PC_REFUSED with a sentence in `why` when it is no Windows directory; a copy that
 * is absent or cannot be read is told in the copy. `target` is to be freed in either case. */
enum pc_result pc_find(const struct pc_context *pc, const char *root, struct pc_target *target,
                       struct buf *why);
void pc_target_free(struct pc_target *target);

/* What would be done to one copy. */
struct pc_change {
    bool wanted;
    uint32_t limit_before, limit_after;
    uint32_t checksum_before, checksum_after;
    uint32_t crc32_before, crc32_after; /* of the whole file */
    uint32_t crc32_original;            /* of the file with a limit of PC_LIMIT_WINDOWS */
};

/* When the new files take the place of the old ones. */
enum pc_way {
    PC_NOW,       /* at once */
    PC_NEXT_BOOT, /* at the next start of Windows, before it watches them; only for the copies of
                   * the Windows that runs this */
};

struct pc_plan {
    const char *what; /* "set" or "restore"; static */
    size_t wanted;    /* how many of the changes are wanted */
    struct pc_change changes[PC_COPIES];
    enum pc_way way; /* for the caller to set before pc_apply() */
    /* An earlier change waits for the next start of Windows. pc_apply() takes it back first, also
     * when nothing else is wanted; unless it is this very change, to be made that way. */
    bool waits;
    bool same_waits; /* that change does just what this plan does */
};

/* Plans to give every writable copy the limit (PC_LIMIT_LEAST to PC_LIMIT_MOST), or to give every
 * patched copy its original back. Writes nothing. PC_REFUSED with a sentence in `why` when the
 * drivers copy may not be written; PC_INTERRUPTED when a journal says that work was interrupted;
 * PC_DONE with wanted == 0 when there is nothing to do. */
enum pc_result pc_plan_set(const struct pc_context *pc, const struct pc_target *target,
                           uint32_t limit, struct pc_plan *plan, struct buf *why);
enum pc_result pc_plan_restore(const struct pc_context *pc, const struct pc_target *target,
                               struct pc_plan *plan, struct buf *why);

/* Carries a plan out as one transaction: all copies or none. Reads every copy again first, and
 * fails when one is not what the plan was made for. PC_DONE with PC_NEXT_BOOT: every new file is on
 * the disk and registered with Windows. PC_REFUSED: with PC_NEXT_BOOT nothing can be registered
 * here. PC_FAILED: everything was put back, `why` says what failed; PC_INTERRUPTED: not even that
 * was possible. A change that waited before may have been taken back in each case. */
enum pc_result pc_apply(const struct pc_context *pc, const struct pc_target *target,
                        const struct pc_plan *plan, struct buf *why);

/* What waits for the next start of Windows. */
struct pc_waiting {
    bool is_restore;
    uint32_t limit_after; /* of the drivers copy, or of the first that is changed */
    struct pc_change changes[PC_COPIES];
};

/* True when a change of this root waits for the next start of Windows, and nothing is wrong with
 * it: every copy is still what it was, every new file is whole and registered. */
bool pc_waiting(const struct pc_context *pc, const struct pc_target *target,
                struct pc_waiting *out);

/* Takes it back: removes what is registered for it, and nothing that others have registered, the
 * new files and the journal. PC_DONE when none waits; PC_FAILED: it still waits; PC_INTERRUPTED:
 * pc_recover() has to be called. */
enum pc_result pc_withdraw(const struct pc_context *pc, const struct pc_target *target,
                           struct buf *why);

/* True when the root is the directory of the Windows that runs this, however it was named. */
bool pc_is_running_windows(const struct pc_context *pc, const struct pc_target *target);

/* True for a 32-bit program on a 64-bit Windows. It cannot see the copies of the running system, so
 * that planning, applying, recovering and withdrawing there is refused. */
bool pc_is_redirected(void);

/* The decision behind that: PC_REFUSED with a sentence in `why` that names the other programs, when
 * the program is redirected and the root the running system's; else PC_DONE. */
enum pc_result pc_check_redirection(bool redirected, bool running, struct buf *why);

/* Finishes or undoes interrupted work under this root; PC_DONE when there is none. A change that
 * waits for the next start of Windows is left waiting; one that Windows has carried out is settled,
 * and one that it has not, or only in part, is finished or undone, so that all copies are alike.
 * What was found and done is said; `why` gets what failed. */
enum pc_result pc_recover(const struct pc_context *pc, const struct pc_target *target,
                          struct buf *why);

/* True when a journal of interrupted work exists for this root; that of a program that is at work
 * on it right now is none, nor is that of a change which waits for the next start of Windows or was
 * carried out at the last one. */
bool pc_interrupted(const struct pc_context *pc, const struct pc_target *target);

/* The file name of a saved original, "5.1.2600.2180-8b1d2f3a.sys", into `out`. */
void pc_original_name(struct buf *out, const struct pc_version *version, bool has_version,
                      uint32_t crc32_original);

#endif
