#include "ports.h"

/* The logs are of other computers. */
bool ports_read(struct ports_values *out)
{
    *out = (struct ports_values){.has_range = false};
    return false;
}
