#include "text_copies.h"

#include <inttypes.h>
#include <string.h>

static bool is_other_build(const struct pc_version *before, const struct pc_version *now)
{
    return memcmp(before, now, sizeof *before) != 0;
}

static void add_difference(struct buf *out, const struct pc_copy *copy,
                           const struct pc_version *written, uint32_t limit)
{
    const struct pc_inspection *now = &copy->inspection;
    buf_printf(out, " %s ", copy->path != NULL ? copy->path : "A copy, with its directory,");
    if (!copy->present) {
        buf_add_text(out, "is gone.");
    } else if (copy->access != OS_OK) {
        buf_printf(out, "cannot be read: %s.", os_status_text(copy->access));
    } else if (now->has_version && (now->version.part[2] != written->part[2] ||
                                    now->version.part[3] != written->part[3])) {
        char version[PC_VERSION_SIZE];
        pc_version_text(&now->version, version);
        buf_printf(out, "is another build now (%s), most likely from an update.", version);
    } else if (!now->has_limit) {
        buf_printf(out, "is %s now. %s", pc_status_name(now->status), now->reason);
    } else if (now->limit == PC_LIMIT_WINDOWS) {
        buf_printf(out,
                   "has the limit %d again: Windows File Protection, sfc or somebody put the "
                   "original back.",
                   PC_LIMIT_WINDOWS);
    } else {
        buf_printf(out,
                   "has the limit %" PRIu32 ", and %" PRIu32 " was written: another program "
                   "has changed it.",
                   now->limit, limit);
    }
}

void text_differs(struct buf *out, const struct text_facts *f)
{
    const struct engine_patch *patch = &f->memory->patch;
    buf_printf(out, "Not as it was written under %s:", f->root);
    if (f->world->target == NULL) {
        buf_add_text(out, " it cannot be read any more.");
    }
    for (size_t c = 0; f->world->target != NULL && c < PC_COPIES; c++) {
        const struct pc_copy *copy = &f->world->target->copies[c];
        if (patch->copies[c].present &&
            (!copy->present || copy->access != OS_OK || copy->crc32 != patch->copies[c].crc32)) {
            add_difference(out, copy, &patch->copies[c].version, patch->limit_after);
        }
    }
    buf_add_text(out, " It is not patched again without a new burst and a yes.");
}

/* ---- changed by somebody else ---- */

static void add_other_build(struct buf *out, const struct engine_copy *before,
                            const struct engine_copy *now, const struct pc_copy *copy)
{
    char was[PC_VERSION_SIZE];
    char is[PC_VERSION_SIZE];
    pc_version_text(&before->version, was);
    pc_version_text(&now->version, is);
    buf_printf(out, "is another build now (%s; it was %s), most likely from an update. ", is, was);
    if (now->has_limit) {
        buf_printf(out, "Its limit is %" PRIu32 ".", now->limit);
    } else {
        buf_printf(out, "It is %s, and is not patched. %s", pc_status_name(now->status),
                   copy->inspection.reason);
    }
}

static void add_other_limit(struct buf *out, const struct engine_copy *before,
                            const struct engine_copy *now)
{
    if (now->limit == PC_LIMIT_WINDOWS) {
        buf_printf(out,
                   "has the limit %d again (it was %" PRIu32 "): Windows File Protection, sfc or "
                   "somebody put the original back.",
                   PC_LIMIT_WINDOWS, before->limit);
    } else {
        buf_printf(out,
                   "has the limit %" PRIu32 " now (it was %" PRIu32 "): another program has set "
                   "it.",
                   now->limit, before->limit);
    }
}

static void add_change(struct buf *out, const struct engine_copy *before,
                       const struct engine_copy *now, const struct pc_copy *copy)
{
    buf_printf(out, " %s ", copy->path != NULL ? copy->path : "A copy, with its directory,");
    if (!now->present) {
        buf_add_text(out, "is gone.");
    } else if (now->access != OS_OK) {
        buf_printf(out, "cannot be read any more: %s.", os_status_text(now->access));
    } else if (!before->present || before->access != OS_OK) {
        buf_add_text(out, before->present ? "can be read again" : "is new");
        if (now->has_limit) {
            buf_printf(out, ", with the limit %" PRIu32, now->limit);
        }
        buf_add_char(out, '.');
    } else if (now->has_limit && before->has_limit && now->limit != before->limit &&
               !is_other_build(&before->version, &now->version)) {
        add_other_limit(out, before, now);
    } else if (is_other_build(&before->version, &now->version)) {
        add_other_build(out, before, now, copy);
    } else if (!now->has_limit) {
        buf_printf(out, "is %s now. %s", pc_status_name(now->status), copy->inspection.reason);
    } else {
        buf_printf(out, "is another file of the same build and limit, %" PRIu32 ".", now->limit);
    }
}

void text_copies_changed(struct buf *out, const struct text_facts *f)
{
    const struct engine_copy *seen = f->memory->seen;
    const struct engine_copy *drivers = &seen[PC_DRIVERS];
    if (!f->before[PC_DRIVERS].known) {
        buf_printf(out,
                   "The limit in %s is %" PRIu32
                   ", which is neither Windows' own of %d nor one that "
                   "was set from here: another program has set it.",
                   f->root, drivers->limit, PC_LIMIT_WINDOWS);
        return;
    }
    buf_printf(out, "Changed by somebody else under %s:", f->root);
    for (size_t c = 0; c < PC_COPIES; c++) {
        if (engine_copy_differs(&f->before[c], &seen[c])) {
            add_change(out, &f->before[c], &seen[c], &f->world->target->copies[c]);
        }
    }
    if (f->protection_named) {
        buf_add_text(out, " Windows File Protection names the file in the System log.");
    }
    buf_add_text(out, " Nothing is patched again without a new burst or your yes.");
}
