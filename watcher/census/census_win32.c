/* A look at the half-open connections of this Windows, and at the processes that hold them.
 *
 * Source of what the calls need and answer: their pages in the Windows SDK documentation, and
 * "Process Security and Access Rights". */
#include "census/census_calls_win32.h"
#include "census/look.h"

#include "late_win32.h"
#include "wide_win32.h"

#include <stdlib.h>
#include <string.h>

enum {
    PID_NONE = 0,   /* what Windows says where nobody holds a connection any more */
    PID_SYSTEM = 4, /* the system itself: its drivers and its file sharing */
    QUERY_LIMITED_INFORMATION = 0x1000, /* Vista and later */
    NAME_UNITS = 512,
};

/* ---- the calls ---- */

/* Puts SeDebugPrivilege to `attributes`; `before` gets what they were. False when this process does
 * not have it. */
static bool set_debug(DWORD attributes, DWORD *before)
{
    HANDLE token;
    TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1};
    TOKEN_PRIVILEGES old = {.PrivilegeCount = 0};
    DWORD size = sizeof old;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token)) {
        return false;
    }
    wanted.Privileges[0].Attributes = attributes;
    /* AdjustTokenPrivileges succeeds as well when it could not give what was asked for. */
    bool set = LookupPrivilegeValueW(NULL, L"SeDebugPrivilege", &wanted.Privileges[0].Luid) &&
               AdjustTokenPrivileges(token, FALSE, &wanted, sizeof old, &old, &size) &&
               GetLastError() == ERROR_SUCCESS;
    /* Nothing is told of what was so already. */
    *before = old.PrivilegeCount == 1 ? old.Privileges[0].Attributes : attributes;
    CloseHandle(token);
    return set;
}

static bool debug_on(void)
{
    DWORD before = 0;
    return set_debug(SE_PRIVILEGE_ENABLED, &before) && (before & SE_PRIVILEGE_ENABLED) == 0;
}

static void debug_off(void)
{
    DWORD before = 0;
    (void)set_debug(0, &before);
}

struct census_calls census_native_calls(void)
{
    struct census_calls calls = {.open_process = OpenProcess,
                                 .close = CloseHandle,
                                 .process_times = GetProcessTimes,
                                 .drives = GetLogicalDrives,
                                 .drive_device = QueryDosDeviceW,
                                 .debug_on = debug_on,
                                 .debug_off = debug_off,
                                 .computer_name = GetComputerNameExW,
                                 .clock = GetSystemTimeAsFileTime,
                                 .ticks = GetTickCount};
    struct late_tcp_table table;
    struct late_tcp_stack stack;
    struct late_process_image image;
    struct late_psapi psapi;
    if (late_load_tcp_table(&table)) {
        calls.get_table = table.get;
    } else if (late_load_tcp_stack(&stack)) {
        calls.allocate_table = stack.allocate_table;
    }
    if (late_load_process_image(&image)) {
        calls.full_image = image.query;
    }
    if (late_load_psapi(&psapi)) {
        calls.device_image = psapi.process_image_file_name;
        calls.module_image = psapi.module_file_name_ex;
    }
    return calls;
}

/* ---- processes ---- */

struct looking {
    const struct census_calls *calls;
    struct census_look *look;
    DWORD began;         /* ticks */
    uint64_t table_time; /* when the table was there */
    wchar_t *text;       /* to work in */
    struct buf image;
};

static uint64_t steps_of(const FILETIME *time)
{
    return (uint64_t)time->dwHighDateTime << 32 | time->dwLowDateTime;
}

static uint64_t clock_now(const struct census_calls *calls)
{
    FILETIME now;
    calls->clock(&now);
    return steps_of(&now);
}

/* With the least right that will do. */
static HANDLE open_process(const struct census_calls *calls, DWORD pid)
{
    if (calls->full_image != NULL) { /* so that this Windows knows the smaller right, too */
        return calls->open_process(QUERY_LIMITED_INFORMATION, FALSE, pid);
    }
    HANDLE process = calls->open_process(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ, FALSE, pid);
    return process != NULL ? process : calls->open_process(PROCESS_QUERY_INFORMATION, FALSE, pid);
}

/* When the process was started; 0: not known. */
static uint64_t started(const struct census_calls *calls, HANDLE process)
{
    FILETIME created;
    FILETIME others[3];
    return calls->process_times(process, &created, &others[0], &others[1], &others[2])
               ? steps_of(&created)
               : 0;
}

/* Whether the process was started after the table was read: the one that held the connection is
 * gone, and its number was given to this one. A start in the future says only that the clock was
 * put back. */
static bool is_another(const struct looking *l, uint64_t start)
{
    return start > l->table_time && start <= clock_now(l->calls);
}

