#include "instance.h"

#include <windows.h>

unsigned long process_number(void)
{
    return GetCurrentProcessId();
}

/* The heap does both by itself. */
void process_keep_freed(void)
{
}

void process_give_back(void)
{
}
