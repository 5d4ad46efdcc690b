#include "census/census_parts.h"

#include "base/utf.h"
#include "base/wintime.h"

#include <stdlib.h>
#include <string.h>

struct census *census_open(void)
{
    struct census *census = calloc(1, sizeof *census);
    for (size_t i = 0; census != NULL && i < CENSUS_BUCKETS; i++) {
        census->buckets[i] = CENSUS_NO_CONNECTION;
    }
    return census;
}

void census_close(struct census *census)
{
    if (census == NULL) {
        return;
    }
    for (size_t i = 0; i < census->process_count; i++) {
        free(census->processes[i].process.image);
    }
    free(census->processes);
    free(census->connections);
    free(census->looks);
    free(census);
}

/* ---- looks ---- */

static struct census_tally joined(const struct census_tally *a, const struct census_tally *b)
{
    return (struct census_tally){
        .first = a->first < b->first ? a->first : b->first,
        .last = a->last > b->last ? a->last : b->last,
        .looks = a->looks + b->looks,
        .most = a->most > b->most ? a->most : b->most,
        .left_out = a->left_out || b->left_out,
        .unresolved = a->unresolved || b->unresolved,
    };
}

struct census_tally census_tally_all(const struct census *census)
{
    struct census_tally all = {0};
    for (size_t i = 0; i < census->look_count; i++) {
        all = i == 0 ? census->looks[i] : joined(&all, &census->looks[i]);
    }
    return all;
}

/* A census that is never forgotten stays bounded: two looks beside each other become one. */
static void join_looks(struct census *census)
{
    size_t half = census->look_count / 2;
    for (size_t i = 0; i < half; i++) {
        census->looks[i] = joined(&census->looks[2 * i], &census->looks[2 * i + 1]);
    }
    census->look_count = half;
}

static struct census_tally *add_look(struct census *census, const struct census_look *look)
{
    if (census->look_count >= CENSUS_LOOKS_MAX) {
        join_looks(census);
    }
    struct census_tally *looks = census_grown(census->looks, census->look_count, sizeof *looks);
    if (looks == NULL) {
        return NULL;
    }
    census->looks = looks;
    looks[census->look_count] = (struct census_tally){
        .first = look->time,
        .last = look->time,
        .looks = 1,
        .most = look->connection_count + look->more,
        .left_out = look->more > 0,
        .unresolved = look->cut_short,
    };
    return &looks[census->look_count++];
}

/* ---- processes ---- */

/* Paths of Windows compare without case: a process has its image's name as it was started. */
static bool same_image(const char *a, const char *b)
{
    return a[0] == '/' ? strcmp(a, b) == 0 : same_text_nocase(a, b);
}

static bool same_start(uint64_t a, uint64_t b)
{
    if (a == 0 || b == 0) {
        return a == b;
    }
    return (a > b ? a - b : b - a) <= CENSUS_SAME_START;
}

/* A process whose image was not seen at one of two looks is the same only when its start tells so:
 * else a program might get the connections of one that had its number before. */
static bool same_process(const struct census_process *a, const struct census_process *b)
{
    if (a->pid != b->pid || !same_start(a->started, b->started)) {
        return false;
    }
    if (a->image == NULL || b->image == NULL) {
        return a->image == b->image || a->started != 0;
    }
    return same_image(a->image, b->image);
}

/* The first of the processes before `end` with this image. */
static uint32_t program_of(const struct census *census, const char *image, size_t end)
{
    if (image == NULL) {
        return CENSUS_NO_PROCESS;
    }
    for (size_t i = 0; i < end; i++) {
        const char *other = census->processes[i].process.image;
        if (other != NULL && same_image(other, image)) {
            return (uint32_t)i;
        }
    }
    return (uint32_t)end;
}

static void find_programs(struct census *census)
{
    for (size_t i = 0; i < census->process_count; i++) {
        struct known_process *known = &census->processes[i];
        known->program = program_of(census, known->process.image, i);
    }
}

static bool copy_image(struct census_process *to, const char *image)
{
    to->image = image != NULL ? text_copy(image) : NULL;
    return image == NULL || to->image != NULL;
}

/* A process that was known without its image, and is seen with it now. */
static bool complete(struct census *census, size_t index, const struct census_process *process)
{
    struct census_process *known = &census->processes[index].process;
    if (known->image == NULL && process->image != NULL) {
        if (!copy_image(known, process->image)) {
            return false;
        }
        find_programs(census);
    }
    return true;
}

/* The census' index of a look's process. False when memory is out; CENSUS_NO_PROCESS where there
 * is no room for it. */
static bool put_process(struct census *census, const struct census_process *process, uint32_t *out)
{
    *out = CENSUS_NO_PROCESS;
    for (size_t i = 0; i < census->process_count; i++) {
        if (same_process(&census->processes[i].process, process)) {
            *out = (uint32_t)i;
            return complete(census, i, process);
        }
    }
    if (census->process_count >= CENSUS_PROCESSES_MAX) {
        return true;
    }
    struct known_process *processes =
        census_grown(census->processes, census->process_count, sizeof *processes);
    if (processes == NULL) {
        return false;
    }
    census->processes = processes;
    struct known_process *known = &processes[census->process_count];
    known->process = (struct census_process){.pid = process->pid, .started = process->started};
    if (!copy_image(&known->process, process->image)) {
        return false;
    }
    known->program = program_of(census, process->image, census->process_count);
    *out = (uint32_t)census->process_count++;
    return true;
}

/* ---- connections ---- */

static uint64_t mixed(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 32;
}

