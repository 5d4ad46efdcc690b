/* The classic event log: OpenEventLog, NotifyChangeEventLog, ReadEventLog.
 *
 * The event that NotifyChangeEventLog sets is only pulsed, and at most once in five seconds:
 * whoever does not wait just then misses it. So a thread of its own does nothing but wait for it;
 * each reading goes on to the end of the log; and after a minute it is read in any case.
 *
 * Source of what the calls answer: their pages in the Windows SDK documentation; KB177199 for a
 * seek that fails in a large log. */
#include "live_win32.h"

#include "decode/evt_record.h"
#include "thread.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum {
    FIRST_SIZE = 64 * 1024,
    MOST_SIZE = 0x7ffff,   /* ReadEventLog takes no more */
    SAFETY_MS = 60 * 1000, /* should a pulse be missed */
    POLL_MS = 5 * 1000,    /* where there are no pulses */
    REOPENS = 4,           /* in one reading */
    ONE_BY_ONE = 256,      /* numbers tried behind damage, before they are tried at intervals */
    AT_EVENT_ID = 20,
};

/* In place of a record's number: there is none, and nobody has looked. */
#define NO_RECORD  (UINT64_MAX - 1)
#define NOT_LOOKED UINT64_MAX

struct classic {
    struct live live;
    struct classic_calls calls;
    wchar_t *name;

    HANDLE log;            /* NULL: to be opened */
    bool at_start;         /* nothing was read through this handle yet */
    bool placed;           /* what is read next is behind `last` */
    struct log_place last; /* as the last reading left it */
    uint64_t not_before;   /* see live_run */
    uint64_t newest;       /* number of the newest record when the end was reached last */
    uint64_t damage_after; /* number of the record behind which damage was told last */
    struct trouble trouble;

    uint8_t *bytes; /* what was read, and not handed out from `at` on */
    DWORD size, at, end;
    struct buf names;

    HANDLE pulse; /* of NotifyChangeEventLog */
    HANDLE stop;
    HANDLE ready; /* the source's handle */
    volatile LONG polling;
    struct thread *thread;
};

const struct classic_calls classic_native = {
    .open = OpenEventLogW,
    .read = ReadEventLogW,
    .notify = NotifyChangeEventLog,
    .count = GetNumberOfEventLogRecords,
    .oldest = GetOldestEventLogRecord,
    .close = CloseEventLog,
};

/* A call that fails without a reason must not look like one that worked. */
static DWORD last_error(void)
{
    DWORD error = GetLastError();
    return error != ERROR_SUCCESS ? error : ERROR_GEN_FAILURE;
}

/* ---- being told of changes ---- */

static void watch(void *context)
{
    struct classic *c = context;
    const HANDLE handles[] = {c->stop, c->pulse};
    for (;;) {
        bool polling = InterlockedCompareExchange(&c->polling, 0, 0) != 0;
        DWORD woken = WaitForMultipleObjects(2, handles, FALSE, polling ? POLL_MS : SAFETY_MS);
        if (woken != WAIT_OBJECT_0 + 1 && woken != WAIT_TIMEOUT) {
            return;
        }
        SetEvent(c->ready);
    }
}

static void ask_for_pulses(struct classic *c)
{
    bool polling = c->calls.notify(c->log, c->pulse) == 0;
    bool before = InterlockedExchange(&c->polling, polling ? 1 : 0) != 0;
    if (polling && !before) {
        SetEvent(c->pulse); /* the thread waits for the longer time still */
    }
}

/* ---- the handle ---- */

static void close_log(struct classic *c)
{
    if (c->log != NULL) {
        c->calls.close(c->log);
        c->log = NULL;
    }
    c->placed = false;
    c->at = 0;
    c->end = 0;
}

static DWORD open_log(struct classic *c)
{
    close_log(c);
    c->log = c->calls.open(NULL, c->name);
    if (c->log == NULL) {
        return last_error();
    }
    c->at_start = true;
    ask_for_pulses(c);
    return ERROR_SUCCESS;
}

/* The numbers go from `oldest` on, `count` of them, and wrap round after the highest. */
static DWORD get_bounds(struct classic *c, DWORD *oldest, DWORD *count)
{
    *oldest = 0;
    *count = 0;
    bool known =
        c->calls.count(c->log, count) != 0 && (*count == 0 || c->calls.oldest(c->log, oldest) != 0);
    return known ? ERROR_SUCCESS : last_error();
}

static DWORD grow(struct classic *c, DWORD needed)
{
    if (c->size == MOST_SIZE || needed > MOST_SIZE) {
        return ERROR_EVENTLOG_FILE_CORRUPT; /* no record is that long */
    }
    DWORD size = needed > c->size ? needed : MOST_SIZE;
    uint8_t *bytes = realloc(c->bytes, size);
    if (bytes == NULL) {
        return ERROR_NOT_ENOUGH_MEMORY;
    }
    c->bytes = bytes;
    c->size = size;
    return ERROR_SUCCESS;
}

