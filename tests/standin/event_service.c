#include "event_service.h"

#include "base/buf.h"
#include "base/utf.h"
#include "base/wintime.h"
#include "loop/clock.h"
#include "wide_win32.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* Of winevt.h and winerror.h. (Bookmarks are made and moved without the service.) */
enum {
    TO_FUTURE = 1,
    FROM_OLDEST = 2,
    AFTER_BOOKMARK = 3,
    STRICT_FLAG = 0x10000,
    RENDER_XML = 1,
    RENDER_BOOKMARK = 2,
    INVALID_QUERY = 15001,
    CHANNEL_NOT_FOUND = 15007,
    RESULT_STALE = 15011,
};

enum { SUBSCRIPTIONS = 32, WANTED = 16, EXPRESSIONS = 20, LATE_MS = 100 };

struct entry {
    uint64_t record;
    char *xml;
    DWORD render; /* what EvtRender says; 0: nothing */
};

struct wanted {
    char provider[64];
    char id[16];
};

enum kind { KIND_SUBSCRIPTION = 0x51, KIND_EVENT, KIND_BOOKMARK };

struct object {
    enum kind kind;
    /* An event, and where a bookmark is. */
    struct entry entry;
    bool has_record;
    /* A subscription. */
    HANDLE signal;
    uint64_t next; /* the least record number to come */
    bool skip_one;
    bool stale, dead, refuses;
    DWORD since;
    struct wanted wanted[WANTED];
    size_t wanted_count;
};

static struct {
    CRITICAL_SECTION lock;
    struct entry *entries;
    size_t count, room;
    uint64_t last_record;
    struct object *subscriptions[SUBSCRIPTIONS];
} all;

struct event_service_faults event_service_faults;
struct event_service_counts event_service_counts;

/* ---- the channel ---- */

static void drop(size_t count)
{
    count = count < all.count ? count : all.count;
    for (size_t i = 0; i < count; i++) {
        free(all.entries[i].xml);
    }
    if (count > 0) {
        memmove(all.entries, all.entries + count, (all.count - count) * sizeof *all.entries);
    }
    all.count -= count;
}

void event_service_begin(void)
{
    InitializeCriticalSection(&all.lock);
}

void event_service_end(void)
{
    drop(all.count);
    free(all.entries);
    DeleteCriticalSection(&all.lock);
    memset(&all, 0, sizeof all);
    memset(&event_service_faults, 0, sizeof event_service_faults);
    memset(&event_service_counts, 0, sizeof event_service_counts);
}

static bool is_wanted(const struct object *subscription, const char *xml)
{
    for (size_t i = 0; i < subscription->wanted_count; i++) {
        char text[96];
        bool provider = false;
        for (const char *quote = "'\""; *quote != '\0' && !provider; quote++) {
            (void)snprintf(text, sizeof text, "Provider Name=%c%s%c", *quote,
                           subscription->wanted[i].provider, *quote);
            provider = strstr(xml, text) != NULL;
        }
        (void)snprintf(text, sizeof text, ">%s</EventID>", subscription->wanted[i].id);
        if (provider && strstr(xml, text) != NULL) {
            return true;
        }
    }
    return false;
}

void event_service_add(const char *xml)
{
    EnterCriticalSection(&all.lock);
    const char *id = strstr(xml, "<EventRecordID>");
    struct entry entry = {.xml = text_copy(xml), .render = event_service_faults.next_event};
    entry.record =
        id != NULL ? strtoull(id + strlen("<EventRecordID>"), NULL, 10) : all.last_record + 1;
    event_service_faults.next_event = 0;
    if (all.count == all.room) {
        all.room = all.room == 0 ? 1024 : all.room * 2;
        all.entries = realloc(all.entries, all.room * sizeof *all.entries);
    }
    if (all.entries == NULL || entry.xml == NULL) {
        abort();
    }
    all.entries[all.count++] = entry;
    all.last_record = entry.record;
    for (size_t i = 0; i < SUBSCRIPTIONS; i++) {
        struct object *subscription = all.subscriptions[i];
        if (subscription != NULL && !subscription->dead && is_wanted(subscription, xml)) {
            SetEvent(subscription->signal);
        }
    }
    LeaveCriticalSection(&all.lock);
}

