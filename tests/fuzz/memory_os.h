/* A stand-in for struct os that has one file, in memory: whatever is opened is that file, whatever
 * is written replaces it. */
#ifndef TESTS_FUZZ_MEMORY_OS_H
#define TESTS_FUZZ_MEMORY_OS_H

#include "fuzz.h"

#include "os.h"

struct memory_os {
    struct os os;
    const void *bytes; /* what a reader gets; borrowed */
    size_t size;
    struct buf written; /* by the writer that came last */
};

/* To be freed with memory_os_free(). */
void memory_os_init(struct memory_os *m, const void *bytes, size_t size);
void memory_os_free(struct memory_os *m);

#endif
