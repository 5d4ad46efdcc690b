/* A channel of the event log, against a service in memory that answers as Windows does. */
#include "check.h"
#include "live_fixture.h"
#include "standin/event_service.h"

#include "loop/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INVALID_EVENT_DATA = 15005 };

static struct live *open_channel(void)
{
    struct live *live = channel_new(&event_service_calls, L"System");
    CHECK(live != NULL);
    return live;
}

static void begin(struct live_fixture *f)
{
    event_service_begin();
    live_begin(f, open_channel());
}

static void end(struct live_fixture *f)
{
    live_end(f);
    CHECK_NUMBER(event_service_counts.open_now, 0);
    event_service_end();
}

static void add_events(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        event_service_add_event(0);
    }
}

/* Saved and loaded again by another process. */
static void start_again(struct live_fixture *f)
{
    live_start_again(f, open_channel());
}

/* ---- reading ---- */

static void each_event_comes_once(void)
{
    struct live_fixture f;
    begin(&f);
    LIVE_READ(&f, 0);
    CHECK_TEXT(buf_text(&f.source.bookmark), "");
    add_events(3);
    CHECK(live_is_ready(&f, 0));
    LIVE_READ(&f, 3);
    CHECK_NUMBER(f.matches, 3);
    CHECK(!live_is_ready(&f, 0));
    LIVE_READ(&f, 0);
    add_events(100); /* several batches */
    LIVE_READ(&f, 100);
    CHECK_NUMBER(f.first, 4);
    CHECK_NUMBER(f.source.place.record, 103);
    CHECK(strstr(buf_text(&f.source.bookmark), "RecordId='103'") != NULL);
    CHECK_NUMBER(event_service_counts.subscribes, 1);
    CHECK_NUMBER(event_service_counts.open_now, 2); /* the subscription and the bookmark */
    CHECK_NUMBER(source_due_ms(&f.source), SOURCE_NOT_DUE);
    end(&f);
}

static void a_hundred_thousand_events_come_once(void)
{
    struct live_fixture f;
    begin(&f);
    add_events(100000);
    LIVE_READ(&f, 100000);
    CHECK_NUMBER(f.last, 100000);
    LIVE_READ(&f, 0);
    end(&f);
}

/* What is wanted, and nothing else; also where the query lets more through. */
static void only_what_is_wanted_comes(void)
{
    static const char form[] = "<Event><System><Provider Name='%s'/><EventID>%u</EventID>"
                               "<TimeCreated SystemTime='2999-01-01T00:00:00Z'/></System>"
                               "<EventData><Data>%s</Data></EventData></Event>";
    static const struct {
        const char *provider;
        unsigned id;
        const char *data;
        unsigned expected;
    } cases[] = {
        {"Tcpip", 4226, "", 1},
        {"Tcpip", 4227, "", 1},
        {"Tcpip", 4231, "", 1},
        {"EventLog", 6005, "", 1},
        {"EventLog", 4227, "", 0},
        {"Tcpip", 4228, "", 0},
        {"Tcpip", 6005, "", 0},
        {"EventLog", 4226, "", 0},
        {"Other", 4226, "", 0},
        /* The stand-in is taken in by these. */
        {"Other", 4226, "Provider Name='Tcpip'", 0},
        {"Tcpip", 4228, "&lt;EventID>4226</EventID>", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct live_fixture f;
        char xml[400];
        begin(&f);
        (void)snprintf(xml, sizeof xml, form, cases[i].provider, cases[i].id, cases[i].data);
        event_service_add(xml);
        LIVE_READ(&f, cases[i].expected);
        end(&f);
    }
}

static void a_sink_that_has_enough_goes_on_later(void)
{
    struct live_fixture f;
    begin(&f);
    add_events(10);
    f.stop_after = 4;
    LIVE_READ(&f, 4);
    CHECK_NUMBER(f.reading.result.end, LOG_STOPPED);
    CHECK(strstr(buf_text(&f.source.bookmark), "RecordId='4'") != NULL);
    LIVE_READ(&f, 4);
    start_again(&f);
    LIVE_READ(&f, 2);
    CHECK_NUMBER(f.first, 9);
    CHECK_NUMBER(f.reading.result.end, LOG_END);
    end(&f);
}

static void the_end_is_known_by_every_name(void)
{
    static const DWORD names[] = {ERROR_NO_MORE_ITEMS, ERROR_TIMEOUT, ERROR_INVALID_OPERATION};
    struct live_fixture f;
    begin(&f);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        event_service_faults.nothing = names[i];
        LIVE_READ(&f, 0);
        add_events(1);
        LIVE_READ(&f, 1);
    }
    CHECK_NUMBER(event_service_counts.subscribes, 1);
    end(&f);
}

