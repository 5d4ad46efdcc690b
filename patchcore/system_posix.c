#include "system.h"

bool system_is_redirected(void)
{
    return false;
}

bool system_scans_at_boot(void)
{
    return false;
}
