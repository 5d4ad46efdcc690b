/* `explain`: the stories of bursts, told from the audit log. */
#include "audit.h"
#include "audit_lines.h"
#include "base/term.h"
#include "base/utf.h"
#include "base/wintime.h"
#include "commands.h"
#include "policy_file.h"
#include "story.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOGS_MAX = 2, /* the policy's, and that of the data directory, which tcpippatch writes */
    WIDTH_USUAL = 79,
    WIDTH_MOST = 100,
    TIME_MOST = 19, /* of a burst's name: 2011-09-16T16:43:00 */
};

struct explain {
    const struct command_options *options;
    const struct os *os;
    char *files[LOGS_MAX];
    struct story_book *book;
    int result;
};

/* A log, and its next line. */
struct log {
    struct audit_lines *lines;
    const char *line;
    size_t length;
    uint64_t time;
    bool more;
};

/* ---- reading ---- */

static void step_on(struct log *log, bool alone)
{
    log->more = audit_lines_next(log->lines, &log->line, &log->length);
    if (log->more && !alone) {
        /* One that says no time stands behind the one before it. */
        uint64_t time = story_line_time(log->line, log->length);
        log->time = time != 0 ? time : log->time;
    }
}

/* Lines of two logs come by their times, those of one as they stand there. tcpippatch writes whole
 * seconds only: in the same one the watcher's log, which is the first, goes before its. */
static void read_lines(struct explain *e, struct log *logs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        step_on(&logs[i], count == 1);
    }
    for (;;) {
        struct log *next = NULL;
        for (size_t i = 0; i < count; i++) {
            if (logs[i].more && (next == NULL || logs[i].time / WINTIME_PER_SECOND <
                                                     next->time / WINTIME_PER_SECOND)) {
                next = &logs[i];
            }
        }
        if (next == NULL) {
            return;
        }
        story_book_line(e->book, next->line, next->length);
        step_on(next, count == 1);
    }
}

static void complain_of_log(struct explain *e, const char *file, enum os_status status)
{
    command_complain("The audit log %s cannot be read: %s.", file, os_status_text(status));
    e->result = PC_FAILED;
}

/* True when there was one to read. */
static bool read_logs(struct explain *e)
{
    struct log logs[LOGS_MAX] = {{.lines = NULL}};
    const char *names[LOGS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < LOGS_MAX && e->files[i] != NULL; i++) {
        enum os_status status = audit_lines_open(e->os, e->files[i], &logs[count].lines);
        if (status == OS_OK) {
            names[count++] = e->files[i];
        } else if (status != OS_NOT_FOUND) {
            complain_of_log(e, e->files[i], status);
        }
    }
    read_lines(e, logs, count);
    for (size_t i = 0; i < count; i++) {
        if (audit_lines_status(logs[i].lines) != OS_OK) {
            complain_of_log(e, names[i], audit_lines_status(logs[i].lines));
        }
        audit_lines_close(logs[i].lines);
    }
    return count > 0;
}

/* What of the logs is no part of any story. */
static void complain_of_lines(struct explain *e)
{
    struct story_book_sum sum = story_book_sum(e->book);
    if (sum.bad > 0) {
        command_complain("%" PRIu64 " of the %" PRIu64 " lines of %s%s%s %s left out, the first is "
                         "line %" PRIu64 ": torn, too long, or not written by these programs.",
                         sum.bad, sum.lines, e->files[0], e->files[1] != NULL ? " and " : "",
                         e->files[1] != NULL ? e->files[1] : "", sum.bad == 1 ? "is" : "are",
                         sum.first_bad);
    }
    if (sum.no_memory) {
        command_complain("Out of memory: what is told lacks something.");
        e->result = PC_FAILED;
    }
}

/* ---- which story ---- */

/* "2011-09-16T16:43" is the beginning of a time; a blank may stand for the T, and Z at the end. */
static bool is_beginning(const char *name, const char *time)
{
    size_t length = strlen(name);
    if (length == TIME_MOST + 1 && name[TIME_MOST] == 'Z') {
        length--;
    }
    if (length > TIME_MOST) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (name[i] != time[i] && !(name[i] == ' ' && time[i] == 'T')) {
            return false;
        }
    }
    return true;
}

/* A number that is no year counts back; 0: it is none. */
static size_t number_of(const char *name)
{
    char *end;
    unsigned long number = strtoul(name, &end, 10);
    return name[0] >= '0' && name[0] <= '9' && *end == '\0' && number <= STORIES_MAX ? number : 0;
}

/* 0, and a complaint, when no story is meant, or more than one. */
static size_t find_story(struct explain *e, const char *name)
{
    size_t number = number_of(name);
    size_t stories = story_book_sum(e->book).stories;
    size_t found = 0;
    size_t count = 0;
    for (size_t back = 1; back <= stories; back++) {
        char time[WINTIME_TEXT_SIZE];
        (void)wintime_iso(story_book_get(e->book, back)->first, time);
        if (number != 0 ? back == number : name[0] != '\0' && is_beginning(name, time)) {
            found = back;
            count++;
        }
    }
    if (count == 1) {
        return found;
    }
    if (count == 0) {
        command_complain("There is no burst \"%s\" in the audit log; \"tcpipwatch explain --list\" "
                         "lists those that there are.",
                         name);
    } else {
        command_complain("\"%s\" may be any of %zu bursts: give more of the time, --root, or the "
                         "number that \"tcpipwatch explain --list\" shows.",
                         name, count);
    }
    e->result = PC_FAILED;
    return 0;
}

