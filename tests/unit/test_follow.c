/* From a log's records to bursts, with files that grow, are cleared, damaged, gone and back. */
#include "check.h"
#include "sandbox.h"
#include "watcher_fixture.h"

#include "base/wintime.h"
#include "faulty_os.h"
#include "state.h"

#include <stdlib.h>
#include <string.h>

#define LOG   PLACE "/SysEvent.Evt"
#define DAY   UINT64_C(86400)
#define SIZE  65536
#define LIMIT 524288

static void open_log(struct evt_image *log)
{
    CHECK(evt_image_create(log, SIZE, LIMIT));
}

static void write_and_follow(struct watcher_fixture *f, const struct evt_image *log)
{
    fixture_write(log, LOG);
    watcher_follow(&f->w, &f->w.logs[0]);
}

static size_t bursts_told(const struct watcher_fixture *f)
{
    return fixture_count(&f->told, "Burst: ");
}

static void a_burst_is_told_once(void)
{
    struct watcher_fixture f;
    struct evt_image log;
    fixture_open(&f);
    fixture_add_log(&f, LOG);
    open_log(&log);
    fixture_append(&log, "WKS", 0);
    fixture_append(&log, "WKS", 60);
    write_and_follow(&f, &log);
    CHECK_NUMBER(bursts_told(&f), 0);
    CHECK(f.w.state_changed);
    fixture_append(&log, "WKS", 120);
    write_and_follow(&f, &log);
    CHECK_NUMBER(bursts_told(&f), 1);
    CHECK(strstr(buf_text(&f.told), "Burst: 3 events 4226 of WKS within 2 minutes") != NULL);
    CHECK(!f.w.state_changed); /* it was saved before it was told */
    fixture_append(&log, "WKS", 180);
    write_and_follow(&f, &log);
    watcher_follow(&f.w, &f.w.logs[0]);
    CHECK_NUMBER(bursts_told(&f), 1);
    CHECK_NUMBER(f.w.logs[0].source.place.record, 4);
    evt_image_free(&log);
    fixture_close(&f);
}

/* What has grown until the log is read first is told whole. */
static void a_burst_that_is_over_is_told_whole(void)
{
    struct watcher_fixture f;
    struct evt_image log;
    fixture_open(&f);
    fixture_add_log(&f, LOG);
    open_log(&log);
    for (uint64_t i = 0; i < 50; i++) {
        fixture_append(&log, "WKS", i * 60);
    }
    write_and_follow(&f, &log);
    CHECK_NUMBER(bursts_told(&f), 1);
    CHECK(strstr(buf_text(&f.told), "Burst: 50 events") != NULL);
    evt_image_free(&log);
    fixture_close(&f);
}

static void several_bursts_in_one_reading_are_all_told(void)
{
    struct watcher_fixture f;
    struct evt_image log;
    fixture_open(&f);
    fixture_add_log(&f, LOG);
    open_log(&log);
    for (uint64_t burst = 0; burst < 5; burst++) {
        for (uint64_t i = 0; i < 3 + burst; i++) {
            fixture_append(&log, "WKS", burst * 2 * DAY + i * 60);
        }
    }
    write_and_follow(&f, &log);
    CHECK_NUMBER(bursts_told(&f), 5);
    CHECK(strstr(buf_text(&f.told), "Burst: 3 events") != NULL);
    CHECK(strstr(buf_text(&f.told), "Burst: 7 events") != NULL);
    CHECK_NUMBER(f.w.memory.untold[BURST_CONNECT_LIMIT].last, 0);
    evt_image_free(&log);
    fixture_close(&f);
}

/* A program that is killed while it tells the first burst does not lose the second. */
static struct engine_memory saved_while_telling;

static void load_state(struct watcher_fixture *f)
{
    enum keyfile_status whole = KEYFILE_OK;
    if (bursts_told(f) == 1) {
        CHECK_NUMBER(
            state_load(os_native(), DIRECTORY, &saved_while_telling, NULL, 0, NULL, &whole), OS_OK);
        CHECK_NUMBER(whole, KEYFILE_OK);
        f->on_tell = NULL;
    }
}

