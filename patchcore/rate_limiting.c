#include "rate_limiting.h"

#include "base/keyfile.h"
#include "base/utf.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char kind[] = "tcpipwatch-rate-limiting";
static const char file_name[] = "rate-limiting";

enum { VERSION = 1, MOST = 4096 };

static const struct rate_limiting_value switched_off = {.known = true, .there = true, .set = 0};

bool rate_limiting_is_on(const struct rate_limiting_value *value)
{
    return value->known && value->there && value->set == 1;
}

bool rate_limiting_same(const struct rate_limiting_value *a, const struct rate_limiting_value *b)
{
    return a->known && b->known && a->there == b->there && (!a->there || a->set == b->set);
}

void rate_limiting_json(struct json *j, const char *key, const struct rate_limiting_value *value)
{
    if (value->known && value->there) {
        json_number(j, key, value->set);
    } else {
        json_no_value(j, key);
    }
}

void rate_limiting_text(struct buf *out, const struct rate_limiting_value *value)
{
    if (value->known && value->there) {
        buf_printf(out, "%" PRIu32, value->set);
    } else {
        buf_add_text(out, value->known ? "absent" : "unknown");
    }
}

struct rate_limiting_value rate_limiting_after_back(const struct rate_limiting_value *now,
                                                    const struct rate_limiting_value *kept)
{
    return rate_limiting_same(now, &switched_off) ? *kept : *now;
}

/* ---- what is kept ---- */

static bool take_lines(struct keyfile *file, struct rate_limiting_value *out)
{
    const char *key;
    const char *value;
    uint64_t number;
    bool good = false;
    while (keyfile_next(file, &key, &value)) {
        if (strcmp(key, "was") != 0) {
            return false;
        }
        good = strcmp(value, "absent") == 0;
        if (!good && keyfile_number(value, UINT32_MAX, &number)) {
            out->there = true;
            out->set = (uint32_t)number;
            good = true;
        }
    }
    return good;
}

enum os_status rate_limiting_saved(const struct os *os, const char *data,
                                   struct rate_limiting_value *out)
{
    struct buf text = BUF_INIT;
    struct keyfile file;
    *out = (struct rate_limiting_value){.known = false};
    enum os_status status = os_read_written(os, data, file_name, MOST, &text);
    if (status == OS_OK &&
        (keyfile_open(&file, &text, kind, VERSION) != KEYFILE_OK || !take_lines(&file, out))) {
        *out = (struct rate_limiting_value){.known = false};
        status = OS_WRONG_KIND;
    }
    out->known = status == OS_OK;
    buf_free(&text);
    return status;
}

static enum os_status save(const struct pc_context *pc, const struct rate_limiting_value *value)
{
    struct buf text = BUF_INIT;
    enum os_status status = os_make_private(pc->os, pc->data);
    keyfile_start(&text, kind, VERSION);
    if (value->there) {
        keyfile_add_number(&text, "was", value->set);
    } else {
        keyfile_add(&text, "was", "absent");
    }
    keyfile_finish(&text);
    if (status == OS_OK) {
        status = text.failed ? OS_NO_MEMORY
                             : os_write_whole(pc->os, pc->data, file_name, text.data, text.len);
    }
    buf_free(&text);
    return status;
}

static enum os_status forget(const struct pc_context *pc)
{
    char *path = os_path_join(pc->data, file_name);
    enum os_status status = path != NULL ? pc->os->remove(pc->os, path) : OS_NO_MEMORY;
    if (status == OS_OK) {
        (void)pc->os->flush_directory(pc->os, pc->data);
    }
    free(path);
    return status == OS_NOT_FOUND ? OS_OK : status;
}

static enum pc_result explain(struct buf *why, const char *what, enum os_status status)
{
    buf_printf(why, "%s %s: %s.", RATE_LIMITING_NAME, what, os_status_text(status));
    return status == OS_UNSUPPORTED || status == OS_WRONG_KIND || status == OS_DENIED ? PC_REFUSED
                                                                                      : PC_FAILED;
}

/* ---- changing it ---- */

