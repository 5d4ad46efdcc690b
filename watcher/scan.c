/* `scan`: reads logs once and prints the matching records and the bursts. */
#include "base/term.h"
#include "base/utf.h"
#include "base/wintime.h"
#include "burst.h"
#include "commands.h"
#include "crew.h"
#include "loop/clock.h"
#include "patchcore.h"
#include "policy_file.h"
#include "ports/ports.h"
#include "scan_json.h"
#include "scan_piece.h"
#include "text.h"
#include "walk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    FLUSH_AT = 64 * 1024,         /* bytes of output that are written at a time */
    KEEP_MOST = 256 * 1024,       /* bytes of output that a piece keeps until its turn */
    SPLIT_FROM = 4 * 1024 * 1024, /* bytes from which on several threads read an .evtx log */
    CHUNKS_COUNTED = 32,          /* chunks in a piece of one; */
    CHUNKS_PRINTED = 3,           /* so many when every record is printed */
};

#define PROGRESS_TIME (WINTIME_PER_SECOND / 4)

struct scan {
    const struct command_options *options;
    const struct os *os;
    struct policy policy;
    struct burst_scan *bursts[SCAN_KINDS];
    struct crew *crew;
    struct scan_wish wish;
    struct scan_piece *spare; /* pieces that were emitted */
    struct buf out;
    uint64_t files, records, damaged;
    uint64_t matches[SCAN_KINDS], burst_counts[SCAN_KINDS];
    enum scan_kind printed; /* of which kind the bursts are that are printed just now */
    uint64_t unreadable;
    uint64_t progress_shown; /* time; 0: never */
    bool shows_progress;
    bool no_memory;
    bool out_closed;
};

static bool write_bytes(struct scan *s, const struct buf *out)
{
    if (out->len > 0 && !term_write_bytes(TERM_OUT, buf_text(out), out->len)) {
        s->out_closed = true;
    }
    s->no_memory = s->no_memory || out->failed;
    return !s->out_closed && !s->no_memory;
}

static bool write_out(struct scan *s)
{
    bool done = write_bytes(s, &s->out);
    buf_clear(&s->out);
    return done;
}

/* ---- progress, for the one who waits at a terminal ---- */

static void show_progress(struct scan *s, uint64_t more_records)
{
    uint64_t now = clock_now();
    if (!s->shows_progress || now - s->progress_shown < PROGRESS_TIME) {
        return;
    }
    if (s->progress_shown != 0) {
        struct buf line = BUF_INIT;
        buf_printf(&line, "\r%" PRIu64 " records in %" PRIu64 " files so far ",
                   s->records + more_records, s->files);
        (void)term_write(TERM_ERR, buf_text(&line));
        buf_free(&line);
    }
    s->progress_shown = now;
}

