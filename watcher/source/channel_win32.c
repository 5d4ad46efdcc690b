/* A channel of the event log of Windows Vista and later: EvtSubscribe in its pull form, with a
 * query for the events of interest, and EvtRender to XML, which is read as exported XML is.
 *
 * The place is a bookmark, which Windows makes and finds again; it is moved on with each event.
 *
 * Source of what the calls answer: their pages in the Windows SDK documentation, "Subscribing to
 * Events", "Bookmarking Events" and "Windows Event Log Error Constants". */
#include "live_win32.h"

#include "decode/xml_event.h"
#include "match.h"
#include "wide_win32.h"

#include "base/utf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* winevt.h, which has nothing of this for Windows XP. */
enum {
    EVT_TO_FUTURE = 1,
    EVT_FROM_OLDEST = 2,
    EVT_AFTER_BOOKMARK = 3,
    EVT_STRICT = 0x10000,
    EVT_RENDER_XML = 1,
    EVT_RENDER_BOOKMARK = 2,
    EVT_STALE = 15011,
    EVT_INVALID_POSITION = 15012,
};

enum {
    BATCH = 32,
    RENDER_FIRST = 4096,
    RENDER_MOST = 1024 * 1024, /* bytes of an event's XML, as UTF-16 */
    RESUBSCRIBES = 4,          /* in one reading */
    FIRST_WAIT_MS = 500,       /* for the first events of a new subscription */
    SETTLED_MS = 10 * 1000,    /* then a subscription has given what the log had */
    REFUSED_MOST = 10,         /* readings of a subscription that never gave anything */
};

struct channel {
    struct live live;
    struct late_wevtapi calls;
    wchar_t *name;
    wchar_t *query;
    HANDLE ready; /* signalled by Windows when there are events */

    late_evt subscription; /* NULL: to be made */
    DWORD subscribed;      /* GetTickCount() */
    bool has_fetched;      /* through this subscription */
    unsigned refused;      /* so often it was no valid operation to ask for events */
    late_evt bookmark;     /* NULL until it holds an event */
    bool bookmark_moved;   /* since it was put into the source */
    bool bookmark_fails;   /* it is not behind the last event */
    struct log_place last; /* as the last reading left it */
    uint64_t not_before;   /* see live_run */
    struct trouble trouble;

    late_evt events[BATCH]; /* those not handed out yet go from `at` to `end` */
    DWORD at, end;
    DWORD batch; /* how many are asked for at a time */
    struct buf rendered;
    struct buf text;
    struct xml_decoder *decoder;
};

/* A call that fails without a reason must not look like one that worked. */
static DWORD last_error(void)
{
    DWORD error = GetLastError();
    return error != ERROR_SUCCESS ? error : ERROR_GEN_FAILURE;
}

/* ---- the query ---- */

static bool is_of_provider(size_t kind, const char *provider)
{
    return strcmp(match_wanted[kind].provider, provider) == 0;
}

/* The provider of the kind and all its ids, unless an earlier kind has brought them. */
static void add_provider(struct buf *query, size_t kind)
{
    const char *provider = match_wanted[kind].provider;
    for (size_t i = 0; i < kind; i++) {
        if (is_of_provider(i, provider)) {
            return;
        }
    }
    buf_printf(query, "%s(Provider[@Name='%s'] and (", kind > 0 ? " or " : "", provider);
    for (size_t i = kind; i < MATCH_KINDS; i++) {
        if (is_of_provider(i, provider)) {
            buf_printf(query, "%sEventID=%u", i > kind ? " or " : "", match_wanted[i].id);
        }
    }
    buf_add_text(query, "))");
}

/* Windows takes at most 20 expressions in one path, so each provider is named once. */
static wchar_t *make_query(void)
{
    struct buf query = BUF_INIT;
    buf_add_text(&query, "*[System[");
    for (size_t i = 0; i < MATCH_KINDS; i++) {
        add_provider(&query, i);
    }
    buf_add_text(&query, "]]");
    wchar_t *wide = query.failed ? NULL : wide_from_utf8(buf_text(&query));
    buf_free(&query);
    return wide;
}

/* ---- the subscription ---- */

static void close_object(struct channel *c, late_evt *object)
{
    if (*object != NULL) {
        c->calls.close(*object);
        *object = NULL;
    }
}

/* Events that were not handed out come again: the bookmark is before them. */
static void unsubscribe(struct channel *c)
{
    while (c->at < c->end) {
        close_object(c, &c->events[c->at++]);
    }
    close_object(c, &c->subscription);
}

