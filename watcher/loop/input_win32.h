/* Lines of the standard input on Windows, read by a thread, since a read of a console cannot be
 * waited for together with anything else, nor called off on XP. Private to the loop. */
#ifndef WATCHER_LOOP_INPUT_WIN32_H
#define WATCHER_LOOP_INPUT_WIN32_H

#include "loop.h"

#include <windows.h>

struct input;

/* NULL when the thread could not be made. */
struct input *input_open(void);

/* Ends the thread; one that waits for a key just now ends with the process. NULL is allowed. */
void input_close(struct input *input);

/* From now on a line is waited for; what a console was sent before is thrown away. */
void input_listen(struct input *input);

/* Signalled while input_take() has something to say. */
HANDLE input_ready(const struct input *input);

/* As loop_read_line(). After a line the next one is waited for. */
enum loop_line input_take(struct input *input, struct buf *line);

#endif
