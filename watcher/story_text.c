/* A story in words, for an administrator who was not there. */
#include "story.h"

#include "base/utf.h"
#include "base/wintime.h"
#include "notify/notify.h"
#include "text.h"

#include <inttypes.h>
#include <string.h>

enum {
    LABEL_COLUMNS = 10,
    PROGRAMS_SHOWN = 6,
    WIDTH_LEAST = 40,
};

/* A paragraph: a label, and items that begin on a line of their own. */
struct teller {
    struct buf *out;
    unsigned width;
    const char *label; /* until it was written */
    struct buf item;
};

static void begin(struct teller *t, const char *label)
{
    t->label = label;
}

/* Writes the item. All of the story's text comes through here, and is made printable. */
static void end_item(struct teller *t)
{
    struct buf safe = BUF_INIT;
    if (t->item.len > 0) {
        buf_printf(t->out, "%-*s", LABEL_COLUMNS, t->label != NULL ? t->label : "");
        add_printable(&safe, buf_text(&t->item));
        console_wrap(t->out, buf_text(&safe), t->width, LABEL_COLUMNS);
        buf_add_char(t->out, '\n');
        t->label = NULL;
    }
    t->out->failed = t->out->failed || t->item.failed || safe.failed;
    buf_clear(&t->item);
    buf_free(&safe);
}

static void add_time(struct buf *out, uint64_t time)
{
    char text[WINTIME_TEXT_SIZE];
    wintime_plain(time, text);
    buf_add_text(out, text);
}

/* Within one day the date is said once. */
static void add_times(struct buf *out, uint64_t first, uint64_t last)
{
    enum { DATE = 11, SECOND = 19 };
    char from[WINTIME_TEXT_SIZE];
    char to[WINTIME_TEXT_SIZE];
    wintime_plain(first, from);
    wintime_plain(last, to);
    bool one_day = strncmp(from, to, DATE) == 0;
    buf_printf(out, "%.*s to %s", one_day ? SECOND : WINTIME_TEXT_SIZE, from,
               one_day ? to + DATE : to);
}

static void add_count(struct buf *out, uint64_t count, const char *one, const char *more)
{
    buf_printf(out, "%" PRIu64 " %s", count, count == 1 ? one : more);
}

/* ---- when ---- */

/* "4226", or which of the ports' events there were. */
static void add_event_ids(struct buf *out, const struct story *story)
{
    bool seen[2] = {false, false};
    for (size_t i = 0; i < story->record_count; i++) {
        seen[0] = seen[0] || story->records[i].event_id == 4227;
        seen[1] = seen[1] || story->records[i].event_id == 4231;
    }
    if (!story->is_ports) {
        buf_add_text(out, "4226");
    } else if (seen[0] != seen[1]) {
        buf_add_text(out, seen[0] ? "4227" : "4231");
    } else {
        buf_add_text(out, seen[0] ? "4227 and 4231" : "4227 or 4231");
    }
}

static void tell_heading(struct teller *t, const struct story *story)
{
    struct buf line = BUF_INIT;
    struct buf safe = BUF_INIT;
    buf_add_text(&line, "Burst of ");
    add_count(&line, story->events, "event ", "events ");
    add_event_ids(&line, story);
    buf_printf(&line, " of %s, ", story->computer[0] != '\0' ? story->computer : "one computer");
    add_time(&line, story->first);
    add_printable(&safe, buf_text(&line));
    console_wrap(t->out, buf_text(&safe), t->width, 0);
    buf_add_char(t->out, '\n');
    buf_free(&line);
    buf_free(&safe);
}

static const char *log_of(const struct story_record *record)
{
    return record->log != NULL ? record->log : "a log";
}

static void tell_records(struct teller *t, const struct story *story)
{
    for (size_t i = 0, end; i < story->record_count; i = end) {
        const char *log = log_of(&story->records[i]);
        end = i + 1;
        while (end < story->record_count && strcmp(log_of(&story->records[end]), log) == 0) {
            end++;
        }
        buf_printf(&t->item, "In %s: record%s", log, end - i > 1 ? "s" : "");
        for (size_t k = i; k < end; k++) {
            buf_printf(&t->item, "%s %" PRIu64, k > i ? "," : "", story->records[k].record);
        }
        buf_add_char(&t->item, '.');
        end_item(t);
    }
}

static void tell_when(struct teller *t, const struct story *story)
{
    begin(t, "When");
    add_count(&t->item, story->events, "event", "events");
    buf_add_text(&t->item, " within ");
    text_duration(&t->item, (story->last - story->first) / WINTIME_PER_SECOND);
    buf_add_text(&t->item, ", ");
    add_times(&t->item, story->first, story->last);
    buf_add_text(&t->item, "; told at ");
    add_time(&t->item, story->told);
    buf_add_char(&t->item, '.');
    end_item(t);
    tell_records(t, story);
    begin(t, "Where");
    buf_add_text(&t->item, story->root != NULL
                               ? story->root
                               : "No Windows directory was named: the log was only watched.");
    end_item(t);
}