static DWORD subscribe(struct channel *c, DWORD flags)
{
    late_evt bookmark = flags & EVT_STRICT ? c->bookmark : NULL;
    c->subscribed = GetTickCount();
    c->has_fetched = false;
    c->refused = 0;
    ResetEvent(c->ready);
    c->subscription =
        c->calls.subscribe(NULL, c->ready, c->name, c->query, bookmark, NULL, NULL, flags);
    return c->subscription != NULL ? ERROR_SUCCESS : last_error();
}

/* The bookmark as it was saved. False when Windows takes it for none. */
static bool load_bookmark(struct channel *c, const struct buf *saved)
{
    wchar_t *xml = saved->len > 0 ? wide_from_utf8(saved->data) : NULL;
    close_object(c, &c->bookmark);
    if (xml != NULL) {
        c->bookmark = c->calls.create_bookmark(xml);
    }
    free(xml);
    return c->bookmark != NULL;
}

static bool has_place(const struct channel *c, const struct source *source)
{
    return c->bookmark != NULL || source->bookmark.len > 0 || source->place.set;
}

/* Windows does not find the event of the bookmark, or cannot make anything of it. */
static bool is_lost(DWORD error)
{
    return error == ERROR_NOT_FOUND || error == ERROR_INVALID_PARAMETER ||
           error == ERROR_INVALID_DATA || error == EVT_INVALID_POSITION;
}

/* Subscribes from the source's place on; without one, or when it is gone, from the oldest event. */
static DWORD subscribe_at_place(struct channel *c, struct live_run *run)
{
    struct source *source = run->source;
    if (has_place(c, source)) {
        bool known =
            !c->bookmark_fails && (c->bookmark != NULL || load_bookmark(c, &source->bookmark));
        DWORD error = known ? subscribe(c, EVT_AFTER_BOOKMARK | EVT_STRICT) : ERROR_NOT_FOUND;
        if (!is_lost(error)) {
            return error;
        }
        live_run_lost(run);
    }
    close_object(c, &c->bookmark);
    c->bookmark_fails = false;
    c->not_before = live_not_before(source);
    run->not_before = c->not_before;
    return subscribe(c, EVT_FROM_OLDEST);
}

/* ---- the bookmark ---- */

/* Behind this event. An empty bookmark would skip the first event, so none is made before. */
static void move_bookmark(struct channel *c, late_evt event)
{
    if (c->bookmark == NULL) {
        c->bookmark = c->calls.create_bookmark(NULL);
    }
    c->bookmark_moved = true;
    c->bookmark_fails = c->bookmark == NULL || c->calls.update_bookmark(c->bookmark, event) == 0;
}

/* ---- events ---- */

/* Renders an object into c->text as UTF-8. */
static DWORD render(struct channel *c, late_evt object, DWORD how)
{
    DWORD error = ERROR_INSUFFICIENT_BUFFER;
    DWORD used = RENDER_FIRST;
    buf_clear(&c->text);
    for (int tries = 0; tries < 3 && error == ERROR_INSUFFICIENT_BUFFER; tries++) {
        DWORD properties = 0;
        if (used > RENDER_MOST) {
            return ERROR_FILE_TOO_LARGE;
        }
        buf_clear(&c->rendered);
        if (!buf_reserve(&c->rendered, used)) {
            return ERROR_NOT_ENOUGH_MEMORY;
        }
        DWORD size = used;
        error = c->calls.render(NULL, object, how, size, c->rendered.data, &used, &properties) != 0
                    ? ERROR_SUCCESS
                    : last_error();
        if (error == ERROR_SUCCESS && used > size) {
            error = ERROR_INVALID_DATA;
        }
    }
    if (error == ERROR_SUCCESS) {
        size_t units = used / sizeof(wchar_t);
        const wchar_t *wide = (const wchar_t *)(const void *)c->rendered.data;
        utf16le_to_utf8(&c->text, (const uint8_t *)wide, wcsnlen(wide, units));
        error = c->text.failed ? ERROR_NOT_ENOUGH_MEMORY : ERROR_SUCCESS;
    }
    return error;
}

/* After a large event the memory is not kept. */
static void give_back(struct buf *b)
{
    if (b->cap > (size_t)RENDER_FIRST * 4 || b->failed) {
        buf_free(b);
    }
}

static void tell_bad_event(struct live_run *run, DWORD error, const char *what)
{
    char text[256];
    if (error == ERROR_FILE_TOO_LARGE) {
        (void)snprintf(text, sizeof text, "an event of more than 1 MiB");
    } else if (error != ERROR_SUCCESS) {
        (void)snprintf(text, sizeof text, "an event that Windows cannot render (error %lu)",
                       (unsigned long)error);
    } else {
        (void)snprintf(text, sizeof text, "an event whose XML is not as it should be: %s", what);
    }
    live_run_damage(run, text);
}

