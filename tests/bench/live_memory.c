/* live_memory [EVENTS]: what a live log costs while events go through it, in bursts between which
 * it wraps. For each kind it prints the private memory and the number of handles of this process
 * before, after a tenth of the events (100,000 if none are named) and after all of them; then the
 * log is cleared, and more follow. Each event has to come through once.
 *
 * Exit status: 0 flat, 1 growing or wrong, 2 the system does not tell. */
#include "unit/live_fixture.h"

#include "standin/classic_log.h"
#include "standin/event_service.h"

#include <psapi.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PORTION = 500,             /* written before they are read, and then overwritten */
    WARM_UP = 5000,            /* until the C library and the stand-in have what they keep */
    MEMORY_SLACK = 256 * 1024, /* bytes that a heap may move by */
};

typedef BOOL(WINAPI *memory_fn)(HANDLE process, PROCESS_MEMORY_COUNTERS *out, DWORD size);
typedef BOOL(WINAPI *handles_fn)(HANDLE process, PDWORD count);
typedef LONG(WINAPI *query_fn)(int kind, void *out, ULONG size, ULONG *got);

struct used {
    uint64_t memory; /* bytes */
    DWORD handles;
};

/* Each may be missing. */
static struct {
    memory_fn memory;
    handles_fn handles;
    query_fn query;
} calls;

/* Wine says 0: then what is committed and not shared, page by page. */
static uint64_t private_memory(void)
{
    PROCESS_MEMORY_COUNTERS_EX counters = {.cb = sizeof counters};
    if (calls.memory != NULL &&
        calls.memory(GetCurrentProcess(), (PROCESS_MEMORY_COUNTERS *)&counters, sizeof counters) !=
            0 &&
        counters.PrivateUsage > 0) {
        return counters.PrivateUsage;
    }
    MEMORY_BASIC_INFORMATION info;
    uint64_t sum = 0;
    for (char *at = NULL; VirtualQuery(at, &info, sizeof info) != 0;
         at = (char *)info.BaseAddress + info.RegionSize) {
        sum += info.State == MEM_COMMIT && info.Type == MEM_PRIVATE ? info.RegionSize : 0;
    }
    return sum;
}

/* SYSTEM_HANDLE_INFORMATION of NtQuerySystemInformation. */
struct system_handles {
    ULONG count;
    struct {
        USHORT process;
        USHORT trace;
        UCHAR type;
        UCHAR flags;
        USHORT value;
        void *object;
        ULONG access;
    } handles[];
};

enum { SYSTEM_HANDLES = 16, SYSTEM_HANDLES_MOST = 16 * 1024 * 1024 };

