/* The input is a text of /proc in two pieces, and then looks for a census. Lines come out the same
 * in any pieces; what a census says adds up. */
#include "census/census_parts.h"
#include "census/census_proc.h"
#include "census/look.h"

#include "base/wintime.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_CONNECTIONS = 100, MOST_LOOKS = 6, PROCESSES = 8 };

/* ---- texts ---- */

struct lines {
    struct buf text;
    size_t half_open;
};

static bool keep_line(void *context, const char *line, size_t length)
{
    struct lines *lines = context;
    struct proc_socket socket;
    uint64_t number;
    char *exact = fuzz_copy(line, length, false);
    FUZZ_REQUIRE(length <= PROC_LINE_MAX, "a line is no longer than is kept");
    lines->half_open += proc_half_open(exact, length, &socket) ? 1 : 0;
    (void)proc_boot_time(exact, length, &number);
    free(exact);
    buf_add(&lines->text, line, length);
    buf_add_char(&lines->text, '\n');
    return true;
}

static void feed(struct lines *lines, const char *text, size_t size, size_t piece)
{
    struct proc_lines state = {.length = 0};
    for (size_t at = 0; at < size; at += piece) {
        size_t left = size - at;
        char *exact = fuzz_copy(text + at, left < piece ? left : piece, false);
        FUZZ_REQUIRE(proc_lines_feed(&state, exact, left < piece ? left : piece, keep_line, lines),
                     "lines go on until they are stopped");
        free(exact);
    }
}

static void check_text(const char *text, size_t size, size_t piece)
{
    struct lines whole = {.text = BUF_INIT};
    struct lines pieces = {.text = BUF_INIT};
    uint64_t number;
    uint32_t pid;
    feed(&whole, text, size, size > 0 ? size : 1);
    feed(&pieces, text, size, piece);
    FUZZ_REQUIRE(whole.text.len == pieces.text.len && whole.half_open == pieces.half_open &&
                     memcmp(buf_text(&whole.text), buf_text(&pieces.text), whole.text.len) == 0,
                 "lines are the same in pieces of %zu", piece);
    (void)proc_start_ticks(text, size, &number);
    (void)proc_socket_inode(text, size, &number);
    FUZZ_REQUIRE(proc_image_length(text, size) <= size, "an image is no longer than the link");
    char *name = fuzz_copy(text, size, true);
    (void)proc_process_number(name, &pid);
    free(name);
    buf_free(&pieces.text);
    buf_free(&whole.text);
}

/* ---- looks ---- */

static void fill(struct census_look *look, struct fuzz_bytes *bytes)
{
    static const char *const images[] = {NULL,        "/bin/a",    "/bin/A",
                                         "C:\\a.exe", "c:\\A.EXE", "\n\x80"};
    size_t count = fuzz_take8(bytes) % MOST_CONNECTIONS;
    look->cut_short = count % 16 == 15;
    for (size_t i = 0; i < count && bytes->left > 0; i++) {
        uint8_t what = fuzz_take8(bytes);
        uint8_t ends = fuzz_take8(bytes);
        struct census_connection c = {.address = {[15] = ends % 8},
                                      .port = ends / 8 % 4,
                                      .local_port = ends / 32,
                                      .process = what % 9 == 8 ? what : CENSUS_NO_PROCESS};
        bool fresh = false;
        if (what % 9 < PROCESSES) {
            c.process = look_process(look, what % 9, &fresh);
        }
        if (fresh) {
            look_resolve(look, c.process, images[what / 16 % 6], what / 128 * WINTIME_UNIX_EPOCH);
        }
        (void)look_add(look, &c);
    }
}

struct totals {
    size_t programs;
    size_t connections;
    size_t unseen;
    size_t last; /* connections of the program before */
};