/* After a long record the memory is not kept. */
static void shrink(struct classic *c)
{
    uint8_t *bytes = c->size > FIRST_SIZE && c->at == c->end ? realloc(c->bytes, FIRST_SIZE) : NULL;
    if (bytes != NULL) {
        c->bytes = bytes;
        c->size = FIRST_SIZE;
        c->at = 0;
        c->end = 0;
    }
}

/* Reads the next records, or with EVENTLOG_SEEK_READ those from a number on. */
static DWORD fill(struct classic *c, DWORD how, DWORD number)
{
    DWORD error = ERROR_SUCCESS;
    c->at = 0;
    c->end = 0;
    c->at_start = false;
    while (error == ERROR_SUCCESS) {
        DWORD got = 0;
        DWORD needed = 0;
        if (c->calls.read(c->log, how | EVENTLOG_FORWARDS_READ, number, c->bytes, c->size, &got,
                          &needed) != 0) {
            c->end = got <= c->size ? got : 0;
            return c->end > 0 ? ERROR_SUCCESS : ERROR_HANDLE_EOF;
        }
        error = last_error();
        if (error == ERROR_INSUFFICIENT_BUFFER) {
            error = grow(c, needed);
        }
    }
    return error;
}

/* ---- records ---- */

/* The length of the whole record at `at` in what was read; 0: there is none. */
static DWORD record_at(const struct classic *c, DWORD at)
{
    DWORD rest = c->end - at;
    DWORD length = rest >= 8 ? evt_record_length(c->bytes + at) : 0;
    return length > 0 && length <= rest && evt_record_whole(c->bytes + at, length) ? length : 0;
}

/* Goes to the next record behind what is none. */
static void skip_garbage(struct classic *c)
{
    do {
        c->at += c->end - c->at > 4 ? 4 : c->end - c->at;
    } while (c->at < c->end && record_at(c, c->at) == 0);
}

static bool decode(struct classic *c, DWORD length, struct event *event, uint64_t *sign)
{
    const uint8_t *record = c->bytes + c->at;
    *sign = get_le32(record + AT_EVENT_ID);
    return evt_record_decode(record, length, &c->names, event);
}

static uint64_t number_of(const struct log_place *place)
{
    return place->set ? place->record : NO_RECORD;
}

/* The same place is met again when the log is opened again. */
static void tell_damage(struct classic *c, struct live_run *run, const char *what)
{
    uint64_t after = number_of(&run->source->place);
    if (after != c->damage_after) {
        c->damage_after = after;
        live_run_damage(run, what);
    }
}

/* Hands out what was read. False when the sink had enough, or memory is out. */
static bool hand_out(struct classic *c, struct live_run *run)
{
    while (c->at < c->end) {
        struct event event;
        uint64_t sign;
        DWORD length = record_at(c, c->at);
        if (length == 0) {
            tell_damage(c, run, "what ReadEventLog gave is no record");
            skip_garbage(c);
            continue;
        }
        if (!decode(c, length, &event, &sign)) {
            run->reading.result.end = LOG_NO_MEMORY;
            return false;
        }
        c->at += length;
        if (!live_run_event(run, &event, sign)) {
            return false;
        }
    }
    return true;
}

/* ---- the place ---- */

enum found {
    FOUND,      /* the record of the place is there, and what comes next is behind it */
    FOUND_NONE, /* no record with its number was read */
    FOUND_LOST, /* its number is another record's now: the log was cleared and filled again */
};

/* Looks for the place in what was read. */
static enum found look_in_buffer(struct classic *c, const struct log_place *place)
{
    while (c->at < c->end) {
        DWORD length = record_at(c, c->at);
        if (length == 0) {
            skip_garbage(c);
            continue;
        }
        const uint8_t *record = c->bytes + c->at;
        c->at += length;
        if (evt_record_number(record) == place->record) {
            return evt_record_time(record) == place->time &&
                           get_le32(record + AT_EVENT_ID) == place->offset
                       ? FOUND
                       : FOUND_LOST;
        }
    }
    return FOUND_NONE;
}

/* The handle is good, but a seek does not work here. */
static bool is_seek_error(DWORD error)
{
    return error == ERROR_INVALID_PARAMETER || error == ERROR_HANDLE_EOF ||
           error == ERROR_EVENTLOG_FILE_CORRUPT || error == ERROR_INVALID_FUNCTION ||
           error == ERROR_NOT_SUPPORTED;
}

static DWORD go_to_oldest(struct classic *c)
{
    return c->log != NULL && c->at_start ? ERROR_SUCCESS : open_log(c);
}

