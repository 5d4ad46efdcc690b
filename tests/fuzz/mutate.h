/* What the mutators that know a format share. libFuzzer calls LLVMFuzzerCustomMutator, of which
 * each of them has its own. */
#ifndef TESTS_FUZZ_MUTATE_H
#define TESTS_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* libFuzzer's own mutations, by its dictionary and by the comparisons it has seen. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

/* xorshift32; `state` is never 0. */
static inline uint32_t mutate_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* A number below `limit` (> 0). */
static inline uint32_t mutate_below(uint32_t *state, uint32_t limit)
{
    return mutate_random(state) % limit;
}

/* The bytes from `at` on, `length` of them, by libFuzzer's own mutations, in place. */
static inline void mutate_part(uint8_t *data, size_t at, size_t length)
{
    if (length > 0) {
        (void)LLVMFuzzerMutate(data + at, length, length);
    }
}

#endif
