#include "witness.h"

#include "base/utf.h"
#include "base/wintime.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

enum { LOOK_EVERY_MS = 1000, FOLLOW_MS = CENSUS_FOLLOW_SECONDS * 1000 };

void witness_open(struct witness *witness, const struct witness_calls *calls)
{
    memset(witness, 0, sizeof *witness);
    witness->calls = calls;
    witness->trouble = BUF_INIT;
}

void witness_close(struct witness *witness)
{
    census_close(witness->census);
    buf_free(&witness->trouble);
    witness_open(witness, NULL);
}

/* The clock of an event may be a little ahead. */
static uint64_t age_of(uint64_t time, uint64_t now)
{
    return now > time ? now - time : time - now;
}

static bool is_recent(uint64_t time, uint64_t now)
{
    return age_of(time, now) <= CENSUS_LATE_SECONDS * WINTIME_PER_SECOND;
}

static bool is_this_computer(const struct witness *witness, const char *computer)
{
    struct buf own = BUF_INIT;
    bool is = witness->calls != NULL && witness->calls->is_this_computer(computer, &own);
    buf_free(&own);
    return is;
}

void witness_event(struct witness *witness, const char *log, const struct event *event,
                   uint64_t now)
{
    struct witness_record *record =
        &witness->records[witness->record_count++ % WITNESS_RECORDS_MAX];
    const char *computer = event->computer != NULL ? event->computer : "";
    record->log = log;
    (void)snprintf(record->computer, sizeof record->computer, "%s", computer);
    record->record = event->record;
    record->time = event->time;
    record->id = event->id;
    witness->wanted =
        witness->wanted || (is_recent(event->time, now) && is_this_computer(witness, computer));
}

static void take_look(struct witness *witness, uint64_t now, uint64_t now_ms, uint64_t window)
{
    struct census_look look = {.time = now};
    buf_clear(&witness->trouble);
    witness->looked = true;
    witness->looked_ms = now_ms;
    if (witness->census == NULL) {
        witness->census = census_open();
    }
    if (witness->census != NULL) {
        census_forget(witness->census, now > window ? now - window : 0);
    }
    if (witness->calls->look(now, &look, &witness->trouble) &&
        (witness->census == NULL || !census_add(witness->census, &look))) {
        buf_add_text(&witness->trouble, "Memory ran out.");
    }
    census_look_free(&look);
}

void witness_look(struct witness *witness, uint64_t now, uint64_t now_ms, uint64_t window)
{
    if (!witness->wanted) {
        return;
    }
    witness->wanted = false;
    if (!witness->looked || now_ms - witness->looked_ms >= LOOK_EVERY_MS) {
        take_look(witness, now, now_ms, window);
    }
    witness->until_ms = now_ms + FOLLOW_MS;
}

bool witness_follow(struct witness *witness, uint64_t now, uint64_t now_ms, uint64_t window)
{
    if (witness->until_ms == 0 || now_ms < witness->looked_ms + LOOK_EVERY_MS) {
        return false;
    }
    take_look(witness, now, now_ms, window);
    if (now_ms < witness->until_ms) {
        return false;
    }
    witness->until_ms = 0;
    return true;
}

uint64_t witness_due_ms(const struct witness *witness)
{
    return witness->until_ms != 0 ? witness->looked_ms + LOOK_EVERY_MS : 0;
}

bool witness_has_census(const struct witness *witness, const char *computer, uint64_t last,
                        uint64_t now, struct buf *why)
{
    struct buf own = BUF_INIT;
    bool has = false;
    if (witness->calls == NULL) {
        buf_add_text(why, "Nobody looked.");
    } else if (!witness->calls->is_this_computer(computer, &own)) {
        buf_add_text(why, "The events are of ");
        add_printable(why, computer[0] != '\0' ? computer : "a computer that is not named");
        buf_add_text(why, ", and only the connections of this computer, ");
        add_printable(why, buf_text(&own));
        buf_add_text(why, ", can be seen.");
    } else if (!is_recent(last, now)) {
        buf_add_text(why, "The last event was read ");
        text_duration(why, age_of(last, now) / WINTIME_PER_SECOND);
        buf_add_text(why, now > last ? " after it was logged, too late to see its connections."
                                     : " before the time that it bears: the clock was set.");
    } else if (!witness->looked || witness->trouble.len > 0) {
        buf_add_text(why, witness->trouble.len > 0 ? witness->trouble.data : "Nobody looked.");
    } else {
        has = true;
    }
    buf_free(&own);
    return has;
}

void witness_json(const struct witness *witness, const struct burst *burst, struct json *j)
{
    size_t kept =
        witness->record_count < WITNESS_RECORDS_MAX ? witness->record_count : WITNESS_RECORDS_MAX;
    json_open_array(j, "records");
    for (size_t i = witness->record_count - kept; i < witness->record_count; i++) {
        const struct witness_record *record = &witness->records[i % WITNESS_RECORDS_MAX];
        if (record->time < burst->first || record->time > burst->last ||
            !same_text_nocase(record->computer, burst->computer)) {
            continue;
        }
        char time[WINTIME_TEXT_SIZE];
        wintime_iso(record->time, time);
        json_open_object(j, NULL);
        json_text(j, "log", record->log);
        json_number(j, "record", record->record);
        json_text(j, "time", time);
        json_number(j, "event_id", record->id);
        json_close_object(j);
    }
    json_close_array(j);
}