static DWORD scan_for_place(struct classic *c, const struct log_place *place, enum found *found)
{
    DWORD error = go_to_oldest(c);
    *found = FOUND_NONE;
    while (error == ERROR_SUCCESS && *found == FOUND_NONE) {
        error = fill(c, EVENTLOG_SEQUENTIAL_READ, 0);
        if (error == ERROR_SUCCESS) {
            *found = look_in_buffer(c, place);
        }
    }
    return is_seek_error(error) ? ERROR_SUCCESS : error;
}

static DWORD look_for_place(struct classic *c, const struct log_place *place, enum found *found)
{
    DWORD oldest;
    DWORD count;
    *found = FOUND_LOST;
    DWORD error = get_bounds(c, &oldest, &count);
    if (error != ERROR_SUCCESS || place->record > UINT32_MAX ||
        (DWORD)place->record - oldest >= count) {
        return error;
    }
    error = fill(c, EVENTLOG_SEEK_READ, (DWORD)place->record);
    if (error == ERROR_SUCCESS) {
        *found = look_in_buffer(c, place);
        if (*found != FOUND_NONE) {
            return ERROR_SUCCESS;
        }
    } else if (!is_seek_error(error)) {
        return error;
    }
    return scan_for_place(c, place, found);
}

/* Makes that what is read next is behind the source's place. */
static DWORD go_to_place(struct classic *c, struct live_run *run)
{
    enum found found = FOUND_LOST;
    DWORD error = ERROR_SUCCESS;
    if (run->source->place.set) {
        error = look_for_place(c, &run->source->place, &found);
        if (error == ERROR_SUCCESS && found != FOUND) {
            live_run_lost(run);
        }
    }
    if (error == ERROR_SUCCESS && found != FOUND) {
        c->not_before = live_not_before(run->source);
        run->not_before = c->not_before;
        error = go_to_oldest(c);
    }
    c->placed = error == ERROR_SUCCESS;
    return error;
}

/* ---- reading ---- */

/* Between the number `bad`, which cannot be read, and `good`, which can: reads from the first that
 * can. */
static DWORD seek_first_good(struct classic *c, DWORD bad, DWORD good)
{
    while (good - bad > 1) {
        DWORD middle = bad + (good - bad) / 2;
        DWORD error = fill(c, EVENTLOG_SEEK_READ, middle);
        if (error != ERROR_SUCCESS && !is_seek_error(error)) {
            return error;
        }
        *(error == ERROR_SUCCESS ? &good : &bad) = middle;
    }
    return fill(c, EVENTLOG_SEEK_READ, good);
}

/* Windows cannot read the record behind the place: goes to the next one that it can. */
static DWORD skip_damage(struct classic *c, struct live_run *run)
{
    DWORD oldest;
    DWORD count;
    DWORD error = get_bounds(c, &oldest, &count);
    if (error != ERROR_SUCCESS) {
        return error;
    }
    const struct log_place *place = &run->source->place;
    tell_damage(c, run, "Windows finds the log damaged there (error 1500)");
    DWORD bad = place->set ? (DWORD)place->record + 1 : oldest;
    DWORD step = 1;
    for (DWORD tries = 0; bad - oldest < count && count - (bad - oldest) > 1; tries++) {
        DWORD behind = count - (bad - oldest) - 1;
        step = step < behind ? step : behind;
        error = fill(c, EVENTLOG_SEEK_READ, bad + step);
        if (error == ERROR_SUCCESS) {
            return step > 1 ? seek_first_good(c, bad, bad + step) : ERROR_SUCCESS;
        }
        if (!is_seek_error(error)) {
            return error;
        }
        bad += step;
        step = tries < ONE_BY_ONE ? 1 : step * 2;
    }
    return ERROR_HANDLE_EOF;
}

/* Reads until there is no more, or the sink has enough (ERROR_SUCCESS). */
static DWORD read_to_end(struct classic *c, struct live_run *run)
{
    DWORD error = c->log != NULL ? ERROR_SUCCESS : open_log(c);
    if (error == ERROR_SUCCESS && !c->placed) {
        error = go_to_place(c, run);
    }
    while (error == ERROR_SUCCESS && hand_out(c, run)) {
        error = fill(c, EVENTLOG_SEQUENTIAL_READ, 0);
        if (error == ERROR_EVENTLOG_FILE_CORRUPT) {
            error = skip_damage(c, run);
        }
    }
    return error;
}

/* A handle that was opened before the log wrapped, or was cleared, may be at its end for ever: true
 * when the log has gone on without it. */
static DWORD look_behind_end(struct classic *c, const struct log_place *place, bool *more)
{
    DWORD oldest;
    DWORD count;
    *more = false;
    DWORD error = get_bounds(c, &oldest, &count);
    if (error == ERROR_SUCCESS) {
        uint64_t newest = count > 0 ? (DWORD)(oldest + count - 1) : NO_RECORD;
        *more = newest != number_of(place) && newest != c->newest;
        c->newest = newest;
    }
    return error;
}

