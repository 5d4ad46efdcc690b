/* The audit log: everything that was done, a JSON object a line, in DATA/audit.jsonl (or the file
 * that the policy names). Both programs write it; nothing ever takes a line out. */
#ifndef PATCHCORE_AUDIT_H
#define PATCHCORE_AUDIT_H

#include "patchcore.h"

/* Opens a line: {"time":...,"program":...,"action":... `now` is 100 ns steps since 1601. The caller
 * adds members and hands the line to audit_write(). */
struct json audit_start(struct buf *line, uint64_t now, const char *program, const char *action);

/* Closes the object and appends the line to the file, in one write, flushed; behind a line that was
 * torn it begins one of its own. `line` is emptied. */
enum os_status audit_write(const struct os *os, const char *file, struct json *j, struct buf *line);

/* DATA/audit.jsonl; the caller frees. NULL when memory is out. */
char *audit_default_file(const char *data);

/* How and what a plan changes, as the members "way" and "changes" (an array). */
void audit_changes(struct json *j, const struct pc_target *target, const struct pc_plan *plan);

/* "now", "next-boot". */
const char *pc_way_name(enum pc_way way);

/* "done", "failed", "usage", "refused", "interrupted". */
const char *pc_result_name(enum pc_result result);

#endif
