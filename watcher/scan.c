/* `scan`: reads logs once and prints the matching records and the bursts. */
#include "base/term.h"
#include "base/utf.h"
#include "base/wintime.h"
#include "burst.h"
#include "commands.h"
#include "loop/clock.h"
#include "match.h"
#include "patchcore.h"
#include "policy_file.h"
#include "scan_json.h"
#include "text.h"
#include "walk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    FLUSH_AT = 64 * 1024,         /* bytes of output that are written at a time */
    PROGRESS_RECORDS = 16 * 1024, /* how often the clock is looked at */
};

#define PROGRESS_TIME (WINTIME_PER_SECOND / 4)

struct scan {
    const struct command_options *options;
    const struct os *os;
    struct policy policy;
    struct burst_scan *bursts;
    struct buf out;
    const char *file; /* the one being read */
    uint64_t files, records, matches, burst_count, damaged;
    uint64_t unreadable;
    uint64_t progress_shown; /* time; 0: never */
    bool shows_progress;
    bool no_memory;
    bool out_closed;
};

static bool write_out(struct scan *s)
{
    if (!term_write_bytes(TERM_OUT, buf_text(&s->out), s->out.len)) {
        s->out_closed = true;
    }
    s->no_memory = s->no_memory || s->out.failed;
    buf_clear(&s->out);
    return !s->out_closed && !s->no_memory;
}

/* ---- progress, for the one who waits at a terminal ---- */

static void show_progress(struct scan *s)
{
    uint64_t now = clock_now();
    if (!s->shows_progress || now - s->progress_shown < PROGRESS_TIME) {
        return;
    }
    if (s->progress_shown != 0) {
        struct buf line = BUF_INIT;
        buf_printf(&line, "\r%" PRIu64 " records in %" PRIu64 " files so far ", s->records,
                   s->files);
        (void)term_write(TERM_ERR, buf_text(&line));
        buf_free(&line);
    }
    s->progress_shown = now;
}

static void clear_progress(struct scan *s)
{
    if (s->shows_progress && s->progress_shown != 0) {
        struct buf line = BUF_INIT;
        buf_printf(&line, "\r%*s\r", TERM_WIDTH - 1, "");
        (void)term_write(TERM_ERR, buf_text(&line));
        buf_free(&line);
    }
}

/* ---- one file ---- */

static void print_event(struct scan *s, const struct event *event)
{
    char time[WINTIME_TEXT_SIZE];
    if (s->options->json) {
        scan_json_event(&s->out, s->file, event);
        return;
    }
    wintime_plain(event->time, time);
    buf_printf(&s->out, "%s  record %" PRIu64 "  ", time, event->record);
    add_printable(&s->out, event->provider != NULL ? event->provider : "-");
    buf_printf(&s->out, " %u  ", event->id);
    add_printable(&s->out, event->computer != NULL ? event->computer : "-");
    buf_add_text(&s->out, "  ");
    add_printable(&s->out, s->file);
    buf_add_char(&s->out, '\n');
}

static bool take_event(void *context, const struct event *event)
{
    struct scan *s = context;
    bool match = match_connect_limit(event);
    s->records++;
    if (match) {
        s->matches++;
        if (!burst_scan_add(s->bursts, event->computer, event->time)) {
            s->no_memory = true;
        }
    }
    if (match || s->options->all) {
        print_event(s, event);
    }
    if (s->records % PROGRESS_RECORDS == 0) {
        show_progress(s);
    }
    return !s->no_memory && (s->out.len < FLUSH_AT || write_out(s));
}

static void complain_of_file(struct scan *s, const char *what)
{
    clear_progress(s);
    command_complain("%s: %s", s->file, what);
}

static void take_damage(void *context, uint64_t offset, const char *what)
{
    struct scan *s = context;
    char *text = text_printf("damaged at offset %" PRIu64 ": %s. The records there are lost, those "
                             "behind them are read.",
                             offset, what);
    if (text != NULL) {
        complain_of_file(s, text);
    }
    free(text);
}

static void say_unreadable(struct scan *s, enum os_status status)
{
    char *text = text_printf("cannot be read: %s.", os_status_text(status));
    s->unreadable++;
    if (text != NULL) {
        complain_of_file(s, text);
    }
    free(text);
}

static void read_log(struct scan *s, const struct log_input *input, enum log_kind kind, bool named)
{
    const struct log_sink sink = {s, take_event, take_damage};
    struct log_place place = {.set = false};
    struct log_result result = {.end = LOG_WRONG_KIND};
    if (kind != LOG_UNKNOWN) {
        result = log_read(kind, input, false, &place, &sink);
    }
    if (result.end == LOG_WRONG_KIND) {
        if (named) {
            s->unreadable++;
            complain_of_file(s, input->size == 0
                                    ? "is empty; expected is an .evt file of Windows XP, an .evtx "
                                      "file, or exported event XML."
                                    : "is no event log; expected is an .evt file of Windows XP, an "
                                      ".evtx file, or exported event XML.");
        }
        return;
    }
    s->files++;
    s->damaged += result.damaged;
    s->no_memory = s->no_memory || result.end == LOG_NO_MEMORY;
}

static bool scan_file(void *context, const char *path, bool named)
{
    struct scan *s = context;
    struct source_file file;
    struct log_input input;
    s->file = path;
    show_progress(s);
    enum os_status status = source_file_open(s->os, path, &file, &input);
    if (status == OS_OK) {
        read_log(s, &input, log_recognise(&input), named);
        status = file.status;
    }
    source_file_close(&file);
    if (status != OS_OK) {
        say_unreadable(s, status);
    }
    return !s->no_memory && !s->out_closed;
}

