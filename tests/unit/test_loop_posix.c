/* The loop and the clock on Linux: real files, signals, pipes and a terminal. */
#include "check.h"

#include "loop/clock.h"
#include "loop/loop.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SOON = 2000 /* ms; far more than any of this takes */ };

static char folder[64];

static const char *in_folder(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void put(const char *path, const char *text, int flags)
{
    int fd = open(path, O_WRONLY | O_CREAT | flags, 0600);
    CHECK(fd >= 0);
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static struct loop *opened(void)
{
    struct loop *loop = NULL;
    snprintf(folder, sizeof folder, "/tmp/test_loop.XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    CHECK_NUMBER(loop_open(&loop), OS_OK);
    return loop;
}

static void closed(struct loop *loop)
{
    char command[128];
    loop_close(loop);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    CHECK(system(command) == 0); /* NOLINT: the name is the test's own */
}

/* Waits and expects exactly these watches to have changed. */
static void expect_changed(struct loop *loop, uint32_t changed)
{
    struct loop_wake wake = loop_wait(loop, changed != 0 ? SOON : 0);
    CHECK_NUMBER(wake.changed, changed);
    CHECK_NUMBER(wake.lost, 0);
    CHECK_NUMBER(wake.reasons, changed != 0 ? LOOP_CHANGED : LOOP_TIMEOUT);
    /* One wake for all of it. */
    CHECK_NUMBER(loop_wait(loop, 0).reasons, LOOP_TIMEOUT);
}

static void nothing_happens_until_the_time_is_up(void)
{
    struct loop *loop = opened();
    uint64_t start = loop_now_ms(loop);
    struct loop_wake wake = loop_wait(loop, 60);
    CHECK_NUMBER(wake.reasons, LOOP_TIMEOUT);
    CHECK(loop_now_ms(loop) - start >= 59);
    CHECK(loop_now_ms(loop) - start < SOON);
    closed(loop);
    loop_close(NULL);
}

static void contents_are_noticed(void)
{
    struct loop *loop = opened();
    put(in_folder("a"), "one", 0);
    put(in_folder("b"), "one", 0);
    CHECK_NUMBER(loop_watch(loop, 0, in_folder("a")), OS_OK);
    CHECK_NUMBER(loop_watch(loop, 31, in_folder("b")), OS_OK);
    expect_changed(loop, 0);
    put(in_folder("a"), "two", O_APPEND);
    expect_changed(loop, 1);
    put(in_folder("b"), "", O_TRUNC);
    expect_changed(loop, UINT32_C(1) << 31);
    put(in_folder("a"), "x", O_APPEND);
    put(in_folder("b"), "x", O_APPEND);
    expect_changed(loop, UINT32_C(1) << 31 | 1);
    for (int i = 0; i < 3000; i++) {
        put(in_folder("a"), "flood", O_APPEND);
    }
    expect_changed(loop, 1);
    /* Files beside it are nobody's business. */
    put(in_folder("c"), "x", 0);
    put(in_folder("c"), "y", O_APPEND);
    struct loop_wake wake = loop_wait(loop, 50);
    CHECK_NUMBER(wake.reasons, LOOP_TIMEOUT);
    closed(loop);
}

/* More changes than the system's queue holds: every watch counts as changed, and goes on. */
static void an_overflowing_queue_loses_nothing(void)
{
    struct loop *loop = opened();
    for (unsigned id = 0; id < 3; id++) {
        char name[8];
        snprintf(name, sizeof name, "%u", id);
        put(in_folder(name), "", 0);
        CHECK_NUMBER(loop_watch(loop, id, in_folder(name)), OS_OK);
    }
    int first = open(in_folder("0"), O_WRONLY);
    int second = open(in_folder("1"), O_WRONLY);
    for (int i = 0; i < 20000; i++) { /* more than fs.inotify.max_queued_events, 16384 */
        CHECK(pwrite(i % 2 == 0 ? first : second, "x", 1, 0) == 1);
    }
    close(first);
    close(second);
    put(in_folder("2"), "lost in the flood", O_APPEND);
    uint32_t changed = 0;
    for (struct loop_wake wake = loop_wait(loop, 0); wake.changed != 0;) {
        changed |= wake.changed;
        CHECK_NUMBER(wake.lost, 0);
        wake = loop_wait(loop, 0);
    }
    CHECK_NUMBER(changed, 7);
    put(in_folder("2"), "more", O_APPEND);
    expect_changed(loop, 4);
    closed(loop);
}

/* Editors write a new file and rename it over the old one; logs are moved away and begun anew. */
static void replacement_is_noticed(void)
{
    struct loop *loop = opened();
    put(in_folder("log"), "one", 0);
    CHECK_NUMBER(loop_watch(loop, 3, in_folder("log")), OS_OK);
    put(in_folder("new"), "two", 0);
    CHECK(rename(in_folder("new"), in_folder("log")) == 0);
    expect_changed(loop, 8);
    put(in_folder("log"), "more", O_APPEND); /* the new file is watched, not the old one */
    expect_changed(loop, 8);
    CHECK(rename(in_folder("log"), in_folder("old")) == 0);
    expect_changed(loop, 8);
    put(in_folder("old"), "more", O_APPEND);
    expect_changed(loop, 0);
    put(in_folder("log"), "three", 0);
    expect_changed(loop, 8);
    put(in_folder("log"), "more", O_APPEND);
    expect_changed(loop, 8);
    CHECK(chmod(in_folder("log"), 0644) == 0);
    expect_changed(loop, 8);
    closed(loop);
}

static void deletion_and_coming_are_noticed(void)
{
    struct loop *loop = opened();
    CHECK_NUMBER(loop_watch(loop, 1, in_folder("file")), OS_OK);
    put(in_folder("file"), "one", 0);
    expect_changed(loop, 2);
    CHECK(unlink(in_folder("file")) == 0);
    expect_changed(loop, 2);
    put(in_folder("file"), "two", 0);
    expect_changed(loop, 2);
    put(in_folder("file"), "more", O_APPEND);
    expect_changed(loop, 2);
    /* A link whose target is written to, and one that is put in its place. */
    put(in_folder("target"), "x", 0);
    CHECK(unlink(in_folder("file")) == 0);
    CHECK(symlink("target", in_folder("file")) == 0);
    expect_changed(loop, 2);
    put(in_folder("target"), "more", O_APPEND);
    expect_changed(loop, 2);
    loop_unwatch(loop, 1);
    loop_unwatch(loop, 1);
    loop_unwatch(loop, LOOP_IDS);
    put(in_folder("file"), "more", O_APPEND);
    expect_changed(loop, 0);
    closed(loop);
}

static void a_change_before_the_wait_is_not_lost(void)
{
    struct loop *loop = opened();
    CHECK_NUMBER(loop_watch(loop, 0, in_folder("file")), OS_OK);
    put(in_folder("file"), "one", 0);
    put(in_folder("file"), "two", O_TRUNC);
    CHECK(unlink(in_folder("file")) == 0);
    expect_changed(loop, 1);
    closed(loop);
}

static void two_watches_of_one_file(void)
{
    struct loop *loop = opened();
    put(in_folder("file"), "one", 0);
    CHECK_NUMBER(loop_watch(loop, 0, in_folder("file")), OS_OK);
    CHECK_NUMBER(loop_watch(loop, 1, in_folder("file")), OS_OK);
    put(in_folder("file"), "more", O_APPEND);
    expect_changed(loop, 3);
    loop_unwatch(loop, 0);
    put(in_folder("file"), "more", O_APPEND);
    expect_changed(loop, 2);
    CHECK_NUMBER(loop_watch(loop, 1, in_folder("other")), OS_OK);
    put(in_folder("file"), "more", O_APPEND);
    expect_changed(loop, 0);
    closed(loop);
}

static void missing_directories_are_said(void)
{
    struct loop *loop = opened();
    CHECK_NUMBER(loop_watch(loop, 0, in_folder("no/file")), OS_NOT_FOUND);
    CHECK_NUMBER(loop_watch(loop, LOOP_IDS, in_folder("file")), OS_UNSUPPORTED);
    put(in_folder("plain"), "", 0);
    CHECK_NUMBER(loop_watch(loop, 0, in_folder("plain/file")), OS_NOT_FOUND);
    CHECK(mkdir(in_folder("no"), 0700) == 0);
    CHECK_NUMBER(loop_watch(loop, 0, in_folder("no/file")), OS_OK);
    CHECK_NUMBER(loop_watch(loop, 1, in_folder("no/file2")), OS_OK);
    put(in_folder("no/file"), "x", 0);
    expect_changed(loop, 1);
    CHECK(unlink(in_folder("no/file")) == 0);
    CHECK(rmdir(in_folder("no")) == 0);
    struct loop_wake wake = loop_wait(loop, SOON);
    CHECK_NUMBER(wake.changed, 3);
    CHECK_NUMBER(wake.lost, 3);
    CHECK_NUMBER(loop_wait(loop, 20).reasons, LOOP_TIMEOUT);
    CHECK_NUMBER(loop_watch(loop, 0, in_folder("no/file")), OS_NOT_FOUND);
    CHECK(mkdir(in_folder("no"), 0700) == 0);
    CHECK_NUMBER(loop_watch(loop, 0, in_folder("no/file")), OS_OK);
    CHECK(rename(in_folder("no"), in_folder("renamed")) == 0);
    wake = loop_wait(loop, SOON);
    CHECK_NUMBER(wake.lost, 1);
    put(in_folder("renamed/file"), "x", 0);
    expect_changed(loop, 0);
    closed(loop);
}

static void paths_without_a_directory(void)
{
    struct loop *loop = opened();
    CHECK(chdir(folder) == 0);
    CHECK_NUMBER(loop_watch(loop, 0, "file"), OS_OK);
    CHECK_NUMBER(loop_watch(loop, 1, "/no such file in the root"), OS_OK);
    put("file", "x", 0);
    expect_changed(loop, 1);
    CHECK(chdir("/") == 0);
    closed(loop);
}

/* Waiting for ever, until another process does something. */
static void another_process_wakes_it(void)
{
    struct loop *loop = opened();
    CHECK_NUMBER(loop_watch(loop, 0, in_folder("file")), OS_OK);
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        usleep(50000);
        int fd = open(in_folder("file"), O_WRONLY | O_CREAT, 0600);
        close(fd);
        usleep(50000);
        kill(parent, SIGTERM);
        _exit(0);
    }
    CHECK_NUMBER(loop_wait(loop, -1).changed, 1);
    struct loop_wake wake = {0};
    for (int i = 0; i < 5 && wake.stop == LOOP_STOP_NONE; i++) {
        wake = loop_wait(loop, -1);
    }
    CHECK_NUMBER(wake.stop, LOOP_STOP_TERMINATE);
    CHECK(waitpid(child, NULL, 0) == child);
    closed(loop);
}

static void signals_ask_to_stop(void)
{
    static const struct {
        int signal;
        enum loop_stop_cause stop;
    } cases[] = {
        {SIGINT, LOOP_STOP_INTERRUPT}, {SIGTERM, LOOP_STOP_TERMINATE}, {SIGHUP, LOOP_STOP_HANGUP}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct loop *loop = opened();
        raise(cases[i].signal);
        struct loop_wake wake = loop_wait(loop, -1);
        CHECK_NUMBER(wake.reasons, LOOP_STOP);
        CHECK_NUMBER(wake.stop, cases[i].stop);
        raise(SIGTERM); /* the first cause stays, and the loop does not block any more */
        wake = loop_wait(loop, -1);
        CHECK_NUMBER(wake.stop, cases[i].stop);
        raise(SIGTERM); /* one that comes while it closes does not end the process */
        closed(loop);
    }
    struct loop *loop = opened();
    loop_stop(loop);
    loop_stop(loop);
    CHECK_NUMBER(loop_wait(loop, -1).stop, LOOP_STOP_ASKED);
    closed(loop);
}

static void ignored_signals_stay_ignored(void)
{
    signal(SIGHUP, SIG_IGN);
    struct loop *loop = opened();
    raise(SIGHUP);
    raise(SIGPIPE);
    CHECK_NUMBER(loop_wait(loop, 20).reasons, LOOP_TIMEOUT);
    closed(loop);
    struct sigaction now;
    sigset_t mask;
    CHECK(sigaction(SIGHUP, NULL, &now) == 0 && now.sa_handler == SIG_IGN);
    CHECK(sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL);
    CHECK(sigprocmask(SIG_BLOCK, NULL, &mask) == 0 && sigismember(&mask, SIGINT) == 0);
    signal(SIGHUP, SIG_DFL);
}

/* Puts a pipe in the place of the standard input; gives its other end. */
static int pipe_as_input(int *kept)
{
    int ends[2];
    CHECK(pipe(ends) == 0);
    *kept = dup(STDIN_FILENO);
    CHECK(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    close(ends[0]);
    return ends[1];
}

static void input_back(int kept)
{
    dup2(kept, STDIN_FILENO);
    close(kept);
}

static void say(int fd, const char *text)
{
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

static void typed_lines_come_one_by_one(void)
{
    int kept;
    struct buf line = BUF_INIT;
    struct loop *loop = opened();
    int other = pipe_as_input(&kept);
    say(other, "y");
    CHECK_NUMBER(loop_wait(loop, 20).reasons, LOOP_TIMEOUT); /* nobody listens */
    loop_listen(loop, true);
    CHECK_NUMBER(loop_wait(loop, 20).reasons, LOOP_TIMEOUT); /* half a line */
    CHECK_NUMBER(loop_read_line(loop, &line), LOOP_LINE_NOT_YET);
    say(other, "es\r\nsecond\n\nlast");
    CHECK_NUMBER(loop_wait(loop, SOON).reasons, LOOP_INPUT);
    CHECK_NUMBER(loop_wait(loop, SOON).reasons, LOOP_INPUT); /* until it is read */
    CHECK_NUMBER(loop_read_line(loop, &line), LOOP_LINE);
    CHECK_TEXT(buf_text(&line), "yes");
    loop_listen(loop, false);
    CHECK_NUMBER(loop_wait(loop, 0).reasons, LOOP_TIMEOUT);
    loop_listen(loop, true);
    CHECK_NUMBER(loop_wait(loop, SOON).reasons, LOOP_INPUT);
    CHECK_NUMBER(loop_read_line(loop, &line), LOOP_LINE);
    CHECK_TEXT(buf_text(&line), "second");
    CHECK_NUMBER(loop_read_line(loop, &line), LOOP_LINE);
    CHECK_TEXT(buf_text(&line), "");
    CHECK_NUMBER(loop_read_line(loop, &line), LOOP_LINE_NOT_YET);
    close(other);
    CHECK_NUMBER(loop_wait(loop, SOON).reasons, LOOP_INPUT);
    CHECK_NUMBER(loop_read_line(loop, &line), LOOP_LINE);
    CHECK_TEXT(buf_text(&line), "last");
    CHECK_NUMBER(loop_wait(loop, SOON).reasons, LOOP_INPUT);
    CHECK_NUMBER(loop_read_line(loop, &line), LOOP_LINE_END);
    CHECK_NUMBER(loop_wait(loop, 20).reasons, LOOP_TIMEOUT); /* the end is told once */
    input_back(kept);
    closed(loop);
    buf_free(&line);
}

/* A line without end is cut, and the next one is whole. */
static void long_lines_are_cut(void)
{
    int kept;
    struct buf line = BUF_INIT;
    struct loop *loop = opened();
    int other = pipe_as_input(&kept);
    loop_listen(loop, true);
    for (int i = 0; i < 100; i++) {
        say(other, "0123456789012345678901234567890123456789012345678901234567890123456789"
                   "0123456789012345678901234567890123456789012345678901234567890123456789");
        CHECK_NUMBER(loop_wait(loop, 0).reasons, LOOP_TIMEOUT);
    }
    say(other, "end\nnext\n");
    unsigned lines = 0;
    while (lines < 2 && loop_wait(loop, SOON).reasons == LOOP_INPUT) {
        CHECK_NUMBER(loop_read_line(loop, &line), LOOP_LINE);
        CHECK_NUMBER(line.len, lines == 0 ? LOOP_LINE_MAX : 4);
        lines++;
    }
    CHECK_NUMBER(lines, 2);
    close(other);
    input_back(kept);
    closed(loop);
    buf_free(&line);
}

/* What was typed before the question must not answer it. */
static void a_terminal_is_emptied_before_a_question(void)
{
    struct buf line = BUF_INIT;
    struct loop *loop = opened();
    int kept = dup(STDIN_FILENO);
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    CHECK(slave >= 0 && dup2(slave, STDIN_FILENO) == STDIN_FILENO);
    say(master, "early\n");
    usleep(20000);
    loop_listen(loop, true);
    CHECK_NUMBER(loop_wait(loop, 20).reasons, LOOP_TIMEOUT);
    say(master, "no");
    CHECK_NUMBER(loop_wait(loop, 20).reasons, LOOP_TIMEOUT);
    say(master, "\n");
    CHECK_NUMBER(loop_wait(loop, SOON).reasons, LOOP_INPUT);
    CHECK_NUMBER(loop_read_line(loop, &line), LOOP_LINE);
    CHECK_TEXT(buf_text(&line), "no");
    say(master, "\x04"); /* Ctrl-D */
    CHECK_NUMBER(loop_wait(loop, SOON).reasons, LOOP_INPUT);
    CHECK_NUMBER(loop_read_line(loop, &line), LOOP_LINE_END);
    close(slave);
    close(master);
    input_back(kept);
    closed(loop);
    buf_free(&line);
}

static void a_closed_input_is_its_end(void)
{
    struct buf line = BUF_INIT;
    struct loop *loop = opened();
    int kept = dup(STDIN_FILENO);
    close(STDIN_FILENO);
    loop_listen(loop, true);
    CHECK_NUMBER(loop_wait(loop, SOON).reasons, LOOP_INPUT);
    CHECK_NUMBER(loop_read_line(loop, &line), LOOP_LINE_END);
    input_back(kept);
    closed(loop);
    buf_free(&line);
}

static void descriptors_can_be_waited_for(void)
{
    struct loop *loop = opened();
    int ends[2];
    CHECK(pipe(ends) == 0);
    CHECK_NUMBER(loop_watch_handle(loop, 5, ends[0]), OS_OK);
    CHECK_NUMBER(loop_watch_handle(loop, 6, -1), OS_UNSUPPORTED);
    expect_changed(loop, 0);
    say(ends[1], "x");
    CHECK_NUMBER(loop_wait(loop, SOON).changed, 32);
    char byte;
    CHECK(read(ends[0], &byte, 1) == 1);
    expect_changed(loop, 0);
    say(ends[1], "x");
    loop_unwatch(loop, 5);
    expect_changed(loop, 0);
    close(ends[0]);
    close(ends[1]);
    closed(loop);
}

static void clocks_tell_the_time(void)
{
    char boot[BOOT_IDENTITY_SIZE];
    char again[BOOT_IDENTITY_SIZE];
    uint64_t unix_now = (uint64_t)time(NULL);
    uint64_t now = clock_now();
    CHECK(now / 10000000 - 11644473600 - unix_now <= 1);
    CHECK(boot_identity(boot) && boot_identity(again));
    CHECK_TEXT(boot, again);
    CHECK_NUMBER(strlen(boot), 36); /* a UUID, without a line end */
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"nothing happens until the time is up", nothing_happens_until_the_time_is_up},
        {"contents are noticed", contents_are_noticed},
        {"an overflowing queue loses nothing", an_overflowing_queue_loses_nothing},
        {"replacement is noticed", replacement_is_noticed},
        {"deletion and coming are noticed", deletion_and_coming_are_noticed},
        {"a change before the wait is not lost", a_change_before_the_wait_is_not_lost},
        {"two watches of one file", two_watches_of_one_file},
        {"missing directories are said", missing_directories_are_said},
        {"paths without a directory", paths_without_a_directory},
        {"another process wakes it", another_process_wakes_it},
        {"signals ask to stop", signals_ask_to_stop},
        {"ignored signals stay ignored", ignored_signals_stay_ignored},
        {"typed lines come one by one", typed_lines_come_one_by_one},
        {"long lines are cut", long_lines_are_cut},
        {"a terminal is emptied before a question", a_terminal_is_emptied_before_a_question},
        {"a closed input is its end", a_closed_input_is_its_end},
        {"descriptors can be waited for", descriptors_can_be_waited_for},
        {"clocks tell the time", clocks_tell_the_time},
    };
    return RUN_SUITE("loop", cases);
}
