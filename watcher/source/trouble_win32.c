/* What the live logs have in common: troubles, and the way of a record to the sink. */
#include "live_win32.h"

#include "loop/clock.h"

#include <winerror.h>

enum { FIRST_DELAY_MS = 1000, LONGEST_DELAY_MS = 60 * 1000 };

/* Not in the headers of Windows XP. */
enum {
    EVT_INVALID_CHANNEL_PATH = 15000,
    EVT_INVALID_QUERY = 15001,
    EVT_CHANNEL_NOT_FOUND = 15007,
    EVT_DIRECT_CHANNEL = 15009,
    EVT_QUERY_RESULT_STALE = 15011,
};

static const struct known_error {
    DWORD error;
    enum os_status status;
    bool may_pass;
    const char *text;
} known_errors[] = {
    {ERROR_ACCESS_DENIED, OS_DENIED, false, "access is denied"},
    {ERROR_INVALID_HANDLE, OS_IO, true, "the event log service was started again"},
    {ERROR_NOT_ENOUGH_MEMORY, OS_NO_MEMORY, true, "out of memory"},
    {ERROR_OUTOFMEMORY, OS_NO_MEMORY, true, "out of memory"},
    {ERROR_INVALID_NAME, OS_NOT_FOUND, false, "that is no name of a log"},
    {ERROR_FILE_NOT_FOUND, OS_NOT_FOUND, false, "there is no such log"},
    {ERROR_EVENTLOG_FILE_CORRUPT, OS_IO, true, "Windows finds it damaged"},
    {ERROR_EVENTLOG_CANT_START, OS_IO, true, "the event log service could not start"},
    {ERROR_EVENTLOG_FILE_CHANGED, OS_IO, true, "it is cleared time and again"},
    {RPC_S_SERVER_UNAVAILABLE, OS_IO, true, "the event log service does not answer"},
    {RPC_S_SERVER_TOO_BUSY, OS_IO, true, "the event log service is too busy"},
    {RPC_S_CALL_FAILED, OS_IO, true, "the event log service broke off the call"},
    {RPC_S_CALL_FAILED_DNE, OS_IO, true, "the event log service did not take the call"},
    {RPC_S_UNKNOWN_IF, OS_IO, true, "the event log service is not ready"},
    {RPC_S_INVALID_BINDING, OS_IO, true, "the event log service was started again"},
    {RPC_S_NOT_LISTENING, OS_IO, true, "the event log service is not ready"},
    {RPC_X_SS_IN_NULL_CONTEXT, OS_IO, true, "the event log service was started again"},
    {RPC_X_SS_CONTEXT_MISMATCH, OS_IO, true, "the event log service was started again"},
    {EPT_S_NOT_REGISTERED, OS_IO, true, "the event log service is not running"},
    {ERROR_SERVICE_NOT_ACTIVE, OS_IO, true, "the event log service is not running"},
    {EVT_INVALID_CHANNEL_PATH, OS_NOT_FOUND, false, "that is no name of a channel"},
    {EVT_INVALID_QUERY, OS_UNSUPPORTED, false, "Windows does not take the query"},
    {EVT_CHANNEL_NOT_FOUND, OS_NOT_FOUND, false, "there is no such channel"},
    {EVT_DIRECT_CHANNEL, OS_UNSUPPORTED, false,
     "it is an analytic or debug channel, which nobody can subscribe to"},
    {EVT_QUERY_RESULT_STALE, OS_IO, true, "it is cleared time and again"},
};

static const struct known_error *find(DWORD error)
{
    for (size_t i = 0; i < sizeof known_errors / sizeof known_errors[0]; i++) {
        if (known_errors[i].error == error) {
            return &known_errors[i];
        }
    }
    return NULL;
}

void trouble_text(struct buf *out, DWORD error)
{
    const struct known_error *known = find(error);
    buf_printf(out, "%s (error %lu)", known != NULL ? known->text : "Windows refuses it",
               (unsigned long)error);
}

enum os_status trouble_status(DWORD error)
{
    const struct known_error *known = find(error);
    return known != NULL ? known->status : OS_IO;
}

bool trouble_may_pass(DWORD error, bool unless_known)
{
    const struct known_error *known = find(error);
    return known != NULL ? known->may_pass : unless_known;
}

void trouble_begin(struct trouble *trouble, DWORD error)
{
    DWORD next = trouble->delay == 0 ? FIRST_DELAY_MS : trouble->delay * 2;
    trouble->delay = next < LONGEST_DELAY_MS ? next : LONGEST_DELAY_MS;
    trouble->error = error;
    trouble->since = GetTickCount();
    buf_clear(&trouble->text);
    trouble_text(&trouble->text, error);
}

void trouble_end(struct trouble *trouble)
{
    trouble->delay = 0;
}

DWORD trouble_wait_ms(const struct trouble *trouble)
{
    DWORD gone = GetTickCount() - trouble->since;
    return gone < trouble->delay ? trouble->delay - gone : 0;
}

struct source_reading trouble_reading(const struct trouble *trouble, enum log_kind kind)
{
    return (struct source_reading){.access = trouble_status(trouble->error),
                                   .trouble = buf_text(&trouble->text),
                                   .kind = kind,
                                   .result = {.end = LOG_END}};
}

/* ---- handing out ---- */

struct live_run live_run_begin(struct source *source, const struct log_sink *sink,
                               enum log_kind kind)
{
    return (struct live_run){
        .source = source,
        .sink = sink,
        .reading = {.access = OS_OK, .kind = kind, .size = 1, .result = {.end = LOG_END}}};
}

void live_run_pass(struct live_run *run, const struct event *event, uint64_t sign)
{
    run->source->place = (struct log_place){
        .set = true, .record = event->record, .time = event->time, .offset = sign};
}

bool live_run_event(struct live_run *run, const struct event *event, uint64_t sign)
{
    live_run_pass(run, event, sign);
    if (event->time < run->not_before) {
        return true;
    }
    run->reading.result.records++;
    if (!run->sink->event(run->sink->context, event)) {
        run->reading.result.end = LOG_STOPPED;
        return false;
    }
    return true;
}

void live_run_damage(struct live_run *run, const char *what)
{
    run->reading.result.damaged++;
    if (run->sink->damage != NULL) {
        run->sink->damage(run->sink->context, run->source->place.record, what);
    }
}

void live_run_lost(struct live_run *run)
{
    run->reading.result.place_lost = true;
    if (run->sink->lost != NULL) {
        run->sink->lost(run->sink->context);
    }
    run->source->place = (struct log_place){.set = false};
    buf_clear(&run->source->bookmark);
}

uint64_t live_not_before(const struct source *source)
{
    uint64_t now = clock_now();
    return now > source->look_back ? now - source->look_back : 0;
}

bool live_same_place(const struct log_place *a, const struct log_place *b)
{
    return a->set == b->set &&
           (!a->set || (a->record == b->record && a->time == b->time && a->offset == b->offset));
}
