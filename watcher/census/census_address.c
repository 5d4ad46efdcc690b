#include "census/census_parts.h"

#include <stdio.h>
#include <string.h>

enum { FIELDS = 8 };

/* The longest run of two or more zeroes, the first of several; `length` is 0 where there is none.
 */
static size_t longest_zeroes(const unsigned fields[FIELDS], size_t *length)
{
    size_t start = 0;
    *length = 0;
    for (size_t i = 0; i < FIELDS;) {
        size_t end = i;
        while (end < FIELDS && fields[end] == 0) {
            end++;
        }
        if (end - i >= 2 && end - i > *length) {
            start = i;
            *length = end - i;
        }
        i = end + 1;
    }
    return start;
}

void census_address(const uint8_t address[16], char out[CENSUS_ADDRESS_SIZE])
{
    static const uint8_t mapped[12] = {[10] = 0xFF, [11] = 0xFF};
    if (memcmp(address, mapped, sizeof mapped) == 0) {
        (void)snprintf(out, CENSUS_ADDRESS_SIZE, "%u.%u.%u.%u", address[12], address[13],
                       address[14], address[15]);
        return;
    }
    unsigned fields[FIELDS];
    for (size_t i = 0; i < FIELDS; i++) {
        fields[i] = (unsigned)address[2 * i] << 8 | address[2 * i + 1];
    }
    size_t length;
    size_t start = longest_zeroes(fields, &length);
    size_t at = 0;
    for (size_t i = 0; i < FIELDS; i++) {
        bool in_run = i >= start && i < start + length;
        if (!in_run) {
            at += (size_t)snprintf(out + at, CENSUS_ADDRESS_SIZE - at, "%s%x",
                                   i > 0 && i != start + length ? ":" : "", fields[i]);
        } else if (i == start) {
            at += (size_t)snprintf(out + at, CENSUS_ADDRESS_SIZE - at, "::");
        }
    }
}
