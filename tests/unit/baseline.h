/* Texts that are held against a file, so that no change of them goes unnoticed. */
#ifndef TESTS_UNIT_BASELINE_H
#define TESTS_UNIT_BASELINE_H

#include "base/buf.h"

/* Adds the whole file to `out`. False when it cannot be read. */
bool read_file(const char *path, struct buf *out);

/* Checks that the file holds just this text, and shows the lines that differ; `how` says how a
 * change on purpose is taken over: "test_text --write tests/data/texts.txt". */
void check_baseline(const char *path, const struct buf *got, const char *how);

/* Makes it the baseline. The exit status of a program: 0 done, 1 not. */
int write_baseline(const char *path, const struct buf *text);

#endif
