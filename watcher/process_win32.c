#include "instance.h"

#include <windows.h>

unsigned long process_number(void)
{
    return GetCurrentProcessId();
}