/* The stand-in says it to the first question of a subscription, and then always. */
static void a_subscription_that_never_works_is_made_again(void)
{
    struct live_fixture f;
    begin(&f);
    event_service_faults.refuse = true;
    for (int i = 0; i < 5; i++) {
        LIVE_READ(&f, 0);
    }
    add_events(1);
    event_service_faults.refuse = false; /* of those made from now on */
    for (int i = 0; i < 20 && f.records == 0; i++) {
        CHECK(live_read(&f));
    }
    CHECK_NUMBER(f.records, 1);
    CHECK_NUMBER(event_service_counts.subscribes, 2);
    CHECK_NUMBER(f.lost, 0);
    end(&f);
}

static void a_subscription_that_is_filled_late_is_read_whole(void)
{
    struct live_fixture f;
    begin(&f);
    event_service_faults.late = true;
    event_service_add_event(7200);
    add_events(3);
    LIVE_READ(&f, 3);
    end(&f);
}

static void events_too_large_for_a_batch_come_one_by_one(void)
{
    struct live_fixture f;
    begin(&f);
    event_service_faults.invalid_bound = true;
    add_events(50);
    LIVE_READ(&f, 50);
    CHECK_NUMBER(f.lost, 0);
    add_events(2);
    LIVE_READ(&f, 2);
    end(&f);
}

/* ---- the place ---- */

static void the_first_start_looks_back_by_one_window(void)
{
    struct live_fixture f;
    begin(&f);
    event_service_add_event(7200);
    event_service_add_event(3700);
    event_service_add_event(3500);
    LIVE_READ(&f, 1);
    CHECK_NUMBER(f.first, 3);
    event_service_add_event(7200);
    LIVE_READ(&f, 1);
    end(&f);
}

static void a_later_start_goes_on_at_the_bookmark(void)
{
    struct live_fixture f;
    begin(&f);
    for (uint64_t i = 1; i <= 20; i++) {
        add_events(1);
        LIVE_READ(&f, 1);
        event_service_add_event(7200); /* while nothing ran */
        start_again(&f);
        LIVE_READ(&f, 1);
        CHECK_NUMBER(f.first, 2 * i);
        CHECK_NUMBER(f.lost, 0);
        start_again(&f);
        LIVE_READ(&f, 0);
    }
    end(&f);
}

static void a_lost_bookmark_is_told(void)
{
    struct live_fixture f;
    begin(&f);
    add_events(5);
    LIVE_READ(&f, 5);
    event_service_add_event(7200);
    add_events(4);
    event_service_drop(5);
    start_again(&f);
    LIVE_READ(&f, 4);
    CHECK_NUMBER(f.lost, 1);
    CHECK(f.reading.result.place_lost);
    CHECK_NUMBER(f.first, 7);
    LIVE_READ(&f, 0);
    CHECK_NUMBER(f.lost, 0);
    start_again(&f);
    LIVE_READ(&f, 0);
    CHECK_NUMBER(f.lost, 0);
    end(&f);
}

static void a_bookmark_that_is_none_is_lost(void)
{
    struct live_fixture f;
    begin(&f);
    add_events(2);
    LIVE_READ(&f, 2);
    buf_clear(&f.source.bookmark);
    buf_add_text(&f.source.bookmark, "nonsense");
    start_again(&f);
    LIVE_READ(&f, 2);
    CHECK_NUMBER(f.lost, 1);
    /* None at all, although there is a place. */
    buf_clear(&f.source.bookmark);
    start_again(&f);
    LIVE_READ(&f, 2);
    CHECK_NUMBER(f.lost, 1);
    end(&f);
}

/* What Windows does not let be noted is not noted wrongly: the next start tells the gap, and by the
 * place nothing counts twice. */
