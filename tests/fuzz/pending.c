/* The input is the value that lists what Windows renames at its next start. */
#include "fuzz.h"

#include "pending.h"

#include <stdlib.h>
#include <string.h>

static const char from[] = "C:/a.new";
static const char to[] = "C:/a";

/* The pairs stand one behind the other from the first byte on, each of two strings and their NULs.
 * Returns how many are ours. */
static size_t check_pairs(const struct buf *value, struct buf *others)
{
    struct pending_pair pair;
    struct pending_walk walk = pending_start(value);
    size_t at = 0;
    size_t ours = 0;
    while (pending_next(&walk, &pair)) {
        const uint8_t *bytes = (const uint8_t *)value->data + pair.at;
        FUZZ_REQUIRE(pair.at == at && pair.size <= value->len - at,
                     "a pair stands behind the last");
        FUZZ_REQUIRE(pair.size == 2 * (pair.from.units + pair.to.units + 2) &&
                         pair.from.bytes == bytes &&
                         pair.to.bytes == bytes + 2 * (pair.from.units + 1),
                     "a pair is two strings");
        at += pair.size;
        FUZZ_REQUIRE(bytes[pair.size - 1] == 0 && bytes[pair.size - 2] == 0, "which NULs end");
        if (pending_is(&pair, from, to)) {
            ours++;
        } else {
            buf_add(others, value->data + pair.at, pair.size);
        }
    }
    FUZZ_REQUIRE(at == pending_pairs_size(value), "the pairs are as long as all of them");
    buf_add(others, value->data + at, value->len - at);
    return ours;
}

void fuzz_pending(const uint8_t *data, size_t size)
{
    struct buf value = BUF_INIT;
    struct buf others = BUF_INIT;
    struct buf again = BUF_INIT;
    buf_reserve(&value, 1);
    buf_add(&value, data, size);
    bool sound = pending_is_sound(&value);
    size_t ours = check_pairs(&value, &others);
    FUZZ_REQUIRE(!sound || size == 0 || size == pending_pairs_size(&value) + 2,
                 "a sound value ends with one NUL");
    FUZZ_REQUIRE(pending_remove(&value, from, to) == ours, "each of ours is removed");
    FUZZ_REQUIRE(value.len == others.len && memcmp(value.data, buf_text(&others), value.len) == 0,
                 "the bytes of others stay");
    /* Unless a pair of two empty names is the last now, which cannot be told from the end. */
    static const char empty[6];
    bool ends_empty =
        value.len >= 6 && memcmp(value.data + value.len - 6, empty, sizeof empty) == 0;
    if (sound && !ends_empty) {
        FUZZ_REQUIRE(pending_is_sound(&value), "a sound value stays one");
        FUZZ_REQUIRE(check_pairs(&value, &again) == 0, "none of ours is left");
    }
    buf_free(&again);
    buf_free(&others);
    buf_free(&value);
}
