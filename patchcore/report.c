#include "report.h"

#include "audit.h"
#include "base/bytes.h"
#include "base/utf.h"

#include <inttypes.h>

static const char *machine_name(enum pc_machine machine)
{
    return machine == PC_MACHINE_I386    ? "i386"
           : machine == PC_MACHINE_AMD64 ? "amd64"
                                         : "unknown machine";
}

static void add_path_line(struct buf *out, const char *path)
{
    buf_add_text(out, "  ");
    add_printable(out, path);
    buf_add_text(out, "\n      ");
}

void report_image(struct buf *out, const char *path, const struct pc_inspection *inspection)
{
    add_path_line(out, path);
    if (inspection->has_version) {
        char version[PC_VERSION_SIZE];
        pc_version_text(&inspection->version, version);
        buf_printf(out, "%s, ", version);
    }
    buf_printf(out, "%s, %s", machine_name(inspection->machine),
               pc_status_name(inspection->status));
    if (inspection->has_limit) {
        buf_printf(out, ": limit %" PRIu32 " at file offset 0x%" PRIX32, inspection->limit,
                   inspection->limit_offset);
    }
    if (inspection->has_checksum && inspection->checksum_stored == inspection->checksum_computed) {
        buf_printf(out, ", checksum 0x%08" PRIX32, inspection->checksum_stored);
    }
    buf_add_char(out, '\n');
    if (inspection->reason[0] != '\0') {
        buf_add_text(out, "      ");
        add_printable(out, inspection->reason);
        buf_add_char(out, '\n');
    }
}

/* `change` is what waits for a copy, or NULL. */
static void add_image_json(struct buf *out, const char *path,
                           const struct pc_inspection *inspection, const struct pc_change *change)
{
    struct json j = json_start(out);
    json_open_object(&j, NULL);
    json_text(&j, "path", path);
    pc_inspection_json(&j, inspection);
    if (change != NULL && change->wanted) {
        json_number(&j, "next_boot_limit", change->limit_after);
    } else if (change != NULL) {
        json_no_value(&j, "next_boot_limit");
    }
    json_close_object(&j);
    buf_add_char(out, '\n');
}

void report_image_json(struct buf *out, const char *path, const struct pc_inspection *inspection)
{
    add_image_json(out, path, inspection, NULL);
}

void report_unreadable(struct buf *out, const char *path, enum os_status status)
{
    add_path_line(out, path);
    buf_printf(out, "cannot be read: %s\n", os_status_text(status));
}

void report_unreadable_json(struct buf *out, const char *path, enum os_status status)
{
    static const char *const unknown[] = {
        "status",       "machine",         "version",           "size", "limit",
        "limit_offset", "checksum_stored", "checksum_computed", "build"};
    struct buf reason = BUF_INIT;
    struct json j = json_start(out);
    buf_printf(&reason, "It cannot be read: %s.", os_status_text(status));
    json_open_object(&j, NULL);
    json_text(&j, "path", path);
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        json_no_value(&j, unknown[i]);
    }
    json_text(&j, "reason", buf_text(&reason));
    json_close_object(&j);
    buf_add_char(out, '\n');
    buf_free(&reason);
}

void report_target(struct buf *out, const struct pc_target *target)
{
    buf_add_text(out, "Windows directory ");
    add_printable(out, target->root);
    buf_add_char(out, '\n');
    size_t present = 0;
    for (size_t c = PC_COPIES; c-- > 0;) {
        const struct pc_copy *copy = &target->copies[c];
        if (copy->present && copy->access == OS_OK) {
            report_image(out, copy->path, &copy->inspection);
        } else if (copy->present) {
            report_unreadable(out, copy->path, copy->access);
        }
        present += copy->present;
    }
    if (present == 0) {
        buf_add_text(out, "  no copy of tcpip.sys\n");
    }
}

void report_target_json(struct buf *out, const struct pc_target *target,
                        const struct pc_waiting *waiting)
{
    for (size_t c = PC_COPIES; c-- > 0;) {
        const struct pc_copy *copy = &target->copies[c];
        if (copy->present && copy->access == OS_OK) {
            add_image_json(out, copy->path, &copy->inspection,
                           waiting != NULL ? &waiting->changes[c] : NULL);
        } else if (copy->present) {
            report_unreadable_json(out, copy->path, copy->access);
        }
    }
}

/* The limit that the copies have until then. */
static uint32_t limit_until_then(const struct pc_waiting *waiting)
{
    size_t c = PC_DRIVERS;
    while (c > 0 && !waiting->changes[c].wanted) {
        c--;
    }
    return waiting->changes[c].limit_before;
}

void report_waiting(struct buf *out, const struct pc_waiting *waiting)
{
    uint32_t now = limit_until_then(waiting);
    buf_printf(out,
               "A %s waits for the next start of Windows: the limit is %" PRIu32 " then. Restart "
               "Windows to have it, or take it back with \"tcpippatch ",
               waiting->is_restore ? "restore" : "change", waiting->limit_after);
    if (now == PC_LIMIT_WINDOWS) {
        buf_add_text(out, "restore\".\n");
    } else {
        buf_printf(out, "set --limit %" PRIu32 "\".\n", now);
    }
}