static void a_bookmark_that_does_not_move_is_not_kept(void)
{
    struct live_fixture f;
    begin(&f);
    add_events(2);
    LIVE_READ(&f, 2);
    event_service_faults.update = ERROR_GEN_FAILURE;
    add_events(1);
    LIVE_READ(&f, 1);
    CHECK_TEXT(buf_text(&f.source.bookmark), "");
    CHECK_NUMBER(f.source.place.record, 3);
    /* Nor used: it is before an event that was handed out. */
    event_service_make_stale();
    live_forget(&f);
    CHECK(live_read(&f));
    CHECK_NUMBER(f.lost, 1);
    event_service_faults.update = 0;
    add_events(1);
    LIVE_READ(&f, 1);
    CHECK(strstr(buf_text(&f.source.bookmark), "RecordId='4'") != NULL);
    event_service_faults.render = ERROR_GEN_FAILURE;
    add_events(1);
    LIVE_READ(&f, 1);
    CHECK_TEXT(buf_text(&f.source.bookmark), "");
    event_service_faults.render = 0;
    start_again(&f);
    live_forget(&f);
    CHECK(live_read(&f));
    CHECK_NUMBER(f.lost, 1);
    end(&f);
}

static void a_place_that_is_dropped_reads_all_again(void)
{
    struct live_fixture f;
    begin(&f);
    add_events(3);
    LIVE_READ(&f, 3);
    f.source.place = (struct log_place){.set = false};
    buf_clear(&f.source.bookmark);
    LIVE_READ(&f, 3);
    CHECK_NUMBER(f.lost, 0);
    end(&f);
}

static void a_stale_query_is_made_again(void)
{
    struct live_fixture f;
    begin(&f);
    add_events(2);
    LIVE_READ(&f, 2);
    event_service_make_stale();
    CHECK(live_is_ready(&f, 0));
    LIVE_READ(&f, 0);
    CHECK_NUMBER(f.lost, 0);
    event_service_make_stale();
    add_events(3);
    LIVE_READ(&f, 3);
    CHECK_NUMBER(f.lost, 0);
    /* With events fetched and not handed out. */
    add_events(10);
    f.stop_after = 4;
    LIVE_READ(&f, 4);
    event_service_make_stale();
    f.stop_after = 0;
    live_forget(&f);
    CHECK(live_read(&f));
    CHECK_NUMBER(f.records, 6);
    CHECK_NUMBER(f.last, 15);
    end(&f);
}

/* However often it is made: what is behind the bookmark cannot be had. */
static void a_query_that_stays_stale_is_made_from_the_oldest(void)
{
    struct live_fixture f;
    begin(&f);
    add_events(2);
    LIVE_READ(&f, 2);
    event_service_faults.stale_bookmark = true;
    event_service_make_stale();
    add_events(1);
    LIVE_READ(&f, 3);
    CHECK_NUMBER(f.lost, 1);
    LIVE_READ(&f, 0);
    add_events(1);
    LIVE_READ(&f, 1);
    CHECK_NUMBER(f.lost, 0);
    end(&f);
}

/* The event of the bookmark is overwritten in time, where there is no other; but each day has one.
 */
static void the_bookmark_moves_on_each_day(void)
{
    static const char uptime[] = "<Event><System><Provider Name='EventLog'/><EventID>6013</EventID>"
                                 "<TimeCreated SystemTime='2999-01-01T00:00:00Z'/>"
                                 "<EventRecordID>900</EventRecordID></System></Event>";
    struct live_fixture f;
    begin(&f);
    add_events(1);
    LIVE_READ(&f, 1);
    event_service_add(uptime);
    LIVE_READ(&f, 0);
    CHECK_NUMBER(f.source.place.record, 900);
    CHECK(strstr(buf_text(&f.source.bookmark), "RecordId='900'") != NULL);
    event_service_drop(1);
    start_again(&f);
    LIVE_READ(&f, 0);
    CHECK_NUMBER(f.lost, 0);
    end(&f);
}

static void a_cleared_channel_is_told_and_read(void)
{
    struct live_fixture f;
    begin(&f);
    add_events(4);
    LIVE_READ(&f, 4);
    event_service_clear();
    LIVE_READ(&f, 0);
    CHECK_NUMBER(f.lost, 1);
    CHECK(f.reading.result.place_lost);
    LIVE_READ(&f, 0);
    CHECK_NUMBER(f.lost, 0);
    add_events(2);
    LIVE_READ(&f, 2);
    CHECK_NUMBER(f.lost, 0);
    event_service_clear();
    add_events(1);
    LIVE_READ(&f, 1);
    CHECK_NUMBER(f.lost, 1);
    end(&f);
}

/* ---- the service ---- */

