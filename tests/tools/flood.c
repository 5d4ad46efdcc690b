/* Writes events 4226 into a growing log at a steady rate, as an endurance test needs them, and says
 * how many it wrote. The log is kept in memory, so that each tick costs one write of what is new.
 */
#include "log_writer.h"

#include "base/utf.h"
#include "base/wintime.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 10, TICKS_PER_SECOND = 1000 / TICK_MS, SETTLE_SECONDS = 3 };

static int usage(void)
{
    (void)fputs(
        "usage: flood FILE RATE SECONDS [--limit BYTES] [--clear-at SECOND]\n"
        "\n"
        "Writes RATE events 4226 a second for SECONDS into FILE (.evt, .evtx or .xml, by its\n"
        "name) and prints how many. --limit: the size at which an .evt or .evtx wraps.\n"
        "--clear-at: the log is emptied once, after a pause in which a reader catches up.\n",
        stderr);
    return 2;
}

struct flood {
    const char *path;
    uint64_t rate, seconds, limit, clear_at;
    int fd;
    enum { FLOOD_EVT, FLOOD_EVTX, FLOOD_XML } kind;
    struct evt_image evt;
    struct evtx_image evtx;
    uint64_t number; /* of the next XML event */
    /* What is not in the file yet: one stretch of bytes. */
    struct buf pending;
    uint64_t pending_at;
};

static bool write_at(struct flood *f, uint64_t offset, const void *bytes, size_t size)
{
    while (size > 0) {
        ssize_t part = pwrite(f->fd, bytes, size, (off_t)offset);
        if (part <= 0) {
            return false;
        }
        bytes = (const char *)bytes + part;
        offset += (uint64_t)part;
        size -= (size_t)part;
    }
    return true;
}

static bool flush_pending(struct flood *f)
{
    bool written = write_at(f, f->pending_at, f->pending.data, f->pending.len);
    buf_clear(&f->pending);
    return written;
}

/* Joins writes that go on where the last one ended or that stand inside it; others go out at once,
 * behind what waits, so that the file sees them in their order. */
static bool take_write(void *context, uint64_t offset, const void *bytes, size_t size)
{
    struct flood *f = context;
    uint64_t end = f->pending_at + f->pending.len;
    if (f->pending.len > 0 && offset >= f->pending_at && offset <= end) {
        size_t inside = (size_t)(end - offset) < size ? (size_t)(end - offset) : size;
        memcpy(f->pending.data + (offset - f->pending_at), bytes, inside);
        buf_add(&f->pending, (const char *)bytes + inside, size - inside);
        return !f->pending.failed;
    }
    if (!flush_pending(f)) {
        return false;
    }
    f->pending_at = offset;
    buf_add(&f->pending, bytes, size);
    return !f->pending.failed;
}

static bool begin_log(struct flood *f)
{
    if (ftruncate(f->fd, 0) != 0) {
        return false;
    }
    if (f->kind == FLOOD_EVT) {
        bool made = evt_image_create(&f->evt, 65536, (uint32_t)f->limit);
        f->evt.write = take_write;
        f->evt.context = f;
        return made && write_at(f, 0, f->evt.bytes, f->evt.size);
    }
    if (f->kind == FLOOD_EVTX) {
        bool made = evtx_image_create(&f->evtx, (uint32_t)(f->limit / 65536), 1);
        f->evtx.write = take_write;
        f->evtx.context = f;
        return made && write_at(f, 0, f->evtx.bytes, f->evtx.size);
    }
    f->number = 1;
    f->pending_at = 0;
    return true;
}

static void end_log(struct flood *f)
{
    if (f->kind == FLOOD_EVT) {
        evt_image_free(&f->evt);
    } else if (f->kind == FLOOD_EVTX) {
        evtx_image_free(&f->evtx);
    }
}

static uint64_t now_100ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return wintime_from_unix((uint64_t)now.tv_sec) + (uint64_t)now.tv_nsec / 100;
}

static bool append(struct flood *f)
{
    struct log_record record = log_record_tcpip(4226, "FLOODED", now_100ns());
    if (f->kind == FLOOD_EVT) {
        return evt_image_append(&f->evt, &record);
    }
    if (f->kind == FLOOD_EVTX) {
        return evtx_image_append(&f->evtx, &record);
    }
    log_xml_event(&f->pending, &record, f->number++, XML_STYLE_WEVTUTIL);
    return !f->pending.failed;
}

static void wait_seconds(double seconds)
{
    struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    (void)nanosleep(&time, NULL);
}

static bool write_tick(struct flood *f, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        if (!append(f)) {
            return false;
        }
    }
    uint64_t end = f->pending_at + f->pending.len;
    bool written = flush_pending(f);
    if (f->kind == FLOOD_XML) {
        f->pending_at = end;
    }
    return written;
}

static bool clear_log(struct flood *f)
{
    wait_seconds(SETTLE_SECONDS);
    end_log(f);
    return begin_log(f);
}

static bool run(struct flood *f, uint64_t *written)
{
    uint64_t ticks = f->seconds * TICKS_PER_SECOND;
    uint64_t start = now_100ns();
    for (uint64_t tick = 0; tick < ticks; tick++) {
        if (f->clear_at > 0 && tick == f->clear_at * TICKS_PER_SECOND && !clear_log(f)) {
            return false;
        }
        uint64_t due = f->rate * (tick + 1) / TICKS_PER_SECOND;
        if (!write_tick(f, due - *written)) {
            return false;
        }
        *written = due;
        uint64_t at = start + (tick + 1) * TICK_MS * (WINTIME_PER_SECOND / 1000);
        uint64_t now = now_100ns();
        if (at > now) {
            wait_seconds((double)(at - now) / (double)WINTIME_PER_SECOND);
        }
    }
    return true;
}

static bool parse(int argc, char **argv, struct flood *f)
{
    if (argc < 4 || (argc - 4) % 2 != 0) {
        return false;
    }
    f->path = argv[1];
    f->rate = strtoull(argv[2], NULL, 10);
    f->seconds = strtoull(argv[3], NULL, 10);
    f->limit = UINT64_C(64) * 1024 * 1024;
    for (int i = 4; i < argc; i += 2) {
        uint64_t value = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--limit") == 0) {
            f->limit = value;
        } else if (strcmp(argv[i], "--clear-at") == 0) {
            f->clear_at = value;
        } else {
            return false;
        }
    }
    const char *dot = strrchr(f->path, '.');
    const char *ending = dot != NULL ? dot : "";
    f->kind = same_text_nocase(ending, ".evtx")  ? FLOOD_EVTX
              : same_text_nocase(ending, ".evt") ? FLOOD_EVT
                                                 : FLOOD_XML;
    return f->rate > 0 && f->seconds > 0 && f->limit <= UINT32_MAX;
}

int main(int argc, char **argv)
{
    struct flood f = {.pending = BUF_INIT};
    uint64_t written = 0;
    if (!parse(argc, argv, &f)) {
        return usage();
    }
    f.fd = open(f.path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    bool done = f.fd >= 0 && begin_log(&f) && run(&f, &written);
    if (done) {
        printf("%" PRIu64 "\n", written);
    } else {
        perror(f.path);
    }
    end_log(&f);
    buf_free(&f.pending);
    if (f.fd >= 0) {
        close(f.fd);
    }
    return done ? 0 : 1;
}
