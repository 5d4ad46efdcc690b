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
void report_target_json(struct buf *out, const struct pc_target *target);

/* What a plan changes: each file, offset, old and new bytes and checksums. */
void report_plan(struct buf *out, const struct pc_target *target, const struct pc_plan *plan);

/* The copies that are there and are left alone, each with its reason. */
void report_left_alone(struct buf *out, const struct pc_target *target);

/* {"result","exit_status","what","root","dry_run","message","changes":[...]} */
void report_result_json(struct buf *out, const struct pc_target *target, const struct pc_plan *plan,
                        enum pc_result result, bool dry_run, const char *message);

/* A warning where the limit is lower than Windows' own or so high that it is none; else nothing. */
void report_limit_warning(struct buf *out, uint32_t limit);

#endif
