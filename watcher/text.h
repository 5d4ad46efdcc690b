/* Every sentence of the watcher that depends on what happened, in one place: pure functions from
 * facts to text, so that a test can hold them against a baseline. */
#ifndef WATCHER_TEXT_H
#define WATCHER_TEXT_H

#include "engine.h"
#include "notify/notify.h"

#include "base/buf.h"

struct text_facts {
    const struct engine_memory *memory;
    const struct engine_world *world;
    const char *root;  /* the Windows directory, NULL without one */
    const char *data;  /* the data directory */
    const char *why;   /* what went wrong with a patch; "" when nothing did */
    const char *ports; /* EFFECT_TELL_PORTS: on the ports of the computer; "": nothing is known */
    /* EFFECT_TELL_COPIES_CHANGED: what the copies were, and whether Windows File Protection has
     * named the file. */
    const struct engine_copy *before;
    bool protection_named;
};

/* Adds the sentences for an effect; nothing for those that say nothing. */
void text_effect(struct buf *out, enum engine_effect effect, const struct text_facts *facts);

/* Adds who had the half-open connections of a burst, or with `census` NULL why that is not known.
 */
void text_census(struct buf *out, const struct census *census, const struct policy *policy,
                 const char *why);

/* Adds the sentences of a question, and the keys that answer it on a terminal. `limit` is the one
 * that was asked for with QUESTION_ABOVE_MAX. */
void text_question(struct buf *out, enum question_kind question, uint32_t limit,
                   const struct text_facts *facts);
void text_keys(struct buf *out, enum question_kind question, const struct text_facts *facts);

/* "90 seconds", "12 minutes", "2 hours", "3 days": rounded to the unit that fits. */
void text_duration(struct buf *out, uint64_t seconds);

#endif
