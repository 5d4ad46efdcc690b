#include "census/census_parts.h"

#include <stdlib.h>
#include <string.h>

/* ---- the sum ---- */

struct census_sum census_sum(const struct census *census)
{
    struct census_tally all = census_tally_all(census);
    struct census_sum sum = {
        .looks = all.looks,
        .first = all.first,
        .last = all.last,
        .most = all.most,
        .connections = census->connection_count,
        .cut_short = all.left_out || all.unresolved,
    };
    for (size_t i = 0; i < census->process_count; i++) {
        sum.programs += census->processes[i].program == i ? 1 : 0;
    }
    for (size_t i = 0; i < census->connection_count; i++) {
        uint32_t process = census->connections[i].connection.process;
        bool seen =
            process != CENSUS_NO_PROCESS && census->processes[process].program != CENSUS_NO_PROCESS;
        sum.unseen += seen ? 0 : 1;
    }
    sum.programs += sum.unseen > 0 ? 1 : 0;
    return sum;
}

/* ---- the programs ---- */

/* A connection as it is sorted. */
struct entry {
    uint32_t program;
    uint16_t port;
    uint8_t address[16];
};

struct row {
    struct census_program sum;
    uint32_t program;
    size_t most; /* connections of the process that `sum` names, then those of the port */
    size_t on_port;
    size_t on_address[CENSUS_ADDRESSES]; /* connections to the addresses, falling */
    uint8_t addresses[CENSUS_ADDRESSES][16];
    char text[CENSUS_ADDRESSES][CENSUS_ADDRESS_SIZE];
};

struct rows {
    struct row *items; /* by their programs' numbers, at first */
    size_t count;
};

