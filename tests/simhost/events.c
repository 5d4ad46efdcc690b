#include "events.h"

#include "base/buf.h"
#include "base/wintime.h"
#include "log_writer.h"
#include "os.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { MOST_LOG = 16 * 1024 * 1024 };

static bool write_at(void *context, uint64_t offset, const void *bytes, size_t size)
{
    const int *fd = context;
    while (size > 0) {
        ssize_t part = pwrite(*fd, bytes, size, (off_t)offset);
        if (part <= 0) {
            return false;
        }
        bytes = (const char *)bytes + part;
        offset += (uint64_t)part;
        size -= (size_t)part;
    }
    return true;
}

static bool append(const struct event_log *log, const struct log_record *record)
{
    struct buf bytes = BUF_INIT;
    struct evt_image image = {0};
    const char *why = "cannot be written";
    int fd = open(log->path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && os_read_whole(os_native(), log->path, OS_READ, MOST_LOG, &bytes) == OS_OK) {
        why = evt_image_load(&image, bytes.data, bytes.len, 0);
        image.write = write_at;
        image.context = &fd;
        if (why == NULL && !evt_image_append(&image, record)) {
            why = "cannot be written";
        }
        evt_image_free(&image);
    }
    if (fd >= 0 && close(fd) != 0 && why == NULL) {
        why = "cannot be written";
    }
    buf_free(&bytes);
    if (why != NULL) {
        (void)fprintf(stderr, "simhost: %s: %s\n", log->path, why);
    }
    return why == NULL;
}

bool events_limit_reached(const struct event_log *log)
{
    struct log_record record =
        log_record_tcpip(4226, log->computer, wintime_from_unix((uint64_t)time(NULL)));
    return append(log, &record);
}

bool events_started(const struct event_log *log)
{
    const struct log_record record = {.id = 0x80001775U, /* 6005 */
                                      .type = 4,         /* information */
                                      .time = wintime_from_unix((uint64_t)time(NULL)),
                                      .source = "EventLog",
                                      .computer = log->computer,
                                      .strings = {""},
                                      .string_count = 1};
    return append(log, &record);
}
