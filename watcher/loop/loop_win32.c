/* The loop on Windows: WaitForMultipleObjects() over directories whose changes are read
 * (ReadDirectoryChangesW, which is there from Windows 2000 on), the thread that reads the standard
 * input, the request to stop and what the caller adds. */
#include "loop.h"

#include "input_win32.h"
#include "wide_win32.h"

#include <stdlib.h>
#include <string.h>

/* CHANGES_SIZE: a network redirector takes at most 64 KiB. LOGOFF_MS: longer than Windows waits for
 * a handler before it ends the process. */
enum { NONE = -1, CHANGES_SIZE = 16 * 1024, READS = 64, LOGOFF_MS = 60000, FAILED_MS = 200 };

#define CHANGES                                                                                    \
    (FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_DIR_NAME | FILE_NOTIFY_CHANGE_ATTRIBUTES |  \
     FILE_NOTIFY_CHANGE_SIZE | FILE_NOTIFY_CHANGE_LAST_WRITE | FILE_NOTIFY_CHANGE_CREATION |       \
     FILE_NOTIFY_CHANGE_SECURITY)

struct directory {
    wchar_t *path; /* NULL: not used */
    HANDLE handle;
    HANDLE event;
    OVERLAPPED overlapped;
    _Alignas(DWORD) BYTE changes[CHANGES_SIZE];
};

struct watch {
    int directory; /* in the loop's list, or NONE */
    wchar_t *name; /* the file's, in that directory */
    HANDLE handle; /* the caller's, or NULL */
};

struct loop {
    struct watch watches[LOOP_IDS];
    struct directory *directories[LOOP_IDS];
    struct input *input; /* made when somebody first listens */
    bool listening;
    DWORD tick; /* of the last look at the clock, for the part above 32 bits */
    uint64_t tick_base;
};

/* What the handler of console events can reach: it runs in a thread that Windows makes for it, and
 * gets no context. Set before the handler is there, and only changed once it is gone. */
static struct {
    HANDLE stop;
    volatile LONG cause; /* of enum loop_stop_cause */
    bool interactive;    /* not a service, which every user's logging off is told as well */
} requests;

/* ---- requests to stop ---- */

static void request_stop(enum loop_stop_cause cause)
{
    InterlockedCompareExchange(&requests.cause, (LONG)cause, LOOP_STOP_NONE);
    SetEvent(requests.stop);
}

static BOOL WINAPI on_console_event(DWORD event)
{
    switch (event) {
    case CTRL_C_EVENT:
    case CTRL_BREAK_EVENT:
        request_stop(LOOP_STOP_INTERRUPT);
        return TRUE;
    case CTRL_LOGOFF_EVENT:
        if (!requests.interactive) {
            return TRUE;
        }
        request_stop(LOOP_STOP_HANGUP);
        break;
    case CTRL_CLOSE_EVENT:
        request_stop(LOOP_STOP_HANGUP);
        break;
    default:
        request_stop(LOOP_STOP_SHUTDOWN);
        break;
    }
    /* Windows ends the process as soon as this returns; meanwhile the loop's thread saves what it
     * has and ends the process itself. */
    Sleep(LOGOFF_MS);
    return TRUE;
}

static bool is_interactive(void)
{
    USEROBJECTFLAGS flags = {0};
    DWORD needed;
    HWINSTA station = GetProcessWindowStation();
    return station != NULL &&
           GetUserObjectInformationW(station, UOI_FLAGS, &flags, sizeof flags, &needed) != 0 &&
           (flags.dwFlags & WSF_VISIBLE) != 0;
}

void loop_stop(struct loop *loop)
{
    (void)loop;
    request_stop(LOOP_STOP_ASKED);
}

/* ---- opening and closing ---- */

enum os_status loop_open(struct loop **out)
{
    *out = NULL;
    struct loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL) {
        return OS_NO_MEMORY;
    }
    for (size_t i = 0; i < LOOP_IDS; i++) {
        loop->watches[i].directory = NONE;
    }
    loop->tick = GetTickCount();
    requests.cause = LOOP_STOP_NONE;
    requests.interactive = is_interactive();
    requests.stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (requests.stop == NULL) {
        free(loop);
        return OS_IO;
    }
    SetConsoleCtrlHandler(on_console_event, TRUE); /* fails only where there is no console */
    *out = loop;
    return OS_OK;
}

