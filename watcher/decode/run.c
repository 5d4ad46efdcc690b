#include "run.h"

#include <stdarg.h>
#include <stdio.h>

bool run_event(struct log_run *run, const struct event *event, uint64_t offset)
{
    run->result.records++;
    if (run->place != NULL) {
        *run->place = (struct log_place){.set = true,
                                         .record = event->record,
                                         .time = event->time,
                                         .offset = offset,
                                         .part = run->part};
    }
    if (!run->sink->event(run->sink->context, event)) {
        run->result.end = LOG_STOPPED;
        return false;
    }
    return true;
}

void run_damage(struct log_run *run, uint64_t offset, const char *format, ...)
{
    run->result.damaged++;
    if (run->sink->damage == NULL) {
        return;
    }
    char text[256];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    run->sink->damage(run->sink->context, offset, text);
}

void run_place_lost(struct log_run *run)
{
    run->result.place_lost = true;
    if (run->sink->lost != NULL) {
        run->sink->lost(run->sink->context);
    }
}

bool place_is(const struct log_place *place, const struct event *event)
{
    return place->record == event->record && place->time == event->time;
}

size_t input_read(const struct log_input *input, uint64_t offset, void *buffer, size_t size)
{
    if (offset >= input->size) {
        return 0;
    }
    if (size > input->size - offset) {
        size = (size_t)(input->size - offset);
    }
    return input->read_at(input->context, offset, buffer, size);
}

uint8_t *input_place(uint8_t *block, uint64_t offset)
{
    return block + (size_t)(offset - (uintptr_t)block) % INPUT_PAGE;
}

uint64_t input_size(const struct log_input *input)
{
    if (input->size != UINT64_MAX) {
        return input->size;
    }
    uint8_t byte;
    uint64_t there = 0; /* the bytes before it are known to exist */
    uint64_t step = 4096;
    while (step < UINT64_MAX / 4 && input_read(input, there + step - 1, &byte, 1) == 1) {
        there += step;
        step *= 2;
    }
    while (step > 0) {
        if (input_read(input, there + step - 1, &byte, 1) == 1) {
            there += step;
        }
        step /= 2;
    }
    return there;
}
