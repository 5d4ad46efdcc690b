/* A watcher for tests: its files below one folder, and a notifier that keeps what it is given. */
#ifndef TESTS_UNIT_WATCHER_FIXTURE_H
#define TESTS_UNIT_WATCHER_FIXTURE_H

#include "watcher.h"

#include "log_writer.h"

#define PLACE     "watcher-test"
#define DATA      PLACE "/data"
#define DIRECTORY DATA "/roots/x"
#define AUDIT     DATA "/audit.jsonl"
#define ROOT      PLACE "/WINDOWS"
#define DRIVERS   ROOT "/system32/drivers/tcpip.sys"
#define COPIES    3

/* A round time from which tests count, long ago. */
#define START UINT64_C(130000000000000000)

struct watcher_fixture {
    struct watcher w;
    struct buf told;  /* "warning: A sentence.", a line each */
    struct buf asked; /* questions, a line each */
    bool can_ask;
    void (*on_tell)(struct watcher_fixture *f); /* NULL, or called after each sentence */
};

/* A watcher without a root and without a log. */
void fixture_open(struct watcher_fixture *f);
void fixture_close(struct watcher_fixture *f);

/* Makes a Windows directory with three copies of tcpip.sys and gives it to the watcher. */
void fixture_add_root(struct watcher_fixture *f, const char *build);

/* The limit in the drivers copy; 0 when it cannot be told. */
uint32_t fixture_limit(void);

/* Watches one more file. */
struct followed *fixture_add_log(struct watcher_fixture *f, const char *path);

/* Adds an event 4226 to a log in memory, `seconds` after START. */
void fixture_append(struct evt_image *log, const char *computer, uint64_t seconds);

/* Writes a log in memory to a file, whole. */
void fixture_write(const struct evt_image *log, const char *path);

/* How often `words` stand in a text. */
size_t fixture_count(const struct buf *text, const char *words);

#endif
