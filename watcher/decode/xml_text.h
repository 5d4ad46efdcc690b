/* The text of an exported event log and the markup in it, through a window that moves over the
 * file: UTF-8 (or another encoding that contains ASCII) as it is, UTF-16 as UTF-8. A file may be
 * joined of exports in several encodings; each such part begins with a byte order mark, an XML
 * declaration, or an element of an event log.
 *
 * Source of the markup's forms: XML 1.0, chapters 2.4 to 2.8 and 3.1. */
#ifndef WATCHER_DECODE_XML_TEXT_H
#define WATCHER_DECODE_XML_TEXT_H

#include "xml_window.h"

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

/* With the window at the beginning of the file. */
void xml_text_init(struct xml_text *text, const struct log_input *input);

/* Moves the window to the part that begins at an offset, 0 for the file's first one, with its form
 * and the encoding that is declared there. False when no part begins there. */
bool xml_text_begin(struct xml_text *text, uint64_t part);

/* The next markup from `from` on, reading more text as it is needed, in the part that the window is
 * in. */
struct xml_tag xml_text_next(struct xml_text *text, size_t from);

/* The next markup from the window's start on, where no event is open: the text before it may be
 * dropped, so that any amount of it is passed (`at` then counts from the new start), and another
 * part may begin in it. What is looked at inside an event never counts as another part's beginning:
 * anybody may have written it. */
struct xml_tag xml_text_pass(struct xml_text *text);

/* True when the element's name without its prefix is this one. */
bool xml_tag_is(const struct xml_text *text, const struct xml_tag *tag, const char *local_name);

/* Notes the encoding that an XML declaration names, with which a part begins. */
void xml_text_declare(struct xml_text *text, const struct xml_tag *tag);

#endif
