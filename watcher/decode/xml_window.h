/* The window that moves over the text of an exported event log: UTF-8 (or another encoding that
 * contains ASCII) as it is, UTF-16 as UTF-8. xml_text.h finds the markup in it. */
#ifndef WATCHER_DECODE_XML_WINDOW_H
#define WATCHER_DECODE_XML_WINDOW_H

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
    uint64_t part; /* offset where the part of the file begins that the window is in */
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

/* What a search in the text came to. */
enum xml_search { XML_FOUND, XML_NOT_THERE, XML_TOO_FAR, XML_NO_MARKUP };

void xml_text_free(struct xml_text *text);

/* Moves the window to an offset in the part that it is in. */
void xml_text_seek(struct xml_text *text, uint64_t offset);

/* A byte of the window, and moving its start on. */
const char *xml_text_at(const struct xml_text *text, size_t at);
void xml_text_drop(struct xml_text *text, size_t count);

/* Bytes that the window's first `count` ones have in the file. */
uint64_t xml_text_in_file(const struct xml_text *text, size_t count);

/* True when there is a byte at `at`, read just now where need be; else `*why` says
 * that the text ends before it (XML_NOT_THERE), or that it is XML_MOST bytes away (XML_TOO_FAR). */
bool xml_text_have(struct xml_text *text, size_t at, enum xml_search *why);

#endif