static void a_second_burst_survives_a_kill(void)
{
    struct watcher_fixture f;
    struct evt_image log;
    fixture_open(&f);
    fixture_add_log(&f, LOG);
    open_log(&log);
    for (uint64_t i = 0; i < 3; i++) {
        fixture_append(&log, "WKS", i);
    }
    for (uint64_t i = 0; i < 3; i++) {
        fixture_append(&log, "OTHER", i);
    }
    f.on_tell = load_state;
    write_and_follow(&f, &log);
    CHECK_NUMBER(bursts_told(&f), 2);
    CHECK_TEXT(saved_while_telling.burst.computer, "WKS");
    CHECK_TEXT(saved_while_telling.untold[BURST_CONNECT_LIMIT].computer, "OTHER");
    CHECK_NUMBER(saved_while_telling.untold[BURST_CONNECT_LIMIT].events, 3);
    CHECK_NUMBER(f.w.memory.untold[BURST_CONNECT_LIMIT].last, 0);
    evt_image_free(&log);
    fixture_close(&f);
}

static void a_burst_that_goes_on_is_told_again_after_the_cooldown(void)
{
    struct watcher_fixture f;
    struct evt_image log;
    fixture_open(&f);
    fixture_add_log(&f, LOG);
    open_log(&log);
    for (uint64_t i = 0; i < 100; i++) { /* 50 hours, without a pause */
        fixture_append(&log, "WKS", i * 1800);
        write_and_follow(&f, &log);
    }
    CHECK_NUMBER(bursts_told(&f), 3);
    f.w.policy.cooldown_seconds = 0;
    for (uint64_t i = 100; i < 200; i++) {
        fixture_append(&log, "WKS", i * 1800);
        write_and_follow(&f, &log);
    }
    CHECK_NUMBER(bursts_told(&f), 3);
    evt_image_free(&log);
    fixture_close(&f);
}

static void computers_and_logs_are_counted_apart(void)
{
    struct watcher_fixture f;
    struct evt_image log;
    fixture_open(&f);
    fixture_add_log(&f, LOG);
    fixture_add_log(&f, PLACE "/other.evt");
    open_log(&log);
    fixture_append(&log, "WKS", 0);
    fixture_append(&log, "OTHER", 0);
    fixture_append(&log, "WKS", 60);
    fixture_write(&log, PLACE "/other.evt");
    write_and_follow(&f, &log);
    watcher_follow(&f.w, &f.w.logs[1]);
    CHECK_NUMBER(bursts_told(&f), 0);
    /* The same burst in both logs is told once. */
    fixture_append(&log, "WKS", 120);
    fixture_write(&log, PLACE "/other.evt");
    write_and_follow(&f, &log);
    watcher_follow(&f.w, &f.w.logs[1]);
    CHECK_NUMBER(bursts_told(&f), 1);
    fixture_append(&log, "OTHER", 60);
    fixture_append(&log, "WKS", 180);
    fixture_append(&log, "OTHER", 120);
    write_and_follow(&f, &log);
    CHECK_NUMBER(bursts_told(&f), 2);
    CHECK(strstr(buf_text(&f.told), "events 4226 of OTHER") != NULL);
    evt_image_free(&log);
    fixture_close(&f);
}

/* Cleared: new numbers, new times. Two events before it and one after it are three. */
static void a_cleared_log_counts_on(void)
{
    struct watcher_fixture f;
    struct evt_image log;
    fixture_open(&f);
    fixture_add_log(&f, LOG);
    open_log(&log);
    fixture_append(&log, "WKS", 0);
    fixture_append(&log, "WKS", 1);
    write_and_follow(&f, &log);
    evt_image_free(&log);
    open_log(&log);
    write_and_follow(&f, &log); /* empty at first */
    CHECK_NUMBER(bursts_told(&f), 0);
    fixture_append(&log, "WKS", 2);
    write_and_follow(&f, &log);
    CHECK_NUMBER(fixture_count(&f.told, "is not in it any more"), 1);
    CHECK_NUMBER(bursts_told(&f), 1);
    CHECK(strstr(buf_text(&f.told), "Burst: 3 events") != NULL);
    /* Times that step back behind the first new record count as well. */
    fixture_append(&log, "WKS", 1);
    write_and_follow(&f, &log);
    CHECK_NUMBER(fixture_count(&f.told, "is not in it any more"), 1);
    CHECK_NUMBER(bursts_told(&f), 1);
    evt_image_free(&log);
    fixture_close(&f);
}

/* The clock was set back before the log was cleared: every record is older than what was counted,
 * and the new log is counted by itself. */
