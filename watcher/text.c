#include "text.h"

#include "base/wintime.h"
#include "text_copies.h"

#include <inttypes.h>

void text_duration(struct buf *out, uint64_t seconds)
{
    static const struct {
        uint64_t seconds;
        const char *name;
    } units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    size_t i = 0;
    while (units[i].seconds > 1 &&
           (seconds < units[i].seconds ||
            (seconds < 2 * units[i].seconds && seconds % units[i].seconds != 0))) {
        i++;
    }
    uint64_t count = (seconds + units[i].seconds / 2) / units[i].seconds;
    buf_printf(out, "%" PRIu64 " %s%s", count, units[i].name, count == 1 ? "" : "s");
}

static const struct pc_copy *drivers_copy(const struct text_facts *f)
{
    return f->world->target != NULL ? &f->world->target->copies[PC_DRIVERS] : NULL;
}

static uint32_t present_limit(const struct text_facts *f)
{
    const struct pc_copy *drivers = drivers_copy(f);
    return drivers != NULL && drivers->present && drivers->access == OS_OK &&
                   drivers->inspection.has_limit
               ? drivers->inspection.limit
               : PC_LIMIT_WINDOWS;
}

static size_t count_writable(const struct text_facts *f)
{
    size_t count = 0;
    for (size_t c = 0; f->world->target != NULL && c < PC_COPIES; c++) {
        const struct pc_copy *copy = &f->world->target->copies[c];
        count += copy->present && copy->access == OS_OK && pc_writable(&copy->inspection);
    }
    return count;
}

static void add_how_to_set(struct buf *out, const struct text_facts *f)
{
    buf_printf(out, "tcpippatch set --limit %" PRIu32 " --root \"%s\"", f->world->policy->half_open,
               f->root);
}

/* "3 events 4226 of PC within 20 minutes, T to T." */
static void add_events(struct buf *out, const struct engine_burst *burst, const char *ids)
{
    char first[WINTIME_TEXT_SIZE];
    char last[WINTIME_TEXT_SIZE];
    wintime_plain(burst->first, first);
    wintime_plain(burst->last, last);
    buf_printf(out, "%" PRIu64 " events %s of ", burst->events, ids);
    buf_printf(out, "%s within ", burst->computer[0] != '\0' ? burst->computer : "one computer");
    text_duration(out, (burst->last - burst->first) / WINTIME_PER_SECOND);
    buf_printf(out, ", %s to %s.", first, last);
}

static void tell_burst(struct buf *out, const struct text_facts *f)
{
    buf_add_text(out, "Burst: ");
    add_events(out, &f->memory->burst, "4226");
    buf_printf(out,
               " Windows holds back outgoing connections there: more attempts were half-open at a "
               "time than its limit of %" PRIu32 " allows.",
               present_limit(f));
}

static void tell_no_root(struct buf *out, const struct text_facts *f)
{
    (void)f;
    buf_add_text(out, "Nothing is changed: this log is only watched. To let its machine's limit be "
                      "raised, name the Windows directory with --root.");
}

static void add_advice(struct buf *out)
{
    buf_add_text(out,
                 " If it is a program that you do not know, have the computer examined: a worm "
                 "opens such connections. If it is yours, add it to [programs] expected in "
                 "the policy.");
}

static void tell_unexpected(struct buf *out, const struct text_facts *f)
{
    buf_add_text(out, f->world->programs == CENSUS_NOBODY
                          ? "Which program it is cannot be told, and the policy expects bursts of "
                            "some programs only ([programs] expected): this one is treated as "
                            "another program's."
                          : "This looks like another program than those that the policy expects "
                            "([programs] expected).");
    if (f->memory->state == ENGINE_DECIDING) {
        buf_add_text(out, " The limit is raised only if you say yes.");
    } else if (f->memory->state == ENGINE_WATCHING &&
               f->world->policy->on_unexpected == ON_UNEXPECTED_NOTIFY) {
        buf_add_text(out,
                     " Nothing is changed: the policy says [programs] on_unexpected = notify.");
    }
    add_advice(out);
}

