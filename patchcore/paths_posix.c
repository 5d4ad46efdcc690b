#include "paths.h"

#include "base/buf.h"

#include <stdlib.h>
#include <unistd.h>

/* A relative path in these variables is to be ignored (XDG Base Directory Specification). */
static const char *absolute_from_environment(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] == '/' ? value : NULL;
}

char *paths_default_data(void)
{
    if (geteuid() == 0) {
        return text_copy("/var/lib/tcpipwatch");
    }
    const char *state = absolute_from_environment("XDG_STATE_HOME");
    if (state != NULL) {
        return text_printf("%s/tcpipwatch", state);
    }
    const char *home = absolute_from_environment("HOME");
    return home != NULL ? text_printf("%s/.local/state/tcpipwatch", home) : NULL;
}

char *paths_default_policy(void)
{
    return text_copy(TCPIPWATCH_SYSCONFDIR "/tcpipwatch/tcpipwatch.ini");
}

char *paths_running_windows(void)
{
    return NULL;
}