static void a_cleared_log_of_an_earlier_time_is_counted(void)
{
    struct watcher_fixture f;
    struct evt_image log;
    fixture_open(&f);
    f.w.policy.cooldown_seconds = 0;
    fixture_add_log(&f, LOG);
    open_log(&log);
    fixture_append(&log, "WKS", 90000);
    write_and_follow(&f, &log);
    evt_image_free(&log);
    open_log(&log);
    for (uint64_t i = 0; i < 3; i++) {
        fixture_append(&log, "WKS", i);
        write_and_follow(&f, &log);
    }
    CHECK_NUMBER(bursts_told(&f), 1);
    CHECK_NUMBER(fixture_count(&f.told, "is not in it any more"), 1);
    evt_image_free(&log);
    fixture_close(&f);
}

/* Another file with the same events: read anew, and the burst in it is known, cooldown or not. */
static void a_replaced_log_tells_nothing_twice(void)
{
    static const uint32_t cooldowns[] = {86400, 0};
    for (size_t c = 0; c < 2; c++) {
        struct watcher_fixture f;
        struct evt_image log;
        fixture_open(&f);
        f.w.policy.cooldown_seconds = cooldowns[c];
        fixture_add_log(&f, LOG);
        open_log(&log);
        for (uint64_t i = 0; i < 4; i++) {
            fixture_append(&log, "WKS", 100 + i);
        }
        write_and_follow(&f, &log);
        CHECK_NUMBER(bursts_told(&f), 1);
        fixture_append(&log, "WKS", 105);
        write_and_follow(&f, &log);
        evt_image_free(&log);
        open_log(&log);
        fixture_append(&log, "SOMEONE", 0);
        for (uint64_t i = 0; i < 4; i++) {
            fixture_append(&log, "WKS", 100 + i);
        }
        fixture_append(&log, "WKS", 200);
        write_and_follow(&f, &log);
        CHECK_NUMBER(fixture_count(&f.told, "is not in it any more"), 1);
        CHECK_NUMBER(bursts_told(&f), 1);
        evt_image_free(&log);
        fixture_close(&f);
    }
}

static void wrapping_behind_the_place_loses_nothing(void)
{
    struct watcher_fixture f;
    struct evt_image log;
    fixture_open(&f);
    fixture_add_log(&f, LOG);
    CHECK(evt_image_create(&log, 4096, 4096));
    for (uint64_t i = 0; i < 200; i++) { /* many times around, never two within an hour */
        fixture_append(&log, "WKS", i * 7200);
        write_and_follow(&f, &log);
    }
    CHECK_NUMBER(bursts_told(&f), 0);
    CHECK_NUMBER(fixture_count(&f.told, "is not in it any more"), 0);
    CHECK_NUMBER(f.w.logs[0].source.place.record, 200);
    fixture_append(&log, "WKS", 199 * 7200 + 1);
    fixture_append(&log, "WKS", 199 * 7200 + 2);
    write_and_follow(&f, &log);
    CHECK_NUMBER(bursts_told(&f), 1);
    evt_image_free(&log);
    fixture_close(&f);
}

/* Breaks the record with this index, from 0, by its signature. */
static void break_record(struct evt_image *log, size_t index)
{
    size_t seen = 0;
    for (size_t at = 48; at + 4 <= log->size; at += 4) {
        if (memcmp(log->bytes + at, "LfLe", 4) == 0 && seen++ == index) {
            memset(log->bytes + at, 'x', 4);
            return;
        }
    }
    CHECK(false);
}

static void damage_is_told_once(void)
{
    struct watcher_fixture f;
    struct evt_image log;
    fixture_open(&f);
    fixture_add_log(&f, LOG);
    open_log(&log);
    for (uint64_t i = 0; i < 10; i++) {
        fixture_append(&log, "WKS", i * 7200);
    }
    break_record(&log, 4);
    write_and_follow(&f, &log);
    CHECK_NUMBER(fixture_count(&f.told, "is damaged at offset"), 1);
    CHECK_NUMBER(f.w.logs[0].source.place.record, 10);
    fixture_append(&log, "WKS", 100000);
    write_and_follow(&f, &log);
    CHECK_NUMBER(fixture_count(&f.told, "is damaged at offset"), 1);
    CHECK_NUMBER(f.w.logs[0].source.place.record, 11);
    evt_image_free(&log);
    /* Another log at the same place, damaged as well: told once, although it is read twice. */
    open_log(&log);
    for (uint64_t i = 0; i < 10; i++) {
        fixture_append(&log, "OTHER", i * 7200 + 1);
    }
    break_record(&log, 2);
    write_and_follow(&f, &log);
    CHECK_NUMBER(fixture_count(&f.told, "is not in it any more"), 1);
    CHECK_NUMBER(fixture_count(&f.told, "is damaged at offset"), 2);
    evt_image_free(&log);
    fixture_close(&f);
}

