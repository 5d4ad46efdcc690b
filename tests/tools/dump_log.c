/* Prints every record of a log as `scan --all --json` does, without any policy:
 *
 *   dump_log [--growing] FILE...
 *
 * Then, per file, one line {"end","incomplete","dirty","records","damaged"}; damaged places go to
 * standard error. Exit status: 0, 1 when a file could not be read as a log, 2 for wrong usage. */
#include "decode/decode.h"
#include "scan_json.h"

#include "base/json.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

struct file_input {
    FILE *file;
    uint64_t at; /* where the next read begins without a seek */
};

static size_t read_at(void *context, uint64_t offset, void *buffer, size_t size)
{
    struct file_input *input = context;
    if (offset > LONG_MAX ||
        (offset != input->at && fseek(input->file, (long)offset, SEEK_SET) != 0)) {
        return 0;
    }
    size_t got = fread(buffer, 1, size, input->file);
    input->at = offset + got;
    return got;
}

struct output {
    const char *path;
    struct buf line;
};

static bool print_event(void *context, const struct event *event)
{
    struct output *out = context;
    buf_clear(&out->line);
    scan_json_event(&out->line, out->path, event);
    (void)fwrite(out->line.data, 1, out->line.len, stdout);
    return true;
}

static void print_damage(void *context, uint64_t offset, const char *what)
{
    const struct output *out = context;
    (void)fprintf(stderr, "%s: at %" PRIu64 ": %s\n", out->path, offset, what);
}

static void print_result(struct output *out, const struct log_result *result)
{
    static const char *const ends[] = {"end", "stopped", "wrong kind", "no memory"};
    buf_clear(&out->line);
    struct json j = json_start(&out->line);
    json_open_object(&j, NULL);
    json_text(&j, "end", ends[result->end]);
    json_bool(&j, "incomplete", result->incomplete);
    json_bool(&j, "dirty", result->dirty);
    json_number(&j, "records", result->records);
    json_number(&j, "damaged", result->damaged);
    json_close_object(&j);
    (void)puts(buf_text(&out->line));
}

static int dump(const char *path, bool growing)
{
    struct output out = {path, BUF_INIT};
    struct file_input source = {fopen(path, "rb"), 0};
    if (source.file == NULL) {
        (void)fprintf(stderr, "dump_log: cannot open %s\n", path);
        return 1;
    }
    struct log_input input = {.read_at = read_at, .context = &source, .size = UINT64_MAX};
    if (fseek(source.file, 0, SEEK_END) == 0) {
        input.size = (uint64_t)ftell(source.file);
        source.at = input.size;
    }
    struct log_sink sink = {.context = &out, .event = print_event, .damage = print_damage};
    struct log_result result = log_read(log_recognise(&input), &input, growing, NULL, &sink);
    print_result(&out, &result);
    (void)fclose(source.file);
    buf_free(&out.line);
    return result.end == LOG_END ? 0 : 1;
}

int main(int argc, char **argv)
{
    int first = argc > 1 && strcmp(argv[1], "--growing") == 0 ? 2 : 1;
    int status = 0;
    if (argc <= first) {
        (void)fputs("usage: dump_log [--growing] FILE...\n", stderr);
        return 2;
    }
    for (int i = first; i < argc; i++) {
        if (dump(argv[i], first == 2) != 0) {
            status = 1;
        }
    }
    return status;
}