void report_registering(struct buf *out, const struct pc_target *target, const struct pc_plan *plan)
{
    buf_add_text(out, "At its next start, before it watches them, Windows renames\n");
    for (size_t c = 0; c < PC_COPIES; c++) {
        if (plan->changes[c].wanted) {
            buf_add_text(out, "  ");
            add_printable(out, target->copies[c].path);
            buf_add_text(out, PC_STAGED " to ");
            add_printable(out, target->copies[c].path);
            buf_add_char(out, '\n');
        }
    }
    buf_add_text(out, "as its registry is told in PendingFileRenameOperations, with "
                      "AllowProtectedRenames = 1.\n");
}

void report_protection(struct buf *out)
{
    buf_add_text(out,
                 "Windows File Protection will notice this. An administrator who is logged on at "
                 "the machine\nitself sees two windows, one after the other:\n"
                 "  1. Files were replaced by unrecognized versions, and the Windows CD is wanted: "
                 "press Cancel.\n"
                 "  2. Whether to keep the unrecognized versions: press Yes.\n"
                 "Any other button puts the files back as they were. With nobody logged on there, "
                 "the windows\nwait for the next one who is.\n");
}

void report_boot_scan(struct buf *out)
{
    buf_add_text(out, "Warning: this Windows looks through its protected files at its start "
                      "(SFCScan is not 0), and will put the originals back then. Switch that scan "
                      "off with \"sfc /revert\" to keep a change.\n");
}

static void add_bytes(struct buf *out, uint32_t value)
{
    uint8_t bytes[4];
    put_le32(bytes, value);
    buf_printf(out, "%02x %02x %02x %02x", bytes[0], bytes[1], bytes[2], bytes[3]);
}

static void add_field(struct buf *out, const char *name, uint32_t offset, uint32_t before,
                      uint32_t after)
{
    buf_printf(out, "      0x%08" PRIX32 "  ", offset);
    add_bytes(out, before);
    buf_add_text(out, " -> ");
    add_bytes(out, after);
    buf_printf(out, "   %s", name);
}

void report_plan(struct buf *out, const struct pc_target *target, const struct pc_plan *plan)
{
    for (size_t c = 0; c < PC_COPIES; c++) {
        const struct pc_change *change = &plan->changes[c];
        const struct pc_inspection *inspection = &target->copies[c].inspection;
        if (!change->wanted) {
            continue;
        }
        buf_add_text(out, "  ");
        add_printable(out, target->copies[c].path);
        buf_add_char(out, '\n');
        add_field(out, "checksum", inspection->checksum_offset, change->checksum_before,
                  change->checksum_after);
        buf_printf(out, " 0x%08" PRIX32 " -> 0x%08" PRIX32 "\n", change->checksum_before,
                   change->checksum_after);
        add_field(out, "limit", inspection->limit_offset, change->limit_before,
                  change->limit_after);
        buf_printf(out, " %" PRIu32 " -> %" PRIu32 "\n", change->limit_before, change->limit_after);
    }
}

void report_left_alone(struct buf *out, const struct pc_target *target)
{
    for (size_t c = 0; c < PC_COPIES; c++) {
        const struct pc_copy *copy = &target->copies[c];
        if (!copy->present || copy->access != OS_OK || pc_writable(&copy->inspection)) {
            continue;
        }
        buf_add_text(out, "Left alone: ");
        add_printable(out, copy->path);
        buf_printf(out, " is %s. ", pc_status_name(copy->inspection.status));
        add_printable(out, copy->inspection.reason);
        buf_add_char(out, '\n');
    }
}

void report_result_json(struct buf *out, const struct pc_target *target, const struct pc_plan *plan,
                        enum pc_result result, bool dry_run, const char *message)
{
    struct json j = json_start(out);
    json_open_object(&j, NULL);
    json_text(&j, "result", pc_result_name(result));
    json_number(&j, "exit_status", result);
    json_text(&j, "what", plan->what);
    json_text(&j, "root", target->root);
    json_bool(&j, "dry_run", dry_run);
    json_text(&j, "message", message[0] != '\0' ? message : NULL);
    audit_changes(&j, target, plan);
    json_close_object(&j);
    buf_add_char(out, '\n');
}

void report_limit_warning(struct buf *out, uint32_t limit)
{
    if (limit < PC_LIMIT_WINDOWS) {
        buf_printf(out,
                   "Warning: %" PRIu32 " is lower than the %d that Windows itself allows; programs "
                   "will wait longer for their connections.\n",
                   limit, PC_LIMIT_WINDOWS);
    } else if (limit > PC_LIMIT_HIGH) {
        buf_printf(out,
                   "Warning: with a limit of %" PRIu32 " Windows will hardly ever log event 4226 "
                   "again; the alarm against worms that the limit is has been switched off.\n",
                   limit);
    }
}
