/* The small text files that the programs keep for themselves: journals, state, manifests.
 *
 *     tcpipwatch-journal 1
 *     root /mnt/windows
 *     copy system32/drivers/tcpip.sys
 *     ...
 *     end 1a2b3c4d
 *
 * The first line names the kind and the version of the format, each further line is a key and a
 * value, and the last holds the CRC-32 of all bytes before it, so that a torn, cut or edited file
 * is told from a whole one. Values are escaped (%0A and so on), so any text fits on a line; that
 * and the 200 bytes at which Debian's inih cuts a line are why these are not INI files.
 */
#ifndef BASE_KEYFILE_H
#define BASE_KEYFILE_H

#include "buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- writing: start, add in order, finish ---- */

void keyfile_start(struct buf *out, const char *kind, unsigned version);
void keyfile_add(struct buf *out, const char *key, const char *value);
void keyfile_add_number(struct buf *out, const char *key, uint64_t value);
void keyfile_finish(struct buf *out);

/* ---- reading ---- */

enum keyfile_status {
    KEYFILE_OK,
    KEYFILE_DAMAGED, /* empty, cut, changed by hand: the CRC-32 does not fit */
    KEYFILE_OTHER,   /* a whole file of another kind */
    KEYFILE_FUTURE,  /* of the kind, in a version newer than this program knows */
};

/* A sentence's end: "it is damaged (cut short or changed by hand)". */
const char *keyfile_status_text(enum keyfile_status status);

struct keyfile {
    char *next; /* the line to be read */
    char *end;
};

/* Checks `text` (changed in place by the reading, and to be kept until it is over) and goes to its
 * first key. `version` is the newest version that the caller knows. */
enum keyfile_status keyfile_open(struct keyfile *k, struct buf *text, const char *kind,
                                 unsigned version);

/* The next key and value, until false. */
bool keyfile_next(struct keyfile *k, const char **key, const char **value);

/* A value as a number: decimal digits alone, up to `most`. */
bool keyfile_number(const char *value, uint64_t most, uint64_t *out);

#endif
