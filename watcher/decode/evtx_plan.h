/* The fast way to a record's fields in a chunk of an .evtx file.
 *
 * The records of a chunk use few template definitions, and a definition tells for all of them where
 * the fields of their System elements stand. So each definition is looked at once; a record then
 * costs one comparison of its value descriptors with those of an earlier record of the same
 * definition, after which its fields lie at known offsets. Everything that is not as usual is left
 * to binxml_read(), record by record: both ways give the same events. */
#ifndef WATCHER_DECODE_EVTX_PLAN_H
#define WATCHER_DECODE_EVTX_PLAN_H

#include "event_fields.h"
#include "part.h"

#include <stddef.h>
#include <stdint.h>

struct evtx_plans;

/* NULL when memory is out. */
struct evtx_plans *evtx_plans_new(void);
void evtx_plans_free(struct evtx_plans *plans);

/* Forgets the definitions: another chunk is read, or other bytes of the same one. */
void evtx_plans_next_chunk(struct evtx_plans *plans);

enum evtx_glance {
    EVTX_GLANCE_UNUSUAL, /* read it with binxml_read() */
    EVTX_GLANCE_OTHER,   /* a record without damage, of no event id that was asked for */
    EVTX_GLANCE_EVENT,
};

/* Looks at the whole record of `length` bytes at `at` in the chunk of which `size` bytes are there.
 * With `only`, just records of those event ids become an event. Its texts live in `plans` until the
 * next record is looked at. */
enum evtx_glance evtx_plans_read(struct evtx_plans *plans, const uint8_t *chunk, size_t size,
                                 size_t at, size_t length, const struct log_ids *only,
                                 struct event *out);

#endif
