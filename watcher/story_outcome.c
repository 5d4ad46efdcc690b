/* What a story has come to. */
#include "story.h"

#include "base/wintime.h"
#include "patchcore.h"

#include <inttypes.h>
#include <string.h>

struct limits {
    bool known;
    uint64_t before, after;
};

/* How the limit was changed first and last; the same where it was changed once. */
struct course {
    enum story_outcome outcome;
    struct limits first, last;
};

static const struct {
    const char *action;
    enum story_outcome outcome;
} outcomes[] = {
    {"nothing-to-change", STORY_ONLY_TOLD},
    {"notify-only", STORY_ONLY_TOLD},
    {"other-computer", STORY_ONLY_TOLD},
    {"not-writable", STORY_ONLY_TOLD},
    {"limit-is-set", STORY_ONLY_TOLD},
    {"tried-before", STORY_ONLY_TOLD},
    {"still-limited", STORY_ONLY_TOLD},
    {"unexpected", STORY_UNEXPECTED},
    {"nobody-to-ask", STORY_WAITS_FOR_ANSWER},
    {"ask-patch", STORY_WAITS_FOR_ANSWER},
    {"declined", STORY_DECLINED},
    {"other-driver", STORY_DROPPED},
    {"patch", STORY_BEING_CHANGED},
    {"patch-failed", STORY_FAILED},
    {"patched", STORY_WAITS_FOR_RESTART},
    {"restored", STORY_PUT_BACK},
    {"withdrawn", STORY_TAKEN_BACK},
    {"verified", STORY_VERIFIED},
    {"differs", STORY_DIFFERS},
    {"copies-changed", STORY_CHANGED_BY_OTHERS},
};

const char *story_outcome_name(enum story_outcome outcome)
{
    static const char *const names[STORY_OUTCOMES] = {
        [STORY_OPEN] = "open",
        [STORY_ONLY_TOLD] = "only-told",
        [STORY_UNEXPECTED] = "unexpected",
        [STORY_WAITS_FOR_ANSWER] = "waits-for-answer",
        [STORY_DECLINED] = "declined",
        [STORY_DROPPED] = "dropped",
        [STORY_BEING_CHANGED] = "being-changed",
        [STORY_FAILED] = "failed",
        [STORY_WAITS_FOR_RESTART] = "waits-for-restart",
        [STORY_VERIFIED] = "verified",
        [STORY_DIFFERS] = "differs",
        [STORY_CHANGED_BY_OTHERS] = "changed-by-others",
        [STORY_PUT_BACK] = "put-back",
        [STORY_TAKEN_BACK] = "taken-back",
        [STORY_PORTS] = "ports",
    };
    return names[outcome];
}

static bool is(const struct story_step *step, const char *action)
{
    return step->action != NULL && strcmp(step->action, action) == 0;
}

/* The copies are changed alike; the driver itself comes last. */
static struct limits limits_of(const struct story_step *step)
{
    for (size_t i = step->copy_count; i-- > 0;) {
        const struct story_copy *copy = &step->copies[i];
        if (copy->before.has_limit && copy->after.has_limit) {
            return (struct limits){true, copy->before.limit, copy->after.limit};
        }
    }
    return (struct limits){.known = false};
}

static void follow_change(struct course *course, const struct story_step *step)
{
    if (step->result == NULL || strcmp(step->result, "done") != 0) {
        course->outcome = course->outcome == STORY_BEING_CHANGED ? STORY_FAILED : course->outcome;
        return;
    }
    struct limits limits = limits_of(step);
    if (step->takes_back) {
        course->outcome = STORY_TAKEN_BACK;
    } else if (limits.known) {
        course->first = course->first.known ? course->first : limits;
        course->last = limits;
        course->outcome =
            limits.after == PC_LIMIT_WINDOWS ? STORY_PUT_BACK : STORY_WAITS_FOR_RESTART;
    }
}

/* The watcher also sees what tcpippatch has changed, and tells it as somebody else's: that is the
 * change that stands in the log already. */
static bool is_seen_change(const struct course *course, const struct story_step *step)
{
    struct limits limits = limits_of(step);
    return is(step, "copies-changed") && course->last.known && limits.known &&
           limits.after == course->last.after;
}

