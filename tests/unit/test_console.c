/* The console: how sentences are broken into lines. */
#include "check.h"

#include "notify/notify.h"

#include <string.h>

static void lines_are_broken_between_words(void)
{
    static const struct {
        const char *text;
        unsigned width;
        unsigned indent;
        const char *wrapped;
    } cases[] = {
        {"", 10, 2, ""},
        {"one two three four", 0, 2, "one two three four"},
        {"one two three four", 11, 2, "one two\n  three\n  four"},
        {"one two three four", 12, 2, "one two\n  three four"},
        {"one two three four", 80, 2, "one two three four"},
        /* A word that is longer than a line stands alone, whole. */
        {"a /mnt/windows/system32/drivers b", 10, 2, "a\n  /mnt/windows/system32/drivers\n  b"},
        {"/mnt/windows/system32/drivers b", 10, 2, "/mnt/windows/system32/drivers\n  b"},
        /* Blanks inside a line stay, those at its end go. */
        {"one  two", 80, 0, "one  two"},
        {"one  two", 6, 0, "one\ntwo"},
        {" one", 80, 0, " one"},
        {"one ", 80, 0, "one "},
        /* A character is a column, however many bytes it has. */
        {"\xc3\xa4\xc3\xb6\xc3\xbc \xe2\x82\xac\xe2\x82\xac", 6, 0,
         "\xc3\xa4\xc3\xb6\xc3\xbc \xe2\x82\xac\xe2\x82\xac"},
        {"\xc3\xa4\xc3\xb6\xc3\xbc \xe2\x82\xac\xe2\x82\xac", 5, 0,
         "\xc3\xa4\xc3\xb6\xc3\xbc\n\xe2\x82\xac\xe2\x82\xac"},
        /* A terminal narrower than the indent still gets every word. */
        {"one two", 3, 21, "one\n                     two"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out = BUF_INIT;
        console_wrap(&out, cases[i].text, cases[i].width, cases[i].indent);
        CHECK_TEXT(buf_text(&out), cases[i].wrapped);
        buf_free(&out);
    }
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"lines are broken between words", lines_are_broken_between_words},
    };
    return RUN_SUITE("console", cases);
}
