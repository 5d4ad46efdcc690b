#include "host.h"

#include "base/term.h"
#include "notify/tray_win32.h"
#include "service_win32.h"
#include "wide_win32.h"

#include <stdlib.h>
#include <windows.h>

bool host_open(enum command_host host, struct console *console, struct notifier *out,
               struct buf *why)
{
    switch (host) {
    case HOST_SERVICE:
        return service_open(out, why);
    case HOST_TRAY:
        return tray_open(console, out, why);
    default:
        *out = console_notifier(console);
        return true;
    }
}

int host_run(const struct command_options *options,
             int (*run)(const struct command_options *options))
{
    return options->host == HOST_SERVICE ? service_run(options, run) : run(options);
}

/* tcpipwatchw.exe has no console: started at the logon it would end, and nobody would know why. */
static void show_box(const char *sentences)
{
    wchar_t *text = wide_from_utf8(sentences);
    if (text != NULL) {
        (void)MessageBoxW(NULL, text, L"tcpipwatch", MB_OK | MB_ICONERROR | MB_SETFOREGROUND);
    }
    free(text);
}

void host_complain(const char *sentences, const char *lines)
{
    if (!service_complain(sentences) && !term_write(TERM_ERR, lines)) {
        show_box(sentences);
    }
}
