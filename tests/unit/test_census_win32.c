/* Looks at half-open connections on Windows, with the calls replaced; and with Windows' own. */
#include "check.h"
#include "fake_census_win32.h"

#include "wide_win32.h"

#include "base/wintime.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum {
    LIMITED = 0x1000,
    CALLS_MOST = 8, /* of the table, in one look and of one family */
    TABLE_MOST = 16777216,
};

/* ---- what the tests share ---- */

static struct census_calls calls;
static struct census_look look;
static struct buf why;

static void begin(void)
{
    fake_census_begin();
    calls = fake_census_calls();
}

static struct fake_process *add_process(uint32_t pid, const wchar_t *full)
{
    struct fake_process *process = &fake.processes[fake.process_count++];
    *process = (struct fake_process){.pid = pid, .started = FAKE_NOW - pid, .full = full};
    return process;
}

/* A row of IPv4 on the way to 10.0.0.9, port 80. */
static void add_attempt(uint32_t pid)
{
    fake_census_row(0, (struct fake_row){SYN_SENT, pid, 9, 80, (uint16_t)(1024 + fake.count[0])});
}

/* Takes a look, which is there until the next one. */
static bool take_look(void)
{
    census_look_free(&look);
    buf_clear(&why);
    bool done = census_look_by(&calls, FAKE_NOW, &look, &why);
    CHECK_NUMBER(look.time, FAKE_NOW);
    CHECK_NUMBER(fake.opened, fake.closed);
    CHECK(!fake.debug);
    CHECK(done == (why.len == 0));
    return done;
}

/* The image of the process that holds connection `i`; NULL: it is not to be seen. */
static const char *image_of(size_t i)
{
    CHECK(i < look.connection_count);
    uint32_t process = i < look.connection_count ? look.connections[i].process : CENSUS_NO_PROCESS;
    CHECK(process < look.process_count);
    return process < look.process_count ? look.processes[process].image : NULL;
}

/* ---- rows ---- */

static void half_open_ones_alone(void)
{
    begin();
    add_process(500, L"C:\\lab\\webstress.exe");
    fake_census_row(0, (struct fake_row){ESTABLISHED, 500, 1, 80, 1025});
    fake_census_row(0, (struct fake_row){SYN_SENT, 500, 2, 80, 1026});
    fake_census_row(0, (struct fake_row){TIME_WAIT, 0, 3, 80, 1027});
    fake_census_row(0, (struct fake_row){SYN_SENT, 500, 4, 0x1bb, 0xff01});
    fake_census_row(0, (struct fake_row){SYN_SENT + 0x100, 500, 5, 80, 1028});
    fake_census_row(1, (struct fake_row){SYN_SENT, 500, 6, 8080, 1029});
    fake_census_row(1, (struct fake_row){ESTABLISHED, 500, 7, 8080, 1030});
    CHECK(take_look());
    static const uint8_t four[16] = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 2};
    static const uint8_t six[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 6};
    CHECK_NUMBER(look.connection_count, 3);
    if (look.connection_count == 3) {
        CHECK(memcmp(look.connections[0].address, four, 16) == 0);
        CHECK_NUMBER(look.connections[0].port, 80);
        CHECK_NUMBER(look.connections[0].local_port, 1026);
        CHECK_NUMBER(look.connections[1].address[15], 4);
        CHECK_NUMBER(look.connections[1].port, 443);
        CHECK_NUMBER(look.connections[1].local_port, 0xff01);
        CHECK(memcmp(look.connections[2].address, six, 16) == 0);
        CHECK_NUMBER(look.connections[2].port, 8080);
        CHECK_NUMBER(look.connections[2].local_port, 1029);
    }
    CHECK_NUMBER(look.process_count, 1);
    CHECK_NUMBER(fake.opened, 1);
    for (size_t i = 0; i < look.connection_count; i++) {
        CHECK_TEXT(image_of(i), "C:\\lab\\webstress.exe");
    }
    CHECK_NUMBER(look.processes[0].pid, 500);
    CHECK_NUMBER(look.processes[0].started, FAKE_NOW - 500);
    CHECK(!look.cut_short && look.more == 0);
}

