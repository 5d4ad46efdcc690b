/* The stack protector's canary, and what happens when it was overwritten. gcc's own library would
 * ask the CryptoAPI for a random number: that loads a provider, whose DLLs Windows looks for beside
 * the program first. So anybody who can put a file there would have had it loaded. */
#include <windows.h>

#include <stdint.h>

/* The names are the compiler's. */
extern uintptr_t __stack_chk_guard; /* NOLINT(bugprone-reserved-identifier) */
void __stack_chk_fail(void);        /* NOLINT(bugprone-reserved-identifier) */

uintptr_t __stack_chk_guard;

/* From what nobody outside of the process knows exactly: the time to less than a microsecond, where
 * the stack lies, and the process's own numbers. Visual C's startup code takes the same. The lowest
 * byte is a NUL, where a text that is too long would end. */
__attribute__((constructor(101), no_stack_protector)) static void set_guard(void)
{
    FILETIME time;
    LARGE_INTEGER count;
    GetSystemTimeAsFileTime(&time);
    (void)QueryPerformanceCounter(&count);
    uint64_t mixed = (uint64_t)count.QuadPart * UINT64_C(0x9e3779b97f4a7c15);
    mixed ^= (uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime;
    mixed = (mixed ^ mixed >> 32) * UINT64_C(0xd6e8feb86659fd93);
    mixed ^= (uint64_t)GetCurrentProcessId() << 32 | GetCurrentThreadId();
    mixed ^= (uint64_t)(uintptr_t)&time;
    mixed = (mixed ^ mixed >> 32) * UINT64_C(0xd6e8feb86659fd93);
    mixed ^= mixed >> 32;
    __stack_chk_guard = (uintptr_t)mixed & ~(uintptr_t)0xff;
}

/* Nothing of the process can be relied on any more, so that it says one sentence and ends. */
__attribute__((noreturn)) void __stack_chk_fail(void)
{
    static const char text[] =
        "Stopped: stack smashing detected. This is a mistake in the program; "
        "please report it with what it was doing.\r\n";
    DWORD written;
    (void)WriteFile(GetStdHandle(STD_ERROR_HANDLE), text, sizeof text - 1, &written, NULL);
    (void)TerminateProcess(GetCurrentProcess(), 3);
    for (;;) {
    }
}