static void tell_notify_only(struct buf *out, const struct text_facts *f)
{
    buf_add_text(out, "Nothing is changed: the policy says [action] on_burst = notify. By hand: ");
    add_how_to_set(out, f);
}

static void tell_other_computer(struct buf *out, const struct text_facts *f)
{
    const char *computer = f->memory->burst.computer;
    buf_printf(out, "Nothing is changed: this burst is of %s, and %s belongs to %s.",
               computer[0] != '\0' ? computer : "a computer that is not named", f->root,
               f->memory->computer[0] != '\0' ? f->memory->computer : "one without a name");
}

static void tell_not_writable(struct buf *out, const struct text_facts *f)
{
    const struct pc_copy *drivers = drivers_copy(f);
    buf_add_text(out, "Nothing is changed: ");
    if (drivers == NULL || !drivers->present) {
        buf_printf(out, "there is no tcpip.sys in the drivers directory of %s.", f->root);
    } else if (drivers->access != OS_OK) {
        buf_printf(out, "%s cannot be read: %s.", drivers->path, os_status_text(drivers->access));
    } else {
        buf_printf(out, "%s is %s. %s", drivers->path, pc_status_name(drivers->inspection.status),
                   drivers->inspection.reason);
    }
}

static void tell_limit_is_set(struct buf *out, const struct text_facts *f)
{
    uint32_t limit = present_limit(f);
    buf_printf(out,
               "Nothing is changed: the limit in %s is %" PRIu32
               " already, and the policy asks for %" PRIu32 ". ",
               f->root, limit, f->world->policy->half_open);
    buf_add_text(out, "If the machine was started since it was set, it needs a higher [limit] "
                      "half_open, or another cause is behind the burst.");
}

static void add_most_seen(struct buf *out, size_t most)
{
    if (most == 0) {
        buf_add_text(out, " How many connections were half-open was not seen.");
    } else {
        buf_printf(out, " At most %zu half-open connections were seen at a time.", most);
    }
}

static void tell_still_limited(struct buf *out, const struct text_facts *f)
{
    char verified[WINTIME_TEXT_SIZE];
    uint32_t limit = present_limit(f);
    size_t most = f->world->most_half_open;
    wintime_plain(f->memory->verified, verified);
    buf_printf(out,
               "The limit of %" PRIu32 " was verified after the restart (%s), and bursts go on.",
               limit, verified);
    add_most_seen(out, most);
    if (most != 0 && most < limit) {
        buf_add_text(out, " That is fewer than the limit allows: it is hardly the cause any more. "
                          "Look at the program that opens the connections, and at hosts that do "
                          "not answer.");
    } else if (f->memory->limit == 0) {
        buf_printf(out,
                   " The limit is %s too low, and the policy allows no more ([limit] max = %" PRIu32
                   ").",
                   most != 0 ? "still" : "perhaps still", f->world->policy->max);
    } else {
        buf_printf(out,
                   " The limit is %s too low. Proposed is %" PRIu32
                   "; to let the policy ask for it: "
                   "[limit] half_open = %" PRIu32 ".",
                   most != 0 ? "still" : "perhaps still", f->memory->limit, f->memory->limit);
    }
}

static void tell_tried_before(struct buf *out, const struct text_facts *f)
{
    buf_printf(out,
               "The limit of this build of tcpip.sys was to be raised before, and is %" PRIu32
               " again: the original was put back by Windows File Protection, an update, another "
               "program, or somebody. It is not raised again without a person's yes.",
               present_limit(f));
}