/* ---- who ---- */

static void add_addresses(struct buf *out, const struct story_program *program)
{
    size_t shown = 0;
    while (shown < STORY_ADDRESSES_MAX && program->addresses[shown] != NULL) {
        buf_printf(out, "%s%s", shown == 0 ? " (" : ", ", program->addresses[shown]);
        shown++;
    }
    if (shown > 0) {
        buf_add_text(out, shown < program->hosts ? ", ...)" : ")");
    }
}

static void add_process(struct buf *out, const struct story_program *program)
{
    if (program->image == NULL) {
        buf_add_text(out, "processes that cannot be seen from here");
        return;
    }
    buf_add_text(out, program->image);
    if (program->pid != 0) {
        buf_printf(out, " (process %" PRIu64, program->pid);
        if (program->started != 0) {
            buf_add_text(out, ", since ");
            add_time(out, program->started);
        }
        if (program->processes > 1) {
            buf_add_text(out, ", and ");
            add_count(out, program->processes - 1, "other", "others");
        }
        buf_add_char(out, ')');
    }
}

static void tell_program(struct teller *t, const struct story_census *census,
                         const struct story_program *program)
{
    struct buf *out = &t->item;
    buf_printf(out, "%" PRIu64 " of %" PRIu64 ": ", program->connections, census->connections);
    add_process(out, program);
    buf_add_text(out, ", to ");
    add_count(out, program->hosts, "host", "hosts");
    add_addresses(out, program);
    buf_printf(out, ", port %" PRIu64, program->port);
    if (program->ports > 1) {
        buf_add_text(out, " and ");
        add_count(out, program->ports - 1, "other", "others");
    }
    if (program->is_judged) {
        buf_add_text(out, program->expected ? "; the policy expects it"
                                            : "; the policy does not expect it");
    }
    buf_add_char(out, '.');
    end_item(t);
}

static void tell_verdict(struct teller *t, const struct story_census *census)
{
    static const struct {
        const char *verdict;
        const char *sentence;
    } verdicts[] = {
        {"expected", "So nearly all of them belong to programs that the policy expects."},
        {"unexpected", "So too many of them do not belong to programs that the policy expects: "
                       "this may be the work of another program, possibly a worm."},
    };
    for (size_t i = 0; census->verdict != NULL && i < sizeof verdicts / sizeof verdicts[0]; i++) {
        if (strcmp(census->verdict, verdicts[i].verdict) == 0) {
            buf_add_text(&t->item, verdicts[i].sentence);
        }
    }
    end_item(t);
}

static void tell_census(struct teller *t, const struct story_census *census)
{
    buf_add_text(&t->item, census->connections == 0 ? "No half-open connection was seen in " : "");
    if (census->connections > 0) {
        add_count(&t->item, census->connections, "half-open connection in ",
                  "half-open connections in ");
    }
    add_count(&t->item, census->looks, "look", "looks");
    if (census->first != 0 && census->last != 0) {
        buf_add_text(&t->item, ", ");
        add_times(&t->item, census->first, census->last);
    }
    if (census->connections > 0) {
        buf_printf(&t->item, ", at most %" PRIu64 " at a time", census->most);
    }
    buf_add_text(&t->item, census->cut_short ? "; something was left out." : ".");
    end_item(t);
    size_t shown = census->program_count < PROGRAMS_SHOWN ? census->program_count : PROGRAMS_SHOWN;
    for (size_t i = 0; i < shown; i++) {
        tell_program(t, census, &census->programs[i]);
    }
    if (shown < census->program_count) {
        add_count(&t->item, census->program_count - shown, "more program.", "more programs.");
        end_item(t);
    }
    tell_verdict(t, census);
}

static void tell_who(struct teller *t, const struct story *story)
{
    const struct story_census *census = &story->census;
    begin(t, "Who");
    if (census->taken) {
        tell_census(t, census);
    } else if (census->told) {
        buf_printf(&t->item, "No census: %s",
                   census->why != NULL ? census->why : "the audit log does not say why.");
    } else {
        buf_add_text(&t->item, "No census: the audit log has none of this burst.");
    }
    end_item(t);
}

/* ---- steps ---- */

static bool is(const struct story_step *step, const char *action)
{
    return step->action != NULL && strcmp(step->action, action) == 0;
}

