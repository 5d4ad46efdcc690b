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

struct pc_inspection {
    enum pc_status status;
    enum pc_machine machine; /* PC_MACHINE_OTHER: unknown, or neither of the two */
    bool has_version;
    struct pc_version version; /* the file version of the version resource */
    uint64_t size;             /* bytes */
    bool has_limit;
    uint32_t limit;        /* half-open connections */
    uint32_t limit_offset; /* file offset of the 32-bit immediate that is the limit */
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
 * size, limit, limit_offset, checksum_stored, checksum_computed, build, reason; null for what is
 * not known. */
void pc_inspection_json(struct json *j, const struct pc_inspection *inspection);

/* "5.1.2600.2180"; `out` has room for PC_VERSION_SIZE bytes. */
enum { PC_VERSION_SIZE = 24 };
void pc_version_text(const struct pc_version *version, char out[PC_VERSION_SIZE]);

/* Writes `limit` (PC_LIMIT_LEAST to PC_LIMIT_MOST) and the checksum that goes with it into an image
 * that pc_inspect() has just found writable, and touches no other byte. False, and nothing written,
 * when the image is not writable, the limit is out of range, or the changed image would not be
 * inspected as exactly that limit with a right checksum. */
bool pc_set_limit(uint8_t *image, size_t size, uint32_t limit);

/* ---- the checksum of a PE image ---- */

/* The checksum that the 4 bytes at `field` (inside the image) should hold: all 16-bit words summed
 * with the field taken as zero, carries folded in, plus the size. As CheckSumMappedFile of
 * imagehlp.dll computes it. */
uint32_t pc_checksum(const uint8_t *image, size_t size, size_t field);

/* The checksum of an image of `size` bytes with `checksum` after the 32-bit value at file offset
 * `offset` has changed from `before` to `after`: what pc_checksum() would give, without the image.
 */
uint32_t pc_checksum_after(uint32_t checksum, size_t size, size_t offset, uint32_t before,
                           uint32_t after);

#endif
