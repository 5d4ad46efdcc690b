/* The text of an exported event log and the markup in it, through a window that moves over the
 * file: UTF-8 (or another encoding that contains ASCII) as it is, UTF-16 as UTF-8.
 *
 * Source of the markup's forms: XML 1.0, chapters 2.4 to 2.8 and 3.1. */
#ifndef WATCHER_DECODE_XML_TEXT_H
#define WATCHER_DECODE_XML_TEXT_H

#include "decode.h"

enum {
    XML_MOST = 1024 * 1024, /* bytes of an event, a comment, anything that has to be whole */
    XML_ENCODING_ROOM = 32,
};

enum xml_form { XML_BYTES, XML_UTF16LE, XML_UTF16BE };

/* The form of a text, by its first bytes (4 are enough), and the length of its byte order mark. */
enum xml_form xml_form_of(const uint8_t *head, size_t size, size_t *mark);

struct xml_text {
    const struct log_input *input;
    uint64_t beginning; /* behind the byte order mark */
    enum xml_form form;
    char encoding[XML_ENCODING_ROOM]; /* as the last XML declaration names it; "" */
    char *data;                       /* what is in the window: data[start] to data[size] */
    size_t start;
    size_t size;
    size_t room;
    uint64_t start_offset; /* of data[start], in the file */
    uint64_t next_offset;  /* where the file is read on */
    bool ended;
    bool no_memory;
};

enum xml_markup {
    XML_NOTHING, /* no markup up to the end of the text */
    XML_CUT,     /* the text ends inside of it */
    XML_TOO_LONG,
    XML_START, /* <name ...> */
    XML_EMPTY, /* <name ... /> */
    XML_END,   /* </name> */
    XML_DECLARATION,
    XML_DOCTYPE,
    XML_SKIP, /* a comment, a CDATA section, a processing instruction */
    XML_BAD,  /* a '<' that begins none of these */
};

/* One piece of markup; the offsets count from the window's start. */
struct xml_tag {
    enum xml_markup markup;
    size_t at;
    size_t end;  /* behind its '>' */
    size_t name; /* of an element */
    size_t name_length;
};

/* Finds out the form and the declared encoding from the first bytes. */
void xml_text_init(struct xml_text *text, const struct log_input *input);
void xml_text_free(struct xml_text *text);

/* Moves the window to an offset in the file; the declared encoding stays what it is. */
void xml_text_seek(struct xml_text *text, uint64_t offset);

/* Back to the beginning, and to the encoding that is declared there. */
void xml_text_rewind(struct xml_text *text);

/* The window's first byte, and moving the window's start on. */
const char *xml_text_at(const struct xml_text *text, size_t at);
void xml_text_drop(struct xml_text *text, size_t count);

/* The next markup from `from` on, reading more text as it is needed. With `drop` the text before
 * it may be dropped, so that any amount of it is passed; `at` then counts from the new start. */
struct xml_tag xml_text_next(struct xml_text *text, size_t from, bool drop);

/* True when the element's name without its prefix is this one. */
bool xml_tag_is(const struct xml_text *text, const struct xml_tag *tag, const char *local_name);

/* Notes the encoding that an XML declaration names. */
void xml_text_declare(struct xml_text *text, const struct xml_tag *tag);

#endif
