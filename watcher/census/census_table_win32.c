/* Windows' tables of TCP connections.
 *
 * Source of the calls and the rows: the pages of GetExtendedTcpTable, MIB_TCPROW_OWNER_PID,
 * MIB_TCP6ROW_OWNER_PID and AllocateAndGetTcpExTableFromStack in the Windows SDK documentation. The
 * latter's rows are those of the first. */
#include "census/census_calls_win32.h"

#include "census/look.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
    TABLE_OWNER_PID_ALL = 5,
    STATE_SYN_SENT = 3,
    TABLE_COUNT = 4,       /* bytes of the number of rows in front of them */
    TABLE_FIRST = 16384,   /* bytes, for the first try */
    TABLE_MARGIN = 4096,   /* for connections that are made between two tries */
    TABLE_MOST = 16777216, /* 300,000 connections at the least */
    TABLE_TRIES = 8,
};

/* Where things are in a row. */
struct layout {
    size_t row, state, local_port, address, port, pid;
};
static const struct layout ipv4 = {24, 0, 8, 12, 16, 20};
static const struct layout ipv6 = {56, 48, 20, 24, 44, 52};

/* How much to try next; 0: no more. */
static DWORD larger(DWORD room, DWORD needed)
{
    if (room == TABLE_MOST || needed > TABLE_MOST) {
        return 0;
    }
    DWORD least = needed > room ? needed : room;
    DWORD more = least + least / 4 + TABLE_MARGIN;
    return more < TABLE_MOST ? more : TABLE_MOST;
}

static DWORD get_extended(const struct census_calls *calls, ULONG family, struct census_table *out)
{
    DWORD error = ERROR_INSUFFICIENT_BUFFER;
    DWORD room = TABLE_FIRST;
    for (int i = 0; i < TABLE_TRIES && room > 0 && error == ERROR_INSUFFICIENT_BUFFER; i++) {
        DWORD needed = room;
        free(out->bytes);
        /* Empty, so that no row of what was here before is taken for a connection. */
        out->bytes = calloc(1, room);
        out->size = room;
        if (out->bytes == NULL) {
            return ERROR_NOT_ENOUGH_MEMORY;
        }
        error = calls->get_table(out->bytes, &needed, FALSE, family, TABLE_OWNER_PID_ALL, 0);
        room = larger(room, needed);
    }
    return error;
}

static DWORD get_allocated(const struct census_calls *calls, struct census_table *out)
{
    void *table = NULL;
    HANDLE heap = GetProcessHeap();
    DWORD error = calls->allocate_table(&table, FALSE, heap, 0, CENSUS_IPV4);
    if (error != ERROR_SUCCESS || table == NULL) {
        return error != ERROR_SUCCESS ? error : ERROR_NO_DATA;
    }
    SIZE_T size = HeapSize(heap, 0, table);
    if (size == (SIZE_T)-1) {
        size = 0;
    }
    out->size = size < TABLE_MOST ? size : TABLE_MOST;
    out->bytes = malloc(out->size + 1);
    if (out->bytes != NULL) {
        memcpy(out->bytes, table, out->size);
    }
    HeapFree(heap, 0, table);
    return out->bytes != NULL ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
}

DWORD census_table_get(const struct census_calls *calls, ULONG family, struct census_table *out)
{
    *out = (struct census_table){0};
    DWORD error = ERROR_NOT_SUPPORTED;
    if (calls->get_table != NULL) {
        error = get_extended(calls, family, out);
    } else if (calls->allocate_table != NULL && family == CENSUS_IPV4) {
        error = get_allocated(calls, out);
    }
    if (error != ERROR_SUCCESS) {
        free(out->bytes);
        *out = (struct census_table){0};
    }
    return error == ERROR_NO_DATA ? ERROR_SUCCESS : error; /* there are no connections */
}

/* Ports stand in the first two bytes, the higher one first; what is in the others means nothing. */
static uint16_t port_at(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

bool census_table_next(const struct census_table *table, ULONG family, size_t *at, bool *whole,
                       struct census_row *out)
{
    const struct layout *l = family == CENSUS_IPV6 ? &ipv6 : &ipv4;
    size_t room = table->size < TABLE_COUNT ? 0 : (table->size - TABLE_COUNT) / l->row;
    size_t count = table->size < TABLE_COUNT ? 0 : get_le32(table->bytes);
    *whole = count <= room;
    for (; *at < count && *at < room; ++*at) {
        const uint8_t *row = table->bytes + TABLE_COUNT + *at * l->row;
        if (get_le32(row + l->state) != STATE_SYN_SENT) {
            continue;
        }
        *out = (struct census_row){.pid = get_le32(row + l->pid)};
        out->connection.port = port_at(row + l->port);
        out->connection.local_port = port_at(row + l->local_port);
        out->connection.process = CENSUS_NO_PROCESS;
        if (family == CENSUS_IPV6) {
            memcpy(out->connection.address, row + l->address, 16);
        } else {
            look_ipv4(row + l->address, out->connection.address);
        }
        ++*at;
        return true;
    }
    return false;
}
