/* How the values of the running Windows are read: with stand-ins for the calls, and for real. The
 * programs that are run are this one itself, which then does as its argument says. */
#include "check.h"

#include "ports/ports_win32.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

enum { LONG_MS = 20000, SHORT_MS = 300 };

/* ---- stand-ins ---- */

struct standin {
    uint32_t major, minor;
    bool no_version;
    struct ports_number max_user_port, timed_wait_delay, strict_check;
    const char *shown; /* NULL: netsh fails */
    unsigned runs;     /* of netsh */
    bool asked_wrongly;
};

static bool give_version(void *context, uint32_t *major, uint32_t *minor)
{
    const struct standin *s = context;
    *major = s->major;
    *minor = s->minor;
    return !s->no_version;
}

static struct ports_number give_number(void *context, const wchar_t *name)
{
    struct standin *s = context;
    if (wcscmp(name, L"MaxUserPort") == 0) {
        return s->max_user_port;
    }
    if (wcscmp(name, L"TcpTimedWaitDelay") == 0) {
        return s->timed_wait_delay;
    }
    s->asked_wrongly = s->asked_wrongly || wcscmp(name, L"StrictTimeWaitSeqCheck") != 0;
    return s->strict_check;
}

static bool give_range(void *context, struct buf *out)
{
    struct standin *s = context;
    s->runs++;
    buf_add_text(out, s->shown != NULL ? s->shown : "a : 1\nb : 2\n");
    return s->shown != NULL;
}

static bool read_standin(struct standin *s, struct ports_values *out)
{
    const struct ports_calls calls = {s, give_version, give_number, give_range};
    memset(out, 0xa5, sizeof *out);
    return ports_read_by(&calls, out);
}

