/* Saved originals: DATA/originals/VERSION-CRC32.sys, each with a manifest beside it. */
#ifndef PATCHCORE_BACKUP_H
#define PATCHCORE_BACKUP_H

#include "patchcore.h"

/* Saves an image whose limit is PC_LIMIT_WINDOWS. One that is saved already is verified instead and
 * never overwritten. False with a sentence in `why` when it could not be saved, or when a file of
 * that name holds something else. `path` says where the copy was that it was taken from. */
bool backup_save(const struct pc_context *pc, const struct buf *image,
                 const struct pc_inspection *inspection, const char *path, struct buf *why);

/* Removes the halves of originals that a crash left while they were being saved. */
void backup_tidy(const struct pc_context *pc);

enum backup_found { BACKUP_SOUND, BACKUP_MISSING, BACKUP_UNSOUND };

/* Reads the saved original with the CRC-32 and version, and verifies it: its CRC-32, and that it is
 * inspected as an original. With BACKUP_UNSOUND `why` gets a sentence. */
enum backup_found backup_load(const struct pc_context *pc, const struct pc_version *version,
                              bool has_version, uint32_t crc32, struct buf *image, struct buf *why);

#endif
