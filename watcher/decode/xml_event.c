#include "xml_event.h"

#include "event_fields.h"
#include "part.h"

#include <libxml/parser.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A run gets an element around it, for there is one in a document. */
#define ROOT     "<r>"
#define ROOT_END "</r>"

enum {
    /* No document type is let in that could define entities, so that those that are replaced are
     * the five of XML itself. */
    OPTIONS = XML_PARSE_NONET | XML_PARSE_NOENT,
    DICTIONARY_MOST = 256 * 1024, /* bytes of names that libxml2 keeps between two calls */
};

/* The names that are looked for, as libxml2's dictionary has them: equal by their address. */
struct names {
    const xmlChar *event;
    const xmlChar *system;
};

struct xml_decoder {
    xmlParserCtxtPtr parser;
    struct names names;
    struct event_fields fields;
    struct buf cleaned; /* a copy of the text that libxml2 is given */
    /* The first error of what is being read. */
    int error_code;
    char error[200];
    enum xml_verdict verdict;
    bool stopped; /* the rest is not looked at */
    /* Where the reading is. */
    unsigned depth; /* open elements of the event */
    bool saw_root;
    bool in_system;
    bool system_complete;
    bool unwanted;                        /* of another event id than those that are asked for */
    const struct system_element *element; /* of System, that is open */
    /* A run of events: NULL while one event is read by itself. */
    const struct xml_run *run;
    size_t tag_end; /* of the event's start tag, before its '>' */
    size_t done;    /* behind the last whole event */
};

#if LIBXML_VERSION >= 21200
typedef const xmlError *error_ptr;
#else
typedef xmlErrorPtr error_ptr;
#endif

bool xml_in_threads(void)
{
    xmlInitParser();
    return xmlHasFeature(XML_WITH_THREAD) == 1;
}

static void stop(struct xml_decoder *decoder, enum xml_verdict verdict)
{
    decoder->verdict = verdict;
    decoder->stopped = true;
    xmlStopParser(decoder->parser);
}

static void note_error(void *context, error_ptr error)
{
    struct xml_decoder *decoder = context;
    if (decoder->run != NULL) {
        /* Whatever it is, each event is read by itself there. */
        decoder->stopped = true;
        return;
    }
    /* A prefix that is declared outside of the event is no error. */
    if (decoder->error_code != 0 || decoder->stopped || error->domain == XML_FROM_NAMESPACE ||
        error->level < XML_ERR_ERROR) {
        return;
    }
    decoder->error_code = error->code;
    (void)snprintf(decoder->error, sizeof decoder->error, "XML that is not well-formed: %s",
                   error->message != NULL ? error->message : "no reason given");
    decoder->error[strcspn(decoder->error, "\r\n")] = '\0';
}

/* ---- a run of events ---- */

/* The bytes of the run's text that are read; it stands behind the start tag of a root. */
static size_t bytes_read(const struct xml_decoder *decoder)
{
    long count = xmlByteConsumed(decoder->parser);
    return count >= (long)(sizeof ROOT - 1) ? (size_t)count - (sizeof ROOT - 1) : 0;
}

static void end_run_event(struct xml_decoder *decoder)
{
    const struct xml_run *run = decoder->run;
    const char *text = decoder->cleaned.data + sizeof ROOT - 1;
    struct event event;
    size_t end = bytes_read(decoder);
    size_t at = decoder->tag_end;
    if (end > run->length || at >= end || text[end - 1] != '>') {
        stop(decoder, XML_DAMAGED);
        return;
    }
    decoder->done = end;
    if (!decoder->system_complete) {
        return;
    }
    if (decoder->unwanted) {
        run->passed(run->context);
        return;
    }
    if (!fields_event(&decoder->fields, &event)) {
        stop(decoder, XML_NO_MEMORY);
        return;
    }
    /* Its start tag has no '<' but the one that begins it. */
    while (at > 0 && text[at] != '<') {
        at--;
    }
    if (!run->event(run->context, &event, at, end)) {
        stop(decoder, XML_EVENT);
    }
}

/* ---- elements ---- */

