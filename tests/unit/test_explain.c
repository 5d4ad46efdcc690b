/* Stories from the audit logs of tests/data/audit, in words held against tests/data/stories.txt.
 *
 * What was changed on purpose: build, run "test_explain --write tests/data/stories.txt" in the
 * source directory, and read the difference before committing it. */
#include "baseline.h"
#include "check.h"

#include "base/utf.h"
#include "story.h"
#include "told.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASELINE TEST_DATA "/stories.txt"

enum { WIDTH = 79 };

/* Each is the log of one thing that can happen. */
static const char *const logs[] = {
    "patched",
    "other-limit",
    "beforehand",
    "next-boot",
    "declined",
    "failed",
    "failed-unsaved",
    "killed",
    "open",
    "notify",
    "only-watched",
    "not-writable",
    "limit-is-set",
    "unexpected",
    "unexpected-asked",
    "no-census",
    "nobody",
    "many-programs",
    "restart-later",
    "differs",
    "reverted",
    "restored",
    "restored-by-watcher",
    "still-limited",
    "tried-before",
    "pending",
    "question-stands",
    "other-computer",
    "told-again",
    "two-roots",
    "ports",
    "ports-between",
    "future",
    "hostile",
    "torn",
};

static void load(const char *name, struct buf *out)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/audit/%s.jsonl", TEST_DATA, name);
    if (!read_file(path, out)) {
        printf("\n%s cannot be read", path);
        exit(1);
    }
}

static struct story_book *open_book(const char *root)
{
    struct story_book *book = story_book_open(root);
    if (book == NULL) {
        exit(1);
    }
    return book;
}

static void feed(struct story_book *book, const char *text, size_t length)
{
    const char *end = text + length;
    while (text < end) {
        const char *feed_at = memchr(text, '\n', (size_t)(end - text));
        size_t size = (size_t)((feed_at != NULL ? feed_at : end) - text);
        story_book_line(book, text, size);
        text += size + 1;
    }
}

static struct story_book *read_log(const char *name)
{
    struct buf log = BUF_INIT;
    struct story_book *book = open_book(NULL);
    load(name, &log);
    feed(book, log.data, log.len);
    buf_free(&log);
    return book;
}

/* ---- the baseline ---- */

static void add_log(struct buf *out, const char *name)
{
    struct story_book *book = read_log(name);
    struct story_book_sum sum = story_book_sum(book);
    buf_printf(out, "==== %s: %zu of %" PRIu64 " lines\n\n", name, (size_t)(sum.lines - sum.bad),
               sum.lines);
    for (size_t back = sum.stories; back >= 1; back--) {
        const struct story *story = story_book_get(book, back);
        story_list_line(out, story, back, true);
        buf_add_char(out, '\n');
        story_text(out, story, WIDTH);
        buf_add_char(out, '\n');
    }
    story_book_close(book);
}

static void add_logs(struct buf *out)
{
    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        add_log(out, logs[i]);
    }
    struct story_book *book = read_log("reverted");
    buf_add_text(out, "==== reverted, as JSON\n\n");
    story_json(out, story_book_get(book, 1), 1);
    story_book_close(book);
}

static void every_story_is_as_in_the_baseline(void)
{
    struct buf got = BUF_INIT;
    add_logs(&got);
    check_baseline(BASELINE, &got, "test_explain --write tests/data/stories.txt");
    buf_free(&got);
}

static void every_outcome_is_in_the_baseline(void)
{
    size_t seen[STORY_OUTCOMES] = {0};
    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        struct story_book *book = read_log(logs[i]);
        for (size_t back = 1; back <= story_book_sum(book).stories; back++) {
            seen[story_outcome(story_book_get(book, back))]++;
        }
        story_book_close(book);
    }
    for (int outcome = 0; outcome < STORY_OUTCOMES; outcome++) {
        if (seen[outcome] == 0) {
            printf("\n%s has no story", story_outcome_name((enum story_outcome)outcome));
        }
        CHECK(seen[outcome] > 0);
    }
}

/* ---- what every story holds to ---- */

static bool is_printable(const char *text, size_t length)
{
    for (size_t at = 0; at < length;) {
        uint32_t code;
        at += utf8_get(text + at, length - at, &code);
        if (code != '\n' && utf_changes_screen(code)) {
            return false;
        }
    }
    return true;
}

static bool lines_fit(const char *text, size_t width)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        if (length > width) {
            return false;
        }
        text += length + (text[length] == '\n');
    }
    return true;
}

