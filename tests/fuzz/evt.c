#include "log_check.h"

#include "decode/evt_record.h"

void fuzz_evt(const uint8_t *data, size_t size)
{
    log_check(LOG_EVT, data, size, EVT_RECORD_LEAST, true);
    log_check_ways(LOG_EVT, data, size);
}
