/* What is seen around events 4226: when a look is taken, and what is said where there is none. */
#include "check.h"

#include "base/wintime.h"
#include "witness.h"

#include <stdlib.h>
#include <string.h>

#define NOW    UINT64_C(130000000000000000)
#define SECOND WINTIME_PER_SECOND
#define WINDOW (3600 * SECOND)

/* ---- a system that counts the looks ---- */

static struct {
    int looks;
    bool refuses;
    uint32_t connections;
} fake;

static bool fake_look(uint64_t now, struct census_look *out, struct buf *why)
{
    fake.looks++;
    memset(out, 0, sizeof *out);
    out->time = now;
    if (fake.refuses) {
        buf_add_text(why, "The table cannot be read.");
        return false;
    }
    out->processes = calloc(1, sizeof *out->processes);
    out->connections = calloc(fake.connections, sizeof *out->connections);
    if (out->processes == NULL || out->connections == NULL) {
        exit(1);
    }
    out->process_count = 1;
    out->processes[0] = (struct census_process){.pid = 7, .started = 1};
    out->processes[0].image = text_copy("/opt/webstress");
    out->connection_count = fake.connections;
    for (uint32_t i = 0; i < fake.connections; i++) {
        out->connections[i].local_port = (uint16_t)(1025 + i);
        out->connections[i].port = 80;
    }
    return true;
}

static bool fake_is_this_computer(const char *computer, struct buf *own)
{
    buf_add_text(own, "XP-LAB");
    return strcmp(computer, "XP-LAB") == 0;
}

static const struct witness_calls fake_calls = {fake_look, fake_is_this_computer};

static void set_up(struct witness *witness)
{
    memset(&fake, 0, sizeof fake);
    fake.connections = 3;
    witness_open(witness, &fake_calls);
}

static void event(struct witness *witness, const char *computer, uint64_t time, uint64_t now)
{
    const struct event event = {
        .record = time / SECOND % 1000, .time = time, .id = 4226, .computer = computer};
    witness_event(witness, "file:a.evt", &event, now);
}

static const char *why_not(const struct witness *witness, const char *computer, uint64_t last,
                           uint64_t now)
{
    static char text[256];
    struct buf why = BUF_INIT;
    bool has = witness_has_census(witness, computer, last, now, &why);
    (void)snprintf(text, sizeof text, "%s%s", has ? "has" : "", buf_text(&why));
    buf_free(&why);
    return text;
}

/* ---- when a look is taken ---- */

static void an_event_of_this_computer_is_a_reason_to_look(void)
{
    struct witness witness;
    set_up(&witness);
    CHECK_TEXT(why_not(&witness, "XP-LAB", NOW, NOW), "Nobody looked.");
    event(&witness, "OTHER", NOW, NOW);
    witness_look(&witness, NOW, 1000, WINDOW);
    CHECK_NUMBER(fake.looks, 0);
    event(&witness, "XP-LAB", NOW - 31 * SECOND, NOW);
    witness_look(&witness, NOW, 1000, WINDOW);
    CHECK_NUMBER(fake.looks, 0);
    CHECK_NUMBER(witness_due_ms(&witness), 0);
    event(&witness, "XP-LAB", NOW - 30 * SECOND, NOW);
    witness_look(&witness, NOW, 1000, WINDOW);
    CHECK_NUMBER(fake.looks, 1);
    CHECK_TEXT(why_not(&witness, "XP-LAB", NOW - 30 * SECOND, NOW), "has");
    CHECK_NUMBER(census_sum(witness.census).most, 3);
    witness_close(&witness);
}

static void a_flood_of_events_is_one_look_a_second(void)
{
    struct witness witness;
    set_up(&witness);
    for (uint64_t ms = 0; ms < 10000; ms += 10) {
        uint64_t now = NOW + ms * (SECOND / 1000);
        event(&witness, "XP-LAB", now, now);
        witness_look(&witness, now, 5000 + ms, WINDOW);
        (void)witness_follow(&witness, now, 5000 + ms, WINDOW);
    }
    CHECK_NUMBER(fake.looks, 10);
    witness_close(&witness);
}

static void looks_go_on_for_some_seconds(void)
{
    struct witness witness;
    set_up(&witness);
    event(&witness, "XP-LAB", NOW, NOW);
    witness_look(&witness, NOW, 1000, WINDOW);
    uint64_t ms = 1000;
    bool last = false;
    int wakes = 0;
    while (!last && wakes < 100) {
        CHECK(witness_due_ms(&witness) > ms);
        CHECK(!witness_follow(&witness, NOW, witness_due_ms(&witness) - 1, WINDOW));
        ms = witness_due_ms(&witness);
        last = witness_follow(&witness, NOW + (ms - 1000) * (SECOND / 1000), ms, WINDOW);
        wakes++;
    }
    CHECK_NUMBER(wakes, CENSUS_FOLLOW_SECONDS);
    CHECK_NUMBER(fake.looks, 1 + CENSUS_FOLLOW_SECONDS);
    CHECK_NUMBER(witness_due_ms(&witness), 0);
    CHECK(!witness_follow(&witness, NOW, ms + 100000, WINDOW));
    CHECK_NUMBER(census_sum(witness.census).looks, (size_t)CENSUS_FOLLOW_SECONDS + 1);
    CHECK_NUMBER(census_sum(witness.census).connections, 3);
    witness_close(&witness);
}

