/* Which states of a model disk were tried already: one that is met again has the same future. */
#ifndef TESTS_UNIT_TRIED_H
#define TESTS_UNIT_TRIED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tried {
    struct tried_state {
        uint64_t state; /* 0: free */
        int depth;
    } * states;
    size_t room, count;
};

#define TRIED_INIT ((struct tried){NULL, 0, 0})

/* True when the state was entered before with this depth or a greater one; enters it otherwise.
 * Ends the program when memory is out. */
bool tried_before(struct tried *tried, uint64_t state, int depth);

void tried_free(struct tried *tried);

#endif
