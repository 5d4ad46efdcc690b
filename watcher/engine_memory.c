#include "engine_memory.h"

#include "base/utf.h"
#include "base/wintime.h"

#include <string.h>

void engine_reset(struct engine_memory *m)
{
    *m = (struct engine_memory){.state = ENGINE_WATCHING};
}

/* ---- bursts ---- */

/* The computer's burst in a list that last == 0 ends, or the index behind the last one. */
static size_t find_computer(const struct engine_burst *list, size_t most, const char *computer)
{
    size_t i = 0;
    while (i < most && list[i].last != 0 && !same_text_nocase(list[i].computer, computer)) {
        i++;
    }
    return i;
}

/* Puts it first, in the place of the computer's earlier one or of the oldest. */
static void put_first(struct engine_burst *list, size_t most, const struct engine_burst *burst)
{
    size_t i = find_computer(list, most, burst->computer);
    memmove(&list[1], &list[0], (i < most ? i : most - 1) * sizeof list[0]);
    list[0] = *burst;
}

const struct engine_burst *engine_told(const struct engine_memory *m, const char *computer)
{
    if (m->burst.last != 0 && same_text_nocase(m->burst.computer, computer)) {
        return &m->burst;
    }
    size_t i = find_computer(m->others, ENGINE_OTHERS_MAX, computer);
    return i < ENGINE_OTHERS_MAX && m->others[i].last != 0 ? &m->others[i] : NULL;
}

const struct engine_burst *engine_ports_told(const struct engine_memory *m, const char *computer)
{
    size_t i = find_computer(m->ports, ENGINE_PORTS_MAX, computer);
    return i < ENGINE_PORTS_MAX && m->ports[i].last != 0 ? &m->ports[i] : NULL;
}

/* Otherwise the computer would be silent until its time comes there again. */
static bool was_clock_set_back(const struct engine_burst *told, uint64_t now,
                               const struct engine_burst *burst)
{
    const uint64_t day = UINT64_C(24) * 60 * 60 * WINTIME_PER_SECOND;
    return told->last > now && told->last - now > day && burst->last <= now + day;
}

static bool is_quiet(const struct engine_burst *told, const struct policy *policy, uint64_t now,
                     const struct engine_burst *burst)
{
    uint64_t cooldown = policy->cooldown_seconds * WINTIME_PER_SECOND;
    if (told == NULL || was_clock_set_back(told, now, burst)) {
        return false;
    }
    return burst->last <= told->last || burst->last - told->last < cooldown ||
           (cooldown == 0 && burst->first <= told->last);
}

bool engine_is_quiet(const struct engine_memory *m, const struct policy *policy, uint64_t now,
                     const struct engine_burst *burst)
{
    const struct engine_burst *told = engine_told(m, burst->computer);
    bool is_fresh = told != NULL && m->fresh_from != 0 && told->last <= m->fresh_from &&
                    burst->first >= m->fresh_from && burst->last > told->last;
    return !is_fresh && is_quiet(told, policy, now, burst);
}

bool engine_is_quiet_on_ports(const struct engine_memory *m, const struct policy *policy,
                              uint64_t now, const struct engine_burst *burst)
{
    return is_quiet(engine_ports_told(m, burst->computer), policy, now, burst);
}

void engine_remember(struct engine_memory *m, const struct engine_burst *burst)
{
    if (m->burst.last != 0 && !same_text_nocase(m->burst.computer, burst->computer)) {
        size_t i = find_computer(m->others, ENGINE_OTHERS_MAX - 1, burst->computer);
        memmove(&m->others[1], &m->others[0], i * sizeof m->others[0]);
        m->others[0] = m->burst;
    }
    m->burst = *burst;
}

void engine_remember_ports(struct engine_memory *m, const struct engine_burst *burst)
{
    put_first(m->ports, ENGINE_PORTS_MAX, burst);
}

/* ---- builds ---- */

bool engine_same_build(const struct engine_build *a, const struct engine_build *b)
{
    return a->size == b->size && memcmp(&a->version, &b->version, sizeof a->version) == 0;
}

static size_t find_tried(const struct engine_memory *m, const struct engine_build *build)
{
    size_t i = 0;
    while (i < ENGINE_TRIED_MAX && m->tried[i].size != 0 &&
           !engine_same_build(&m->tried[i], build)) {
        i++;
    }
    return i;
}

bool engine_was_tried(const struct engine_memory *m, const struct engine_build *build)
{
    size_t i = find_tried(m, build);
    return i < ENGINE_TRIED_MAX && m->tried[i].size != 0;
}

void engine_add_tried(struct engine_memory *m, const struct engine_build *build)
{
    size_t i = find_tried(m, build);
    memmove(&m->tried[1], &m->tried[0],
            (i < ENGINE_TRIED_MAX ? i : ENGINE_TRIED_MAX - 1) * sizeof m->tried[0]);
    m->tried[0] = *build;
}

/* ---- copies ---- */

bool engine_is_as_written(const struct engine_patch *patch, const struct pc_target *target)
{
    for (size_t c = 0; c < PC_COPIES; c++) {
        const struct pc_copy *copy = &target->copies[c];
        if (patch->copies[c].present &&
            (!copy->present || copy->access != OS_OK || copy->crc32 != patch->copies[c].crc32)) {
            return false;
        }
    }
    return true;
}

bool engine_copy_differs(const struct engine_copy *before, const struct engine_copy *now)
{
    if (!before->known || !now->known) {
        return false;
    }
    return before->present != now->present ||
           (now->present && (before->access != now->access ||
                             (now->access == OS_OK && before->crc32 != now->crc32)));
}

void engine_note_copies(struct engine_memory *m, const struct pc_target *target)
{
    for (size_t c = 0; target != NULL && c < PC_COPIES; c++) {
        const struct pc_copy *copy = &target->copies[c];
        struct engine_copy seen = {.known = true, .present = copy->present};
        if (copy->present) {
            seen.access = copy->access;
        }
        if (copy->present && copy->access == OS_OK) {
            seen.crc32 = copy->crc32;
            seen.status = copy->inspection.status;
            seen.version = copy->inspection.version;
            seen.has_limit = copy->inspection.has_limit;
            seen.limit = copy->inspection.limit;
        }
        m->seen[c] = seen;
    }
}
