#include "instance.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <unistd.h>

unsigned long process_number(void)
{
    return (unsigned long)getpid();
}

/* What a reading of some records needs stays in any case. */
enum { KEPT = 64 * 1024, LARGE = 4 * 1024 * 1024 };

void process_keep_freed(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_TRIM_THRESHOLD, LARGE);
    (void)mallopt(M_MMAP_THRESHOLD, LARGE);
#endif
}

void process_give_back(void)
{
#ifdef __GLIBC__
    (void)malloc_trim(KEPT); /* others do so by themselves */
#endif
}
