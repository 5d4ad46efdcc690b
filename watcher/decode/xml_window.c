#include "xml_window.h"

#include "run.h"

#include "base/utf.h"

#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 32768,          /* bytes read at once; a multiple of 2 */
    BLOCK_ROOM = BLOCK * 2, /* as UTF-8: 3 bytes at most for 2 */
};

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

const char *xml_text_at(const struct xml_text *text, size_t at)
{
    return text->data + text->start + at;
}

uint64_t xml_text_in_file(const struct xml_text *text, size_t count)
{
    const char *bytes = xml_text_at(text, 0);
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
    text->start_offset += xml_text_in_file(text, count);
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

bool xml_text_have(struct xml_text *text, size_t at, enum xml_search *why)
{
    while (text->size - text->start <= at) {
        if (at >= XML_MOST) {
            *why = XML_TOO_FAR;
            return false;
        }
        if (!read_more(text)) {
            *why = XML_NOT_THERE;
            return false;
        }
    }
    return true;
}
