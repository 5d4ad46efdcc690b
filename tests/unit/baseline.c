#include "baseline.h"

#include "check.h"

#include <stdio.h>
#include <string.h>

bool read_file(const char *path, struct buf *out)
{
    char piece[4096];
    size_t got;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    while ((got = fread(piece, 1, sizeof piece, file)) > 0) {
        buf_add(out, piece, got);
    }
    bool good = ferror(file) == 0 && !out->failed;
    return fclose(file) == 0 && good;
}

static bool has_line(const char *text, const char *line, size_t length)
{
    for (const char *at = text; *at != '\0'; at += strcspn(at, "\n"), at += *at == '\n') {
        if (strcspn(at, "\n") == length && strncmp(at, line, length) == 0) {
            return true;
        }
    }
    return false;
}

/* Shows the lines of the first text that the second does not have. */
static void print_missing(const char *mark, const char *text, const char *other)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        if (!has_line(other, text, length)) {
            printf("\n%s %.*s", mark, (int)length, text);
        }
        text += length + (text[length] == '\n');
    }
}

void check_baseline(const char *path, const struct buf *got, const char *how)
{
    struct buf expected = BUF_INIT;
    CHECK(read_file(path, &expected));
    bool same = strcmp(buf_text(&expected), buf_text(got)) == 0;
    if (!same) {
        print_missing("-", buf_text(&expected), buf_text(got));
        print_missing("+", buf_text(got), buf_text(&expected));
        printf("\nA change on purpose: %s\n", how);
    }
    CHECK(same);
    buf_free(&expected);
}

int write_baseline(const char *path, const struct buf *text)
{
    FILE *file = fopen(path, "wb");
    bool done = file != NULL && fwrite(text->data, 1, text->len, file) == text->len;
    if (file != NULL) {
        done = fclose(file) == 0 && done;
    }
    return done ? 0 : 1;
}
