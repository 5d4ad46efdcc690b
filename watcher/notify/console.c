#include "notify.h"

#include "base/term.h"
#include "base/utf.h"
#include "base/wintime.h"
#include "loop/clock.h"

#include <string.h>

enum { TIME_COLUMNS = 21 }; /* "2011-09-16 16:43:00  " */

/* Columns, as good as a terminal can be known: one for each character. */
static unsigned columns(const char *text, size_t length)
{
    unsigned count = 0;
    for (size_t i = 0; i < length; i++) {
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    }
    return count;
}

void console_wrap(struct buf *out, const char *text, unsigned width, unsigned indent)
{
    unsigned column = indent;
    bool first_word = true;
    while (*text != '\0') {
        size_t blanks = strspn(text, " ");
        size_t length = strcspn(text + blanks, " ");
        unsigned word = columns(text + blanks, length);
        if (!first_word && width > 0 && column + blanks + word > width) {
            buf_printf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else {
            buf_add(out, text, blanks);
            column += (unsigned)blanks;
        }
        buf_add(out, text + blanks, length);
        column += word;
        text += blanks + length;
        first_word = false;
    }
}

static void console_tell(void *context, enum tell_kind kind, enum policy_level level,
                         const char *sentences)
{
    struct console *console = context;
    (void)kind;
    if (level > console->level) {
        return;
    }
    enum term_stream stream = level <= LEVEL_WARNING ? TERM_ERR : TERM_OUT;
    char time[WINTIME_TEXT_SIZE];
    struct buf safe = BUF_INIT;
    struct buf line = BUF_INIT;
    if (console->line_open) {
        console->line_open = false;
        (void)term_write(TERM_OUT, "\n");
    }
    wintime_plain(clock_now(), time);
    add_printable(&safe, sentences);
    buf_printf(&line, "%.19s  ", time);
    console_wrap(&line, buf_text(&safe), term_is_terminal(stream) ? term_width(stream) : 0,
                 TIME_COLUMNS);
    buf_add_char(&line, '\n');
    (void)term_write(stream, buf_text(&line));
    buf_free(&line);
    buf_free(&safe);
}

static bool console_can_ask(void *context)
{
    (void)context;
    return term_is_terminal(TERM_IN) && term_is_terminal(TERM_OUT);
}

static void console_ask(void *context, const struct question *question)
{
    struct console *console = context;
    struct buf safe = BUF_INIT;
    struct buf line = BUF_INIT;
    console->line_open = true;
    add_printable(&safe, question->text);
    buf_add_char(&safe, ' ');
    add_printable(&safe, question->keys);
    buf_printf(&line, "%*s", TIME_COLUMNS, "");
    console_wrap(&line, buf_text(&safe), term_width(TERM_OUT), TIME_COLUMNS);
    buf_add_char(&line, ' ');
    (void)term_write(TERM_OUT, buf_text(&line));
    buf_free(&line);
    buf_free(&safe);
}

struct notifier console_notifier(struct console *console)
{
    return (struct notifier){
        .context = console, .tell = console_tell, .can_ask = console_can_ask, .ask = console_ask};
}
