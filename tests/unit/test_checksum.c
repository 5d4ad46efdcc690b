#include "check.h"

#include "base/bytes.h"
#include "patchcore.h"

#include <string.h>

/* The published checksums of real builds (see patchcore/builds.c), each for a limit of 10 and for
 * another limit. Only the low bits of some are known. */
static const struct {
    uint32_t size;
    uint32_t limit_offset;
    uint32_t original;
    uint32_t limit;
    uint32_t changed;
} published[] = {
    {359040, 0x4f322, 0x0006126e, 200, 0x0006132c},
    {359040, 0x4f322, 0x0006126e, 1000, 0x0006164c},
    {359040, 0x4f322, 0x0006126e, 16777214, 0x00061362},
    {359808, 0x4f5a2, 0x000646db, 200, 0x00064799},
    {359808, 0x4f5a2, 0x000646db, 16777214, 0x000647cf},
    {359808, 0x4f5a2, 0x0005f865, 1000, 0x0005fc43},
    {359808, 0x4f5a2, 0x0005f865, 16777214, 0x0005f959},
    {359808, 0x4f5a2, 0x000627c8, 16777214, 0x000628bc},
    {360576, 0x4f7c6, 0x0005eb9c, 16777214, 0x0005ec90},
};

static void published_checksums_follow_from_each_other(void)
{
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
        uint32_t size = published[i].size;
        uint32_t at = published[i].limit_offset;
        uint32_t limit = published[i].limit;
        CHECK_NUMBER(pc_checksum_after(published[i].original, size, at, 10, limit),
                     published[i].changed);
        CHECK_NUMBER(pc_checksum_after(published[i].changed, size, at, limit, 10),
                     published[i].original);
    }
}

/* The other way to compute it, as CheckSumMappedFile does: the whole file is summed, and then the
 * words of the stored checksum are taken away with a borrow. */
static uint32_t by_subtraction(const uint8_t *image, size_t size, size_t field)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < size; i++) {
        sum += i % 2 == 0 ? image[i] : (uint32_t)image[i] << 8;
        sum = (sum & 0xffff) + (sum >> 16);
    }
    for (size_t i = 0; i < 4; i += 2) {
        uint32_t word = get_le16(image + field + i);
        sum = sum >= word ? sum - word : ((sum - word) & 0xffff) - 1;
    }
    return sum + (uint32_t)size;
}

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

enum { MOST = 64 };

/* A small image of any length, odd ones too, with its checksum field at an even offset. */
static size_t random_image(uint32_t *state, uint8_t image[MOST], size_t *field)
{
    size_t size = 16 + next_random(state) % (MOST - 16 + 1);
    for (size_t i = 0; i < size; i++) {
        uint32_t byte = next_random(state);
        image[i] = byte % 5 == 0 ? 0xff : byte % 5 == 1 ? 0 : (uint8_t)(byte >> 8);
    }
    *field = next_random(state) % ((size - 4) / 2) * 2;
    return size;
}

static void sum_is_what_windows_finds_once_it_is_stored(void)
{
    uint32_t state = 4226;
    for (int i = 0; i < 20000; i++) {
        uint8_t image[MOST];
        size_t field = 0;
        size_t size = random_image(&state, image, &field);
        uint32_t checksum = pc_checksum(image, size, field);
        put_le32(image + field, checksum);
        CHECK(by_subtraction(image, size, field) == checksum);
        CHECK(pc_checksum(image, size, field) == checksum);
    }
}

static void changes_are_followed_without_the_image(void)
{
    uint32_t state = 10;
    for (int i = 0; i < 20000; i++) {
        uint8_t image[MOST];
        size_t field = 0;
        size_t size = random_image(&state, image, &field);
        size_t at = next_random(&state) % (size - 3);
        if (at + 4 > field && at < field + 4) {
            continue;
        }
        uint32_t before = get_le32(image + at);
        uint32_t after = i % 4 == 0 ? 10 : i % 4 == 1 ? 0xffffffff : next_random(&state);
        uint32_t checksum = pc_checksum(image, size, field);
        put_le32(image + at, after);
        uint32_t full = pc_checksum(image, size, field);
        CHECK(pc_checksum_after(checksum, size, at, before, after) == full);
        CHECK(pc_checksum_after(full, size, at, after, before) == checksum);
    }
}

/* A sum that is a multiple of 0xFFFF has two forms; only 0 passes Windows' test once stored. */
static void sum_of_ffff_counts_as_zero(void)
{
    uint8_t image[16] = {0xff, 0xff};
    CHECK_NUMBER(pc_checksum(image, sizeof image, 8), 16);
    image[0] = 0xfe;
    CHECK_NUMBER(pc_checksum(image, sizeof image, 8), 0xfffe + 16);
    CHECK_NUMBER(pc_checksum_after(0xfffe + 16, 16, 0, 0xfffe, 0xffff), 16);
    CHECK_NUMBER(pc_checksum_after(16, 16, 0, 0xffff, 0xfffe), 0xfffe + 16);
    CHECK_NUMBER(pc_checksum_after(16, 16, 0, 0, 0xffff), 16);
    memset(image, 0, sizeof image);
    CHECK_NUMBER(pc_checksum(image, sizeof image, 8), 16);
}

static void bytes_stand_in_their_words(void)
{
    static const uint8_t odd[7] = {0x01, 0x02, 0xaa, 0xaa, 0xaa, 0xaa, 0x03};
    CHECK_NUMBER(pc_checksum(odd, sizeof odd, 2), 0x0201 + 0x03 + 7);
    /* A field at an odd offset reaches into three words. */
    CHECK_NUMBER(pc_checksum(odd, sizeof odd, 1), 0x01 + 0xaa00 + 0x03 + 7);
    /* One that is not inside the image is not left out. */
    CHECK_NUMBER(pc_checksum(odd, sizeof odd, 4), 0x0201 + 0xaaaa + 0xaaaa - 0xffff + 0x03 + 7);
    CHECK_NUMBER(pc_checksum(odd, 0, 0), 0);
    CHECK_NUMBER(pc_checksum_after(100, 50, 1, 0, 0x04030201), 100 + 0x0100 + 0x0302 + 0x04);
    CHECK_NUMBER(pc_checksum_after(100, 50, 2, 0, 0x04030201), 100 + 0x0201 + 0x0403);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"published checksums follow from each other", published_checksums_follow_from_each_other},
        {"sum is what Windows finds once it is stored",
         sum_is_what_windows_finds_once_it_is_stored},
        {"changes are followed without the image", changes_are_followed_without_the_image},
        {"sum of FFFF counts as zero", sum_of_ffff_counts_as_zero},
        {"bytes stand in their words", bytes_stand_in_their_words},
    };
    return RUN_SUITE("checksum", cases);
}
