/* What became of each burst, put together from the lines of the audit log.
 *
 * A story begins with the line that told a burst, and gets all further lines of its Windows
 * directory until the next burst is told there; the restart, the verification and what happens to
 * the copies later belong to the story whose change they are about as well. Lines of several
 * directories, processes and programs may be mixed.
 *
 * The log is read once, from its beginning. What is kept of it is bounded: the latest stories, and
 * of each its first and its latest steps. Its text is untrusted, and kept as it is: who shows it
 * has to make it printable.
 */
#ifndef WATCHER_STORY_H
#define WATCHER_STORY_H

#include "base/buf.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STORY_LINE_MOST = 256 * 1024, /* bytes; longer lines count as bad */
    STORY_TEXT_MOST = 2048,       /* bytes kept of a text; the rest is cut off */
    STORY_RECORDS_MAX = 32,       /* kept of a burst: the latest */
    STORY_PROGRAMS_MAX = 16,      /* of a census: those with most connections */
    STORY_ADDRESSES_MAX = 4,      /* of a program */
    STORY_COPIES_MAX = 8,         /* of a change */
    STORY_STEPS_MAX = 48,         /* of a story: of more the first half and the latest are kept */
    STORIES_MAX = 512,
    STORY_BYTES_MAX = 4 * 1024 * 1024, /* kept of all stories; the newest is kept in any case */
};

struct story_record {
    char *log; /* as a source is named: "file:PATH" */
    uint64_t record, time, event_id;
};

struct story_program {
    char *image;  /* NULL: the processes that could not be seen */
    uint64_t pid; /* of the process with most connections; 0: not known */
    uint64_t started, processes, connections, hosts, ports, port;
    char *addresses[STORY_ADDRESSES_MAX];
    bool is_judged, expected; /* by the policy; not judged where it expects any program */
};

struct story_census {
    bool told;     /* the log has a line about it */
    bool taken;    /* ...which has a census; else `why` says why there is none */
    uint64_t time; /* of that line */
    char *why, *verdict, *text;
    uint64_t looks, first, last, most, connections, unseen;
    bool cut_short;
    struct story_program programs[STORY_PROGRAMS_MAX];
    size_t program_count;
};

/* What a copy of tcpip.sys was or became. */
struct story_copy_state {
    bool known, has_limit;
    uint64_t limit;
    char *version, *status;
};

struct story_copy {
    char *path;
    char *original; /* the name of the saved original */
    struct story_copy_state before, after;
};

enum story_part {
    STORY_DECISION,
    STORY_CHANGE,
    STORY_RESTART,
    STORY_VERIFICATION,
    STORY_SINCE, /* what came after the verification, or after somebody else's change */
    STORY_PARTS
};

/* "decision", "changes", "restart", "verification", "since". */
const char *story_part_name(enum story_part part);

/* A line of the log, or several of the same kind that came one after the other, such as reminders:
 * then all but `first` and `times` are of the last one. */
struct story_step {
    enum story_part part;
    uint64_t first, time;
    uint64_t times;
    char *program, *action; /* as in the log */
    char *text;             /* the sentence that was told */
    bool has_limit;
    uint64_t limit;
    char *result, *way; /* of a change: "done", "failed"...; "now", "next-boot" */
    bool takes_back;    /* ...of what waited for the next start of Windows */
    struct story_copy copies[STORY_COPIES_MAX];
    size_t copy_count;
};

struct story {
    char *root;     /* NULL: nothing could be changed, the log was only watched */
    char *computer; /* may be "" */
    bool is_ports;  /* of events 4227 and 4231: the ports have run out */
    uint64_t first, last, events;
    uint64_t told; /* when */
    char *text;
    struct story_record records[STORY_RECORDS_MAX];
    size_t record_count;
    struct story_census census;
    struct story_step *steps[STORY_STEPS_MAX];
    size_t step_count;
    uint64_t left_out; /* steps between the first half and the others */
    uint64_t next;     /* when the next burst of this directory was told; 0: none was */
    bool is_agreed;    /* the yes had been given before the burst was told */
    bool is_closed;    /* takes no part in what is done to its directory */
    bool is_changed;   /* a change of the copies is among its steps */
    bool is_settled;   /* ...and what came of it; all further steps are STORY_SINCE */
    size_t bytes;
};

/* ---- reading ---- */

struct story_book;

/* For the stories of one Windows directory, as the log names it, or with NULL of all. NULL when
 * memory is out. */
struct story_book *story_book_open(const char *root);
void story_book_close(struct story_book *book);

/* Takes the next line of the log, without its end. An empty one says nothing. */
void story_book_line(struct story_book *book, const char *line, size_t length);

struct story_book_sum {
    uint64_t lines;
    uint64_t bad;       /* of them: torn, too long, or not of this kind of log; they are left out */
    uint64_t first_bad; /* its number, from 1 */
    uint64_t forgotten; /* stories older than those that are kept */
    size_t stories;     /* that are kept */
    size_t bytes;       /* that they take */
    bool no_memory;     /* it ran out, and something is missing */
};
struct story_book_sum story_book_sum(const struct story_book *book);

/* The story told last is 1, the one before it 2, and so on; NULL when there is none. It is valid
 * until the next line is read. */
const struct story *story_book_get(const struct story_book *book, size_t back);

/* The time of a line, for merging logs; 0 when it says none. */
uint64_t story_line_time(const char *line, size_t length);

/* ---- telling ---- */

enum story_outcome {
    STORY_OPEN,              /* the log says nothing of a decision */
    STORY_ONLY_TOLD,         /* nothing was to be changed, or could be */
    STORY_UNEXPECTED,        /* it looks like another program */
    STORY_WAITS_FOR_ANSWER,  /* asked, and not answered */
    STORY_DECLINED,          /* the answer was no */
    STORY_DROPPED,           /* the driver was not the one that the question was about */
    STORY_BEING_CHANGED,     /* yes, and the log says no more */
    STORY_FAILED,            /* the change was not made */
    STORY_WAITS_FOR_RESTART, /* changed */
    STORY_VERIFIED,          /* after the restart */
    STORY_DIFFERS,           /* not as it was written, after the restart */
    STORY_CHANGED_BY_OTHERS,
    STORY_PUT_BACK,   /* the original */
    STORY_TAKEN_BACK, /* what waited for the next start of Windows */
    STORY_PORTS,      /* nothing to do with the limit */
    STORY_OUTCOMES
};

enum story_outcome story_outcome(const struct story *story);

/* "open", "only-told", "waits-for-answer" and so on. */
const char *story_outcome_name(enum story_outcome outcome);

/* Adds the outcome as a sentence, printable, without a line end. */
void story_outcome_text(struct buf *out, const struct story *story);

/* Adds the story in words: a heading, the outcome, and a paragraph for each part, in lines of at
 * most `width` columns (a long name may be longer). All of it is printable. */
void story_text(struct buf *out, const struct story *story, unsigned width);

/* Adds the line of a list: number, time of the first event, events, computer, outcome, and with
 * `with_root` the directory. */
void story_list_line(struct buf *out, const struct story *story, size_t back, bool with_root);

/* Adds the story as one JSON object and a line feed; see tcpipwatch(8). */
void story_json(struct buf *out, const struct story *story, size_t back);

#endif
