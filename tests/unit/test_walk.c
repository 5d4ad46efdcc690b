/* Finding logs: in a folder of files, and on a stand-in disk with links and circles. */
#include "check.h"

#include "faulty_os.h"
#include "sandbox.h"
#include "walk.h"

#include <stdlib.h>
#include <string.h>

#define HERE "walk-test"

/* What was found, a line each: "+path" when named, "path" otherwise, "!path" for trouble. */
struct found {
    struct buf lines;
    size_t stop_after;
    size_t count;
};

static bool take_file(void *context, const char *path, bool named)
{
    struct found *found = context;
    buf_printf(&found->lines, "%s%s\n", named ? "+" : "", path);
    return ++found->count != found->stop_after;
}

static void take_trouble(void *context, const char *path, enum os_status status)
{
    struct found *found = context;
    buf_printf(&found->lines, "!%s: %s\n", path, os_status_text(status));
}

static bool walk(const struct os *os, const char *path, struct found *found)
{
    *found = (struct found){.stop_after = found->stop_after};
    return walk_logs(os, path, take_file, take_trouble, found);
}

static void make_tree(void)
{
    static const char *const files[] = {
        "b/SysEvent.Evt", "b/notes.txt",       "a.evtx", "c/d/e/x.XML", "c/d/evt",
        "c/.evt",         "c/d/late.evtx.bak", "Z.EVT",
    };
    CHECK(sandbox_make(HERE));
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *path = os_path_join(HERE, files[i]);
        CHECK(sandbox_write(path, "x", 1));
        free(path);
    }
}

static void a_directory_is_read_through_in_order(void)
{
    struct found found = {.stop_after = 0};
    make_tree();
    CHECK(walk(os_native(), HERE, &found));
    CHECK_TEXT(buf_text(&found.lines),
               HERE "/Z.EVT\n" HERE "/a.evtx\n" HERE "/b/SysEvent.Evt\n" HERE "/c/.evt\n" HERE
                    "/c/d/e/x.XML\n");
    buf_free(&found.lines);
    found.stop_after = 2;
    CHECK(!walk(os_native(), HERE, &found));
    CHECK_TEXT(buf_text(&found.lines), HERE "/Z.EVT\n" HERE "/a.evtx\n");
    buf_free(&found.lines);
    sandbox_remove(HERE);
}

/* Whatever its name, and also when it is not there: that is for the one who reads it to say. */
static void a_named_file_is_handed_on(void)
{
    struct found found = {.stop_after = 0};
    make_tree();
    CHECK(walk(os_native(), HERE "/b/notes.txt", &found));
    CHECK_TEXT(buf_text(&found.lines), "+" HERE "/b/notes.txt\n");
    buf_free(&found.lines);
    CHECK(walk(os_native(), HERE "/none", &found));
    CHECK_TEXT(buf_text(&found.lines), "+" HERE "/none\n");
    buf_free(&found.lines);
    sandbox_remove(HERE);
}

/* Whatever call fails, every file is found or something is told of. */
static void what_cannot_be_looked_into_is_told(void)
{
    bool failed = true;
    make_tree();
    for (int call = 1; failed && call < 50; call++) { /* call 0 asks whether it is a directory */
        struct faulty_os faulty;
        struct found found = {.stop_after = 0};
        faulty_os_init(&faulty, call, 1, OS_DENIED);
        CHECK(walk(&faulty.table, HERE, &found));
        failed = faulty_os_has_failed(&faulty);
        CHECK(failed == (strstr(buf_text(&found.lines), ": permission denied\n") != NULL));
        CHECK(failed || found.count == 5);
        buf_free(&found.lines);
    }
    CHECK(!failed);
    sandbox_remove(HERE);
}

/* ---- a disk without end: each directory has itself, a link, a pipe and a log in it ---- */

static enum os_status circle_stat(const struct os *os, const char *path, struct os_stat *out)
{
    const char *name = strrchr(path, '/');
    (void)os;
    *out = (struct os_stat){.kind = OS_DIRECTORY};
    if (name != NULL && strcmp(name, "/link.evt") == 0) {
        out->kind = OS_LINK;
    } else if (name != NULL && strcmp(name, "/pipe.evt") == 0) {
        out->kind = OS_OTHER;
    } else if (name != NULL && strcmp(name, "/x.evt") == 0) {
        out->kind = OS_FILE;
    }
    return OS_OK;
}

static enum os_status circle_list(const struct os *os, const char *path, os_name_fn each,
                                  void *context)
{
    (void)os;
    (void)path;
    return each(context, "link.evt") && each(context, "pipe.evt") && each(context, "x.evt") &&
                   each(context, "again")
               ? OS_OK
               : OS_NO_MEMORY;
}

static void a_tree_without_end_is_left(void)
{
    const struct os circle = {.stat = circle_stat, .list = circle_list};
    struct found found = {.stop_after = 0};
    CHECK(walk(&circle, "root", &found));
    CHECK_NUMBER(found.count, 65);
    CHECK(strstr(buf_text(&found.lines), "link") == NULL);
    CHECK(strstr(buf_text(&found.lines), "pipe") == NULL);
    CHECK(strstr(buf_text(&found.lines), "!root/again/") != NULL);
    buf_free(&found.lines);
}

static enum os_status many_list(const struct os *os, const char *path, os_name_fn each,
                                void *context)
{
    bool more = true;
    (void)os;
    (void)path;
    for (int i = 0; more && i < 1000; i++) {
        char *name = text_printf("%03d.evt", 999 - i);
        more = name != NULL && each(context, name);
        free(name);
    }
    return OS_OK;
}

static enum os_status many_stat(const struct os *os, const char *path, struct os_stat *out)
{
    (void)os;
    out->kind = strstr(path, ".evt") != NULL ? OS_FILE : OS_DIRECTORY;
    return OS_OK;
}

static void many_files_come_in_order(void)
{
    const struct os many = {.stat = many_stat, .list = many_list};
    struct found found = {.stop_after = 0};
    CHECK(walk(&many, "root", &found));
    CHECK_NUMBER(found.count, 1000);
    CHECK(strncmp(buf_text(&found.lines), "root/000.evt\nroot/001.evt\n", 26) == 0);
    buf_free(&found.lines);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"a directory is read through in order", a_directory_is_read_through_in_order},
        {"a named file is handed on", a_named_file_is_handed_on},
        {"what cannot be looked into is told", what_cannot_be_looked_into_is_told},
        {"a tree without end is left", a_tree_without_end_is_left},
        {"many files come in order", many_files_come_in_order},
    };
    return RUN_SUITE("walk", cases);
}
