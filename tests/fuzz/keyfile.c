/* The input is the body of a key file, once as it is and once between a head and an end that fit.
 */
#include "keyfile_frame.h"

#include <string.h>

static const char kind[] = "fuzz";

/* Reads all lines into a new key file. */
static enum keyfile_status copy_lines(const void *bytes, size_t size, struct buf *out)
{
    struct buf text = BUF_INIT;
    struct keyfile file;
    const char *key;
    const char *value;
    uint64_t number;
    buf_add(&text, bytes, size);
    enum keyfile_status status = keyfile_open(&file, &text, kind, 1);
    FUZZ_REQUIRE(keyfile_status_text(status)[0] != '\0', "every status has a sentence");
    if (status == KEYFILE_OK) {
        keyfile_start(out, kind, 1);
        while (keyfile_next(&file, &key, &value)) {
            FUZZ_REQUIRE(strpbrk(key, " \n") == NULL, "a key ends at the first blank");
            FUZZ_REQUIRE(!keyfile_number(value, 65535, &number) || number <= 65535,
                         "a number is no larger than it may be");
            keyfile_add(out, key, value);
        }
        keyfile_finish(out);
    }
    buf_free(&text);
    return status;
}

void fuzz_keyfile(const uint8_t *data, size_t size)
{
    struct buf framed = BUF_INIT;
    struct buf first = BUF_INIT;
    struct buf again = BUF_INIT;
    (void)copy_lines(data, size, &first);
    buf_clear(&first);
    keyfile_frame(&framed, kind, data, size);
    if (copy_lines(framed.data, framed.len, &first) == KEYFILE_OK) {
        FUZZ_REQUIRE(copy_lines(first.data, first.len, &again) == KEYFILE_OK &&
                         again.len == first.len && memcmp(again.data, first.data, first.len) == 0,
                     "what was written is read as it was");
        /* One bit more or less, and it is damaged. */
        FUZZ_REQUIRE(first.len > 0, "a key file is not empty");
        size_t at = size > 0 ? data[size - 1] % first.len : 0;
        first.data[at] = (char)(first.data[at] ^ 1);
        FUZZ_REQUIRE(copy_lines(first.data, first.len, &again) == KEYFILE_DAMAGED,
                     "a changed file is damaged");
    }
    buf_free(&framed);
    buf_free(&first);
    buf_free(&again);
}