static void begin_event(struct xml_decoder *decoder)
{
    fields_clear(&decoder->fields);
    decoder->in_system = false;
    decoder->system_complete = false;
    decoder->unwanted = false;
    decoder->element = NULL;
}

/* What libxml2 gives of an attribute. */
enum {
    ATTRIBUTE_NAME,
    ATTRIBUTE_PREFIX,
    ATTRIBUTE_SPACE,
    ATTRIBUTE_VALUE,
    ATTRIBUTE_END,
    ATTRIBUTE
};

/* An element directly in System. */
static void open_field(struct xml_decoder *decoder, const char *name, int attribute_count,
                       const xmlChar **attributes)
{
    const struct system_element *element = system_element(name);
    if (element == NULL) {
        return;
    }
    for (int i = 0; element->attribute != NULL && i < attribute_count; i++) {
        const xmlChar **a = attributes + (ptrdiff_t)i * ATTRIBUTE;
        if (a[ATTRIBUTE_PREFIX] == NULL &&
            strcmp((const char *)a[ATTRIBUTE_NAME], element->attribute) == 0) {
            fields_begin(&decoder->fields, element->in_attribute);
            buf_add(&decoder->fields.text, a[ATTRIBUTE_VALUE],
                    (size_t)(a[ATTRIBUTE_END] - a[ATTRIBUTE_VALUE]));
            fields_end(&decoder->fields, element->in_attribute);
        }
    }
    if (element->content != FIELD_NONE) {
        fields_begin(&decoder->fields, element->content);
        decoder->element = element;
    }
}

static void start_root(struct xml_decoder *decoder, const xmlChar *name, const xmlChar *space)
{
    bool is_event = name == decoder->names.event &&
                    (space == NULL || strcmp((const char *)space, EVENT_NAMESPACE) == 0);
    decoder->saw_root = true;
    if (!is_event) {
        stop(decoder, XML_OTHER);
        return;
    }
    begin_event(decoder);
    if (decoder->run != NULL) {
        decoder->tag_end = bytes_read(decoder);
    }
}

static void start_element(void *context, const xmlChar *name, const xmlChar *prefix,
                          const xmlChar *space, int space_count, const xmlChar **spaces,
                          int attribute_count, int defaulted, const xmlChar **attributes)
{
    struct xml_decoder *decoder = context;
    (void)prefix;
    (void)space_count;
    (void)spaces;
    (void)defaulted;
    if (decoder->stopped) {
        if (decoder->run != NULL) {
            xmlStopParser(decoder->parser); /* not from where the error was met */
        }
        return;
    }
    if (decoder->run != NULL && !decoder->saw_root) {
        decoder->saw_root = true; /* the run's own */
        return;
    }
    unsigned depth = decoder->depth++;
    if (depth == 0) {
        start_root(decoder, name, space);
    } else if (decoder->run != NULL &&
               (depth >= XML_DEPTH_MOST || (depth == 1 && name == decoder->names.event))) {
        stop(decoder, XML_DAMAGED);
    } else if (depth == 1 && !decoder->system_complete) {
        decoder->in_system = name == decoder->names.system;
    } else if (depth == 2 && decoder->in_system && !decoder->system_complete &&
               !decoder->unwanted) {
        open_field(decoder, (const char *)name, attribute_count, attributes);
    }
}

static bool is_unwanted(const struct xml_decoder *decoder)
{
    uint64_t number;
    return decoder->run != NULL && decoder->run->only != NULL &&
           decoder->element->content == FIELD_EVENT_ID && decoder->fields.has[FIELD_EVENT_ID] &&
           !log_ids_have(decoder->run->only,
                         fields_number(&decoder->fields, FIELD_EVENT_ID, &number)
                             ? (uint16_t)(number & 0xffff)
                             : 0);
}

