#include "log_reader.h"

#include "scan_json.h"

#include "base/utf.h"

#include <stdio.h>
#include <string.h>

void reading_init(struct reading *r)
{
    memset(r, 0, sizeof *r);
}

void reading_free(struct reading *r)
{
    buf_free(&r->lines);
}

static bool keep_event(void *context, const struct event *event)
{
    struct reading *r = context;
    if (r->count < READER_ROOM) {
        r->records[r->count] = (struct read_record){event->record, event->time, event->id};
    }
    r->count++;
    if (event->id == 4226 && event->provider != NULL &&
        same_text_nocase(event->provider, "tcpip")) {
        r->tcpip++;
    }
    if (r->keep_lines) {
        scan_json_event(&r->lines, NULL, event);
    }
    return r->stop_after == 0 || r->count < r->stop_after;
}

static void keep_damage(void *context, uint64_t offset, const char *what)
{
    struct reading *r = context;
    if (r->damage[0] == '\0') {
        r->damage_at = offset;
        (void)snprintf(r->damage, sizeof r->damage, "%s", what);
    }
}

void read_bytes(struct reading *r, enum log_kind kind, const void *bytes, size_t size, bool growing,
                struct log_place *place)
{
    struct log_memory memory = {bytes, size};
    struct log_input input = log_input_memory(&memory);
    struct log_sink sink = {.context = r, .event = keep_event, .damage = keep_damage};
    r->count = 0;
    r->tcpip = 0;
    r->damage_at = 0;
    r->damage[0] = '\0';
    buf_clear(&r->lines);
    r->result = log_read(kind, &input, growing, place, &sink);
}

static size_t read_counted(void *context, uint64_t offset, void *buffer, size_t size)
{
    struct counted_input *counted = context;
    struct log_input input = log_input_memory(&counted->memory);
    size_t got = input.read_at(input.context, offset, buffer, size);
    counted->bytes += got;
    return got;
}

struct log_input counted_input(struct counted_input *counted)
{
    return (struct log_input){read_counted, counted, counted->memory.size};
}

bool load_file(struct buf *out, const char *path)
{
    char piece[65536];
    size_t got;
    FILE *file = fopen(path, "rb");
    buf_clear(out);
    if (file == NULL) {
        return false;
    }
    while ((got = fread(piece, 1, sizeof piece, file)) > 0) {
        buf_add(out, piece, got);
    }
    bool good = ferror(file) == 0 && !out->failed;
    (void)fclose(file);
    return good;
}
