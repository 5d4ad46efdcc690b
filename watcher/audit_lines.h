/* The lines of an audit log, one after the other, in bounded memory. Only reads: the log may grow
 * at the same time, and is read to the end that it had when it was opened. */
#ifndef WATCHER_AUDIT_LINES_H
#define WATCHER_AUDIT_LINES_H

#include "os.h"

struct audit_lines;

/* OS_NOT_FOUND and so on as the system says; then `out` is NULL. */
enum os_status audit_lines_open(const struct os *os, const char *file, struct audit_lines **out);
void audit_lines_close(struct audit_lines *lines);

/* The next line, without its end, or false at the end of the log or after an error. Of a line
 * longer than STORY_LINE_MOST so many bytes and one more are given. Valid until the next call. */
bool audit_lines_next(struct audit_lines *lines, const char **line, size_t *length);

/* OS_OK, or why not all could be read. */
enum os_status audit_lines_status(const struct audit_lines *lines);

#endif