static void by_version(void)
{
    static const struct {
        uint32_t major, minor;
        enum ports_windows windows;
        bool asks_netsh;
    } cases[] = {
        {5, 0, PORTS_XP, false},   {5, 1, PORTS_XP, false},   {5, 2, PORTS_XP, false},
        {6, 0, PORTS_VISTA, true}, {6, 1, PORTS_VISTA, true}, {6, 2, PORTS_VISTA, true},
        {6, 3, PORTS_8_1, true},   {10, 0, PORTS_8_1, true},  {11, 0, PORTS_8_1, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct standin s = {.major = cases[i].major,
                            .minor = cases[i].minor,
                            .max_user_port = {true, true, 65534},
                            .timed_wait_delay = {true, false, 0},
                            .strict_check = {false, false, 0},
                            .shown = "Start : 49152\r\nNumber : 16384\r\n"};
        struct ports_values values;
        CHECK(read_standin(&s, &values));
        CHECK(!s.asked_wrongly);
        CHECK_NUMBER(values.windows, cases[i].windows);
        CHECK_NUMBER(s.runs, cases[i].asks_netsh ? 1 : 0);
        CHECK(values.has_range == cases[i].asks_netsh);
        CHECK_NUMBER(values.first, cases[i].asks_netsh ? 49152 : 0);
        CHECK_NUMBER(values.count, cases[i].asks_netsh ? 16384 : 0);
        CHECK(values.max_user_port.there);
        CHECK_NUMBER(values.max_user_port.set, 65534);
        CHECK(values.timed_wait_delay.known && !values.timed_wait_delay.there);
        CHECK(!values.strict_check.known);
    }
}

static void what_fails_is_not_known(void)
{
    struct ports_values values;
    struct standin s = {.no_version = true, .shown = "a : 1\nb : 2\n"};
    CHECK(!read_standin(&s, &values));
    CHECK_NUMBER(s.runs, 0);
    CHECK(!values.has_range && !values.max_user_port.known);
    /* What it wrote before it failed does not count. */
    s = (struct standin){.major = 10};
    CHECK(read_standin(&s, &values));
    CHECK_NUMBER(s.runs, 1);
    CHECK(!values.has_range);
    s.shown = "Access is denied.\r\n";
    CHECK(read_standin(&s, &values));
    CHECK(!values.has_range);
}

/* ---- programs ---- */

static bool run_itself(const wchar_t *argument, DWORD most_ms, struct buf *out)
{
    wchar_t program[MAX_PATH];
    DWORD length = GetModuleFileNameW(NULL, program, MAX_PATH);
    return length > 0 && length < MAX_PATH && ports_run(program, argument, most_ms, out);
}

static int say(const char *text, size_t times)
{
    while (times-- > 0) {
        (void)fputs(text, stdout);
        (void)fflush(stdout);
    }
    return 0;
}

/* -1: no argument that says what to do. */
static int act(int argc, char **argv)
{
    const char *what = argc == 2 ? argv[1] : "";
    if (strcmp(what, "range") == 0) {
        return say("Start Port : 1025\r\nNumber of Ports : 64511\r\n", 1);
    }
    if (strcmp(what, "long") == 0) {
        return say("0123456789abcdef", 4096 / 16);
    }
    if (strcmp(what, "longer") == 0) {
        return say("0123456789abcdef", 4096 / 16 + 1);
    }
    if (strcmp(what, "flood") == 0) {
        return say("0123456789abcdef", SIZE_MAX);
    }
    if (strcmp(what, "fail") == 0) {
        say("Start Port : 1025\r\nNumber of Ports : 64511\r\n", 1);
        return 3;
    }
    if (strcmp(what, "input") == 0) {
        return getchar() == EOF && fputs("no input", stdout) >= 0 ? 0 : 1;
    }
    if (strcmp(what, "errors") == 0) {
        (void)fputs("a complaint", stderr);
        return say("fine", 1);
    }
    if (strcmp(what, "hang") == 0) {
        Sleep(10 * LONG_MS);
        return 0;
    }
    return -1;
}

static void a_program_is_read_to_its_end(void)
{
    static const struct {
        const wchar_t *argument;
        const char *output;
    } cases[] = {
        {L"range", "Start Port : 1025\r\r\nNumber of Ports : 64511\r\r\n"},
        {L"input", "no input"},
        {L"errors", "fine"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out = BUF_INIT;
        CHECK(run_itself(cases[i].argument, LONG_MS, &out));
        CHECK_TEXT(buf_text(&out), cases[i].output);
        buf_free(&out);
    }
    struct ports_values values = {.windows = PORTS_8_1};
    struct buf out = BUF_INIT;
    buf_add_text(&out, "before : ");
    CHECK(run_itself(L"long", LONG_MS, &out)); /* just as much as is taken */
    CHECK_NUMBER(out.len, 4096 + strlen("before : "));
    buf_clear(&out);
    CHECK(run_itself(L"range", LONG_MS, &out) && ports_take_range(buf_text(&out), &values));
    CHECK_NUMBER(values.first, 1025);
    buf_free(&out);
}

static void a_program_that_does_not_do_well(void)
{
    static const struct {
        const wchar_t *argument;
        DWORD most_ms;
    } cases[] = {
        {L"fail", LONG_MS}, {L"longer", LONG_MS}, {L"flood", LONG_MS}, {L"hang", SHORT_MS}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out = BUF_INIT;
        DWORD started = GetTickCount();
        CHECK(!run_itself(cases[i].argument, cases[i].most_ms, &out));
        CHECK(GetTickCount() - started < LONG_MS);
        CHECK(out.len <= 8192); /* and not all that there is of a flood */
        buf_free(&out);
    }
    struct buf out = BUF_INIT;
    CHECK(!ports_run(L"C:\\no such program.exe", L"range", LONG_MS, &out));
    CHECK_NUMBER(out.len, 0);
    buf_free(&out);
}

/* The largest of many new handles: they fill the gaps between those that are open. */
static uintptr_t largest_handle(void)
{
    HANDLE events[64];
    uintptr_t largest = 0;
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        events[i] = CreateEventW(NULL, TRUE, FALSE, NULL);
        CHECK(events[i] != NULL);
        largest = (uintptr_t)events[i] > largest ? (uintptr_t)events[i] : largest;
    }
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        CloseHandle(events[i]);
    }
    return largest;
}

