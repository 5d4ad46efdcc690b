#include "classic_log.h"

#include "base/wintime.h"
#include "loop/clock.h"

#include <stdlib.h>
#include <string.h>

enum { HANDLES = 16 };

struct entry {
    uint8_t *bytes;
    size_t size;
    bool damaged;
};

struct handle {
    bool open;
    unsigned service; /* the service and the log as they were when it was opened */
    unsigned log;
    bool begun;
    uint32_t next; /* number of the record to be read next */
    HANDLE event;
};

static struct {
    struct entry *entries;
    size_t count, room;
    uint32_t oldest;
    unsigned service, log;
    struct handle handles[HANDLES];
} all;

struct classic_log_faults classic_log_faults;
struct classic_log_counts classic_log_counts;

/* ---- the log ---- */

static void drop(size_t count)
{
    count = count < all.count ? count : all.count;
    for (size_t i = 0; i < count; i++) {
        free(all.entries[i].bytes);
    }
    if (count > 0) {
        memmove(all.entries, all.entries + count, (all.count - count) * sizeof *all.entries);
    }
    all.count -= count;
    all.oldest += (uint32_t)count;
}

void classic_log_begin(uint32_t next)
{
    drop(all.count);
    all.oldest = next;
    all.log++;
}

void classic_log_end(void)
{
    drop(all.count);
    free(all.entries);
    memset(&all, 0, sizeof all);
    memset(&classic_log_faults, 0, sizeof classic_log_faults);
    memset(&classic_log_counts, 0, sizeof classic_log_counts);
}

static void add(uint8_t *bytes, size_t size)
{
    if (all.count == all.room) {
        size_t room = all.room == 0 ? 1024 : all.room * 2;
        struct entry *entries = realloc(all.entries, room * sizeof *entries);
        if (entries == NULL || bytes == NULL) {
            abort();
        }
        all.entries = entries;
        all.room = room;
    }
    all.entries[all.count++] = (struct entry){.bytes = bytes, .size = size};
    for (size_t i = 0; i < HANDLES; i++) {
        if (all.handles[i].open && all.handles[i].event != NULL) {
            PulseEvent(all.handles[i].event);
        }
    }
}

void classic_log_write(const struct log_record *record)
{
    struct buf bytes = BUF_INIT;
    evt_record_bytes(&bytes, record, all.oldest + (uint32_t)all.count);
    add((uint8_t *)bytes.data, bytes.len);
}

void classic_log_write_event(int64_t seconds_ago)
{
    uint64_t time = clock_now() - (uint64_t)(seconds_ago * (int64_t)WINTIME_PER_SECOND);
    const struct log_record record = log_record_tcpip(4226, "WKS", time);
    classic_log_write(&record);
}

void classic_log_write_bytes(const void *bytes, size_t size)
{
    uint8_t *copy = malloc(size);
    if (copy != NULL) {
        memcpy(copy, bytes, size);
    }
    add(copy, size);
}

void classic_log_damage(uint32_t number)
{
    if (number - all.oldest < all.count) {
        all.entries[number - all.oldest].damaged = true;
    }
}

void classic_log_drop(size_t count)
{
    drop(count);
    all.log++;
}

void classic_log_restart(void)
{
    all.service++;
}

/* ---- the calls ---- */

static BOOL fail(DWORD error)
{
    SetLastError(error);
    return FALSE;
}

/* NULL, with the error, where the handle is no good. */
static struct handle *use(HANDLE log)
{
    struct handle *handle = log;
    if (classic_log_faults.service != 0) {
        SetLastError(classic_log_faults.service);
        return NULL;
    }
    if (handle < all.handles || handle >= all.handles + HANDLES || !handle->open ||
        handle->service != all.service) {
        SetLastError(ERROR_INVALID_HANDLE);
        return NULL;
    }
    return handle;
}

