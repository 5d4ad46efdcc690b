/* What a change would do to each copy, before anything is written. */
#include "base/crc32.h"
#include "base/utf.h"
#include "install.h"

#include <inttypes.h>

/* PC_DONE when the copy may be changed or left out; else why it stands in the way of all. */
static enum pc_result judge_copy(const struct pc_copy *copy, bool is_drivers, struct buf *why)
{
    if (!copy->present) {
        if (is_drivers) {
            buf_add_text(why, "There is no tcpip.sys in system32/drivers.");
            return PC_REFUSED;
        }
        return PC_DONE;
    }
    if (copy->access != OS_OK) {
        install_explain(why, copy->path, "cannot be read", copy->access);
        buf_add_text(why, " Nothing was changed: all copies are changed or none.");
        return copy->access == OS_WRONG_KIND ? PC_REFUSED : PC_FAILED;
    }
    if (is_drivers && !pc_writable(&copy->inspection)) {
        add_printable(why, copy->path);
        buf_printf(why, " is %s. %s", pc_status_name(copy->inspection.status),
                   copy->inspection.reason);
        return PC_REFUSED;
    }
    return PC_DONE;
}

/* What the copy becomes with another limit, as far as it can be told from what was inspected. */
static void foresee(const struct pc_copy *copy, uint32_t limit, uint32_t *checksum, uint32_t *crc32)
{
    const struct pc_inspection *now = &copy->inspection;
    const size_t size = (size_t)now->size;
    *checksum = pc_checksum_after(now->checksum_stored, size, now->limit_offset, now->limit, limit);
    *crc32 = crc32_after(copy->crc32, size, now->limit_offset, now->limit, limit);
    *crc32 = crc32_after(*crc32, size, now->checksum_offset, now->checksum_stored, *checksum);
}

static struct pc_change plan_change(const struct pc_copy *copy, uint32_t limit)
{
    struct pc_change change = {.wanted = true,
                               .limit_before = copy->inspection.limit,
                               .limit_after = limit,
                               .checksum_before = copy->inspection.checksum_stored,
                               .crc32_before = copy->crc32};
    uint32_t checksum_original;
    foresee(copy, limit, &change.checksum_after, &change.crc32_after);
    foresee(copy, PC_LIMIT_WINDOWS, &checksum_original, &change.crc32_original);
    return change;
}

static enum pc_result make_plan(const struct pc_context *pc, const struct pc_target *target,
                                uint32_t limit, const char *what, struct pc_plan *plan,
                                struct buf *why)
{
    struct journal journal;
    enum install_earlier earlier = EARLIER_NONE;
    *plan = (struct pc_plan){.what = what};
    enum pc_result result = install_check_view(pc, target, why);
    if (result == PC_DONE) {
        result = install_check_journal(pc, target, &journal, &earlier, why);
    }
    if (result == PC_INTERRUPTED && install_is_going_on(pc, target)) {
        buf_clear(why);
        install_explain_busy(target, why);
        result = PC_FAILED;
    }
    for (size_t c = PC_COPIES; result == PC_DONE && c-- > 0;) {
        result = judge_copy(&target->copies[c], c == PC_DRIVERS, why);
    }
    for (size_t c = 0; result == PC_DONE && c < PC_COPIES; c++) {
        const struct pc_copy *copy = &target->copies[c];
        if (!copy->present || !pc_writable(&copy->inspection) || copy->inspection.limit == limit) {
            continue;
        }
        plan->changes[c] = plan_change(copy, limit);
        plan->wanted++;
    }
    plan->waits = earlier == EARLIER_WAITS;
    plan->same_waits = plan->waits && install_is_same_change(plan, &journal);
    return result;
}

enum pc_result pc_plan_set(const struct pc_context *pc, const struct pc_target *target,
                           uint32_t limit, struct pc_plan *plan, struct buf *why)
{
    if (limit < PC_LIMIT_LEAST || limit > PC_LIMIT_MOST) {
        *plan = (struct pc_plan){.what = "set"};
        buf_printf(why, "A limit of %" PRIu32 " is not possible; it can be %d to %d.", limit,
                   PC_LIMIT_LEAST, PC_LIMIT_MOST);
        return PC_REFUSED;
    }
    return make_plan(pc, target, limit, "set", plan, why);
}

enum pc_result pc_plan_restore(const struct pc_context *pc, const struct pc_target *target,
                               struct pc_plan *plan, struct buf *why)
{
    return make_plan(pc, target, PC_LIMIT_WINDOWS, "restore", plan, why);
}
