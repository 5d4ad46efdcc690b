#include "confined.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_SIZE = 512, NAME_SIZE = 64 };

bool confined_name(const char *process, struct buf *out)
{
    char path[NAME_SIZE];
    char name[NAME_SIZE];
    int length = snprintf(path, sizeof path, "/proc/%s/ns/net", process);
    if (length < 0 || (size_t)length >= sizeof path) {
        return false;
    }
    ssize_t got = readlink(path, name, sizeof name);
    if (got <= 0 || (size_t)got == sizeof name) {
        return false;
    }
    buf_add(out, name, (size_t)got);
    return !out->failed;
}

/* Whether `bad` holds for no line of a list of the system; false also when it cannot be read. */
static bool no_line(const char *path, bool (*bad)(const char *line))
{
    char line[LINE_SIZE];
    FILE *list = fopen(path, "re");
    if (list == NULL) {
        return false;
    }
    bool none = true;
    while (none && fgets(line, sizeof line, list) != NULL) {
        none = !bad(line);
    }
    none = ferror(list) == 0 && none;
    (void)fclose(list);
    return none;
}

/* Of /proc/net/route: device, destination, gateway, flags and others, with a mask of 0. */
static bool is_default_route(const char *line)
{
    const char *destination = strchr(line, '\t');
    return destination != NULL && strncmp(destination, "\t00000000\t", 10) == 0;
}

/* Of /proc/net/dev: a name and a colon. The two lines of its heading have none. */
static bool is_foreign_device(const char *line)
{
    static const char *const own[] = {"lo", CONFINED_HOST_DEVICE, CONFINED_LAN_DEVICE};
    const char *colon = strchr(line, ':');
    const char *name = line + strspn(line, " ");
    if (colon == NULL) {
        return false;
    }
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (strlen(own[i]) == (size_t)(colon - name) &&
            strncmp(own[i], name, strlen(own[i])) == 0) {
            return false;
        }
    }
    return true;
}

bool confined(const char *outside, struct buf *why)
{
    struct buf own = BUF_INIT;
    bool named = confined_name("self", &own) && outside != NULL &&
                 strncmp(outside, "net:[", 5) == 0 && strcmp(buf_text(&own), outside) != 0;
    buf_free(&own);
    if (!named) {
        buf_add_text(why, "This runs only in a network namespace of its own, and needs the name of "
                          "the machine's own one, to tell them apart.");
    } else if (!no_line("/proc/net/route", is_default_route)) {
        buf_add_text(why, "This network namespace has a default route: nothing is sent here.");
    } else if (!no_line("/proc/net/dev", is_foreign_device)) {
        buf_add_text(why, "This network namespace has devices that are not the simulation's: "
                          "nothing is sent here.");
    }
    return why->len == 0 && !why->failed;
}