static size_t bucket_of(const struct census_connection *connection)
{
    uint64_t halves[2];
    memcpy(halves, connection->address, sizeof halves);
    uint64_t ports = (uint64_t)connection->port << 16 | connection->local_port;
    return (size_t)(mixed(mixed(mixed(0, halves[0]), halves[1]), ports) % CENSUS_BUCKETS);
}

static bool same_ends(const struct census_connection *a, const struct census_connection *b)
{
    return a->port == b->port && a->local_port == b->local_port &&
           memcmp(a->address, b->address, sizeof a->address) == 0;
}

/* The connection as it is known. One whose process was not found at one of two looks is the same:
 * it is then known with the process. */
static struct known_connection *recognise(struct census *census,
                                          const struct census_connection *connection)
{
    struct known_connection *vague = NULL;
    for (uint16_t i = census->buckets[bucket_of(connection)]; i != CENSUS_NO_CONNECTION;
         i = census->connections[i].next) {
        struct known_connection *known = &census->connections[i];
        if (!same_ends(&known->connection, connection)) {
            continue;
        }
        if (known->connection.process == connection->process) {
            return known;
        }
        if (known->connection.process == CENSUS_NO_PROCESS ||
            connection->process == CENSUS_NO_PROCESS) {
            vague = known;
        }
    }
    if (vague != NULL && vague->connection.process == CENSUS_NO_PROCESS) {
        vague->connection.process = connection->process;
    }
    return vague;
}

static void put_in_bucket(struct census *census, size_t index)
{
    struct known_connection *known = &census->connections[index];
    uint16_t *bucket = &census->buckets[bucket_of(&known->connection)];
    known->next = *bucket;
    *bucket = (uint16_t)index;
}

static bool put_connection(struct census *census, const struct census_connection *connection,
                           struct census_tally *tally)
{
    struct known_connection *known = recognise(census, connection);
    if (known != NULL) {
        known->seen = known->seen > tally->first ? known->seen : tally->first;
        return true;
    }
    if (census->connection_count >= CENSUS_CONNECTIONS_MAX) {
        tally->left_out = true;
        return true;
    }
    struct known_connection *connections =
        census_grown(census->connections, census->connection_count, sizeof *connections);
    if (connections == NULL) {
        return false;
    }
    census->connections = connections;
    connections[census->connection_count] =
        (struct known_connection){.connection = *connection, .seen = tally->first};
    put_in_bucket(census, census->connection_count++);
    return true;
}

bool census_add(struct census *census, const struct census_look *look)
{
    uint32_t places[CENSUS_PROCESSES_MAX];
    bool placed[CENSUS_PROCESSES_MAX] = {false};
    struct census_tally *tally = add_look(census, look);
    bool good = tally != NULL;
    for (size_t i = 0; good && i < look->connection_count; i++) {
        struct census_connection connection = look->connections[i];
        uint32_t process = connection.process;
        connection.process = CENSUS_NO_PROCESS;
        if (process < look->process_count && process < CENSUS_PROCESSES_MAX) {
            if (!placed[process]) {
                good = put_process(census, &look->processes[process], &places[process]);
                placed[process] = true;
                tally->unresolved = tally->unresolved || places[process] == CENSUS_NO_PROCESS;
            }
            connection.process = places[process];
        }
        good = good && put_connection(census, &connection, tally);
    }
    if (tally != NULL) {
        tally->left_out = tally->left_out || !good;
    }
    return good;
}

/* ---- forgetting ---- */

static void forget_looks(struct census *census, uint64_t time)
{
    size_t kept = 0;
    for (size_t i = 0; i < census->look_count; i++) {
        if (census->looks[i].last >= time) {
            census->looks[kept++] = census->looks[i];
        }
    }
    census->look_count = kept;
}

/* Leaves out the processes that no connection names any more; `moved` gets the others' new places.
 */
static void forget_processes(struct census *census, const bool used[CENSUS_PROCESSES_MAX],
                             uint32_t moved[CENSUS_PROCESSES_MAX])
{
    size_t kept = 0;
    for (size_t i = 0; i < census->process_count; i++) {
        if (used[i]) {
            moved[i] = (uint32_t)kept;
            census->processes[kept++] = census->processes[i];
        } else {
            free(census->processes[i].process.image);
        }
    }
    census->process_count = kept;
    find_programs(census);
}

static void put_back(struct census *census, const uint32_t moved[CENSUS_PROCESSES_MAX])
{
    for (size_t i = 0; i < CENSUS_BUCKETS; i++) {
        census->buckets[i] = CENSUS_NO_CONNECTION;
    }
    for (size_t i = 0; i < census->connection_count; i++) {
        uint32_t *process = &census->connections[i].connection.process;
        *process = *process == CENSUS_NO_PROCESS ? CENSUS_NO_PROCESS : moved[*process];
        put_in_bucket(census, i);
    }
}

void census_forget(struct census *census, uint64_t time)
{
    bool used[CENSUS_PROCESSES_MAX] = {false};
    uint32_t moved[CENSUS_PROCESSES_MAX] = {0};
    size_t kept = 0;
    forget_looks(census, time);
    for (size_t i = 0; i < census->connection_count; i++) {
        const struct known_connection *known = &census->connections[i];
        if (known->seen >= time) {
            if (known->connection.process != CENSUS_NO_PROCESS) {
                used[known->connection.process] = true;
            }
            census->connections[kept++] = *known;
        }
    }
    if (kept < census->connection_count) {
        census->connection_count = kept;
        forget_processes(census, used, moved);
        put_back(census, moved);
    }
}
