#include "source.h"

#include "live.h"

#include <stdlib.h>
#include <string.h>

static const char file_prefix[] = "file:";

bool source_open(const char *spec, struct source *out, struct buf *why)
{
    *out = (struct source){.access = OS_OK};
    size_t prefix = sizeof file_prefix - 1;
    out->spec = text_copy(spec);
    if (out->spec == NULL) {
        buf_add_text(why, "Out of memory.");
        return false;
    }
    if (strncmp(spec, file_prefix, prefix) == 0 && spec[prefix] != '\0') {
        out->path = out->spec + prefix;
        out->title = out->path;
        return true;
    }
    return live_open(spec, out, why);
}

void source_stop_counting(struct source *source)
{
    for (size_t kind = 0; kind < BURST_KINDS; kind++) {
        burst_close(source->detectors[kind]);
        source->detectors[kind] = NULL;
    }
}

bool source_count_anew(struct source *source, uint32_t events, uint64_t window)
{
    bool good = true;
    source_stop_counting(source);
    for (size_t kind = 0; kind < BURST_KINDS; kind++) {
        source->detectors[kind] = burst_open(events, window);
        good = good && source->detectors[kind] != NULL;
    }
    if (!good) {
        source_stop_counting(source);
    }
    return good;
}

void source_forget(struct source *source, enum burst_kind kind, uint32_t events, uint64_t window)
{
    struct burst_detector *detector = burst_open(events, window);
    if (detector != NULL) {
        burst_close(source->detectors[kind]);
        source->detectors[kind] = detector;
    }
}

void source_count_by(struct source *source, uint32_t events, uint64_t window)
{
    for (size_t kind = 0; kind < BURST_KINDS; kind++) {
        burst_configure(source->detectors[kind], events, window);
    }
}

void source_close(struct source *source)
{
    if (source->live != NULL) {
        source->live->calls->close(source->live);
    }
    source_stop_counting(source);
    buf_free(&source->bookmark);
    free(source->names);
    free(source->spec);
    *source = (struct source){.access = OS_OK};
}

bool source_check(const struct os *os, struct source *source, struct buf *why)
{
    if (source->live != NULL) {
        return source->live->calls->check(source->live, why);
    }
    struct source_file file;
    struct log_input input;
    enum os_status status = source_file_open(os, source->path, &file, &input);
    source_file_close(&file);
    if (status != OS_OK) {
        buf_add_text(why, os_status_text(status));
    }
    return status == OS_OK;
}

static struct source_reading read_file(const struct os *os, struct source *source, bool growing,
                                       const struct log_sink *sink)
{
    struct source_file file;
    struct log_input input;
    struct source_reading reading = {.kind = LOG_UNKNOWN, .result = {.end = LOG_END}};
    reading.access = source_file_open(os, source->path, &file, &input);
    if (reading.access == OS_OK) {
        reading.size = input.size;
        reading.kind = log_recognise(&input);
        if (reading.kind != LOG_UNKNOWN) {
            reading.result = log_read(reading.kind, &input, growing, &source->place, sink);
        }
        reading.access = file.status;
    }
    source_file_close(&file);
    return reading;
}

struct source_reading source_read(const struct os *os, struct source *source, bool growing,
                                  const struct log_sink *sink)
{
    struct source_reading reading = source->live != NULL
                                        ? source->live->calls->read(source->live, source, sink)
                                        : read_file(os, source, growing, sink);
    source->access = reading.access;
    source->kind = reading.kind;
    return reading;
}

intptr_t source_handle(const struct source *source)
{
    return source->live != NULL ? source->live->calls->handle(source->live) : 0;
}

uint32_t source_due_ms(const struct source *source)
{
    return source->live != NULL ? source->live->calls->due_ms(source->live) : SOURCE_NOT_DUE;
}

bool source_is_system(const struct source *source)
{
    return source->live != NULL && source->live->is_system;
}