static bool check_program(void *context, const struct census_program *program)
{
    struct totals *totals = context;
    size_t addresses = 0;
    while (addresses < 4 && program->addresses[addresses] != NULL) {
        addresses++;
    }
    FUZZ_REQUIRE(program->connections > 0 && program->hosts <= program->connections &&
                     program->ports <= program->connections && program->hosts > 0 &&
                     program->ports > 0,
                 "a program has connections, to some hosts and ports");
    FUZZ_REQUIRE(addresses == (program->hosts < 4 ? program->hosts : 4),
                 "a program has as many addresses as are there");
    FUZZ_REQUIRE(program->processes <= program->connections &&
                     (program->image == NULL || program->processes > 0),
                 "a program that can be seen has processes");
    FUZZ_REQUIRE(totals->programs == 0 || program->connections <= totals->last,
                 "those with most connections come first");
    totals->last = program->connections;
    totals->programs++;
    totals->connections += program->connections;
    totals->unseen += program->image == NULL ? program->connections : 0;
    return true;
}

static void check_words(const struct census *census, const struct policy *policy)
{
    struct buf words = BUF_INIT;
    struct buf text = BUF_INIT;
    struct json j = json_start(&text);
    census_words(census, policy, &words);
    census_json(census, policy, &j);
    FUZZ_REQUIRE(words.len > 0 && fuzz_is_printable(words.data, words.len),
                 "a census in words can be printed");
    FUZZ_REQUIRE(fuzz_is_utf8(text.data, text.len), "JSON is UTF-8");
    buf_free(&text);
    buf_free(&words);
}

static void check_sum(const struct census *census, const struct policy *policy)
{
    struct totals totals = {0};
    struct census_sum sum = census_sum(census);
    FUZZ_REQUIRE(census_each(census, check_program, &totals), "memory is out");
    FUZZ_REQUIRE(totals.connections == sum.connections && totals.programs == sum.programs &&
                     totals.unseen == sum.unseen,
                 "the programs add up to the sum");
    FUZZ_REQUIRE((census_judge(census, policy) == CENSUS_NOBODY) == (sum.connections == 0),
                 "nobody is judged only where nobody is");
    check_words(census, policy);
    check_words(census, NULL);
}

static void check_added(struct census *census, struct census_look *look)
{
    FUZZ_REQUIRE(census_add(census, look), "memory is out");
    struct census_sum once = census_sum(census);
    FUZZ_REQUIRE(census_add(census, look), "memory is out");
    struct census_sum twice = census_sum(census);
    FUZZ_REQUIRE(once.connections == twice.connections && once.programs == twice.programs &&
                     once.unseen == twice.unseen && twice.looks == once.looks + 1,
                 "what is seen again counts once");
}

static void check_looks(struct fuzz_bytes *bytes, const struct policy *policy)
{
    struct census *census = census_open();
    FUZZ_REQUIRE(census != NULL, "memory is out");
    uint64_t time = WINTIME_UNIX_EPOCH;
    for (unsigned i = 0; i < MOST_LOOKS && bytes->left > 0; i++) {
        uint8_t step = fuzz_take8(bytes);
        time += step % 16;
        struct census_look look = {.time = time};
        fill(&look, bytes);
        check_added(census, &look);
        check_sum(census, policy);
        if (step >= 128) {
            census_forget(census, time - step % 8);
            check_sum(census, policy);
        }
        census_look_free(&look);
    }
    census_forget(census, UINT64_MAX);
    FUZZ_REQUIRE(census_sum(census).connections == 0 && census_sum(census).looks == 0,
                 "everything can be forgotten");
    census_close(census);
}

void fuzz_census(const uint8_t *data, size_t size)
{
    static char *names[] = {"a", "?.exe"};
    struct policy policy = {.expected = {names, 2}};
    struct fuzz_bytes bytes = {data, size};
    size_t piece = 1 + fuzz_take8(&bytes);
    check_text((const char *)bytes.next, bytes.left, piece);
    check_looks(&bytes, &policy);
}