static void tell_nobody_to_ask(struct buf *out, const struct text_facts *f)
{
    if (f->memory->by_hand) {
        buf_add_text(out, "The decision waits for a person's yes, and there is no terminal to ask "
                          "on. Run tcpipwatch on a terminal. By hand: ");
    } else {
        buf_add_text(out, "The decision waits for a yes, and there is no terminal to ask on. Run "
                          "tcpipwatch on a terminal, or let the policy say [action] on_burst = "
                          "patch. By hand: ");
    }
    add_how_to_set(out, f);
}

static void tell_patch(struct buf *out, const struct text_facts *f)
{
    size_t copies = count_writable(f);
    buf_printf(out,
               f->world->root_is_running ? "Preparing the limit of %" PRIu32 " for %zu %s of "
                                           "tcpip.sys under %s, for the next start of Windows."
                                         : "Setting the limit to %" PRIu32
                                           " in %zu %s of tcpip.sys under %s.",
               f->memory->limit, copies, copies == 1 ? "copy" : "copies", f->root);
}

static void tell_declined(struct buf *out, const struct text_facts *f)
{
    buf_add_text(out, "Nothing was changed. ");
    if (f->world->policy->cooldown_seconds > 0) {
        buf_add_text(out, "Bursts are told again after ");
        text_duration(out, f->world->policy->cooldown_seconds);
        buf_add_text(out, " ([burst] cooldown). ");
    }
    buf_add_text(out, "By hand: ");
    add_how_to_set(out, f);
}

static void tell_patched(struct buf *out, const struct text_facts *f)
{
    size_t copies = 0;
    for (size_t c = 0; c < PC_COPIES; c++) {
        copies += f->memory->patch.copies[c].present;
    }
    if (f->world->root_is_running) {
        buf_printf(out,
                   "Prepared: at its next start Windows puts %zu %s of tcpip.sys with the limit "
                   "%" PRIu32 " in place under %s; until then the limit stays %" PRIu32
                   ". The originals are kept in %s. To take it back: tcpippatch restore",
                   copies, copies == 1 ? "copy" : "copies", f->memory->patch.limit_after, f->root,
                   f->memory->patch.limit_before, f->data);
        return;
    }
    buf_printf(out,
               "Done: the limit is %" PRIu32 " in %zu %s of tcpip.sys under %s (it was %" PRIu32
               "). The originals are kept in %s. To undo it: tcpippatch restore --root \"%s\"",
               f->memory->patch.limit_after, copies, copies == 1 ? "copy" : "copies", f->root,
               f->memory->patch.limit_before, f->data, f->root);
}

static void tell_patch_failed(struct buf *out, const struct text_facts *f)
{
    buf_printf(out, "The limit was not raised. %s", f->why);
}

static void tell_restart_needed(struct buf *out, const struct text_facts *f)
{
    if (f->world->root_is_running) {
        buf_printf(out,
                   "The limit of %" PRIu32 " holds only after a restart of Windows. Please restart "
                   "it.",
                   f->memory->patch.limit_after);
        return;
    }
    buf_printf(out,
               "The limit of %" PRIu32 " holds only after a restart of the machine that %s "
               "belongs to. Please restart it.",
               f->memory->patch.limit_after, f->root);
}

static void tell_restart_later(struct buf *out, const struct text_facts *f)
{
    char time[WINTIME_TEXT_SIZE];
    wintime_plain(f->memory->remind_at, time);
    buf_printf(out,
               "The old limit of %" PRIu32 " stays in force until the restart. You are "
               "reminded at %s.",
               f->memory->patch.limit_before, time);
}

static void tell_restart_declined(struct buf *out, const struct text_facts *f)
{
    buf_printf(out,
               "The old limit of %" PRIu32
               " stays in force until the restart. You are not reminded "
               "of it; the change holds after the next start all the same.",
               f->memory->patch.limit_before);
}