static void check_told(const struct story *story)
{
    struct buf text = BUF_INIT;
    struct buf line = BUF_INIT;
    struct told told;
    story_text(&text, story, WIDTH);
    CHECK(is_printable(buf_text(&text), text.len));
    story_json(&line, story, 1);
    CHECK(line.len > 0 && line.data[line.len - 1] == '\n');
    CHECK(strlen(buf_text(&line)) == line.len &&
          strchr(buf_text(&line), '\n') + 1 == buf_text(&line) + line.len);
    CHECK(told_read(buf_text(&line), line.len - 1, &told));
    told_free(&told);
    buf_free(&line);
    buf_free(&text);
}

static void all_is_printable_and_json(void)
{
    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        struct story_book *book = read_log(logs[i]);
        CHECK(story_book_sum(book).stories > 0);
        for (size_t back = 1; back <= story_book_sum(book).stories; back++) {
            check_told(story_book_get(book, back));
        }
        story_book_close(book);
    }
}

static void lines_are_as_wide_as_wanted(void)
{
    static const unsigned widths[] = {60, 79, 100};
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        struct buf text = BUF_INIT;
        struct story_book *book = read_log("patched");
        story_text(&text, story_book_get(book, 1), widths[i]);
        CHECK(lines_fit(buf_text(&text), widths[i]));
        CHECK(!lines_fit(buf_text(&text), widths[i] - 10));
        buf_free(&text);
        story_book_close(book);
    }
}

/* ---- logs that are not as they should be ---- */

static void a_log_may_be_torn_anywhere(void)
{
    struct buf log = BUF_INIT;
    load("reverted", &log);
    for (size_t length = 0; length <= log.len; length += length % 97 == 0 ? 1 : 3) {
        struct story_book *book = open_book(NULL);
        /* A copy, so that a sanitizer sees what is read behind it. */
        char *copy = malloc(length + 1);
        memcpy(copy, log.data, length);
        feed(book, copy, length);
        CHECK(story_book_sum(book).bad <= 1);
        CHECK(story_book_sum(book).stories <= 1);
        if (story_book_sum(book).stories == 1 && length % 7 == 0) {
            check_told(story_book_get(book, 1));
        }
        story_book_close(book);
        free(copy);
    }
    buf_free(&log);
}

static void a_bad_line_costs_itself(void)
{
    static const char *const bad[] = {
        "x",
        "{}",
        "[]",
        "{\"time\":\"2026-11-20T10:05:12Z\",\"program\":\"tcpipwatch\"}",
        "{\"time\":\"yesterday\",\"program\":\"tcpipwatch\",\"action\":\"burst\"}",
        "{\"time\":\"2026-11-20T10:05:12Z\",\"program\":1,\"action\":\"burst\"}",
        "{\"time\":\"2026-11-20T10:05:12Z\",\"program\":\"tcpipwatch\",\"action\":\"burst\"",
    };
    struct buf log = BUF_INIT;
    struct buf plain = BUF_INIT;
    load("patched", &log);
    struct story_book *book = read_log("patched");
    story_text(&plain, story_book_get(book, 1), WIDTH);
    story_book_close(book);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct buf text = BUF_INIT;
        const char *second = strchr(log.data, '\n') + 1;
        book = open_book(NULL);
        feed(book, log.data, (size_t)(second - log.data));
        feed(book, bad[i], strlen(bad[i]));
        feed(book, second, strlen(second));
        CHECK_NUMBER(story_book_sum(book).bad, 1);
        CHECK_NUMBER(story_book_sum(book).first_bad, 2);
        story_text(&text, story_book_get(book, 1), WIDTH);
        CHECK_TEXT(buf_text(&text), buf_text(&plain));
        buf_free(&text);
        story_book_close(book);
    }
    buf_free(&plain);
    buf_free(&log);
}