static bool waited(const struct live_fixture *f, DWORD delay)
{
    uint32_t due = source_due_ms(&f->source);
    return due > delay / 2 && due <= delay;
}

static void service_is_started_again(DWORD error)
{
    struct live_fixture f;
    begin(&f);
    add_events(2);
    LIVE_READ(&f, 2);
    event_service_restart();
    event_service_faults.service = error;
    add_events(1);
    live_forget(&f);
    CHECK(!live_read(&f));
    CHECK(f.reading.trouble != NULL && strstr(f.reading.trouble, "(error ") != NULL);
    CHECK(waited(&f, 1000));
    unsigned nexts = event_service_counts.nexts;
    CHECK(!live_read(&f)); /* too early: nobody is asked */
    CHECK_NUMBER(event_service_counts.nexts, nexts);
    Sleep(1100);
    if (error != 0) {
        CHECK(!live_read(&f));
        CHECK(waited(&f, 2000));
        event_service_faults.service = 0;
        Sleep(2100);
    }
    CHECK_NUMBER(source_due_ms(&f.source), 0);
    LIVE_READ(&f, 1);
    CHECK_NUMBER(f.first, 3);
    CHECK_NUMBER(f.lost, 0);
    CHECK_NUMBER(source_due_ms(&f.source), SOURCE_NOT_DUE);
    end(&f);
}

static void a_service_that_is_started_again_is_read_on(void)
{
    service_is_started_again(0);
    service_is_started_again(RPC_S_SERVER_UNAVAILABLE);
    service_is_started_again(RPC_S_CALL_FAILED);
}

/* The service goes away while its events are being read: they are not taken for bad ones. */
static void a_service_that_goes_away_costs_no_event(void)
{
    struct live_fixture f;
    begin(&f);
    add_events(3);
    event_service_faults.render_events = RPC_S_CALL_FAILED;
    live_forget(&f);
    CHECK(!live_read(&f));
    CHECK_NUMBER(f.reading.result.damaged, 0);
    CHECK(!f.source.place.set);
    event_service_faults.render_events = 0;
    Sleep(1100);
    LIVE_READ(&f, 3);
    CHECK_NUMBER(f.lost, 0);
    end(&f);
}

static void what_no_waiting_mends_is_told_at_once(void)
{
    static const struct {
        DWORD error;
        const char *text;
    } cases[] = {
        {15007, "there is no such channel (error 15007)"},
        {15001, "Windows does not take the query (error 15001)"},
        {ERROR_ACCESS_DENIED, "access is denied (error 5)"},
    };
    struct live_fixture f;
    struct buf why = BUF_INIT;
    begin(&f);
    CHECK(source_check(os_native(), &f.source, &why));
    event_service_faults.service = RPC_S_SERVER_UNAVAILABLE;
    CHECK(source_check(os_native(), &f.source, &why));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf_clear(&why);
        event_service_faults.service = cases[i].error;
        CHECK(!source_check(os_native(), &f.source, &why));
        CHECK_TEXT(buf_text(&why), cases[i].text);
        CHECK(!live_read(&f));
        CHECK_TEXT(f.reading.trouble, cases[i].text);
        start_again(&f);
    }
    end(&f);
    event_service_begin();
    live_begin(&f, channel_new(&event_service_calls, L"No such"));
    buf_clear(&why);
    CHECK(!source_check(os_native(), &f.source, &why));
    CHECK_TEXT(buf_text(&why), cases[0].text);
    buf_free(&why);
    end(&f);
}

/* ---- bad events ---- */

static void an_event_that_cannot_be_rendered_costs_only_itself(void)
{
    struct live_fixture f;
    begin(&f);
    add_events(2);
    event_service_faults.next_event = INVALID_EVENT_DATA;
    add_events(3);
    LIVE_READ(&f, 4);
    CHECK_NUMBER(f.reading.result.damaged, 1);
    CHECK_TEXT(buf_text(&f.damage), "2: an event that Windows cannot render (error 15005)\n");
    /* Alone, and nothing else in the channel: not met again. */
    event_service_clear();
    LIVE_READ(&f, 0);
    event_service_faults.next_event = INVALID_EVENT_DATA;
    add_events(1);
    LIVE_READ(&f, 0);
    CHECK_NUMBER(f.reading.result.damaged, 1);
    start_again(&f);
    LIVE_READ(&f, 0);
    CHECK_NUMBER(f.reading.result.damaged, 0);
    CHECK_NUMBER(f.lost, 0);
    end(&f);
}

