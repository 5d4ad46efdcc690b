#include "evtx_binxml.h"

#include "evtx_value.h"

#include "base/bytes.h"
#include "base/utf.h"

#include <string.h>

enum {
    MOST_DEPTH = 24,        /* elements, templates and values inside each other */
    MOST_STEPS = 4096,      /* tokens of one record; its System element has some 60 */
    NAME_ROOM = 32,         /* longer names are not ours */
    DEFINITION_HEADER = 24, /* next definition, GUID, size */
};

enum token {
    TOKEN_END = 0x00,
    TOKEN_OPEN = 0x01,
    TOKEN_CLOSE_START = 0x02,
    TOKEN_CLOSE_EMPTY = 0x03,
    TOKEN_END_ELEMENT = 0x04,
    TOKEN_VALUE = 0x05,
    TOKEN_ATTRIBUTE = 0x06,
    TOKEN_CDATA = 0x07,
    TOKEN_CHARACTER = 0x08,
    TOKEN_ENTITY = 0x09,
    TOKEN_PI_TARGET = 0x0a,
    TOKEN_PI_DATA = 0x0b,
    TOKEN_TEMPLATE = 0x0c,
    TOKEN_SUBSTITUTION = 0x0d,
    TOKEN_OPTIONAL = 0x0e,
    TOKEN_FRAGMENT = 0x0f,
    TOKEN_MORE = 0x40, /* flag: attributes, or more of the same, follow */
};

/* Where in the event the reading is. */
enum spot { ABOVE_EVENT, IN_EVENT, IN_SYSTEM, IN_FIELD };

struct document {
    const uint8_t *chunk;
    size_t size;
    struct event_fields *fields;
    struct binxml_notes *notes; /* NULL: a record is read; else a definition is looked at */
    unsigned steps;
    bool complete; /* the System element has ended: nothing behind it matters */
    const char *error;
};

/* A template instance's values: `count` descriptors of 4 bytes, the values behind them. */
struct values {
    size_t descriptors;
    size_t count;
    size_t end;
};

/* A place in the token stream and what holds there. */
struct stream {
    size_t at;
    size_t end;
    bool in_definition;          /* elements have a dependency id */
    const struct values *values; /* NULL outside of a template */
    unsigned depth;
};

/* What an attribute or an element's content is collected into; FIELD_NONE: skipped. */
struct target {
    enum spot spot;
    enum event_field field;
    const struct system_element *element;
};

static bool fail(struct document *d, const char *what)
{
    if (d->error == NULL) {
        d->error = what;
    }
    return false;
}

static bool has(struct document *d, const struct stream *s, size_t length)
{
    return in_bounds(s->end, s->at, length) ||
           fail(d, "the end of the record's XML, where more of it was expected");
}

static bool take8(struct document *d, struct stream *s, uint8_t *out)
{
    if (!has(d, s, 1)) {
        return false;
    }
    *out = d->chunk[s->at++];
    return true;
}

static bool take16(struct document *d, struct stream *s, uint16_t *out)
{
    if (!has(d, s, 2)) {
        return false;
    }
    *out = get_le16(d->chunk + s->at);
    s->at += 2;
    return true;
}

static bool take32(struct document *d, struct stream *s, uint32_t *out)
{
    if (!has(d, s, 4)) {
        return false;
    }
    *out = get_le32(d->chunk + s->at);
    s->at += 4;
    return true;
}

static bool skip(struct document *d, struct stream *s, size_t length)
{
    if (!has(d, s, length)) {
        return false;
    }
    s->at += length;
    return true;
}

static bool take_token(struct document *d, struct stream *s, uint8_t *token)
{
    if (++d->steps > MOST_STEPS) {
        return fail(d, "more tokens in one record than any real one has");
    }
    return take8(d, s, token);
}

/* A name by its offset in the chunk. The first use of a name has it right behind the offset.
 * Names that are not short ASCII come out empty. */
static bool take_name(struct document *d, struct stream *s, char out[NAME_ROOM])
{
    uint32_t offset;
    if (!take32(d, s, &offset)) {
        return false;
    }
    if (!in_bounds(d->size, offset, 8)) {
        return fail(d, "the offset of a name, beyond the chunk's end");
    }
    size_t length = get_le16(d->chunk + offset + 6);
    size_t whole = 8 + 2 * length + 2;
    if (!in_bounds(d->size, offset, whole)) {
        return fail(d, "a name that goes beyond the chunk's end");
    }
    if (offset == s->at && !skip(d, s, whole)) {
        return false;
    }
    bool ours = length < NAME_ROOM && utf16le_ascii(out, d->chunk + offset + 8, length) == length;
    out[ours ? length : 0] = '\0';
    return true;
}

