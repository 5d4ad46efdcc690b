#include "evt_fixture.h"

#include "check.h"

struct reading reading;

void read_image(const struct evt_image *image, bool growing, struct log_place *place)
{
    read_bytes(&reading, LOG_EVT, image->bytes, image->size, growing, place);
}

struct log_record record_at(uint64_t seconds)
{
    return log_record_tcpip(4226, "WKS", TIME_0 + seconds * WINTIME_PER_SECOND);
}

void append(struct evt_image *image, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct log_record record = record_at(image->next);
        CHECK(evt_image_append(image, &record));
    }
}

bool numbers_are(uint32_t first, size_t count)
{
    bool good = reading.count == count;
    for (size_t i = 0; good && i < count; i++) {
        good = reading.records[i].record == (uint32_t)(first + i);
    }
    if (!good) {
        CHECK_NUMBER(reading.count, count);
        CHECK_NUMBER(reading.records[0].record, first);
    }
    return good;
}
