/* The lines of `scan --json`: one JSON object a line. */
#ifndef WATCHER_SCAN_JSON_H
#define WATCHER_SCAN_JSON_H

#include "burst.h"
#include "event.h"

#include "base/json.h"

/* Adds {"file","record","time","channel","provider","event_id","qualifiers","level","computer"} and
 * a line feed. The time is ISO 8601 UTC with seven digits of fraction; what the record does not
 * say is null, and so is `file` when it is NULL. */
void scan_json_event(struct buf *out, const char *file, const struct event *event);

/* The same by json.h alone: what the fast way above is held against, and what it falls back to. */
void scan_json_event_plain(struct buf *out, const char *file, const struct event *event);

/* The member "burst" of an object: {"computer","first","last","events"}. The audit log has it, too.
 */
void scan_json_burst(struct json *j, const struct burst *burst);

/* The same with a further member "kind": "ports" for a burst of events that say that ports run out.
 * NULL: without it. */
void scan_json_burst_of(struct json *j, const struct burst *burst, const char *kind);

#endif