/* An event with this in its data. */
static void add_with(const char *start, const char *data)
{
    struct buf xml = BUF_INIT;
    buf_printf(&xml,
               "%s<System><Provider Name='Tcpip'/><EventID>4226</EventID>"
               "<TimeCreated SystemTime='2999-01-01T00:00:00Z'/></System><EventData><Data>%s"
               "</Data></EventData></Event>",
               start, data);
    event_service_add(buf_text(&xml));
    buf_free(&xml);
}

static void bad_xml_costs_only_itself(void)
{
    static const struct {
        const char *start;
        const char *data;
        unsigned damaged;
    } cases[] = {
        {"<Event>", "good", 0},
        {"<Event>", "\x01\x02 &#3;", 0}, /* exports have them, too */
        {"<Event>", "<unclosed>", 1},
        {"<Event>", "&nonsense;", 1},
        {"<Element>", "", 1},
        {"no XML <Event>", "", 1},
        {"<!DOCTYPE Event [<!ENTITY a 'Tcpip'>]><Event>", "&a;", 1},
        {"<!DOCTYPE Event SYSTEM 'http://127.0.0.1/x'><Event>", "", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct live_fixture f;
        begin(&f);
        add_with(cases[i].start, cases[i].data);
        add_events(1);
        LIVE_READ(&f, 2 - cases[i].damaged);
        CHECK_NUMBER(f.reading.result.damaged, cases[i].damaged);
        end(&f);
    }
}

static void a_large_event_is_read_up_to_a_bound(void)
{
    static const size_t sizes[] = {1000, 3000, 100000, 500000, 600000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct live_fixture f;
        char *data = malloc(sizes[i] + 1);
        CHECK(data != NULL);
        if (data == NULL) {
            return;
        }
        memset(data, 'x', sizes[i]);
        data[sizes[i]] = '\0';
        begin(&f);
        add_with("<Event>", data);
        add_events(1);
        bool fits = sizes[i] * 2 < 1024 * 1024;
        LIVE_READ(&f, fits ? 2 : 1);
        CHECK_TEXT(buf_text(&f.damage), fits ? "" : "0: an event of more than 1 MiB\n");
        free(data);
        end(&f);
    }
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"each event comes once", each_event_comes_once},
        {"a hundred thousand events come once", a_hundred_thousand_events_come_once},
        {"only what is wanted comes", only_what_is_wanted_comes},
        {"a sink that has enough goes on later", a_sink_that_has_enough_goes_on_later},
        {"the end is known by every name", the_end_is_known_by_every_name},
        {"a subscription that never works is made again",
         a_subscription_that_never_works_is_made_again},
        {"a subscription that is filled late is read whole",
         a_subscription_that_is_filled_late_is_read_whole},
        {"events too large for a batch come one by one",
         events_too_large_for_a_batch_come_one_by_one},
        {"the first start looks back by one window", the_first_start_looks_back_by_one_window},
        {"a later start goes on at the bookmark", a_later_start_goes_on_at_the_bookmark},
        {"a lost bookmark is told", a_lost_bookmark_is_told},
        {"a bookmark that is none is lost", a_bookmark_that_is_none_is_lost},
        {"a bookmark that does not move is not kept", a_bookmark_that_does_not_move_is_not_kept},
        {"a place that is dropped reads all again", a_place_that_is_dropped_reads_all_again},
        {"a stale query is made again", a_stale_query_is_made_again},
        {"a query that stays stale is made from the oldest",
         a_query_that_stays_stale_is_made_from_the_oldest},
        {"the bookmark moves on each day", the_bookmark_moves_on_each_day},
        {"a cleared channel is told and read", a_cleared_channel_is_told_and_read},
        {"a service that is started again is read on", a_service_that_is_started_again_is_read_on},
        {"a service that goes away costs no event", a_service_that_goes_away_costs_no_event},
        {"what no waiting mends is told at once", what_no_waiting_mends_is_told_at_once},
        {"an event that cannot be rendered costs only itself",
         an_event_that_cannot_be_rendered_costs_only_itself},
        {"bad XML costs only itself", bad_xml_costs_only_itself},
        {"a large event is read up to a bound", a_large_event_is_read_up_to_a_bound},
    };
    return RUN_SUITE("channel", cases);
}
