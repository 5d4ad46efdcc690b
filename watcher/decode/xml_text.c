#include "xml_text.h"

#include "run.h"

#include <string.h>

enum { HEAD = 256 };

/* ---- markup ---- */

/* True when `word` stands at `at`. Text that ends inside of it does not count. */
static bool stands(struct xml_text *text, size_t at, const char *word)
{
    enum xml_search why;
    size_t length = strlen(word);
    return xml_text_have(text, at + length - 1, &why) &&
           memcmp(xml_text_at(text, at), word, length) == 0;
}

/* True when the text ends in the beginning of `word`. */
static bool may_become(const struct xml_text *text, size_t at, const char *word)
{
    size_t there = text->size - text->start - at;
    return there < strlen(word) && memcmp(xml_text_at(text, at), word, there) == 0;
}

/* Behind the next `word` from `at` on. */
static enum xml_search find_behind(struct xml_text *text, size_t at, const char *word,
                                   size_t *behind)
{
    enum xml_search why = XML_FOUND;
    size_t length = strlen(word);
    while (xml_text_have(text, at, &why)) {
        size_t there = text->size - text->start;
        const char *found = memchr(xml_text_at(text, at), word[0], there - at);
        if (found == NULL) {
            at = there;
            continue;
        }
        at = (size_t)(found - xml_text_at(text, 0));
        if (!xml_text_have(text, at + length - 1, &why)) {
            return why;
        }
        if (memcmp(xml_text_at(text, at), word, length) == 0) {
            *behind = at + length;
            return XML_FOUND;
        }
        at++;
    }
    return why;
}

static bool begins_name(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == ':' ||
           (unsigned char)c >= 0x80;
}

static bool ends_name(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '/' || c == '>' || c == '<';
}

/* The end of a tag whose name begins at tag->name. No '<' may stand in a tag, not even in a quoted
 * value, so that a lost quote costs no more than its own tag. */
static enum xml_search find_tag_end(struct xml_text *text, struct xml_tag *tag)
{
    enum xml_search why = XML_FOUND;
    char quote = 0;
    bool in_name = true;
    for (size_t at = tag->name; xml_text_have(text, at, &why); at++) {
        char c = *xml_text_at(text, at);
        if (in_name && ends_name(c)) {
            tag->name_length = at - tag->name;
            in_name = false;
        }
        if (c == '<') {
            return XML_NO_MARKUP;
        }
        if (quote != 0) {
            quote = c == quote ? 0 : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '>') {
            if (tag->markup == XML_START && *xml_text_at(text, at - 1) == '/') {
                tag->markup = XML_EMPTY;
            }
            tag->end = at + 1;
            return XML_FOUND;
        }
    }
    return why;
}

/* What begins with the '<' at tag->at. */
static enum xml_search read_markup(struct xml_text *text, struct xml_tag *tag)
{
    enum xml_search why = XML_FOUND;
    size_t at = tag->at;
    tag->markup = XML_SKIP;
    if (stands(text, at, "<!--")) {
        return find_behind(text, at + 4, "-->", &tag->end);
    }
    if (stands(text, at, "<![CDATA[")) {
        return find_behind(text, at + 9, "]]>", &tag->end);
    }
    if (stands(text, at, "<?")) {
        if (stands(text, at, "<?xml") && xml_text_have(text, at + 5, &why) &&
            ends_name(*xml_text_at(text, at + 5))) {
            tag->markup = XML_DECLARATION;
        }
        return find_behind(text, at + 2, "?>", &tag->end);
    }
    if (stands(text, at, "<!DOCTYPE")) {
        tag->markup = XML_DOCTYPE;
        tag->end = at + 9;
        return XML_FOUND;
    }
    if (!xml_text_have(text, at + 1, &why)) {
        return why;
    }
    if (may_become(text, at, "<!--") || may_become(text, at, "<![CDATA[") ||
        may_become(text, at, "<!DOCTYPE")) {
        return XML_NOT_THERE;
    }
    char next = *xml_text_at(text, at + 1);
    tag->markup = next == '/' ? XML_END : XML_START;
    tag->name = next == '/' ? at + 2 : at + 1;
    if (!xml_text_have(text, tag->name, &why)) {
        return why;
    }
    return begins_name(*xml_text_at(text, tag->name)) ? find_tag_end(text, tag) : XML_NO_MARKUP;
}

