#include "model_parts.h"

#include <string.h>

enum { BLOCK = 512 };

/* The ways in which the bytes that were added to a file since its last flush can be left: none, the
 * first ones alone, zeros, zeros in every other block or in any, all. There is no call that changes
 * the bytes before. */
enum remains { NO_BYTES, ONE_BYTE, HALF, ZEROS, EVEN_ZERO, ODD_ZERO, ANYHOW, ALL_BYTES };

static bool bytes_at_risk(const struct inode *inode)
{
    return inode->now != inode->kept;
}

static bool metadata_at_risk(const struct inode *inode)
{
    return inode->metadata != inode->metadata_kept;
}

uint64_t model_disk_outcomes(const struct model_disk *disk)
{
    uint64_t count = 1;
    int bits = disk->pending_count;
    for (int i = 0; i < disk->inode_count; i++) {
        bits += bytes_at_risk(&disk->inodes[i]) ? 3 : 0;
        bits += metadata_at_risk(&disk->inodes[i]) ? 1 : 0;
    }
    for (int i = 0; i < bits; i++) {
        count = count > UINT64_MAX / 2 ? UINT64_MAX : count * 2;
    }
    return count;
}

/* A few bits of the choice; where it has run out of them, of a mixture of all of it. */
static unsigned take(uint64_t *choice, uint64_t seed, int *at, int bits)
{
    uint64_t from = *choice;
    if (*at + bits > 64) {
        from = (seed + (uint64_t)*at) * UINT64_C(0x9e3779b97f4a7c15);
        from ^= from >> 29;
    } else {
        *choice >>= bits;
    }
    *at += bits;
    return (unsigned)(from & ((1U << bits) - 1));
}

static struct blob *leave(const struct inode *inode, enum remains how, uint64_t seed)
{
    size_t kept = blob_size(inode->kept);
    size_t added = blob_size(inode->now) - kept;
    size_t size = kept + (how == NO_BYTES                ? 0
                          : how == ONE_BYTE && added > 0 ? 1
                          : how == HALF                  ? added / 2
                                                         : added);
    struct blob *left = blob_new(size);
    for (size_t at = 0; at < size; at++) {
        size_t block = at / BLOCK;
        uint64_t random = (seed + block) * UINT64_C(0xbf58476d1ce4e5b9) >> 40;
        bool zero = how == ZEROS || (how == EVEN_ZERO && block % 2 == 0) ||
                    (how == ODD_ZERO && block % 2 != 0) || (how == ANYHOW && random % 2 == 0);
        if (at < kept || !zero) {
            left->bytes[at] = inode->now->bytes[at];
        }
    }
    return left;
}

struct model_disk *model_disk_crash(const struct model_disk *disk, uint64_t choice)
{
    struct model_disk *next = model_disk_next(disk);
    uint64_t seed = choice;
    int at = 0;
    model_copy_tree(&next->now, &disk->kept);
    for (int i = 0; i < disk->pending_count; i++) {
        if (take(&choice, seed, &at, 1) != 0) {
            model_apply(&next->now, &disk->pending[i]);
        }
    }
    for (int i = 0; i < disk->inode_count; i++) {
        const struct inode *inode = &disk->inodes[i];
        if (bytes_at_risk(inode)) {
            enum remains how = (enum remains)take(&choice, seed, &at, 3);
            blob_set(&next->inodes[i].now, leave(inode, how, seed));
        }
        if (metadata_at_risk(inode) && take(&choice, seed, &at, 1) == 0) {
            next->inodes[i].metadata = inode->metadata_kept;
        }
    }
    model_keep_all(next);
    return next;
}
