#include "fake_census_win32.h"

#include "check.h"

#include "base/bytes.h"

#include <string.h>
#include <wchar.h>

struct fake_census fake;

/* ---- the table ---- */

static size_t row_size(int family)
{
    return family == 1 ? 56 : 24;
}

static void put_port(uint8_t *at, uint16_t port)
{
    at[0] = (uint8_t)(port >> 8);
    at[1] = (uint8_t)(port & 0xff);
    at[2] = 0xa5; /* rubbish */
    at[3] = 0x5a;
}

/* One row of IPv4 (10.0.0.x) or IPv6 (2001:db8::x). */
static void put_row(int family, const struct fake_row *row, uint8_t *at)
{
    static const uint8_t prefix[4] = {0x20, 0x01, 0x0d, 0xb8};
    bool six = family == 1;
    uint8_t *address = at + (six ? 24 : 12);
    memset(at, 0, row_size(family));
    put_le32(at + (six ? 48 : 0), row->state);
    put_port(at + (six ? 20 : 8), row->local_port);
    if (six) {
        memcpy(address, prefix, sizeof prefix);
    } else {
        address[0] = 10;
    }
    address[six ? 15 : 3] = row->address;
    put_port(at + (six ? 44 : 16), row->port);
    put_le32(at + (six ? 52 : 20), row->pid);
}

static void put_table(int family, uint8_t *bytes)
{
    put_le32(bytes, fake.says != 0 ? fake.says : (uint32_t)fake.count[family]);
    for (size_t i = 0; i < fake.count[family]; i++) {
        put_row(family, &fake.rows[family][i], bytes + 4 + i * row_size(family));
    }
}

void fake_census_row(int family, struct fake_row row)
{
    CHECK(fake.count[family] < FAKE_ROWS);
    fake.rows[family][fake.count[family]++] = row;
}

static DWORD WINAPI get_table(void *table, DWORD *size, BOOL order, ULONG family, int table_class,
                              ULONG reserved)
{
    CHECK(family == 2 || family == 23);
    CHECK(!order && table_class == 5 && reserved == 0);
    int which = family == 23;
    DWORD room = *size;
    fake.table_calls[which]++;
    fake.largest = room > fake.largest ? room : fake.largest;
    fake.last = room;
    if (fake.error[which] != ERROR_SUCCESS) {
        return fake.error[which];
    }
    if (fake.always_needs != 0) {
        *size = fake.always_needs;
        memset(table, 0xff, room);
        return ERROR_INSUFFICIENT_BUFFER;
    }
    DWORD needed = (DWORD)(4 + fake.count[which] * row_size(which));
    *size = needed;
    if (needed > room) {
        memset(table, 0xff, room);
        for (size_t i = 0; i < fake.grows; i++) {
            fake_census_row(which, (struct fake_row){.state = SYN_SENT, .port = 80});
        }
        return ERROR_INSUFFICIENT_BUFFER;
    }
    put_table(which, table);
    return ERROR_SUCCESS;
}

static DWORD WINAPI allocate_table(void **table, BOOL order, HANDLE heap, DWORD flags, DWORD family)
{
    CHECK(!order && flags == 0 && family == 2);
    if (fake.allocate_error != ERROR_SUCCESS || fake.allocates_nothing) {
        *table = NULL;
        return fake.allocate_error;
    }
    *table = HeapAlloc(heap, 0, 4 + fake.count[0] * row_size(0));
    CHECK(*table != NULL);
    put_table(0, *table);
    return ERROR_SUCCESS;
}

/* ---- processes ---- */

static BOOL refuse(DWORD error)
{
    SetLastError(error);
    return FALSE;
}

static HANDLE WINAPI open_process(DWORD access, BOOL inherit, DWORD pid)
{
    CHECK(!inherit);
    CHECK(fake.debug || !fake.debug_held);
    fake.ticks += fake.open_takes;
    fake.asked[fake.opened % 16] = access;
    fake.opened++;
    for (size_t i = 0; i < fake.process_count; i++) {
        struct fake_process *process = &fake.processes[i];
        if (process->pid == pid && (access & process->needs) == 0) {
            return (HANDLE)process;
        }
        if (process->pid == pid) {
            fake.closed++;
            SetLastError(ERROR_ACCESS_DENIED);
            return NULL;
        }
    }
    fake.closed++; /* nothing to be closed */
    SetLastError(ERROR_INVALID_PARAMETER);
    return NULL;
}

static BOOL WINAPI close_process(HANDLE object)
{
    CHECK(object != NULL);
    fake.closed++;
    return TRUE;
}