/* Moves to the next '<'. */
static enum xml_search find_bracket(struct xml_text *text, size_t *at)
{
    enum xml_search why = XML_FOUND;
    while (xml_text_have(text, *at, &why)) {
        size_t there = text->size - text->start;
        const char *found = memchr(xml_text_at(text, *at), '<', there - *at);
        if (found != NULL) {
            *at = (size_t)(found - xml_text_at(text, 0));
            return XML_FOUND;
        }
        *at = there;
    }
    return why;
}

static struct xml_tag markup_at(struct xml_text *text, size_t at, enum xml_search search)
{
    struct xml_tag tag = {.markup = XML_NOTHING, .at = at};
    if (search == XML_NOT_THERE) {
        return tag;
    }
    if (search == XML_FOUND) {
        search = read_markup(text, &tag);
    }
    if (search == XML_NOT_THERE) {
        tag.markup = XML_CUT;
    } else if (search == XML_TOO_FAR) {
        tag.markup = XML_TOO_LONG;
    } else if (search == XML_NO_MARKUP) {
        tag.markup = XML_BAD;
        tag.end = tag.at + 1;
    }
    return tag;
}

struct xml_tag xml_text_next(struct xml_text *text, size_t from)
{
    enum xml_search search = find_bracket(text, &from);
    return markup_at(text, from, search);
}

void xml_text_declare(struct xml_text *text, const struct xml_tag *tag)
{
    static const char word[] = "encoding";
    const char *at = xml_text_at(text, tag->at);
    const char *end = xml_text_at(text, tag->end);
    text->part = text->start_offset + xml_text_in_file(text, tag->at);
    text->encoding[0] = '\0';
    for (; end - at > (ptrdiff_t)sizeof word; at++) {
        if (memcmp(at, word, sizeof word - 1) != 0) {
            continue;
        }
        at += sizeof word - 1;
        while (at < end && *at != '"' && *at != '\'') {
            at++;
        }
        const char *close = end - at > 1 ? memchr(at + 1, *at, (size_t)(end - at) - 1) : NULL;
        size_t length = close != NULL ? (size_t)(close - at) - 1 : 0;
        if (length < sizeof text->encoding) {
            memcpy(text->encoding, at + 1, length);
            text->encoding[length] = '\0';
        }
        return;
    }
}

/* ---- parts with other encodings ---- */

/* Moves the window to a part that begins at an offset. */
static void enter(struct xml_text *text, uint64_t part)
{
    uint8_t head[4] = {0};
    size_t mark;
    text->form = xml_form_of(head, input_read(text->input, part, head, sizeof head), &mark);
    text->part = part;
    text->encoding[0] = '\0';
    xml_text_seek(text, part + mark);
}

bool xml_text_begin(struct xml_text *text, uint64_t part)
{
    enum xml_search why;
    enter(text, part);
    if (part != 0 && (!xml_text_have(text, 0, &why) || *xml_text_at(text, 0) != '<')) {
        return false;
    }
    struct xml_tag tag = xml_text_next(text, 0);
    if (tag.markup == XML_DECLARATION) {
        xml_text_declare(text, &tag);
    }
    return true;
}

void xml_text_init(struct xml_text *text, const struct log_input *input)
{
    *text = (struct xml_text){.input = input};
    (void)xml_text_begin(text, 0);
}

/* True when the '<' at `at`, among bytes, is one of UTF-16. */
static enum xml_search is_utf16_bracket(struct xml_text *text, size_t at, bool *is)
{
    enum xml_search why = XML_FOUND;
    *is = false;
    if (!xml_text_have(text, at + 1, &why) || *xml_text_at(text, at + 1) != '\0') {
        return XML_FOUND;
    }
    if (!xml_text_have(text, at + 3, &why)) {
        return why;
    }
    *is = *xml_text_at(text, at + 2) != '\0' && *xml_text_at(text, at + 3) == '\0';
    return XML_FOUND;
}

/* Where UTF-16 begins whose '<' has the offset `bracket`: a byte order mark between `from` and it
 * tells the order. Without one it is the first of its text, and has a NUL before it or not. */