/* ---- telling ---- */

static unsigned width(void)
{
    unsigned columns = term_is_terminal(TERM_OUT) ? term_width(TERM_OUT) : WIDTH_USUAL;
    return columns < WIDTH_MOST ? columns : WIDTH_MOST;
}

static void tell(struct explain *e, size_t back)
{
    struct buf out = BUF_INIT;
    const struct story *story = story_book_get(e->book, back);
    if (e->options->json) {
        story_json(&out, story, back);
    } else if (e->options->list) {
        story_list_line(&out, story, back, e->options->root == NULL);
    } else {
        story_text(&out, story, width());
    }
    if (out.failed) {
        command_complain("Out of memory.");
        e->result = PC_FAILED;
    } else if (command_print(buf_text(&out)) != PC_DONE) {
        e->result = PC_FAILED;
    }
    buf_free(&out);
}

/* In a list the last burst stands at the end, where it is seen. */
static void tell_all(struct explain *e)
{
    struct story_book_sum sum = story_book_sum(e->book);
    if (sum.forgotten > 0) {
        command_complain("%" PRIu64 " older bursts are not listed.", sum.forgotten);
    }
    for (size_t back = sum.stories; back >= 1 && e->result == PC_DONE; back--) {
        tell(e, back);
    }
}

static void tell_none(struct explain *e, bool any)
{
    struct buf text = BUF_INIT;
    if (any) {
        buf_printf(&text, "No burst was ever seen%s: the audit log %s tells of none.",
                   e->options->root != NULL ? " there" : "", e->files[0]);
    } else {
        buf_printf(&text, "No burst was ever seen: there is no audit log %s.", e->files[0]);
    }
    struct buf safe = BUF_INIT;
    add_printable(&safe, buf_text(&text));
    buf_add_char(&safe, '\n');
    if (e->options->json) {
        (void)term_write(TERM_ERR, buf_text(&safe));
    } else if (command_print(buf_text(&safe)) != PC_DONE) {
        e->result = PC_FAILED;
    }
    buf_free(&safe);
    buf_free(&text);
}

static void explain(struct explain *e)
{
    bool any = read_logs(e);
    size_t back = 1;
    complain_of_lines(e);
    if (e->result != PC_DONE && !any) {
        return;
    }
    if (story_book_sum(e->book).stories == 0 && e->options->path_count == 0) {
        tell_none(e, any);
        return;
    }
    if (e->options->list) {
        tell_all(e);
        return;
    }
    if (e->options->path_count > 0) {
        back = find_story(e, e->options->paths[0]);
    }
    if (back > 0) {
        tell(e, back);
    }
}

/* ---- where ---- */

/* The directory under the name that the audit log has for it. */
static bool open_book(struct explain *e)
{
    struct buf real = BUF_INIT;
    const char *root = e->options->root;
    if (root != NULL && e->os->real_path(e->os, root, &real) == OS_OK) {
        root = buf_text(&real);
    }
    e->book = story_book_open(root);
    buf_free(&real);
    return e->book != NULL;
}

/* The policy's log first, where it has one: it is the one that tells of bursts. */
static bool choose_files(struct explain *e, const struct policy *policy)
{
    size_t count = 0;
    char *data = command_data_directory(e->options->data, policy->data);
    if (policy->log_file[0] != '\0') {
        e->files[count] = text_copy(policy->log_file);
        count += e->files[count] != NULL;
    }
    if (data != NULL) {
        e->files[count] = audit_default_file(data);
        count += e->files[count] != NULL;
    }
    free(data);
    if (count == 2 && strcmp(e->files[0], e->files[1]) == 0) {
        free(e->files[1]);
        e->files[1] = NULL;
    }
    return count > 0;
}

int command_explain(const struct command_options *options)
{
    struct explain e = {.options = options, .os = os_native(), .result = PC_FAILED};
    struct policy policy;
    struct buf why = BUF_INIT;
    if (!policy_defaults(&policy)) {
        command_complain("Out of memory.");
        return PC_FAILED;
    }
    if (policy_load(e.os, options->policy_file, &policy, &why) == POLICY_WRONG) {
        command_complain("%s", buf_text(&why));
        e.result = PC_USAGE;
    } else if (!choose_files(&e, &policy)) {
        command_complain("There is no data directory: name one with --data.");
        e.result = PC_USAGE;
    } else if (!open_book(&e)) {
        command_complain("Out of memory.");
    } else {
        e.result = PC_DONE;
        explain(&e);
    }
    story_book_close(e.book);
    for (size_t i = 0; i < LOGS_MAX; i++) {
        free(e.files[i]);
    }
    buf_free(&why);
    policy_free(&policy);
    return e.result;
}
