/* The terminal on Linux: each test is a child process on a pseudo-terminal of its own, or with
 * pipes, and tells its answer by its exit status. */
#include "check.h"

#include "base/args.h"
#include "base/term.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { FAILED = 99 };

/* Runs `child` on a new terminal; `master` is its other end. */
static pid_t on_terminal(int (*child)(void), int *master)
{
    struct winsize size = {.ws_row = 24, .ws_col = 132};
    fflush(stdout);
    pid_t pid = forkpty(master, NULL, NULL, &size);
    CHECK(pid >= 0);
    if (pid == 0) {
        exit(child());
    }
    return pid;
}

/* What the child wrote until `text` came, or until it ended (NULL). */
static void expect_screen(int master, const char *text)
{
    char screen[4096] = "";
    size_t length = 0;
    while (length + 1 < sizeof screen && (text == NULL || strstr(screen, text) == NULL)) {
        ssize_t got = read(master, screen + length, sizeof screen - 1 - length);
        if (got <= 0) {
            break;
        }
        length += (size_t)got;
        screen[length] = '\0';
    }
    CHECK(text == NULL || strstr(screen, text) != NULL);
}

static int status_of(pid_t pid)
{
    int status = 0;
    pid_t got;
    do {
        got = waitpid(pid, &status, 0);
    } while (got < 0 && errno == EINTR);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void type(int master, const char *text)
{
    CHECK(write(master, text, strlen(text)) == (ssize_t)strlen(text));
}

/* The first answer's result, after checking its text. */
static int ask_once(void)
{
    struct buf line = BUF_INIT;
    enum term_line result = term_read_line("patch? ", &line);
    bool right = strcmp(buf_text(&line), result == TERM_LINE ? "yes \xc3\xa9" : "") == 0;
    buf_free(&line);
    return right ? (int)result : FAILED;
}

/* After an interrupted question the terminal and the next question are as they were. */
static int ask_after_interrupt(void)
{
    struct termios before;
    struct termios after;
    struct sigaction now;
    if (tcgetattr(STDIN_FILENO, &before) != 0 || ask_once() != TERM_INTERRUPTED ||
        tcgetattr(STDIN_FILENO, &after) != 0 || before.c_lflag != after.c_lflag ||
        sigaction(SIGINT, NULL, &now) != 0 || now.sa_handler != SIG_DFL) {
        return FAILED;
    }
    return ask_once();
}

static int ignore_and_ask(void)
{
    signal(SIGINT, SIG_IGN);
    return ask_once();
}

static void note(int number)
{
    (void)number;
}

/* Another signal with a handler does not end the question. */
static int ask_with_alarms(void)
{
    struct sigaction action = {.sa_handler = note};
    sigaction(SIGWINCH, &action, NULL);
    return ask_once();
}

static void answers_are_told_apart(void)
{
    static const struct {
        int (*child)(void);
        const char *typed;
        int result;
    } cases[] = {
        {ask_once, "yes \xc3\xa9\n", TERM_LINE},
        {ask_once, "yex\x7fs \xc3\xa9\r", TERM_LINE}, /* the terminal's own editing works */
        {ask_once, "\x04", TERM_END},
        {ask_once, "\x03", TERM_INTERRUPTED},
        {ask_once, "half a line\x03", TERM_INTERRUPTED},
        {ignore_and_ask, "x\x03yes \xc3\xa9\n", TERM_LINE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int master;
        pid_t pid = on_terminal(cases[i].child, &master);
        expect_screen(master, "patch? ");
        type(master, cases[i].typed);
        expect_screen(master, NULL);
        CHECK_NUMBER(status_of(pid), cases[i].result);
        close(master);
    }
}

static void an_interrupt_leaves_all_as_it_was(void)
{
    int master;
    pid_t pid = on_terminal(ask_after_interrupt, &master);
    expect_screen(master, "patch? ");
    type(master, "\x03");
    expect_screen(master, "patch? ");
    type(master, "yes \xc3\xa9\n");
    expect_screen(master, NULL);
    CHECK_NUMBER(status_of(pid), TERM_LINE);
    close(master);
}

static void other_signals_do_not_answer(void)
{
    int master;
    struct winsize size = {.ws_row = 24, .ws_col = 100};
    pid_t pid = on_terminal(ask_with_alarms, &master);
    expect_screen(master, "patch? ");
    for (int i = 0; i < 20; i++) {
        size.ws_col++;
        CHECK(ioctl(master, TIOCSWINSZ, &size) == 0); /* sends SIGWINCH */
        usleep(1000);
    }
    type(master, "yes \xc3\xa9\n");
    expect_screen(master, NULL);
    CHECK_NUMBER(status_of(pid), TERM_LINE);
    close(master);
}

static int terminal_facts(void)
{
    return term_is_terminal(TERM_IN) && term_is_terminal(TERM_OUT) && term_is_terminal(TERM_ERR) &&
                   term_width(TERM_OUT) == 132
               ? 0
               : FAILED;
}

static void a_terminal_is_known_as_one(void)
{
    int master;
    pid_t pid = on_terminal(terminal_facts, &master);
    expect_screen(master, NULL);
    CHECK_NUMBER(status_of(pid), 0);
    close(master);
}

/* Puts the ends of a pipe in the place of `fd`; the other end is given back. */
static int piped(int fd, int *kept)
{
    int ends[2];
    CHECK(pipe(ends) == 0);
    int ours = fd == STDIN_FILENO ? ends[1] : ends[0];
    int theirs = fd == STDIN_FILENO ? ends[0] : ends[1];
    fflush(stdout);
    *kept = dup(fd);
    CHECK(dup2(theirs, fd) == fd);
    close(theirs);
    return ours;
}

static void put_back(int fd, int kept)
{
    dup2(kept, fd);
    close(kept);
}

/* A script's answers: each question takes its own line and no byte more. */
static void pipes_are_read_line_by_line(void)
{
    int kept;
    int kept_error;
    struct buf line = BUF_INIT;
    int out = piped(STDERR_FILENO, &kept_error);
    int in = piped(STDIN_FILENO, &kept);
    CHECK(!term_is_terminal(TERM_IN));
    type(in, "first\r\nsecond\nrest");
    CHECK_NUMBER(term_read_line("", &line), TERM_LINE);
    CHECK_TEXT(buf_text(&line), "first");
    char next[8] = "";
    CHECK(read(STDIN_FILENO, next, 7) == 7);
    CHECK_TEXT(next, "second\n");
    close(in);
    CHECK_NUMBER(term_read_line("", &line), TERM_LINE);
    CHECK_TEXT(buf_text(&line), "rest");
    CHECK_NUMBER(term_read_line("", &line), TERM_END);
    CHECK_TEXT(buf_text(&line), "");
    put_back(STDIN_FILENO, kept);
    put_back(STDERR_FILENO, kept_error);
    close(out);
    buf_free(&line);
}

static void long_answers_are_cut(void)
{
    int kept;
    struct buf line = BUF_INIT;
    int in = piped(STDIN_FILENO, &kept);
    for (int i = 0; i < 500; i++) {
        type(in, "0123456789");
    }
    type(in, "\nnext\n");
    CHECK_NUMBER(term_read_line("", &line), TERM_LINE);
    CHECK_NUMBER(line.len, TERM_LINE_MAX);
    CHECK_NUMBER(term_read_line("", &line), TERM_LINE);
    CHECK_TEXT(buf_text(&line), "next");
    close(in);
    put_back(STDIN_FILENO, kept);
    buf_free(&line);
}

static void text_is_written_whole_and_in_order(void)
{
    int kept;
    char got[64] = "";
    int out = piped(STDERR_FILENO, &kept);
    bool ok = term_write(TERM_ERR, "caf\xc3\xa9\n") && term_write_bytes(TERM_ERR, "a\0b", 3);
    bool terminal = term_is_terminal(TERM_ERR);
    unsigned width = term_width(TERM_ERR);
    put_back(STDERR_FILENO, kept);
    CHECK(ok && !terminal);
    CHECK_NUMBER(width, TERM_WIDTH);
    CHECK(read(out, got, sizeof got) == 9);
    CHECK(memcmp(got, "caf\xc3\xa9\na\0b", 9) == 0);
    close(out);
}

/* A reader that is gone: the write fails instead of ending the process. */
static void a_closed_reader_is_an_error(void)
{
    int kept;
    int out = piped(STDERR_FILENO, &kept);
    close(out);
    signal(SIGPIPE, SIG_IGN);
    bool ok = term_write(TERM_ERR, "x");
    signal(SIGPIPE, SIG_DFL);
    put_back(STDERR_FILENO, kept);
    CHECK(!ok);
}

/* A pipe that is full for a moment, and whose writes do not block, still gets all. */
static void a_full_pipe_is_waited_for(void)
{
    enum { SIZE = 300000 };
    int kept;
    int out = piped(STDERR_FILENO, &kept);
    fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK);
    char *text = malloc(SIZE);
    memset(text, 'x', SIZE);
    pid_t pid = fork();
    if (pid == 0) {
        _exit(term_write_bytes(TERM_ERR, text, SIZE) ? 0 : FAILED);
    }
    put_back(STDERR_FILENO, kept);
    size_t total = 0;
    ssize_t got = 0;
    do {
        total += (size_t)got;
        got = read(out, text, 1000);
    } while (got > 0);
    CHECK_NUMBER(total, SIZE);
    CHECK_NUMBER(status_of(pid), 0);
    close(out);
    free(text);
}

static void arguments_are_main_s(void)
{
    char name[] = "program";
    char *argv[] = {name, NULL};
    char **args = NULL;
    CHECK_NUMBER(args_get(1, argv, &args), 1);
    CHECK_TEXT(args[0], "program");
    args_free(args);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"answers are told apart", answers_are_told_apart},
        {"an interrupt leaves all as it was", an_interrupt_leaves_all_as_it_was},
        {"other signals do not answer", other_signals_do_not_answer},
        {"a terminal is known as one", a_terminal_is_known_as_one},
        {"pipes are read line by line", pipes_are_read_line_by_line},
        {"long answers are cut", long_answers_are_cut},
        {"text is written whole and in order", text_is_written_whole_and_in_order},
        {"a closed reader is an error", a_closed_reader_is_an_error},
        {"a full pipe is waited for", a_full_pipe_is_waited_for},
        {"arguments are main's", arguments_are_main_s},
    };
    return RUN_SUITE("term", cases);
}