void loop_close(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    SetConsoleCtrlHandler(on_console_event, FALSE);
    for (unsigned id = 0; id < LOOP_IDS; id++) {
        loop_unwatch(loop, id);
    }
    input_close(loop->input);
    CloseHandle(requests.stop);
    requests.stop = NULL;
    free(loop);
}

/* ---- directories ---- */

static void close_directory(struct directory *directory)
{
    if (directory->handle != INVALID_HANDLE_VALUE) {
        /* The buffer must not go before the system has let go of it. */
        DWORD got;
        CancelIo(directory->handle);
        GetOverlappedResult(directory->handle, &directory->overlapped, &got, TRUE);
        CloseHandle(directory->handle);
    }
    if (directory->event != NULL) {
        CloseHandle(directory->event);
    }
    free(directory->path);
    free(directory);
}

static bool ask_for_changes(struct directory *directory)
{
    memset(&directory->overlapped, 0, sizeof directory->overlapped);
    directory->overlapped.hEvent = directory->event;
    return ReadDirectoryChangesW(directory->handle, directory->changes, CHANGES_SIZE, FALSE,
                                 CHANGES, NULL, &directory->overlapped, NULL) != 0;
}

static enum os_status status_of(DWORD error)
{
    switch (error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
    case ERROR_BAD_NETPATH:
    case ERROR_DIRECTORY:
        return OS_NOT_FOUND;
    case ERROR_ACCESS_DENIED:
        return OS_DENIED;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
        return OS_NO_MEMORY;
    case ERROR_NO_SYSTEM_RESOURCES:
    case ERROR_TOO_MANY_OPEN_FILES:
        return OS_FULL;
    default:
        return OS_UNSUPPORTED;
    }
}

/* Takes over `path`. */
static enum os_status open_directory(wchar_t *path, struct directory **out)
{
    struct directory *directory = calloc(1, sizeof *directory);
    if (directory == NULL) {
        free(path);
        return OS_NO_MEMORY;
    }
    directory->path = path;
    directory->event = CreateEventW(NULL, TRUE, FALSE, NULL);
    directory->handle = CreateFileW(
        path, FILE_LIST_DIRECTORY, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
        OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OVERLAPPED, NULL);
    if (directory->event == NULL || directory->handle == INVALID_HANDLE_VALUE ||
        !ask_for_changes(directory)) {
        DWORD error = GetLastError();
        if (directory->handle != INVALID_HANDLE_VALUE) {
            CloseHandle(directory->handle); /* nothing is under way on it */
            directory->handle = INVALID_HANDLE_VALUE;
        }
        close_directory(directory);
        return status_of(error);
    }
    *out = directory;
    return OS_OK;
}

static bool same_name(const wchar_t *a, int a_length, const wchar_t *b)
{
    return CompareStringW(LOCALE_INVARIANT, NORM_IGNORECASE, a, a_length, b, -1) == CSTR_EQUAL;
}

/* The number of the directory in the list, which is opened where it is not there yet. Takes over
 * `path`. */
static enum os_status find_directory(struct loop *loop, wchar_t *path, int *number)
{
    int empty = NONE;
    for (int i = 0; i < LOOP_IDS; i++) {
        if (loop->directories[i] == NULL) {
            empty = empty == NONE ? i : empty;
        } else if (same_name(path, -1, loop->directories[i]->path)) {
            free(path);
            *number = i;
            return OS_OK;
        }
    }
    if (empty == NONE) {
        free(path);
        return OS_FULL;
    }
    *number = empty;
    return open_directory(path, &loop->directories[empty]);
}

static void drop_directory_unless_used(struct loop *loop, int number)
{
    for (size_t i = 0; i < LOOP_IDS; i++) {
        if (loop->watches[i].directory == number) {
            return;
        }
    }
    close_directory(loop->directories[number]);
    loop->directories[number] = NULL;
}

/* ---- watches ---- */

void loop_unwatch(struct loop *loop, unsigned id)
{
    if (id >= LOOP_IDS) {
        return;
    }
    struct watch *watch = &loop->watches[id];
    int directory = watch->directory;
    free(watch->name);
    *watch = (struct watch){.directory = NONE};
    if (directory != NONE) {
        drop_directory_unless_used(loop, directory);
    }
}

/* The path as the system sees it, from its drive or server on; the caller frees. */
static wchar_t *full_path(const char *path)
{
    wchar_t *wide = wide_path(path);
    DWORD size = wide != NULL ? GetFullPathNameW(wide, 0, NULL, NULL) : 0;
    wchar_t *full = size > 0 ? calloc(size, sizeof *full) : NULL;
    if (full != NULL && GetFullPathNameW(wide, size, full, NULL) >= size) {
        free(full);
        full = NULL;
    }
    free(wide);
    return full;
}

