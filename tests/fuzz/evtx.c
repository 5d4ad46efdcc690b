#include "log_check.h"

#include "decode/evtx_chunk.h"

void fuzz_evtx(const uint8_t *data, size_t size)
{
    log_check(LOG_EVTX, data, size, EVTX_RECORD_LEAST, true);
    log_check_ways(LOG_EVTX, data, size);
}
