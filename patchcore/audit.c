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

enum os_status audit_write(const struct os *os, const char *file, struct json *j, struct buf *line)
{
    struct os_file *log;
    json_close_object(j);
    buf_add_char(line, '\n');
    if (line->failed) {
        return OS_NO_MEMORY;
    }
    enum os_status status = os->open(os, file, OS_APPEND, &log);
    if (status != OS_OK) {
        return status;
    }
    status = os->write(os, log, line->data, line->len);
    if (status == OS_OK) {
        status = os->flush(os, log);
    }
    enum os_status closed = os->close(os, log);
    buf_clear(line);
    return status != OS_OK ? status : closed;
}

char *audit_default_file(const char *data)
{
    return os_path_join(data, "audit.jsonl");
}

void audit_changes(struct json *j, const struct pc_target *target, const struct pc_plan *plan)
{
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

const char *pc_result_name(enum pc_result result)
{
    static const char *const names[] = {
        [PC_DONE] = "done",       [PC_FAILED] = "failed",           [PC_USAGE] = "usage",
        [PC_REFUSED] = "refused", [PC_INTERRUPTED] = "interrupted",
    };
    return names[result];
}