/* Reads one event. One that is bad is told, is not `*good`, and costs itself alone; an error is one
 * that has nothing to do with the event. */
static DWORD decode(struct channel *c, struct live_run *run, late_evt object, struct event *event,
                    bool *good)
{
    const char *what = NULL;
    DWORD error = render(c, object, EVT_RENDER_XML);
    *good = false;
    if (trouble_may_pass(error, false)) {
        return error;
    }
    if (error == ERROR_SUCCESS) {
        switch (
            xml_event_decode(c->decoder, buf_text(&c->text), c->text.len, "UTF-8", event, &what)) {
        case XML_EVENT:
            *good = true;
            return ERROR_SUCCESS;
        case XML_NO_MEMORY:
            return ERROR_NOT_ENOUGH_MEMORY;
        case XML_OTHER:
            what = "another element than Event, or one without System";
            break;
        case XML_DAMAGED:
            break;
        }
    }
    tell_bad_event(run, error, what);
    return ERROR_SUCCESS;
}

/* Hands out the events that were fetched. `*enough`: the sink wants no more. */
static DWORD hand_out(struct channel *c, struct live_run *run, bool *enough)
{
    while (!*enough && c->at < c->end) {
        struct event event;
        bool good;
        late_evt *object = &c->events[c->at];
        DWORD error = decode(c, run, *object, &event, &good);
        if (error != ERROR_SUCCESS) {
            return error;
        }
        move_bookmark(c, *object);
        close_object(c, object);
        c->at++;
        if (good &&
            (match_connect_limit(&event) || match_ports(&event) || match_started_again(&event))) {
            *enough = !live_run_event(run, &event, 0);
        } else if (good) {
            live_run_pass(run, &event, 0);
        }
    }
    return ERROR_SUCCESS;
}

/* Windows says so where there is nothing to fetch; but some have seen subscriptions that say
 * nothing else from the beginning on: one that has never given an event is made again after a
 * while. */
static DWORD take_refusal(struct channel *c)
{
    c->refused++;
    return !c->has_fetched && c->refused >= REFUSED_MOST ? EVT_STALE : ERROR_NO_MORE_ITEMS;
}

/* Fetches the next events. ERROR_NO_MORE_ITEMS: there are none now. */
static DWORD fetch(struct channel *c)
{
    c->at = 0;
    c->end = 0;
    DWORD got = 0;
    if (c->calls.next(c->subscription, c->batch, c->events, 0, 0, &got) != 0) {
        c->has_fetched = true;
        c->end = got <= c->batch ? got : c->batch;
        return c->end > 0 ? ERROR_SUCCESS : ERROR_NO_MORE_ITEMS;
    }
    switch (last_error()) {
    case ERROR_NO_MORE_ITEMS:
    case ERROR_TIMEOUT:
        return ERROR_NO_MORE_ITEMS;
    case ERROR_INVALID_OPERATION:
        return take_refusal(c);
    case RPC_S_INVALID_BOUND: /* large events, too many for one call */
        if (c->batch > 1) {
            c->batch = 1;
            return EVT_STALE;
        }
        return RPC_S_INVALID_BOUND;
    case EVT_INVALID_POSITION:
        return EVT_STALE;
    default:
        return last_error();
    }
}

/* A new subscription is filled while one looks; what the log has is wanted in the first reading. */
static DWORD fetch_first(struct channel *c)
{
    DWORD error = fetch(c);
    if (error == ERROR_NO_MORE_ITEMS &&
        WaitForSingleObject(c->ready, FIRST_WAIT_MS) == WAIT_OBJECT_0) {
        ResetEvent(c->ready);
        error = fetch(c);
    }
    return error;
}

/* ---- reading ---- */

/* Reads until there is no more, or the sink has enough (ERROR_SUCCESS). */
static DWORD read_to_end(struct channel *c, struct live_run *run)
{
    DWORD error = ERROR_SUCCESS;
    if (c->subscription != NULL) {
        /* Before the events are fetched: what comes while they are sets it again. */
        ResetEvent(c->ready);
    } else {
        error = subscribe_at_place(c, run);
        error = error == ERROR_SUCCESS ? fetch_first(c) : error;
    }
    bool enough = false;
    while (error == ERROR_SUCCESS) {
        error = hand_out(c, run, &enough);
        if (error == ERROR_SUCCESS && enough) {
            return ERROR_SUCCESS;
        }
        error = error == ERROR_SUCCESS ? fetch(c) : error;
    }
    return error;
}

