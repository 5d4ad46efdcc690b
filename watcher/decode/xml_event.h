/* Events as XML, by libxml2's parser: from an exported file, or one as EvtRender gives it. */
#ifndef WATCHER_DECODE_XML_EVENT_H
#define WATCHER_DECODE_XML_EVENT_H

#include "part.h"

#include <stddef.h>

enum xml_verdict {
    XML_EVENT,   /* an event */
    XML_OTHER,   /* an element that is no event: another name or namespace, or no System in it */
    XML_DAMAGED, /* not well-formed, or with a document type declaration, which is refused */
    XML_NO_MEMORY,
};

/* Keeps libxml2's parser and the texts between two events. */
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

enum { XML_DEPTH_MOST = 64 /* elements inside each other in an event; real ones have under 10 */ };

/* A stretch of an exported file, of events and what may stand between them in an element: what one
 * parser does with it in one go. */
struct xml_run {
    size_t length;
    const struct log_ids *only; /* NULL: every event id */
    void *context;
    /* An event, from `at` to `end` in the text. False stops the run behind it. */
    bool (*event)(void *context, const struct event *event, size_t at, size_t end);
    /* An event of another id than the ones in `only`. */
    void (*passed)(void *context);
};

/* Decodes a stretch of UTF-8. `*done` is where the last event ends that was whole and was handed
 * out, passed, or is XML_OTHER: what stands behind it may be anything, and is to be read one by
 * one. What is up to there reads the same in both ways. XML_NO_MEMORY, or anything else. */
enum xml_verdict xml_run_decode(struct xml_decoder *decoder, const char *text,
                                const struct xml_run *run, size_t *done);

#endif
