#include "tried.h"

#include <stdio.h>
#include <stdlib.h>

/* Where the state is, or where it would go. */
static struct tried_state *find(const struct tried *tried, uint64_t state)
{
    size_t at = (size_t)state & (tried->room - 1);
    while (tried->states[at].state != 0 && tried->states[at].state != state) {
        at = (at + 1) & (tried->room - 1);
    }
    return &tried->states[at];
}

static void grow(struct tried *tried)
{
    struct tried bigger = {.room = tried->room == 0 ? 1024 : tried->room * 2,
                           .count = tried->count};
    bigger.states = calloc(bigger.room, sizeof *bigger.states);
    if (bigger.states == NULL) {
        fputs("tried: out of memory\n", stderr);
        abort();
    }
    for (size_t i = 0; i < tried->room; i++) {
        if (tried->states[i].state != 0) {
            *find(&bigger, tried->states[i].state) = tried->states[i];
        }
    }
    free(tried->states);
    *tried = bigger;
}

bool tried_before(struct tried *tried, uint64_t state, int depth)
{
    state = state != 0 ? state : 1;
    if (tried->count >= tried->room / 2) {
        grow(tried);
    }
    struct tried_state *at = find(tried, state);
    if (at->state == state && at->depth >= depth) {
        return true;
    }
    tried->count += at->state == 0 ? 1 : 0;
    *at = (struct tried_state){state, depth};
    return false;
}

void tried_free(struct tried *tried)
{
    free(tried->states);
    *tried = TRIED_INIT;
}
