/* The classic event log, against a log in memory that answers as Windows does. */
#include "check.h"
#include "live_fixture.h"
#include "standin/classic_log.h"

#include "base/bytes.h"
#include "loop/clock.h"

#include <stdlib.h>
#include <string.h>

static struct live *open_log(void)
{
    struct live *live = classic_new(&classic_log_calls, L"System");
    CHECK(live != NULL);
    return live;
}

/* A source on a log whose first record has the number 1. */
static void begin(struct live_fixture *f)
{
    classic_log_begin(1);
    live_begin(f, open_log());
}

static void end(struct live_fixture *f)
{
    live_end(f);
    CHECK_NUMBER(classic_log_counts.open_now, 0);
    classic_log_end();
}

static void write_events(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        classic_log_write_event(0);
    }
}

/* ---- reading ---- */

static void each_record_comes_once(void)
{
    struct live_fixture f;
    begin(&f);
    LIVE_READ(&f, 0);
    write_events(3);
    LIVE_READ(&f, 3);
    CHECK_NUMBER(f.matches, 3);
    CHECK_NUMBER(f.first, 1);
    LIVE_READ(&f, 0);
    write_events(2);
    LIVE_READ(&f, 2);
    CHECK_NUMBER(f.first, 4);
    CHECK_NUMBER(f.source.place.record, 5);
    CHECK_NUMBER(f.lost, 0);
    CHECK_NUMBER(classic_log_counts.opens, 1); /* one handle does */
    end(&f);
}

static void a_hundred_thousand_records_come_once(void)
{
    struct live_fixture f;
    begin(&f);
    write_events(100000);
    LIVE_READ(&f, 100000);
    CHECK_NUMBER(f.last, 100000);
    LIVE_READ(&f, 0);
    CHECK_NUMBER(f.reading.result.damaged, 0);
    end(&f);
}

static void a_pulse_wakes(void)
{
    struct live_fixture f;
    begin(&f);
    LIVE_READ(&f, 0);
    CHECK(!live_is_ready(&f, 200));
    for (int i = 0; i < 3; i++) {
        Sleep(300); /* the thread has to be waiting: a pulse is no more than that */
        write_events(1);
        CHECK(live_is_ready(&f, 5000));
        CHECK(!live_is_ready(&f, 0)); /* it resets itself */
        LIVE_READ(&f, 1);
    }
    CHECK_NUMBER(source_due_ms(&f.source), SOURCE_NOT_DUE);
    end(&f);
}

static void without_pulses_it_is_polled(void)
{
    struct live_fixture f;
    begin(&f);
    classic_log_faults.notify = true;
    LIVE_READ(&f, 0);
    (void)live_is_ready(&f, 1000); /* the thread is told that it has to poll */
    write_events(1);
    CHECK(live_is_ready(&f, 7000));
    LIVE_READ(&f, 1);
    CHECK(live_is_ready(&f, 7000)); /* and again, although nothing was written */
    LIVE_READ(&f, 0);
    end(&f);
}

static void a_sink_that_has_enough_goes_on_later(void)
{
    struct live_fixture f;
    begin(&f);
    write_events(10);
    f.stop_after = 4;
    LIVE_READ(&f, 4);
    CHECK_NUMBER(f.reading.result.end, LOG_STOPPED);
    CHECK_NUMBER(f.source.place.record, 4);
    LIVE_READ(&f, 4);
    LIVE_READ(&f, 2);
    CHECK_NUMBER(f.reading.result.end, LOG_END);
    CHECK_NUMBER(f.last, 10);
    end(&f);
}

static void a_long_record_is_read(void)
{
    struct live_fixture f;
    static uint8_t data[300000];
    struct log_record record = log_record_tcpip(4226, "WKS", clock_now());
    begin(&f);
    record.data = data;
    record.data_size = sizeof data;
    write_events(1);
    classic_log_write(&record);
    write_events(1);
    LIVE_READ(&f, 3);
    CHECK_NUMBER(f.matches, 3);
    CHECK_NUMBER(f.reading.result.damaged, 0);
    write_events(1);
    LIVE_READ(&f, 1);
    end(&f);
}

/* ---- the first start ---- */

static void the_first_start_looks_back_by_one_window(void)
{
    struct live_fixture f;
    begin(&f);
    classic_log_write_event(7200);
    classic_log_write_event(3700);
    classic_log_write_event(3500);
    classic_log_write_event(60);
    LIVE_READ(&f, 2);
    CHECK_NUMBER(f.first, 3);
    CHECK_NUMBER(f.source.place.record, 4);
    /* What is written while it runs counts, whatever the clock says. */
    classic_log_write_event(7200);
    LIVE_READ(&f, 1);
    CHECK_NUMBER(f.lost, 0);
    end(&f);
}

