#include "xml_text.h"

#include "run.h"

#include "base/utf.h"

#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 32768,          /* bytes read at once; a multiple of 2 */
    BLOCK_ROOM = BLOCK * 2, /* as UTF-8: 3 bytes at most for 2 */
    HEAD = 256,
};

/* ---- the window ---- */

enum xml_form xml_form_of(const uint8_t *head, size_t size, size_t *mark)
{
    *mark = 0;
    if (size >= 2 && head[0] == 0xff && head[1] == 0xfe) {
        *mark = 2;
        return XML_UTF16LE;
    }
    if (size >= 2 && head[0] == 0xfe && head[1] == 0xff) {
        *mark = 2;
        return XML_UTF16BE;
    }
    if (size >= 4 && head[0] == '<' && head[1] == 0 && head[2] != 0 && head[3] == 0) {
        return XML_UTF16LE;
    }
    if (size >= 4 && head[0] == 0 && head[1] == '<' && head[2] == 0 && head[3] != 0) {
        return XML_UTF16BE;
    }
    if (size >= 3 && head[0] == 0xef && head[1] == 0xbb && head[2] == 0xbf) {
        *mark = 3;
    }
    return XML_BYTES;
}

void xml_text_init(struct xml_text *text, const struct log_input *input)
{
    uint8_t head[4] = {0};
    size_t mark;
    *text = (struct xml_text){.input = input};
    text->form = xml_form_of(head, input_read(input, 0, head, sizeof head), &mark);
    text->beginning = mark;
    xml_text_rewind(text);
}

void xml_text_free(struct xml_text *text)
{
    free(text->data);
}

void xml_text_seek(struct xml_text *text, uint64_t offset)
{
    text->start = 0;
    text->size = 0;
    text->start_offset = offset;
    text->next_offset = offset;
    text->ended = false;
}

void xml_text_rewind(struct xml_text *text)
{
    xml_text_seek(text, text->beginning);
    text->encoding[0] = '\0';
    struct xml_tag tag = xml_text_next(text, 0, false);
    if (tag.markup == XML_DECLARATION) {
        xml_text_declare(text, &tag);
    }
}

const char *xml_text_at(const struct xml_text *text, size_t at)
{
    return text->data + text->start + at;
}

/* Bytes that `count` bytes of the window have in the file. */
static uint64_t in_file(const struct xml_text *text, const char *bytes, size_t count)
{
    if (text->form == XML_BYTES) {
        return count;
    }
    uint64_t units = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t byte = (uint8_t)bytes[i];
        units += byte >= 0xf0 ? 2 : (byte & 0xc0) != 0x80 ? 1 : 0;
    }
    return 2 * units;
}

void xml_text_drop(struct xml_text *text, size_t count)
{
    if (count == 0) {
        return;
    }
    text->start_offset += in_file(text, xml_text_at(text, 0), count);
    text->start += count;
}

static bool make_room(struct xml_text *text)
{
    if (text->start > 0) {
        memmove(text->data, text->data + text->start, text->size - text->start);
        text->size -= text->start;
        text->start = 0;
    }
    size_t needed = text->size + BLOCK_ROOM;
    if (needed <= text->room) {
        return true;
    }
    size_t most = XML_MOST + 2 * BLOCK_ROOM;
    size_t room = text->room * 2 > needed ? text->room * 2 : needed;
    room = room > most && needed <= most ? most : room;
    char *data = realloc(text->data, room);
    if (data == NULL) {
        text->no_memory = true;
        return false;
    }
    text->data = data;
    text->room = room;
    return true;
}

static uint32_t unit_at(const struct xml_text *text, const uint8_t *p)
{
    return text->form == XML_UTF16LE ? (uint32_t)p[0] | (uint32_t)p[1] << 8
                                     : (uint32_t)p[1] | (uint32_t)p[0] << 8;
}

/* Adds a block of UTF-16 as UTF-8, and returns how many of its bytes were used: a character that
 * the block ends in is left for the next one, unless there is none. */
static size_t add_utf16(struct xml_text *text, const uint8_t *block, size_t size)
{
    size_t at = 0;
    while (at + 2 <= size) {
        uint32_t code = unit_at(text, block + at);
        size_t used = 2;
        if (code >= 0xd800 && code <= 0xdbff) {
            uint32_t low = at + 4 <= size ? unit_at(text, block + at + 2) : 0;
            if (at + 4 > size && !text->ended) {
                break;
            }
            if (low >= 0xdc00 && low <= 0xdfff) {
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                used = 4;
            }
        }
        text->size += utf8_put(text->data + text->size, code);
        at += used;
    }
    return at;
}

/* Reads one more block into the window. False at the end of the text. */
static bool read_more(struct xml_text *text)
{
    if (text->ended || !make_room(text)) {
        return false;
    }
    uint8_t block[BLOCK];
    size_t got;
    if (text->form == XML_BYTES) {
        got = input_read(text->input, text->next_offset, text->data + text->size, BLOCK);
        text->ended = got < BLOCK;
        text->size += got;
    } else {
        got = input_read(text->input, text->next_offset, block, BLOCK);
        text->ended = got < BLOCK;
        got = add_utf16(text, block, got);
    }
    text->next_offset += got;
    return got > 0;
}

/* ---- markup ---- */

/* What a search for the end of a piece of markup came to. */
enum search { FOUND, NOT_THERE, TOO_LONG, NOT_MARKUP };