enum os_status loop_watch(struct loop *loop, unsigned id, const char *path)
{
    if (id >= LOOP_IDS) {
        return OS_UNSUPPORTED;
    }
    loop_unwatch(loop, id);
    wchar_t *directory = full_path(path);
    wchar_t *slash = directory != NULL ? wcsrchr(directory, L'\\') : NULL;
    wchar_t *name = slash != NULL ? _wcsdup(slash + 1) : NULL;
    if (name == NULL) {
        free(directory);
        return directory == NULL || slash == NULL ? OS_NOT_FOUND : OS_NO_MEMORY;
    }
    slash[1] = L'\0'; /* "C:" without its backslash would be another directory */
    int number = NONE;
    enum os_status status = find_directory(loop, directory, &number);
    if (status != OS_OK) {
        free(name);
        return status;
    }
    loop->watches[id] = (struct watch){.directory = number, .name = name};
    return OS_OK;
}

enum os_status loop_watch_handle(struct loop *loop, unsigned id, intptr_t handle)
{
    if (id >= LOOP_IDS || handle == 0 || handle == -1) {
        return OS_UNSUPPORTED;
    }
    loop_unwatch(loop, id);
    loop->watches[id].handle = (HANDLE)handle;
    return OS_OK;
}

/* ---- changes ---- */

static void mark_all(const struct loop *loop, int directory, uint32_t *ids)
{
    for (unsigned id = 0; id < LOOP_IDS; id++) {
        if (loop->watches[id].directory == directory) {
            *ids |= UINT32_C(1) << id;
        }
    }
}

/* The system may name a file by its short name, which cannot be told from here. */
static void mark_name(const struct loop *loop, int directory, const wchar_t *name, int length,
                      struct loop_wake *wake)
{
    bool maybe_short = false;
    for (int i = 0; i < length; i++) {
        maybe_short = maybe_short || name[i] == L'~';
    }
    for (unsigned id = 0; id < LOOP_IDS; id++) {
        const struct watch *watch = &loop->watches[id];
        if (watch->directory == directory &&
            (maybe_short || same_name(name, length, watch->name))) {
            wake->changed |= UINT32_C(1) << id;
        }
    }
}

static void mark_changes(const struct loop *loop, int number, DWORD size, struct loop_wake *wake)
{
    const BYTE *changes = loop->directories[number]->changes;
    const DWORD fixed = (DWORD)offsetof(FILE_NOTIFY_INFORMATION, FileName);
    DWORD offset = 0;
    if (size == 0) {
        mark_all(loop, number, &wake->changed); /* more than the buffer holds */
    }
    while (size >= fixed && offset <= size - fixed) {
        FILE_NOTIFY_INFORMATION change;
        memcpy(&change, changes + offset, fixed);
        if (change.FileNameLength > size - fixed - offset) {
            break;
        }
        mark_name(loop, number, (const wchar_t *)(const void *)(changes + offset + fixed),
                  (int)(change.FileNameLength / sizeof(wchar_t)), wake);
        if (change.NextEntryOffset == 0 || change.NextEntryOffset > size - offset) {
            break;
        }
        offset += change.NextEntryOffset;
    }
}

static void lose(struct loop *loop, int number, struct loop_wake *wake)
{
    mark_all(loop, number, &wake->lost);
    wake->changed |= wake->lost;
    for (unsigned id = 0; id < LOOP_IDS; id++) {
        if (loop->watches[id].directory == number) {
            loop_unwatch(loop, id);
        }
    }
}

/* Takes all that has come, so that many changes make one wake. */
static void take_changes(struct loop *loop, int number, struct loop_wake *wake)
{
    struct directory *directory = loop->directories[number];
    for (int i = 0; i < READS; i++) {
        DWORD got = 0;
        if (!HasOverlappedIoCompleted(&directory->overlapped)) {
            return;
        }
        bool ok = GetOverlappedResult(directory->handle, &directory->overlapped, &got, FALSE) != 0;
        if (!ok && GetLastError() == ERROR_NOTIFY_ENUM_DIR) {
            ok = true; /* more than the buffer holds; usually this is told by no bytes at all */
            got = 0;
        }
        if (ok) {
            mark_changes(loop, number, got, wake);
        }
        if (!ok || !ask_for_changes(directory)) {
            lose(loop, number, wake);
            return;
        }
    }
}