/* Notes where a field's text comes from. A field of several pieces is not regular. */
static bool note_source(struct document *d, enum event_field field, enum binxml_source source,
                        size_t at, size_t count)
{
    struct binxml_note *note = &d->notes->fields[field];
    if (note->source != BINXML_NOWHERE) {
        return fail(d, "a field of several pieces");
    }
    *note = (struct binxml_note){source, (uint16_t)count, (uint32_t)at};
    return true;
}

static bool note_substitution(struct document *d, enum event_field field, uint16_t index)
{
    struct binxml_notes *notes = d->notes;
    if (notes->needed_count == BINXML_MOST_NEEDED || index >= BINXML_MOST_NEEDED) {
        return fail(d, "more substitutions than a System element has");
    }
    notes->needed[notes->needed_count++] = (uint8_t)index;
    return field == FIELD_NONE || note_source(d, field, BINXML_VALUE, index, 0);
}

/* Adds a value to the field that is being collected, if one is. */
static bool add_value(struct document *d, const struct target *into, uint8_t type, size_t at,
                      size_t size)
{
    if (into->field == FIELD_NONE) {
        return true;
    }
    if (d->notes != NULL) {
        return note_source(d, into->field, BINXML_TEXT, at, size / 2);
    }
    const char *error = evtx_value_add(d->fields, into->field, type, d->chunk + at, size);
    return error == NULL || fail(d, error);
}

/* What lies between these two is collected; where a definition is looked at, nothing is. */
static void begin_field(struct document *d, enum event_field field)
{
    if (field != FIELD_NONE && d->notes == NULL) {
        fields_begin(d->fields, field);
    }
}

static void end_field(struct document *d, enum event_field field)
{
    if (field != FIELD_NONE && d->notes == NULL) {
        fields_end(d->fields, field);
    }
}

static bool read_fragment(struct document *d, struct stream *s, const struct target *into);
static bool read_content(struct document *d, struct stream *s, const struct target *into);

/* Finds a value of the template instance: its type, place and size. */
static bool find_value(struct document *d, const struct values *values, size_t index, uint8_t *type,
                       size_t *at, size_t *size)
{
    size_t here = values->descriptors + 4 * values->count;
    if (index >= values->count) {
        return fail(d, "a substitution of a value that the record does not have");
    }
    for (size_t i = 0;; i++) {
        const uint8_t *descriptor = d->chunk + values->descriptors + 4 * i;
        size_t length = get_le16(descriptor);
        if (!in_bounds(values->end, here, length)) {
            return fail(d, "a value that goes beyond its record's end");
        }
        if (i == index) {
            *type = descriptor[2];
            *at = here;
            *size = length;
            return true;
        }
        here += length;
    }
}

static bool read_substitution(struct document *d, struct stream *s, const struct target *into)
{
    uint16_t index;
    uint8_t declared;
    uint8_t type;
    size_t at;
    size_t size;
    if (!take16(d, s, &index) || !take8(d, s, &declared)) {
        return false;
    }
    if (s->values == NULL) {
        return fail(d, "a substitution outside of a template");
    }
    if (d->notes != NULL) {
        return note_substitution(d, into->field, index);
    }
    if (!find_value(d, s->values, index, &type, &at, &size)) {
        return false;
    }
    if (type == TYPE_BINXML) {
        struct stream inner = {.at = at, .end = at + size, .depth = s->depth + 1};
        return size == 0 || read_fragment(d, &inner, into);
    }
    return add_value(d, into, type, at, size);
}

static bool read_text(struct document *d, struct stream *s, const struct target *into)
{
    uint16_t units;
    if (!take16(d, s, &units)) {
        return false;
    }
    size_t at = s->at;
    return skip(d, s, (size_t)units * 2) && add_value(d, into, TYPE_STRING, at, (size_t)units * 2);
}

static bool read_entity(struct document *d, struct stream *s, const struct target *into)
{
    static const struct {
        const char *name;
        char character;
    } entities[] = {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
    char name[NAME_ROOM];
    if (!take_name(d, s, name)) {
        return false;
    }
    for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
        if (strcmp(entities[i].name, name) == 0) {
            if (into->field != FIELD_NONE && d->notes != NULL) {
                return fail(d, "a field of several pieces");
            }
            if (into->field != FIELD_NONE) {
                buf_add_char(&d->fields->text, entities[i].character);
            }
            return true;
        }
    }
    return fail(d, "a reference to an entity that XML does not know");
}

/* One piece of text, of an attribute or of an element's content. `known` says whether the token is
 * one of those. */
