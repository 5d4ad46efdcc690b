#include "instance.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <unistd.h>

unsigned long process_number(void)
{
    return (unsigned long)getpid();
}

/* What a reading of some records needs stays, so that not each event costs the pages anew. */
enum { KEPT = 64 * 1024 };

void process_give_back(void)
{
#ifdef __GLIBC__
    (void)malloc_trim(KEPT); /* others do so by themselves */
#endif
}
