/* Which line belongs to which story. */
#include "story.h"

#include "base/utf.h"
#include "story_parts.h"

#include <stdlib.h>
#include <string.h>

struct story_book {
    char *root;                         /* NULL: of all */
    struct story *stories[STORIES_MAX]; /* in the order in which they were told */
    size_t bytes;
    struct story_book_sum sum;
};

/* ---- what a line is about ---- */

/* Where it stands in a story; what only says it again, or is no part of one, is not listed. */
static const struct {
    const char *action;
    enum story_part part;
} actions[] = {
    {"nothing-to-change", STORY_DECISION},
    {"notify-only", STORY_DECISION},
    {"other-computer", STORY_DECISION},
    {"not-writable", STORY_DECISION},
    {"limit-is-set", STORY_DECISION},
    {"nobody-to-ask", STORY_DECISION},
    {"unexpected", STORY_DECISION},
    {"tried-before", STORY_DECISION},
    {"still-limited", STORY_DECISION},
    {"ask-patch", STORY_DECISION},
    {"declined", STORY_DECISION},
    {"patch", STORY_DECISION},
    {"other-driver", STORY_DECISION},
    {"set", STORY_CHANGE},
    {"restore", STORY_CHANGE},
    {"recover", STORY_CHANGE},
    {"patched", STORY_CHANGE},
    {"patch-failed", STORY_CHANGE},
    {"restored", STORY_CHANGE},
    {"withdrawn", STORY_CHANGE},
    {"ask-restart", STORY_RESTART},
    {"restart-needed", STORY_RESTART},
    {"restart-later", STORY_RESTART},
    {"restart-declined", STORY_RESTART},
    {"restart", STORY_RESTART},
    {"verify", STORY_VERIFICATION},
    {"verified", STORY_VERIFICATION},
    {"differs", STORY_VERIFICATION},
    {"copies-changed", STORY_SINCE},
};

static bool is(const struct story_line *line, const char *action)
{
    return strcmp(line->action, action) == 0;
}

/* False for a line that is no step of a story. What a later version tells is one, when it is told
 * of a directory; what it means nobody knows here, so it stands at the end. */
static bool find_part(const struct story_line *line, enum story_part *part)
{
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (is(line, actions[i].action)) {
            *part = actions[i].part;
            return true;
        }
    }
    *part = STORY_SINCE;
    return !is(line, "note") && line->root != NULL && line->text != NULL;
}

const char *story_part_name(enum story_part part)
{
    static const char *const names[STORY_PARTS] = {
        [STORY_DECISION] = "decision", [STORY_CHANGE] = "changes",
        [STORY_RESTART] = "restart",   [STORY_VERIFICATION] = "verification",
        [STORY_SINCE] = "since",
    };
    return names[part];
}

/* ---- finding ---- */

/* Without a directory a computer's bursts follow each other, whatever others there are. */
static bool is_of(const struct story *story, const struct story_line *line)
{
    if (story->root == NULL || line->root == NULL) {
        return story->root == NULL && line->root == NULL &&
               same_text_nocase(story->computer, line->computer);
    }
    return strcmp(story->root, line->root) == 0;
}

enum wanted { ANY_STORY, LIMIT_STORY, PORTS_STORY };

/* One of the ports begins as any other where a line told its burst before. */
static bool is_wanted(const struct story *story, enum wanted wanted)
{
    return wanted == ANY_STORY || (wanted == LIMIT_STORY && !story->is_ports) ||
           (wanted == PORTS_STORY && (story->is_ports || story->step_count == 0));
}

/* The story of exactly this burst. */
static struct story *find_told(const struct story_book *book, const struct story_line *line,
                               enum wanted wanted)
{
    for (size_t i = book->sum.stories; i-- > 0;) {
        struct story *story = book->stories[i];
        if (line->has_burst && story->first == line->first && story->last == line->last &&
            is_wanted(story, wanted) && is_of(story, line) &&
            same_text_nocase(story->computer, line->computer)) {
            return story;
        }
    }
    return NULL;
}

/* The latest story that lines of this directory belong to; with `changed` the latest in which its
 * copies were changed. */
static struct story *find_latest(const struct story_book *book, const struct story_line *line,
                                 bool changed)
{
    for (size_t i = book->sum.stories; i-- > 0;) {
        struct story *story = book->stories[i];
        if (!story->is_closed && (!changed || story->is_changed) && is_of(story, line)) {
            return story;
        }
    }
    return NULL;
}

/* ---- growing ---- */

static void forget_oldest(struct story_book *book)
{
    book->bytes -= book->stories[0]->bytes;
    story_free(book->stories[0]);
    book->sum.stories--;
    book->sum.forgotten++;
    for (size_t i = 0; i < book->sum.stories; i++) {
        book->stories[i] = book->stories[i + 1];
    }
}

/* To be called around every change of a story, with what it had before. */
static void count_again(struct story_book *book, const struct story *story, size_t before)
{
    book->bytes += story->bytes - before;
    while (book->bytes > STORY_BYTES_MAX && book->sum.stories > 1) {
        forget_oldest(book);
    }
}

