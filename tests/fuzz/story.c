/* The input is an audit log. */
#include "fuzz.h"

#include "story.h"
#include "told.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 79 };

static struct story_book *read_log(const char *text, size_t size, const char *root)
{
    struct story_book *book = story_book_open(root);
    FUZZ_REQUIRE(book != NULL, "memory is out");
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end != NULL ? (size_t)(end - text) - at : size - at;
        /* Of its own, so that a sanitizer sees what is read behind it. */
        char *line = fuzz_copy(text + at, length, false);
        story_book_line(book, line, length);
        free(line);
        at += length + 1;
    }
    return book;
}

static void check_text(const struct story *story)
{
    struct buf text = BUF_INIT;
    story_text(&text, story, WIDTH);
    story_list_line(&text, story, 1, true);
    for (const char *line = buf_text(&text); *line != '\0';) {
        size_t length = strcspn(line, "\n");
        FUZZ_REQUIRE(fuzz_is_printable(line, length), "a story can be printed");
        FUZZ_REQUIRE(line[length] == '\n', "each line has its end");
        line += length + 1;
    }
    buf_free(&text);
}

static void check_json(const struct story *story)
{
    struct buf line = BUF_INIT;
    struct told told;
    story_json(&line, story, 1);
    FUZZ_REQUIRE(line.len > 0 && memchr(line.data, '\n', line.len) == line.data + line.len - 1,
                 "a story is one line");
    FUZZ_REQUIRE(fuzz_is_utf8(line.data, line.len), "JSON is UTF-8");
    FUZZ_REQUIRE(told_read(line.data, line.len - 1, &told), "a story is a JSON object");
    told_free(&told);
    buf_free(&line);
}

static void check_story(const struct story *story)
{
    FUZZ_REQUIRE(story->step_count <= STORY_STEPS_MAX && story->last >= story->first,
                 "a story keeps to its bounds");
    FUZZ_REQUIRE(story_outcome(story) < STORY_OUTCOMES, "a story has come to something");
    for (size_t i = 0; i < story->step_count; i++) {
        const struct story_step *step = story->steps[i];
        FUZZ_REQUIRE(step->part < STORY_PARTS && step->times > 0, "a step has its part");
        FUZZ_REQUIRE(step->text == NULL || strlen(step->text) <= STORY_TEXT_MOST,
                     "a text is cut off");
    }
    check_text(story);
    check_json(story);
}

void fuzz_story(const uint8_t *data, size_t size)
{
    struct story_book *book = read_log((const char *)data, size, NULL);
    struct story_book_sum sum = story_book_sum(book);
    FUZZ_REQUIRE(sum.bad <= sum.lines && sum.stories <= sum.lines, "every line counts once");
    FUZZ_REQUIRE((sum.bad == 0) == (sum.first_bad == 0), "a bad line is named");
    FUZZ_REQUIRE(sum.bytes <= STORY_BYTES_MAX || sum.stories == 1, "what is kept is bounded");
    for (size_t back = 1; back <= sum.stories; back++) {
        const struct story *story = story_book_get(book, back);
        check_story(story);
        if (story->root != NULL && strlen(story->root) < STORY_TEXT_MOST) {
            struct story_book *alone = read_log((const char *)data, size, story->root);
            FUZZ_REQUIRE(story_book_sum(alone).stories >= 1 &&
                             story_book_sum(alone).stories <= sum.stories,
                         "a story is found by its directory");
            story_book_close(alone);
        }
    }
    story_book_close(book);
}
