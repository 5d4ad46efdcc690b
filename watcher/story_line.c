/* From lines of the audit log to the parts of a story. */
#include "base/wintime.h"
#include "engine.h"
#include "story_parts.h"

#include <stdlib.h>
#include <string.h>

/* ---- members of an object ---- */

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static bool has_number(const json_t *object, const char *name, uint64_t *out)
{
    const json_t *number = json_object_get(object, name);
    bool good = json_is_integer(number) && json_integer_value(number) >= 0;
    *out = good ? (uint64_t)json_integer_value(number) : 0;
    return good;
}

static uint64_t number_of(const json_t *object, const char *name)
{
    uint64_t number;
    (void)has_number(object, name, &number);
    return number;
}

static uint64_t time_of(const json_t *object, const char *name)
{
    const char *text = text_of(object, name);
    uint64_t time;
    return text != NULL && wintime_parse(text, strlen(text), &time) ? time : 0;
}

/* Replaces a text of the story by another one, cut between two characters where it is too long. A
 * text that is NULL takes the old one away. */
static bool set_text(struct story *story, char **slot, const char *text)
{
    size_t length = text != NULL ? strlen(text) : 0;
    if (length > STORY_TEXT_MOST) {
        length = STORY_TEXT_MOST;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80) {
            length--;
        }
    }
    char *copy = text != NULL ? malloc(length + 1) : NULL;
    if (*slot != NULL) {
        story->bytes -= strlen(*slot) + 1;
        free(*slot);
    }
    *slot = copy;
    if (copy != NULL) {
        memcpy(copy, text, length);
        copy[length] = '\0';
        story->bytes += length + 1;
    }
    return copy != NULL || text == NULL;
}

/* ---- a line ---- */

bool story_line_read(const char *line, size_t length, struct story_line *out)
{
    *out = (struct story_line){.object = json_loadb(line, length, 0, NULL)};
    const json_t *burst = json_object_get(out->object, "burst");
    out->time = time_of(out->object, "time");
    out->program = text_of(out->object, "program");
    out->action = text_of(out->object, "action");
    out->root = text_of(out->object, "root");
    out->text = text_of(out->object, "text");
    out->computer = text_of(burst, "computer");
    out->first = time_of(burst, "first");
    out->last = time_of(burst, "last");
    out->events = number_of(burst, "events");
    out->has_burst = out->first != 0 && out->last >= out->first;
    if (out->computer == NULL) {
        out->computer = "";
    }
    return out->time != 0 && out->program != NULL && out->action != NULL;
}

void story_line_free(struct story_line *line)
{
    json_decref(line->object);
    line->object = NULL;
}

uint64_t story_line_time(const char *line, size_t length)
{
    struct story_line read;
    uint64_t time = story_line_read(line, length, &read) ? read.time : 0;
    story_line_free(&read);
    return time;
}

/* ---- a story ---- */

static bool take_records(struct story *story, const json_t *records)
{
    size_t count = json_array_size(records);
    bool good = true;
    for (size_t i = count > STORY_RECORDS_MAX ? count - STORY_RECORDS_MAX : 0; i < count; i++) {
        const json_t *from = json_array_get(records, i);
        struct story_record *record = &story->records[story->record_count];
        if (json_is_object(from) && has_number(from, "record", &record->record)) {
            record->time = time_of(from, "time");
            record->event_id = number_of(from, "event_id");
            good = set_text(story, &record->log, text_of(from, "log")) && good;
            story->record_count++;
        }
    }
    return good;
}

struct story *story_new(const struct story_line *line)
{
    struct story *story = calloc(1, sizeof *story);
    if (story == NULL) {
        return NULL;
    }
    story->bytes = sizeof *story;
    story->first = line->first;
    story->last = line->last;
    story->events = line->events;
    story->told = line->time;
    const char *state = text_of(line->object, "state");
    story->is_agreed = state != NULL && strcmp(state, engine_state_name(ENGINE_PATCHING)) == 0;
    if (!set_text(story, &story->root, line->root) ||
        !set_text(story, &story->computer, line->computer) ||
        !set_text(story, &story->text, line->text) ||
        !take_records(story, json_object_get(line->object, "records"))) {
        story_free(story);
        return NULL;
    }
    return story;
}