static void a_table_that_grows(void)
{
    begin();
    add_process(500, L"C:\\a.exe");
    for (int i = 0; i < 800; i++) { /* more than the first try has room for */
        add_attempt(500);
    }
    fake.grows = 500; /* more than the margin */
    CHECK(take_look());
    CHECK(fake.table_calls[0] >= 3 && fake.table_calls[0] <= CALLS_MOST);
    CHECK_NUMBER(look.connection_count, fake.count[0]);
    CHECK(fake.count[0] >= 1200);
    CHECK(!look.cut_short);
}

static void a_table_that_never_fits(void)
{
    static const DWORD needs[] = {1, 16384, 20000, TABLE_MOST, TABLE_MOST + 1U, UINT32_MAX};
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
        begin();
        fake.always_needs = needs[i];
        CHECK(!take_look());
        CHECK(fake.table_calls[0] <= CALLS_MOST);
        CHECK_NUMBER(fake.table_calls[1], 0);
        CHECK(fake.largest <= TABLE_MOST);
        CHECK_NUMBER(fake.last, fake.largest); /* never less than before */
        CHECK(needs[i] < TABLE_MOST || fake.table_calls[0] <= 2);
        CHECK_NUMBER(look.connection_count, 0);
        CHECK_TEXT(buf_text(&why), "Windows does not show who holds its connections: there are too "
                                   "many, or they change faster than they can be read.");
    }
}

/* Leaves memory of the first try's size behind in which each row is a half-open connection. */
static void leave_rubbish(void)
{
    void *blocks[8];
    for (size_t i = 0; i < 8; i++) {
        blocks[i] = malloc(16384);
        CHECK(blocks[i] != NULL);
        if (blocks[i] != NULL) {
            for (size_t at = 0; at + 4 <= 16384; at += 4) {
                memcpy((char *)blocks[i] + at, "\3\0\0", 4);
            }
        }
    }
    for (size_t i = 0; i < 8; i++) {
        free(blocks[i]);
    }
}

static void a_count_is_not_believed(void)
{
    static const uint32_t says[] = {683, 100000, 0x0aaaaaaa, 0x80000000, UINT32_MAX};
    for (size_t i = 0; i < 2 * sizeof says / sizeof says[0]; i++) {
        begin();
        calls.get_table = i % 2 == 0 ? calls.get_table : NULL;
        add_process(500, L"C:\\a.exe");
        add_attempt(500);
        add_attempt(500);
        fake.error[1] = ERROR_NOT_SUPPORTED;
        fake.says = says[i / 2];
        leave_rubbish();
        CHECK(take_look());
        CHECK_NUMBER(look.connection_count, 2);
        CHECK(look.cut_short);
    }
}

static void bounds_hold(void)
{
    begin();
    for (uint32_t i = 0; i < 5000; i++) {
        add_attempt(1000 + 4 * (i % 300));
    }
    CHECK(take_look());
    CHECK_NUMBER(look.connection_count, CENSUS_CONNECTIONS_MAX);
    CHECK_NUMBER(look.more, 5000 - CENSUS_CONNECTIONS_MAX);
    CHECK_NUMBER(look.process_count, CENSUS_PROCESSES_MAX);
    CHECK_NUMBER(fake.opened, CENSUS_PROCESSES_MAX);
    CHECK(look.cut_short);
    CHECK_NUMBER(look.connections[299].process, CENSUS_NO_PROCESS);

    /* Nobody looks who holds those that are not kept. */
    begin();
    for (uint32_t i = 0; i < CENSUS_CONNECTIONS_MAX + 2; i++) {
        add_attempt(i < CENSUS_CONNECTIONS_MAX ? 500 : 600);
    }
    CHECK(take_look());
    CHECK_NUMBER(look.process_count, 1);
    CHECK_NUMBER(fake.opened, 1);
    CHECK_NUMBER(look.more, 2);
    CHECK(!look.cut_short);
}

/* ---- what a Windows lacks ---- */

static void ipv6_is_not_everywhere(void)
{
    static const DWORD errors[] = {ERROR_NOT_SUPPORTED, ERROR_INVALID_PARAMETER, ERROR_NO_DATA};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        begin();
        add_process(500, L"C:\\a.exe");
        add_attempt(500);
        fake.error[1] = errors[i];
        CHECK(take_look());
        CHECK_NUMBER(fake.table_calls[1], 1);
        CHECK_NUMBER(look.connection_count, 1);
        CHECK(!look.cut_short);
    }
    fake.error[1] = ERROR_INSUFFICIENT_BUFFER;
    CHECK(take_look());
    CHECK_NUMBER(look.connection_count, 1);
    CHECK(look.cut_short);
}

