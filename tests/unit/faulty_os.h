/* A stand-in for the native table of file calls that fails where it is told to.
 *
 * Everything else goes through to the native calls, but nothing is flushed: it costs time, and no
 * test pulls the plug. What is registered for the next start of Windows is kept in memory.
 */
#ifndef TESTS_UNIT_FAULTY_OS_H
#define TESTS_UNIT_FAULTY_OS_H

#include "boot_store.h"
#include "os.h"

enum { FAULTY_FOR_EVER = -1 };

struct faulty_os {
    struct os table;         /* hand out a pointer to this */
    enum os_status status;   /* what the failing calls answer */
    int first;               /* the number of the first call that fails, from 0 */
    int count;               /* how many calls fail from there on; FAULTY_FOR_EVER is a crash */
    int calls;               /* so many calls were made so far */
    struct boot_store *boot; /* NULL: no Windows runs here */
};

/* A failing write has written the first half of its bytes; a failing close has closed. */
void faulty_os_init(struct faulty_os *faulty, int first, int count, enum os_status status);

/* True when a call has failed. */
bool faulty_os_has_failed(const struct faulty_os *faulty);

#endif