/* Nothing stays open, however it ends. */
static void handles_are_closed(void)
{
    static const wchar_t *const arguments[] = {L"range", L"fail", L"longer"};
    enum { RUNS = 9 };
    uintptr_t before = largest_handle();
    for (int i = 0; i < RUNS; i++) {
        struct buf out = BUF_INIT;
        (void)run_itself(arguments[i % 3], LONG_MS, &out);
        (void)ports_run(L"C:\\no such program.exe", L"", LONG_MS, &out);
        buf_free(&out);
    }
    /* From one to the next it is 4; some may be Wine's own. */
    CHECK(largest_handle() < before + (uintptr_t)4 * (RUNS - 2));
}

/* ---- for real ---- */

static const wchar_t key_path[] = L"SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters";

static void put_value(const wchar_t *name, DWORD type, const void *value, DWORD size)
{
    HKEY key;
    CHECK(RegCreateKeyExW(HKEY_LOCAL_MACHINE, key_path, 0, NULL, 0, KEY_SET_VALUE, NULL, &key,
                          NULL) == 0);
    if (value != NULL) {
        CHECK(RegSetValueExW(key, name, 0, type, value, size) == 0);
    } else {
        (void)RegDeleteValueW(key, name);
    }
    RegCloseKey(key);
}

static void the_registry_of_this_system(void)
{
    static const wchar_t name[] = L"TcpTimedWaitDelay";
    static const DWORD number = 0xfedcba98;
    struct ports_values before; /* which is there again in the end */
    struct ports_values values;
    CHECK(ports_read(&before));
    put_value(name, 0, NULL, 0);
    CHECK(ports_read(&values));
    CHECK(values.timed_wait_delay.known && !values.timed_wait_delay.there);
    CHECK(values.strict_check.known);
    put_value(name, REG_DWORD, &number, sizeof number);
    CHECK(ports_read(&values));
    CHECK(values.timed_wait_delay.known && values.timed_wait_delay.there);
    CHECK_NUMBER(values.timed_wait_delay.set, number);
    put_value(name, REG_SZ, L"30", 3 * sizeof(wchar_t)); /* a common mistake */
    CHECK(ports_read(&values));
    CHECK(!values.timed_wait_delay.known && !values.timed_wait_delay.there);
    put_value(name, REG_DWORD, &number, 2);
    CHECK(ports_read(&values));
    CHECK(!values.timed_wait_delay.known);
    DWORD was = before.timed_wait_delay.set;
    put_value(name, REG_DWORD, before.timed_wait_delay.there ? &was : NULL, sizeof was);
    CHECK(ports_read(&values));
    CHECK(values.timed_wait_delay.known);
    CHECK(values.timed_wait_delay.there == before.timed_wait_delay.there);
}

/* Wine's netsh writes nothing. */
static void the_range_of_this_system(void)
{
    struct buf out = BUF_INIT;
    struct ports_values values = {.windows = PORTS_8_1};
    bool shown = ports_native.show_range(NULL, &out);
    bool taken = shown && ports_take_range(buf_text(&out), &values);
    printf("\n    netsh %s, and wrote %zu bytes; ", shown ? "ran" : "did not run", out.len);
    if (taken) {
        printf("the range is %lu to %lu\n    ", (unsigned long)values.first,
               (unsigned long)(values.first + values.count - 1));
        CHECK(values.first >= 1025 && values.count >= 255);
    } else {
        printf("there is no range in that\n    ");
        CHECK(!values.has_range);
    }
    buf_free(&out);
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"by version", by_version},
        {"what fails is not known", what_fails_is_not_known},
        {"a program is read to its end", a_program_is_read_to_its_end},
        {"a program that does not do well", a_program_that_does_not_do_well},
        {"handles are closed", handles_are_closed},
        {"the registry of this system", the_registry_of_this_system},
        {"the range of this system", the_range_of_this_system},
    };
    int status = act(argc, argv);
    return status >= 0 ? status : RUN_SUITE("ports (Windows)", cases);
}
