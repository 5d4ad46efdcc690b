/* From a live log to bursts: what is counted, what is told and how often. */
#include "check.h"
#include "standin/classic_log.h"
#include "standin/event_service.h"
#include "watcher_fixture.h"

#include "base/wintime.h"
#include "state.h"

#include <string.h>

static void add_log(struct watcher_fixture *f, struct live *live)
{
    static char name[] = "the System log";
    static char title[] = "The System log";
    struct followed *log = &f->w.logs[f->w.log_count++];
    log->source = (struct source){.spec = text_copy("system"),
                                  .path = name,
                                  .title = title,
                                  .live = live,
                                  .look_back = f->w.policy.window_seconds * WINTIME_PER_SECOND};
    CHECK(source_count_anew(&log->source, f->w.policy.events,
                            f->w.policy.window_seconds * WINTIME_PER_SECOND));
}

static void begin_classic(struct watcher_fixture *f)
{
    fixture_open(f);
    classic_log_begin(1);
    add_log(f, classic_new(&classic_log_calls, L"System"));
}

static void end_classic(struct watcher_fixture *f)
{
    fixture_close(f);
    classic_log_end();
}

static void begin_channel(struct watcher_fixture *f)
{
    fixture_open(f);
    event_service_begin();
    add_log(f, channel_new(&event_service_calls, L"System"));
}

static void end_channel(struct watcher_fixture *f)
{
    fixture_close(f);
    event_service_end();
}

static void follow(struct watcher_fixture *f)
{
    watcher_follow(&f->w, &f->w.logs[0]);
}

static size_t told(const struct watcher_fixture *f, const char *words)
{
    return fixture_count(&f->told, words);
}

/* The program is killed, and another one begins with what was saved last. */
static void start_again(struct watcher_fixture *f, struct live *live)
{
    struct source *source = &f->w.logs[0].source;
    enum keyfile_status whole = KEYFILE_OK;
    source->live->calls->close(source->live);
    source_stop_counting(source);
    buf_free(&source->bookmark);
    f->w.logs[0] = (struct followed){.source = {.spec = source->spec,
                                                .path = source->path,
                                                .title = source->title,
                                                .live = live,
                                                .look_back = source->look_back}};
    CHECK(source_count_anew(source, f->w.policy.events,
                            f->w.policy.window_seconds * WINTIME_PER_SECOND));
    CHECK_NUMBER(state_load(os_native(), DIRECTORY, &f->w.memory, source, 1, NULL, &whole), OS_OK);
    CHECK_NUMBER(whole, KEYFILE_OK);
    buf_clear(&f->told);
}

static void save(struct watcher_fixture *f)
{
    CHECK(watcher_save(&f->w));
}

static void a_burst_is_counted_across_starts(struct watcher_fixture *f, void (*write)(int64_t),
                                             struct live *(*open)(void))
{
    write(7200);
    write(300);
    follow(f);
    CHECK(f->w.state_changed);
    save(f);
    write(200);
    start_again(f, open());
    follow(f);
    CHECK_NUMBER(told(f, "Burst: "), 0);
    /* Killed before it was saved: the same record is read again, and counts once. */
    start_again(f, open());
    follow(f);
    CHECK_NUMBER(told(f, "Burst: "), 0);
    write(100);
    follow(f);
    CHECK_NUMBER(told(f, "Burst: 3 events 4226 of WKS"), 1);
    start_again(f, open());
    follow(f);
    write(50);
    follow(f);
    CHECK_NUMBER(told(f, "Burst: "), 0);
    CHECK_NUMBER(told(f, "not in it any more"), 0);
}

static struct live *open_classic(void)
{
    return classic_new(&classic_log_calls, L"System");
}

static struct live *open_channel(void)
{
    return channel_new(&event_service_calls, L"System");
}

static void a_classic_burst_is_counted_across_starts(void)
{
    struct watcher_fixture f;
    begin_classic(&f);
    a_burst_is_counted_across_starts(&f, classic_log_write_event, open_classic);
    end_classic(&f);
}

static void a_channels_burst_is_counted_across_starts(void)
{
    struct watcher_fixture f;
    begin_channel(&f);
    a_burst_is_counted_across_starts(&f, event_service_add_event, open_channel);
    end_channel(&f);
}

/* Two before the gap and the same two behind it are two. */
static void a_gap_counts_nothing_twice(void)
{
    struct watcher_fixture f;
    begin_channel(&f);
    event_service_add_event(300);
    event_service_add_event(200);
    follow(&f);
    save(&f);
    buf_clear(&f.w.logs[0].source.bookmark);
    save(&f);
    start_again(&f, open_channel());
    follow(&f);
    CHECK_NUMBER(told(&f, "warning: The last record read of the System log is not in it any more"),
                 1);
    CHECK_NUMBER(told(&f, "Burst: "), 0);
    event_service_add_event(100);
    follow(&f);
    CHECK_NUMBER(told(&f, "Burst: 3 events"), 1);
    CHECK_NUMBER(told(&f, "not in it any more"), 1);
    end_channel(&f);
}