static bool is_change(const struct story_step *step)
{
    return is(step, "set") || is(step, "restore") || is(step, "recover");
}

/* The limit that was asked for before the step, 0 when nobody was asked. */
static uint64_t asked_limit(const struct story *story, size_t before)
{
    for (size_t i = before; i-- > 0;) {
        const struct story_step *step = story->steps[i];
        if (is(step, "ask-patch")) {
            return step->limit;
        }
        if (is(step, "patch") || is(step, "declined")) {
            return 0;
        }
    }
    return 0;
}

/* What another step says better. */
static bool is_said_elsewhere(const struct story *story, size_t at)
{
    const struct story_step *step = story->steps[at];
    if (is(step, "verify")) {
        return at + 1 < story->step_count &&
               (is(story->steps[at + 1], "verified") || is(story->steps[at + 1], "differs"));
    }
    bool repeats = is(step, "patched") || is(step, "patch-failed") || is(step, "restored") ||
                   is(step, "withdrawn");
    for (size_t i = at; repeats && i-- > 0 && i + 2 >= at;) {
        if (is_change(story->steps[i])) {
            return true;
        }
    }
    return false;
}

static void add_patch(struct buf *out, const struct story *story, size_t at)
{
    const struct story_step *step = story->steps[at];
    uint64_t asked = asked_limit(story, at);
    if (asked == 0 && story->is_agreed) {
        buf_add_text(out, "Yes, given beforehand by the policy or by --yes");
    } else {
        buf_add_text(out, "The answer was yes");
    }
    if (step->has_limit && step->limit != asked) {
        buf_printf(out, ", to a limit of %" PRIu64, step->limit);
    }
    buf_add_char(out, '.');
}

static void add_change(struct buf *out, const struct story_step *step)
{
    bool by_hand = step->program != NULL && strcmp(step->program, "tcpippatch") == 0;
    bool done = step->result != NULL && strcmp(step->result, "done") == 0;
    buf_add_text(out, by_hand ? "By hand, with tcpippatch " : "");
    buf_add_text(out, by_hand ? step->action : "");
    buf_add_text(out, by_hand ? ": " : "");
    if (!done) {
        buf_printf(out, "not done (%s).", step->result != NULL ? step->result : "no result");
    } else if (step->takes_back) {
        buf_add_text(out, "what waited for the next start of Windows was taken back.");
    } else if (step->copy_count > 0) {
        add_count(out, step->copy_count, "copy of tcpip.sys, ", "copies of tcpip.sys, ");
        bool later = step->way != NULL && strcmp(step->way, "next-boot") == 0;
        buf_add_text(out, later ? "at the next start of Windows:" : "at once:");
    } else {
        buf_add_text(out, "done.");
    }
    if (step->text != NULL) {
        buf_printf(out, " %s", step->text);
    }
}

/* The sentence of a step: of what happens each day in words of its own, of everything else in those
 * that were told. */
static void add_sentence(struct buf *out, const struct story *story, size_t at)
{
    static const struct {
        const char *action;
        const char *sentence;
    } sentences[] = {
        {"nobody-to-ask", "The decision waited for a yes, and nobody could be asked."},
        {"declined", "The answer was no."},
        {"ask-restart", "Asked whether to restart now."},
        {"restart-needed", "Said that a restart was needed; nobody was asked for it."},
        {"restart-later", "Not now; a reminder was to come."},
        {"restart-declined", "No, and no reminder was wanted."},
        {"restart", "Agreed to."},
        {"verify", "The copies were to be looked at."},
        {"verified", "Every copy was as it had been written."},
    };
    const struct story_step *step = story->steps[at];
    for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++) {
        if (is(step, sentences[i].action)) {
            buf_add_text(out, sentences[i].sentence);
            return;
        }
    }
    if (is(step, "ask-patch") && step->has_limit) {
        buf_printf(out, "Asked whether to raise the limit to %" PRIu64 ".", step->limit);
    } else if (is(step, "patch")) {
        add_patch(out, story, at);
    } else if (is_change(step)) {
        add_change(out, step);
    } else {
        buf_add_text(out, step->text != NULL ? step->text : step->action);
    }
}

static void add_copy_state(struct buf *out, const struct story_copy_state *state)
{
    if (!state->known) {
        buf_add_text(out, "not there");
        return;
    }
    if (state->version != NULL) {
        buf_printf(out, "version %s, ", state->version);
    }
    if (state->has_limit) {
        buf_printf(out, "limit %" PRIu64, state->limit);
    } else {
        buf_add_text(out, state->status != NULL ? state->status : "limit not known");
    }
}