static DWORD drain(struct channel *c, struct live_run *run)
{
    DWORD error = EVT_STALE;
    c->batch = BATCH;
    for (int i = 0; i <= RESUBSCRIBES && error == EVT_STALE; i++) {
        error = read_to_end(c, run);
        if (error == EVT_STALE) {
            unsubscribe(c);
            /* Where the events behind the bookmark cannot be had, the rest can. */
            c->bookmark_fails = c->bookmark_fails || i == RESUBSCRIBES - 1;
        }
    }
    if (error == ERROR_NO_MORE_ITEMS) {
        if (c->has_fetched || GetTickCount() - c->subscribed >= SETTLED_MS) {
            c->not_before = 0;
        }
        error = ERROR_SUCCESS;
    }
    return error;
}

/* One that cannot be had is none: the next start goes by the place then, and counts nothing twice.
 */
static void save_bookmark(struct channel *c, struct source *source)
{
    if (!c->bookmark_moved) {
        return;
    }
    c->bookmark_moved = false;
    bool good = !c->bookmark_fails && c->bookmark != NULL &&
                render(c, c->bookmark, EVT_RENDER_BOOKMARK) == ERROR_SUCCESS;
    buf_clear(&source->bookmark);
    if (good) {
        buf_add(&source->bookmark, c->text.data, c->text.len);
    }
    if (source->bookmark.failed) {
        buf_free(&source->bookmark);
    }
}

/* Everything from the place on is to be looked for again. */
static void forget_place(struct channel *c)
{
    unsubscribe(c);
    close_object(c, &c->bookmark);
}

static struct source_reading read_channel(struct live *live, struct source *source,
                                          const struct log_sink *sink)
{
    struct channel *c = (struct channel *)live;
    if (trouble_wait_ms(&c->trouble) > 0) {
        return trouble_reading(&c->trouble, LOG_XML);
    }
    struct live_run run = live_run_begin(source, sink, LOG_XML);
    if (!live_same_place(&source->place, &c->last)) {
        forget_place(c);
    }
    run.not_before = c->not_before;
    DWORD error = drain(c, &run);
    save_bookmark(c, source);
    c->last = source->place;
    give_back(&c->rendered);
    give_back(&c->text);
    if (error == ERROR_SUCCESS) {
        trouble_end(&c->trouble);
        return run.reading;
    }
    unsubscribe(c);
    trouble_begin(&c->trouble, error);
    struct source_reading reading = trouble_reading(&c->trouble, LOG_XML);
    reading.result = run.reading.result;
    return reading;
}

static bool check_channel(struct live *live, struct buf *why)
{
    struct channel *c = (struct channel *)live;
    DWORD error = subscribe(c, EVT_TO_FUTURE);
    close_object(c, &c->subscription);
    if (error != ERROR_SUCCESS && !trouble_may_pass(error, true)) {
        trouble_text(why, error);
        return false;
    }
    return true;
}

/* ---- the source ---- */

static intptr_t ready_handle(const struct live *live)
{
    return (intptr_t)((const struct channel *)live)->ready;
}

static uint32_t due_ms(const struct live *live)
{
    const struct channel *c = (const struct channel *)live;
    return c->trouble.delay > 0 ? trouble_wait_ms(&c->trouble) : SOURCE_NOT_DUE;
}

static void free_channel(struct live *live)
{
    struct channel *c = (struct channel *)live;
    forget_place(c);
    if (c->ready != NULL) {
        CloseHandle(c->ready);
    }
    xml_decoder_free(c->decoder);
    buf_free(&c->trouble.text);
    buf_free(&c->rendered);
    buf_free(&c->text);
    free(c->query);
    free(c->name);
    free(c);
}

struct live *channel_new(const struct late_wevtapi *calls, const wchar_t *name)
{
    static const struct live_calls functions = {check_channel, read_channel, ready_handle, due_ms,
                                                free_channel};
    struct channel *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return NULL;
    }
    c->live.calls = &functions;
    c->calls = *calls;
    c->name = _wcsdup(name);
    c->query = make_query();
    c->ready = CreateEventW(NULL, TRUE, FALSE, NULL);
    c->decoder = xml_decoder_new();
    if (c->name == NULL || c->query == NULL || c->ready == NULL || c->decoder == NULL) {
        free_channel(&c->live);
        return NULL;
    }
    return &c->live;
}
