#include "decode.h"

#include "part.h"
#include "run.h"
#include "xml_text.h"

#include <string.h>

enum { XML_SEARCH = 65536, PIECE = 1024 };

static size_t memory_read_at(void *context, uint64_t offset, void *buffer, size_t size)
{
    const struct log_memory *memory = context;
    if (offset >= memory->size) {
        return 0;
    }
    size_t there = memory->size - (size_t)offset;
    size_t count = size < there ? size : there;
    if (count > 0) {
        memcpy(buffer, memory->bytes + offset, count);
    }
    return count;
}

struct log_input log_input_memory(struct log_memory *memory)
{
    return (struct log_input){.read_at = memory_read_at, .context = memory, .size = memory->size};
}

static bool begins_markup(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '?' || c == '!';
}

/* What one more character of the text before the first tag says. */
enum verdict { GO_ON, IS_XML, NOT_XML };

struct text_search {
    bool after_bracket;
};

static enum verdict next_character(struct text_search *search, uint8_t low, uint8_t high)
{
    bool ascii = high == 0;
    if (ascii && search->after_bracket && begins_markup(low)) {
        return IS_XML;
    }
    search->after_bracket = ascii && low == '<';
    /* A binary file has a NUL in its first bytes, text has none. */
    return ascii && low == 0 ? NOT_XML : GO_ON;
}

static bool begins_as_xml(const struct log_input *input, const uint8_t *head, size_t size)
{
    size_t mark;
    enum xml_form form = xml_form_of(head, size, &mark);
    size_t unit = form == XML_BYTES ? 1 : 2;
    struct text_search search = {false};
    uint8_t piece[PIECE];
    for (uint64_t at = 0; at < XML_SEARCH; at += PIECE) {
        size_t got = input_read(input, at, piece, sizeof piece);
        for (size_t i = 0; i + unit <= got; i += unit) {
            uint8_t first = piece[i];
            uint8_t second = unit == 2 ? piece[i + 1] : 0;
            enum verdict v = form == XML_UTF16BE ? next_character(&search, second, first)
                                                 : next_character(&search, first, second);
            if (v != GO_ON) {
                return v == IS_XML;
            }
        }
        if (got < sizeof piece) {
            break;
        }
    }
    return false;
}

enum log_kind log_recognise(const struct log_input *input)
{
    static const uint8_t evt[8] = {0x30, 0, 0, 0, 'L', 'f', 'L', 'e'};
    static const uint8_t evtx[8] = {'E', 'l', 'f', 'F', 'i', 'l', 'e', 0};
    uint8_t head[8];
    size_t size = input_read(input, 0, head, sizeof head);
    if (size == sizeof head && memcmp(head, evt, sizeof evt) == 0) {
        return LOG_EVT;
    }
    if (size == sizeof head && memcmp(head, evtx, sizeof evtx) == 0) {
        return LOG_EVTX;
    }
    return begins_as_xml(input, head, size) ? LOG_XML : LOG_UNKNOWN;
}

struct log_result log_read_how(enum log_kind kind, const struct log_input *input, bool growing,
                               struct log_place *place, const struct log_sink *sink,
                               const struct log_how *how)
{
    switch (kind) {
    case LOG_EVT:
        return evt_read_how(input, growing, place, sink, how);
    case LOG_EVTX:
        return evtx_read_how(input, growing, place, sink, how);
    case LOG_XML:
        return xml_read_how(input, growing, place, sink, how);
    case LOG_UNKNOWN:
        break;
    }
    return (struct log_result){.end = LOG_WRONG_KIND};
}

struct log_result log_read(enum log_kind kind, const struct log_input *input, bool growing,
                           struct log_place *place, const struct log_sink *sink)
{
    return log_read_how(kind, input, growing, place, sink, NULL);
}