static void much_damage_is_told_in_bounds(void)
{
    struct watcher_fixture f;
    struct evt_image log;
    fixture_open(&f);
    fixture_add_log(&f, LOG);
    open_log(&log);
    for (uint64_t i = 0; i < 100; i++) {
        fixture_append(&log, "WKS", i * 7200);
    }
    for (size_t i = 30; i > 0; i--) { /* from the end: a broken one is not met again */
        break_record(&log, i * 3);
    }
    write_and_follow(&f, &log);
    CHECK_NUMBER(fixture_count(&f.told, "is damaged at offset"), 8);
    CHECK_NUMBER(fixture_count(&f.told, "is damaged in 22 more places."), 1);
    evt_image_free(&log);
    fixture_close(&f);
}

static void a_log_that_is_gone_is_told_and_so_is_its_return(void)
{
    struct watcher_fixture f;
    struct evt_image log;
    fixture_open(&f);
    fixture_add_log(&f, LOG);
    open_log(&log);
    fixture_append(&log, "WKS", 0);
    fixture_append(&log, "WKS", 1);
    write_and_follow(&f, &log);
    CHECK_NUMBER(os_native()->remove(os_native(), LOG), OS_OK);
    watcher_follow(&f.w, &f.w.logs[0]);
    watcher_follow(&f.w, &f.w.logs[0]);
    CHECK_NUMBER(fixture_count(&f.told, "cannot be read: no such file or directory. It is tried"),
                 1);
    CHECK(f.w.log_trouble);
    fixture_append(&log, "WKS", 2);
    write_and_follow(&f, &log);
    CHECK_NUMBER(fixture_count(&f.told, "can be read again"), 1);
    CHECK_NUMBER(fixture_count(&f.told, "is not in it any more"), 0);
    CHECK_NUMBER(bursts_told(&f), 1);
    evt_image_free(&log);
    fixture_close(&f);
}

static void what_is_no_log_is_told_once(void)
{
    static const char text[] = "This is a letter, and no event log at all.";
    struct watcher_fixture f;
    struct evt_image log;
    fixture_open(&f);
    fixture_add_log(&f, LOG);
    CHECK(sandbox_write(LOG, "", 0)); /* one that is still to be written */
    watcher_follow(&f.w, &f.w.logs[0]);
    CHECK_TEXT(buf_text(&f.told), "");
    CHECK(sandbox_write(LOG, text, sizeof text - 1));
    watcher_follow(&f.w, &f.w.logs[0]);
    watcher_follow(&f.w, &f.w.logs[0]);
    CHECK_NUMBER(fixture_count(&f.told, "is no event log"), 1);
    CHECK(f.w.log_trouble);
    open_log(&log);
    for (uint64_t i = 0; i < 3; i++) {
        fixture_append(&log, "WKS", i);
    }
    write_and_follow(&f, &log);
    CHECK_NUMBER(bursts_told(&f), 1);
    CHECK(sandbox_write(LOG, text, sizeof text - 1));
    watcher_follow(&f.w, &f.w.logs[0]);
    CHECK_NUMBER(fixture_count(&f.told, "is no event log"), 2);
    evt_image_free(&log);
    fixture_close(&f);
}

