#!/bin/sh
# wine_planting.sh BUILD: a DLL that somebody has put beside the Windows programs is not loaded, and
# their stack protector works. hardening.py looks at what they import; this, at what is loaded.
# shellcheck disable=SC2154 # set by lib.sh
. "$(dirname "$0")/lib.sh"
begin "$1"

cc=$(sed -n 's/^set(CMAKE_C_COMPILER "\(.*\)")$/\1/p' "$build"/CMakeFiles/*/CMakeCCompiler.cmake)

# It writes a line as soon as it is loaded.
cat > plant.c << 'C'
#include <stdio.h>
#include <windows.h>
__declspec(dllexport) DWORD WINAPI timeGetTime(void);
DWORD WINAPI timeGetTime(void) { return 0; }
BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, LPVOID reserved)
{
    char name[MAX_PATH];
    FILE *file;
    (void)reserved;
    if (reason == DLL_PROCESS_ATTACH && GetModuleFileNameA(module, name, sizeof name) != 0 &&
        (file = fopen("planted.txt", "a")) != NULL) {
        fprintf(file, "%s\n", name);
        fclose(file);
    }
    return TRUE;
}
C
cat > victim.c << 'C'
__declspec(dllimport) unsigned long __stdcall timeGetTime(void);
int main(void) { return timeGetTime() != 0; }
C
cat > bare.c << 'C'
long __stdcall RegCloseKey(void *);
short **__stdcall CommandLineToArgvW(const short *, int *);
void *__stdcall GetDesktopWindow(void);
void *volatile imports[] = {(void *)RegCloseKey, (void *)CommandLineToArgvW, (void *)GetDesktopWindow};
int main(void) { return 0; }
C
# The programs bring a stack protector of their own, since gcc's is what loads those DLLs.
cat > smash.c << 'C'
#include <stdint.h>
#include <stdio.h>
extern uintptr_t __stack_chk_guard;
int main(int argc, char **argv)
{
    char name[8];
    char *volatile to = name;
    (void)argc;
    printf("%llx\n", (unsigned long long)__stack_chk_guard);
    fflush(stdout);
    for (size_t i = 0; argv[1][i] != '\0'; i++) {
        to[i] = argv[1][i];
    }
    return 0;
}
C
check "builds a program that smashes its stack" "$cc" -O2 -fstack-protector-strong smash.c \
    "$build/libpatchcore.a" -o smash.exe
expect 0 "a text that fits" sh "$tests/wine_run.sh" smash.exe fits
mv out first
expect 3 "a text that does not" sh "$tests/wine_run.sh" smash.exe \
    aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
says err "stack smashing detected"
check "the canary ends in a NUL" grep -q '^[0-9a-f]\{4,14\}00' first
check "the canary is another one each time" test "$(cat first)" != "$(cat out)"

mkdir beside
check "builds the DLL" "$cc" -shared -O2 -w plant.c -o plant.dll
check "builds a program that can be had" "$cc" -O2 victim.c -o beside/victim.exe -lwinmm
check "builds a program that does nothing" "$cc" -O2 bare.c -o beside/bare.exe -ladvapi32 -lshell32 \
    -luser32
cp "$build/tcpipwatch.exe" "$build/tcpippatch.exe" "$build/tests/take_census_win32.exe" beside
cp "$tests/../data/xp_SysEvent_excerpt_3870-3990.evt" "$tests/../../conf/tcpipwatch.ini" beside
cd beside || exit 1

# Not those that hardening.py knows to come from system32 in any case: Wine has no such list.
names="apphelp bcrypt bcryptprimitives comctl32 crypt32 cryptbase cryptsp dbghelp dnsapi imm32 iphlpapi mpr
    netapi32 nsi ntmarta profapi psapi rsaenh sechost secur32 setupapi sfc sfc_os userenv uxtheme version
    winmm ws2_32 wtsapi32 libgcc_s_seh-1 libiconv-2 liblzma-5 libssp-0 libwinpthread-1 libxml2 zlib1"
for name in $names; do
    cp ../plant.dll "$name.dll"
done

# planted COMMAND...: the names of the DLLs from here that are loaded, without ".dll", in planted.
planted() {
    rm -f planted.txt
    run env TCPIPWATCH_WINEDLLOVERRIDES="$(echo "$names" | tr -s ' \n' ,)=n,b" \
        TCPIPWATCH_WINE_TIMEOUT=60 sh "$tests/wine_run.sh" "$@"
    planted=
    [ ! -f planted.txt ] || planted=$(sed 's/\r//; s/.*\\//; s/[.]dll$//I' planted.txt | sort -u)
}

# What Wine's own DLLs load from here is no matter of the programs: Windows takes what the DLLs of
# its list import from system32, too.
planted bare.exe
while [ -n "$planted" ]; do
    for name in $planted; do
        rm -f "$name.dll"
    done
    planted bare.exe
done
check "the program that does nothing works" test "$status" = 0
check "there are DLLs to be loaded" test "$(find . -name '*.dll' | wc -l)" -gt 20

loads_none() { # STATUS WHAT COMMAND...
    expected=$1
    what=$2
    shift 2
    planted "$@"
    check "$what: exit status $status" test "$status" = "$expected"
    check "$what: loads \"$planted\" from beside it" test -z "$planted"
}

planted victim.exe
check "a program that imports another DLL can be had" test "$planted" = WINMM
loads_none 0 "scan" tcpipwatch.exe scan --all xp_SysEvent_excerpt_3870-3990.evt
loads_none 0 "check-policy" tcpipwatch.exe check-policy tcpipwatch.ini
loads_none 0 "run --once" tcpipwatch.exe run --once --data data \
    --source file:xp_SysEvent_excerpt_3870-3990.evt
loads_none 0 "status" tcpipwatch.exe status --data data
loads_none 0 "a census" take_census_win32.exe best
loads_none 0 "inspect" tcpippatch.exe inspect tcpipwatch.ini
finish