static void tell_restart(struct buf *out, const struct text_facts *f)
{
    if (f->world->root_is_running) {
        buf_add_text(out, "Windows is restarted in ");
        text_duration(out, f->world->policy->grace_seconds);
        buf_add_text(out, ". Afterwards the copies are verified. To stop the restart: shutdown -a");
        return;
    }
    buf_printf(
        out,
        "Restart the machine that %s belongs to. Afterwards the copies are verified: when the "
        "log shows the restart, or when tcpipwatch is started again.",
        f->root);
}

static void tell_verify(struct buf *out, const struct text_facts *f)
{
    buf_printf(out, "Verifying the copies of tcpip.sys under %s after the restart.", f->root);
}

static void tell_verified(struct buf *out, const struct text_facts *f)
{
    buf_printf(out,
               "Verified: every copy under %s is as it was written, with the limit %" PRIu32 ".",
               f->root, f->memory->patch.limit_after);
}

static void tell_other_driver(struct buf *out, const struct text_facts *f)
{
    buf_printf(out,
               "An open question about %s is dropped: the tcpip.sys there is not the one that it "
               "was about (another disk, or an update). A new burst asks again.",
               f->root);
}

static void tell_restored(struct buf *out, const struct text_facts *f)
{
    buf_printf(out,
               f->world->root_is_running
                   ? "Prepared: at its next start Windows puts the original tcpip.sys, with the "
                     "limit %" PRIu32 ", in place under %s."
                   : "Done: the original tcpip.sys, with the limit %" PRIu32 ", is back under %s.",
               f->memory->patch.limit_after, f->root);
}

static void tell_withdrawn(struct buf *out, const struct text_facts *f)
{
    buf_printf(out,
               "Taken back: nothing waits for the next start of Windows any more, and the limit in "
               "%s stays %" PRIu32 ".",
               f->root, present_limit(f));
}

static void tell_ports(struct buf *out, const struct text_facts *f)
{
    buf_add_text(out, "Ports run out: ");
    add_events(out, &f->memory->ports[0], "4227 or 4231");
    buf_printf(out, " %s", f->ports);
}

void text_census(struct buf *out, const struct census *census, const struct policy *policy,
                 const char *why)
{
    if (census != NULL) {
        census_words(census, policy, out);
    } else {
        buf_printf(out, "Which programs opened the connections is not known. %s", why);
    }
}

/* ---- questions ---- */

static void ask_patch(struct buf *out, const struct text_facts *f)
{
    size_t copies = count_writable(f);
    buf_printf(
        out, "Raise the limit from %" PRIu32 " to %" PRIu32 " in %zu %s of tcpip.sys under %s?",
        present_limit(f), f->memory->limit, copies, copies == 1 ? "copy" : "copies", f->root);
}

static void ask_restart(struct buf *out, const struct text_facts *f)
{
    if (f->world->root_is_running) {
        buf_printf(out,
                   "The limit of %" PRIu32 " holds after a restart of Windows. Restart it now?",
                   f->memory->patch.limit_after);
        return;
    }
    buf_printf(
        out,
        "The new limit holds after a restart of the machine that %s belongs to; it cannot be "
        "restarted from here.",
        f->root);
}

static void ask_grace(struct buf *out, const struct text_facts *f)
{
    buf_add_text(out, "Windows is restarted in ");
    text_duration(out, f->world->policy->grace_seconds);
    buf_add_text(out, ". Save your work.");
}

void text_question(struct buf *out, enum question_kind question, uint32_t limit,
                   const struct text_facts *facts)
{
    switch (question) {
    case QUESTION_NONE:
        break;
    case QUESTION_PATCH:
        ask_patch(out, facts);
        break;
    case QUESTION_ABOVE_MAX:
        buf_printf(out,
                   "%" PRIu32 " is above the policy's [limit] max of %" PRIu32 ". Set it all the "
                   "same?",
                   limit, facts->world->policy->max);
        break;
    case QUESTION_RESTORE:
        buf_printf(out, "Put the original tcpip.sys back under %s, with Windows' own limit of %d?",
                   facts->root, PC_LIMIT_WINDOWS);
        break;
    case QUESTION_RESTART:
        ask_restart(out, facts);
        break;
    case QUESTION_GRACE:
        ask_grace(out, facts);
        break;
    }
}

