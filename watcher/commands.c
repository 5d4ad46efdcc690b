#include "commands.h"

#include "base/term.h"
#include "base/utf.h"
#include "host.h"
#include "paths.h"

#include <string.h>

void command_complain(const char *format, ...)
{
    struct buf text = BUF_INIT;
    struct buf whole = BUF_INIT;
    struct buf safe = BUF_INIT;
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    buf_add_text(&whole, buf_text(&text));
    /* Several sentences, one a line, stay so. */
    for (char *line = text.data; line != NULL && *line != '\0';) {
        size_t length = strcspn(line, "\n");
        bool last = line[length] == '\0';
        line[length] = '\0';
        buf_add_text(&safe, "tcpipwatch: ");
        add_printable(&safe, line);
        buf_add_char(&safe, '\n');
        line += length + (last ? 0 : 1);
    }
    host_complain(buf_text(&whole), buf_text(&safe));
    buf_free(&safe);
    buf_free(&whole);
    buf_free(&text);
}

int command_print(const char *text)
{
    if (term_print(text)) {
        return PC_DONE;
    }
    command_complain("The output cannot be written. Is the disk full?");
    return PC_FAILED;
}

char *command_data_directory(const char *named, const char *of_policy)
{
    if (named != NULL) {
        return text_copy(named);
    }
    return of_policy[0] != '\0' ? text_copy(of_policy) : paths_default_data();
}
