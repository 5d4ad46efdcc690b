/* fuzz_replay: feeds files to the fuzz targets, without libFuzzer, in any build.
 *
 *     fuzz_replay TARGET PATH...   each file, and each file in a directory, to one target
 *     fuzz_replay --all DIRECTORY  the files in DIRECTORY/TARGET to every target
 *
 * Ends with status 0 when all were fed; a broken promise or a sanitizer's finding ends it at once.
 */
#include "fuzz.h"

#include "os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MOST = 64 * 1024 * 1024 };

struct target {
    const char *name;
    void (*run)(const uint8_t *data, size_t size);
};

#define ROW(name) {#name, fuzz_##name},
static const struct target targets[] = {FUZZ_TARGETS(ROW)};
#undef ROW

enum { TARGETS = sizeof targets / sizeof targets[0] };

struct feeding {
    const struct target *target;
    const char *directory;
    size_t files;
    bool failed;
};

static void feed_file(struct feeding *f, const char *path)
{
    struct buf bytes = BUF_INIT;
    enum os_status status = os_read_whole(os_native(), path, OS_READ, INPUT_MOST, &bytes);
    if (status == OS_OK) {
        uint8_t *exact = fuzz_copy(bytes.data, bytes.len, false);
        f->target->run(exact, bytes.len);
        free(exact);
        f->files++;
    } else {
        (void)fprintf(stderr, "%s: %s\n", path, os_status_text(status));
        f->failed = true;
    }
    buf_free(&bytes);
}

static bool feed_name(void *context, const char *name)
{
    struct feeding *f = context;
    char *path = os_path_join(f->directory, name);
    FUZZ_REQUIRE(path != NULL, "memory is out");
    (void)printf("%s %s\n", f->target->name, name);
    (void)fflush(stdout);
    feed_file(f, path);
    free(path);
    return true;
}

/* A directory or a file. */
static void feed(struct feeding *f, const char *path)
{
    struct os_stat stat;
    const struct os *os = os_native();
    enum os_status status = os->stat(os, path, &stat);
    if (status == OS_OK && stat.kind == OS_DIRECTORY) {
        f->directory = path;
        status = os->list(os, path, feed_name, f);
    } else if (status == OS_OK) {
        feed_file(f, path);
    }
    if (status != OS_OK) {
        (void)fprintf(stderr, "%s: %s\n", path, os_status_text(status));
        f->failed = true;
    }
}

static int feed_all(const char *directory)
{
    struct feeding f = {.target = NULL};
    const struct os *os = os_native();
    for (size_t i = 0; i < TARGETS; i++) {
        struct os_stat stat;
        char *path = os_path_join(directory, targets[i].name);
        FUZZ_REQUIRE(path != NULL, "memory is out");
        f.target = &targets[i];
        if (os->stat(os, path, &stat) == OS_OK) {
            feed(&f, path);
        }
        free(path);
    }
    (void)printf("%zu files\n", f.files);
    if (f.files == 0) {
        (void)fprintf(stderr, "%s has nothing to feed\n", directory);
    }
    return f.failed || f.files == 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct feeding f = {.target = NULL};
    if (argc == 3 && strcmp(argv[1], "--all") == 0) {
        return feed_all(argv[2]);
    }
    for (size_t i = 0; argc > 2 && i < TARGETS; i++) {
        if (strcmp(argv[1], targets[i].name) == 0) {
            f.target = &targets[i];
        }
    }
    if (f.target == NULL) {
        (void)fputs("usage: fuzz_replay TARGET PATH... | fuzz_replay --all DIRECTORY\n", stderr);
        return 2;
    }
    for (int i = 2; i < argc; i++) {
        feed(&f, argv[i]);
    }
    (void)printf("%zu files\n", f.files);
    return f.failed ? 1 : 0;
}
