/* What outlives the process: DATA/roots/ID/state, replaced as a whole, so that a crash leaves the
 * state before or this one. The places in the logs, the half-full burst counters and the engine's
 * memory are in one file: none of them is ever newer than the others. */
#ifndef WATCHER_STATE_H
#define WATCHER_STATE_H

#include "base/keyfile.h"
#include "engine.h"
#include "source/source.h"

/* Writes it to DIRECTORY/state; the directory is made when it is missing. One that is there lasts
 * when os_make_directories() has said so once. `root` is for people. The sources' detectors count
 * by the thresholds of `policy`. */
enum os_status state_save(const struct os *os, const char *directory, const char *root,
                          const struct engine_memory *memory, const struct policy *policy,
                          const struct source *sources, size_t source_count);

/* Reads it back: the engine's memory, and for each source of the same spec (at most SOURCES_MAX)
 * its place, its bookmark and a detector with its counters, which takes the place of the present
 * one and still counts by the thresholds that it was saved with. OS_NOT_FOUND when there is no
 * state. Unless the answer is OS_OK and `whole` is KEYFILE_OK, nothing of this is touched. `root`,
 * where it is not NULL, gets the root that the file names. */
enum os_status state_load(const struct os *os, const char *directory, struct engine_memory *memory,
                          struct source *sources, size_t source_count, struct buf *root,
                          enum keyfile_status *whole);

#endif
