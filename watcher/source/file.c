#include "source.h"

#include "base/utf.h"

#include <stdlib.h>
#include <string.h>

static const char file_prefix[] = "file:";

bool source_open(const char *spec, struct source *out, struct buf *why)
{
    *out = (struct source){.access = OS_OK};
    size_t prefix = sizeof file_prefix - 1;
    if (strncmp(spec, file_prefix, prefix) == 0 && spec[prefix] != '\0') {
        out->spec = text_copy(spec);
        if (out->spec == NULL) {
            buf_add_text(why, "Out of memory.");
            return false;
        }
        out->path = out->spec + prefix;
        return true;
    }
    buf_add_text(why, "The source \"");
    add_printable(why, spec);
    if (strcmp(spec, "system") == 0 || strncmp(spec, "channel:", 8) == 0) {
        buf_add_text(why, "\" is a live event log; this version reads logs from files: give "
                          "file:PATH, the path of an .evt, .evtx or event XML file.");
    } else {
        buf_add_text(why, "\" was read; expected is file:PATH, the path of an .evt, .evtx or event "
                          "XML file.");
    }
    return false;
}

void source_close(struct source *source)
{
    burst_close(source->detector);
    free(source->spec);
    *source = (struct source){.access = OS_OK};
}

static size_t read_file_at(void *context, uint64_t offset, void *buffer, size_t size)
{
    struct source_file *file = context;
    size_t got = 0;
    enum os_status status = file->os->read_at(file->os, file->file, offset, buffer, size, &got);
    if (file->status == OS_OK) {
        file->status = status;
    }
    if (status == OS_OK && got < size && offset <= file->size && size <= file->size - offset) {
        file->shrunk = true;
    }
    return got;
}

enum os_status source_file_open(const struct os *os, const char *path, struct source_file *out,
                                struct log_input *input)
{
    struct os_stat stat;
    *out = (struct source_file){.os = os, .status = OS_OK};
    enum os_status status = os->open(os, path, OS_READ, &out->file);
    if (status != OS_OK) {
        out->file = NULL;
        return status;
    }
    status = os->stat_file(os, out->file, &stat);
    if (status == OS_OK) {
        out->size = stat.size;
        *input = (struct log_input){read_file_at, out, stat.size};
    }
    return status;
}

void source_file_close(struct source_file *file)
{
    if (file->file != NULL) {
        (void)file->os->close(file->os, file->file);
        file->file = NULL;
    }
}

struct source_reading source_read(const struct os *os, struct source *source, bool growing,
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
    source->access = reading.access;
    source->kind = reading.kind;
    return reading;
}
