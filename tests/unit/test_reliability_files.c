/* What the programs keep for themselves: a file that is replaced as a whole is the old one or the
 * new one after every failure; of the audit log no line that was written is ever lost, nor run
 * together with one that was torn. */
#include "audit.h"
#include "check.h"
#include "reliability.h"
#include "state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_OLD = 1700, SIZE_NEW = 2900 };

/* One kind of file under test. */
struct kind {
    const char *name;
    /* Writes it the first and the second time. */
    enum os_status (*write)(const struct os *os, int time);
    /* 0 or 1: as it was written then; -1: it is not there; -2: it is anything else. */
    int (*read)(const struct os *os);
};

/* ---- os_write_whole() ---- */

static void fill(int time, char *text, size_t *size)
{
    *size = time == 0 ? SIZE_OLD : SIZE_NEW;
    memset(text, time == 0 ? 'o' : 'n', *size);
}

static enum os_status write_plain(const struct os *os, int time)
{
    char text[SIZE_NEW];
    size_t size;
    fill(time, text, &size);
    return os_write_whole(os, "/data", "file", text, size);
}

static int read_plain(const struct os *os)
{
    struct buf found = BUF_INIT;
    int which = -2;
    if (os_read_written(os, "/data", "file", 65536, &found) == OS_NOT_FOUND) {
        which = -1;
    }
    for (int time = 0; time < 2; time++) {
        char text[SIZE_NEW];
        size_t size;
        fill(time, text, &size);
        if (found.len == size && memcmp(found.data, text, size) == 0) {
            which = time;
        }
    }
    buf_free(&found);
    return which;
}

/* ---- the state ---- */

enum { LIMIT_OLD = 100, RECORD = 4711 };

static void make_source(struct source *source, char *spec)
{
    *source = (struct source){.spec = spec, .path = spec + 5};
    CHECK(source_count_anew(source, 3, 3600));
}

static enum os_status write_state(const struct os *os, int time)
{
    char spec[] = "file:/log/SysEvent.Evt";
    struct engine_memory memory;
    struct policy policy;
    struct source source;
    struct burst hit;
    enum os_status status = OS_NO_MEMORY;
    engine_reset(&memory);
    memory.limit = LIMIT_OLD + (uint32_t)time;
    make_source(&source, spec);
    source.place.set = true;
    source.place.record = RECORD + (uint64_t)time;
    (void)burst_add(source.detectors[BURST_CONNECT_LIMIT], "WKS", 1000 + (uint64_t)time, &hit);
    if (policy_defaults(&policy)) {
        status = state_save(os, "/data/roots/w", "/windows", &memory, &policy, &source, 1);
        policy_free(&policy);
    }
    source_stop_counting(&source);
    return status;
}

static int read_state(const struct os *os)
{
    char spec[] = "file:/log/SysEvent.Evt";
    struct engine_memory memory;
    struct source source;
    enum keyfile_status whole = KEYFILE_DAMAGED;
    int which = -2;
    engine_reset(&memory);
    make_source(&source, spec);
    enum os_status status = state_load(os, "/data/roots/w", &memory, &source, 1, NULL, &whole);
    if (status == OS_NOT_FOUND) {
        which = -1;
    } else if (status == OS_OK && whole == KEYFILE_OK &&
               source.place.record - RECORD == memory.limit - LIMIT_OLD) {
        which = (int)(memory.limit - LIMIT_OLD);
    }
    source_stop_counting(&source);
    return which;
}

/* ---- both: the second writing fails or dies ---- */

static const struct kind kinds[] = {
    {"a file", write_plain, read_plain},
    {"the state", write_state, read_state},
};

struct look {
    const struct kind *kind;
    const char *what;
    bool may_be_missing, may_be_old, may_be_new;
};

static void look_at(void *context, struct model_disk *left, uint64_t choice)
{
    const struct look *look = context;
    const struct os *os = model_disk_os(left);
    int which = look->kind->read(os);
    bool right = which == -1  ? look->may_be_missing
                 : which == 0 ? look->may_be_old
                              : which == 1 && look->may_be_new;
    if (!right) {
        figures.torn += which == -2 ? 1 : 0;
        figures.lost += which != -2 ? 1 : 0;
        printf("\n    %s, power cut 0x%" PRIx64 ": found %d", look->what, choice, which);
    }
    /* Whatever was left behind is in nobody's way. */
    right = look->kind->write(os, 1) == OS_OK && look->kind->read(os) == 1 && right;
    CHECK(right);
}

/* True while the fault still hits something. */
static bool write_with_fault(const struct kind *kind, bool first_time,
                             const struct model_fault *fault)
{
    char what[160];
    enum model_call call = CALL_OPEN_READ;
    int statuses;
    struct model_disk *disk = model_disk_new();
    model_disk_put_directory(disk, "/data");
    if (!first_time) {
        CHECK_NUMBER(kind->write(model_disk_os(disk), 0), OS_OK);
        /* What was answered lasts: there is but one way left. */
        CHECK_NUMBER(model_disk_outcomes(disk), 1);
    }
    model_disk_set_fault(disk, fault);
    enum os_status status = kind->write(model_disk_os(disk), 1);
    bool failed = model_disk_failed(disk, &call, &statuses);
    model_disk_set_fault(disk, NULL);
    figures.points += failed ? 1 : 0;
    snprintf(what, sizeof what, "%s, how %d at call %d (%s)", kind->name, (int)fault->how,
             fault->first, model_call_name(call));
    CHECK_NUMBER(model_disk_open_handles(disk), 0);
    CHECK(failed || status == OS_OK);
    struct look look = {kind, what, first_time && status != OS_OK, !first_time && status != OS_OK,
                        true};
    each_outcome(disk, 100 * rounds(), look_at, &look);
    model_disk_free(disk);
    return failed;
}