/* And while nothing ran: a place is known, and what is behind it is new. */
static void a_later_start_goes_on_at_the_place(void)
{
    struct live_fixture f;
    begin(&f);
    write_events(5);
    LIVE_READ(&f, 5);
    classic_log_write_event(7200);
    classic_log_write_event(0);
    live_start_again(&f, open_log());
    LIVE_READ(&f, 2);
    CHECK_NUMBER(f.first, 6);
    CHECK_NUMBER(f.lost, 0);
    live_start_again(&f, open_log());
    LIVE_READ(&f, 0);
    end(&f);
}

/* Killed at any record: what was read before it does not come again, and the rest does. */
static void every_place_is_found_again(void)
{
    for (uint64_t at = 1; at <= 20; at++) {
        struct live_fixture f;
        begin(&f);
        write_events(20);
        f.stop_after = at;
        LIVE_READ(&f, at);
        f.stop_after = 0;
        live_start_again(&f, open_log());
        LIVE_READ(&f, 20 - at);
        CHECK_NUMBER(f.lost, 0);
        CHECK(at == 20 || f.first == at + 1);
        end(&f);
    }
}

static void a_place_that_is_dropped_reads_all_again(void)
{
    struct live_fixture f;
    begin(&f);
    classic_log_write_event(7200);
    write_events(3);
    LIVE_READ(&f, 3);
    f.source.place = (struct log_place){.set = false};
    LIVE_READ(&f, 3);
    CHECK_NUMBER(f.lost, 0);
    end(&f);
}

static void seek_fails(DWORD error)
{
    struct live_fixture f;
    begin(&f);
    write_events(3000);
    LIVE_READ(&f, 3000);
    write_events(2);
    classic_log_faults.seek = error;
    live_start_again(&f, open_log());
    LIVE_READ(&f, 2);
    CHECK_NUMBER(f.first, 3001);
    CHECK_NUMBER(f.lost, 0);
    CHECK_NUMBER(classic_log_counts.seeks, 1);
    end(&f);
}

static void a_seek_that_fails_is_done_by_reading(void)
{
    seek_fails(ERROR_INVALID_PARAMETER);
    seek_fails(ERROR_HANDLE_EOF);
}

/* ---- wrapping and clearing ---- */

static void numbers_wrap_round(void)
{
    struct live_fixture f;
    for (int written = 1; written <= 8; written++) {
        classic_log_begin(UINT32_MAX - 3);
        live_begin(&f, open_log());
        write_events((size_t)written);
        LIVE_READ(&f, (uint64_t)written);
        CHECK_NUMBER(f.last, (uint32_t)(UINT32_MAX - 4 + (uint32_t)written));
        write_events(2);
        live_start_again(&f, open_log());
        LIVE_READ(&f, 2);
        CHECK_NUMBER(f.lost, 0);
        write_events(1);
        LIVE_READ(&f, 1);
        CHECK_NUMBER(classic_log_counts.opens, 2);
        end(&f);
    }
}

static void a_log_that_wraps_loses_nothing(bool blind)
{
    struct live_fixture f;
    begin(&f);
    classic_log_faults.blind = blind;
    write_events(10);
    LIVE_READ(&f, 10);
    for (int i = 0; i < 20; i++) {
        classic_log_drop(3);
        write_events(3);
        LIVE_READ(&f, 3);
        CHECK_NUMBER(f.lost, 0);
    }
    CHECK_NUMBER(f.last, 70);
    end(&f);
}

static void wrapping_before_the_place_loses_nothing(void)
{
    a_log_that_wraps_loses_nothing(false);
    a_log_that_wraps_loses_nothing(true);
}

static void a_place_that_is_overwritten_is_told(void)
{
    for (int blind = 0; blind < 2; blind++) {
        struct live_fixture f;
        begin(&f);
        classic_log_faults.blind = blind == 1;
        write_events(10);
        LIVE_READ(&f, 10);
        write_events(30);
        classic_log_write_event(7200); /* older than a window: of no interest any more */
        classic_log_drop(20);
        LIVE_READ(&f, 20);
        CHECK_NUMBER(f.lost, 1);
        CHECK(f.reading.result.place_lost);
        CHECK_NUMBER(f.first, 21);
        LIVE_READ(&f, 0);
        CHECK_NUMBER(f.lost, 0);
        end(&f);
    }
}