static void a_cleared_classic_log_counts_on(void)
{
    struct watcher_fixture f;
    begin_classic(&f);
    classic_log_write_event(300);
    classic_log_write_event(200);
    follow(&f);
    classic_log_begin(1);
    follow(&f);
    follow(&f);
    CHECK_NUMBER(told(&f, "not in it any more"), 1);
    classic_log_write_event(100);
    follow(&f);
    CHECK_NUMBER(told(&f, "Burst: 3 events"), 1);
    CHECK_NUMBER(told(&f, "not in it any more"), 1);
    end_classic(&f);
}

static void a_trouble_is_told_once_and_so_is_its_end(void)
{
    struct watcher_fixture f;
    begin_classic(&f);
    follow(&f);
    classic_log_restart();
    classic_log_faults.service = RPC_S_SERVER_UNAVAILABLE;
    follow(&f);
    follow(&f);
    CHECK_NUMBER(told(&f, "error: The System log cannot be read: "), 1);
    CHECK(f.w.log_trouble);
    Sleep(1100);
    classic_log_faults.service = ERROR_ACCESS_DENIED; /* another reason, the same trouble */
    follow(&f);
    CHECK_NUMBER(told(&f, "cannot be read"), 1);
    CHECK_NUMBER(told(&f, "can be read again"), 0);
    classic_log_faults.service = 0;
    Sleep(2100);
    follow(&f);
    follow(&f);
    CHECK_NUMBER(told(&f, "info: The System log can be read again."), 1);
    classic_log_restart();
    follow(&f);
    CHECK_NUMBER(told(&f, "error: The System log cannot be read: the event log service was started "
                          "again (error 6). It is tried again."),
                 1);
    end_classic(&f);
}

static void damage_is_told_in_bounds(void)
{
    struct watcher_fixture f;
    begin_classic(&f);
    for (uint32_t i = 1; i <= 40; i++) {
        classic_log_write_event(7000 - 60 * (int64_t)i); /* some of them too old */
    }
    for (uint32_t i = 2; i <= 24; i += 2) {
        classic_log_damage(i);
    }
    follow(&f);
    CHECK_NUMBER(told(&f, "The System log is damaged behind the record "), 8);
    CHECK_NUMBER(told(&f, "The System log is damaged in 4 more places."), 1);
    follow(&f);
    CHECK_NUMBER(told(&f, "is damaged"), 9);
    end_classic(&f);
}

/* ---- names ---- */

static void names_say_what_is_watched(void)
{
    static const struct {
        const char *spec;
        const char *path; /* NULL: it is refused */
        const char *title;
        bool system;
    } cases[] = {
        {"system", "the System log", "The System log", true},
        {"channel:SYSTEM", "the System log", "The System log", true},
        {"channel:A b/c", "the channel A b/c", "The channel A b/c", false},
        {"file:system", "system", "system", false},
        {"channel:", NULL, NULL, false},
        {"System", NULL, NULL, false},
        {"channel", NULL, NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct source source;
        struct buf why = BUF_INIT;
        bool opened = source_open(cases[i].spec, &source, &why);
        CHECK(opened == (cases[i].path != NULL));
        CHECK_TEXT(source.path, cases[i].path);
        CHECK_TEXT(source.title, cases[i].title);
        CHECK(source_is_system(&source) == cases[i].system);
        bool live = opened && strncmp(cases[i].spec, "file:", 5) != 0;
        CHECK((source_handle(&source) != 0) == live);
        CHECK(opened || strstr(buf_text(&why), "expected is system") != NULL);
        CHECK_NUMBER(source_due_ms(&source), SOURCE_NOT_DUE);
        source_close(&source);
        buf_free(&why);
    }
    CHECK_TEXT(source_default(), "system");
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"a classic burst is counted across starts", a_classic_burst_is_counted_across_starts},
        {"a channel's burst is counted across starts", a_channels_burst_is_counted_across_starts},
        {"a gap counts nothing twice", a_gap_counts_nothing_twice},
        {"a cleared classic log counts on", a_cleared_classic_log_counts_on},
        {"a trouble is told once, and so is its end", a_trouble_is_told_once_and_so_is_its_end},
        {"damage is told in bounds", damage_is_told_in_bounds},
        {"names say what is watched", names_say_what_is_watched},
    };
    return RUN_SUITE("follow live", cases);
}
