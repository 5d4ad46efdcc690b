#include "host.h"

#include "base/term.h"

bool host_open(enum command_host host, struct console *console, struct notifier *out,
               struct buf *why)
{
    if (host != HOST_CONSOLE) {
        buf_add_text(why,
                     "There is no tray and no service of this kind here, only on Windows. Run it "
                     "from your system's own service manager, without --tray and --service.");
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

void host_complain(const char *sentences, const char *lines)
{
    (void)sentences;
    (void)term_write(TERM_ERR, lines);
}

static int refuse_service(void)
{
    command_complain("Services of this kind are only on Windows. Here your system's own service "
                     "manager runs \"tcpipwatch run\".");
    return PC_USAGE;
}

int command_install_service(const struct command_options *options)
{
    (void)options;
    return refuse_service();
}

int command_remove_service(const struct command_options *options)
{
    (void)options;
    return refuse_service();
}