/* True when there is a byte at `at`. */
static bool have(struct xml_text *text, size_t at, enum search *why)
{
    while (text->size - text->start <= at) {
        if (at >= XML_MOST) {
            *why = TOO_LONG;
            return false;
        }
        if (!read_more(text)) {
            *why = NOT_THERE;
            return false;
        }
    }
    return true;
}

/* True when `word` stands at `at`. Text that ends inside of it does not count. */
static bool stands(struct xml_text *text, size_t at, const char *word)
{
    enum search why;
    size_t length = strlen(word);
    return have(text, at + length - 1, &why) && memcmp(xml_text_at(text, at), word, length) == 0;
}

/* True when the text ends in the beginning of `word`. */
static bool may_become(const struct xml_text *text, size_t at, const char *word)
{
    size_t there = text->size - text->start - at;
    return there < strlen(word) && memcmp(xml_text_at(text, at), word, there) == 0;
}

/* Behind the next `word` from `at` on. */
static enum search find_behind(struct xml_text *text, size_t at, const char *word, size_t *behind)
{
    enum search why = FOUND;
    size_t length = strlen(word);
    while (have(text, at, &why)) {
        size_t there = text->size - text->start;
        const char *found = memchr(xml_text_at(text, at), word[0], there - at);
        if (found == NULL) {
            at = there;
            continue;
        }
        at = (size_t)(found - xml_text_at(text, 0));
        if (!have(text, at + length - 1, &why)) {
            return why;
        }
        if (memcmp(xml_text_at(text, at), word, length) == 0) {
            *behind = at + length;
            return FOUND;
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
static enum search find_tag_end(struct xml_text *text, struct xml_tag *tag)
{
    enum search why = FOUND;
    char quote = 0;
    bool in_name = true;
    for (size_t at = tag->name; have(text, at, &why); at++) {
        char c = *xml_text_at(text, at);
        if (in_name && ends_name(c)) {
            tag->name_length = at - tag->name;
            in_name = false;
        }
        if (c == '<') {
            return NOT_MARKUP;
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
            return FOUND;
        }
    }
    return why;
}

/* What begins with the '<' at tag->at. */
static enum search read_markup(struct xml_text *text, struct xml_tag *tag)
{
    enum search why = FOUND;
    size_t at = tag->at;
    tag->markup = XML_SKIP;
    if (stands(text, at, "<!--")) {
        return find_behind(text, at + 4, "-->", &tag->end);
    }
    if (stands(text, at, "<![CDATA[")) {
        return find_behind(text, at + 9, "]]>", &tag->end);
    }
    if (stands(text, at, "<?")) {
        if (stands(text, at, "<?xml") && have(text, at + 5, &why) &&
            ends_name(*xml_text_at(text, at + 5))) {
            tag->markup = XML_DECLARATION;
        }
        return find_behind(text, at + 2, "?>", &tag->end);
    }
    if (stands(text, at, "<!DOCTYPE")) {
        tag->markup = XML_DOCTYPE;
        tag->end = at + 9;
        return FOUND;
    }
    if (!have(text, at + 1, &why)) {
        return why;
    }
    if (may_become(text, at, "<!--") || may_become(text, at, "<![CDATA[") ||
        may_become(text, at, "<!DOCTYPE")) {
        return NOT_THERE;
    }
    char next = *xml_text_at(text, at + 1);
    tag->markup = next == '/' ? XML_END : XML_START;
    tag->name = next == '/' ? at + 2 : at + 1;
    if (!have(text, tag->name, &why)) {
        return why;
    }
    return begins_name(*xml_text_at(text, tag->name)) ? find_tag_end(text, tag) : NOT_MARKUP;
}

/* Moves to the next '<'. */
static enum search find_bracket(struct xml_text *text, size_t *at, bool drop)
{
    enum search why = FOUND;
    for (;;) {
        if (drop) {
            xml_text_drop(text, *at);
            *at = 0;
        }
        if (!have(text, *at, &why)) {
            return why;
        }
        size_t there = text->size - text->start;
        const char *found = memchr(xml_text_at(text, *at), '<', there - *at);
        if (found != NULL) {
            *at = (size_t)(found - xml_text_at(text, 0));
            return FOUND;
        }
        *at = there;
    }
}

struct xml_tag xml_text_next(struct xml_text *text, size_t from, bool drop)
{
    struct xml_tag tag = {.markup = XML_NOTHING, .at = from};
    enum search search = find_bracket(text, &tag.at, drop);
    if (search == NOT_THERE) {
        return tag;
    }
    if (search == FOUND) {
        search = read_markup(text, &tag);
    }
    if (search == NOT_THERE) {
        tag.markup = XML_CUT;
    } else if (search == TOO_LONG) {
        tag.markup = XML_TOO_LONG;
    } else if (search == NOT_MARKUP) {
        tag.markup = XML_BAD;
        tag.end = tag.at + 1;
    }
    return tag;
}

bool xml_tag_is(const struct xml_text *text, const struct xml_tag *tag, const char *local_name)
{
    const char *name = xml_text_at(text, tag->name);
    const char *colon = memchr(name, ':', tag->name_length);
    size_t prefix = colon != NULL ? (size_t)(colon - name) + 1 : 0;
    size_t length = strlen(local_name);
    return tag->name_length - prefix == length && memcmp(name + prefix, local_name, length) == 0;
}

void xml_text_declare(struct xml_text *text, const struct xml_tag *tag)
{
    static const char word[] = "encoding";
    const char *at = xml_text_at(text, tag->at);
    const char *end = xml_text_at(text, tag->end);
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