static bool read_piece(struct document *d, struct stream *s, uint8_t token,
                       const struct target *into, bool *known)
{
    uint8_t type;
    *known = true;
    switch (token & ~TOKEN_MORE) {
    case TOKEN_VALUE:
        if (!take8(d, s, &type)) {
            return false;
        }
        return type == TYPE_STRING ? read_text(d, s, into)
                                   : fail(d, "a text whose type is not string");
    case TOKEN_CDATA:
        return read_text(d, s, into);
    case TOKEN_CHARACTER: /* one UTF-16 code unit */
        return skip(d, s, 2) && add_value(d, into, TYPE_STRING, s->at - 2, 2);
    case TOKEN_ENTITY:
        return read_entity(d, s, into);
    case TOKEN_SUBSTITUTION:
    case TOKEN_OPTIONAL:
        return read_substitution(d, s, into);
    default:
        *known = false;
        return true;
    }
}

static bool read_attribute(struct document *d, struct stream *s,
                           const struct system_element *element)
{
    char name[NAME_ROOM];
    struct target into = {.spot = IN_FIELD, .field = FIELD_NONE};
    if (!take_name(d, s, name)) {
        return false;
    }
    if (element != NULL && element->attribute != NULL && strcmp(name, element->attribute) == 0) {
        into.field = element->in_attribute;
        begin_field(d, into.field);
    }
    bool known = true;
    while (known && s->at < s->end) {
        struct stream ahead = *s;
        uint8_t token = TOKEN_END;
        if (!take_token(d, &ahead, &token) || !read_piece(d, &ahead, token, &into, &known)) {
            return false;
        }
        if (known) {
            *s = ahead;
        }
    }
    end_field(d, into.field);
    return true;
}

static bool read_attributes(struct document *d, struct stream *s,
                            const struct system_element *element)
{
    uint32_t size;
    if (!take32(d, s, &size) || !has(d, s, size)) {
        return false;
    }
    struct stream list = *s;
    list.end = s->at + size;
    s->at = list.end;
    while (list.at < list.end) {
        uint8_t token = TOKEN_END;
        if (!take_token(d, &list, &token)) {
            return false;
        }
        if ((token & ~TOKEN_MORE) != TOKEN_ATTRIBUTE) {
            return fail(d, "another token, where an attribute was expected");
        }
        if (!read_attribute(d, &list, element)) {
            return false;
        }
    }
    return true;
}

/* What an element of this name is, seen from where it stands. False: nothing that is read. */
static bool descend(const struct target *outer, const char *name, struct target *inner)
{
    *inner = (struct target){.field = FIELD_NONE};
    switch (outer->spot) {
    case ABOVE_EVENT:
        inner->spot = IN_EVENT;
        return strcmp(name, "Event") == 0;
    case IN_EVENT:
        inner->spot = IN_SYSTEM;
        return strcmp(name, "System") == 0;
    case IN_SYSTEM:
        inner->spot = IN_FIELD;
        inner->element = system_element(name);
        if (inner->element != NULL) {
            inner->field = inner->element->content;
        }
        return inner->element != NULL;
    case IN_FIELD:
        break;
    }
    return false;
}

static bool read_element(struct document *d, struct stream *s, bool has_attributes,
                         const struct target *outer)
{
    uint32_t size;
    char name[NAME_ROOM];
    struct target inner;
    uint8_t token = TOKEN_END;
    if ((s->in_definition && !skip(d, s, 2)) || !take32(d, s, &size) || !has(d, s, size)) {
        return false;
    }
    struct stream element = *s;
    element.end = s->at + size;
    element.depth++;
    s->at = element.end;
    if (element.depth > MOST_DEPTH) {
        return fail(d, "elements nested deeper than any real ones");
    }
    if (!take_name(d, &element, name)) {
        return false;
    }
    if (!descend(outer, name, &inner)) {
        return true;
    }
    if ((has_attributes && !read_attributes(d, &element, inner.element)) ||
        !take_token(d, &element, &token)) {
        return false;
    }
    if (token == TOKEN_CLOSE_START) {
        begin_field(d, inner.field);
        if (!read_content(d, &element, &inner)) {
            return false;
        }
        end_field(d, inner.field);
    } else if (token != TOKEN_CLOSE_EMPTY) {
        return fail(d, "another token, where the end of a start tag was expected");
    }
    d->complete = d->complete || inner.spot == IN_SYSTEM;
    return true;
}

static bool read_pi_data(struct document *d, struct stream *s)
{
    static const struct target nothing = {.field = FIELD_NONE};
    return read_text(d, s, &nothing);
}

