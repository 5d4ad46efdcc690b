/* The input is texts, and then records that have some of them. Written many at a time, where what
 * is repeated is kept, their lines are those of each for itself. */
#include "scan_json.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { TEXTS = 8, MOST_EVENTS = 64 };

static const char *pick(char *const texts[TEXTS], uint8_t choice)
{
    return choice % (TEXTS + 1) == TEXTS ? NULL : texts[choice % (TEXTS + 1)];
}

static struct event take_event(struct fuzz_bytes *bytes, char *const texts[TEXTS])
{
    uint8_t flags = fuzz_take8(bytes);
    struct event event = {.has_qualifiers = (flags & 1) != 0, .has_level = (flags & 2) != 0};
    /* Many that are alike, and some of any kind. */
    event.id = (flags & 4) != 0 ? (uint16_t)(fuzz_take32(bytes) & 0xffff) : 4226;
    event.qualifiers = (flags & 8) != 0 ? (uint16_t)(fuzz_take32(bytes) & 0xffff) : 32768;
    event.level = (flags & 16) != 0 ? fuzz_take8(bytes) : 3;
    event.time = (flags & 32) != 0 ? fuzz_take64(bytes) : UINT64_C(129606649800000000);
    event.record = (flags & 64) != 0 ? fuzz_take64(bytes) : fuzz_take8(bytes);
    event.provider = pick(texts, fuzz_take8(bytes));
    event.channel = pick(texts, fuzz_take8(bytes));
    event.computer = pick(texts, fuzz_take8(bytes));
    return event;
}

static void check_line(struct scan_lines *lines, const char *file, const struct event *event)
{
    struct buf fast = BUF_INIT;
    struct buf plain = BUF_INIT;
    scan_lines_add(lines, &fast, event);
    scan_json_event(&plain, file, event);
    FUZZ_REQUIRE(fast.len == plain.len && strcmp(buf_text(&fast), buf_text(&plain)) == 0,
                 "a line is the same among many: %s", buf_text(&fast));
    buf_free(&fast);
    buf_free(&plain);
}

void fuzz_lines(const uint8_t *data, size_t size)
{
    struct fuzz_bytes bytes = {data, size};
    char *texts[TEXTS];
    for (size_t i = 0; i < TEXTS; i++) {
        size_t length = fuzz_take8(&bytes);
        length = length < bytes.left ? length : bytes.left;
        texts[i] = fuzz_copy(bytes.next, length, true);
        bytes.next += length;
        bytes.left -= length;
    }
    const char *file = texts[0];
    struct scan_lines *lines = scan_lines_new(file);
    FUZZ_REQUIRE(lines != NULL, "memory is out");
    for (size_t i = 0; i < MOST_EVENTS && bytes.left > 0; i++) {
        if (fuzz_take8(&bytes) % 8 == 0) {
            file = pick(texts, fuzz_take8(&bytes));
            scan_lines_turn_to(lines, file);
        }
        struct event event = take_event(&bytes, texts);
        check_line(lines, file, &event);
    }
    scan_lines_free(lines);
    for (size_t i = 0; i < TEXTS; i++) {
        free(texts[i]);
    }
}
