/* Writes event logs for tests. See usage() below; log_writer.h says how the files are written. */
#include "log_writer.h"

#include "base/utf.h"
#include "base/wintime.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_FILE = 256 * 1024 * 1024, XP_SIZE = 65536, XP_LIMIT = 524288 };

static int usage(FILE *out, int status)
{
    (void)fputs(
        "usage: make_log COMMAND FILE [OPTION]...\n"
        "\n"
        "  create FILE   a clean, empty .evt file, or .evtx file where FILE ends in .evtx\n"
        "                --size BYTES   its size (65536)   --limit BYTES   up to which it grows\n"
        "                before it wraps (524288; .evtx: without end)\n"
        "  append FILE   adds records to a .evt or .evtx file as the service does, and leaves it\n"
        "                open (dirty); --limit as above (.evt: the file's own, at least 524288)\n"
        "  close FILE    brings the header up to date and takes the dirty flag down\n"
        "  xml FILE      adds events to a file of event XML (- is standard output)\n"
        "                --style wevtutil | viewer | evtxexport | python   (wevtutil)\n"
        "                --number N   of the first event (1)\n"
        "\n"
        "What append and xml write:\n"
        "  --event N          4226 (as XP's TCP/IP driver writes it); so 4227 and 4231\n"
        "  --qualifiers N     the high 16 bits of the id (32768 for these, else 0)\n"
        "  --source NAME      Tcpip\n"
        "  --computer NAME    WKS-WINXP32BIT\n"
        "  --computers N      so many in turn: NAME0, NAME1 ... (1: NAME alone)\n"
        "  --record-type T    error, warning (the default), information, audit-success,\n"
        "                     audit-failure\n"
        "  --string TEXT      one more string of the record, in place of the usual ones\n"
        "  --time T           of the first record: now (the default) or 2011-09-20T15:43:01Z\n"
        "  --step SECONDS     from record to record, may be negative (1)\n"
        "  --count N          how many records (1)\n"
        "  --decoy            before each record one of MRxSmb whose strings contain Tcpip\n"
        "  --garbage          in the fields and bytes that have no meaning\n",
        out);
    return status;
}

struct options {
    const char *command;
    const char *file;
    uint32_t size;
    uint32_t limit;
    uint64_t number;
    uint64_t count;
    uint64_t computers;
    int64_t step;
    bool decoy;
    bool has_qualifiers;
    enum xml_style style;
    struct log_record record;
};

/* ---- reading the command line ---- */

static bool number_of(const char *text, uint64_t most, uint64_t *out)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    *out = value;
    return *text >= '0' && *text <= '9' && *end == '\0' && value <= most;
}

static bool choice_of(const char *text, const char *const *choices, size_t count, size_t *out)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, choices[i]) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool take_time(const char *text, uint64_t *out)
{
    if (strcmp(text, "now") == 0) {
        *out = wintime_from_unix((uint64_t)time(NULL));
        return true;
    }
    return wintime_parse(text, strlen(text), out);
}

static bool take_record_option(struct options *o, const char *name, const char *value)
{
    static const char *const types[] = {"error", "warning", "information", "audit-success",
                                        "audit-failure"};
    uint64_t number;
    size_t choice;
    if (strcmp(name, "--event") == 0 && number_of(value, UINT16_MAX, &number)) {
        o->record.id = (o->record.id & 0xffff0000U) | (uint32_t)number;
    } else if (strcmp(name, "--qualifiers") == 0 && number_of(value, UINT16_MAX, &number)) {
        o->record.id = (o->record.id & 0xffffU) | (uint32_t)number << 16;
        o->has_qualifiers = true;
    } else if (strcmp(name, "--source") == 0) {
        o->record.source = value;
    } else if (strcmp(name, "--computer") == 0) {
        o->record.computer = value;
    } else if (strcmp(name, "--record-type") == 0 &&
               choice_of(value, types, sizeof types / sizeof types[0], &choice)) {
        o->record.type = (uint16_t)(1U << choice);
    } else if (strcmp(name, "--string") == 0 && o->record.string_count < LOG_MOST_STRINGS) {
        o->record.strings[o->record.string_count++] = value;
    } else {
        return false;
    }
    return true;
}