static void clear_and_write(bool blind)
{
    struct live_fixture f;
    begin(&f);
    classic_log_faults.blind = blind;
    write_events(10);
    LIVE_READ(&f, 10);
    classic_log_begin(1);
    LIVE_READ(&f, 0);
    CHECK_NUMBER(f.lost, 1);
    LIVE_READ(&f, 0);
    CHECK_NUMBER(f.lost, 0);
    write_events(2);
    LIVE_READ(&f, 2);
    CHECK_NUMBER(f.lost, 0);
    CHECK_NUMBER(f.first, 1);
    /* Cleared and written to before it is read. */
    classic_log_begin(1);
    write_events(1);
    LIVE_READ(&f, 1);
    CHECK_NUMBER(f.lost, 1);
    end(&f);
}

static void a_cleared_log_is_told_and_read(void)
{
    clear_and_write(false);
    clear_and_write(true);
}

/* The number of the place is another record's now. */
static void a_log_that_was_filled_again_is_told(void)
{
    uint64_t now = clock_now() / WINTIME_PER_SECOND * WINTIME_PER_SECOND;
    for (int same_time = 0; same_time < 2; same_time++) {
        struct live_fixture f;
        struct log_record record = log_record_tcpip(4226, "WKS", now);
        begin(&f);
        for (int i = 0; i < 5; i++) {
            classic_log_write(&record);
        }
        LIVE_READ(&f, 5);
        classic_log_begin(1);
        record.id = same_time ? 0x80001083 : record.id;
        record.time = same_time ? now : now + WINTIME_PER_SECOND;
        for (int i = 0; i < 7; i++) {
            classic_log_write(&record);
        }
        live_start_again(&f, open_log());
        LIVE_READ(&f, 7);
        CHECK_NUMBER(f.lost, 1);
        end(&f);
    }
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
    write_events(2);
    LIVE_READ(&f, 2);
    classic_log_restart();
    classic_log_faults.service = error;
    write_events(1);
    live_forget(&f);
    CHECK(!live_read(&f));
    CHECK(f.reading.trouble != NULL && strstr(f.reading.trouble, "(error ") != NULL);
    CHECK(waited(&f, 1000));
    CHECK_NUMBER(classic_log_counts.open_now, 0);
    unsigned reads = classic_log_counts.reads;
    CHECK(!live_read(&f)); /* too early: nobody is asked */
    CHECK_NUMBER(classic_log_counts.reads, reads);
    classic_log_faults.service = 0;
    Sleep(1100);
    CHECK_NUMBER(source_due_ms(&f.source), 0);
    LIVE_READ(&f, 1);
    CHECK_NUMBER(f.first, 3);
    CHECK_NUMBER(f.lost, 0);
    CHECK_NUMBER(source_due_ms(&f.source), SOURCE_NOT_DUE);
    Sleep(300);
    write_events(1);
    CHECK(live_is_ready(&f, 5000)); /* the new handle has its pulses, too */
    LIVE_READ(&f, 1);
    end(&f);
}

static void a_service_that_is_started_again_is_read_on(void)
{
    service_is_started_again(0); /* the handle alone is no good any more */
    service_is_started_again(RPC_S_SERVER_UNAVAILABLE);
    service_is_started_again(RPC_S_CALL_FAILED);
    service_is_started_again(RPC_S_UNKNOWN_IF);
    service_is_started_again(EPT_S_NOT_REGISTERED);
}

static void a_service_that_is_down_is_asked_less_and_less(void)
{
    static const DWORD delays[] = {1000, 2000, 4000};
    struct live_fixture f;
    begin(&f);
    classic_log_faults.service = RPC_S_SERVER_UNAVAILABLE;
    for (size_t i = 0; i < 3; i++) {
        CHECK(!live_read(&f));
        CHECK_TEXT(f.reading.trouble, "the event log service does not answer (error 1722)");
        CHECK(waited(&f, delays[i]));
        Sleep(source_due_ms(&f.source) + 50);
    }
    struct trouble trouble = {.delay = 0};
    for (size_t i = 0; i < 40; i++) {
        trouble_begin(&trouble, RPC_S_SERVER_UNAVAILABLE);
        CHECK(trouble.delay <= 60000);
    }
    CHECK_NUMBER(trouble.delay, 60000);
    trouble_end(&trouble);
    trouble_begin(&trouble, 4711);
    CHECK_NUMBER(trouble.delay, 1000);
    CHECK_TEXT(buf_text(&trouble.text), "Windows refuses it (error 4711)");
    buf_free(&trouble.text);
    end(&f);
}

