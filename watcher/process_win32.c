#include "instance.h"

#include <windows.h>

unsigned long process_number(void)
{
    return GetCurrentProcessId();
}

void process_give_back(void)
{
    /* The heap does so by itself. */
}
