#include "clock.h"

#include <windows.h>

#include <inttypes.h>
#include <stdio.h>

uint64_t clock_now(void)
{
    FILETIME now;
    GetSystemTimeAsFileTime(&now);
    return (uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime;
}

/* SYSTEM_TIMEOFDAY_INFORMATION, of which winternl.h gives only the size, 48 bytes. The names and
 * what they mean: ReactOS, sdk/include/ndk/extypes.h and ntoskrnl/ke/clock.c, where setting the
 * clock adds the same step to both values. Times are 100 ns steps since 1601. */
struct time_of_day {
    uint64_t boot_time;
    uint64_t current_time;
    uint64_t time_zone_bias;
    uint32_t time_zone_id;
    uint32_t reserved;
    uint64_t boot_time_bias;
    uint64_t sleep_time_bias;
};

enum { TIME_OF_DAY = 3 };

typedef LONG(WINAPI *query_fn)(int kind, void *out, ULONG size, ULONG *got);

bool boot_identity(char out[BOOT_IDENTITY_SIZE])
{
    struct time_of_day times = {0};
    ULONG got = 0;
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    FARPROC found = ntdll != NULL ? GetProcAddress(ntdll, "NtQuerySystemInformation") : NULL;
    query_fn query = (query_fn)(void (*)(void))found;
    out[0] = '\0';
    if (query == NULL || query(TIME_OF_DAY, &times, sizeof times, &got) != 0 ||
        got < sizeof times || times.boot_time == 0) {
        return false;
    }
    snprintf(out, BOOT_IDENTITY_SIZE, "boot-%016" PRIx64, times.boot_time - times.boot_time_bias);
    return true;
}