static void add_copy_states(struct buf *out, const struct story_copy_state *before,
                            const struct story_copy_state *after)
{
    if (before->has_limit && after->has_limit && before->version == NULL &&
        after->version == NULL) {
        buf_printf(out, "limit %" PRIu64 " -> %" PRIu64, before->limit, after->limit);
        return;
    }
    add_copy_state(out, before);
    buf_add_text(out, " -> ");
    add_copy_state(out, after);
}

static void tell_copies(struct teller *t, const struct story_step *step)
{
    const char *original = NULL;
    for (size_t i = 0; i < step->copy_count; i++) {
        const struct story_copy *copy = &step->copies[i];
        buf_printf(&t->item, "- %s: ", copy->path != NULL ? copy->path : "a copy");
        add_copy_states(&t->item, &copy->before, &copy->after);
        end_item(t);
        original = copy->original != NULL ? copy->original : original;
    }
    if (original != NULL) {
        buf_printf(&t->item, "The original is kept as %s.", original);
        end_item(t);
    }
}

static void tell_step(struct teller *t, const struct story *story, size_t at)
{
    const struct story_step *step = story->steps[at];
    if (step->times > 1) {
        add_times(&t->item, step->first, step->time);
        buf_printf(&t->item, ", %" PRIu64 " times", step->times);
    } else {
        add_time(&t->item, step->time);
    }
    buf_add_text(&t->item, ": ");
    add_sentence(&t->item, story, at);
    end_item(t);
    tell_copies(t, step);
}

/* What is not known is said, too. */
static const char *silence(const struct story *story, enum story_part part)
{
    enum story_outcome outcome = story_outcome(story);
    bool waits = story->is_changed && outcome != STORY_TAKEN_BACK;
    switch (part) {
    case STORY_DECISION:
        if (story->is_ports) {
            return NULL;
        }
        return story->step_count > 0 ? "Nothing new: what was done before went on."
                                     : "The audit log tells of no decision.";
    case STORY_CHANGE:
        return outcome == STORY_BEING_CHANGED ? "The audit log tells of no change." : "Nothing.";
    case STORY_RESTART:
        return waits ? "The audit log tells of none." : NULL;
    case STORY_VERIFICATION:
        return waits ? "Not yet." : NULL;
    default:
        return NULL;
    }
}

static void tell_part(struct teller *t, const struct story *story, enum story_part part)
{
    static const char *const labels[STORY_PARTS] = {
        [STORY_DECISION] = "Decided",      [STORY_CHANGE] = "Changed", [STORY_RESTART] = "Restart",
        [STORY_VERIFICATION] = "Verified", [STORY_SINCE] = "Since",
    };
    begin(t, labels[part]);
    for (size_t i = 0; i < story->step_count; i++) {
        if (story->steps[i]->part == part && !is_said_elsewhere(story, i)) {
            tell_step(t, story, i);
        }
    }
    const char *nothing = silence(story, part);
    if (t->label != NULL && nothing != NULL) {
        buf_add_text(&t->item, nothing);
        end_item(t);
    }
}

void story_text(struct buf *out, const struct story *story, unsigned width)
{
    struct teller t = {.out = out, .width = width < WIDTH_LEAST ? WIDTH_LEAST : width};
    struct buf summary = BUF_INIT;
    tell_heading(&t, story);
    story_outcome_text(&summary, story);
    console_wrap(out, buf_text(&summary), t.width, 0);
    buf_add_text(out, "\n\n");
    tell_when(&t, story);
    if (!story->is_ports || story->census.told) {
        tell_who(&t, story);
    }
    if (story->is_ports && story->text != NULL) {
        begin(&t, "Why");
        buf_add_text(&t.item, story->text);
        end_item(&t);
    }
    for (enum story_part part = STORY_DECISION; part < STORY_PARTS; part++) {
        tell_part(&t, story, part);
    }
    if (story->left_out > 0) {
        begin(&t, "Left out");
        add_count(&t.item, story->left_out, "step in the middle.", "steps in the middle.");
        end_item(&t);
    }
    buf_free(&t.item);
    buf_free(&summary);
}

void story_list_line(struct buf *out, const struct story *story, size_t back, bool with_root)
{
    char time[WINTIME_TEXT_SIZE];
    (void)wintime_iso(story->first, time);
    buf_printf(out, "%3zu  %.19sZ  ", back, time);
    add_count(out, story->events, "event ", "events ");
    add_event_ids(out, story);
    buf_add_text(out, " of ");
    add_printable(out, story->computer[0] != '\0' ? story->computer : "one computer");
    buf_printf(out, ": %s", story_outcome_name(story_outcome(story)));
    if (with_root && story->root != NULL) {
        buf_add_text(out, ", ");
        add_printable(out, story->root);
    }
    buf_add_char(out, '\n');
}