bool story_take_text(struct story *story, const char *text)
{
    return set_text(story, &story->text, text);
}

/* ---- the census ---- */

static bool take_program(struct story *story, struct story_program *program, const json_t *from)
{
    const json_t *addresses = json_object_get(from, "addresses");
    const json_t *expected = json_object_get(from, "expected");
    bool good = set_text(story, &program->image, text_of(from, "image"));
    program->pid = number_of(from, "pid");
    program->started = time_of(from, "started");
    program->processes = number_of(from, "processes");
    program->connections = number_of(from, "connections");
    program->hosts = number_of(from, "hosts");
    program->ports = number_of(from, "ports");
    program->port = number_of(from, "port");
    program->is_judged = json_is_boolean(expected);
    program->expected = json_is_true(expected);
    for (size_t i = 0; i < STORY_ADDRESSES_MAX; i++) {
        const char *address = json_string_value(json_array_get(addresses, i));
        good = set_text(story, &program->addresses[i], address) && good;
    }
    return good;
}

static bool take_sum(struct story *story, const json_t *from)
{
    struct story_census *census = &story->census;
    const json_t *programs = json_object_get(from, "programs");
    bool good = true;
    census->looks = number_of(from, "looks");
    census->first = time_of(from, "first");
    census->last = time_of(from, "last");
    census->most = number_of(from, "most");
    census->connections = number_of(from, "connections");
    census->unseen = number_of(from, "unseen");
    census->cut_short = json_is_true(json_object_get(from, "cut_short"));
    for (size_t i = 0; i < census->program_count; i++) {
        good = take_program(story, &census->programs[i], NULL) && good;
    }
    census->program_count = 0;
    for (size_t i = 0; i < json_array_size(programs) && i < STORY_PROGRAMS_MAX; i++) {
        struct story_program *program = &census->programs[census->program_count++];
        good = take_program(story, program, json_array_get(programs, i)) && good;
    }
    return good;
}

/* The one after the last look is the fuller; but one that could not be taken any more takes nothing
 * away. */
bool story_take_census(struct story *story, const struct story_line *line)
{
    struct story_census *census = &story->census;
    const json_t *from = json_object_get(line->object, "census");
    bool taken = json_is_object(from);
    if (census->taken && (!taken || number_of(from, "looks") < census->looks)) {
        return true;
    }
    census->told = true;
    census->taken = taken;
    census->time = line->time;
    bool good = set_text(story, &census->why, text_of(line->object, "why"));
    good = set_text(story, &census->verdict, text_of(line->object, "verdict")) && good;
    good = set_text(story, &census->text, line->text) && good;
    return !taken || (take_sum(story, from) && good);
}

/* ---- steps ---- */

static void free_step(struct story *story, struct story_step *step)
{
    if (step == NULL) {
        return;
    }
    char **texts[] = {&step->program, &step->action, &step->text, &step->result, &step->way};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        (void)set_text(story, texts[i], NULL);
    }
    for (size_t i = 0; i < step->copy_count; i++) {
        struct story_copy *copy = &step->copies[i];
        char **of_copy[] = {&copy->path,          &copy->original,      &copy->before.version,
                            &copy->before.status, &copy->after.version, &copy->after.status};
        for (size_t k = 0; k < sizeof of_copy / sizeof of_copy[0]; k++) {
            (void)set_text(story, of_copy[k], NULL);
        }
    }
    story->bytes -= sizeof *step;
    free(step);
}

static bool take_copy_state(struct story *story, struct story_copy_state *state, const json_t *from)
{
    bool good = set_text(story, &state->version, text_of(from, "version"));
    state->known = json_is_object(from);
    state->has_limit = has_number(from, "limit", &state->limit);
    return set_text(story, &state->status, text_of(from, "status")) && good;
}

static void take_limit(struct story_copy_state *state, const json_t *from, const char *name)
{
    uint64_t limit;
    if (has_number(from, name, &limit)) {
        state->known = state->has_limit = true;
        state->limit = limit;
    }
}

