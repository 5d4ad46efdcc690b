/* The fuzz targets: each takes any bytes, drives one part of the programs with them, and ends the
 * program with a sentence where a promise of that part does not hold.
 *
 * A build with TCPIPWATCH_FUZZ links each with libFuzzer (entry.c); in every build `fuzz_replay`
 * feeds files to them. fuzz.sh runs them all. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every target, as X(NAME): the function fuzz_NAME() in NAME.c. CMakeLists.txt has the same. */
#define FUZZ_TARGETS(X)                                                                            \
    X(evt)                                                                                         \
    X(evtx)                                                                                        \
    X(binxml)                                                                                      \
    X(xml)                                                                                         \
    X(evt_record)                                                                                  \
    X(image)                                                                                       \
    X(policy)                                                                                      \
    X(keyfile)                                                                                     \
    X(state)                                                                                       \
    X(journal)                                                                                     \
    X(pending)                                                                                     \
    X(wintime)                                                                                     \
    X(text)                                                                                        \
    X(burst)                                                                                       \
    X(lines)                                                                                       \
    X(census)                                                                                      \
    X(story)

#define FUZZ_DECLARE(name) void fuzz_##name(const uint8_t *data, size_t size);
FUZZ_TARGETS(FUZZ_DECLARE)
#undef FUZZ_DECLARE

/* Ends the program with the sentence, so that the fuzzer keeps the input, unless `holds`. */
#define FUZZ_REQUIRE(holds, ...)                                                                   \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            fuzz_fail(__VA_ARGS__);                                                                \
        }                                                                                          \
    } while (0)

__attribute__((noreturn)) void fuzz_fail(const char *format, ...) PRINTF_LIKE(1, 2);

/* The input as a supply of choices; behind its end everything is 0. */
struct fuzz_bytes {
    const uint8_t *next;
    size_t left;
};

uint8_t fuzz_take8(struct fuzz_bytes *bytes);
uint32_t fuzz_take32(struct fuzz_bytes *bytes);
uint64_t fuzz_take64(struct fuzz_bytes *bytes);

/* A copy of exactly `size` bytes and, with `with_nul`, one more: a sanitizer sees every access
 * beyond them. The caller frees it. */
void *fuzz_copy(const void *bytes, size_t size, bool with_nul);

/* True when the bytes are UTF-8 (RFC 3629). Written apart from base/utf.c, which it judges. */
bool fuzz_is_utf8(const char *text, size_t length);

/* True when a terminal can be shown the text: UTF-8 without control characters and without what
 * changes the direction of writing. */
bool fuzz_is_printable(const char *text, size_t length);

#endif