static void what_no_waiting_mends_is_told_at_once(void)
{
    struct live_fixture f;
    struct buf why = BUF_INIT;
    begin(&f);
    CHECK(source_check(os_native(), &f.source, &why));
    classic_log_faults.service = RPC_S_SERVER_UNAVAILABLE;
    CHECK(source_check(os_native(), &f.source, &why));
    classic_log_faults.service = ERROR_ACCESS_DENIED;
    CHECK(!source_check(os_native(), &f.source, &why));
    CHECK_TEXT(buf_text(&why), "access is denied (error 5)");
    buf_free(&why);
    end(&f);
}

static void a_read_that_fails_for_ever_is_a_trouble(void)
{
    struct live_fixture f;
    begin(&f);
    write_events(1);
    classic_log_faults.reading = 1234;
    CHECK(!live_read(&f));
    CHECK_TEXT(f.reading.trouble, "Windows refuses it (error 1234)");
    classic_log_faults.reading = ERROR_EVENTLOG_FILE_CHANGED;
    Sleep(1100);
    unsigned reads = classic_log_counts.reads;
    CHECK(!live_read(&f));
    CHECK(classic_log_counts.reads - reads < 10);
    CHECK(strstr(f.reading.trouble, "(error 1503)") != NULL);
    classic_log_faults.reading = 0;
    Sleep(2100);
    LIVE_READ(&f, 1);
    end(&f);
}

/* ---- damage ---- */

static void damage_costs_only_itself(void)
{
    struct live_fixture f;
    begin(&f);
    write_events(10);
    classic_log_damage(4);
    classic_log_damage(7);
    classic_log_damage(8);
    LIVE_READ(&f, 7);
    CHECK_TEXT(buf_text(&f.damage), "3: Windows finds the log damaged there (error 1500)\n"
                                    "6: Windows finds the log damaged there (error 1500)\n");
    LIVE_READ(&f, 0);
    CHECK_TEXT(buf_text(&f.damage), "");
    /* Nothing readable is left: told once, and what is written behind it is read. */
    write_events(3);
    for (uint32_t i = 11; i <= 13; i++) {
        classic_log_damage(i);
    }
    LIVE_READ(&f, 0);
    CHECK_NUMBER(f.reading.result.damaged, 1);
    LIVE_READ(&f, 0);
    CHECK_NUMBER(f.reading.result.damaged, 0);
    write_events(2);
    LIVE_READ(&f, 2);
    CHECK_NUMBER(f.reading.result.damaged, 0);
    CHECK_NUMBER(f.lost, 0);
    end(&f);
}

static void damage_at_the_beginning_costs_only_itself(void)
{
    struct live_fixture f;
    begin(&f);
    write_events(1000);
    for (uint32_t i = 1; i <= 600; i++) {
        classic_log_damage(i);
    }
    LIVE_READ(&f, 400);
    CHECK_NUMBER(f.first, 601);
    CHECK_NUMBER(f.reading.result.damaged, 1);
    /* All but the last of many. */
    write_events(1000);
    for (uint32_t i = 1001; i < 2000; i++) {
        classic_log_damage(i);
    }
    LIVE_READ(&f, 1);
    CHECK_NUMBER(f.first, 2000);
    end(&f);
}

/* A record of event 4226 as ReadEventLog gives it. */
static void make_record(struct buf *out, uint32_t number)
{
    const struct log_record record = log_record_tcpip(4226, "WKS", clock_now());
    buf_clear(out);
    evt_record_bytes(out, &record, number);
}

static void garbage_costs_only_itself(void)
{
    enum { KINDS = 7 };
    for (int kind = 0; kind < KINDS; kind++) {
        struct live_fixture f;
        struct buf record = BUF_INIT;
        begin(&f);
        write_events(2);
        make_record(&record, 3);
        uint8_t *bytes = (uint8_t *)record.data;
        switch (kind) {
        case 0:
            put_le32(bytes, 0);
            break;
        case 1:
            put_le32(bytes, UINT32_MAX);
            break;
        case 2:
            put_le32(bytes, 60); /* shorter than it is */
            break;
        case 3:
            put_le32(bytes, (uint32_t)record.len + 200); /* into the next one */
            break;
        case 4:
            put_le32(bytes + 4, 0); /* no signature */
            break;
        case 5:
            put_le32(bytes + record.len - 4, 4); /* another length at its end */
            break;
        default:
            memset(bytes, 0xff, record.len);
            break;
        }
        classic_log_write_bytes(bytes, record.len);
        write_events(2);
        LIVE_READ(&f, 4);
        CHECK_NUMBER(f.matches, 4);
        CHECK_NUMBER(f.reading.result.damaged, 1);
        CHECK_TEXT(buf_text(&f.damage), "2: what ReadEventLog gave is no record\n");
        LIVE_READ(&f, 0);
        CHECK_NUMBER(f.reading.result.damaged, 0);
        buf_free(&record);
        end(&f);
    }
}

