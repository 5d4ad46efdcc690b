/* inspect_image: what the patch core says about files, and setting a limit in place, without any of
 * the care that tcpippatch takes. For tests only.
 *
 *   inspect_image inspect FILE...     one JSON object a line; FILE may be - for a list on stdin
 *   inspect_image signs FILE...       "found" or "none" and the path: whether the code holds the
 *                                     signs of the limit, whatever name and checksum say
 *   inspect_image set LIMIT FILE      0 done, 1 not written
 */
#include "base/buf.h"
#include "base/json.h"
#include "locate.h"
#include "patchcore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 65536, PATH_SIZE = 4096 };

static bool read_file(const char *path, struct buf *out)
{
    FILE *file = fopen(path, "rb");
    buf_clear(out);
    if (file == NULL) {
        return false;
    }
    size_t got = 1;
    while (got > 0 && buf_reserve(out, CHUNK)) {
        got = fread(out->data + out->len, 1, CHUNK, file);
        out->len += got;
    }
    bool ok = ferror(file) == 0 && !out->failed;
    fclose(file);
    return ok;
}

static bool inspect(const char *path)
{
    struct buf image = BUF_INIT;
    struct buf line = BUF_INIT;
    bool ok = read_file(path, &image);
    if (ok) {
        struct pc_inspection inspection;
        struct json j = json_start(&line);
        pc_inspect((const uint8_t *)image.data, image.len, &inspection);
        json_open_object(&j, NULL);
        json_text(&j, "path", path);
        pc_inspection_json(&j, &inspection);
        json_close_object(&j);
        puts(buf_text(&line));
    } else {
        fprintf(stderr, "inspect_image: %s could not be read.\n", path);
    }
    buf_free(&line);
    buf_free(&image);
    return ok;
}

static bool show_signs(const char *path)
{
    struct buf image = BUF_INIT;
    bool ok = read_file(path, &image);
    if (ok) {
        struct pe_image pe;
        struct pe_limit_place place;
        bool found = pe_read((const uint8_t *)image.data, image.len, &pe) == PE_SOUND &&
                     pe_locate_limit(&pe, &place) == LOCATE_FOUND;
        printf("%s %s\n", found ? "found" : "none", path);
    } else {
        fprintf(stderr, "inspect_image: %s could not be read.\n", path);
    }
    buf_free(&image);
    return ok;
}

typedef bool (*show_fn)(const char *path);

static bool show_listed(show_fn show)
{
    char path[PATH_SIZE];
    bool ok = true;
    while (fgets(path, sizeof path, stdin) != NULL) {
        path[strcspn(path, "\r\n")] = '\0';
        ok = show(path) && ok;
    }
    return ok;
}

static bool set_limit(const char *number, const char *path)
{
    struct buf image = BUF_INIT;
    char *end = NULL;
    unsigned long limit = strtoul(number, &end, 10);
    bool ok = number[0] >= '0' && number[0] <= '9' && *end == '\0' && limit <= UINT32_MAX &&
              read_file(path, &image) &&
              pc_set_limit((uint8_t *)image.data, image.len, (uint32_t)limit);
    if (ok) {
        FILE *file = fopen(path, "r+b");
        ok = file != NULL && fwrite(image.data, 1, image.len, file) == image.len;
        ok = file != NULL && fclose(file) == 0 && ok;
    }
    if (!ok) {
        fprintf(stderr, "inspect_image: the limit of %s was not set to %s.\n", path, number);
    }
    buf_free(&image);
    return ok;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "set") == 0) {
        return set_limit(argv[2], argv[3]) ? 0 : 1;
    }
    bool signs = argc >= 3 && strcmp(argv[1], "signs") == 0;
    if (argc < 3 || (!signs && strcmp(argv[1], "inspect") != 0)) {
        fputs("Usage: inspect_image inspect FILE... | signs FILE... | set LIMIT FILE\n", stderr);
        return 2;
    }
    show_fn show = signs ? show_signs : inspect;
    bool ok = true;
    for (int i = 2; i < argc; i++) {
        ok = (strcmp(argv[i], "-") == 0 ? show_listed(show) : show(argv[i])) && ok;
    }
    return ok ? 0 : 1;
}