void event_service_add_event(int64_t seconds_ago)
{
    char time[WINTIME_TEXT_SIZE];
    wintime_iso(clock_now() - (uint64_t)(seconds_ago * (int64_t)WINTIME_PER_SECOND), time);
    char *xml = text_printf(
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
        "<Provider Name='Tcpip'/><EventID Qualifiers='32768'>4226</EventID><Level>3</Level>"
        "<TimeCreated SystemTime='%s'/><EventRecordID>%" PRIu64 "</EventRecordID>"
        "<Channel>System</Channel><Computer>WKS</Computer></System><EventData><Data></Data>"
        "</EventData></Event>",
        time, all.last_record + 1);
    event_service_add(xml);
    free(xml);
}

void event_service_clear(void)
{
    EnterCriticalSection(&all.lock);
    drop(all.count);
    LeaveCriticalSection(&all.lock);
    event_service_make_stale();
}

void event_service_drop(size_t count)
{
    EnterCriticalSection(&all.lock);
    drop(count);
    LeaveCriticalSection(&all.lock);
}

static void each_subscription(bool stale)
{
    EnterCriticalSection(&all.lock);
    for (size_t i = 0; i < SUBSCRIPTIONS; i++) {
        if (all.subscriptions[i] != NULL) {
            *(stale ? &all.subscriptions[i]->stale : &all.subscriptions[i]->dead) = true;
            SetEvent(all.subscriptions[i]->signal);
        }
    }
    LeaveCriticalSection(&all.lock);
}

void event_service_make_stale(void)
{
    each_subscription(true);
}

void event_service_restart(void)
{
    each_subscription(false);
}

/* ---- objects ---- */

static BOOL fail(DWORD error)
{
    SetLastError(error);
    return FALSE;
}

static struct object *make(enum kind kind)
{
    struct object *object = calloc(1, sizeof *object);
    if (object == NULL) {
        abort();
    }
    object->kind = kind;
    event_service_counts.open_now++;
    return object;
}

static void destroy(struct object *object)
{
    for (size_t i = 0; i < SUBSCRIPTIONS; i++) {
        if (all.subscriptions[i] == object) {
            all.subscriptions[i] = NULL;
        }
    }
    free(object->entry.xml);
    free(object);
    event_service_counts.open_now--;
}

/* ---- subscribing ---- */

/* The ids at `text`, as EventID=N or EventID=M); one that is no such list is none. */
static void parse_ids(struct object *subscription, const char *provider, size_t length,
                      const char *text)
{
    static const char before[] = "EventID=";
    static const char between[] = " or ";
    while (subscription->wanted_count < WANTED && strncmp(text, before, sizeof before - 1) == 0) {
        struct wanted *wanted = &subscription->wanted[subscription->wanted_count];
        const char *id = text + sizeof before - 1;
        size_t digits = strspn(id, "0123456789");
        if (digits == 0 || digits >= sizeof wanted->id) {
            return;
        }
        memcpy(wanted->provider, provider, length);
        memcpy(wanted->id, id, digits);
        subscription->wanted_count++;
        text = id + digits;
        text += strncmp(text, between, sizeof between - 1) == 0 ? sizeof between - 1 : 0;
    }
}

/* How many comparisons there are in a query, and what joins them. */
static size_t count_expressions(const char *query)
{
    static const char *const signs[] = {"=", " and ", " or "};
    size_t count = 0;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        for (const char *at = query; (at = strstr(at, signs[i])) != NULL; at++) {
            count++;
        }
    }
    return count;
}

/* The pairs in Provider[@Name='X'] and (EventID=N or EventID=M). None where Windows would not take
 * the query: "Consuming Events" of its documentation says that one with more than 20 expressions
 * has to be a list of queries. */
static void parse_query(struct object *subscription, const char *query)
{
    static const char before[] = "Provider[@Name='";
    static const char between[] = "'] and (";
    if (count_expressions(query) > EXPRESSIONS) {
        return;
    }
    while ((query = strstr(query, before)) != NULL) {
        query += sizeof before - 1;
        size_t length = strcspn(query, "'");
        if (length < sizeof subscription->wanted[0].provider &&
            strncmp(query + length, between, sizeof between - 1) == 0) {
            parse_ids(subscription, query, length, query + length + sizeof between - 1);
        }
    }
}

static const struct entry *find_record(uint64_t record)
{
    for (size_t i = 0; i < all.count; i++) {
        if (all.entries[i].record == record) {
            return &all.entries[i];
        }
    }
    return NULL;
}

