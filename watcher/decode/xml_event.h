/* One event as XML, by libxml2's reader: from an exported file, or as EvtRender gives it. */
#ifndef WATCHER_DECODE_XML_EVENT_H
#define WATCHER_DECODE_XML_EVENT_H

#include "../event.h"

#include <stddef.h>

enum xml_verdict {
    XML_EVENT,   /* an event */
    XML_OTHER,   /* an element that is no event: another name or namespace, or no System in it */
    XML_DAMAGED, /* not well-formed, or with a document type declaration, which is refused */
    XML_NO_MEMORY,
};

/* Keeps libxml2's reader and the texts between two events. */
struct xml_decoder;

struct xml_decoder *xml_decoder_new(void); /* NULL when memory is out */
void xml_decoder_free(struct xml_decoder *decoder);

/* Decodes the one element in `text`, `length` bytes of the named encoding; NULL: UTF-8, or what an
 * XML declaration in the text says. An encoding that libxml2 does not know is read as ISO 8859-1.
 * Nothing is fetched, no entity of a document type is replaced. The texts of `out` live until the
 * next call. With XML_DAMAGED, `*what` (may be NULL) is what was found and expected, without a full
 * stop; it lives as long.
 *
 * Control characters, which XML 1.0 forbids and XML 1.1 allows as references, are taken for blanks:
 * exports contain them in the event's data. (Not in UTF-16: hand over UTF-8.) */
enum xml_verdict xml_event_decode(struct xml_decoder *decoder, const char *text, size_t length,
                                  const char *encoding, struct event *out, const char **what);

#endif
