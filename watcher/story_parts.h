/* What the files of story.h share: a line of the log, and a story as it grows. */
#ifndef WATCHER_STORY_PARTS_H
#define WATCHER_STORY_PARTS_H

#include "story.h"

#include <jansson.h>

/* All texts are borrowed from the object. */
struct story_line {
    json_t *object;
    uint64_t time;
    const char *program, *action;
    const char *root; /* NULL: it names none */
    const char *text; /* NULL: it has none */
    bool has_burst;
    const char *computer; /* of the burst; "" when it is not named */
    uint64_t first, last, events;
};

/* False when the line is none of an audit log; `out` is to be freed in either case. */
bool story_line_read(const char *line, size_t length, struct story_line *out);
void story_line_free(struct story_line *line);

/* The story that a line with a burst begins; NULL when memory is out. */
struct story *story_new(const struct story_line *line);
void story_free(struct story *story);

/* Each gives false when memory is out; the story is whole then, too, and lacks something. */
bool story_take_text(struct story *story, const char *text);
bool story_take_census(struct story *story, const struct story_line *line);
bool story_take_step(struct story *story, const struct story_line *line, enum story_part part);

#endif