static bool take_option(struct options *o, const char *name, const char *value)
{
    static const char *const styles[] = {"wevtutil", "viewer", "evtxexport", "python"};
    uint64_t number;
    size_t choice;
    if (strcmp(name, "--time") == 0) {
        return take_time(value, &o->record.time);
    }
    if (strcmp(name, "--step") == 0) {
        bool back = value[0] == '-';
        bool good = number_of(value + back, INT32_MAX, &number);
        o->step = back ? -(int64_t)number : (int64_t)number;
        return good;
    }
    if (strcmp(name, "--count") == 0) {
        return number_of(value, 10000000, &o->count);
    }
    if (strcmp(name, "--computers") == 0) {
        return number_of(value, UINT32_MAX, &o->computers) && o->computers > 0;
    }
    if (strcmp(name, "--number") == 0) {
        return number_of(value, UINT64_MAX, &o->number);
    }
    if (strcmp(name, "--size") == 0 && number_of(value, MOST_FILE, &number)) {
        o->size = (uint32_t)number;
        return true;
    }
    if (strcmp(name, "--limit") == 0 && number_of(value, MOST_FILE, &number)) {
        o->limit = (uint32_t)number;
        return true;
    }
    if (strcmp(name, "--style") == 0 && choice_of(value, styles, 4, &choice)) {
        o->style = (enum xml_style)choice;
        return true;
    }
    return take_record_option(o, name, value);
}

/* What the options left open. */
static void complete_record(struct options *o)
{
    uint16_t code = (uint16_t)(o->record.id & 0xffff);
    bool of_tcpip = code == 4226 || code == 4227 || code == 4231;
    struct log_record usual =
        log_record_tcpip(of_tcpip ? code : 4226, o->record.computer, o->record.time);
    if (of_tcpip) {
        o->record.data = usual.data;
        o->record.data_size = usual.data_size;
        o->record.from_driver = true;
    }
    if (of_tcpip && !o->has_qualifiers) {
        o->record.id |= 0x80000000U;
    }
    if (o->record.string_count == 0) {
        o->record.strings[0] = "";
        o->record.string_count = 1;
    }
}

static bool parse(int argc, char **argv, struct options *o)
{
    *o = (struct options){.command = argv[1],
                          .file = argv[2],
                          .number = 1,
                          .count = 1,
                          .computers = 1,
                          .step = 1,
                          .record = {.id = 4226,
                                     .type = 2,
                                     .source = "Tcpip",
                                     .computer = "WKS-WINXP32BIT",
                                     .channel = "System"}};
    (void)take_time("now", &o->record.time);
    for (int i = 3; i < argc; i++) {
        if (strcmp(argv[i], "--decoy") == 0) {
            o->decoy = true;
        } else if (strcmp(argv[i], "--garbage") == 0) {
            o->record.garbage = true;
        } else if (i + 1 == argc || !take_option(o, argv[i], argv[i + 1])) {
            (void)fprintf(stderr, "make_log: %s %s: no such option, or not a value it takes\n",
                          argv[i], i + 1 < argc ? argv[i + 1] : "(nothing)");
            return false;
        } else {
            i++;
        }
    }
    complete_record(o);
    return true;
}

/* ---- files ---- */

static bool write_file(void *context, uint64_t offset, const void *bytes, size_t size)
{
    FILE *file = context;
    return offset <= LONG_MAX && fseek(file, (long)offset, SEEK_SET) == 0 &&
           fwrite(bytes, 1, size, file) == size && fflush(file) == 0;
}

static bool read_file(FILE *file, struct buf *out)
{
    char piece[65536];
    size_t got;
    while ((got = fread(piece, 1, sizeof piece, file)) > 0 && out->len < MOST_FILE) {
        buf_add(out, piece, got);
    }
    return ferror(file) == 0 && !out->failed;
}

static int complain(const char *path, const char *why)
{
    (void)fprintf(stderr, "make_log: %s: %s\n", path, why);
    return 1;
}

static bool is_evtx(const char *path)
{
    size_t length = strlen(path);
    return length >= 5 && same_text_nocase(path + length - 5, ".evtx");
}

/* ---- the commands ---- */

typedef bool (*append_fn)(void *image, const struct log_record *record);

static bool append_evt(void *image, const struct log_record *record)
{
    return evt_image_append(image, record);
}

static bool append_evtx(void *image, const struct log_record *record)
{
    return evtx_image_append(image, record);
}

static bool append_all(const struct options *o, append_fn append, void *image)
{
    struct log_record record = o->record;
    char computer[256];
    for (uint64_t i = 0; i < o->count; i++) {
        if (o->computers > 1) {
            (void)snprintf(computer, sizeof computer, "%s%" PRIu64, o->record.computer,
                           i % o->computers);
            record.computer = computer;
        }
        record.time = o->record.time + i * (uint64_t)(o->step * (int64_t)WINTIME_PER_SECOND);
        struct log_record decoy = log_record_decoy(record.computer, record.time);
        if ((o->decoy && !append(image, &decoy)) || !append(image, &record)) {
            return false;
        }
    }
    return true;
}