/* Whatever call fails: it is told, and the next reading goes on as if nothing had been. */
static void a_failing_disk_counts_nothing_twice(void)
{
    bool failed = true;
    for (int call = 0; failed && call < 200; call++) {
        struct watcher_fixture f;
        struct evt_image log;
        struct faulty_os faulty;
        fixture_open(&f);
        fixture_add_log(&f, LOG);
        open_log(&log);
        fixture_append(&log, "WKS", 0);
        write_and_follow(&f, &log);
        fixture_append(&log, "WKS", 1);
        fixture_write(&log, LOG);
        faulty_os_init(&faulty, call, 1, OS_IO);
        f.w.os = &faulty.table;
        watcher_follow(&f.w, &f.w.logs[0]);
        f.w.os = os_native();
        failed = faulty_os_has_failed(&faulty);
        watcher_follow(&f.w, &f.w.logs[0]);
        CHECK_NUMBER(bursts_told(&f), 0);
        CHECK_NUMBER(f.w.logs[0].source.place.record, 2);
        fixture_append(&log, "WKS", 2);
        write_and_follow(&f, &log);
        CHECK_NUMBER(bursts_told(&f), 1);
        CHECK(strstr(buf_text(&f.told), "Burst: 3 events") != NULL);
        evt_image_free(&log);
        fixture_close(&f);
    }
    CHECK(!failed);
}

static void append_start(struct evt_image *log, const char *computer, uint64_t seconds)
{
    const struct log_record record = {.id = 6005,
                                      .type = 4,
                                      .time = START + seconds * WINTIME_PER_SECOND,
                                      .source = "EventLog",
                                      .computer = computer,
                                      .strings = {""},
                                      .string_count = 1};
    CHECK(evt_image_append(log, &record));
}

static void a_restart_in_the_log_leads_to_the_verification(void)
{
    struct watcher_fixture f;
    struct evt_image log;
    struct engine_memory *m = &f.w.memory;
    fixture_open(&f);
    fixture_add_root(&f, "2180");
    fixture_add_log(&f, LOG);
    m->state = ENGINE_REBOOT_PENDING;
    memcpy(m->computer, "WKS", 4);
    m->patch.time = START + 100 * WINTIME_PER_SECOND;
    m->patch.limit_after = 10;
    m->patch.copies[PC_DRIVERS].present = true;
    m->patch.copies[PC_DRIVERS].crc32 = f.w.target.copies[PC_DRIVERS].crc32;
    open_log(&log);
    append_start(&log, "WKS", 99);     /* before the patch */
    append_start(&log, "OTHER", 1000); /* of another machine */
    write_and_follow(&f, &log);
    CHECK_NUMBER(m->state, ENGINE_REBOOT_PENDING);
    append_start(&log, "wks", 200);
    append_start(&log, "wks", 50); /* times of a log step backwards */
    write_and_follow(&f, &log);
    CHECK_NUMBER(m->state, ENGINE_WATCHING);
    CHECK_NUMBER(fixture_count(&f.told, "Verified: every copy"), 1);
    append_start(&log, "wks", 300);
    write_and_follow(&f, &log);
    CHECK_NUMBER(fixture_count(&f.told, "Verified: every copy"), 1);
    m->state = ENGINE_REBOOT_PENDING;
    m->patch.copies[PC_DRIVERS].crc32++;
    append_start(&log, "WKS", 400);
    write_and_follow(&f, &log);
    CHECK_NUMBER(fixture_count(&f.told, "error: Not as it was written"), 1);
    evt_image_free(&log);
    fixture_close(&f);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"a burst is told once", a_burst_is_told_once},
        {"a burst that is over is told whole", a_burst_that_is_over_is_told_whole},
        {"several bursts in one reading are all told", several_bursts_in_one_reading_are_all_told},
        {"a second burst survives a kill", a_second_burst_survives_a_kill},
        {"a burst that goes on is told again after the cooldown",
         a_burst_that_goes_on_is_told_again_after_the_cooldown},
        {"computers and logs are counted apart", computers_and_logs_are_counted_apart},
        {"a cleared log counts on", a_cleared_log_counts_on},
        {"a cleared log of an earlier time is counted",
         a_cleared_log_of_an_earlier_time_is_counted},
        {"a replaced log tells nothing twice", a_replaced_log_tells_nothing_twice},
        {"wrapping behind the place loses nothing", wrapping_behind_the_place_loses_nothing},
        {"damage is told once", damage_is_told_once},
        {"much damage is told in bounds", much_damage_is_told_in_bounds},
        {"a log that is gone is told, and so is its return",
         a_log_that_is_gone_is_told_and_so_is_its_return},
        {"what is no log is told once", what_is_no_log_is_told_once},
        {"a failing disk counts nothing twice", a_failing_disk_counts_nothing_twice},
        {"a restart in the log leads to the verification",
         a_restart_in_the_log_leads_to_the_verification},
    };
    return RUN_SUITE("follow", cases);
}