void text_keys(struct buf *out, enum question_kind question, const struct text_facts *facts)
{
    const struct policy *policy = facts->world->policy;
    switch (question) {
    case QUESTION_NONE:
        break;
    case QUESTION_PATCH:
        buf_printf(out, "y = yes, n = no, or another limit (%d to %" PRIu32 "):", PC_LIMIT_LEAST,
                   policy->max);
        break;
    case QUESTION_ABOVE_MAX:
    case QUESTION_RESTORE:
        buf_add_text(out, "y = yes, n = no:");
        break;
    case QUESTION_RESTART:
        buf_printf(out, "y = %s, d = do not remind me, n = remind me in ",
                   facts->world->root_is_running ? "now" : "I restart it now");
        text_duration(out, policy->remind_seconds);
        buf_add_char(out, ':');
        break;
    case QUESTION_GRACE:
        buf_add_text(out, "n = stop the restart:");
        break;
    }
}

/* ---- effects ---- */

static void tell_ask_patch(struct buf *out, const struct text_facts *f)
{
    text_question(out, QUESTION_PATCH, 0, f);
}

static void tell_ask_restart(struct buf *out, const struct text_facts *f)
{
    text_question(out, QUESTION_RESTART, 0, f);
}

void text_effect(struct buf *out, enum engine_effect effect, const struct text_facts *facts)
{
    static void (*const writers[EFFECT_KINDS])(struct buf *, const struct text_facts *) = {
        [EFFECT_TELL_BURST] = tell_burst,
        [EFFECT_TELL_UNEXPECTED] = tell_unexpected,
        [EFFECT_TELL_NO_ROOT] = tell_no_root,
        [EFFECT_TELL_NOTIFY_ONLY] = tell_notify_only,
        [EFFECT_TELL_OTHER_COMPUTER] = tell_other_computer,
        [EFFECT_TELL_NOT_WRITABLE] = tell_not_writable,
        [EFFECT_TELL_LIMIT_IS_SET] = tell_limit_is_set,
        [EFFECT_TELL_STILL_LIMITED] = tell_still_limited,
        [EFFECT_TELL_TRIED_BEFORE] = tell_tried_before,
        [EFFECT_TELL_NOBODY_TO_ASK] = tell_nobody_to_ask,
        [EFFECT_ASK_PATCH] = tell_ask_patch,
        [EFFECT_TELL_DECLINED] = tell_declined,
        [EFFECT_PATCH] = tell_patch,
        [EFFECT_TELL_PATCHED] = tell_patched,
        [EFFECT_TELL_PATCH_FAILED] = tell_patch_failed,
        [EFFECT_ASK_RESTART] = tell_ask_restart,
        [EFFECT_TELL_RESTART_NEEDED] = tell_restart_needed,
        [EFFECT_TELL_RESTART_LATER] = tell_restart_later,
        [EFFECT_TELL_RESTART_DECLINED] = tell_restart_declined,
        [EFFECT_RESTART] = tell_restart,
        [EFFECT_VERIFY] = tell_verify,
        [EFFECT_TELL_VERIFIED] = tell_verified,
        [EFFECT_TELL_DIFFERS] = text_differs,
        [EFFECT_TELL_OTHER_DRIVER] = tell_other_driver,
        [EFFECT_TELL_RESTORED] = tell_restored,
        [EFFECT_TELL_WITHDRAWN] = tell_withdrawn,
        [EFFECT_TELL_COPIES_CHANGED] = text_copies_changed,
        [EFFECT_TELL_PORTS] = tell_ports,
    };
    if (writers[effect] != NULL) {
        writers[effect](out, facts);
    }
}
