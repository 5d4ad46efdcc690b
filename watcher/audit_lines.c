#include "audit_lines.h"

#include "story.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE = 64 * 1024 };

struct audit_lines {
    const struct os *os;
    struct os_file *file;
    uint64_t offset, end; /* of what is read next, and of the log */
    size_t at, got;       /* in the piece */
    enum os_status status;
    struct buf line;
    char piece[PIECE];
};

enum os_status audit_lines_open(const struct os *os, const char *file, struct audit_lines **out)
{
    struct os_stat stat;
    struct audit_lines *lines = calloc(1, sizeof *lines);
    *out = NULL;
    if (lines == NULL) {
        return OS_NO_MEMORY;
    }
    lines->os = os;
    enum os_status status = os->open(os, file, OS_READ, &lines->file);
    if (status != OS_OK) {
        free(lines);
        return status;
    }
    status = os->stat_file(os, lines->file, &stat);
    if (status != OS_OK) {
        audit_lines_close(lines);
        return status;
    }
    lines->end = stat.size;
    *out = lines;
    return OS_OK;
}

void audit_lines_close(struct audit_lines *lines)
{
    if (lines != NULL) {
        (void)lines->os->close(lines->os, lines->file);
        buf_free(&lines->line);
        free(lines);
    }
}

static bool read_piece(struct audit_lines *lines)
{
    uint64_t left = lines->end - lines->offset;
    size_t size = left < PIECE ? (size_t)left : PIECE;
    lines->at = lines->got = 0;
    if (size == 0 || lines->status != OS_OK) {
        return false;
    }
    lines->status =
        lines->os->read_at(lines->os, lines->file, lines->offset, lines->piece, size, &lines->got);
    if (lines->status != OS_OK) {
        lines->got = 0;
    }
    lines->offset += lines->got;
    return lines->got > 0;
}

/* Of a line that is too long no more is kept than what tells that it is. */
static void keep(struct audit_lines *lines, const char *bytes, size_t size)
{
    size_t room = STORY_LINE_MOST + 1 - lines->line.len;
    buf_add(&lines->line, bytes, size < room ? size : room);
    if (lines->line.failed) {
        lines->status = OS_NO_MEMORY;
    }
}

bool audit_lines_next(struct audit_lines *lines, const char **line, size_t *length)
{
    bool begun = false;
    bool ended = false;
    buf_clear(&lines->line);
    while (!ended && lines->status == OS_OK && (lines->at < lines->got || read_piece(lines))) {
        const char *from = lines->piece + lines->at;
        const char *end = memchr(from, '\n', lines->got - lines->at);
        size_t size = end != NULL ? (size_t)(end - from) : lines->got - lines->at;
        keep(lines, from, size);
        lines->at += size + (end != NULL ? 1 : 0);
        begun = true;
        ended = end != NULL;
    }
    *line = buf_text(&lines->line);
    *length = lines->line.len;
    return begun && lines->status == OS_OK;
}

enum os_status audit_lines_status(const struct audit_lines *lines)
{
    return lines->status;
}