static uint64_t utf16_part(const struct xml_text *text, uint64_t from, uint64_t bracket)
{
    uint8_t before[HEAD];
    size_t count = bracket - from < sizeof before ? (size_t)(bracket - from) : sizeof before;
    if (input_read(text->input, bracket - count, before, count) != count || count == 0) {
        return bracket;
    }
    bool after_nul = before[count - 1] == 0;
    for (size_t i = count; i >= 2; i--) {
        bool odd = (count - i) % 2 != 0;
        if (before[i - 2] == 0xff && before[i - 1] == 0xfe && !odd) {
            return bracket;
        }
        if (before[i - 2] == 0xfe && before[i - 1] == 0xff && odd && after_nul) {
            return bracket - 1;
        }
    }
    return after_nul ? bracket - 1 : bracket;
}

/* True when bytes in the midst of UTF-16 begin a part in another form. */
static bool begins_part(const uint8_t *bytes, enum xml_form form)
{
    static const uint8_t little[] = {0xff, 0xfe, '<', 0};
    static const uint8_t big[] = {0xfe, 0xff, 0, '<'};
    return memcmp(bytes, "\xef\xbb\xbf<", 4) == 0 ||
           (memcmp(bytes, "<?xml", 5) == 0 && ends_name((char)bytes[5])) ||
           memcmp(bytes, "<Event", 6) == 0 ||
           memcmp(bytes, form == XML_UTF16LE ? big : little, 4) == 0;
}

/* Looks for such bytes in the file from `from` on, so that they begin before `to`. */
static bool find_part(const struct xml_text *text, uint64_t from, uint64_t to, uint64_t *part)
{
    enum { LONGEST = 6 };
    uint8_t block[4096];
    while (from < to) {
        size_t got = input_read(text->input, from, block, sizeof block);
        for (size_t i = 0; i + LONGEST <= got && from + i < to; i++) {
            if (begins_part(block + i, text->form)) {
                *part = from + i;
                return true;
            }
        }
        if (got < sizeof block) {
            break;
        }
        from += sizeof block - LONGEST + 1;
    }
    return false;
}

static bool is_ascii(const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (((unsigned char)bytes[i] & 0x80) != 0) {
            return false;
        }
    }
    return true;
}

/* Bytes that are read as UTF-16 look like other letters than any blank or line between events. */
static bool leaves_utf16(struct xml_text *text, size_t at)
{
    const char *bytes = xml_text_at(text, 0);
    uint64_t part;
    if (text->form == XML_BYTES || is_ascii(bytes, at) ||
        !find_part(text, text->start_offset, text->start_offset + xml_text_in_file(text, at),
                   &part)) {
        return false;
    }
    enter(text, part);
    return true;
}

/* A byte order mark stands for UTF-8, whatever was declared before it. */
static void note_mark(struct xml_text *text, size_t at)
{
    if (text->form == XML_BYTES && text->encoding[0] != '\0' && at >= 3 &&
        memcmp(xml_text_at(text, at - 3), "\xef\xbb\xbf", 3) == 0) {
        text->part = text->start_offset + at - 3;
        text->encoding[0] = '\0';
    }
}

struct xml_tag xml_text_pass(struct xml_text *text)
{
    enum xml_search why = XML_FOUND;
    uint64_t from = text->start_offset;
    for (size_t at = 0; xml_text_have(text, at, &why);) {
        size_t there = text->size - text->start;
        const char *found = memchr(xml_text_at(text, at), '<', there - at);
        at = found != NULL ? (size_t)(found - xml_text_at(text, 0)) : there;
        bool is_utf16 = false;
        if (leaves_utf16(text, at)) {
            at = 0;
            continue;
        }
        if (found == NULL) {
            /* A byte order mark is seen as long as it stands before a '<' in the window. */
            size_t kept = text->form == XML_BYTES && at > 3 ? 3 : 0;
            xml_text_drop(text, at - kept);
            at = kept;
            continue;
        }
        if (text->form == XML_BYTES) {
            why = is_utf16_bracket(text, at, &is_utf16);
        }
        if (!is_utf16) {
            note_mark(text, at);
            return markup_at(text, at, why);
        }
        enter(text, utf16_part(text, from, text->start_offset + at));
        from = text->start_offset;
        at = 0;
    }
    return markup_at(text, 0, why);
}

bool xml_tag_is(const struct xml_text *text, const struct xml_tag *tag, const char *local_name)
{
    const char *name = xml_text_at(text, tag->name);
    const char *colon = memchr(name, ':', tag->name_length);
    size_t prefix = colon != NULL ? (size_t)(colon - name) + 1 : 0;
    size_t length = strlen(local_name);
    return tag->name_length - prefix == length && memcmp(name + prefix, local_name, length) == 0;
}
