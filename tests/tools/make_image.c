/* make_image: writes a PE image in the layout of tcpip.sys, for tests and rehearsals. */
#include "image_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: make_image [options] FILE\n"
    "Writes a test image in the layout of tcpip.sys. It parses as a driver does, but does not "
    "run.\n"
    "\n"
    "  --build NAME        the build to imitate (2180); --list names them all\n"
    "  --limit N           the limit on half-open connections (10)\n"
    "  --limit-at OFFSET   the file offset of the limit, 0x4E400 to 0x50A00\n"
    "  --no-sign-a         no call before the store (x86), no run before it (x64)\n"
    "  --no-sign-b         no compare of the limit's variable\n"
    "  --signs-disagree    a compare of another variable instead\n"
    "  --two-stores        the signs (x64: the run) in two places\n"
    "  --no-store          another instruction instead of the store\n"
    "  --store-outside     a store to a variable outside the image\n"
    "  --known-checksum    the build's published checksum, whatever the options above change\n"
    "  --version A.B.C.D   the file version\n"
    "  --name NAME         the original file name (tcpip.sys); \"\" for none\n"
    "  --internal NAME     the internal name (tcpip.sys); \"\" for none\n"
    "  --no-version        no version resource\n"
    "  --no-checksum       a checksum of 0\n"
    "  --bad-checksum      a wrong checksum\n"
    "  --overlay N         N bytes after the last section\n"
    "  --truncate N        only the first N bytes\n"
    "  --list              list the builds and end\n"
    "  --help              show this text and end\n";

static bool read_number(const char *text, uint32_t *out)
{
    char *end = NULL;
    unsigned long long value = strtoull(text, &end, 0);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value > UINT32_MAX) {
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

static bool read_version(const char *text, struct pc_version *out)
{
    for (int i = 0; i < 4; i++) {
        char *end = NULL;
        unsigned long part = strtoul(text, &end, 10);
        if (text[0] < '0' || text[0] > '9' || part > UINT16_MAX || *end != (i < 3 ? '.' : '\0')) {
            return false;
        }
        out->part[i] = (uint16_t)part;
        text = end + 1;
    }
    return true;
}

struct arguments {
    struct image_options options;
    struct pc_version version;
    const char *file;
};

/* True for an option without a value, which is then set. */
static bool read_switch(const char *name, struct image_options *o)
{
    const struct {
        const char *name;
        bool *flag;
    } switches[] = {
        {"--no-sign-a", &o->no_sign_a},
        {"--no-sign-b", &o->no_sign_b},
        {"--signs-disagree", &o->signs_disagree},
        {"--two-stores", &o->two_stores},
        {"--no-store", &o->no_store},
        {"--store-outside", &o->store_outside},
        {"--known-checksum", &o->known_checksum},
        {"--no-version", &o->no_version},
        {"--no-checksum", &o->no_checksum},
        {"--bad-checksum", &o->bad_checksum},
    };
    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
        if (strcmp(name, switches[i].name) == 0) {
            *switches[i].flag = true;
            return true;
        }
    }
    return false;
}

/* An option with a value. NULL when it was read, otherwise what is wrong with it. */
static const char *read_value(const char *name, const char *value, struct arguments *a)
{
    struct image_options *o = &a->options;
    const struct {
        const char *name;
        uint32_t *number;
    } numbers[] = {
        {"--limit", &o->limit},
        {"--limit-at", &o->limit_offset},
        {"--overlay", &o->overlay},
        {"--truncate", &o->truncate},
    };
    const struct {
        const char *name;
        const char **text;
    } texts[] = {
        {"--build", &o->build},
        {"--name", &o->name},
        {"--internal", &o->internal_name},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strcmp(name, numbers[i].name) == 0) {
            o->zero_limit = o->zero_limit || (i == 0 && strcmp(value, "0") == 0);
            return read_number(value, numbers[i].number) ? NULL : "needs a number";
        }
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(name, texts[i].name) == 0) {
            *texts[i].text = value;
            return NULL;
        }
    }
    if (strcmp(name, "--version") == 0) {
        o->version = &a->version;
        return read_version(value, &a->version) ? NULL : "needs four numbers, as 5.1.2600.2180";
    }
    return "is not an option";
}

static bool read_arguments(int argc, char **argv, struct arguments *a)
{
    for (int i = 1; i < argc; i++) {
        const char *problem = NULL;
        if (strncmp(argv[i], "--", 2) != 0) {
            problem = a->file != NULL ? "is a second file; only one is written" : NULL;
            a->file = argv[i];
        } else if (!read_switch(argv[i], &a->options)) {
            bool last = i + 1 == argc;
            problem = read_value(argv[i], last ? "" : argv[i + 1], a);
            problem = last && problem == NULL ? "needs a value" : problem;
            i++;
        }
        if (problem != NULL) {
            fprintf(stderr, "make_image: %s %s. See --help.\n", argv[i < argc ? i : argc - 1],
                    problem);
            return false;
        }
    }
    if (a->file == NULL) {
        fputs("make_image: no file to write was named. See --help.\n", stderr);
        return false;
    }
    return true;
}

static void list_builds(void)
{
    size_t count = 0;
    const struct image_build *builds = image_builds(&count);
    for (size_t i = 0; i < count; i++) {
        char version[PC_VERSION_SIZE];
        pc_version_text(&builds[i].version, version);
        printf("%-12s %-17s %-6s %s\n", builds[i].name, version,
               builds[i].machine == PC_MACHINE_AMD64 ? "amd64" : "i386", builds[i].about);
    }
}

static bool write_file(const char *path, const struct buf *image)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return false;
    }
    bool written = fwrite(image->data, 1, image->len, file) == image->len;
    return fclose(file) == 0 && written;
}

int main(int argc, char **argv)
{
    struct arguments a = {0};
    struct buf image = BUF_INIT;
    const char *error = NULL;
    int result = 1;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            return 0;
        }
        if (strcmp(argv[i], "--list") == 0) {
            list_builds();
            return 0;
        }
    }
    if (!read_arguments(argc, argv, &a)) {
        return 2;
    }
    if (!image_build(&a.options, &image, &error)) {
        fprintf(stderr, "make_image: %s\n", error);
        result = 2;
    } else if (!write_file(a.file, &image)) {
        fprintf(stderr, "make_image: %s could not be written.\n", a.file);
    } else {
        result = 0;
    }
    buf_free(&image);
    return result;
}