static void cannot_walk(void *context, const char *path, enum os_status status)
{
    struct scan *s = context;
    s->file = path;
    say_unreadable(s, status);
}

/* ---- what was found ---- */

static bool print_burst(void *context, const struct burst *burst)
{
    struct scan *s = context;
    char first[WINTIME_TEXT_SIZE];
    char last[WINTIME_TEXT_SIZE];
    s->burst_count++;
    if (s->options->json) {
        struct json j = json_start(&s->out);
        wintime_iso(burst->first, first);
        wintime_iso(burst->last, last);
        json_open_object(&j, NULL);
        json_open_object(&j, "burst");
        json_text(&j, "computer", burst->computer);
        json_text(&j, "first", first);
        json_text(&j, "last", last);
        json_number(&j, "events", burst->events);
        json_close_object(&j);
        json_close_object(&j);
        buf_add_char(&s->out, '\n');
    } else {
        wintime_plain(burst->first, first);
        wintime_plain(burst->last, last);
        buf_printf(&s->out, "Burst: %" PRIu64 " events of ", burst->events);
        add_printable(&s->out, burst->computer[0] != '\0' ? burst->computer : "one computer");
        buf_printf(&s->out, ", %s to %s\n", first, last);
    }
    return s->out.len < FLUSH_AT || write_out(s);
}

static void print_summary_json(struct scan *s)
{
    struct json j = json_start(&s->out);
    json_open_object(&j, NULL);
    json_open_object(&j, "summary");
    json_number(&j, "files", s->files);
    json_number(&j, "records", s->records);
    json_number(&j, "matches", s->matches);
    json_number(&j, "bursts", s->burst_count);
    json_number(&j, "damaged", s->damaged);
    json_close_object(&j);
    json_close_object(&j);
    buf_add_char(&s->out, '\n');
}

/* How often the driver writes the event is documented nowhere, so the one who sets the thresholds
 * is shown what others would have found. */
static void print_other_thresholds(struct scan *s)
{
    static const uint32_t events[] = {2, 3, 5, 10, 20};
    static const uint32_t windows[] = {60, 600, 3600, 86400};
    buf_add_text(&s->out, "Bursts that other thresholds find in these logs:\n    events within:");
    for (size_t w = 0; w < sizeof windows / sizeof windows[0]; w++) {
        struct buf name = BUF_INIT;
        text_duration(&name, windows[w]);
        buf_printf(&s->out, "%12s", buf_text(&name));
        buf_free(&name);
    }
    buf_add_char(&s->out, '\n');
    for (size_t e = 0; e < sizeof events / sizeof events[0]; e++) {
        buf_printf(&s->out, "%18" PRIu32, events[e]);
        for (size_t w = 0; w < sizeof windows / sizeof windows[0]; w++) {
            buf_printf(&s->out, "%12" PRIu64,
                       burst_scan_count(s->bursts, events[e], windows[w] * WINTIME_PER_SECOND));
        }
        buf_add_char(&s->out, '\n');
    }
}

static void print_summary(struct scan *s)
{
    buf_printf(&s->out,
               "%" PRIu64 " log%s, %" PRIu64 " records, %" PRIu64
               " of them event 4226 of Tcpip; %" PRIu64 " burst%s of %" PRIu32 " or more within ",
               s->files, s->files == 1 ? "" : "s", s->records, s->matches, s->burst_count,
               s->burst_count == 1 ? "" : "s", s->policy.events);
    text_duration(&s->out, s->policy.window_seconds);
    buf_add_text(&s->out, ".\n");
    if (s->damaged > 0) {
        buf_printf(&s->out, "%" PRIu64 " damaged place%s; what could be read there is counted.\n",
                   s->damaged, s->damaged == 1 ? "" : "s");
    }
    if (s->matches > 1) {
        print_other_thresholds(s);
    }
}

static int run_scan(struct scan *s)
{
    for (int i = 0; i < s->options->path_count; i++) {
        if (!walk_logs(s->os, s->options->paths[i], scan_file, cannot_walk, s)) {
            break;
        }
    }
    clear_progress(s);
    s->no_memory =
        !burst_scan_each(s->bursts, s->policy.events, s->policy.window_seconds * WINTIME_PER_SECOND,
                         print_burst, s) ||
        s->no_memory;
    (s->options->json ? print_summary_json : print_summary)(s);
    (void)write_out(s);
    if (s->no_memory) {
        command_complain("Out of memory: the scan is not complete.");
    }
    return s->no_memory || s->out_closed || s->unreadable > 0 || s->damaged > 0 ? PC_FAILED
                                                                                : PC_DONE;
}

int command_scan(const struct command_options *options)
{
    struct scan s = {.options = options, .os = os_native()};
    struct buf why = BUF_INIT;
    int result = PC_FAILED;
    if (options->path_count == 0) {
        command_complain(
            "Which logs? Name .evt, .evtx or event XML files, or directories of them.");
        return PC_USAGE;
    }
    s.shows_progress = term_is_terminal(TERM_ERR);
    s.bursts = burst_scan_open();
    if (!policy_defaults(&s.policy) || s.bursts == NULL) {
        command_complain("Out of memory.");
    } else if (policy_load(s.os, options->policy_file, &s.policy, &why) == POLICY_WRONG) {
        command_complain("%s", buf_text(&why));
        result = PC_USAGE;
    } else {
        result = run_scan(&s);
    }
    policy_free(&s.policy);
    burst_scan_close(s.bursts);
    buf_free(&s.out);
    buf_free(&why);
    return result;
}
