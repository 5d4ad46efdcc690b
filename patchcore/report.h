/* What tcpippatch prints: for people, and as JSON. */
#ifndef PATCHCORE_REPORT_H
#define PATCHCORE_REPORT_H

#include "patchcore.h"

/* Two lines on one image: its path, and what it is. */
void report_image(struct buf *out, const char *path, const struct pc_inspection *inspection);
void report_image_json(struct buf *out, const char *path, const struct pc_inspection *inspection);

/* The same for a file that could not be read. */
void report_unreadable(struct buf *out, const char *path, enum os_status status);
void report_unreadable_json(struct buf *out, const char *path, enum os_status status);

/* All copies under a root, those that are there. */
void report_target(struct buf *out, const struct pc_target *target);

/* The same; with what waits for the next start of Windows (or NULL) each has a member
 * "next_boot_limit", null for a copy that stays as it is. */
void report_target_json(struct buf *out, const struct pc_target *target,
                        const struct pc_waiting *waiting);

/* A sentence on the change that waits. */
void report_waiting(struct buf *out, const struct pc_waiting *waiting);

/* What is registered with Windows for the plan: each new file, and the file whose place it takes.
 */
void report_registering(struct buf *out, const struct pc_target *target,
                        const struct pc_plan *plan);

/* What Windows File Protection will ask after a change at once, and which buttons keep it. */
void report_protection(struct buf *out);

/* A warning for a Windows that looks through its protected files at its start. */
void report_boot_scan(struct buf *out);

/* What a plan changes: each file, offset, old and new bytes and checksums. */
void report_plan(struct buf *out, const struct pc_target *target, const struct pc_plan *plan);

/* The copies that are there and are left alone, each with its reason. */
void report_left_alone(struct buf *out, const struct pc_target *target);

/* {"result","exit_status","what","root","dry_run","message","way","changes":[...]} */
void report_result_json(struct buf *out, const struct pc_target *target, const struct pc_plan *plan,
                        enum pc_result result, bool dry_run, const char *message);

/* A warning where the limit is lower than Windows' own or so high that it is none; else nothing. */
void report_limit_warning(struct buf *out, uint32_t limit);

#endif
