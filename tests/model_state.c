/* What tells one model disk from another. Numbers of inodes do not: they are counted anew in the
 * order in which names lead to them, and those that no name leads to are left out. */
#include "model_parts.h"

#include <string.h>

struct digest {
    const struct model_disk *disk;
    uint64_t sum;
    int numbers[INODES_MOST]; /* from 1; 0: not met yet */
    int met;
};

static uint64_t stir(uint64_t sum, uint64_t value)
{
    sum = (sum ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    sum ^= sum >> 32;
    sum *= UINT64_C(0xd6e8feb86659fd93);
    return sum ^ sum >> 29;
}

static uint64_t stir_bytes(uint64_t sum, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    sum = stir(sum, size);
    for (; size > 0;) {
        uint64_t word = 0;
        size_t length = size < sizeof word ? size : sizeof word;
        memcpy(&word, at, length);
        sum = stir(sum, word);
        at += length;
        size -= length;
    }
    return sum;
}

static uint64_t digest_of(struct blob *blob)
{
    if (blob == NULL) {
        return 1;
    }
    if (blob->digest == 0) {
        blob->digest = stir_bytes(2, blob->bytes, blob->size) | 1;
    }
    return blob->digest;
}

static void add(struct digest *d, uint64_t value)
{
    d->sum = stir(d->sum, value);
}

static void add_inode(struct digest *d, int number)
{
    if (number == NONE) {
        add(d, 0);
        return;
    }
    bool met = d->numbers[number] != 0;
    if (!met) {
        d->numbers[number] = ++d->met;
    }
    add(d, (uint64_t)d->numbers[number]);
    if (met) {
        return;
    }
    const struct inode *inode = &d->disk->inodes[number];
    add(d, inode->directory ? 1 : 0);
    add(d, digest_of(inode->now));
    /* Bytes that were written again and are the same are at risk all the same. */
    add(d, inode->now == inode->kept ? 0 : digest_of(inode->kept));
    add(d, inode->metadata);
    add(d, inode->metadata_kept);
}

/* In the order in which a directory is listed. */
static void add_tree(struct digest *d, const struct tree *tree)
{
    add(d, (uint64_t)tree->count);
    for (int i = 0; i < tree->count; i++) {
        const struct entry *entry = &tree->entries[i];
        add_inode(d, entry->directory);
        d->sum = stir_bytes(d->sum, entry->name, strlen(entry->name));
        add_inode(d, entry->inode);
    }
}

uint64_t model_disk_state(const struct model_disk *disk)
{
    struct digest d = {.disk = disk, .sum = disk->two_steps ? 1 : 2};
    add_tree(&d, &disk->now);
    add_tree(&d, &disk->kept);
    add(&d, (uint64_t)disk->pending_count);
    for (int i = 0; i < disk->pending_count; i++) {
        const struct pending *change = &disk->pending[i];
        add_inode(&d, change->directory);
        d.sum = stir_bytes(d.sum, change->from, strlen(change->from));
        d.sum = stir_bytes(d.sum, change->to, strlen(change->to));
        add_inode(&d, change->inode);
    }
    for (size_t i = 0; i < OS_AT_BOOT; i++) {
        const struct boot_value *value = &disk->boot.values[i];
        add(&d, (value->there ? 1U : 0U) | (value->other_type ? 2U : 0U));
        d.sum = stir_bytes(d.sum, buf_text(&value->bytes), value->bytes.len);
    }
    return d.sum;
}
