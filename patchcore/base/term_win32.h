/* What the event loop on Windows needs of the terminal. */
#ifndef BASE_TERM_WIN32_H
#define BASE_TERM_WIN32_H

#include "term.h"

/* Adds the next line of the standard input to `line`, as term_read_line() does, but without a
 * prompt and without changing what Ctrl-C does. */
enum term_line term_read_raw(struct buf *line);

#endif