static DWORD begin_at(struct object *subscription, const struct object *bookmark, DWORD flags)
{
    switch (flags & 3) {
    case TO_FUTURE:
        subscription->next = all.last_record + 1;
        return bookmark == NULL ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER;
    case FROM_OLDEST:
        return bookmark == NULL ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER;
    case AFTER_BOOKMARK:
        if (bookmark == NULL || bookmark->kind != KIND_BOOKMARK) {
            return ERROR_INVALID_PARAMETER;
        }
        if (bookmark->has_record && (flags & STRICT_FLAG) &&
            find_record(bookmark->entry.record) == NULL) {
            return ERROR_NOT_FOUND;
        }
        subscription->next = bookmark->has_record ? bookmark->entry.record + 1 : 0;
        subscription->skip_one = !bookmark->has_record;
        return ERROR_SUCCESS;
    default:
        return ERROR_INVALID_PARAMETER;
    }
}

static late_evt subscribe(const char *query, HANDLE signal, const struct object *bookmark,
                          DWORD flags)
{
    struct object *subscription = make(KIND_SUBSCRIPTION);
    size_t slot = 0;
    while (slot < SUBSCRIPTIONS && all.subscriptions[slot] != NULL) {
        slot++;
    }
    parse_query(subscription, query);
    subscription->signal = signal;
    subscription->since = GetTickCount();
    DWORD error = slot == SUBSCRIPTIONS             ? ERROR_TOO_MANY_OPEN_FILES
                  : subscription->wanted_count == 0 ? INVALID_QUERY
                                                    : begin_at(subscription, bookmark, flags);
    if (error != ERROR_SUCCESS) {
        destroy(subscription);
        SetLastError(error);
        return NULL;
    }
    subscription->refuses = event_service_faults.refuse;
    subscription->stale = bookmark != NULL && event_service_faults.stale_bookmark;
    all.subscriptions[slot] = subscription;
    if (!event_service_faults.late) {
        SetEvent(signal);
    }
    return subscription;
}

static late_evt WINAPI call_subscribe(late_evt session, HANDLE signal, LPCWSTR channel,
                                      LPCWSTR query, late_evt bookmark, PVOID context,
                                      PVOID callback, DWORD flags)
{
    late_evt made = NULL;
    event_service_counts.subscribes++;
    if (event_service_faults.service != 0) {
        SetLastError(event_service_faults.service);
    } else if (session != NULL || signal == NULL || context != NULL || callback != NULL) {
        SetLastError(ERROR_INVALID_PARAMETER);
    } else if (_wcsicmp(channel, L"System") != 0) {
        SetLastError(CHANNEL_NOT_FOUND);
    } else {
        struct buf text = BUF_INIT;
        wide_to_utf8(&text, query);
        EnterCriticalSection(&all.lock);
        made = subscribe(buf_text(&text), signal, bookmark, flags);
        LeaveCriticalSection(&all.lock);
        buf_free(&text);
    }
    return made;
}

/* ---- events ---- */

static DWORD collect(struct object *subscription, DWORD most, late_evt *events)
{
    DWORD got = 0;
    if (event_service_faults.late && GetTickCount() - subscription->since < LATE_MS) {
        Sleep(LATE_MS);
        SetEvent(subscription->signal);
        return 0;
    }
    for (size_t i = 0; i < all.count && got < most; i++) {
        const struct entry *entry = &all.entries[i];
        if (entry->record < subscription->next) {
            continue;
        }
        subscription->next = entry->record + 1;
        if (!is_wanted(subscription, entry->xml)) {
            continue;
        }
        if (subscription->skip_one) {
            subscription->skip_one = false;
            continue;
        }
        struct object *event = make(KIND_EVENT);
        event->entry = *entry;
        event->entry.xml = text_copy(entry->xml);
        events[got++] = event;
    }
    return got;
}