static HANDLE WINAPI open_log(LPCWSTR server, LPCWSTR name)
{
    classic_log_counts.opens++;
    if (classic_log_faults.service != 0 || server != NULL || wcscmp(name, L"System") != 0) {
        SetLastError(classic_log_faults.service != 0 ? classic_log_faults.service
                                                     : ERROR_FILE_NOT_FOUND);
        return NULL;
    }
    for (size_t i = 0; i < HANDLES; i++) {
        if (!all.handles[i].open) {
            all.handles[i] = (struct handle){.open = true, .service = all.service, .log = all.log};
            classic_log_counts.open_now++;
            return &all.handles[i];
        }
    }
    SetLastError(ERROR_TOO_MANY_OPEN_FILES);
    return NULL;
}

static BOOL WINAPI close_log(HANDLE log)
{
    struct handle *handle = log;
    if (handle < all.handles || handle >= all.handles + HANDLES || !handle->open) {
        return fail(ERROR_INVALID_HANDLE);
    }
    handle->open = false;
    classic_log_counts.open_now--;
    return TRUE;
}

static BOOL WINAPI notify(HANDLE log, HANDLE event)
{
    struct handle *handle = use(log);
    if (handle == NULL) {
        return FALSE;
    }
    if (classic_log_faults.notify) {
        return fail(ERROR_INVALID_FUNCTION);
    }
    handle->event = event;
    return TRUE;
}

static BOOL WINAPI get_count(HANDLE log, PDWORD count)
{
    *count = (DWORD)all.count;
    return use(log) != NULL;
}

static BOOL WINAPI get_oldest(HANDLE log, PDWORD oldest)
{
    *oldest = all.oldest;
    return use(log) != NULL;
}

/* Whole records, as many as there is room for; not beyond damage. */
static BOOL copy_out(struct handle *handle, uint8_t *buffer, DWORD size, DWORD *got, DWORD *needed)
{
    for (;;) {
        uint32_t index = handle->next - all.oldest;
        const struct entry *entry = index < all.count ? &all.entries[index] : NULL;
        if (entry == NULL || entry->damaged || entry->size > size - *got) {
            if (*got > 0) {
                return TRUE;
            }
            *needed = entry != NULL ? (DWORD)entry->size : 0;
            return fail(entry == NULL    ? ERROR_HANDLE_EOF
                        : entry->damaged ? ERROR_EVENTLOG_FILE_CORRUPT
                                         : ERROR_INSUFFICIENT_BUFFER);
        }
        memcpy(buffer + *got, entry->bytes, entry->size);
        *got += (DWORD)entry->size;
        handle->next++;
    }
}

static BOOL WINAPI read_log(HANDLE log, DWORD flags, DWORD number, LPVOID buffer, DWORD size,
                            DWORD *got, DWORD *needed)
{
    struct handle *handle = use(log);
    bool seek = (flags & EVENTLOG_SEEK_READ) != 0;
    bool forwards = (flags & EVENTLOG_FORWARDS_READ) != 0;
    bool sequential = (flags & EVENTLOG_SEQUENTIAL_READ) != 0;
    classic_log_counts.reads++;
    classic_log_counts.seeks += seek;
    *got = 0;
    *needed = 0;
    if (handle == NULL) {
        return FALSE;
    }
    if (!forwards || seek == sequential || size > 0x7ffff) {
        return fail(ERROR_INVALID_PARAMETER);
    }
    if (classic_log_faults.reading != 0) {
        return fail(classic_log_faults.reading);
    }
    if (handle->log != all.log) {
        return fail(classic_log_faults.blind ? ERROR_HANDLE_EOF : ERROR_EVENTLOG_FILE_CHANGED);
    }
    if (seek && classic_log_faults.seek != 0) {
        return fail(classic_log_faults.seek);
    }
    if (seek && number - all.oldest >= all.count) {
        return fail(ERROR_INVALID_PARAMETER);
    }
    if (seek || !handle->begun) {
        handle->next = seek ? number : all.oldest;
        handle->begun = true;
    }
    return copy_out(handle, buffer, size, got, needed);
}

const struct classic_calls classic_log_calls = {
    .open = open_log,
    .read = read_log,
    .notify = notify,
    .count = get_count,
    .oldest = get_oldest,
    .close = close_log,
};
