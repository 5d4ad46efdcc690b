#include "check.h"

#include "census/census_parts.h"
#include "census/look.h"

#include "base/wintime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MONITOR "C:\\Program Files\\monitor.exe"
#define STRESS  "C:\\lab\\webstress.exe"

/* 2026-01-10 10:05:11 UTC */
#define START  (wintime_from_unix(1768039511))
#define SECOND WINTIME_PER_SECOND

/* ---- looks to begin with ---- */

static struct census_look look_at(uint64_t seconds)
{
    return (struct census_look){.time = START + seconds * SECOND};
}

static uint32_t process(struct census_look *look, uint32_t pid, const char *image, uint64_t started)
{
    bool fresh;
    uint32_t index = look_process(look, pid, &fresh);
    CHECK(fresh);
    look_resolve(look, index, image, started);
    return index;
}

/* A connection to 10.0.A.B. */
static bool connection(struct census_look *look, uint32_t of, unsigned host, uint16_t port,
                       unsigned local_port)
{
    const uint8_t four[4] = {10, 0, (uint8_t)(host >> 8), (uint8_t)host};
    struct census_connection c = {.port = port, .local_port = (uint16_t)local_port, .process = of};
    look_ipv4(four, c.address);
    return look_add(look, &c);
}

/* `count` connections of one process to as many hosts. */
static void connections(struct census_look *look, uint32_t of, unsigned count, uint16_t port,
                        unsigned local_port)
{
    for (unsigned i = 0; i < count; i++) {
        CHECK(connection(look, of, i + 1, port, local_port + i));
    }
}

static void add(struct census *census, struct census_look *look)
{
    CHECK(census_add(census, look));
    census_look_free(look);
}

/* A policy that expects these programs, separated by commas; "" expects any. */
static struct policy expecting(const char *names)
{
    struct policy policy = {0};
    struct policy_errors errors = POLICY_ERRORS_INIT;
    struct buf text = BUF_INIT;
    buf_printf(&text, "[programs]\nexpected = %s\n", names);
    CHECK(policy_defaults(&policy));
    CHECK(policy_parse(text.data, text.len, "p.ini", &policy, &errors));
    policy_errors_free(&errors);
    buf_free(&text);
    return policy;
}

static void check_words(const struct census *census, const char *expected_programs,
                        const char *words)
{
    struct policy policy = expecting(expected_programs);
    struct buf out = BUF_INIT;
    census_words(census, &policy, &out);
    CHECK(!out.failed);
    CHECK_TEXT(buf_text(&out), words);
    buf_free(&out);
    policy_free(&policy);
}

static void check_verdict(const struct census *census, const char *expected_programs,
                          const char *name)
{
    struct policy policy = expecting(expected_programs);
    CHECK_TEXT(census_verdict_name(census_judge(census, &policy)), name);
    policy_free(&policy);
}

/* ---- a look ---- */

static void a_look_keeps_to_its_bounds(void)
{
    struct census_look look = look_at(0);
    for (unsigned i = 0; i < CENSUS_CONNECTIONS_MAX + 3; i++) {
        CHECK(connection(&look, CENSUS_NO_PROCESS, i, 80, i) == (i < CENSUS_CONNECTIONS_MAX));
    }
    CHECK_NUMBER(look.connection_count, CENSUS_CONNECTIONS_MAX);
    CHECK_NUMBER(look.more, 3);
    CHECK(!look.cut_short);
    bool fresh;
    for (uint32_t i = 0; i < CENSUS_PROCESSES_MAX; i++) {
        CHECK_NUMBER(look_process(&look, 100 + i, &fresh), i);
        CHECK(fresh);
    }
    CHECK_NUMBER(look_process(&look, 100, &fresh), 0);
    CHECK(!fresh && !look.cut_short);
    CHECK_NUMBER(look_process(&look, 99, &fresh), CENSUS_NO_PROCESS);
    CHECK(!fresh && look.cut_short);
    look_resolve(&look, CENSUS_NO_PROCESS, "a", 1);
    look_resolve(&look, 3, "a", 1);
    look_resolve(&look, 3, "b", 2);
    CHECK_TEXT(look.processes[3].image, "b");
    CHECK_NUMBER(look.processes[3].started, 2);
    census_look_free(&look);
    CHECK(look.connections == NULL && look.processes == NULL);
    census_look_free(&look);
}