static BOOL WINAPI call_next(late_evt results, DWORD count, late_evt *events, DWORD timeout,
                             DWORD flags, PDWORD returned)
{
    struct object *subscription = results;
    event_service_counts.nexts++;
    *returned = 0;
    if (event_service_faults.service != 0) {
        return fail(event_service_faults.service);
    }
    if (subscription == NULL || subscription->kind != KIND_SUBSCRIPTION || subscription->dead) {
        return fail(ERROR_INVALID_HANDLE);
    }
    if (subscription->stale) {
        return fail(RESULT_STALE);
    }
    if (timeout != 0 || flags != 0 || count == 0) {
        return fail(ERROR_INVALID_PARAMETER);
    }
    if (subscription->refuses) {
        return fail(ERROR_INVALID_OPERATION);
    }
    if (event_service_faults.invalid_bound && count > 1) {
        return fail(RPC_S_INVALID_BOUND);
    }
    EnterCriticalSection(&all.lock);
    *returned = collect(subscription, count, events);
    LeaveCriticalSection(&all.lock);
    if (*returned == 0) {
        return fail(event_service_faults.nothing != 0 ? event_service_faults.nothing
                                                      : ERROR_NO_MORE_ITEMS);
    }
    return TRUE;
}

static BOOL put_out(const char *text, DWORD size, PVOID buffer, PDWORD used)
{
    wchar_t *wide = wide_from_utf8(text);
    if (wide == NULL) {
        return fail(ERROR_INVALID_DATA);
    }
    *used = (DWORD)((wcslen(wide) + 1) * sizeof *wide);
    bool fits = buffer != NULL && *used <= size;
    if (fits) {
        memcpy(buffer, wide, *used);
    }
    free(wide);
    return fits ? TRUE : fail(ERROR_INSUFFICIENT_BUFFER);
}

static BOOL WINAPI call_render(late_evt context, late_evt fragment, DWORD flags, DWORD size,
                               PVOID buffer, PDWORD used, PDWORD properties)
{
    const struct object *object = fragment;
    *used = 0;
    *properties = 0;
    if (event_service_faults.service != 0) {
        return fail(event_service_faults.service);
    }
    if (context != NULL || object == NULL ||
        object->kind != (flags == RENDER_BOOKMARK ? KIND_BOOKMARK : KIND_EVENT)) {
        return fail(ERROR_INVALID_PARAMETER);
    }
    if (flags == RENDER_XML && event_service_faults.render_events != 0) {
        return fail(event_service_faults.render_events);
    }
    if (flags == RENDER_XML) {
        return object->entry.render != 0 ? fail(object->entry.render)
                                         : put_out(object->entry.xml, size, buffer, used);
    }
    if (event_service_faults.render != 0) {
        return fail(event_service_faults.render);
    }
    char text[200];
    (void)snprintf(text, sizeof text,
                   "<BookmarkList>\r\n  <Bookmark Channel='System' RecordId='%" PRIu64
                   "' IsCurrent='true'/>\r\n</BookmarkList>",
                   object->entry.record);
    return put_out(object->has_record ? text : "<BookmarkList/>", size, buffer, used);
}

/* ---- bookmarks ---- */

static late_evt WINAPI call_create_bookmark(LPCWSTR xml)
{
    static const wchar_t before[] = L"RecordId='";
    const wchar_t *number = xml != NULL ? wcsstr(xml, before) : NULL;
    if (xml != NULL && number == NULL) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    struct object *bookmark = make(KIND_BOOKMARK);
    if (number != NULL) {
        bookmark->entry.record = wcstoull(number + wcslen(before), NULL, 10);
        bookmark->has_record = true;
    }
    return bookmark;
}

static BOOL WINAPI call_update_bookmark(late_evt bookmark, late_evt event)
{
    struct object *to = bookmark;
    const struct object *from = event;
    if (event_service_faults.update != 0) {
        return fail(event_service_faults.update);
    }
    if (to == NULL || to->kind != KIND_BOOKMARK || from == NULL || from->kind != KIND_EVENT) {
        return fail(ERROR_INVALID_PARAMETER);
    }
    to->entry.record = from->entry.record;
    to->has_record = true;
    return TRUE;
}

static BOOL WINAPI call_close(late_evt object)
{
    if (object == NULL) {
        return fail(ERROR_INVALID_HANDLE);
    }
    EnterCriticalSection(&all.lock);
    destroy(object);
    LeaveCriticalSection(&all.lock);
    return TRUE;
}

const struct late_wevtapi event_service_calls = {
    .subscribe = call_subscribe,
    .next = call_next,
    .render = call_render,
    .create_bookmark = call_create_bookmark,
    .update_bookmark = call_update_bookmark,
    .close = call_close,
};
