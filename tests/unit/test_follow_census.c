/* Who had the half-open connections: told with a burst, kept, and believed. */
#include "check.h"
#include "sandbox.h"
#include "watcher_fixture.h"

#include "base/wintime.h"
#include "loop/clock.h"
#include "state.h"

#include <stdlib.h>
#include <string.h>

#define LOG PLACE "/SysEvent.Evt"

enum { SIZE = 65536, LIMIT = 524288, MOST = 20 };

/* A computer on which one program has MOST connections half-open. */
static bool look(uint64_t now, struct census_look *out, struct buf *why)
{
    (void)why;
    *out = (struct census_look){.time = now, .connection_count = MOST, .process_count = 1};
    out->processes = calloc(1, sizeof *out->processes);
    out->connections = calloc(MOST, sizeof *out->connections);
    if (out->processes == NULL || out->connections == NULL) {
        exit(1);
    }
    out->processes[0] = (struct census_process){7, now, text_copy("/opt/lab/webstress")};
    for (int i = 0; i < MOST; i++) {
        out->connections[i].local_port = (uint16_t)(1025 + i);
        out->connections[i].port = 80;
    }
    return true;
}

static bool is_this_computer(const char *computer, struct buf *own)
{
    buf_add_text(own, "WKS");
    return strcmp(computer, "WKS") == 0;
}

static const struct witness_calls calls = {look, is_this_computer};

static void open_watcher(struct watcher_fixture *f, const char *policy)
{
    struct policy_errors errors = POLICY_ERRORS_INIT;
    fixture_open(f);
    fixture_add_log(f, LOG);
    fixture_add_root(f, "2180");
    CHECK(policy_parse(policy, strlen(policy), "test", &f->w.policy, &errors));
    policy_errors_free(&errors);
    witness_open(&f->w.witness, &calls);
}

/* Events that have just been logged. */
static void log_events(struct watcher_fixture *f, uint16_t id, const char *computer, int count)
{
    struct evt_image log;
    CHECK(evt_image_create(&log, SIZE, LIMIT));
    for (int i = 0; i < count; i++) {
        const struct log_record record = log_record_tcpip(id, computer, clock_now());
        CHECK(evt_image_append(&log, &record));
    }
    fixture_write(&log, LOG);
    evt_image_free(&log);
    watcher_follow(&f->w, &f->w.logs[0]);
}

static size_t audited(const char *words)
{
    struct buf text = BUF_INIT;
    CHECK(sandbox_read(AUDIT, &text));
    size_t count = fixture_count(&text, words);
    buf_free(&text);
    return count;
}

static void the_census_is_told_and_kept(void)
{
    struct watcher_fixture f;
    open_watcher(&f, "[action]\non_burst = notify\n");
    log_events(&f, 4226, "WKS", 3);
    CHECK_NUMBER(fixture_count(&f.told, "All 20 half-open connections belong to "
                                        "/opt/lab/webstress (process 7"),
                 1);
    CHECK_NUMBER(audited("\"action\":\"census\""), 1);
    CHECK_NUMBER(audited("\"verdict\":\"any\""), 1);
    CHECK_NUMBER(audited("\"event_id\":4226"), 3);
    /* What the last of the looks adds is kept, and not told once more. */
    f.told.len = 0;
    f.w.witness.looked_ms = 0;
    f.w.witness.until_ms = 1;
    watcher_follow_connections(&f.w);
    CHECK_NUMBER(audited("\"action\":\"census\""), 2);
    CHECK_NUMBER(audited("\"looks\":2"), 1);
    CHECK_NUMBER(f.told.len, 0);
    watcher_follow_connections(&f.w);
    CHECK_NUMBER(audited("\"action\":\"census\""), 2);
    fixture_close(&f);
}

