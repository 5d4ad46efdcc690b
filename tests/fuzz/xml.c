#include "log_check.h"

#include <string.h>

/* True when no encoding is declared but by the first markup. A follower takes that one for the
 * whole file: what is joined of exports in several encodings may read otherwise from its middle on.
 */
static bool has_one_encoding(const uint8_t *data, size_t size)
{
    static const char word[] = "encoding";
    static const char declaration[] = "<?xml";
    const size_t length = sizeof word - 1;
    unsigned count = 0;
    const uint8_t *first = size > 0 ? memchr(data, '<', size) : NULL;
    bool declared = first != NULL && size - (size_t)(first - data) >= sizeof declaration &&
                    memcmp(first, declaration, sizeof declaration - 1) == 0;
    for (size_t at = 0; at + length <= size; at++) {
        count += memcmp(data + at, word, length) == 0 ? 1 : 0;
    }
    return count == 0 || (count == 1 && declared);
}

void fuzz_xml(const uint8_t *data, size_t size)
{
    static const char shortest[] = "<Event><System/></Event>";
    struct log_memory memory = {data, size};
    struct log_input input = log_input_memory(&memory);
    bool resumes = has_one_encoding(data, size);
    enum log_kind kind = log_recognise(&input);
    FUZZ_REQUIRE(kind == log_recognise(&input), "recognising twice gives the same");
    log_check(LOG_XML, data, size, sizeof shortest - 1, resumes);
    if (resumes && size > 0) {
        log_check_growth(LOG_XML, data, size, size * data[size - 1] / 256);
    }
}
