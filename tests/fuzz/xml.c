#include "log_check.h"

void fuzz_xml(const uint8_t *data, size_t size)
{
    static const char shortest[] = "<Event><System/></Event>";
    struct log_memory memory = {data, size};
    struct log_input input = log_input_memory(&memory);
    enum log_kind kind = log_recognise(&input);
    FUZZ_REQUIRE(kind == log_recognise(&input), "recognising twice gives the same");
    log_check(LOG_XML, data, size, sizeof shortest - 1, true);
    log_check_ways(LOG_XML, data, size);
    if (size > 0) {
        log_check_growth(LOG_XML, data, size, size * data[size - 1] / 256);
    }
}