static void a_program_that_is_expected_is_the_policys(void)
{
    struct watcher_fixture f;
    open_watcher(&f, "[programs]\nexpected = WebStress\n[action]\non_burst = patch\n");
    log_events(&f, 4226, "WKS", 3);
    CHECK_NUMBER(audited("\"verdict\":\"expected\""), 1);
    CHECK_NUMBER(fixture_limit(), 100);
    fixture_close(&f);
}

static void another_is_not_patched_for(void)
{
    struct watcher_fixture f;
    open_watcher(&f, "[programs]\nexpected = monitor\n[action]\non_burst = patch\n");
    f.w.assume_yes = true;
    log_events(&f, 4226, "WKS", 3);
    CHECK_NUMBER(audited("\"verdict\":\"unexpected\""), 1);
    CHECK_NUMBER(audited("\"action\":\"unexpected\""), 1);
    CHECK_NUMBER(fixture_limit(), PC_LIMIT_WINDOWS);
    fixture_close(&f);
}

/* Nothing can be said of its programs, and with a list that is not enough. */
static void another_computers_is_not_patched_for(void)
{
    struct watcher_fixture f;
    open_watcher(&f, "[programs]\nexpected = webstress\n[action]\non_burst = patch\n");
    log_events(&f, 4226, "FORWARDED", 3);
    CHECK_NUMBER(audited("\"verdict\":\"nobody\""), 1);
    CHECK_NUMBER(audited("The events are of FORWARDED, and only the connections of this "
                         "computer, WKS, can be seen."),
                 2); /* as the reason, and in what was told */
    CHECK_NUMBER(fixture_limit(), PC_LIMIT_WINDOWS);
    fixture_close(&f);
}

/* Killed between the two sentences, it tells the second one at its next start. */
static struct engine_memory saved_while_telling;

static void load_saved(struct watcher_fixture *f)
{
    enum keyfile_status whole = KEYFILE_OK;
    CHECK_NUMBER(state_load(f->w.os, DIRECTORY, &saved_while_telling, NULL, 0, NULL, &whole),
                 OS_OK);
    CHECK_NUMBER(whole, KEYFILE_OK);
    f->on_tell = NULL;
}

static void bursts_of_both_kinds_in_one_reading(void)
{
    struct watcher_fixture f;
    struct evt_image log;
    engine_reset(&saved_while_telling);
    open_watcher(&f, "[action]\non_burst = notify\n");
    CHECK(evt_image_create(&log, SIZE, LIMIT));
    for (uint64_t i = 0; i < 3; i++) {
        static const uint16_t ids[] = {4227, 4231, 4227};
        struct log_record record = log_record_tcpip(ids[i], "WKS", START);
        CHECK(evt_image_append(&log, &record));
        record = log_record_tcpip(4226, "WKS", START);
        CHECK(evt_image_append(&log, &record));
    }
    fixture_write(&log, LOG);
    evt_image_free(&log);
    f.on_tell = load_saved;
    watcher_follow(&f.w, &f.w.logs[0]);
    CHECK_TEXT(saved_while_telling.burst.computer, "WKS");
    CHECK_NUMBER(saved_while_telling.ports[0].last, 0);
    CHECK_TEXT(saved_while_telling.untold[BURST_PORTS].computer, "WKS");
    CHECK_NUMBER(saved_while_telling.untold[BURST_PORTS].events, 3);
    CHECK_NUMBER(fixture_count(&f.told, "Burst: 3 events 4226 of WKS"), 1);
    CHECK_NUMBER(fixture_count(&f.told, "Ports run out: 3 events 4227 or 4231 of WKS"), 1);
    CHECK_NUMBER(f.w.memory.untold[BURST_PORTS].last, 0);
    fixture_close(&f);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"the census is told and kept", the_census_is_told_and_kept},
        {"a program that is expected is the policy's", a_program_that_is_expected_is_the_policys},
        {"another is not patched for", another_is_not_patched_for},
        {"another computer's is not patched for", another_computers_is_not_patched_for},
        {"bursts of both kinds in one reading", bursts_of_both_kinds_in_one_reading},
    };
    return RUN_SUITE("follow, the census", cases);
}
