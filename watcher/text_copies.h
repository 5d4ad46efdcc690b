/* The sentences on copies that are not what they were. Private to text.c and text_copies.c. */
#ifndef WATCHER_TEXT_COPIES_H
#define WATCHER_TEXT_COPIES_H

#include "text.h"

/* EFFECT_TELL_DIFFERS: after the restart, which copy is not as it was written. */
void text_differs(struct buf *out, const struct text_facts *f);

/* EFFECT_TELL_COPIES_CHANGED: what somebody else has changed since the last look. */
void text_copies_changed(struct buf *out, const struct text_facts *f);

#endif
