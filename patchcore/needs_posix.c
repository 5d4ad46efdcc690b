#include "needs.h"

bool needs_windows_version(struct needs_facts *out)
{
    (void)out;
    return false;
}
