/* What the engine remembers of bursts, builds and copies. Private to engine.c and engine_memory.c.
 */
#ifndef WATCHER_ENGINE_MEMORY_H
#define WATCHER_ENGINE_MEMORY_H

#include "engine.h"

/* Moves the computer's burst to the front; the oldest of too many is forgotten. */
void engine_remember(struct engine_memory *m, const struct engine_burst *burst);
void engine_remember_ports(struct engine_memory *m, const struct engine_burst *burst);

bool engine_same_build(const struct engine_build *a, const struct engine_build *b);

/* Whether a yes was carried out for this build; keeps that one was. */
bool engine_was_tried(const struct engine_memory *m, const struct engine_build *build);
void engine_add_tried(struct engine_memory *m, const struct engine_build *build);

/* Keeps what the copies are; nothing without a target. */
void engine_note_copies(struct engine_memory *m, const struct pc_target *target);

#endif