static void the_older_call(void)
{
    begin();
    calls.get_table = NULL;
    add_process(500, L"C:\\a.exe");
    fake_census_row(0, (struct fake_row){ESTABLISHED, 500, 1, 80, 1025});
    add_attempt(500);
    fake_census_row(1, (struct fake_row){SYN_SENT, 500, 6, 8080, 1029});
    CHECK(take_look());
    CHECK_NUMBER(look.connection_count, 1);
    CHECK_NUMBER(look.connections[0].port, 80);
    CHECK_TEXT(image_of(0), "C:\\a.exe");
    CHECK(!look.cut_short);

    fake.allocates_nothing = true;
    CHECK(take_look());
    CHECK_NUMBER(look.connection_count, 0);

    fake.allocate_error = ERROR_GEN_FAILURE;
    CHECK(!take_look());
    CHECK_TEXT(buf_text(&why), "Windows does not show who holds its connections: error 31.");

    calls.allocate_table = NULL;
    CHECK(!take_look());
    CHECK_TEXT(buf_text(&why),
               "Windows does not show who holds its connections: this one has no call for it.");
}

static void no_connections_at_all(void)
{
    begin();
    CHECK(take_look());
    CHECK_NUMBER(look.connection_count, 0);
    fake.error[0] = ERROR_NO_DATA;
    CHECK(take_look());
    fake.error[0] = ERROR_ACCESS_DENIED;
    CHECK(!take_look());
    CHECK_TEXT(buf_text(&why), "Windows does not show who holds its connections: error 5.");
}

/* ---- processes ---- */

static void processes_that_cannot_be_seen(void)
{
    begin();
    add_process(500, L"C:\\secret.exe")->needs = LIMITED;
    add_attempt(500);
    add_attempt(600); /* gone */
    add_process(700, NULL);
    add_attempt(700);
    add_attempt(0);
    add_attempt(4);
    CHECK(take_look());
    CHECK_NUMBER(look.connection_count, 5);
    CHECK_NUMBER(look.process_count, 4);
    for (uint32_t i = 0; i < 3 && i < look.process_count; i++) {
        CHECK_NUMBER(look.processes[i].pid, 500 + 100 * i);
        CHECK_TEXT(look.processes[i].image, NULL);
        CHECK_NUMBER(look.processes[i].started, i < 2 ? 0 : FAKE_NOW - 700);
    }
    /* Nobody's, and the system's own. */
    CHECK_NUMBER(look.connections[3].process, CENSUS_NO_PROCESS);
    CHECK_TEXT(image_of(4), "System");
    CHECK_NUMBER(fake.opened, 3);
    CHECK(!look.cut_short);
}

static void a_number_that_is_used_again(void)
{
    begin();
    struct fake_process *process = add_process(500, L"C:\\first.exe");
    add_attempt(500);
    CHECK(take_look());
    CHECK_TEXT(image_of(0), "C:\\first.exe");
    uint64_t first = look.processes[0].started;
    process->full = L"C:\\second.exe";
    process->started = fake.clock - 1;
    CHECK(take_look());
    CHECK_TEXT(image_of(0), "C:\\second.exe");
    CHECK_NUMBER(look.processes[0].pid, 500);
    CHECK(look.processes[0].started != first);

    /* Between the table and the look at the process: the connection is not of this one. */
    process->started = fake.clock + 1;
    CHECK(take_look());
    CHECK_NUMBER(look.process_count, 1);
    CHECK_TEXT(image_of(0), NULL);
    CHECK_NUMBER(look.processes[0].started, 0);

    /* The clock was put back by a day since it was started. */
    process->started = fake.clock + 24 * 60 * 60 * (uint64_t)WINTIME_PER_SECOND;
    CHECK(take_look());
    CHECK_TEXT(image_of(0), "C:\\second.exe");
    CHECK_NUMBER(look.processes[0].started, process->started);

    /* Nor is anything known where the time is not told. */
    process->started = 0;
    CHECK(take_look());
    CHECK_TEXT(image_of(0), "C:\\second.exe");
    CHECK_NUMBER(look.processes[0].started, 0);
}