static void wrong_members_are_not_known(void)
{
    static const char *const lines[] = {
        "{\"time\":\"2026-11-20T10:05:12Z\",\"program\":\"tcpipwatch\",\"action\":\"burst\","
        "\"root\":\"/r\",\"burst\":{\"computer\":7,\"first\":\"2026-11-20T10:05:10Z\","
        "\"last\":\"2026-11-20T10:05:11Z\",\"events\":-3},\"records\":[1,{\"record\":-1},"
        "{\"record\":5,\"log\":[],\"time\":0,\"event_id\":\"x\"}],\"state\":{},\"text\":3}",
        "{\"time\":\"2026-11-20T10:05:13Z\",\"program\":\"tcpipwatch\",\"action\":\"census\","
        "\"root\":\"/r\",\"burst\":{\"computer\":null,\"first\":\"2026-11-20T10:05:10Z\","
        "\"last\":\"2026-11-20T10:05:11Z\"},\"census\":{\"looks\":\"many\",\"connections\":1,"
        "\"programs\":[null,{\"image\":[],\"addresses\":{},\"expected\":1}]},\"verdict\":[]}",
        "{\"time\":\"2026-11-20T10:05:14Z\",\"program\":\"tcpipwatch\",\"action\":\"set\","
        "\"root\":\"/r\",\"result\":\"done\",\"changes\":[{\"limit_before\":\"ten\"},4]}",
        "{\"time\":\"2026-11-20T10:05:15Z\",\"program\":\"tcpipwatch\",\"action\":"
        "\"copies-changed\",\"root\":\"/r\",\"changes\":{\"path\":\"p\"}}",
    };
    struct story_book *book = open_book(NULL);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        feed(book, lines[i], strlen(lines[i]));
    }
    CHECK_NUMBER(story_book_sum(book).bad, 0);
    CHECK_NUMBER(story_book_sum(book).stories, 1);
    const struct story *story = story_book_get(book, 1);
    CHECK_NUMBER(story->events, 0);
    CHECK_NUMBER(story->record_count, 1);
    CHECK_NUMBER(story->census.program_count, 2);
    CHECK(story->census.taken && !story->census.programs[1].is_judged);
    CHECK_NUMBER(story->step_count, 2);
    check_told(story);
    story_book_close(book);
}

/* ---- bounds ---- */

/* All that a story holds on the heap, counted apart. */
static size_t count_text(const char *text)
{
    return text != NULL ? strlen(text) + 1 : 0;
}

static size_t count_step(const struct story_step *step)
{
    size_t bytes = sizeof *step + count_text(step->program) + count_text(step->action) +
                   count_text(step->text) + count_text(step->result) + count_text(step->way);
    for (size_t i = 0; i < step->copy_count; i++) {
        const struct story_copy *copy = &step->copies[i];
        bytes += count_text(copy->path) + count_text(copy->original) +
                 count_text(copy->before.version) + count_text(copy->before.status) +
                 count_text(copy->after.version) + count_text(copy->after.status);
    }
    return bytes;
}

static size_t count_story(const struct story *story)
{
    size_t bytes = sizeof *story + count_text(story->root) + count_text(story->computer) +
                   count_text(story->text) + count_text(story->census.why) +
                   count_text(story->census.verdict) + count_text(story->census.text);
    for (size_t i = 0; i < story->record_count; i++) {
        bytes += count_text(story->records[i].log);
    }
    for (size_t i = 0; i < story->census.program_count; i++) {
        bytes += count_text(story->census.programs[i].image);
        for (size_t k = 0; k < STORY_ADDRESSES_MAX; k++) {
            bytes += count_text(story->census.programs[i].addresses[k]);
        }
    }
    for (size_t i = 0; i < story->step_count; i++) {
        bytes += count_step(story->steps[i]);
    }
    return bytes;
}

static void check_bytes(const struct story_book *book)
{
    struct story_book_sum sum = story_book_sum(book);
    size_t bytes = 0;
    for (size_t back = 1; back <= sum.stories; back++) {
        bytes += count_story(story_book_get(book, back));
    }
    CHECK_NUMBER(sum.bytes, bytes);
    CHECK(sum.stories <= STORIES_MAX);
    CHECK(sum.bytes <= STORY_BYTES_MAX || sum.stories == 1);
}

static void what_is_kept_is_counted(void)
{
    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        struct story_book *book = read_log(logs[i]);
        check_bytes(book);
        story_book_close(book);
    }
}

static void add_burst(struct buf *line, unsigned number, const char *root)
{
    buf_printf(line,
               "{\"time\":\"2026-11-20T10:05:12Z\",\"program\":\"tcpipwatch\",\"action\":\"burst\","
               "\"root\":\"%s\",\"burst\":{\"computer\":\"C\",\"first\":"
               "\"2026-11-20T10:05:10.%07uZ\",\"last\":\"2026-11-20T10:05:11Z\",\"events\":3},"
               "\"text\":\"t\"}",
               root, number);
}

static void add_step(struct buf *line, const char *action, const char *root, const char *text)
{
    buf_printf(line,
               "{\"time\":\"2026-11-20T10:05:12Z\",\"program\":\"tcpipwatch\",\"action\":\"%s\","
               "\"root\":\"%s\",\"text\":\"%s\"}",
               action, root, text);
}

static void take(struct story_book *book, struct buf *line)
{
    story_book_line(book, line->data, line->len);
    buf_clear(line);
}

