#include "pending.h"

#include "base/bytes.h"
#include "base/utf.h"

#include <string.h>

enum { UNIT = 2 };

static const uint8_t *bytes_of(const struct buf *value)
{
    return (const uint8_t *)buf_text(value);
}

/* The string at byte `*at`, which then is behind its NUL. False when it has none. */
static bool next_text(const struct buf *value, size_t *at, struct pending_text *text)
{
    const uint8_t *bytes = bytes_of(value);
    for (size_t end = *at; in_bounds(value->len, end, UNIT); end += UNIT) {
        if (get_le16(bytes + end) == 0) {
            *text = (struct pending_text){bytes + *at, (end - *at) / UNIT};
            *at = end + UNIT;
            return true;
        }
    }
    return false;
}

struct pending_walk pending_start(const struct buf *value)
{
    size_t end = value->len;
    while (end > 0 && value->data[end - 1] == '\0') {
        end--;
    }
    return (struct pending_walk){value, 0, end};
}

bool pending_next(struct pending_walk *walk, struct pending_pair *pair)
{
    size_t behind = walk->at;
    /* NULs alone end the value; an empty first string with text behind it is some program's pair.
     */
    if (walk->at >= walk->end || !next_text(walk->value, &behind, &pair->from) ||
        !next_text(walk->value, &behind, &pair->to)) {
        return false;
    }
    pair->at = walk->at;
    pair->size = behind - walk->at;
    walk->at = behind;
    return true;
}

size_t pending_pairs_size(const struct buf *value)
{
    struct pending_pair pair;
    struct pending_walk walk = pending_start(value);
    while (pending_next(&walk, &pair)) {
    }
    return walk.at;
}

bool pending_is_sound(const struct buf *value)
{
    size_t pairs = pending_pairs_size(value);
    return value->len == 0 || (value->len == pairs + UNIT && value->data[pairs] == '\0' &&
                               value->data[pairs + 1] == '\0');
}

/* What the kernel calls a file is what programs call it behind this. */
static const char *skip_start(const char *name)
{
    static const char start[] = "\\??\\";
    if (name[0] == '!' || name[0] == '@') {
        name++;
    }
    return strncmp(name, start, sizeof start - 1) == 0 ? name + sizeof start - 1 : name;
}

static void unify_separators(struct buf *name)
{
    for (size_t i = 0; i < name->len; i++) {
        if (name->data[i] == '/') {
            name->data[i] = '\\';
        }
    }
}

bool pending_names(const struct pending_text *text, const char *path)
{
    struct buf name = BUF_INIT;
    struct buf wanted = BUF_INIT;
    utf16le_to_utf8(&name, text->bytes, text->units);
    buf_add_text(&wanted, path);
    unify_separators(&name);
    unify_separators(&wanted);
    bool same = !name.failed && !wanted.failed &&
                same_text_nocase(skip_start(buf_text(&name)), buf_text(&wanted));
    buf_free(&wanted);
    buf_free(&name);
    return same;
}

bool pending_replaces(const struct pending_text *text)
{
    uint16_t first = text->units > 0 ? get_le16(text->bytes) : 0;
    return first == '!' || first == '@';
}

bool pending_is(const struct pending_pair *pair, const char *from, const char *to)
{
    return pending_names(&pair->from, from) && pending_names(&pair->to, to);
}

size_t pending_remove(struct buf *value, const char *from, const char *to)
{
    struct pending_pair pair;
    size_t kept = 0;
    size_t removed = 0;
    struct pending_walk walk = pending_start(value);
    while (pending_next(&walk, &pair)) {
        if (pending_is(&pair, from, to)) {
            removed++;
        } else {
            memmove(value->data + kept, value->data + pair.at, pair.size);
            kept += pair.size;
        }
    }
    if (removed > 0) {
        size_t rest = value->len - walk.at;
        memmove(value->data + kept, value->data + walk.at, rest);
        value->len = kept + rest;
        value->data[value->len] = '\0';
    }
    return removed;
}
