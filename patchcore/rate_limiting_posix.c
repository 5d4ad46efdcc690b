#include "rate_limiting.h"

static enum os_status no_registry(void *context, struct rate_limiting_value *out)
{
    (void)context;
    *out = (struct rate_limiting_value){.known = false};
    return OS_UNSUPPORTED;
}

static enum os_status write_nothing(void *context, const struct rate_limiting_value *value)
{
    (void)context;
    (void)value;
    return OS_UNSUPPORTED;
}

const struct rate_limiting_calls *rate_limiting_native(void)
{
    static const struct rate_limiting_calls calls = {NULL, no_registry, write_nothing};
    return &calls;
}
