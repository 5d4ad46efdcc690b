/* A story as one JSON object. */
#include "story.h"

#include "base/wintime.h"

static void add_time(struct json *j, const char *key, uint64_t time)
{
    char text[WINTIME_TEXT_SIZE];
    if (time != 0) {
        (void)wintime_iso(time, text);
        json_text(j, key, text);
    } else {
        json_no_value(j, key);
    }
}

static void add_burst(struct json *j, const struct story *story)
{
    json_open_object(j, "burst");
    json_text(j, "computer", story->computer);
    add_time(j, "first", story->first);
    add_time(j, "last", story->last);
    json_number(j, "events", story->events);
    json_close_object(j);
    json_open_array(j, "records");
    for (size_t i = 0; i < story->record_count; i++) {
        const struct story_record *record = &story->records[i];
        json_open_object(j, NULL);
        json_text(j, "log", record->log);
        json_number(j, "record", record->record);
        add_time(j, "time", record->time);
        json_number(j, "event_id", record->event_id);
        json_close_object(j);
    }
    json_close_array(j);
}

/* ---- the census ---- */

static void add_program(struct json *j, const struct story_program *program)
{
    json_open_object(j, NULL);
    json_text(j, "image", program->image);
    if (program->pid != 0) {
        json_number(j, "pid", program->pid);
    } else {
        json_no_value(j, "pid");
    }
    add_time(j, "started", program->started);
    json_number(j, "processes", program->processes);
    json_number(j, "connections", program->connections);
    json_number(j, "hosts", program->hosts);
    json_number(j, "ports", program->ports);
    json_number(j, "port", program->port);
    json_open_array(j, "addresses");
    for (size_t i = 0; i < STORY_ADDRESSES_MAX && program->addresses[i] != NULL; i++) {
        json_text(j, NULL, program->addresses[i]);
    }
    json_close_array(j);
    if (program->is_judged) {
        json_bool(j, "expected", program->expected);
    } else {
        json_no_value(j, "expected");
    }
    json_close_object(j);
}

static void add_census(struct json *j, const struct story_census *census)
{
    if (!census->told) {
        json_no_value(j, "census");
        return;
    }
    json_open_object(j, "census");
    add_time(j, "time", census->time);
    json_bool(j, "taken", census->taken);
    json_text(j, "why", census->why);
    json_text(j, "verdict", census->verdict);
    json_text(j, "text", census->text);
    json_number(j, "looks", census->looks);
    add_time(j, "first", census->first);
    add_time(j, "last", census->last);
    json_number(j, "most", census->most);
    json_number(j, "connections", census->connections);
    json_number(j, "unseen", census->unseen);
    json_bool(j, "cut_short", census->cut_short);
    json_open_array(j, "programs");
    for (size_t i = 0; i < census->program_count; i++) {
        add_program(j, &census->programs[i]);
    }
    json_close_array(j);
    json_close_object(j);
}

/* ---- steps ---- */

static void add_copy_state(struct json *j, const char *key, const struct story_copy_state *state)
{
    if (!state->known) {
        json_no_value(j, key);
        return;
    }
    json_open_object(j, key);
    json_text(j, "version", state->version);
    json_text(j, "status", state->status);
    if (state->has_limit) {
        json_number(j, "limit", state->limit);
    } else {
        json_no_value(j, "limit");
    }
    json_close_object(j);
}

static void add_copies(struct json *j, const struct story_step *step)
{
    json_open_array(j, "copies");
    for (size_t i = 0; i < step->copy_count; i++) {
        const struct story_copy *copy = &step->copies[i];
        json_open_object(j, NULL);
        json_text(j, "path", copy->path);
        add_copy_state(j, "was", &copy->before);
        add_copy_state(j, "now", &copy->after);
        json_text(j, "original", copy->original);
        json_close_object(j);
    }
    json_close_array(j);
}

static void add_step(struct json *j, const struct story_step *step)
{
    json_open_object(j, NULL);
    add_time(j, "time", step->time);
    add_time(j, "first", step->first);
    json_number(j, "times", step->times);
    json_text(j, "program", step->program);
    json_text(j, "action", step->action);
    if (step->has_limit) {
        json_number(j, "limit", step->limit);
    } else {
        json_no_value(j, "limit");
    }
    json_text(j, "result", step->result);
    json_text(j, "way", step->way);
    json_text(j, "text", step->text);
    add_copies(j, step);
    json_close_object(j);
}

static void add_part(struct json *j, const struct story *story, enum story_part part)
{
    json_open_array(j, story_part_name(part));
    for (size_t i = 0; i < story->step_count; i++) {
        if (story->steps[i]->part == part) {
            add_step(j, story->steps[i]);
        }
    }
    json_close_array(j);
}

void story_json(struct buf *out, const struct story *story, size_t back)
{
    struct buf text = BUF_INIT;
    struct json j = json_start(out);
    story_outcome_text(&text, story);
    json_open_object(&j, NULL);
    json_number(&j, "story", back);
    json_text(&j, "kind", story->is_ports ? "ports" : "limit");
    json_text(&j, "root", story->root);
    add_burst(&j, story);
    add_time(&j, "told", story->told);
    json_text(&j, "text", story->text);
    json_text(&j, "outcome", story_outcome_name(story_outcome(story)));
    json_text(&j, "summary", buf_text(&text));
    add_census(&j, &story->census);
    for (enum story_part part = STORY_DECISION; part < STORY_PARTS; part++) {
        add_part(&j, story, part);
    }
    json_number(&j, "left_out", story->left_out);
    add_time(&j, "next", story->next);
    json_close_object(&j);
    buf_add_char(out, '\n');
    buf_free(&text);
}