static void time_runs_out(void)
{
    begin();
    for (uint32_t i = 0; i < 8; i++) {
        add_process(500 + i, L"C:\\a.exe");
        add_attempt(500 + i);
    }
    fake.ticks = UINT32_MAX - 50; /* they begin again at 0 meanwhile */
    fake.open_takes = 100;
    CHECK(take_look());
    CHECK_NUMBER(fake.opened, 3);
    CHECK_NUMBER(look.connection_count, 8);
    CHECK_NUMBER(look.process_count, 8);
    CHECK(look.cut_short);
    CHECK_TEXT(image_of(2), "C:\\a.exe");
    CHECK_TEXT(image_of(3), NULL);
}

static void the_right_to_look_is_given_back(void)
{
    for (int held = 0; held < 2; held++) {
        begin();
        fake.debug_held = held == 1;
        add_process(500, L"C:\\a.exe");
        add_attempt(500);
        CHECK(take_look());
        CHECK_NUMBER(fake.debug_ons, 1);
        CHECK_NUMBER(fake.debug_offs, held);
        fake.error[0] = ERROR_GEN_FAILURE;
        CHECK(!take_look());
        CHECK_NUMBER(fake.debug_ons, 2);
        CHECK_NUMBER(fake.debug_offs, 2 * held);
    }
}

/* ---- images ---- */

static void the_ways_to_an_image(void)
{
    begin();
    struct fake_process *process = add_process(500, L"C:\\full.exe");
    process->device = L"\\Device\\HarddiskVolume1\\lab\\device.exe";
    process->module = L"C:\\lab\\module.exe";
    add_attempt(500);
    CHECK(take_look());
    CHECK_TEXT(image_of(0), "C:\\full.exe");
    CHECK_NUMBER(fake.opened, 1);
    CHECK_NUMBER(fake.asked[0], LIMITED);

    process->full = NULL; /* it is there, and fails */
    CHECK(take_look());
    CHECK_TEXT(image_of(0), "C:\\lab\\device.exe");
    CHECK_NUMBER(fake.asked[1], LIMITED);

    calls.full_image = NULL; /* Windows XP */
    CHECK(take_look());
    CHECK_TEXT(image_of(0), "C:\\lab\\device.exe");
    CHECK_NUMBER(fake.opened, 3);
    CHECK_NUMBER(fake.asked[2], PROCESS_QUERY_INFORMATION | PROCESS_VM_READ);

    process->needs = PROCESS_VM_READ;
    CHECK(take_look());
    CHECK_TEXT(image_of(0), "C:\\lab\\device.exe");
    CHECK_NUMBER(fake.opened, 5);
    CHECK_NUMBER(fake.asked[4], PROCESS_QUERY_INFORMATION);

    process->device = NULL;
    CHECK(take_look());
    CHECK_TEXT(image_of(0), "C:\\lab\\module.exe");
    process->module = L"\\??\\C:\\WINDOWS\\system32\\winlogon.exe";
    calls.device_image = NULL;
    CHECK(take_look());
    CHECK_TEXT(image_of(0), "C:\\WINDOWS\\system32\\winlogon.exe");
    calls.module_image = NULL;
    CHECK(take_look());
    CHECK_TEXT(image_of(0), NULL);
}

static void devices_and_letters(void)
{
    static const struct {
        const wchar_t *path;
        const char *image;
    } cases[] = {
        {L"\\Device\\HarddiskVolume1\\a.exe", "C:\\a.exe"},
        {L"\\DEVICE\\harddiskvolume1\\A.exe", "C:\\A.exe"},
        {L"\\Device\\HarddiskVolume10\\a.exe", "E:\\a.exe"},
        {L"\\Device\\HarddiskVolume100\\a.exe", "\\Device\\HarddiskVolume100\\a.exe"},
        {L"\\Device\\HarddiskVolume\\a.exe", "\\Device\\HarddiskVolume\\a.exe"},
        {L"\\Device\\HarddiskVolume1", "\\Device\\HarddiskVolume1"},
        {L"\\Device\\LanmanRedirector\\host\\share\\a.exe",
         "\\Device\\LanmanRedirector\\host\\share\\a.exe"},
        {L"a", "a"},
    };
    begin();
    struct fake_process *process = add_process(500, NULL);
    add_attempt(500);
    fake.devices[0] = L"";              /* a drive without a medium */
    fake.devices[3] = L"\\??\\C:\\lab"; /* one of subst */
    fake.devices[4] = L"\\Device\\HarddiskVolume10";
    fake.devices[25] = L"\\Device\\HarddiskVolume1";
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        process->device = cases[i].path;
        CHECK(take_look());
        CHECK_TEXT(image_of(0), cases[i].image);
    }
    /* Lengths that no call should give. */
    process->device = cases[0].path;
    static const DWORD lengths[] = {1, 23, 24, 1025, UINT32_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        fake.device_length = lengths[i];
        CHECK(take_look());
        CHECK_TEXT(image_of(0),
                   lengths[i] == 24 ? "C:\\a.exe" : "\\Device\\HarddiskVolume1\\a.exe");
    }
}