/* An element's content up to its end tag. */
static bool read_content(struct document *d, struct stream *s, const struct target *into)
{
    while (!d->complete) {
        uint8_t token = TOKEN_END;
        bool ok = true;
        bool known = true;
        char name[NAME_ROOM];
        if (!take_token(d, s, &token)) {
            return false;
        }
        switch (token & ~TOKEN_MORE) {
        case TOKEN_END_ELEMENT:
            return true;
        case TOKEN_OPEN:
            ok = read_element(d, s, (token & TOKEN_MORE) != 0, into);
            break;
        case TOKEN_PI_TARGET:
            ok = take_name(d, s, name);
            break;
        case TOKEN_PI_DATA:
            ok = read_pi_data(d, s);
            break;
        default:
            ok = read_piece(d, s, token, into, &known);
            break;
        }
        if (!known) {
            return fail(d, "a token that binary XML does not have in an element");
        }
        if (!ok) {
            return false;
        }
    }
    return true;
}

/* A template instance: its definition, here or elsewhere in the chunk, and its values. */
static bool read_template(struct document *d, struct stream *s, const struct target *into)
{
    uint32_t offset;
    uint32_t count;
    if (d->notes != NULL) {
        return fail(d, "a template inside of a definition");
    }
    if (!skip(d, s, 5) || !take32(d, s, &offset)) {
        return false;
    }
    if (!in_bounds(d->size, offset, DEFINITION_HEADER)) {
        return fail(d, "the offset of a template definition, beyond the chunk's end");
    }
    uint32_t size = get_le32(d->chunk + offset + 20);
    if (!in_bounds(d->size, (uint64_t)offset + DEFINITION_HEADER, size)) {
        return fail(d, "a template definition that goes beyond the chunk's end");
    }
    if (offset == s->at && !skip(d, s, DEFINITION_HEADER + (size_t)size)) {
        return false;
    }
    if (!take32(d, s, &count) ||
        !has(d, s, (size_t)4 * (count < UINT16_MAX ? count : UINT16_MAX))) {
        return false;
    }
    struct values values = {.descriptors = s->at, .count = count, .end = s->end};
    struct stream definition = {.at = offset + DEFINITION_HEADER,
                                .end = (size_t)offset + DEFINITION_HEADER + size,
                                .in_definition = true,
                                .values = &values,
                                .depth = s->depth + 1};
    /* The values are the last thing in the instance; nothing behind them is read. */
    s->at = s->end;
    return read_fragment(d, &definition, into);
}

static bool read_fragment(struct document *d, struct stream *s, const struct target *into)
{
    if (s->depth > MOST_DEPTH) {
        return fail(d, "templates nested deeper than any real ones");
    }
    while (!d->complete && s->at < s->end) {
        uint8_t token = TOKEN_END;
        char name[NAME_ROOM];
        bool ok = true;
        if (!take_token(d, s, &token)) {
            return false;
        }
        switch (token & ~TOKEN_MORE) {
        case TOKEN_END:
            return true;
        case TOKEN_FRAGMENT:
            ok = skip(d, s, 3);
            break;
        case TOKEN_TEMPLATE:
            ok = read_template(d, s, into);
            break;
        case TOKEN_OPEN:
            ok = read_element(d, s, (token & TOKEN_MORE) != 0, into);
            break;
        case TOKEN_PI_TARGET:
            ok = take_name(d, s, name);
            break;
        case TOKEN_PI_DATA:
            ok = read_pi_data(d, s);
            break;
        default:
            ok = fail(d, "a token that binary XML does not have at this place");
            break;
        }
        if (!ok) {
            return false;
        }
    }
    return true;
}

const char *binxml_read(const uint8_t *chunk, size_t size, size_t begin, size_t end,
                        struct event_fields *fields)
{
    static const struct target whole = {.spot = ABOVE_EVENT, .field = FIELD_NONE};
    struct document d = {.chunk = chunk, .size = size, .fields = fields};
    struct stream s = {.at = begin, .end = end};
    fields_clear(fields);
    if (!read_fragment(&d, &s, &whole)) {
        return d.error;
    }
    return d.complete ? NULL : "a record without a System element";
}

bool binxml_note(const uint8_t *chunk, size_t size, uint32_t offset, struct event_fields *scratch,
                 struct binxml_notes *notes)
{
    static const struct target whole = {.spot = ABOVE_EVENT, .field = FIELD_NONE};
    static const struct values none = {0};
    struct document d = {.chunk = chunk, .size = size, .fields = scratch, .notes = notes};
    *notes = (struct binxml_notes){.needed_count = 0};
    if (!in_bounds(size, offset, DEFINITION_HEADER)) {
        return false;
    }
    size_t length = get_le32(chunk + offset + 20);
    size_t begin = (size_t)offset + DEFINITION_HEADER;
    if (!in_bounds(size, begin, length)) {
        return false;
    }
    struct stream s = {
        .at = begin, .end = begin + length, .in_definition = true, .values = &none, .depth = 1};
    notes->end = (uint32_t)s.end;
    fields_clear(scratch);
    /* The record that uses the definition takes some steps itself. */
    return read_fragment(&d, &s, &whole) && d.complete && d.steps < MOST_STEPS - 16;
}
