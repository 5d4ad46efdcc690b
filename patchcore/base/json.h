/* Writing JSON (RFC 8259), one object a line.
 *
 * A small state machine puts the commas, so that callers only name members.
 * Numbers are written as numbers, unknown values as null, and a string is valid
 * UTF-8 whatever bytes came in. Nothing here is named as in jansson, which reads
 * JSON and is linked with it.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "buf.h"

#include <stdbool.h>
#include <stdint.h>

struct json {
    struct buf *out;
    bool comma; /* The next member or element needs a comma before it. */
};

/* A writer that adds to `out`, which the caller owns. */
struct json json_start(struct buf *out);

/* `key` is NULL inside an array and for the outermost value. */
void json_open_object(struct json *j, const char *key);
void json_close_object(struct json *j);
void json_open_array(struct json *j, const char *key);
void json_close_array(struct json *j);

void json_text(struct json *j, const char *key, const char *text); /* NULL gives null. */
void json_number(struct json *j, const char *key, uint64_t number);
void json_bool(struct json *j, const char *key, bool value);
void json_no_value(struct json *j, const char *key);

#endif