static void long_paths(void)
{
    static wchar_t path[CENSUS_IMAGE_UNITS + 1];
    static char expected[3 * CENSUS_IMAGE_UNITS];
    static const size_t lengths[] = {260, 5000, CENSUS_IMAGE_UNITS - 1};
    begin();
    struct fake_process *process = add_process(500, path);
    add_attempt(500);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        wmemset(path, L'\x00e4', lengths[i]);
        path[lengths[i]] = L'\0';
        CHECK(take_look());
        for (size_t k = 0; k < lengths[i]; k++) {
            memcpy(expected + 2 * k, "\xc3\xa4", 3);
        }
        CHECK_TEXT(image_of(0), expected);
    }
    /* One that is longer, and lengths that no call should give. */
    wmemset(path, L'a', CENSUS_IMAGE_UNITS);
    CHECK(take_look());
    CHECK_TEXT(image_of(0), NULL);
    process->full = L"C:\\a.exe";
    process->device = process->full;
    process->module = process->full;
    fake.image_length = CENSUS_IMAGE_UNITS;
    CHECK(take_look());
    CHECK_TEXT(image_of(0), NULL);
    fake.image_length = UINT32_MAX;
    CHECK(take_look());
    CHECK_TEXT(image_of(0), NULL);
    fake.image_length = 100;
    CHECK(take_look());
    CHECK_TEXT(image_of(0), "C:\\a.exe");
    /* Half a character. */
    fake.image_length = 0;
    process->full = L"C:\\\xd83d.exe";
    CHECK(take_look());
    CHECK_TEXT(image_of(0), "C:\\\xef\xbf\xbd.exe");
}

/* ---- the computer's names ---- */

