/* The values of the running Windows: numbers of the registry, and from Vista on the range of
 * dynamic ports. That stands at no documented place of the registry, so netsh is asked, which is
 * the way that Microsoft names. */
#include "ports_win32.h"

#include "needs.h"
#include "registry_win32.h"

#include <stdlib.h>
#include <wchar.h>

enum {
    OUTPUT_MOST = 4096, /* bytes; netsh writes some 150 */
    NETSH_MOST_MS = 5000,
    POLL_MS = 20,
};

/* ---- the registry ---- */

static struct ports_number read_number(void *context, const wchar_t *name)
{
    DWORD value = 0;
    (void)context;
    switch (registry_read_number(REGISTRY_TCPIP, name, &value)) {
    case ERROR_SUCCESS:
        return (struct ports_number){.known = true, .there = true, .set = value};
    case ERROR_FILE_NOT_FOUND:
        return (struct ports_number){.known = true};
    default:
        return (struct ports_number){.known = false};
    }
}

/* ---- running a program ---- */

/* A pipe, of which only the end for writing is for the program that will be started. */
static bool make_pipe(HANDLE *reading, HANDLE *writing)
{
    if (CreatePipe(reading, writing, NULL, 0) == 0) {
        *reading = NULL;
        *writing = NULL;
        return false;
    }
    return SetHandleInformation(*writing, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) != 0;
}

static HANDLE open_nothing(void)
{
    SECURITY_ATTRIBUTES inherited = {.nLength = sizeof inherited, .bInheritHandle = TRUE};
    HANDLE file =
        CreateFileW(L"NUL", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                    &inherited, OPEN_EXISTING, 0, NULL);
    return file != INVALID_HANDLE_VALUE ? file : NULL;
}

static void close_handle(HANDLE handle)
{
    if (handle != NULL) {
        CloseHandle(handle);
    }
}

/* The process; NULL when it cannot be started. Its directory is Windows' own, so that it keeps no
 * other one busy. */
static HANDLE start(const wchar_t *program, wchar_t *line, HANDLE nothing, HANDLE writing)
{
    wchar_t directory[MAX_PATH];
    PROCESS_INFORMATION process;
    STARTUPINFOW info = {.cb = sizeof info,
                         .dwFlags = STARTF_USESTDHANDLES,
                         .hStdInput = nothing,
                         .hStdOutput = writing,
                         .hStdError = nothing};
    UINT length = GetSystemDirectoryW(directory, MAX_PATH);
    if (length == 0 || length >= MAX_PATH ||
        CreateProcessW(program, line, NULL, NULL, TRUE, CREATE_NO_WINDOW, NULL, directory, &info,
                       &process) == 0) {
        return NULL;
    }
    CloseHandle(process.hThread);
    return process.hProcess;
}

/* Adds what is in the pipe now, without waiting for more. False: it is too much. */
static bool drain(HANDLE reading, struct buf *out, size_t most)
{
    DWORD waiting = 0;
    while (out->len <= most && !out->failed &&
           PeekNamedPipe(reading, NULL, 0, NULL, &waiting, NULL) != 0 && waiting > 0) {
        char bytes[512];
        DWORD got = 0;
        if (ReadFile(reading, bytes, sizeof bytes, &got, NULL) == 0 || got == 0) {
            break;
        }
        buf_add(out, bytes, got);
    }
    return out->len <= most && !out->failed;
}

/* Waits for the end, and empties the pipe meanwhile, lest the program wait for that. */
static bool follow(HANDLE process, HANDLE reading, DWORD most_ms, struct buf *out)
{
    DWORD started = GetTickCount();
    DWORD code = 1;
    size_t most = out->len + OUTPUT_MOST;
    bool ended;
    bool fits;
    do {
        ended = WaitForSingleObject(process, POLL_MS) == WAIT_OBJECT_0;
        fits = drain(reading, out, most);
    } while (!ended && fits && GetTickCount() - started < most_ms);
    if (!ended) {
        TerminateProcess(process, 1);
        WaitForSingleObject(process, INFINITE);
        return false;
    }
    return fits && GetExitCodeProcess(process, &code) != 0 && code == 0;
}

/* The command line begins with the program, in quotes. NULL when memory is out. */
static wchar_t *make_line(const wchar_t *program, const wchar_t *arguments)
{
    size_t length = wcslen(program) + wcslen(arguments) + 4;
    wchar_t *line = malloc(length * sizeof *line);
    if (line != NULL) {
        line[0] = L'\0';
        wcscat(line, L"\"");
        wcscat(line, program);
        wcscat(line, L"\" ");
        wcscat(line, arguments);
    }
    return line;
}

bool ports_run(const wchar_t *program, const wchar_t *arguments, DWORD most_ms, struct buf *out)
{
    HANDLE reading = NULL;
    HANDLE writing = NULL;
    HANDLE process = NULL;
    HANDLE nothing = open_nothing();
    wchar_t *line = make_line(program, arguments);
    bool good = false;
    if (nothing != NULL && line != NULL && make_pipe(&reading, &writing)) {
        process = start(program, line, nothing, writing);
    }
    close_handle(writing);
    if (process != NULL) {
        good = follow(process, reading, most_ms, out);
    }
    close_handle(process);
    close_handle(reading);
    close_handle(nothing);
    free(line);
    return good;
}

/* ---- the calls ---- */

static bool read_version(void *context, uint32_t *major, uint32_t *minor)
{
    struct needs_facts facts = {.running = true};
    (void)context;
    if (!needs_windows_version(&facts)) {
        return false;
    }
    *major = facts.major;
    *minor = facts.minor;
    return true;
}

/* The one in the system directory, which no other program of that name can stand in for. */
static bool show_range(void *context, struct buf *out)
{
    static const wchar_t name[] = L"\\netsh.exe";
    wchar_t program[MAX_PATH];
    UINT length = GetSystemDirectoryW(program, MAX_PATH);
    (void)context;
    if (length == 0 || length + sizeof name / sizeof name[0] > MAX_PATH) {
        return false;
    }
    wcscpy(program + length, name);
    return ports_run(program, L"int ipv4 show dynamicport tcp", NETSH_MOST_MS, out);
}

const struct ports_calls ports_native = {NULL, read_version, read_number, show_range};

/* ---- all of it ---- */

static enum ports_windows windows_of(uint32_t major, uint32_t minor)
{
    if (major < 6) {
        return PORTS_XP;
    }
    return major == 6 && minor < 3 ? PORTS_VISTA : PORTS_8_1;
}

bool ports_read_by(const struct ports_calls *calls, struct ports_values *out)
{
    uint32_t major;
    uint32_t minor;
    *out = (struct ports_values){.has_range = false};
    if (!calls->version(calls->context, &major, &minor)) {
        return false;
    }
    out->windows = windows_of(major, minor);
    out->max_user_port = calls->number(calls->context, L"MaxUserPort");
    out->timed_wait_delay = calls->number(calls->context, L"TcpTimedWaitDelay");
    out->strict_check = calls->number(calls->context, L"StrictTimeWaitSeqCheck");
    if (out->windows >= PORTS_VISTA) {
        struct buf shown = BUF_INIT;
        if (calls->show_range(calls->context, &shown)) {
            (void)ports_take_range(buf_text(&shown), out);
        }
        buf_free(&shown);
    }
    return true;
}

bool ports_read(struct ports_values *out)
{
    return ports_read_by(&ports_native, out);
}
