/* What a Windows keeps for its next start, in memory: stands in for its registry, and for what its
 * start does with it. Adds to the list as MoveFileEx does, and reads it with a parser of its own.
 */
#ifndef TESTS_BOOT_STORE_H
#define TESTS_BOOT_STORE_H

#include "os.h"

struct boot_store {
    struct boot_value {
        bool there, other_type;
        struct buf bytes;
    } values[OS_AT_BOOT];
};

void boot_store_copy(struct boot_store *to, const struct boot_store *from);
void boot_store_free(struct boot_store *store);

/* The calls of struct os. */
enum os_status boot_store_rename(struct boot_store *store, const char *from, const char *to);
enum os_status boot_store_read(const struct boot_store *store, enum os_at_boot which,
                               struct buf *out);
enum os_status boot_store_write(struct boot_store *store, enum os_at_boot which, const void *bytes,
                                size_t size);

/* Text to the bytes of a value: each '|' ends a string, so that "a|!b||" is a list of one pair. */
void boot_store_put_text(struct boot_store *store, enum os_at_boot which, const char *text);

/* True when the value is just that; NULL: there is none. */
bool boot_store_is_text(const struct boot_store *store, enum os_at_boot which, const char *text);

/* The start: carries out those pairs whose number (from 0, over both lists) is a set bit of
 * `which`, with the renames of `os`, and removes all values. Returns how many pairs there were. */
size_t boot_store_start(struct boot_store *store, const struct os *os, unsigned which);

#endif
