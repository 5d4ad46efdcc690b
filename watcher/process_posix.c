#include "instance.h"

#include <unistd.h>

unsigned long process_number(void)
{
    return (unsigned long)getpid();
}