/* ---- typed lines ---- */

void loop_listen(struct loop *loop, bool on)
{
    if (on && loop->input == NULL) {
        loop->input = input_open();
    }
    if (on && !loop->listening && loop->input != NULL) {
        input_listen(loop->input);
    }
    loop->listening = on;
}

enum loop_line loop_read_line(struct loop *loop, struct buf *line)
{
    buf_clear(line);
    enum loop_line result = loop->input != NULL ? input_take(loop->input, line) : LOOP_LINE_END;
    if (result == LOOP_LINE_END) {
        loop->listening = false;
    }
    return result;
}

/* ---- waiting ---- */

uint64_t loop_now_ms(struct loop *loop)
{
    DWORD now = GetTickCount(); /* GetTickCount64() is not on XP; this one wraps after 49.7 days */
    if (now < loop->tick) {
        loop->tick_base += UINT64_C(1) << 32;
    }
    loop->tick = now;
    return loop->tick_base + now;
}

enum { FROM_STOP = -1, FROM_INPUT = -2, FROM_DIRECTORY = -3 };

struct sources {
    HANDLE handles[MAXIMUM_WAIT_OBJECTS];
    int from[MAXIMUM_WAIT_OBJECTS];   /* an id, or one of the above */
    int number[MAXIMUM_WAIT_OBJECTS]; /* of the directory */
    DWORD count;
};

_Static_assert(2 + LOOP_IDS <= MAXIMUM_WAIT_OBJECTS, "every id is a directory's or a handle's");

static void add_source(struct sources *sources, HANDLE handle, int from, int number)
{
    sources->handles[sources->count] = handle;
    sources->from[sources->count] = from;
    sources->number[sources->count] = number;
    sources->count++;
}

static void list_sources(const struct loop *loop, struct sources *sources)
{
    sources->count = 0;
    add_source(sources, requests.stop, FROM_STOP, 0);
    if (loop->listening && loop->input != NULL) {
        add_source(sources, input_ready(loop->input), FROM_INPUT, 0);
    }
    for (int i = 0; i < LOOP_IDS; i++) {
        if (loop->directories[i] != NULL) {
            add_source(sources, loop->directories[i]->event, FROM_DIRECTORY, i);
        }
    }
    for (int id = 0; id < LOOP_IDS; id++) {
        if (loop->watches[id].handle != NULL) {
            add_source(sources, loop->watches[id].handle, id, 0);
        }
    }
}

static void take_source(struct loop *loop, const struct sources *sources, DWORD index,
                        struct loop_wake *wake)
{
    switch (sources->from[index]) {
    case FROM_STOP:
        wake->stop = (enum loop_stop_cause)requests.cause;
        wake->reasons |= LOOP_STOP;
        break;
    case FROM_INPUT:
        wake->reasons |= LOOP_INPUT;
        break;
    case FROM_DIRECTORY:
        take_changes(loop, sources->number[index], wake);
        break;
    default:
        wake->changed |= UINT32_C(1) << sources->from[index];
        break;
    }
}

struct loop_wake loop_wait(struct loop *loop, int64_t timeout_ms)
{
    struct sources sources;
    struct loop_wake wake = {0};
    uint64_t start = loop_now_ms(loop);
    for (;;) {
        uint64_t gone = loop_now_ms(loop) - start;
        uint64_t left =
            timeout_ms > 0 && gone < (uint64_t)timeout_ms ? (uint64_t)timeout_ms - gone : 0;
        DWORD wait = left > INT_MAX ? INT_MAX : (DWORD)left;
        list_sources(loop, &sources);
        DWORD first = WaitForMultipleObjects(sources.count, sources.handles, FALSE,
                                             timeout_ms < 0 ? INFINITE : wait);
        /* A handle that resets itself is reset once it has been seen, so each is asked only once.
         */
        for (DWORD i = 0; first < sources.count && i < sources.count; i++) {
            if (i == first ||
                (i > first && WaitForSingleObject(sources.handles[i], 0) == WAIT_OBJECT_0)) {
                take_source(loop, &sources, i, &wake);
            }
        }
        wake.reasons |= wake.changed != 0 ? LOOP_CHANGED : 0;
        if (wake.reasons != LOOP_TIMEOUT || (timeout_ms >= 0 && left == 0)) {
            return wake;
        }
        if (first == WAIT_FAILED) {
            Sleep(FAILED_MS); /* a handle that was closed; never spin */
        }
    }
}