static void files_are_old_or_new(void)
{
    static const enum model_how hows[] = {MODEL_FAIL, MODEL_FAIL_DONE, MODEL_DIE};
    for (size_t k = 0; k < 2 * sizeof kinds / sizeof kinds[0]; k++) {
        for (size_t h = 0; h < sizeof hows / sizeof hows[0]; h++) {
            struct model_fault fault = {.how = hows[h], .count = 1};
            while (write_with_fault(&kinds[k / 2], k % 2 == 0, &fault)) {
                fault.first++;
            }
            CHECK(fault.first > 5);
        }
    }
}

/* ---- the audit log ---- */

enum { LONG = 1200 };

static enum os_status write_line(const struct os *os, const char *action)
{
    char filler[LONG + 1];
    struct buf line = BUF_INIT;
    struct json j = audit_start(&line, 1, "test", action);
    memset(filler, 'x', LONG);
    filler[LONG] = '\0';
    json_text(&j, "filler", filler);
    enum os_status status = audit_write(os, "/data/audit.jsonl", &j, &line);
    buf_free(&line);
    return status;
}

/* How many whole lines of an action there are. */
static int count_lines(const struct model_disk *disk, const char *action)
{
    size_t size = 0;
    uint32_t metadata;
    struct buf line = BUF_INIT;
    int count = 0;
    const uint8_t *bytes = model_disk_get(disk, "/data/audit.jsonl", &size, &metadata);
    char *wanted = text_printf("\"action\":\"%s\"", action);
    for (size_t at = 0; bytes != NULL && at < size; at++) {
        if (bytes[at] != '\n') {
            buf_add_char(&line, (char)bytes[at]);
            continue;
        }
        count += line.len > LONG && line.data[0] == '{' && line.data[line.len - 1] == '}' &&
                 strlen(line.data) == line.len && strstr(line.data, wanted) != NULL &&
                 strstr(line.data + 1, "{\"time\"") == NULL && strstr(line.data, "xxx\"}") != NULL;
        buf_clear(&line);
    }
    free(wanted);
    buf_free(&line);
    return count;
}

struct audit_look {
    const char *what;
    bool first_written, second_written;
};

static void look_at_log(void *context, struct model_disk *left, uint64_t choice)
{
    const struct audit_look *look = context;
    CHECK_NUMBER(write_line(model_disk_os(left), "third"), OS_OK);
    int first = count_lines(left, "first");
    int second = count_lines(left, "second");
    int third = count_lines(left, "third");
    bool right = (!look->first_written || first == 1) && second <= 1 &&
                 (!look->second_written || second == 1) && third == 1;
    if (!right) {
        figures.lost++;
        printf("\n    %s, power cut 0x%" PRIx64 ": %d first, %d second, %d third lines", look->what,
               choice, first, second, third);
    }
    CHECK(right);
}

static bool append_with_fault(bool first_time, const struct model_fault *fault)
{
    char what[160];
    enum model_call call = CALL_OPEN_READ;
    int statuses;
    struct model_disk *disk = model_disk_new();
    model_disk_put_directory(disk, "/data");
    if (!first_time) {
        CHECK_NUMBER(write_line(model_disk_os(disk), "first"), OS_OK);
        CHECK_NUMBER(model_disk_outcomes(disk), 1);
    }
    model_disk_set_fault(disk, fault);
    enum os_status status = write_line(model_disk_os(disk), "second");
    bool failed = model_disk_failed(disk, &call, &statuses);
    model_disk_set_fault(disk, NULL);
    figures.points += failed ? 1 : 0;
    snprintf(what, sizeof what, "the audit log, how %d at call %d (%s)", (int)fault->how,
             fault->first, model_call_name(call));
    CHECK_NUMBER(model_disk_open_handles(disk), 0);
    CHECK(failed || status == OS_OK);
    struct audit_look look = {what, !first_time, status == OS_OK};
    each_outcome(disk, 100 * rounds(), look_at_log, &look);
    model_disk_free(disk);
    return failed;
}

static void no_line_is_lost(void)
{
    static const enum model_how hows[] = {MODEL_FAIL, MODEL_FAIL_DONE, MODEL_DIE};
    for (size_t h = 0; h < 2 * sizeof hows / sizeof hows[0]; h++) {
        struct model_fault fault = {.how = hows[h / 2], .count = 1};
        while (append_with_fault(h % 2 == 0, &fault)) {
            fault.first++;
        }
        CHECK(fault.first > 3);
    }
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"files are old or new", files_are_old_or_new},
        {"no line of the audit log is lost", no_line_is_lost},
    };
    int result = RUN_SUITE("reliability_files", cases);
    print_figures("files of the programs");
    return result;
}