static void this_computer_by_its_names(void)
{
    static const struct {
        const wchar_t *dns, *netbios;
        const char *computer;
        bool same;
        const char *own;
    } cases[] = {
        {L"wks.lab.example", L"WKS", "wks.lab.example", true, "wks.lab.example"},
        {L"wks.lab.example", L"WKS", "WKS", true, "wks.lab.example"},
        {L"wks.lab.example", L"WKS", "WKS.LAB.Example", true, "wks.lab.example"},
        {L"wks.lab.example", L"WKS", "WKS.other.example", false, "wks.lab.example"},
        {L"wks.lab.example", L"WKS", "WKS2", false, "wks.lab.example"},
        {L"wks.lab.example", L"WKS", "", false, "wks.lab.example"},
        {L"a-very-long-name-of-a-host.lab", L"A-VERY-LONG-NAM", "A-VERY-LONG-NAM", true,
         "a-very-long-name-of-a-host.lab"},
        {L"a-very-long-name-of-a-host.lab", L"A-VERY-LONG-NAM", "A-VERY-LONG-NAM.lab", false,
         "a-very-long-name-of-a-host.lab"},
        {L"wks", L"WKS", "wks.lab.example", true, "wks"},
        {NULL, L"WKS", "wks", true, "WKS"},
        {NULL, L"WKS", "wks.lab.example", true, "WKS"},
        {NULL, L"B\x00dcRO", "B\xc3\x9cRO", true, "B\xc3\x9cRO"},
        {NULL, NULL, "wks", false, ""},
        {NULL, NULL, "", false, ""},
        {L"", L"", "", false, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf own = BUF_INIT;
        begin();
        fake.dns = cases[i].dns;
        fake.netbios = cases[i].netbios;
        CHECK(census_is_this_computer_by(&calls, cases[i].computer, &own) == cases[i].same);
        CHECK_TEXT(buf_text(&own), cases[i].own);
        buf_free(&own);
    }
}

/* ---- Windows' own calls ---- */

/* This program, which the replaced table says holds a connection, by each way that there is. */
static void real_processes(void)
{
    wchar_t path[MAX_PATH];
    struct buf own = BUF_INIT;
    FILETIME created;
    FILETIME others[3];
    DWORD length = GetModuleFileNameW(NULL, path, MAX_PATH);
    CHECK(length > 0 && length < MAX_PATH);
    wide_to_utf8(&own, path);
    CHECK(GetProcessTimes(GetCurrentProcess(), &created, &others[0], &others[1], &others[2]));
    begin();
    add_attempt(GetCurrentProcessId());
    add_attempt(0x7ffffff0); /* nobody's */
    enum { WAYS = 3 };
    for (int way = 0; way < WAYS; way++) {
        calls = census_native_calls();
        CHECK(calls.full_image != NULL && calls.device_image != NULL && calls.module_image != NULL);
        calls.get_table = fake_census_calls().get_table;
        if (way > 0) {
            calls.full_image = NULL;
        }
        if (way > 1) {
            calls.device_image = NULL;
        }
        fake.opened = 0;
        CHECK(take_look());
        const char *image = image_of(0);
        CHECK(image != NULL && _stricmp(image, buf_text(&own)) == 0);
        CHECK_TEXT(image_of(1), NULL);
        uint64_t start = (uint64_t)created.dwHighDateTime << 32 | created.dwLowDateTime;
        CHECK_NUMBER(look.processes[0].started, start);
    }
    buf_free(&own);
}

/* Both ways to the table; what is in it is the machine's own business. */
static void real_tables(void)
{
    struct buf words = BUF_INIT;
    begin();
    CHECK(census_look_at_system(FAKE_NOW, &look, &words));
    census_look_free(&look);
    calls = census_native_calls();
    CHECK(calls.get_table != NULL);
    HMODULE module = LoadLibraryW(L"iphlpapi.dll");
    calls.allocate_table = (DWORD(WINAPI *)(void **, BOOL, HANDLE, DWORD, DWORD))(
        void *)GetProcAddress(module, "AllocateAndGetTcpExTableFromStack");
    if (calls.allocate_table != NULL) {
        calls.get_table = NULL;
        CHECK(take_look());
    }
    CHECK(census_is_this_computer(buf_text(&words), &words) == false);
    CHECK(words.len > 0);
    struct buf again = BUF_INIT;
    CHECK(census_is_this_computer(buf_text(&words), &again));
    CHECK_TEXT(buf_text(&again), buf_text(&words));
    buf_free(&again);
    buf_free(&words);
}

/* The right is as it was before. */
static void real_rights(void)
{
    struct census_calls native = census_native_calls();
    bool was_off = native.debug_on();
    if (was_off) {
        CHECK(!native.debug_on()); /* it is on already: nothing to put off again */
        native.debug_off();
        CHECK(native.debug_on());
        native.debug_off();
    }
    CHECK(census_look_at_system(FAKE_NOW, &look, &why));
    CHECK(native.debug_on() == was_off);
    if (was_off) {
        native.debug_off();
    }
}

int main(void)
{
    static const struct unit_case cases[] = {
        {"half-open ones alone", half_open_ones_alone},
        {"a table that grows", a_table_that_grows},
        {"a table that never fits", a_table_that_never_fits},
        {"a count is not believed", a_count_is_not_believed},
        {"bounds hold", bounds_hold},
        {"IPv6 is not everywhere", ipv6_is_not_everywhere},
        {"the older call", the_older_call},
        {"no connections at all", no_connections_at_all},
        {"processes that cannot be seen", processes_that_cannot_be_seen},
        {"a number that is used again", a_number_that_is_used_again},
        {"time runs out", time_runs_out},
        {"the right to look is given back", the_right_to_look_is_given_back},
        {"the ways to an image", the_ways_to_an_image},
        {"devices and letters", devices_and_letters},
        {"long paths", long_paths},
        {"this computer by its names", this_computer_by_its_names},
        {"real processes", real_processes},
        {"real tables", real_tables},
        {"real rights", real_rights},
    };
    int status = RUN_SUITE("a census on Windows", cases);
    census_look_free(&look);
    buf_free(&why);
    return status;
}
