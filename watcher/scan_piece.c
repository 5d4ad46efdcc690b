#include "scan_piece.h"

#include "base/utf.h"
#include "base/wintime.h"
#include "match.h"
#include "scan_json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_TIMES = 64 * 1024,   /* bytes of matching records that are kept */
    TICK_RECORDS = 16 * 1024, /* how often somebody may look at the clock */
};

/* ---- logs and pieces ---- */

struct scan_log *scan_log_open(const struct os *os, const char *path, bool named)
{
    struct scan_log *log = calloc(1, sizeof *log);
    char *copy = text_copy(path);
    if (log == NULL || copy == NULL) {
        free(log);
        free(copy);
        return NULL;
    }
    log->path = copy;
    log->named = named;
    log->opened = source_file_open(os, path, &log->file, &log->input);
    return log;
}

void scan_log_close(struct scan_log *log)
{
    if (log != NULL) {
        evtx_file_close(log->chunks);
        source_file_close(&log->file);
        free(log->path);
        free(log);
    }
}

struct scan_piece *scan_piece_new(const struct scan_wish *wish, struct scan_log *log)
{
    struct scan_piece *piece = calloc(1, sizeof *piece);
    if (piece != NULL) {
        piece->wish = wish;
        scan_piece_renew(piece, log);
    }
    return piece;
}

void scan_piece_renew(struct scan_piece *piece, struct scan_log *log)
{
    scan_piece_clear(piece);
    *piece = (struct scan_piece){.wish = piece->wish,
                                 .log = log,
                                 .is_last = true,
                                 .lines = piece->lines,
                                 .out = piece->out,
                                 .trouble = piece->trouble,
                                 .times = piece->times};
    if (piece->lines != NULL) {
        scan_lines_turn_to(piece->lines, log->path);
    }
}

void scan_piece_free(struct scan_piece *piece)
{
    if (piece != NULL) {
        scan_lines_free(piece->lines);
        buf_free(&piece->out);
        buf_free(&piece->trouble);
        buf_free(&piece->times);
        free(piece);
    }
}

void scan_piece_clear(struct scan_piece *piece)
{
    buf_clear(&piece->out);
    buf_clear(&piece->trouble);
    buf_clear(&piece->times);
    piece->records = 0;
    piece->damaged = 0;
    memset(piece->counts, 0, sizeof piece->counts);
}

/* ---- matching records: the time, the kind, whether a computer is named, its name with a NUL ----
 */

enum { KEPT_KIND = sizeof(uint64_t), KEPT_NAMED, KEPT_NAME };

static void keep_time(struct scan_piece *piece, enum scan_kind kind, const struct event *event)
{
    bool named = event->computer != NULL;
    buf_add(&piece->times, &event->time, sizeof event->time);
    buf_add_char(&piece->times, (char)kind);
    buf_add_char(&piece->times, named ? 1 : 0);
    buf_add(&piece->times, named ? event->computer : "", named ? strlen(event->computer) + 1 : 1);
}

void scan_piece_each(const struct scan_piece *piece,
                     void (*each)(void *context, enum scan_kind kind, const char *computer,
                                  uint64_t time),
                     void *context)
{
    const struct buf *times = &piece->times;
    for (size_t at = 0; at < times->len;) {
        const char *kept = times->data + at;
        const char *computer = kept + KEPT_NAME;
        uint64_t time;
        memcpy(&time, kept, sizeof time);
        each(context, (enum scan_kind)kept[KEPT_KIND], kept[KEPT_NAMED] != 0 ? computer : NULL,
             time);
        at += KEPT_NAME + strlen(computer) + 1;
    }
}

/* ---- reading ---- */

static void print_json(struct scan_piece *piece, const struct event *event)
{
    if (piece->lines == NULL) {
        piece->lines = scan_lines_new(piece->log->path);
    }
    if (piece->lines != NULL) {
        scan_lines_add(piece->lines, &piece->out, event);
    } else {
        piece->no_memory = true;
    }
}

static void print_event(struct scan_piece *piece, const struct event *event)
{
    char time[WINTIME_TEXT_SIZE];
    struct buf *out = &piece->out;
    if (piece->wish->json) {
        print_json(piece, event);
        return;
    }
    wintime_plain(event->time, time);
    buf_printf(out, "%s  record %" PRIu64 "  ", time, event->record);
    add_printable(out, event->provider != NULL ? event->provider : "-");
    buf_printf(out, " %u  ", event->id);
    add_printable(out, event->computer != NULL ? event->computer : "-");
    buf_add_text(out, "  ");
    add_printable(out, piece->log->path);
    buf_add_char(out, '\n');
}

