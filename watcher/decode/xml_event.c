#include "xml_event.h"

#include "event_fields.h"
#include "part.h"

#include <libxml/xmlreader.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS = XML_PARSE_NONET | XML_PARSE_COMPACT };

struct xml_decoder {
    xmlTextReaderPtr reader;
    struct event_fields fields;
    struct buf cleaned;
    /* The first error of the event that is being read. */
    int error_code;
    char error[200];
    /* Where the reading is. */
    bool in_system;
    bool system_complete;
    const struct system_element *element; /* of System, that is open */
};

#if LIBXML_VERSION >= 21200
typedef const xmlError *error_ptr;
#else
typedef xmlErrorPtr error_ptr;
#endif

static void note_error(void *context, error_ptr error)
{
    struct xml_decoder *decoder = context;
    /* A prefix that is declared outside of the event is no error. */
    if (decoder->error_code != 0 || error->domain == XML_FROM_NAMESPACE ||
        error->level < XML_ERR_ERROR) {
        return;
    }
    decoder->error_code = error->code;
    (void)snprintf(decoder->error, sizeof decoder->error, "XML that is not well-formed: %s",
                   error->message != NULL ? error->message : "no reason given");
    decoder->error[strcspn(decoder->error, "\r\n")] = '\0';
}

bool xml_in_threads(void)
{
    xmlInitParser();
    return xmlHasFeature(XML_WITH_THREAD) == 1;
}

struct xml_decoder *xml_decoder_new(void)
{
    struct xml_decoder *decoder = calloc(1, sizeof *decoder);
    if (decoder == NULL) {
        return NULL;
    }
    decoder->fields = EVENT_FIELDS_INIT;
    decoder->cleaned = BUF_INIT;
    decoder->reader = xmlReaderForMemory("<a/>", 4, NULL, NULL, OPTIONS);
    if (decoder->reader == NULL) {
        free(decoder);
        return NULL;
    }
    return decoder;
}

void xml_decoder_free(struct xml_decoder *decoder)
{
    if (decoder != NULL) {
        xmlFreeTextReader(decoder->reader);
        fields_free(&decoder->fields);
        buf_free(&decoder->cleaned);
        free(decoder);
    }
}

/* A prefix that is declared outside of the event stays in the name. */
static const char *local_name(xmlTextReaderPtr reader)
{
    const char *name = (const char *)xmlTextReaderConstLocalName(reader);
    const char *colon = name != NULL ? strrchr(name, ':') : NULL;
    return colon != NULL ? colon + 1 : name != NULL ? name : "";
}

static bool is_event(xmlTextReaderPtr reader)
{
    const char *space = (const char *)xmlTextReaderConstNamespaceUri(reader);
    return strcmp(local_name(reader), "Event") == 0 &&
           (space == NULL || strcmp(space, EVENT_NAMESPACE) == 0);
}

static void take_value(struct xml_decoder *decoder)
{
    const char *value = (const char *)xmlTextReaderConstValue(decoder->reader);
    if (value != NULL) {
        buf_add_text(&decoder->fields.text, value);
    }
}

/* An element directly in System. */
static void open_field(struct xml_decoder *decoder)
{
    const struct system_element *element = system_element(local_name(decoder->reader));
    if (element == NULL) {
        return;
    }
    bool empty = xmlTextReaderIsEmptyElement(decoder->reader) == 1;
    if (element->attribute != NULL &&
        xmlTextReaderMoveToAttribute(decoder->reader, (const xmlChar *)element->attribute) == 1) {
        fields_begin(&decoder->fields, element->in_attribute);
        take_value(decoder);
        fields_end(&decoder->fields, element->in_attribute);
        (void)xmlTextReaderMoveToElement(decoder->reader);
    }
    if (element->content != FIELD_NONE && !empty) {
        fields_begin(&decoder->fields, element->content);
        decoder->element = element;
    }
}

/* One node of the event. False when the event need not be read on. */
static bool take_node(struct xml_decoder *decoder, enum xml_verdict *verdict)
{
    int depth = xmlTextReaderDepth(decoder->reader);
    switch (xmlTextReaderNodeType(decoder->reader)) {
    case XML_READER_TYPE_DOCUMENT_TYPE:
        (void)snprintf(decoder->error, sizeof decoder->error,
                       "a document type declaration, which no event has, and which is refused");
        *verdict = XML_DAMAGED;
        return false;
    case XML_READER_TYPE_ELEMENT:
        if (depth == 0 && !is_event(decoder->reader)) {
            *verdict = XML_OTHER;
            return false;
        }
        if (depth == 1 && !decoder->system_complete) {
            decoder->in_system = strcmp(local_name(decoder->reader), "System") == 0;
            decoder->system_complete =
                decoder->in_system && xmlTextReaderIsEmptyElement(decoder->reader) == 1;
        } else if (depth == 2 && decoder->in_system && !decoder->system_complete) {
            open_field(decoder);
        }
        break;
    case XML_READER_TYPE_TEXT:
    case XML_READER_TYPE_CDATA:
        if (depth == 3 && decoder->element != NULL) {
            take_value(decoder);
        }
        break;
    case XML_READER_TYPE_END_ELEMENT:
        if (depth == 2 && decoder->element != NULL) {
            fields_end(&decoder->fields, decoder->element->content);
            decoder->element = NULL;
        } else if (depth == 1 && decoder->in_system) {
            decoder->system_complete = true;
        }
        break;
    default:
        break;
    }
    return true;
}

static enum xml_verdict read_nodes(struct xml_decoder *decoder)
{
    enum xml_verdict verdict = XML_EVENT;
    int status = 1;
    while ((status = xmlTextReaderRead(decoder->reader)) == 1) {
        if (!take_node(decoder, &verdict)) {
            return verdict;
        }
    }
    if (decoder->error_code == XML_ERR_NO_MEMORY) {
        return XML_NO_MEMORY;
    }
    if (decoder->error_code != 0) {
        return XML_DAMAGED;
    }
    if (status != 0) {
        (void)snprintf(decoder->error, sizeof decoder->error, "XML that libxml2 cannot read");
        return XML_DAMAGED;
    }
    return decoder->system_complete ? XML_EVENT : XML_OTHER;
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

static enum xml_verdict decode_once(struct xml_decoder *decoder, const char *text, size_t length,
                                    const char *encoding)
{
    fields_clear(&decoder->fields);
    decoder->error_code = 0;
    decoder->error[0] = '\0';
    decoder->in_system = false;
    decoder->system_complete = false;
    decoder->element = NULL;
    if (length > INT_MAX || xmlReaderNewMemory(decoder->reader, text, (int)length, NULL,
                                               known_encoding(encoding), OPTIONS) != 0) {
        return XML_NO_MEMORY;
    }
    xmlTextReaderSetStructuredErrorHandler(decoder->reader, note_error, decoder);
    return read_nodes(decoder);
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