static void end_element(void *context, const xmlChar *name, const xmlChar *prefix,
                        const xmlChar *space)
{
    struct xml_decoder *decoder = context;
    (void)name;
    (void)prefix;
    (void)space;
    if (decoder->stopped || decoder->depth == 0) {
        return;
    }
    switch (--decoder->depth) {
    case 2:
        if (decoder->element != NULL) {
            fields_end(&decoder->fields, decoder->element->content);
            decoder->unwanted = is_unwanted(decoder);
            decoder->element = NULL;
        }
        break;
    case 1:
        decoder->system_complete = decoder->system_complete || decoder->in_system;
        break;
    case 0:
        if (decoder->run != NULL) {
            end_run_event(decoder);
        }
        break;
    default:
        break;
    }
}

static bool is_ascii(const xmlChar *text, size_t length)
{
    size_t i = 0;
    while (i < length && text[i] < 0x80) {
        i++;
    }
    return i == length;
}

static void take_characters(void *context, const xmlChar *text, int length)
{
    struct xml_decoder *decoder = context;
    if (decoder->stopped) {
        return;
    }
    if (decoder->element != NULL && decoder->depth == 3) {
        buf_add(&decoder->fields.text, text, (size_t)length);
    } else if (decoder->depth == 0 && !is_ascii(text, (size_t)length)) {
        stop(decoder, XML_OTHER); /* another part of the file may begin there */
    }
}

static void refuse_document_type(void *context, const xmlChar *name, const xmlChar *external,
                                 const xmlChar *system)
{
    struct xml_decoder *decoder = context;
    (void)name;
    (void)external;
    (void)system;
    if (!decoder->stopped) {
        (void)snprintf(decoder->error, sizeof decoder->error,
                       "a document type declaration, which no event has, and which is refused");
        stop(decoder, XML_DAMAGED);
    }
}

/* ---- the parser ---- */

static bool open_parser(struct xml_decoder *decoder)
{
    /* It finds out whether there are threads, which the parser's dictionary wants to know. */
    xmlInitParser();
    xmlParserCtxtPtr parser = xmlNewParserCtxt();
    decoder->parser = parser;
    if (parser == NULL) {
        return false;
    }
    *parser->sax = (xmlSAXHandler){
        .initialized = XML_SAX2_MAGIC,
        .startElementNs = start_element,
        .endElementNs = end_element,
        .characters = take_characters,
        .ignorableWhitespace = take_characters,
        .cdataBlock = take_characters,
        .internalSubset = refuse_document_type,
        .serror = note_error,
    };
    parser->userData = decoder;
    decoder->names = (struct names){xmlDictLookup(parser->dict, BAD_CAST "Event", -1),
                                    xmlDictLookup(parser->dict, BAD_CAST "System", -1)};
    return decoder->names.event != NULL && decoder->names.system != NULL;
}

/* A parser for one more text. Its dictionary would keep the names of all texts. */
static bool renew_parser(struct xml_decoder *decoder)
{
    if (decoder->parser != NULL && xmlDictGetUsage(decoder->parser->dict) <= DICTIONARY_MOST) {
        return true;
    }
    xmlFreeParserCtxt(decoder->parser);
    return open_parser(decoder);
}

struct xml_decoder *xml_decoder_new(void)
{
    struct xml_decoder *decoder = calloc(1, sizeof *decoder);
    if (decoder == NULL) {
        return NULL;
    }
    decoder->fields = EVENT_FIELDS_INIT;
    decoder->cleaned = BUF_INIT;
    if (!open_parser(decoder)) {
        xml_decoder_free(decoder);
        return NULL;
    }
    return decoder;
}

void xml_decoder_free(struct xml_decoder *decoder)
{
    if (decoder != NULL) {
        xmlFreeParserCtxt(decoder->parser);
        fields_free(&decoder->fields);
        buf_free(&decoder->cleaned);
        free(decoder);
    }
}

static const char *known_encoding(const char *name)
{
    if (name == NULL) {
        return NULL;
    }
    xmlCharEncodingHandlerPtr handler = xmlFindCharEncodingHandler(name);
    if (handler == NULL) {
        return "ISO-8859-1";
    }
    (void)xmlCharEncCloseFunc(handler);
    return name;
}