static void tick(void *context, uint64_t records)
{
    show_progress(context, records);
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

/* ---- what a piece has found ---- */

static void complain_of_file(struct scan *s, const char *path, const char *what)
{
    struct buf name = BUF_INIT; /* a name with a line end in it stays on one line */
    clear_progress(s);
    add_printable(&name, path);
    command_complain("%s: %s", buf_text(&name), what);
    buf_free(&name);
}

static void say_unreadable(struct scan *s, const char *path, enum os_status status)
{
    char *text = text_printf("cannot be read: %s.", os_status_text(status));
    s->unreadable++;
    if (text != NULL) {
        complain_of_file(s, path, text);
    }
    free(text);
}

static void add_time(void *context, enum scan_kind kind, const char *computer, uint64_t time)
{
    struct scan *s = context;
    if (!burst_scan_add(s->bursts[kind], computer, time)) {
        s->no_memory = true;
    }
}

static void say_trouble(struct scan *s, const struct scan_piece *piece)
{
    const char *line = buf_text(&piece->trouble);
    for (const char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        char *text = text_printf("%.*s", (int)(end - line), line);
        if (text != NULL) {
            complain_of_file(s, piece->log->path, text);
        }
        free(text);
    }
}

/* Found in a directory, an XML file may be anything; other files with a log's ending may not. */
static bool may_be_no_log(const struct scan_log *log)
{
    size_t length = strlen(log->path);
    return !log->named && length >= 4 && same_text_nocase(log->path + length - 4, ".xml");
}

static void say_wrong_kind(struct scan *s, const struct scan_log *log)
{
    if (!may_be_no_log(log)) {
        s->unreadable++;
        complain_of_file(s, log->path,
                         log->input.size == 0
                             ? "is empty; expected is an .evt file of Windows XP, an .evtx file, "
                               "or exported event XML."
                             : "is no event log; expected is an .evt file of Windows XP, an .evtx "
                               "file, or exported event XML.");
    }
}

/* The last piece of a log. */
static void end_log(struct scan *s, const struct scan_piece *piece)
{
    struct scan_log *log = piece->log;
    if (log->opened == OS_OK && piece->end == LOG_WRONG_KIND) {
        say_wrong_kind(s, log);
    } else if (log->opened == OS_OK) {
        s->files++;
    }
    if (log->status != OS_OK) {
        say_unreadable(s, log->path, log->status);
    } else if (log->shrunk) {
        s->unreadable++;
        complain_of_file(s, log->path,
                         "became shorter while it was read; what it lost then is not counted.");
    }
    scan_log_close(log);
}

static bool emit(void *context, void *found, bool last)
{
    struct scan *s = context;
    struct scan_piece *piece = found;
    s->records += piece->records;
    for (int kind = 0; kind < SCAN_KINDS; kind++) {
        s->matches[kind] += piece->counts[kind];
    }
    s->damaged += piece->damaged;
    s->no_memory = s->no_memory || piece->no_memory;
    scan_piece_each(piece, add_time, s);
    say_trouble(s, piece);
    if (piece->out.len < FLUSH_AT / 4) {
        buf_add(&s->out, buf_text(&piece->out), piece->out.len);
    } else if (write_out(s)) {
        (void)write_bytes(s, &piece->out);
    }
    scan_piece_clear(piece);
    show_progress(s, 0);
    if (last) {
        struct scan_log *log = piece->log;
        log->status = log->status == OS_OK ? piece->status : log->status;
        log->shrunk = log->shrunk || piece->shrunk;
        if (piece->is_last) {
            end_log(s, piece);
        }
        piece->next = s->spare;
        s->spare = piece;
    }
    return !s->no_memory && !s->out_closed && (s->out.len < FLUSH_AT || write_out(s));
}

/* ---- one file ---- */

/* NULL when memory is out. */
static struct scan_piece *new_piece(struct scan *s, struct scan_log *log)
{
    struct scan_piece *piece = s->spare;
    if (piece == NULL) {
        return scan_piece_new(&s->wish, log);
    }
    s->spare = piece->next;
    scan_piece_renew(piece, log);
    return piece;
}

static void free_spare(struct scan *s)
{
    while (s->spare != NULL) {
        struct scan_piece *piece = s->spare;
        s->spare = piece->next;
        scan_piece_free(piece);
    }
}

/* The chunks of a log, some at a time. Takes over the piece, which is the first one. */
static bool scan_chunks(struct scan *s, struct scan_piece *piece)
{
    struct scan_log *log = piece->log;
    bool more = true;
    uint64_t total = evtx_file_chunks(log->chunks);
    uint64_t size = s->options->all ? CHUNKS_PRINTED : CHUNKS_COUNTED;
    for (uint64_t at = 0; piece != NULL; at += size) {
        piece->first_chunk = at;
        piece->chunk_count = size;
        piece->is_last = !more || at + size >= total;
        struct scan_piece *next = piece->is_last ? NULL : new_piece(s, log);
        if (next == NULL && !piece->is_last) {
            piece->is_last = true;
            piece->no_memory = true;
        }
        more = crew_submit(s->crew, piece);
        piece = next;
    }
    return more;
}

static bool scan_file(void *context, const char *path, bool named)
{
    struct scan *s = context;
    struct scan_log *log = scan_log_open(s->os, path, named);
    struct scan_piece *piece = log != NULL ? new_piece(s, log) : NULL;
    show_progress(s, 0);
    if (piece == NULL) {
        scan_log_close(log);
        s->no_memory = true;
        return false;
    }
    if (s->options->jobs > 1 && log->opened == OS_OK && log->input.size >= SPLIT_FROM &&
        scan_log_split(log, piece)) {
        return scan_chunks(s, piece);
    }
    return crew_submit(s->crew, piece);
}

static void cannot_walk(void *context, const char *path, enum os_status status)
{
    say_unreadable(context, path, status);
}

/* ---- what was found ---- */

static bool print_burst(void *context, const struct burst *burst)
{
    struct scan *s = context;
    bool ports = s->printed == SCAN_PORTS;
    s->burst_counts[s->printed]++;
    if (s->options->json) {
        struct json j = json_start(&s->out);
        json_open_object(&j, NULL);
        scan_json_burst_of(&j, burst, ports ? "ports" : NULL);
        json_close_object(&j);
        buf_add_char(&s->out, '\n');
    } else {
        char first[WINTIME_TEXT_SIZE];
        char last[WINTIME_TEXT_SIZE];
        wintime_plain(burst->first, first);
        wintime_plain(burst->last, last);
        buf_printf(&s->out, "%s: %" PRIu64 " events of ", ports ? "Ports run out" : "Burst",
                   burst->events);
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
    json_number(&j, "matches", s->matches[SCAN_LIMIT]);
    json_number(&j, "bursts", s->burst_counts[SCAN_LIMIT]);
    json_number(&j, "damaged", s->damaged);
    json_number(&j, "ports", s->matches[SCAN_PORTS]);
    json_number(&j, "port_bursts", s->burst_counts[SCAN_PORTS]);
    json_close_object(&j);
    json_close_object(&j);
    buf_add_char(&s->out, '\n');
}

/* How often the driver writes the event is documented nowhere, so the one who sets the thresholds
 * is shown what others would have found. */
static const uint32_t other_events[] = {2, 3, 5, 10, 20};
static const uint32_t other_windows[] = {60, 600, 3600, 86400}; /* seconds */

enum {
    OTHER_EVENTS = sizeof other_events / sizeof other_events[0],
    OTHER_WINDOWS = sizeof other_windows / sizeof other_windows[0],
};

static void print_other_thresholds(struct scan *s)
{
    buf_add_text(
        &s->out,
        "Bursts of event 4226 that other thresholds find in these logs:\n    events within:");
    for (size_t w = 0; w < OTHER_WINDOWS; w++) {
        struct buf name = BUF_INIT;
        text_duration(&name, other_windows[w]);
        buf_printf(&s->out, "%12s", buf_text(&name));
        buf_free(&name);
    }
    buf_add_char(&s->out, '\n');
    for (size_t e = 0; e < OTHER_EVENTS; e++) {
        buf_printf(&s->out, "%18" PRIu32, other_events[e]);
        for (size_t w = 0; w < OTHER_WINDOWS; w++) {
            buf_printf(&s->out, "%12" PRIu64,
                       burst_scan_count(s->bursts[SCAN_LIMIT], other_events[e],
                                        other_windows[w] * WINTIME_PER_SECOND));
        }
        buf_add_char(&s->out, '\n');
    }
}

/* "2 of them event 4226 of Tcpip; 0 bursts of 3 or more within 1 hour." */
static void print_found(struct scan *s, enum scan_kind kind, const char *events)
{
    buf_printf(&s->out,
               "%" PRIu64 " of them %s of Tcpip; %" PRIu64 " burst%s of %" PRIu32
               " or more within ",
               s->matches[kind], events, s->burst_counts[kind],
               s->burst_counts[kind] == 1 ? "" : "s", s->policy.events);
    text_duration(&s->out, s->policy.window_seconds);
    buf_add_text(&s->out, ".\n");
}

static void print_summary(struct scan *s)
{
    buf_printf(&s->out, "%" PRIu64 " log%s, %" PRIu64 " records, ", s->files,
               s->files == 1 ? "" : "s", s->records);
    print_found(s, SCAN_LIMIT, "event 4226");
    if (s->matches[SCAN_PORTS] > 0) {
        print_found(s, SCAN_PORTS, "event 4227 or 4231");
        ports_hint(&s->out);
        buf_add_char(&s->out, '\n');
    }
    if (s->damaged > 0) {
        buf_printf(&s->out, "%" PRIu64 " damaged place%s; what could be read there is counted.\n",
                   s->damaged, s->damaged == 1 ? "" : "s");
    }
    if (s->matches[SCAN_LIMIT] > 1) {
        print_other_thresholds(s);
    }
}

/* False when memory is out. */
static bool read_all(struct scan *s)
{
    const struct crew_tasks tasks = {.run = scan_piece_run, .emit = emit, .context = s};
    bool alone = s->options->jobs <= 1;
    s->wish = (struct scan_wish){.all = s->options->all,
                                 .json = s->options->json,
                                 .flush_at = alone ? FLUSH_AT : KEEP_MOST,
                                 .tick = alone && s->shows_progress ? tick : NULL,
                                 .tick_context = s};
    s->wish.xml_in_turn = !alone && !xml_in_threads();
    s->crew = crew_open(s->options->jobs, &tasks);
    if (s->crew == NULL) {
        return false;
    }
    for (int i = 0; i < s->options->path_count; i++) {
        if (!walk_logs(s->os, s->options->paths[i], scan_file, cannot_walk, s)) {
            break;
        }
    }
    (void)crew_close(s->crew);
    free_spare(s);
    return !s->no_memory;
}

static void print_bursts(struct scan *s, enum scan_kind kind)
{
    uint64_t window = s->policy.window_seconds * WINTIME_PER_SECOND;
    s->printed = kind;
    if (!burst_scan_each(s->bursts[kind], s->policy.events, window, print_burst, s)) {
        s->no_memory = true;
    }
}

static int run_scan(struct scan *s)
{
    s->no_memory = !read_all(s) || s->no_memory;
    clear_progress(s);
    print_bursts(s, SCAN_LIMIT);
    print_bursts(s, SCAN_PORTS);
    (s->options->json ? print_summary_json : print_summary)(s);
    (void)write_out(s);
    if (s->no_memory) {
        command_complain("Out of memory: the scan is not complete.");
    } else if (s->out_closed) {
        command_complain("The output cannot be written: the scan was stopped. Is the disk full?");
    }
    return s->no_memory || s->out_closed || s->unreadable > 0 || s->damaged > 0 ? PC_FAILED
                                                                                : PC_DONE;
}

/* The thresholds of which none that will be asked for is stricter. */
static struct burst_scan *open_bursts(const struct scan *s, enum scan_kind kind)
{
    uint32_t events = s->policy.events;
    uint64_t seconds = s->policy.window_seconds;
    bool others = kind == SCAN_LIMIT && !s->options->json;
    for (size_t e = 0; others && e < OTHER_EVENTS; e++) {
        events = other_events[e] > events ? other_events[e] : events;
    }
    for (size_t w = 0; others && w < OTHER_WINDOWS; w++) {
        seconds = other_windows[w] < seconds ? other_windows[w] : seconds;
    }
    return burst_scan_open(events, seconds * WINTIME_PER_SECOND);
}

/* False when memory is out. */
static bool prepare(struct scan *s)
{
    bool opened = true;
    for (enum scan_kind kind = 0; kind < SCAN_KINDS; kind++) {
        s->bursts[kind] = open_bursts(s, kind);
        opened = opened && s->bursts[kind] != NULL;
    }
    return opened;
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
    bool ready = policy_defaults(&s.policy);
    if (ready && policy_load(s.os, options->policy_file, &s.policy, &why) == POLICY_WRONG) {
        command_complain("%s", buf_text(&why));
        result = PC_USAGE;
    } else if (!ready || !prepare(&s)) {
        command_complain("Out of memory.");
    } else {
        result = run_scan(&s);
    }
    policy_free(&s.policy);
    burst_scan_close(s.bursts[SCAN_LIMIT]);
    burst_scan_close(s.bursts[SCAN_PORTS]);
    buf_free(&s.out);
    buf_free(&why);
    return result;
}