static void a_computer_is_known_by_its_name(void)
{
    CHECK(look_same_computer("WKS", "wks"));
    CHECK(look_same_computer("WKS.lab.example", "wks"));
    CHECK(look_same_computer("wks", "WKS.lab.example"));
    CHECK(look_same_computer("wks.LAB.example", "WKS.lab.example"));
    CHECK(!look_same_computer("wks.lab.example", "wks.other.example"));
    CHECK(!look_same_computer("wks", "wks2"));
    CHECK(!look_same_computer("wks2.lab.example", "wks"));
    CHECK(!look_same_computer("", "wks"));
    CHECK(!look_same_computer("", ""));
    CHECK(!look_same_computer(".lab.example", ".lab.example"));
}

static void check_address(const uint8_t address[16], const char *expected)
{
    char text[CENSUS_ADDRESS_SIZE];
    census_address(address, text);
    CHECK_TEXT(text, expected);
}

static void addresses_are_written_as_usual(void)
{
    static const struct {
        uint8_t address[16];
        const char *text;
    } cases[] = {
        {{0}, "::"},
        {{[15] = 1}, "::1"},
        {{[0] = 0x20, [1] = 0x01, [2] = 0x0d, [3] = 0xb8, [15] = 0x1f}, "2001:db8::1f"},
        {{[0] = 0xfe, [1] = 0x80}, "fe80::"},
        {{[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 255}, "192.0.2.255"},
        /* of two runs the longer one, of two alike the first; a single zero stays */
        {{0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1}, "1:0:0:1::1"},
        {{0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1}, "1::1:1:0:0:1"},
        {{0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1}, "1:0:1:1:1:1:1:1"},
        {{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_address(cases[i].address, cases[i].text);
    }
}

/* ---- adding and forgetting ---- */

static void a_connection_is_counted_once(void)
{
    struct census *census = census_open();
    for (unsigned second = 0; second < 3; second++) {
        struct census_look look = look_at(second);
        uint32_t stress = process(&look, 1234, STRESS, START);
        connections(&look, stress, 4 + second, 80, 1000);
        add(census, &look);
    }
    struct census_sum sum = census_sum(census);
    CHECK_NUMBER(sum.looks, 3);
    CHECK_NUMBER(sum.first, START);
    CHECK_NUMBER(sum.last, START + 2 * SECOND);
    CHECK_NUMBER(sum.most, 6);
    CHECK_NUMBER(sum.connections, 6);
    CHECK_NUMBER(sum.programs, 1);
    CHECK_NUMBER(sum.unseen, 0);
    CHECK(!sum.cut_short);
    census_close(census);
}

static void a_process_found_later_is_the_same_connections(void)
{
    struct census *census = census_open();
    struct census_look look = look_at(0);
    connections(&look, CENSUS_NO_PROCESS, 3, 80, 1000);
    add(census, &look);
    CHECK_NUMBER(census_sum(census).unseen, 3);
    look = look_at(1);
    connections(&look, process(&look, 7, STRESS, START), 3, 80, 1000);
    add(census, &look);
    look = look_at(2);
    connections(&look, CENSUS_NO_PROCESS, 3, 80, 1000);
    add(census, &look);
    CHECK_NUMBER(census_sum(census).connections, 3);
    CHECK_NUMBER(census_sum(census).unseen, 0);
    CHECK_NUMBER(census_sum(census).programs, 1);
    census_close(census);
}

static void a_number_used_again_is_another_process(void)
{
    struct census *census = census_open();
    static const struct {
        const char *image;
        uint64_t started;
    } lives[] = {
        {STRESS, 1000 * SECOND}, /* the first life */
        {STRESS, 1002 * SECOND}, /* the same one: Linux' boot time may differ by seconds */
        {STRESS, 1100 * SECOND}, /* started again */
        {MONITOR, 1100 * SECOND} /* went on as another program */,
    };
    for (unsigned i = 0; i < sizeof lives / sizeof lives[0]; i++) {
        struct census_look look = look_at(i);
        connections(&look, process(&look, 7, lives[i].image, lives[i].started), 2, 80, 1000);
        add(census, &look);
    }
    CHECK_NUMBER(census_sum(census).connections, 6);
    CHECK_NUMBER(census->process_count, 3);
    CHECK_NUMBER(census_sum(census).programs, 2);
    census_close(census);
}

static void an_unseen_process_is_no_other_without_its_start(void)
{
    struct census *census = census_open();
    struct census_look look = look_at(0);
    connections(&look, process(&look, 7, NULL, 0), 2, 80, 1000);
    connections(&look, process(&look, 8, NULL, START), 2, 81, 1000);
    add(census, &look);
    CHECK_NUMBER(census_sum(census).unseen, 4);
    look = look_at(1);
    connections(&look, process(&look, 7, STRESS, START), 2, 80, 2000);
    connections(&look, process(&look, 8, MONITOR, START), 2, 81, 2000);
    add(census, &look);
    struct census_sum sum = census_sum(census);
    CHECK_NUMBER(sum.connections, 8);
    CHECK_NUMBER(sum.unseen, 2);
    CHECK_NUMBER(sum.programs, 3);
    CHECK_NUMBER(census->process_count, 3);
    census_close(census);
}

static void images_of_windows_compare_without_case(void)
{
    struct census *census = census_open();
    struct census_look look = look_at(0);
    connections(&look, process(&look, 1, "C:\\LAB\\a.exe", 1), 1, 80, 1);
    connections(&look, process(&look, 2, "c:\\lab\\A.EXE", 1), 1, 80, 2);
    connections(&look, process(&look, 3, "/usr/bin/a", 1), 1, 80, 3);
    connections(&look, process(&look, 4, "/usr/bin/A", 1), 1, 80, 4);
    add(census, &look);
    CHECK_NUMBER(census_sum(census).programs, 3);
    census_close(census);
}

static void what_is_old_is_forgotten(void)
{
    struct census *census = census_open();
    struct census_look look = look_at(0);
    connections(&look, process(&look, 1, STRESS, 1), 20, 80, 1000);
    connections(&look, CENSUS_NO_PROCESS, 2, 25, 3000);
    add(census, &look);
    look = look_at(10);
    uint32_t monitor = process(&look, 2, MONITOR, 1);
    connections(&look, monitor, 5, 443, 2000);
    connections(&look, CENSUS_NO_PROCESS, 1, 25, 3000);
    add(census, &look);
    census_forget(census, START);
    CHECK_NUMBER(census_sum(census).connections, 27);
    census_forget(census, START + 5 * SECOND);
    struct census_sum sum = census_sum(census);
    CHECK_NUMBER(sum.looks, 1);
    CHECK_NUMBER(sum.first, START + 10 * SECOND);
    CHECK_NUMBER(sum.most, 6);
    CHECK_NUMBER(sum.connections, 6);
    CHECK_NUMBER(sum.programs, 2);
    CHECK_NUMBER(sum.unseen, 1);
    CHECK_NUMBER(census->process_count, 1);
    /* What is left is still known. */
    look = look_at(11);
    monitor = process(&look, 2, MONITOR, 1);
    connections(&look, monitor, 6, 443, 2000);
    add(census, &look);
    CHECK_NUMBER(census_sum(census).connections, 7);
    census_forget(census, UINT64_MAX);
    sum = census_sum(census);
    CHECK_NUMBER(sum.looks, 0);
    CHECK_NUMBER(sum.connections, 0);
    CHECK_NUMBER(sum.first, 0);
    CHECK_NUMBER(census->process_count, 0);
    look = look_at(12);
    connections(&look, process(&look, 2, MONITOR, 1), 3, 443, 2000);
    add(census, &look);
    CHECK_NUMBER(census_sum(census).connections, 3);
    census_close(census);
}

static void a_census_keeps_to_its_bounds(void)
{
    struct census *census = census_open();
    for (unsigned part = 0; part < 3; part++) {
        struct census_look look = look_at(part);
        for (unsigned i = 0; i < 2000; i++) {
            CHECK(connection(&look, CENSUS_NO_PROCESS, i, 80, part * 2000 + i));
        }
        add(census, &look);
        CHECK(census_sum(census).cut_short == (part == 2));
    }
    CHECK_NUMBER(census_sum(census).connections, CENSUS_CONNECTIONS_MAX);
    CHECK_NUMBER(census_sum(census).most, 2000);
    /* Those that are kept are still known, and there is room again after forgetting. */
    census_forget(census, START + 2 * SECOND);
    CHECK_NUMBER(census_sum(census).connections, CENSUS_CONNECTIONS_MAX - 4000);
    census_close(census);
}

static void processes_beyond_the_bound_are_unseen(void)
{
    struct census *census = census_open();
    char image[32];
    for (uint32_t pid = 1; pid <= CENSUS_PROCESSES_MAX + 10; pid++) {
        struct census_look look = look_at(pid);
        (void)snprintf(image, sizeof image, "/bin/p%u", (unsigned)pid);
        connections(&look, process(&look, pid, image, 1), 1, 80, pid);
        add(census, &look);
    }
    struct census_sum sum = census_sum(census);
    CHECK_NUMBER(sum.connections, CENSUS_PROCESSES_MAX + 10);
    CHECK_NUMBER(sum.unseen, 10);
    CHECK_NUMBER(sum.programs, CENSUS_PROCESSES_MAX + 1);
    CHECK(sum.cut_short);
    census_close(census);
}

static void a_look_of_nonsense_does_no_harm(void)
{
    struct census *census = census_open();
    struct census_look look = look_at(0);
    connections(&look, 5, 3, 80, 1); /* of a process that is not there */
    look.cut_short = true;
    add(census, &look);
    CHECK_NUMBER(census_sum(census).unseen, 3);
    CHECK(census_sum(census).cut_short);
    census_close(census);
    census_close(NULL);
}

static void looks_without_end_stay_bounded(void)
{
    struct census *census = census_open();
    for (unsigned i = 0; i < 5 * CENSUS_LOOKS_MAX + 7; i++) {
        struct census_look look = look_at(i);
        connections(&look, CENSUS_NO_PROCESS, i == 3000 ? 9 : 1, 80, 1);
        add(census, &look);
    }
    CHECK(census->look_count <= CENSUS_LOOKS_MAX);
    CHECK_NUMBER(census_sum(census).looks, 5 * CENSUS_LOOKS_MAX + 7);
    CHECK_NUMBER(census_sum(census).first, START);
    CHECK_NUMBER(census_sum(census).last, START + (5 * CENSUS_LOOKS_MAX + 6) * SECOND);
    CHECK_NUMBER(census_sum(census).most, 9);
    CHECK_NUMBER(census_sum(census).connections, 9);
    census_close(census);
}

/* ---- the programs ---- */

struct seen {
    size_t count;
    struct census_program programs[4];
    char addresses[4][CENSUS_ADDRESS_SIZE];
};

static bool keep_program(void *context, const struct census_program *program)
{
    struct seen *seen = context;
    seen->programs[seen->count] = *program;
    if (seen->count == 0) {
        for (size_t i = 0; i < 4; i++) {
            (void)snprintf(seen->addresses[i], CENSUS_ADDRESS_SIZE, "%s",
                           program->addresses[i] != NULL ? program->addresses[i] : "none");
        }
    }
    return ++seen->count < 4;
}

static void programs_come_with_most_connections_first(void)
{
    struct census *census = census_open();
    struct census_look look = look_at(0);
    uint32_t few = process(&look, 10, MONITOR, START);
    uint32_t one = process(&look, 20, STRESS, START + 1);
    uint32_t two = process(&look, 21, STRESS, START + 2);
    connections(&look, few, 3, 161, 1000);
    connections(&look, one, 2, 80, 2000);
    connections(&look, two, 6, 443, 3000); /* to 10.0.0.1 to 6 */
    CHECK(connection(&look, two, 9, 80, 3100));
    for (unsigned i = 0; i < 3; i++) {
        CHECK(connection(&look, two, 5, 443, 3200 + i));
    }
    connections(&look, CENSUS_NO_PROCESS, 3, 25, 4000);
    add(census, &look);
    struct seen seen = {0};
    CHECK(census_each(census, keep_program, &seen));
    CHECK_NUMBER(seen.count, 3);
    const struct census_program *p = seen.programs;
    CHECK_NUMBER(p[0].connections, 12);
    CHECK_NUMBER(p[0].pid, 21);
    CHECK_NUMBER(p[0].started, START + 2);
    CHECK_NUMBER(p[0].processes, 2);
    CHECK_NUMBER(p[0].hosts, 7);
    CHECK_NUMBER(p[0].ports, 2);
    CHECK_NUMBER(p[0].port, 443);
    CHECK_TEXT(seen.addresses[0], "10.0.0.5");
    CHECK_TEXT(seen.addresses[1], "10.0.0.1");
    CHECK_TEXT(seen.addresses[2], "10.0.0.2");
    CHECK_TEXT(seen.addresses[3], "10.0.0.3");
    CHECK_NUMBER(p[1].pid, 10);
    CHECK_NUMBER(p[1].connections, 3);
    CHECK(p[2].image == NULL);
    CHECK_NUMBER(p[2].pid, 0);
    CHECK_NUMBER(p[2].processes, 0);
    CHECK_NUMBER(p[2].connections, 3);
    census_close(census);
}

static bool stop(void *context, const struct census_program *program)
{
    (void)program;
    ++*(unsigned *)context;
    return false;
}

static void the_walk_can_be_stopped(void)
{
    struct census *census = census_open();
    unsigned calls = 0;
    CHECK(census_each(census, stop, &calls));
    struct census_look look = look_at(0);
    connections(&look, process(&look, 1, STRESS, 1), 1, 80, 1);
    connections(&look, process(&look, 2, MONITOR, 1), 1, 80, 2);
    add(census, &look);
    CHECK(!census_each(census, stop, &calls));
    CHECK_NUMBER(calls, 1);
    census_close(census);
}

/* ---- the verdict ---- */

static struct census *shares(unsigned expected, unsigned unexpected, unsigned unseen)
{
    struct census *census = census_open();
    struct census_look look = look_at(0);
    connections(&look, process(&look, 1, MONITOR, 1), expected, 80, 1);
    connections(&look, process(&look, 2, STRESS, 1), unexpected, 80, 10000);
    connections(&look, CENSUS_NO_PROCESS, unseen, 80, 20000);
    add(census, &look);
    return census;
}

static void check_shares(unsigned expected, unsigned unexpected, unsigned unseen,
                         const char *verdict)
{
    struct census *census = shares(expected, unexpected, unseen);
    check_verdict(census, "monitor.exe", verdict);
    check_verdict(census, "", "any");
    census_close(census);
}

static void nearly_all_have_to_be_expected(void)
{
    check_shares(100, 0, 0, "expected");
    check_shares(90, 10, 0, "expected");
    check_shares(90, 0, 10, "expected");
    check_shares(89, 11, 0, "unexpected");
    check_shares(89, 0, 11, "unexpected");
    check_shares(899, 101, 0, "unexpected");
    check_shares(9, 1, 0, "expected");
    check_shares(8, 1, 0, "unexpected");
    check_shares(0, 1, 0, "unexpected");
    check_shares(0, 0, 1, "unexpected");
    check_shares(0, 0, 0, "nobody");
    check_verdict(NULL, "monitor.exe", "nobody");
    check_verdict(NULL, "", "any");
}

/* ---- words ---- */

static void nobody_in_words(void)
{
    struct census *census = census_open();
    check_words(NULL, "", "No look at the half-open connections was taken.");
    check_words(census, "", "No look at the half-open connections was taken.");
    struct census_look look = look_at(0);
    add(census, &look);
    check_words(census, "", "No half-open connection was seen.");
    look = look_at(1);
    add(census, &look);
    check_words(census, "a", "No half-open connection was seen in 2 looks.");
    census_close(census);
}

static void one_program_in_words(void)
{
    struct census *census = census_open();
    struct census_look look = look_at(0);
    connections(&look, process(&look, 1234, STRESS, START), 1, 80, 1);
    add(census, &look);
    check_words(census, "",
                "The only half-open connection belongs to C:\\lab\\webstress.exe (process 1234, "
                "since 10:05:11 UTC), to 10.0.0.1, port 80.");
    look = look_at(1);
    connections(&look, process(&look, 1234, STRESS, START), 2, 80, 1);
    add(census, &look);
    check_words(census, "",
                "Both half-open connections belong to C:\\lab\\webstress.exe (process 1234, since "
                "10:05:11 UTC), to 2 hosts, port 80.");
    look = look_at(2);
    uint32_t stress = process(&look, 1234, STRESS, START);
    for (unsigned i = 0; i < 10; i++) {
        CHECK(connection(&look, stress, 1, (uint16_t)(8000 + i), 100));
    }
    add(census, &look);
    check_words(census, "webstress.exe",
                "All 12 half-open connections belong to C:\\lab\\webstress.exe (process 1234, "
                "since 10:05:11 UTC), to 2 hosts, 11 ports, 80 among them. Up to 10 of them were "
                "half-open at a time.");
    census_close(census);
}

static void two_programs_in_words(void)
{
    struct census *census = census_open();
    struct census_look look = look_at(86400);
    connections(&look, process(&look, 1234, STRESS, START), 12, 80, 1);
    connections(&look, process(&look, 77, MONITOR, 0), 1, 161, 1);
    add(census, &look);
    check_words(census, "",
                "12 of 13 half-open connections belong to C:\\lab\\webstress.exe (process 1234, "
                "since 2026-01-10 10:05:11 UTC), to 12 hosts, port 80; 1 to "
                "C:\\Program Files\\monitor.exe (process 77), to 10.0.0.1, port 161.");
    check_words(census, "monitor.exe",
                "12 of 13 half-open connections belong to C:\\lab\\webstress.exe (process 1234, "
                "since 2026-01-10 10:05:11 UTC, not on the policy's list of expected programs), to "
                "12 hosts, port 80; 1 to C:\\Program Files\\monitor.exe (process 77), to 10.0.0.1, "
                "port 161.");
    check_words(census, "monitor.exe, C:\\lab\\*",
                "12 of 13 half-open connections belong to C:\\lab\\webstress.exe (process 1234, "
                "since 2026-01-10 10:05:11 UTC), to 12 hosts, port 80; 1 to "
                "C:\\Program Files\\monitor.exe (process 77), to 10.0.0.1, port 161.");
    census_close(census);
}

static void many_programs_in_words(void)
{
    struct census *census = census_open();
    struct census_look look = look_at(0);
    char image[] = "/bin/a";
    for (uint32_t i = 0; i < 8; i++) {
        image[5] = (char)('a' + i);
        uint32_t first = process(&look, 2 * i + 1, image, 0);
        connections(&look, first, 9 - i, 80, 100 * i);
        connections(&look, process(&look, 2 * i + 2, image, 0), 1, 80, 100 * i + 50);
    }
    connections(&look, CENSUS_NO_PROCESS, 4, 25, 9000);
    add(census, &look);
    check_words(census, "a,b,c,d",
                "10 of 56 half-open connections belong to /bin/a (2 processes, most by 1), to 9 "
                "hosts, port 80; 9 to /bin/b (2 processes, most by 3), to 8 hosts, port 80; 8 to "
                "/bin/c (2 processes, most by 5), to 7 hosts, port 80; 4 to processes that cannot "
                "be seen (an administrator may see them), to 4 hosts, port 25; 25 to 5 other "
                "programs (4 of them not on the policy's list of expected programs).");
    census_close(census);
}

static void one_more_program_in_words(void)
{
    struct census *census = census_open();
    struct census_look look = look_at(0);
    char image[] = "/bin/a";
    for (uint32_t i = 0; i < 4; i++) {
        image[5] = (char)('a' + i);
        connections(&look, process(&look, i + 1, image, 0), 1, 80, 100 * i);
    }
    add(census, &look);
    check_words(census, "",
                "1 of 4 half-open connections belongs to /bin/a (process 1), to 10.0.0.1, port "
                "80; 1 to /bin/b (process 2), to 10.0.0.1, port 80; 1 to /bin/c (process 3), to "
                "10.0.0.1, port 80; 1 to 1 other program.");
    check_words(census, "a,b,c",
                "1 of 4 half-open connections belongs to /bin/a (process 1), to 10.0.0.1, port "
                "80; 1 to /bin/b (process 2), to 10.0.0.1, port 80; 1 to /bin/c (process 3), to "
                "10.0.0.1, port 80; 1 to 1 other program (not on the policy's list of expected "
                "programs).");
    census_close(census);
}

static void the_unseen_in_words(void)
{
    struct census *census = census_open();
    struct census_look look = look_at(0);
    connections(&look, process(&look, 936, NULL, START), 3, 80, 1);
    CHECK(connection(&look, CENSUS_NO_PROCESS, 1, 80, 9));
    add(census, &look);
    check_words(census, "",
                "All 4 half-open connections belong to processes that cannot be seen (process 936 "
                "among them; an administrator may see them), to 3 hosts, port 80.");
    look = look_at(1);
    look.cut_short = true;
    add(census, &look);
    check_words(census, "",
                "All 4 half-open connections belong to processes that were not found (process 936 "
                "among them; there was no time for all), to 3 hosts, port 80. Not every process "
                "was looked up.");
    census_close(census);
}

static void what_is_left_out_in_words(void)
{
    struct census *census = census_open();
    struct census_look look = look_at(0);
    uint32_t stress = process(&look, 1, STRESS, 0);
    for (unsigned i = 0; i < 5000; i++) {
        (void)connection(&look, stress, i, 80, i);
    }
    add(census, &look);
    check_words(census, "",
                "All 4096 half-open connections belong to C:\\lab\\webstress.exe (process 1), to "
                "4096 hosts, port 80. There were more of them than are counted here, up to 5000 at "
                "a time.");
    census_close(census);
}

static void other_addresses_and_hostile_names_in_words(void)
{
    struct census *census = census_open();
    struct census_look look = look_at(0);
    struct census_connection c = {
        .address = {0x20, 0x01, 0x0d, 0xb8, [15] = 7}, .port = 443, .local_port = 5};
    c.process = process(&look, 5, "/tmp/\x1b[2Jevil\nname\xff", 0);
    CHECK(look_add(&look, &c));
    add(census, &look);
    check_words(census, "",
                "The only half-open connection belongs to /tmp/\\x1b[2Jevil\\x0aname\xef\xbf\xbd "
                "(process 5), to 2001:db8::7, port 443.");
    census_close(census);
}

/* ---- JSON ---- */

static void check_json(const struct census *census, const char *expected_programs,
                       const char *expected)
{
    struct policy policy = expecting(expected_programs);
    struct buf out = BUF_INIT;
    struct json j = json_start(&out);
    json_open_object(&j, NULL);
    census_json(census, &policy, &j);
    json_bool(&j, "after", true);
    json_close_object(&j);
    CHECK(!out.failed);
    CHECK_TEXT(buf_text(&out), expected);
    buf_free(&out);
    policy_free(&policy);
}

static void a_census_as_json(void)
{
    struct census *census = census_open();
    check_json(NULL, "", "{\"census\":null,\"after\":true}");
    check_json(census, "",
               "{\"census\":{\"looks\":0,\"first\":null,\"last\":null,\"most\":0,"
               "\"connections\":0,\"unseen\":0,\"cut_short\":false,\"programs\":[]},"
               "\"after\":true}");
    struct census_look look = look_at(0);
    connections(&look, process(&look, 1234, STRESS, START), 5, 80, 1);
    connections(&look, CENSUS_NO_PROCESS, 1, 25, 9);
    add(census, &look);
    static const char first[] =
        "{\"census\":{\"looks\":1,\"first\":\"2026-01-10T10:05:11.0000000Z\","
        "\"last\":\"2026-01-10T10:05:11.0000000Z\",\"most\":6,\"connections\":6,\"unseen\":1,"
        "\"cut_short\":false,\"programs\":[{\"image\":\"C:\\\\lab\\\\webstress.exe\","
        "\"pid\":1234,\"started\":\"2026-01-10T10:05:11.0000000Z\",\"processes\":1,"
        "\"connections\":5,\"hosts\":5,\"ports\":1,\"port\":80,\"addresses\":[\"10.0.0.1\","
        "\"10.0.0.2\",\"10.0.0.3\",\"10.0.0.4\"],\"expected\":";
    static const char second[] =
        "},{\"image\":null,\"pid\":null,\"started\":null,\"processes\":null,\"connections\":1,"
        "\"hosts\":1,\"ports\":1,\"port\":25,\"addresses\":[\"10.0.0.1\"],\"expected\":";
    static const char *const cases[][3] = {
        {"", "null", "null"}, {"webstress.exe", "true", "false"}, {"other", "false", "false"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf text = BUF_INIT;
        buf_printf(&text, "%s%s%s%s}]},\"after\":true}", first, cases[i][1], second, cases[i][2]);
        check_json(census, cases[i][0], buf_text(&text));
        buf_free(&text);
    }
    census_close(census);
}

static size_t occurrences(const char *text, const char *what)
{
    size_t count = 0;
    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what)) {
        count++;
    }
    return count;
}

static void the_json_names_a_bounded_number_of_programs(void)
{
    static const unsigned counts[] = {CENSUS_JSON_PROGRAMS_MAX, CENSUS_JSON_PROGRAMS_MAX + 1, 200};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct census *census = census_open();
        struct census_look look = look_at(0);
        char image[32];
        for (unsigned pid = 1; pid <= counts[i]; pid++) {
            (void)snprintf(image, sizeof image, "/bin/p%u", pid);
            connections(&look, process(&look, pid, image, 1), 1, 80, pid);
        }
        add(census, &look);
        struct buf out = BUF_INIT;
        struct json j = json_start(&out);
        census_json(census, NULL, &j);
        CHECK(!out.failed);
        CHECK_NUMBER(occurrences(buf_text(&out), "\"image\""), CENSUS_JSON_PROGRAMS_MAX);
        CHECK_NUMBER(occurrences(buf_text(&out), "}]}"), 1);
        buf_free(&out);
        census_close(census);
    }
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"a look keeps to its bounds", a_look_keeps_to_its_bounds},
        {"a computer is known by its name", a_computer_is_known_by_its_name},
        {"addresses are written as usual", addresses_are_written_as_usual},
        {"a connection is counted once", a_connection_is_counted_once},
        {"a process found later", a_process_found_later_is_the_same_connections},
        {"a number used again is another process", a_number_used_again_is_another_process},
        {"an unseen process without its start", an_unseen_process_is_no_other_without_its_start},
        {"images of Windows without case", images_of_windows_compare_without_case},
        {"what is old is forgotten", what_is_old_is_forgotten},
        {"a census keeps to its bounds", a_census_keeps_to_its_bounds},
        {"processes beyond the bound are unseen", processes_beyond_the_bound_are_unseen},
        {"a look of nonsense does no harm", a_look_of_nonsense_does_no_harm},
        {"looks without end stay bounded", looks_without_end_stay_bounded},
        {"programs with most connections first", programs_come_with_most_connections_first},
        {"the walk can be stopped", the_walk_can_be_stopped},
        {"nearly all have to be expected", nearly_all_have_to_be_expected},
        {"nobody in words", nobody_in_words},
        {"one program in words", one_program_in_words},
        {"two programs in words", two_programs_in_words},
        {"many programs in words", many_programs_in_words},
        {"one more program in words", one_more_program_in_words},
        {"the unseen in words", the_unseen_in_words},
        {"what is left out in words", what_is_left_out_in_words},
        {"other addresses, hostile names", other_addresses_and_hostile_names_in_words},
        {"a census as JSON", a_census_as_json},
        {"the JSON is bounded", the_json_names_a_bounded_number_of_programs},
    };
    return RUN_SUITE("census", cases);
}
