/* What the tests of nothing ever being torn or lost share: Windows directories on a model disk, the
 * operations on them, and what has to hold afterwards. */
#ifndef TESTS_UNIT_RELIABILITY_H
#define TESTS_UNIT_RELIABILITY_H

#include "model_disk.h"
#include "patchcore.h"

#include <stdbool.h>
#include <stdint.h>

#define WINDOWS_ROOT "/windows"
#define DATA_ROOT    "/var/data"

/* A Windows directory and what is done to it. */
struct scenario {
    const char *name;
    bool restore;   /* else set to the limit NEW_LIMIT */
    bool saved;     /* the originals are saved before */
    bool two_steps; /* renames over a file take two steps, as on Windows */
    bool large;     /* images of full size */
    struct {
        const char *build; /* NULL: there is no such copy */
        uint32_t limit;    /* before; 0: Windows' own */
    } copies[PC_COPIES];
};

enum { NEW_LIMIT = 100 };

/* All scenarios, `count` of them. */
const struct scenario *scenarios(size_t *count);

struct scene {
    const struct scenario *scenario;
    struct model_disk *disk; /* before the operation; everything is on the medium */
    struct buf before[PC_COPIES], after[PC_COPIES], original[PC_COPIES];
    char *saved_path[PC_COPIES]; /* NULL: no such copy */
    bool may_lose_metadata;      /* a missing copy had to be made anew */
};

void scene_open(struct scene *scene, const struct scenario *scenario);
void scene_close(struct scene *scene);

/* Finds, plans and applies, as the program does; with `why` where it is not NULL. */
enum pc_result scene_run(const struct scene *scene, struct model_disk *disk, struct buf *why);
/* The same, to be carried out when Windows starts. */
enum pc_result scene_run_at_boot(const struct scene *scene, struct model_disk *disk,
                                 struct buf *why);
/* Finds, and takes back what waits. */
enum pc_result scene_withdraw(struct model_disk *disk, struct buf *why);
/* True when a change waits for the start of Windows. */
bool scene_waits(struct model_disk *disk);

/* Finds and recovers. `said` is set when recovery had anything to say. */
enum pc_result scene_recover(struct model_disk *disk, bool *said, struct buf *why);

/* ---- what has to hold ---- */

/* Every copy is the old file or the new one, with its metadata; the drivers copy is there; a saved
 * original that is there is whole, and those that were saved before are there. */
bool scene_is_whole(const struct scene *scene, const struct model_disk *disk, const char *what);

enum alike { ALL_OLD, ALL_NEW, MIXED };
enum alike scene_alike(const struct scene *scene, const struct model_disk *disk);

/* There is no file but the copies and the saved originals. */
bool scene_is_clean(const struct scene *scene, const struct model_disk *disk, const char *what);

/* All copies are `wanted` (MIXED: alike either way), nothing is left behind, and of what was
 * changed the original is saved. */
bool scene_is_settled(const struct scene *scene, const struct model_disk *disk, enum alike wanted,
                      const char *what);

/* Recovery on this disk, without failures, settles it; and then finds nothing more to do. */
bool scene_recovers(const struct scene *scene, struct model_disk *disk, enum alike wanted,
                    const char *what);

/* ---- figures ---- */

struct figures {
    unsigned long points;   /* of failure */
    unsigned long outcomes; /* power cuts and kills */
    unsigned long again;    /* of these left a disk as another had left it already */
    unsigned long torn, lost, left, other;
};

extern struct figures figures;
/* Also into the file that the variable TCPIPWATCH_FIGURES names. */
void print_figures(const char *what);

/* How many times as many samples as usual: the variable TCPIPWATCH_ROUNDS, or 1. */
unsigned rounds(void);

/* How far the points of failure that are tried are apart: 1, unless the build is a slow one (not
 * optimised, with sanitizers) and nobody asked for more rounds. */
int stride(void);

/* Calls `each` with `disk` as it is, and then as up to `most` different power cuts leave it. */
void each_outcome(const struct model_disk *disk, unsigned most,
                  void (*each)(void *context, struct model_disk *left, uint64_t choice),
                  void *context);

#endif