static void resolve(struct looking *l, uint32_t process, uint32_t pid)
{
    if (pid == PID_SYSTEM) {
        look_resolve(l->look, process, "System", 0);
        return;
    }
    if (l->text == NULL || l->calls->ticks() - l->began >= CENSUS_LOOK_MS) {
        l->look->cut_short = true;
        return;
    }
    HANDLE handle = open_process(l->calls, pid);
    if (handle == NULL) {
        return; /* gone, or nothing that this user may see */
    }
    buf_clear(&l->image);
    uint64_t start = started(l->calls, handle);
    bool seen = census_image(l->calls, handle, l->text, &l->image);
    if (!is_another(l, start)) {
        l->look->cut_short = l->look->cut_short || l->image.failed;
        look_resolve(l->look, process, seen && !l->image.failed ? buf_text(&l->image) : NULL,
                     start);
    }
    l->calls->close(handle);
}

/* ---- the look ---- */

static void add(struct looking *l, struct census_row *row)
{
    bool fresh = false;
    if (l->look->connection_count < CENSUS_CONNECTIONS_MAX && row->pid != PID_NONE) {
        row->connection.process = look_process(l->look, row->pid, &fresh);
    }
    if (fresh) {
        resolve(l, row->connection.process, row->pid);
    }
    (void)look_add(l->look, &row->connection); /* those that it does not hold are counted */
}

static DWORD look_at_family(struct looking *l, ULONG family)
{
    struct census_table table;
    struct census_row row;
    size_t at = 0;
    bool whole = true;
    DWORD error = census_table_get(l->calls, family, &table);
    l->table_time = clock_now(l->calls);
    while (census_table_next(&table, family, &at, &whole, &row)) {
        add(l, &row);
    }
    l->look->cut_short = l->look->cut_short || !whole;
    free(table.bytes);
    return error;
}

static void explain(DWORD error, struct buf *why)
{
    buf_add_text(why, "Windows does not show who holds its connections: ");
    switch (error) {
    case ERROR_NOT_SUPPORTED:
        buf_add_text(why, "this one has no call for it.");
        break;
    case ERROR_INSUFFICIENT_BUFFER:
        buf_add_text(why, "there are too many, or they change faster than they can be read.");
        break;
    case ERROR_NOT_ENOUGH_MEMORY:
        buf_add_text(why, "memory is out.");
        break;
    default:
        buf_printf(why, "error %lu.", error);
        break;
    }
}

bool census_look_by(const struct census_calls *calls, uint64_t now, struct census_look *out,
                    struct buf *why)
{
    struct looking l = {.calls = calls, .look = out, .began = calls->ticks()};
    *out = (struct census_look){.time = now};
    l.text = malloc(CENSUS_IMAGE_UNITS * sizeof *l.text);
    bool debug = calls->debug_on();
    DWORD error = look_at_family(&l, CENSUS_IPV4);
    if (error == ERROR_SUCCESS) {
        /* Windows XP does not say whose those of IPv6 are; its limit is one of IPv4. */
        DWORD six = look_at_family(&l, CENSUS_IPV6);
        out->cut_short =
            out->cut_short || six == ERROR_INSUFFICIENT_BUFFER || six == ERROR_NOT_ENOUGH_MEMORY;
    } else {
        explain(error, why);
    }
    if (debug) {
        calls->debug_off();
    }
    buf_free(&l.image);
    free(l.text);
    return error == ERROR_SUCCESS;
}

/* ---- this computer ---- */

/* Adds one of its names, if it has it. */
static void add_name(const struct census_calls *calls, COMPUTER_NAME_FORMAT format, struct buf *out)
{
    wchar_t name[NAME_UNITS];
    DWORD length = NAME_UNITS;
    if (calls->computer_name(format, name, &length) && length < NAME_UNITS) {
        name[length] = L'\0';
        wide_to_utf8(out, name);
    }
}

bool census_is_this_computer_by(const struct census_calls *calls, const char *computer,
                                struct buf *own)
{
    struct buf dns = BUF_INIT;
    struct buf netbios = BUF_INIT;
    add_name(calls, ComputerNamePhysicalDnsFullyQualified, &dns);
    add_name(calls, ComputerNamePhysicalNetBIOS, &netbios);
    /* The NetBIOS name is cut at 15 characters, and has no domain that could differ. */
    bool plain = strchr(computer, '.') == NULL || dns.len == 0;
    bool same = look_same_computer(computer, buf_text(&dns)) ||
                (plain && look_same_computer(computer, buf_text(&netbios)));
    buf_add_text(own, buf_text(dns.len > 0 ? &dns : &netbios));
    buf_free(&dns);
    buf_free(&netbios);
    return same;
}

/* ---- what census.h promises ---- */

bool census_look_at_system(uint64_t now, struct census_look *out, struct buf *why)
{
    struct census_calls calls = census_native_calls();
    return census_look_by(&calls, now, out, why);
}

bool census_is_this_computer(const char *computer, struct buf *own)
{
    struct census_calls calls = census_native_calls();
    return census_is_this_computer_by(&calls, computer, own);
}
