/* The terminal on Windows, as far as it goes without a console: pipes and files in its place. */
#include "check.h"

#include "base/term.h"

#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Puts one end of a pipe in the place of a standard handle; gives the other. */
static HANDLE piped(DWORD which, HANDLE *kept, HANDLE *ours)
{
    HANDLE reading = NULL;
    HANDLE writing = NULL;
    CHECK(CreatePipe(&reading, &writing, NULL, 65536) != 0);
    *kept = GetStdHandle(which);
    *ours = which == STD_INPUT_HANDLE ? reading : writing;
    SetStdHandle(which, *ours);
    return which == STD_INPUT_HANDLE ? writing : reading;
}

static void put_back(DWORD which, HANDLE kept, HANDLE ours)
{
    SetStdHandle(which, kept);
    CloseHandle(ours);
}

static void say(HANDLE pipe, const char *text)
{
    DWORD wrote = 0;
    CHECK(WriteFile(pipe, text, (DWORD)strlen(text), &wrote, NULL) != 0);
    CHECK_NUMBER(wrote, strlen(text));
}

/* A script's answers: each question takes its own line and no byte more. */
static void pipes_are_read_line_by_line(void)
{
    HANDLE kept;
    HANDLE ours;
    struct buf line = BUF_INIT;
    HANDLE pipe = piped(STD_INPUT_HANDLE, &kept, &ours);
    CHECK(!term_is_terminal(TERM_IN));
    say(pipe, "first \xc3\xa9\r\nsecond\n\nrest");
    CHECK_NUMBER(term_read_line("", &line), TERM_LINE);
    CHECK_TEXT(buf_text(&line), "first \xc3\xa9");
    char next[8] = "";
    DWORD got = 0;
    CHECK(ReadFile(ours, next, 7, &got, NULL) != 0 && got == 7);
    CHECK_TEXT(next, "second\n");
    CHECK_NUMBER(term_read_line("", &line), TERM_LINE); /* not Ctrl-C, which only a console has */
    CHECK_TEXT(buf_text(&line), "");
    CloseHandle(pipe);
    CHECK_NUMBER(term_read_line("", &line), TERM_LINE);
    CHECK_TEXT(buf_text(&line), "rest");
    CHECK_NUMBER(term_read_line("", &line), TERM_END);
    CHECK_TEXT(buf_text(&line), "");
    put_back(STD_INPUT_HANDLE, kept, ours);
    CHECK_NUMBER(line.failed, false);
    buf_free(&line);
}

static void long_answers_are_cut(void)
{
    HANDLE kept;
    HANDLE ours;
    struct buf line = BUF_INIT;
    HANDLE pipe = piped(STD_INPUT_HANDLE, &kept, &ours);
    for (int i = 0; i < 500; i++) {
        say(pipe, "0123456789");
    }
    say(pipe, "\nnext\n");
    CHECK_NUMBER(term_read_line("", &line), TERM_LINE);
    CHECK_NUMBER(line.len, TERM_LINE_MAX);
    CHECK_NUMBER(term_read_line("", &line), TERM_LINE);
    CHECK_TEXT(buf_text(&line), "next");
    CloseHandle(pipe);
    put_back(STD_INPUT_HANDLE, kept, ours);
    buf_free(&line);
}

static void text_is_written_whole(void)
{
    HANDLE kept;
    HANDLE ours;
    char got[64] = "";
    DWORD read = 0;
    HANDLE pipe = piped(STD_ERROR_HANDLE, &kept, &ours);
    bool ok = term_write(TERM_ERR, "caf\xc3\xa9\n") && term_write_bytes(TERM_ERR, "a\0b", 3);
    bool terminal = term_is_terminal(TERM_ERR);
    unsigned width = term_width(TERM_ERR);
    CHECK(ReadFile(pipe, got, sizeof got, &read, NULL) != 0);
    CloseHandle(pipe);
    bool after = term_write(TERM_ERR, "x"); /* nobody reads any more */
    put_back(STD_ERROR_HANDLE, kept, ours);
    CHECK(ok && !terminal && !after);
    CHECK_NUMBER(width, TERM_WIDTH);
    CHECK(read >= 6 && memcmp(got, "caf\xc3\xa9\n", 6) == 0);
}

/* No standard input at all, as in a service. */
static void a_missing_input_is_its_end(void)
{
    HANDLE kept = GetStdHandle(STD_INPUT_HANDLE);
    struct buf line = BUF_INIT;
    SetStdHandle(STD_INPUT_HANDLE, NULL);
    CHECK(!term_is_terminal(TERM_IN));
    CHECK_NUMBER(term_read_line("", &line), TERM_END);
    SetStdHandle(STD_INPUT_HANDLE, kept);
    buf_free(&line);
}

/* tcpipwatchw.exe has none, unless somebody gives it one. */
static void a_missing_output_is_no_failure(void)
{
    HANDLE kept = GetStdHandle(STD_OUTPUT_HANDLE);
    SetStdHandle(STD_OUTPUT_HANDLE, NULL);
    bool missing = term_print("lost");
    SetStdHandle(STD_OUTPUT_HANDLE, INVALID_HANDLE_VALUE);
    bool invalid = term_print("lost");
    SetStdHandle(STD_OUTPUT_HANDLE, kept);
    CHECK(missing);
    CHECK(invalid);
}

static void a_closed_output_is_one(void)
{
    HANDLE kept;
    HANDLE ours;
    HANDLE pipe = piped(STD_OUTPUT_HANDLE, &kept, &ours);
    bool before = term_print("read by nobody yet");
    CloseHandle(pipe);
    bool after = term_print("read by nobody");
    put_back(STD_OUTPUT_HANDLE, kept, ours);
    CHECK(before);
    CHECK(!after);
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"pipes are read line by line", pipes_are_read_line_by_line},
        {"long answers are cut", long_answers_are_cut},
        {"text is written whole", text_is_written_whole},
        {"a missing input is its end", a_missing_input_is_its_end},
        {"a missing output is no failure", a_missing_output_is_no_failure},
        {"a closed output is one", a_closed_output_is_one},
    };
    return RUN_SUITE("term", cases);
}
