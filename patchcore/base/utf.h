/* Text from Windows files into UTF-8, and UTF-8 made fit to be shown.
 *
 * Inside the programs all text is UTF-8; UTF-16 exists only in files and in
 * calls of Windows.
 */
#ifndef BASE_UTF_H
#define BASE_UTF_H

#include "buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest UTF-8 form of one code point, in bytes. */
enum { UTF8_MAX = 4 };

/* Writes one code point (a surrogate or a value above 0x10FFFF becomes U+FFFD)
 * and returns the number of bytes written, 1 to 4. */
size_t utf8_put(char out[UTF8_MAX], uint32_t code);

/* Reads one code point from `text` of `length` (> 0) bytes. Returns how many
 * bytes it took, at least 1. Bytes that are not UTF-8 give U+FFFD, a byte each. */
size_t utf8_get(const char *text, size_t length, uint32_t *code);

/* Copies the code units before the first one that is not ASCII, a byte each, without a NUL behind
 * them. Returns how many they are. `out` has room for `units` bytes. */
size_t utf16le_ascii(char *out, const uint8_t *bytes, size_t units);

/* Adds `units` UTF-16LE code units as UTF-8; an unpaired surrogate becomes
 * U+FFFD. A NUL is added like any other character. */
void utf16le_to_utf8(struct buf *out, const uint8_t *bytes, size_t units);

/* Compares ASCII letters without case, other bytes exactly. Windows' names of
 * providers and of system files are ASCII. */
bool same_text_nocase(const char *a, const char *b);

/* True when `text` holds `part` somewhere; compares likewise. */
bool holds_text_nocase(const char *text, const char *part);

/* True for characters that do more to a terminal than to stand there: controls, line and paragraph
 * separators, what changes the direction of writing, the byte order mark. */
bool utf_changes_screen(uint32_t code);

/* Adds `text` so that it can be printed on a terminal: control characters (also
 * C1 and the line and paragraph separators) as \xNN or \u{NNNN}, bytes that are
 * not UTF-8 as U+FFFD, bidirectional overrides escaped. */
void add_printable(struct buf *out, const char *text);

#endif