/* A change of ours has limits, somebody else's what each copy was and is. */
static bool take_copy(struct story *story, struct story_copy *copy, const json_t *from)
{
    bool good = set_text(story, &copy->path, text_of(from, "path"));
    good = set_text(story, &copy->original, text_of(from, "original")) && good;
    good = take_copy_state(story, &copy->before, json_object_get(from, "was")) && good;
    good = take_copy_state(story, &copy->after, json_object_get(from, "now")) && good;
    take_limit(&copy->before, from, "limit_before");
    take_limit(&copy->after, from, "limit_after");
    return good;
}

static bool fill_step(struct story *story, struct story_step *step, const struct story_line *line)
{
    const json_t *copies = json_object_get(line->object, "changes");
    const char *message = text_of(line->object, "message");
    bool good = set_text(story, &step->text, line->text != NULL ? line->text : message);
    good = set_text(story, &step->program, line->program) && good;
    good = set_text(story, &step->action, line->action) && good;
    good = set_text(story, &step->result, text_of(line->object, "result")) && good;
    good = set_text(story, &step->way, text_of(line->object, "way")) && good;
    step->has_limit = has_number(line->object, "limit", &step->limit);
    step->takes_back = json_is_true(json_object_get(line->object, "takes_back"));
    step->time = line->time;
    step->times++;
    for (size_t i = 0; i < json_array_size(copies) && i < STORY_COPIES_MAX; i++) {
        const json_t *from = json_array_get(copies, i);
        if (json_is_object(from)) {
            good = take_copy(story, &step->copies[step->copy_count++], from) && good;
        }
    }
    return good;
}

static bool is_same_kind(const struct story_step *step, const struct story_line *line,
                         enum story_part part)
{
    return step->part == part && step->result == NULL && step->copy_count == 0 &&
           step->action != NULL && strcmp(step->action, line->action) == 0 &&
           step->program != NULL && strcmp(step->program, line->program) == 0;
}

/* Reminders and their answers come by turns, for months maybe: two steps are enough for them. The
 * one that is found becomes the last. */
static struct story_step *find_same(struct story *story, const struct story_line *line,
                                    enum story_part part)
{
    bool plain = json_object_get(line->object, "changes") == NULL &&
                 json_object_get(line->object, "result") == NULL;
    for (size_t i = 0; plain && i < 2 && i < story->step_count; i++) {
        struct story_step **last = &story->steps[story->step_count - 1];
        struct story_step *step = last[-(ptrdiff_t)i];
        if (is_same_kind(step, line, part)) {
            last[-(ptrdiff_t)i] = *last;
            *last = step;
            return step;
        }
    }
    return NULL;
}

static struct story_step *add_step(struct story *story, const struct story_line *line,
                                   enum story_part part)
{
    struct story_step *step = calloc(1, sizeof *step);
    if (step == NULL) {
        return NULL;
    }
    if (story->step_count == STORY_STEPS_MAX) {
        free_step(story, story->steps[STORY_STEPS_MAX / 2]);
        story->step_count--;
        for (size_t i = STORY_STEPS_MAX / 2; i < story->step_count; i++) {
            story->steps[i] = story->steps[i + 1];
        }
        story->left_out++;
    }
    step->part = part;
    step->first = line->time;
    story->bytes += sizeof *step;
    story->steps[story->step_count++] = step;
    return step;
}

bool story_take_step(struct story *story, const struct story_line *line, enum story_part part)
{
    struct story_step *step = find_same(story, line, part);
    if (step == NULL) {
        step = add_step(story, line, part);
    }
    return step != NULL && fill_step(story, step, line);
}

void story_free(struct story *story)
{
    if (story == NULL) {
        return;
    }
    while (story->step_count > 0) {
        free_step(story, story->steps[--story->step_count]);
    }
    for (size_t i = 0; i < STORY_PROGRAMS_MAX; i++) {
        (void)take_program(story, &story->census.programs[i], NULL);
    }
    for (size_t i = 0; i < STORY_RECORDS_MAX; i++) {
        (void)set_text(story, &story->records[i].log, NULL);
    }
    char **texts[] = {&story->root,       &story->computer,       &story->text,
                      &story->census.why, &story->census.verdict, &story->census.text};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        (void)set_text(story, texts[i], NULL);
    }
    free(story);
}
