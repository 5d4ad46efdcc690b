#include "audit.h"

#include "base/wintime.h"

#include <stdlib.h>

struct json audit_start(struct buf *line, uint64_t now, const char *program, const char *action)
{
    char time[WINTIME_TEXT_SIZE];
    buf_clear(line);
    struct json j = json_start(line);
    wintime_iso(now, time);
    json_open_object(&j, NULL);
    json_text(&j, "time", time);
    json_text(&j, "program", program);
    json_text(&j, "action", action);
    return j;
}

/* A full disk or a power cut may have torn the last line. */
static bool ends_inside_a_line(const struct os *os, const char *file)
{
    struct os_file *log;
    struct os_stat stat;
    char last = '\n';
    size_t got = 0;
    if (os->open(os, file, OS_READ, &log) != OS_OK) {
        return false;
    }
    if (os->stat_file(os, log, &stat) == OS_OK && stat.size > 0) {
        (void)os->read_at(os, log, stat.size - 1, &last, 1, &got);
    }
    (void)os->close(os, log);
    return got == 1 && last != '\n';
}

static enum os_status append(const struct os *os, const char *file, const struct buf *text)
{
    struct os_file *log;
    enum os_status status = os->open(os, file, OS_APPEND, &log);
    if (status != OS_OK) {
        return status;
    }
    status = os->write(os, log, text->data, text->len);
    if (status == OS_OK) {
        status = os->flush(os, log);
    }
    enum os_status closed = os->close(os, log);
    return status != OS_OK ? status : closed;
}

enum os_status audit_write(const struct os *os, const char *file, struct json *j, struct buf *line)
{
    struct buf text = BUF_INIT;
    enum os_status status = OS_NO_MEMORY;
    char *directory = os_path_directory(file);
    json_close_object(j);
    if (ends_inside_a_line(os, file)) {
        buf_add_char(&text, '\n');
    }
    buf_add(&text, buf_text(line), line->len);
    buf_add_char(&text, '\n');
    if (directory != NULL && !line->failed && !text.failed) {
        status = append(os, file, &text);
    }
    if (status == OS_OK) {
        /* Its name has to last, too; but a directory that may only be written to cannot be. */
        status = os->flush_directory(os, directory);
        status = status == OS_DENIED ? OS_OK : status;
    }
    buf_clear(line);
    buf_free(&text);
    free(directory);
    return status;
}

char *audit_default_file(const char *data)
{
    return os_path_join(data, "audit.jsonl");
}

void audit_changes(struct json *j, const struct pc_target *target, const struct pc_plan *plan)
{
    json_text(j, "way", pc_way_name(plan->way));
    json_open_array(j, "changes");
    for (size_t c = 0; c < PC_COPIES; c++) {
        const struct pc_change *change = &plan->changes[c];
        if (!change->wanted) {
            continue;
        }
        const struct pc_inspection *inspection = &target->copies[c].inspection;
        struct buf original = BUF_INIT;
        pc_original_name(&original, &inspection->version, inspection->has_version,
                         change->crc32_original);
        json_open_object(j, NULL);
        json_text(j, "path", target->copies[c].path);
        json_number(j, "limit_offset", inspection->limit_offset);
        json_number(j, "limit_before", change->limit_before);
        json_number(j, "limit_after", change->limit_after);
        json_number(j, "checksum_offset", inspection->checksum_offset);
        json_number(j, "checksum_before", change->checksum_before);
        json_number(j, "checksum_after", change->checksum_after);
        json_number(j, "crc32_before", change->crc32_before);
        json_number(j, "crc32_after", change->crc32_after);
        json_text(j, "original", buf_text(&original));
        json_close_object(j);
        buf_free(&original);
    }
    json_close_array(j);
}

const char *pc_way_name(enum pc_way way)
{
    return way == PC_NEXT_BOOT ? "next-boot" : "now";
}

const char *pc_result_name(enum pc_result result)
{
    static const char *const names[] = {
        [PC_DONE] = "done",       [PC_FAILED] = "failed",           [PC_USAGE] = "usage",
        [PC_REFUSED] = "refused", [PC_INTERRUPTED] = "interrupted",
    };
    return names[result];
}