static void what_is_older_than_the_window_is_forgotten(void)
{
    struct witness witness;
    set_up(&witness);
    event(&witness, "XP-LAB", NOW, NOW);
    witness_look(&witness, NOW, 1000, WINDOW);
    fake.connections = 1;
    uint64_t later = NOW + WINDOW + SECOND;
    event(&witness, "XP-LAB", later, later);
    witness_look(&witness, later, 10000, WINDOW);
    CHECK_NUMBER(census_sum(witness.census).looks, 1);
    CHECK_NUMBER(census_sum(witness.census).most, 1);
    witness_close(&witness);
}

/* ---- why there is none ---- */

static void what_is_missing_is_said(void)
{
    struct witness witness;
    set_up(&witness);
    event(&witness, "XP-LAB", NOW, NOW);
    witness_look(&witness, NOW, 1000, WINDOW);
    CHECK_TEXT(why_not(&witness, "OTHER\n", NOW, NOW),
               "The events are of OTHER\\x0a, and only the connections of this computer, XP-LAB, "
               "can be seen.");
    CHECK_TEXT(why_not(&witness, "", NOW, NOW),
               "The events are of a computer that is not named, and only the connections of this "
               "computer, XP-LAB, can be seen.");
    CHECK_TEXT(why_not(&witness, "XP-LAB", NOW, NOW + 120 * SECOND),
               "The last event was read 2 minutes after it was logged, too late to see its "
               "connections.");
    CHECK_TEXT(why_not(&witness, "XP-LAB", NOW + 120 * SECOND, NOW),
               "The last event was read 2 minutes before the time that it bears: the clock was "
               "set.");
    fake.refuses = true;
    event(&witness, "XP-LAB", NOW + SECOND, NOW + SECOND);
    witness_look(&witness, NOW + SECOND, 2000, WINDOW);
    CHECK_TEXT(why_not(&witness, "XP-LAB", NOW + SECOND, NOW + SECOND),
               "The table cannot be read.");
    /* What fails once is tried again. */
    fake.refuses = false;
    (void)witness_follow(&witness, NOW + 2 * SECOND, 3000, WINDOW);
    CHECK_TEXT(why_not(&witness, "XP-LAB", NOW + SECOND, NOW + 2 * SECOND), "has");
    witness_close(&witness);
    witness_open(&witness, NULL);
    event(&witness, "XP-LAB", NOW, NOW);
    witness_look(&witness, NOW, 1000, WINDOW);
    CHECK_TEXT(why_not(&witness, "XP-LAB", NOW, NOW), "Nobody looked.");
    witness_close(&witness);
}

/* ---- the records ---- */

static void the_latest_records_of_the_burst_are_kept(void)
{
    struct witness witness;
    struct buf text = BUF_INIT;
    set_up(&witness);
    for (uint64_t i = 0; i < WITNESS_RECORDS_MAX; i++) {
        event(&witness, "XP-LAB", NOW + i * SECOND, NOW);
    }
    event(&witness, "OTHER", NOW + 31 * SECOND, NOW);
    event(&witness, NULL, NOW + 31 * SECOND, NOW);
    const struct burst burst = {"xp-lab", NOW + 30 * SECOND, NOW + 31 * SECOND, 2};
    struct json j = json_start(&text);
    json_open_object(&j, NULL);
    witness_json(&witness, &burst, &j);
    json_close_object(&j);
    CHECK_TEXT(buf_text(&text),
               "{\"records\":[{\"log\":\"file:a.evt\",\"record\":30,\"time\":\"2012-12-14T23:07:10."
               "0000000Z\",\"event_id\":4226},{\"log\":\"file:a.evt\",\"record\":31,\"time\":"
               "\"2012-12-14T23:07:11.0000000Z\",\"event_id\":4226}]}");
    buf_free(&text);
    witness_close(&witness);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"an event of this computer is a reason to look",
         an_event_of_this_computer_is_a_reason_to_look},
        {"a flood of events is one look a second", a_flood_of_events_is_one_look_a_second},
        {"looks go on for some seconds", looks_go_on_for_some_seconds},
        {"what is older than the window is forgotten", what_is_older_than_the_window_is_forgotten},
        {"what is missing is said", what_is_missing_is_said},
        {"the latest records of the burst are kept", the_latest_records_of_the_burst_are_kept},
    };
    return RUN_SUITE("witness", cases);
}