static int compare_numbers(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int by_address(const void *a, const void *b)
{
    const struct entry *one = a;
    const struct entry *other = b;
    int programs = compare_numbers(one->program, other->program);
    return programs != 0 ? programs : memcmp(one->address, other->address, sizeof one->address);
}

static int by_port(const void *a, const void *b)
{
    const struct entry *one = a;
    const struct entry *other = b;
    int programs = compare_numbers(one->program, other->program);
    return programs != 0 ? programs : compare_numbers(one->port, other->port);
}

/* Those with most connections first; the order of the others is the same each time. */
static int by_connections(const void *a, const void *b)
{
    const struct row *one = a;
    const struct row *other = b;
    if (one->sum.connections != other->sum.connections) {
        return one->sum.connections > other->sum.connections ? -1 : 1;
    }
    if (one->sum.image == NULL || other->sum.image == NULL) {
        return (one->sum.image == NULL) - (other->sum.image == NULL);
    }
    return strcmp(one->sum.image, other->sum.image);
}

static uint32_t program_number(const struct census *census, uint32_t process)
{
    return process == CENSUS_NO_PROCESS ? CENSUS_NO_PROCESS : census->processes[process].program;
}

static void list_entries(const struct census *census, struct entry *entries)
{
    for (size_t i = 0; i < census->connection_count; i++) {
        const struct census_connection *connection = &census->connections[i].connection;
        entries[i].program = program_number(census, connection->process);
        entries[i].port = connection->port;
        memcpy(entries[i].address, connection->address, sizeof entries[i].address);
    }
}

/* Keeps an address among the row's if it has more connections than the last of them. */
static void keep_address(struct row *row, const uint8_t address[16], size_t connections)
{
    size_t at = CENSUS_ADDRESSES;
    while (at > 0 && row->on_address[at - 1] < connections) {
        at--;
    }
    for (size_t i = CENSUS_ADDRESSES; i > at + 1; i--) {
        row->on_address[i - 1] = row->on_address[i - 2];
        memcpy(row->addresses[i - 1], row->addresses[i - 2], sizeof row->addresses[0]);
    }
    if (at < CENSUS_ADDRESSES) {
        row->on_address[at] = connections;
        memcpy(row->addresses[at], address, sizeof row->addresses[0]);
    }
}

/* The end of the run of entries that `compare` alike with the one at `start`. */
static size_t run_end(const struct entry *entries, size_t count, size_t start,
                      int (*compare)(const void *, const void *))
{
    size_t end = start + 1;
    while (end < count && compare(&entries[start], &entries[end]) == 0) {
        end++;
    }
    return end;
}

/* A row for each program, with its connections and addresses. */
static void count_hosts(struct rows *rows, struct entry *entries, size_t count)
{
    qsort(entries, count, sizeof *entries, by_address);
    for (size_t at = 0; at < count;) {
        size_t end = run_end(entries, count, at, by_address);
        struct row *row = rows->count > 0 ? &rows->items[rows->count - 1] : NULL;
        if (row == NULL || row->program != entries[at].program) {
            row = &rows->items[rows->count++];
            *row = (struct row){.program = entries[at].program};
        }
        row->sum.connections += end - at;
        row->sum.hosts++;
        keep_address(row, entries[at].address, end - at);
        at = end;
    }
}

/* The rows are in the order of the entries. */
static void count_ports(struct rows *rows, struct entry *entries, size_t count)
{
    struct row *row = rows->items;
    qsort(entries, count, sizeof *entries, by_port);
    for (size_t at = 0; at < count;) {
        size_t end = run_end(entries, count, at, by_port);
        while (row->program != entries[at].program) {
            row++;
        }
        row->sum.ports++;
        if (end - at > row->on_port) {
            row->on_port = end - at;
            row->sum.port = entries[at].port;
        }
        at = end;
    }
}

static struct row *row_of(const struct rows *rows, uint32_t program)
{
    size_t low = 0;
    for (size_t high = rows->count; low < high;) {
        size_t middle = (low + high) / 2;
        if (rows->items[middle].program < program) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < rows->count && rows->items[low].program == program ? &rows->items[low] : NULL;
}

static void count_processes(struct rows *rows, const struct census *census)
{
    size_t connections[CENSUS_PROCESSES_MAX] = {0};
    for (size_t i = 0; i < census->connection_count; i++) {
        uint32_t process = census->connections[i].connection.process;
        if (process != CENSUS_NO_PROCESS) {
            connections[process]++;
        }
    }
    for (size_t i = 0; i < census->process_count; i++) {
        const struct known_process *known = &census->processes[i];
        struct row *row = row_of(rows, known->program);
        if (row == NULL || connections[i] == 0) {
            continue;
        }
        row->sum.processes++;
        if (connections[i] > row->most) {
            row->most = connections[i];
            row->sum.pid = known->process.pid;
            row->sum.started = known->process.started;
            row->sum.image = known->process.image;
        }
    }
}

static void name_addresses(struct row *row)
{
    for (size_t i = 0; i < CENSUS_ADDRESSES && row->on_address[i] > 0; i++) {
        census_address(row->addresses[i], row->text[i]);
        row->sum.addresses[i] = row->text[i];
    }
}

/* A row for each program at most: that many and one for those that cannot be seen. */
static bool make_rows(const struct census *census, struct rows *rows)
{
    size_t count = census->connection_count;
    struct entry *entries = calloc(count > 0 ? count : 1, sizeof *entries);
    *rows = (struct rows){.items = calloc(census->process_count + 1, sizeof *rows->items)};
    bool made = entries != NULL && rows->items != NULL;
    if (made) {
        list_entries(census, entries);
        count_hosts(rows, entries, count);
        count_ports(rows, entries, count);
        count_processes(rows, census);
        qsort(rows->items, rows->count, sizeof *rows->items, by_connections);
    }
    free(entries);
    return made;
}

bool census_each(const struct census *census,
                 bool (*each)(void *context, const struct census_program *program), void *context)
{
    struct rows rows;
    bool good = make_rows(census, &rows);
    for (size_t i = 0; good && i < rows.count; i++) {
        name_addresses(&rows.items[i]);
        good = each(context, &rows.items[i].sum);
    }
    free(rows.items);
    return good;
}

/* ---- the verdict ---- */

bool census_any_expected(const struct policy *policy)
{
    return policy == NULL || policy->expected.count == 0;
}

bool census_expected(const struct policy *policy, const char *image)
{
    return census_any_expected(policy) || (image != NULL && policy_expects(policy, image));
}

enum census_verdict census_judge(const struct census *census, const struct policy *policy)
{
    bool expected[CENSUS_PROCESSES_MAX] = {false};
    size_t count = 0;
    if (census_any_expected(policy)) {
        return CENSUS_ANY;
    }
    if (census == NULL || census->connection_count == 0) {
        return CENSUS_NOBODY;
    }
    for (size_t i = 0; i < census->process_count; i++) {
        expected[i] = census_expected(policy, census->processes[i].process.image);
    }
    for (size_t i = 0; i < census->connection_count; i++) {
        uint32_t process = census->connections[i].connection.process;
        count += process != CENSUS_NO_PROCESS && expected[process] ? 1 : 0;
    }
    return count * 100 >= census->connection_count * (size_t)CENSUS_NEARLY_ALL ? CENSUS_EXPECTED
                                                                               : CENSUS_UNEXPECTED;
}
