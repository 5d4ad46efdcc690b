/* The terminal that a person sits at: text to it in UTF-8, and answers from it. */
#ifndef BASE_TERM_H
#define BASE_TERM_H

#include "buf.h"

#include <stdbool.h>
#include <stddef.h>

enum term_stream { TERM_IN, TERM_OUT, TERM_ERR };

enum {
    TERM_LINE_MAX = 4096, /* bytes of an answer; what comes behind them is dropped */
    TERM_WIDTH = 80,      /* where the width is not known */
};

/* A person can be reached there. */
bool term_is_terminal(enum term_stream stream);

/* Writes UTF-8: to a console of Windows as characters, to everything else the bytes. Not buffered;
 * stdio's own buffer of the stream is flushed first. False when not all could be written. */
bool term_write(enum term_stream stream, const char *text);
bool term_write_bytes(enum term_stream stream, const char *text, size_t length);

/* Writes to the standard output. False when not all could be written; a program for windows may
 * have no standard output at all, and loses nothing then. */
bool term_print(const char *text);

enum term_line {
    TERM_LINE,        /* a line, without its end */
    TERM_END,         /* Ctrl-D, Ctrl-Z, a closed input, a reading error */
    TERM_INTERRUPTED, /* Ctrl-C: the user wants to leave */
};

/* Writes `prompt` to the standard output, or to the standard error output where only that can be a
 * terminal, and waits for one line of standard input, which `line` gets. Takes no byte behind the
 * line. The answer is untrusted, and UTF-8 only if the terminal sent that. With TERM_END and
 * TERM_INTERRUPTED `line` is empty, and the cursor still stands behind the prompt. */
enum term_line term_read_line(const char *prompt, struct buf *line);

/* Columns of the stream's terminal; TERM_WIDTH where it has none. */
unsigned term_width(enum term_stream stream);

#endif
