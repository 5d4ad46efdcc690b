#include "census/look.h"

#include "base/utf.h"
#include "census/census_parts.h"

#include <stdlib.h>
#include <string.h>

void *census_grown(void *items, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0) {
        return items;
    }
    return realloc(items, (count == 0 ? 1 : 2 * count) * size);
}

bool look_add(struct census_look *look, const struct census_connection *connection)
{
    struct census_connection *connections = NULL;
    if (look->connection_count < CENSUS_CONNECTIONS_MAX) {
        connections = census_grown(look->connections, look->connection_count, sizeof *connections);
    }
    if (connections == NULL) {
        look->more++;
        return false;
    }
    look->connections = connections;
    look->connections[look->connection_count++] = *connection;
    return true;
}

uint32_t look_process(struct census_look *look, uint32_t pid, bool *fresh)
{
    *fresh = false;
    /* Backwards: the connections of one process tend to stand together. */
    for (size_t i = look->process_count; i > 0; i--) {
        if (look->processes[i - 1].pid == pid) {
            return (uint32_t)(i - 1);
        }
    }
    struct census_process *processes = NULL;
    if (look->process_count < CENSUS_PROCESSES_MAX) {
        processes = census_grown(look->processes, look->process_count, sizeof *processes);
    }
    if (processes == NULL) {
        look->cut_short = true;
        return CENSUS_NO_PROCESS;
    }
    look->processes = processes;
    look->processes[look->process_count] = (struct census_process){.pid = pid};
    *fresh = true;
    return (uint32_t)look->process_count++;
}

void look_resolve(struct census_look *look, uint32_t process, const char *image, uint64_t started)
{
    if (process >= look->process_count) {
        return;
    }
    struct census_process *known = &look->processes[process];
    char *copy = image != NULL ? text_copy(image) : NULL;
    look->cut_short = look->cut_short || (image != NULL && copy == NULL);
    free(known->image);
    known->image = copy;
    known->started = started;
}

void census_look_free(struct census_look *look)
{
    for (size_t i = 0; i < look->process_count; i++) {
        free(look->processes[i].image);
    }
    free(look->processes);
    free(look->connections);
    *look = (struct census_look){0};
}

void look_ipv4(const uint8_t four[4], uint8_t address[16])
{
    static const uint8_t mapped[12] = {[10] = 0xFF, [11] = 0xFF};
    memcpy(address, mapped, sizeof mapped);
    memcpy(address + sizeof mapped, four, 4);
}

/* The length of a name's first part. */
static size_t first_part(const char *name)
{
    return strcspn(name, ".");
}

static bool same_start_nocase(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const char one[2] = {a[i], '\0'};
        const char other[2] = {b[i], '\0'};
        if (!same_text_nocase(one, other)) {
            return false;
        }
    }
    return true;
}

bool look_same_computer(const char *a, const char *b)
{
    size_t first_a = first_part(a);
    size_t first_b = first_part(b);
    if (first_a == 0 || first_b == 0) {
        return false;
    }
    if (a[first_a] != '\0' && b[first_b] != '\0') {
        return same_text_nocase(a, b);
    }
    return first_a == first_b && same_start_nocase(a, b, first_a);
}