/* At the end of the handle. ERROR_EVENTLOG_FILE_CHANGED: it is to be opened again. `*on`: a record
 * was written meanwhile, and is read already. */
static DWORD end_reading(struct classic *c, struct live_run *run, bool *on)
{
    bool more;
    c->not_before = 0;
    run->not_before = 0;
    DWORD error = look_behind_end(c, &run->source->place, &more);
    if (error == ERROR_SUCCESS && more) {
        error = fill(c, EVENTLOG_SEQUENTIAL_READ, 0);
        *on = error == ERROR_SUCCESS;
        if (error == ERROR_HANDLE_EOF) {
            error = ERROR_EVENTLOG_FILE_CHANGED;
        } else if (error == ERROR_EVENTLOG_FILE_CORRUPT) {
            error = ERROR_SUCCESS; /* the end is unreadable, and was told */
        }
    }
    return error;
}

static DWORD drain(struct classic *c, struct live_run *run)
{
    DWORD error = ERROR_SUCCESS;
    bool on = true;
    for (int opened = 0; on && opened <= REOPENS; opened++) {
        on = false;
        error = read_to_end(c, run);
        if (error == ERROR_HANDLE_EOF) {
            error = end_reading(c, run, &on);
        }
        if (error == ERROR_EVENTLOG_FILE_CHANGED) {
            close_log(c);
            on = true;
        }
    }
    return error;
}

static struct source_reading read_log(struct live *live, struct source *source,
                                      const struct log_sink *sink)
{
    struct classic *c = (struct classic *)live;
    if (trouble_wait_ms(&c->trouble) > 0) {
        return trouble_reading(&c->trouble, LOG_EVT);
    }
    struct live_run run = live_run_begin(source, sink, LOG_EVT);
    if (!live_same_place(&source->place, &c->last)) {
        c->placed = false;
    }
    run.not_before = c->not_before;
    DWORD error = drain(c, &run);
    c->last = source->place;
    shrink(c);
    if (error == ERROR_SUCCESS) {
        trouble_end(&c->trouble);
        return run.reading;
    }
    close_log(c);
    trouble_begin(&c->trouble, error);
    struct source_reading reading = trouble_reading(&c->trouble, LOG_EVT);
    reading.result = run.reading.result;
    return reading;
}

static bool check_log(struct live *live, struct buf *why)
{
    struct classic *c = (struct classic *)live;
    HANDLE log = c->calls.open(NULL, c->name);
    DWORD error = log != NULL ? ERROR_SUCCESS : last_error();
    if (log != NULL) {
        c->calls.close(log);
    } else if (!trouble_may_pass(error, true)) {
        trouble_text(why, error);
        return false;
    }
    return true;
}

/* ---- the source ---- */

static intptr_t ready_handle(const struct live *live)
{
    return (intptr_t)((const struct classic *)live)->ready;
}

static uint32_t due_ms(const struct live *live)
{
    const struct classic *c = (const struct classic *)live;
    return c->trouble.delay > 0 ? trouble_wait_ms(&c->trouble) : SOURCE_NOT_DUE;
}

static void close_handle(HANDLE handle)
{
    if (handle != NULL) {
        CloseHandle(handle);
    }
}

static void free_log(struct live *live)
{
    struct classic *c = (struct classic *)live;
    if (c->thread != NULL) {
        SetEvent(c->stop);
        thread_join(c->thread);
    }
    close_log(c);
    close_handle(c->pulse);
    close_handle(c->stop);
    close_handle(c->ready);
    buf_free(&c->trouble.text);
    buf_free(&c->names);
    free(c->bytes);
    free(c->name);
    free(c);
}

struct live *classic_new(const struct classic_calls *calls, const wchar_t *name)
{
    static const struct live_calls functions = {check_log, read_log, ready_handle, due_ms,
                                                free_log};
    struct classic *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return NULL;
    }
    *c = (struct classic){.live = {.calls = &functions},
                          .calls = *calls,
                          .newest = NOT_LOOKED,
                          .damage_after = NOT_LOOKED};
    c->name = _wcsdup(name);
    c->bytes = malloc(FIRST_SIZE);
    c->size = FIRST_SIZE;
    c->pulse = CreateEventW(NULL, FALSE, FALSE, NULL);
    c->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    c->ready = CreateEventW(NULL, FALSE, FALSE, NULL);
    bool made = c->name != NULL && c->bytes != NULL && c->pulse != NULL && c->stop != NULL &&
                c->ready != NULL;
    c->thread = made ? thread_start(watch, c) : NULL;
    if (c->thread == NULL) {
        free_log(&c->live);
        return NULL;
    }
    return &c->live;
}