static struct course course_of(const struct story *story)
{
    struct course course = {.outcome = STORY_OPEN};
    for (size_t i = 0; i < story->step_count; i++) {
        const struct story_step *step = story->steps[i];
        if (is(step, "set") || is(step, "restore") || is(step, "recover")) {
            follow_change(&course, step);
        }
        for (size_t k = 0; k < sizeof outcomes / sizeof outcomes[0]; k++) {
            if (is(step, outcomes[k].action) && !is_seen_change(&course, step)) {
                course.outcome = outcomes[k].outcome;
            }
        }
    }
    if (story->is_ports) {
        course.outcome = STORY_PORTS;
    }
    return course;
}

enum story_outcome story_outcome(const struct story *story)
{
    return course_of(story).outcome;
}

/* ---- in words ---- */

static void add_limits(struct buf *out, const char *had, const struct limits *limits)
{
    if (!limits->known) {
        buf_printf(out, "A change of the limit %s made", had);
    } else if (limits->after == PC_LIMIT_WINDOWS) {
        buf_printf(out, "The limit %s put back from %" PRIu64 " to %" PRIu64, had, limits->before,
                   limits->after);
    } else {
        buf_printf(out, "The limit %s %s from %" PRIu64 " to %" PRIu64, had,
                   limits->after > limits->before ? "raised" : "lowered", limits->before,
                   limits->after);
    }
}

static void add_put_back(struct buf *out, const struct course *course)
{
    bool once = course->first.known && course->first.after == PC_LIMIT_WINDOWS;
    if (!course->first.known) {
        buf_add_text(out, "The original tcpip.sys was put back.");
    } else if (once) {
        add_limits(out, "was", &course->first);
        buf_add_char(out, '.');
    } else {
        add_limits(out, "had been", &course->first);
        buf_printf(out, "; the original, with the limit %d, was put back since.", PC_LIMIT_WINDOWS);
    }
}

static void add_changed(struct buf *out, const struct story *story, const struct course *course)
{
    const char *had = story->is_changed ? "was" : "had been";
    switch (course->outcome) {
    case STORY_WAITS_FOR_RESTART:
        add_limits(out, had, &course->last);
        buf_add_text(out, ". It holds after a restart, and has not been verified yet.");
        break;
    case STORY_VERIFIED:
        add_limits(out, had, &course->last);
        buf_add_text(out, story->is_changed ? ", and verified after the restart."
                                            : " before, and was verified after the restart.");
        break;
    case STORY_DIFFERS:
        add_limits(out, had, &course->last);
        buf_add_text(out, ", but after the restart the copies were not as they had been written.");
        break;
    case STORY_CHANGED_BY_OTHERS:
        add_limits(out, had, &course->last);
        buf_add_text(out, "; since then somebody else has changed a copy of tcpip.sys.");
        break;
    default:
        add_put_back(out, course);
        break;
    }
}

static void add_next(struct buf *out, const struct story *story)
{
    char time[WINTIME_TEXT_SIZE];
    if (story->next != 0) {
        wintime_plain(story->next, time);
        buf_printf(out, " The next burst was told at %s; its story goes on.", time);
    }
}

void story_outcome_text(struct buf *out, const struct story *story)
{
    static const char *const sentences[STORY_OUTCOMES] = {
        [STORY_OPEN] = "The audit log tells of no decision.",
        [STORY_ONLY_TOLD] = "It was told, and nothing was changed.",
        [STORY_UNEXPECTED] = "It looked like the work of another program than those that the "
                             "policy expects. It was told, and nothing was changed.",
        [STORY_WAITS_FOR_ANSWER] = "Nothing has been changed: the question waits for an answer.",
        [STORY_DECLINED] = "Nothing was changed: the answer was no.",
        [STORY_DROPPED] = "Nothing was changed: the driver was no more the one that the question "
                          "was about.",
        [STORY_BEING_CHANGED] = "The answer was yes, and the audit log does not tell of the "
                                "change.",
        [STORY_FAILED] = "The limit was to be changed, and that failed.",
        [STORY_TAKEN_BACK] = "What waited for the next start of Windows was taken back.",
        [STORY_PORTS] = "It had nothing to do with the limit: the ports had run out. Nothing was "
                        "changed.",
    };
    struct course course = course_of(story);
    if (sentences[course.outcome] == NULL) {
        add_changed(out, story, &course);
        return;
    }
    buf_add_text(out, sentences[course.outcome]);
    if (course.outcome == STORY_OPEN || course.outcome == STORY_WAITS_FOR_ANSWER) {
        add_next(out, story);
    }
}