/* False when memory is out. */
static bool parse(struct xml_decoder *decoder, const char *text, size_t length,
                  const char *encoding, const struct xml_run *run)
{
    decoder->error_code = 0;
    decoder->error[0] = '\0';
    decoder->verdict = XML_EVENT;
    decoder->stopped = false;
    decoder->depth = 0;
    decoder->saw_root = false;
    decoder->run = run;
    decoder->done = 0;
    begin_event(decoder);
    if (length > INT_MAX || !renew_parser(decoder)) {
        return false;
    }
    /* Makes no document, since no handler does. */
    xmlFreeDoc(xmlCtxtReadMemory(decoder->parser, text, (int)length, NULL, known_encoding(encoding),
                                 OPTIONS));
    return true;
}

static enum xml_verdict decode_once(struct xml_decoder *decoder, const char *text, size_t length,
                                    const char *encoding)
{
    if (!parse(decoder, text, length, encoding, NULL)) {
        return XML_NO_MEMORY;
    }
    if (decoder->stopped) {
        return decoder->verdict;
    }
    if (decoder->error_code != 0) {
        return decoder->error_code == XML_ERR_NO_MEMORY ? XML_NO_MEMORY : XML_DAMAGED;
    }
    if (!decoder->saw_root) {
        return XML_NO_MEMORY;
    }
    return decoder->system_complete ? XML_EVENT : XML_OTHER;
}

static bool is_forbidden(unsigned long code)
{
    return code < 0x20 && code != '\t' && code != '\n' && code != '\r';
}

/* The length of a reference to a forbidden character at `text`; 0 when there is none. */
static size_t forbidden_reference(const char *text)
{
    char *end;
    if (text[0] != '&' || text[1] != '#') {
        return 0;
    }
    bool hex = text[2] == 'x';
    const char *digits = text + (hex ? 3 : 2);
    if (*digits < '0' || *digits > 'f') {
        return 0;
    }
    unsigned long code = strtoul(digits, &end, hex ? 16 : 10);
    return end != digits && *end == ';' && is_forbidden(code) ? (size_t)(end - text) + 1 : 0;
}

/* A copy with blanks in place of the control characters that XML 1.0 forbids, as they are and as
 * references. False when memory is out. */
static bool clean(struct xml_decoder *decoder, const char *text, size_t length)
{
    struct buf *copy = &decoder->cleaned;
    buf_clear(copy);
    buf_add(copy, text, length);
    for (size_t i = 0; !copy->failed && i < copy->len; i++) {
        size_t reference = forbidden_reference(copy->data + i);
        if (reference > 0) {
            memset(copy->data + i, ' ', reference);
        } else if (is_forbidden((unsigned char)copy->data[i])) {
            copy->data[i] = ' ';
        }
    }
    return !copy->failed;
}

enum xml_verdict xml_event_decode(struct xml_decoder *decoder, const char *text, size_t length,
                                  const char *encoding, struct event *out, const char **what)
{
    if (what != NULL) {
        *what = decoder->error;
    }
    enum xml_verdict verdict = decode_once(decoder, text, length, encoding);
    if (verdict == XML_DAMAGED && decoder->error_code == XML_ERR_INVALID_CHAR) {
        verdict = XML_NO_MEMORY;
        if (clean(decoder, text, length)) {
            verdict = decode_once(decoder, decoder->cleaned.data, decoder->cleaned.len, encoding);
        }
    }
    if (verdict == XML_EVENT && !fields_event(&decoder->fields, out)) {
        verdict = XML_NO_MEMORY;
    }
    return verdict;
}

enum xml_verdict xml_run_decode(struct xml_decoder *decoder, const char *text,
                                const struct xml_run *run, size_t *done)
{
    struct buf *copy = &decoder->cleaned;
    *done = 0;
    buf_clear(copy);
    buf_add_text(copy, ROOT);
    buf_add(copy, text, run->length);
    buf_add_text(copy, ROOT_END);
    if (copy->failed || !parse(decoder, copy->data, copy->len, NULL, run)) {
        return XML_NO_MEMORY;
    }
    *done = decoder->done;
    return decoder->verdict;
}