static bool has_memory(const struct scan_piece *piece)
{
    return !piece->out.failed && !piece->trouble.failed && !piece->times.failed;
}

/* Goes on unless memory is out or nobody wants more. */
static bool make_room(struct scan_piece *piece)
{
    piece->no_memory = piece->no_memory || !has_memory(piece);
    if (!piece->no_memory && piece->out.len < piece->wish->flush_at &&
        piece->times.len < MOST_TIMES && piece->trouble.len < MOST_TIMES) {
        return true;
    }
    return !piece->no_memory && crew_flush(piece->place);
}

/* SCAN_KINDS for a record that is not looked for. */
static enum scan_kind kind_of(const struct event *event)
{
    return match_connect_limit(event) ? SCAN_LIMIT : match_ports(event) ? SCAN_PORTS : SCAN_KINDS;
}

static bool take_event(void *context, const struct event *event)
{
    struct scan_piece *piece = context;
    const struct scan_wish *wish = piece->wish;
    enum scan_kind kind = kind_of(event);
    if (kind != SCAN_KINDS) {
        piece->counts[kind]++;
        keep_time(piece, kind, event);
    }
    if (kind != SCAN_KINDS || wish->all) {
        print_event(piece, event);
    }
    if (wish->tick != NULL && ++piece->seen % TICK_RECORDS == 0) {
        wish->tick(wish->tick_context, piece->seen);
    }
    return make_room(piece);
}

static void take_damage(void *context, uint64_t offset, const char *what)
{
    struct scan_piece *piece = context;
    piece->damaged++;
    buf_printf(&piece->trouble,
               "damaged at offset %" PRIu64 ": %s. The records there are lost, those behind them "
               "are read.\n",
               offset, what);
}

bool scan_log_split(struct scan_log *log, struct scan_piece *first)
{
    const struct log_sink sink = {.context = first, .damage = take_damage};
    struct log_result result;
    if (log->opened != OS_OK || log_recognise(&log->input) != LOG_EVTX) {
        return false;
    }
    log->chunks = evtx_file_open(&log->input, false, &sink, &result);
    log->status = log->file.status;
    log->shrunk = log->file.shrunk;
    first->no_memory = result.end == LOG_NO_MEMORY;
    return log->chunks != NULL;
}

static struct log_result read_log(struct scan_piece *piece, const struct log_input *input,
                                  const struct log_sink *sink)
{
    static const struct log_ids wanted = {EVENT_ID_CONNECT_LIMIT,
                                          1 | 1 << (EVENT_ID_PORT_IN_USE - EVENT_ID_CONNECT_LIMIT) |
                                              1 << (EVENT_ID_NO_PORT - EVENT_ID_CONNECT_LIMIT)};
    const struct log_how how = {.only = piece->wish->all ? NULL : &wanted};
    if (piece->log->chunks != NULL) {
        return evtx_file_read(piece->log->chunks, input, piece->first_chunk, piece->chunk_count,
                              sink, &how);
    }
    enum log_kind kind = log_recognise(input);
    if (kind == LOG_XML && piece->wish->xml_in_turn && !crew_flush(piece->place)) {
        return (struct log_result){.end = LOG_STOPPED};
    }
    return log_read_how(kind, input, false, NULL, sink, &how);
}

void scan_piece_run(void *context, struct crew_place *place)
{
    struct scan_piece *piece = context;
    const struct log_sink sink = {.context = piece, .event = take_event, .damage = take_damage};
    piece->place = place;
    piece->status = piece->log->opened;
    if (piece->status != OS_OK) {
        return;
    }
    /* Each piece reads for itself: what goes wrong is its own. */
    struct source_file file = piece->log->file;
    struct log_input input = piece->log->input;
    input.context = &file;
    struct log_result result = read_log(piece, &input, &sink);
    piece->end = result.end;
    piece->records += result.records;
    piece->status = file.status;
    piece->shrunk = file.shrunk;
    piece->no_memory = piece->no_memory || result.end == LOG_NO_MEMORY || !has_memory(piece);
}
