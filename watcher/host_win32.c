#include "host.h"

#include "notify/tray_win32.h"

bool host_open(enum command_host host, struct console *console, struct notifier *out,
               struct buf *why)
{
    if (host == HOST_TRAY) {
        return tray_open(console, out, why);
    }
    if (host != HOST_CONSOLE) {
        buf_add_text(why, "There is no service yet.");
        return false;
    }
    *out = console_notifier(console);
    return true;
}

int host_run(const struct command_options *options,
             int (*run)(const struct command_options *options))
{
    return run(options);
}

int command_install_service(const struct command_options *options)
{
    (void)options;
    command_complain("There is no service yet.");
    return PC_USAGE;
}

int command_remove_service(const struct command_options *options)
{
    (void)options;
    command_complain("There is no service yet.");
    return PC_USAGE;
}
