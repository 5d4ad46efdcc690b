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

/* The same for many records. What the records before had, and the line's bytes for it, is kept:
 * nearly all records have the channel, provider, id and computer of one before. */
struct scan_lines;

/* The lines begin with `file`, which has to live until another one is turned to. NULL when memory
 * is out. */
struct scan_lines *scan_lines_new(const char *file);
void scan_lines_turn_to(struct scan_lines *lines, const char *file);
void scan_lines_free(struct scan_lines *lines);
void scan_lines_add(struct scan_lines *lines, struct buf *out, const struct event *event);

/* The member "burst" of an object: {"computer","first","last","events"}. The audit log has it, too.
 */
void scan_json_burst(struct json *j, const struct burst *burst);

/* The same with a further member "kind": "ports" for a burst of events that say that ports run out.
 * NULL: without it. */
void scan_json_burst_of(struct json *j, const struct burst *burst, const char *kind);

#endif