/* Wine says 0 handles: then those of the whole system that are of this process. */
static DWORD handle_count(void)
{
    static struct system_handles *all;
    DWORD count = 0;
    if (calls.handles != NULL && calls.handles(GetCurrentProcess(), &count) != 0 && count > 0) {
        return count;
    }
    if (all == NULL) {
        all = VirtualAlloc(NULL, SYSTEM_HANDLES_MOST, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    }
    if (all != NULL && calls.query != NULL &&
        calls.query(SYSTEM_HANDLES, all, SYSTEM_HANDLES_MOST, NULL) == 0) {
        for (ULONG i = 0; i < all->count; i++) {
            count += all->handles[i].process == (USHORT)GetCurrentProcessId();
        }
    }
    return count;
}

static bool look(struct used *used)
{
    used->handles = handle_count();
    used->memory = private_memory();
    return used->memory > 0 && used->handles > 0;
}

struct kind {
    const char *name;
    void (*begin)(void);
    struct live *(*open)(void);
    void (*write)(int64_t seconds_ago);
    void (*drop)(size_t count);
    void (*clear)(void);
    void (*end)(void);
};

static void begin_classic(void)
{
    classic_log_begin(1);
}

static struct live *open_classic(void)
{
    return classic_new(&classic_log_calls, L"System");
}

static struct live *open_channel(void)
{
    return channel_new(&event_service_calls, L"System");
}

static const struct kind kinds[] = {
    {"classic", begin_classic, open_classic, classic_log_write_event, classic_log_drop,
     begin_classic, classic_log_end},
    {"channel", event_service_begin, open_channel, event_service_add_event, event_service_drop,
     event_service_clear, event_service_end},
};

/* False when not each of them came through once. */
static bool pass_through(const struct kind *kind, struct live_fixture *f, size_t *kept,
                         uint64_t count)
{
    live_forget(f);
    for (uint64_t done = 0; done < count; done += PORTION) {
        for (int i = 0; i < PORTION; i++) {
            kind->write(0);
        }
        if (!live_read(f)) {
            return false;
        }
        kind->drop(*kept + PORTION - 1); /* the last one is the place */
        *kept = 1;
    }
    return f->matches == count && f->lost == 0;
}

/* What is in a cleared log comes through once as well, and the gap is told once. */
static bool pass_cleared(const struct kind *kind, struct live_fixture *f)
{
    kind->clear();
    live_forget(f);
    for (int i = 0; i < PORTION; i++) {
        kind->write(0);
    }
    return live_read(f) && f->matches == PORTION && f->lost == 1;
}

static int measure(const struct kind *kind, uint64_t events)
{
    const uint64_t counts[] = {events / 10, events - events / 10};
    struct live_fixture f;
    struct used before = {0};
    uint64_t total = 0;
    size_t kept = 0; /* records still in the log */
    int result = 0;
    kind->begin();
    live_begin(&f, kind->open());
    if (f.source.live == NULL || !pass_through(kind, &f, &kept, WARM_UP) || !look(&before)) {
        result = 2;
    }
    printf("%s: before      %8llu KiB private, %lu handles\n", kind->name,
           (unsigned long long)before.memory / 1024, (unsigned long)before.handles);
    for (size_t i = 0; i < 2 && result == 0; i++) {
        struct used after = {0};
        if (!pass_through(kind, &f, &kept, counts[i])) {
            printf("%s: events were lost\n", kind->name);
            result = 1;
        } else if (!look(&after)) {
            result = 2;
        } else if (after.handles > before.handles || after.memory > before.memory + MEMORY_SLACK) {
            result = 1;
        }
        total += counts[i];
        printf("%s: %8llu events %5llu KiB private, %lu handles\n", kind->name,
               (unsigned long long)total, (unsigned long long)after.memory / 1024,
               (unsigned long)after.handles);
    }
    if (result == 0 && !pass_cleared(kind, &f)) {
        printf("%s: events were lost or repeated when the log was cleared\n", kind->name);
        result = 1;
    }
    live_end(&f);
    kind->end();
    return result;
}

/* For reliability_summary.py, where the test command asks for it. */
static void keep_figures(uint64_t events, int result)
{
    const char *path = getenv("TCPIPWATCH_FIGURES");
    FILE *file = path != NULL ? fopen(path, "w") : NULL;
    if (file != NULL) {
        fprintf(file, "events %llu\nlost %d\nwrong %d\ncrashes 0\n", (unsigned long long)events,
                result == 1 ? 1 : 0, result);
        (void)fclose(file);
    }
}

static FARPROC find(const wchar_t *dll, const char *name)
{
    HMODULE module = LoadLibraryW(dll);
    return module != NULL ? GetProcAddress(module, name) : NULL;
}

int main(int argc, char **argv)
{
    uint64_t events = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
    int result = 0;
    if (events < 10 * PORTION || events % (10 * PORTION) != 0) {
        fprintf(stderr, "usage: live_memory [EVENTS], a multiple of %d\n", 10 * PORTION);
        return 2;
    }
    if (getenv("TCPIPWATCH_FIGURES") != NULL) {
        (void)remove(getenv("TCPIPWATCH_FIGURES"));
    }
    calls.memory = (memory_fn)(void (*)(void))find(L"psapi.dll", "GetProcessMemoryInfo");
    calls.handles = (handles_fn)(void (*)(void))find(L"kernel32.dll", "GetProcessHandleCount");
    calls.query = (query_fn)(void (*)(void))find(L"ntdll.dll", "NtQuerySystemInformation");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        int one = measure(&kinds[i], events);
        result = result > one ? result : one;
    }
    keep_figures(events * (sizeof kinds / sizeof kinds[0]), result);
    return result;
}