static int create(const struct options *o)
{
    struct evt_image evt;
    struct evtx_image evtx;
    FILE *file = fopen(o->file, "wb");
    uint32_t size = o->size != 0 ? o->size : XP_SIZE;
    bool done;
    if (file == NULL) {
        return complain(o->file, "cannot be created");
    }
    if (is_evtx(o->file)) {
        done = evtx_image_create(&evtx, o->limit / 65536, o->number) && evtx_image_close(&evtx) &&
               write_file(file, 0, evtx.bytes, evtx.size);
        evtx_image_free(&evtx);
    } else {
        done = evt_image_create(&evt, size, o->limit != 0 ? o->limit : XP_LIMIT) &&
               write_file(file, 0, evt.bytes, evt.size);
        evt_image_free(&evt);
    }
    done = fclose(file) == 0 && done;
    return done ? 0 : complain(o->file, "cannot be written, or a size that no log can have");
}

static const char *change_evt(const struct options *o, FILE *file, const struct buf *old)
{
    struct evt_image image;
    const char *why = evt_image_load(&image, old->data, old->len, o->limit);
    if (why == NULL) {
        image.write = write_file;
        image.context = file;
        bool done = strcmp(o->command, "close") == 0 ? evt_image_close(&image)
                                                     : append_all(o, append_evt, &image);
        why = done ? NULL : "cannot be written, or has no room for such a record";
    }
    evt_image_free(&image);
    return why;
}

static const char *change_evtx(const struct options *o, FILE *file, const struct buf *old)
{
    struct evtx_image image;
    const char *why = evtx_image_load(&image, old->data, old->len);
    if (why == NULL) {
        image.write = write_file;
        image.context = file;
        image.most_chunks = o->limit / 65536;
        bool done = strcmp(o->command, "close") == 0 ? evtx_image_close(&image)
                                                     : append_all(o, append_evtx, &image);
        why = done ? NULL : "cannot be written, or has no room for such a record";
    }
    evtx_image_free(&image);
    return why;
}

static int change(const struct options *o)
{
    struct buf old = BUF_INIT;
    FILE *file = fopen(o->file, "r+b");
    const char *why = "cannot be opened";
    if (file != NULL) {
        why = "cannot be read";
        if (read_file(file, &old)) {
            why = is_evtx(o->file) ? change_evtx(o, file, &old) : change_evt(o, file, &old);
        }
        if (fclose(file) != 0 && why == NULL) {
            why = "cannot be written";
        }
    }
    buf_free(&old);
    return why == NULL ? 0 : complain(o->file, why);
}

struct xml_output {
    FILE *file;
    struct buf text;
    uint64_t number;
    enum xml_style style;
};

static bool append_xml(void *context, const struct log_record *record)
{
    struct xml_output *out = context;
    buf_clear(&out->text);
    log_xml_event(&out->text, record, out->number++, out->style);
    return !out->text.failed &&
           fwrite(out->text.data, 1, out->text.len, out->file) == out->text.len &&
           fflush(out->file) == 0;
}

static int xml(const struct options *o)
{
    bool to_stdout = strcmp(o->file, "-") == 0;
    struct xml_output out = {to_stdout ? stdout : fopen(o->file, "ab"), BUF_INIT, o->number,
                             o->style};
    if (out.file == NULL) {
        return complain(o->file, "cannot be opened");
    }
    bool done = append_all(o, append_xml, &out);
    done = (to_stdout || fclose(out.file) == 0) && done;
    buf_free(&out.text);
    return done ? 0 : complain(o->file, "cannot be written");
}

int main(int argc, char **argv)
{
    struct options o;
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        return usage(stdout, 0);
    }
    if (argc < 3) {
        return usage(stderr, 2);
    }
    if (!parse(argc, argv, &o)) {
        return 2;
    }
    if (strcmp(o.command, "create") == 0) {
        return create(&o);
    }
    if (strcmp(o.command, "append") == 0 || strcmp(o.command, "close") == 0) {
        return change(&o);
    }
    if (strcmp(o.command, "xml") == 0) {
        return xml(&o);
    }
    (void)fprintf(stderr, "make_log: %s: no such command\n", o.command);
    return usage(stderr, 2);
}