static struct story *begin_story(struct story_book *book, const struct story_line *line)
{
    struct story *before = find_latest(book, line, false);
    struct story *story = story_new(line);
    if (story == NULL) {
        book->sum.no_memory = true;
        return NULL;
    }
    if (book->sum.stories == STORIES_MAX) {
        before = before == book->stories[0] ? NULL : before;
        forget_oldest(book);
    }
    if (before != NULL && before->next == 0 && !is(line, "ports")) {
        before->next = line->time;
    }
    book->stories[book->sum.stories++] = story;
    count_again(book, story, 0);
    return story;
}

static void take_burst(struct story_book *book, const struct story_line *line)
{
    /* A process that is started again tells the burst that a question is about once more. */
    if (line->has_burst && find_told(book, line, LIMIT_STORY) == NULL) {
        (void)begin_story(book, line);
    }
}

static void take_ports(struct story_book *book, const struct story_line *line)
{
    struct story *story = find_told(book, line, PORTS_STORY);
    if (story == NULL && line->has_burst) {
        story = begin_story(book, line);
    }
    if (story != NULL) {
        size_t before = story->bytes;
        story->is_ports = story->is_closed = true;
        book->sum.no_memory |= !story_take_text(story, line->text);
        count_again(book, story, before);
    }
}

static void take_census(struct story_book *book, const struct story_line *line)
{
    struct story *story = find_told(book, line, ANY_STORY);
    if (story != NULL) {
        size_t before = story->bytes;
        book->sum.no_memory |= !story_take_census(story, line);
        count_again(book, story, before);
    }
}

/* The line before "patched" may have been torn. */
static bool changes_copies(const struct story_line *line)
{
    const char *result = json_string_value(json_object_get(line->object, "result"));
    return is(line, "patched") || is(line, "restored") ||
           ((is(line, "set") || is(line, "restore") || is(line, "recover")) && result != NULL &&
            strcmp(result, "done") == 0 &&
            json_array_size(json_object_get(line->object, "changes")) > 0);
}

static void add_to(struct story_book *book, struct story *story, const struct story_line *line,
                   enum story_part part)
{
    size_t before = story->bytes;
    book->sum.no_memory |= !story_take_step(story, line, story->is_settled ? STORY_SINCE : part);
    story->is_changed = story->is_changed || changes_copies(line);
    /* The burst of another computer changes nothing here. */
    story->is_closed = story->is_closed || is(line, "other-computer");
    story->is_settled = story->is_settled || is(line, "verified") || is(line, "differs") ||
                        is(line, "copies-changed");
    count_again(book, story, before);
}

/* What comes of an earlier change belongs to its story as well, until the copies are changed again:
 * a burst may be told while a change waits for its restart. */
static void take_step(struct story_book *book, const struct story_line *line, enum story_part part)
{
    struct story *changed = part != STORY_DECISION ? find_latest(book, line, true) : NULL;
    struct story *story = find_latest(book, line, false);
    if (changed != NULL && changed != story) {
        add_to(book, changed, line, part);
        story = find_latest(book, line, false); /* may have been forgotten for the sake of that */
    }
    if (story != NULL) {
        add_to(book, story, line, part);
    }
}

static void take(struct story_book *book, const struct story_line *line)
{
    enum story_part part;
    if (book->root != NULL && (line->root == NULL || strcmp(line->root, book->root) != 0)) {
        return;
    }
    if (is(line, "burst")) {
        take_burst(book, line);
    } else if (is(line, "ports")) {
        take_ports(book, line);
    } else if (is(line, "census")) {
        take_census(book, line);
    } else if (find_part(line, &part)) {
        take_step(book, line, part);
    }
}

/* ---- what others call ---- */

struct story_book *story_book_open(const char *root)
{
    struct story_book *book = calloc(1, sizeof *book);
    if (book != NULL && root != NULL) {
        book->root = text_copy(root);
        if (book->root == NULL) {
            free(book);
            return NULL;
        }
    }
    return book;
}

void story_book_close(struct story_book *book)
{
    if (book == NULL) {
        return;
    }
    while (book->sum.stories > 0) {
        story_free(book->stories[--book->sum.stories]);
    }
    free(book->root);
    free(book);
}

void story_book_line(struct story_book *book, const char *line, size_t length)
{
    struct story_line read = {.object = NULL};
    book->sum.lines++;
    if (length == 0) {
        return;
    }
    if (length <= STORY_LINE_MOST && story_line_read(line, length, &read)) {
        take(book, &read);
    } else if (book->sum.bad++ == 0) {
        book->sum.first_bad = book->sum.lines;
    }
    story_line_free(&read);
}

struct story_book_sum story_book_sum(const struct story_book *book)
{
    struct story_book_sum sum = book->sum;
    sum.bytes = book->bytes;
    return sum;
}

const struct story *story_book_get(const struct story_book *book, size_t back)
{
    return back >= 1 && back <= book->sum.stories ? book->stories[book->sum.stories - back] : NULL;
}