static void the_latest_stories_are_kept(void)
{
    struct buf line = BUF_INIT;
    struct story_book *book = open_book(NULL);
    for (unsigned i = 0; i < STORIES_MAX + 10; i++) {
        add_burst(&line, i, i % 2 == 0 ? "/a" : "/b");
        take(book, &line);
    }
    CHECK_NUMBER(story_book_sum(book).stories, STORIES_MAX);
    CHECK_NUMBER(story_book_sum(book).forgotten, 10);
    CHECK(story_book_get(book, STORIES_MAX + 1) == NULL && story_book_get(book, 0) == NULL);
    CHECK_NUMBER(story_book_get(book, 1)->first - story_book_get(book, STORIES_MAX)->first,
                 STORIES_MAX - 1);
    check_bytes(book);
    story_book_close(book);
    buf_free(&line);
}

/* Long texts, and as many different steps as one likes. */
static void a_story_takes_no_more_than_its_bounds(void)
{
    struct buf line = BUF_INIT;
    struct buf text = BUF_INIT;
    struct story_book *book = open_book(NULL);
    for (int i = 0; i < 10000; i++) {
        buf_add_text(&text, "\xe2\x82\xac");
    }
    for (unsigned i = 0; i < 100; i++) {
        char action[32];
        add_burst(&line, i, "/a");
        take(book, &line);
        for (unsigned k = 0; k < STORY_STEPS_MAX + 20; k++) {
            (void)snprintf(action, sizeof action, "new-%u", k % 5 == 4 ? k - 1 : k);
            add_step(&line, action, "/a", k == 2 ? buf_text(&text) : "short");
            take(book, &line);
        }
    }
    const struct story *story = story_book_get(book, 1);
    CHECK_NUMBER(story->step_count, STORY_STEPS_MAX);
    /* Every fifth only says again what the one before it said. */
    CHECK_NUMBER(story->left_out, 20 - 13);
    CHECK_TEXT(story->steps[0]->action, "new-0");
    CHECK_NUMBER(story->steps[3]->times, 2);
    CHECK_TEXT(story->steps[STORY_STEPS_MAX - 1]->action, "new-67");
    /* Between two characters: each has three bytes. */
    CHECK_NUMBER(strlen(story->steps[2]->text), STORY_TEXT_MOST / 3 * 3);
    check_bytes(book);
    check_told(story);
    story_book_close(book);
    buf_free(&text);
    buf_free(&line);
}

static void a_line_that_is_too_long_is_bad(void)
{
    struct buf line = BUF_INIT;
    struct buf text = BUF_INIT;
    for (int i = 0; i < STORY_LINE_MOST; i++) {
        buf_add_char(&text, 'x');
    }
    struct story_book *book = open_book(NULL);
    add_burst(&line, 1, "/a");
    take(book, &line);
    add_step(&line, "declined", "/a", buf_text(&text));
    take(book, &line);
    add_step(&line, "declined", "/a", "");
    take(book, &line);
    CHECK_NUMBER(story_book_sum(book).bad, 1);
    CHECK_NUMBER(story_book_sum(book).first_bad, 2);
    CHECK_NUMBER(story_outcome(story_book_get(book, 1)), STORY_DECLINED);
    story_book_close(book);
    buf_free(&text);
    buf_free(&line);
}

static void one_root_of_several(void)
{
    struct buf log = BUF_INIT;
    load("two-roots", &log);
    struct story_book *book = open_book("/mnt/xp/WINDOWS");
    feed(book, log.data, log.len);
    CHECK_NUMBER(story_book_sum(book).stories, 1);
    CHECK_TEXT(story_book_get(book, 1)->computer, "WKS-WINXP32BIT");
    story_book_close(book);
    book = open_book("/mnt/XP/WINDOWS");
    feed(book, log.data, log.len);
    CHECK_NUMBER(story_book_sum(book).stories, 0);
    story_book_close(book);
    buf_free(&log);
}

static int write_all(const char *path)
{
    struct buf text = BUF_INIT;
    add_logs(&text);
    int status = write_baseline(path, &text);
    buf_free(&text);
    return status;
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"every story is as in the baseline", every_story_is_as_in_the_baseline},
        {"every outcome is in the baseline", every_outcome_is_in_the_baseline},
        {"all is printable and JSON", all_is_printable_and_json},
        {"lines are as wide as wanted", lines_are_as_wide_as_wanted},
        {"a log may be torn anywhere", a_log_may_be_torn_anywhere},
        {"a bad line costs itself", a_bad_line_costs_itself},
        {"wrong members are not known", wrong_members_are_not_known},
        {"what is kept is counted", what_is_kept_is_counted},
        {"the latest stories are kept", the_latest_stories_are_kept},
        {"a story takes no more than its bounds", a_story_takes_no_more_than_its_bounds},
        {"a line that is too long is bad", a_line_that_is_too_long_is_bad},
        {"one root of several", one_root_of_several},
    };
    return argc == 3 && strcmp(argv[1], "--write") == 0 ? write_all(argv[2])
                                                        : RUN_SUITE("explain", cases);
}