static void garbage_at_the_end_is_told_once(void)
{
    struct live_fixture f;
    static const uint8_t rubbish[] = {1, 2, 3, 4, 5, 6, 7};
    begin(&f);
    write_events(2);
    LIVE_READ(&f, 2);
    classic_log_write_bytes(rubbish, sizeof rubbish);
    live_forget(&f);
    for (int i = 0; i < 5; i++) {
        CHECK(live_read(&f));
    }
    CHECK_TEXT(buf_text(&f.damage), "2: what ReadEventLog gave is no record\n");
    CHECK(classic_log_counts.opens <= 2);
    write_events(1);
    LIVE_READ(&f, 1);
    CHECK_NUMBER(f.lost, 0);
    end(&f);
}

/* What a record says of its own parts is not believed. */
static void names_without_an_end_are_none(void)
{
    struct live_fixture f;
    struct buf record = BUF_INIT;
    begin(&f);
    make_record(&record, 1);
    uint8_t *bytes = (uint8_t *)record.data;
    put_le32(bytes + 36, UINT32_MAX); /* offsets of the strings, the SID and the data */
    put_le32(bytes + 44, UINT32_MAX - 3);
    put_le32(bytes + 52, 0x7fffffff);
    classic_log_write_bytes(bytes, record.len);
    put_le32(bytes + 8, 2);
    memset(bytes + 56, 'x', record.len - 60);
    classic_log_write_bytes(bytes, record.len);
    LIVE_READ(&f, 2);
    CHECK_NUMBER(f.matches, 1);
    CHECK_NUMBER(f.reading.result.damaged, 0);
    buf_free(&record);
    end(&f);
}

/* Any bytes at all: nothing is read outside of them, and what is written behind them comes. */
static void random_bytes_do_no_harm(void)
{
    uint32_t seed = 1;
    for (int round = 0; round < 300; round++) {
        struct live_fixture f;
        struct buf record = BUF_INIT;
        begin(&f);
        for (uint32_t i = 1; i <= 5; i++) {
            make_record(&record, i);
            for (int change = 0; change < 3; change++) {
                seed = seed * 1664525 + 1013904223;
                record.data[(seed >> 8) % record.len] ^= (char)(seed >> 24);
            }
            classic_log_write_bytes(record.data, record.len - (seed >> 5) % 8);
        }
        CHECK(live_read(&f));
        write_events(1);
        live_forget(&f);
        CHECK(live_read(&f));
        CHECK(f.matches >= 1);
        buf_free(&record);
        end(&f);
    }
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"each record comes once", each_record_comes_once},
        {"a hundred thousand records come once", a_hundred_thousand_records_come_once},
        {"a pulse wakes", a_pulse_wakes},
        {"without pulses it is polled", without_pulses_it_is_polled},
        {"a sink that has enough goes on later", a_sink_that_has_enough_goes_on_later},
        {"a long record is read", a_long_record_is_read},
        {"the first start looks back by one window", the_first_start_looks_back_by_one_window},
        {"a later start goes on at the place", a_later_start_goes_on_at_the_place},
        {"every place is found again", every_place_is_found_again},
        {"a place that is dropped reads all again", a_place_that_is_dropped_reads_all_again},
        {"a seek that fails is done by reading", a_seek_that_fails_is_done_by_reading},
        {"numbers wrap round", numbers_wrap_round},
        {"wrapping before the place loses nothing", wrapping_before_the_place_loses_nothing},
        {"a place that is overwritten is told", a_place_that_is_overwritten_is_told},
        {"a cleared log is told and read", a_cleared_log_is_told_and_read},
        {"a log that was filled again is told", a_log_that_was_filled_again_is_told},
        {"a service that is started again is read on", a_service_that_is_started_again_is_read_on},
        {"a service that is down is asked less and less",
         a_service_that_is_down_is_asked_less_and_less},
        {"what no waiting mends is told at once", what_no_waiting_mends_is_told_at_once},
        {"a read that fails for ever is a trouble", a_read_that_fails_for_ever_is_a_trouble},
        {"damage costs only itself", damage_costs_only_itself},
        {"damage at the beginning costs only itself", damage_at_the_beginning_costs_only_itself},
        {"garbage costs only itself", garbage_costs_only_itself},
        {"garbage at the end is told once", garbage_at_the_end_is_told_once},
        {"names without an end are none", names_without_an_end_are_none},
        {"random bytes do no harm", random_bytes_do_no_harm},
    };
    return RUN_SUITE("classic", cases);
}