/* Writes, and reads back: something that guards the registry may take a change back at once. */
static enum os_status write_surely(const struct rate_limiting_calls *calls,
                                   const struct rate_limiting_value *value)
{
    struct rate_limiting_value written;
    enum os_status status = calls->write(calls->context, value);
    if (status == OS_OK) {
        status = calls->read(calls->context, &written);
    }
    return status == OS_OK && !rate_limiting_same(&written, value) ? OS_IO : status;
}

/* After a failure it may have been changed all the same, though not to last. */
static bool is_again(const struct rate_limiting_calls *calls,
                     const struct rate_limiting_value *value)
{
    struct rate_limiting_value now;
    return (calls->read(calls->context, &now) == OS_OK && rate_limiting_same(&now, value)) ||
           write_surely(calls, value) == OS_OK;
}

enum pc_result rate_limiting_switch_off(const struct pc_context *pc,
                                        const struct rate_limiting_calls *calls, struct buf *done,
                                        struct buf *why)
{
    struct rate_limiting_value value;
    struct rate_limiting_value kept;
    enum os_status status = calls->read(calls->context, &value);
    if (status != OS_OK) {
        return explain(why, "cannot be read", status);
    }
    if (!rate_limiting_is_on(&value)) {
        return PC_DONE;
    }
    status = rate_limiting_saved(pc->os, pc->data, &kept);
    bool is_first = status == OS_NOT_FOUND;
    if (is_first) {
        status = save(pc, &value);
    }
    if (status != OS_OK) {
        add_printable(why, pc->data);
        buf_printf(why, " cannot keep what " RATE_LIMITING_NAME " is now: %s. Nothing was changed.",
                   os_status_text(status));
        return PC_FAILED;
    }
    status = write_surely(calls, &switched_off);
    if (status != OS_OK) {
        if (is_first && is_again(calls, &value)) {
            (void)forget(pc);
        }
        return explain(why, "cannot be changed", status);
    }
    buf_printf(done,
               RATE_LIMITING_NAME " is 0 now (it was %" PRIu32 "). Windows has no limit after its "
                                  "next start.",
               value.set);
    return PC_DONE;
}

/* Nothing has to be put back. Where the value is what was kept, a crash came between keeping and
 * changing it, or somebody was quicker. */
static void say_as_it_is(struct buf *done, const struct rate_limiting_value *value,
                         const struct rate_limiting_value *kept)
{
    buf_printf(done, RATE_LIMITING_NAME " %s",
               rate_limiting_same(value, kept)
                   ? "is what it was already: "
                   : "was changed by somebody else since it was switched off: it is ");
    rate_limiting_text(done, value);
    buf_add_text(done, rate_limiting_same(value, kept) ? "." : ", and stays so.");
}

enum pc_result rate_limiting_put_back(const struct pc_context *pc,
                                      const struct rate_limiting_calls *calls, struct buf *done,
                                      struct buf *why)
{
    struct rate_limiting_value value;
    struct rate_limiting_value kept;
    enum os_status status = rate_limiting_saved(pc->os, pc->data, &kept);
    if (status == OS_NOT_FOUND) {
        return PC_DONE;
    }
    if (status != OS_OK) {
        add_printable(why, pc->data);
        buf_printf(why, " keeps what " RATE_LIMITING_NAME " was, and it cannot be read: %s.",
                   os_status_text(status));
        return PC_FAILED;
    }
    status = calls->read(calls->context, &value);
    if (status != OS_OK) {
        return explain(why, "cannot be read", status);
    }
    struct rate_limiting_value after = rate_limiting_after_back(&value, &kept);
    if (rate_limiting_same(&after, &value)) {
        say_as_it_is(done, &value, &kept);
    } else {
        status = write_surely(calls, &kept);
        if (status != OS_OK) {
            return explain(why, "cannot be changed", status);
        }
        buf_add_text(done, RATE_LIMITING_NAME " is ");
        rate_limiting_text(done, &kept);
        buf_add_text(done, " again. It takes effect at the next start of Windows.");
    }
    status = forget(pc);
    return status == OS_OK ? PC_DONE : explain(why, "was put back, but its record stays", status);
}
