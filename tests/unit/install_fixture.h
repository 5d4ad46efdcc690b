/* A Windows directory with copies of tcpip.sys, for tests of the install transaction. All paths are
 * below the folder that the test is run in. */
#ifndef TESTS_UNIT_INSTALL_FIXTURE_H
#define TESTS_UNIT_INSTALL_FIXTURE_H

#include "journal.h"
#include "patchcore.h"

#include <stdbool.h>

#define BOX     "box_install"
#define ROOT    BOX "/WINDOWS"
#define DATA    BOX "/data"
#define DRIVERS ROOT "/system32/drivers/tcpip.sys"

/* The three copies, in the order of struct pc_target. */
extern const char *const copy_paths[PC_COPIES];

/* All that one test needs; the sentences that were said, and the reason that was given. */
struct fixture {
    struct pc_context pc;
    struct pc_target target;
    struct pc_plan plan;
    struct buf said, why;
};

/* Looks at ROOT with these file calls. To be closed. */
void open_fixture(struct fixture *f, const struct os *os);
void close_fixture(struct fixture *f);

/* Plans and, where that went well, applies. */
enum pc_result set_limit(struct fixture *f, uint32_t limit);
enum pc_result restore(struct fixture *f);

/* The test image of a build; a limit of 0 is Windows' own. */
void image_of(const char *build, uint32_t limit, struct buf *out);
void put_image(const char *path, const char *build, uint32_t limit);
bool file_is(const char *path, const struct buf *expected);
bool file_is_image(const char *path, const char *build, uint32_t limit);

/* BOX anew: a Windows directory with three copies of one build, and no data directory. */
void make_windows(const char *build);

/* make_windows("2180") with the journal of a change to 100, of which the copies in `swapped` (bits)
 * were done, and half-written files beside the others. */
void interrupt(enum journal_phase phase, unsigned swapped);

/* There is a journal. */
bool interrupted(void);

/* Three copies and nothing else, and no journal. */
void check_nothing_left_behind(void);

/* The same, and each is build 2180 with this limit. */
void check_all_alike(uint32_t limit);

/* The path of the saved original of a build; the caller frees. */
char *saved_path(const char *build);

#endif