static void put_time(FILETIME *out, uint64_t time)
{
    out->dwLowDateTime = (DWORD)(time & 0xffffffff);
    out->dwHighDateTime = (DWORD)(time >> 32);
}

static BOOL WINAPI process_times(HANDLE object, FILETIME *created, FILETIME *exited,
                                 FILETIME *kernel, FILETIME *user)
{
    const struct fake_process *process = object;
    put_time(created, process->started);
    put_time(exited, 1);
    put_time(kernel, 2);
    put_time(user, 3);
    return process->started != 0;
}

/* The length, or 0 where there is no such text or no room for it. */
static DWORD give(const wchar_t *text, wchar_t *out, DWORD size)
{
    if (text == NULL || wcslen(text) >= size) {
        return (DWORD)refuse(text == NULL ? ERROR_GEN_FAILURE : ERROR_INSUFFICIENT_BUFFER);
    }
    wmemcpy(out, text, wcslen(text) + 1);
    return fake.image_length != 0 ? fake.image_length : (DWORD)wcslen(text);
}

static BOOL WINAPI full_image(HANDLE object, DWORD flags, LPWSTR path, DWORD *length)
{
    CHECK_NUMBER(flags, 0);
    *length = give(((const struct fake_process *)object)->full, path, *length);
    return *length > 0;
}

static DWORD WINAPI device_image(HANDLE object, LPWSTR path, DWORD size)
{
    return give(((const struct fake_process *)object)->device, path, size);
}

static DWORD WINAPI module_image(HANDLE object, HMODULE module, LPWSTR path, DWORD size)
{
    CHECK(module == NULL);
    return give(((const struct fake_process *)object)->module, path, size);
}

static DWORD WINAPI drives(void)
{
    DWORD bits = 0;
    for (unsigned i = 0; i < 26; i++) {
        bits |= fake.devices[i] != NULL ? 1U << i : 0;
    }
    return bits;
}

/* The names of one letter, each ended by a NUL, and one NUL more. */
static DWORD WINAPI drive_device(LPCWSTR drive, LPWSTR devices, DWORD size)
{
    CHECK(wcslen(drive) == 2 && drive[1] == L':' && drive[0] >= L'A' && drive[0] <= L'Z');
    const wchar_t *device = fake.devices[drive[0] - L'A'];
    if (device == NULL || device[0] == L'\0' || wcslen(device) + 2 > size) {
        return (DWORD)refuse(ERROR_FILE_NOT_FOUND);
    }
    wmemset(devices, L'x', size);
    wmemcpy(devices, device, wcslen(device) + 1);
    devices[wcslen(device) + 1] = L'\0';
    return fake.device_length != 0 ? fake.device_length : (DWORD)wcslen(device) + 2;
}

static bool debug_on(void)
{
    fake.debug_ons++;
    fake.debug = fake.debug_held;
    return fake.debug_held;
}

static void debug_off(void)
{
    fake.debug_offs++;
    fake.debug = false;
}

static BOOL WINAPI computer_name(COMPUTER_NAME_FORMAT format, LPWSTR name, DWORD *length)
{
    CHECK(format == ComputerNamePhysicalDnsFullyQualified || format == ComputerNamePhysicalNetBIOS);
    const wchar_t *text = format == ComputerNamePhysicalNetBIOS ? fake.netbios : fake.dns;
    if (text == NULL || wcslen(text) >= *length) {
        return refuse(text == NULL ? ERROR_GEN_FAILURE : ERROR_MORE_DATA);
    }
    wmemcpy(name, text, wcslen(text) + 1);
    *length = (DWORD)wcslen(text);
    return TRUE;
}

static void WINAPI clock_now(FILETIME *now)
{
    put_time(now, fake.clock);
    fake.clock += 100000; /* 10 ms */
}

static DWORD WINAPI ticks(void)
{
    return fake.ticks;
}

/* ---- for the tests ---- */

void fake_census_begin(void)
{
    memset(&fake, 0, sizeof fake);
    fake.clock = FAKE_NOW;
    fake.devices[2] = L"\\Device\\HarddiskVolume1";
}

struct census_calls fake_census_calls(void)
{
    return (struct census_calls){.get_table = get_table,
                                 .allocate_table = allocate_table,
                                 .open_process = open_process,
                                 .close = close_process,
                                 .process_times = process_times,
                                 .full_image = full_image,
                                 .device_image = device_image,
                                 .module_image = module_image,
                                 .drives = drives,
                                 .drive_device = drive_device,
                                 .debug_on = debug_on,
                                 .debug_off = debug_off,
                                 .computer_name = computer_name,
                                 .clock = clock_now,
                                 .ticks = ticks};
}
