#include "own_network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAMESPACE_SIZE = 64, LINE_SIZE = 512 };

static const char start[] = "net:[";

/* The network namespace of a process; "" when it is not to be seen. */
static void namespace_of(const char *process, char out[NAMESPACE_SIZE])
{
    char path[NAMESPACE_SIZE];
    (void)snprintf(path, sizeof path, "/proc/%s/ns/net", process);
    ssize_t length = readlink(path, out, NAMESPACE_SIZE - 1);
    out[length > 0 ? length : 0] = '\0';
}

/* The field of this number, from 0, in a line of fields with blanks between them; "" beyond the
 * last. The line is changed. */
static const char *field(char *line, unsigned number)
{
    char *rest = NULL;
    char *found = strtok_r(line, " \t\n", &rest);
    for (unsigned i = 0; found != NULL && i < number; i++) {
        found = strtok_r(NULL, " \t\n", &rest);
    }
    return found != NULL ? found : "";
}

static bool has_field(const char *line, unsigned number, const char *value)
{
    char copy[LINE_SIZE];
    (void)snprintf(copy, sizeof copy, "%s", line);
    return strcmp(field(copy, number), value) == 0;
}

/* Destination and mask are all zero. */
static bool is_default_ipv4(const char *line)
{
    return has_field(line, 1, "00000000") && has_field(line, 7, "00000000");
}

/* The kernel keeps one of its own on the loopback, which refuses. */
static bool is_default_ipv6(const char *line)
{
    return has_field(line, 0, "00000000000000000000000000000000") && has_field(line, 1, "00") &&
           !has_field(line, 9, "lo");
}

/* Whether a table of routes has such a line. One that cannot be read holds no routes: there is no
 * IPv6 then. */
static bool any_line(const char *path, bool (*is)(const char *line))
{
    char line[LINE_SIZE];
    bool found = false;
    FILE *file = fopen(path, "re");
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
        found = is(line);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return found;
}

bool own_network(struct buf *why)
{
    const char *outer = getenv(OWN_NETWORK_VARIABLE);
    char own[NAMESPACE_SIZE];
    char first[NAMESPACE_SIZE];
    namespace_of("self", own);
    namespace_of("1", first);
    if (outer == NULL || strncmp(outer, start, sizeof start - 1) != 0) {
        buf_add_text(why, OWN_NETWORK_VARIABLE " does not say which network is the machine's.");
    } else if (strncmp(own, start, sizeof start - 1) != 0 || strcmp(own, outer) == 0 ||
               strcmp(own, first) == 0) {
        buf_add_text(why, "This is the machine's own network.");
    } else if (any_line("/proc/net/route", is_default_ipv4) ||
               any_line("/proc/net/ipv6_route", is_default_ipv6)) {
        buf_add_text(why, "A default route leads out of this network.");
    } else {
        return true;
    }
    return false;
}
