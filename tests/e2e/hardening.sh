#!/bin/sh
# hardening.sh BUILD [FOLDER]: the programs of a build, their objects and the libraries in FOLDER have
# every protection that hardening.py knows, and hardening.py misses none of them in a program that was
# built without it.
# shellcheck disable=SC2154 # set by lib.sh
. "$(dirname "$0")/lib.sh"
begin "$1"

cc=$(sed -n 's/^CMAKE_C_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt")
[ -n "$cc" ] || cc=$(sed -n 's/^set(CMAKE_C_COMPILER "\(.*\)")$/\1/p' "$build"/CMakeFiles/*/CMakeCCompiler.cmake)

cat > program.c << 'C'
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv)
{
    char line[64];
    for (int i = 0; i < argc; i++) {
        snprintf(line, sizeof line, "%d %s\n", i, argv[i]);
        strcpy(line + 3, argv[i]);
        fputs(line, stdout);
    }
    return 0;
}
C

cat > both.c << 'C'
__asm__(".section .both,\"awx\",@progbits; .byte 0; .text");
C
cat > version.c << 'C'
__declspec(dllimport) unsigned long __stdcall GetFileVersionInfoSizeA(const char *, unsigned long *);
unsigned long size(void);
unsigned long size(void) { return GetFileVersionInfoSizeA("", 0); }
C

# lacks WORDS WITHOUT...: built with all flags of this platform and then these, it lacks just that.
lacks() {
    words=$1
    shift
    # shellcheck disable=SC2086 # flags
    expect 0 "builds without: $words" "$cc" -O2 $all program.c -o program "$@"
    run python3 "$tests/hardening.py" program
    found=$(sed -n 's/^program: \([a-z]*\): .*/\1/p' out | sort | tr '\n' ' ')
    if [ "$found" = "${words:+$words }" ]; then
        ok
    else
        bad "without \"$words\" it finds \"$found\""
    fi
}

if [ -f "$build/tcpipwatch.exe" ]; then
    expect 0 "the programs" python3 "$tests/hardening.py" "$build/tcpipwatch.exe" \
        "$build/tcpipwatchw.exe" "$build/tcpippatch.exe"
    ln -sf program.exe program
    all="-static -fstack-protector-strong -Wl,--nxcompat,--dynamicbase"
    lacks ""
    lacks nx -Wl,--disable-nxcompat
    lacks planting version.c -lversion
    lacks wx -Wl,--omagic
    case $cc in
    *x86_64*)
        lacks "aslr entropy" -Wl,--disable-dynamicbase
        lacks entropy -Wl,--disable-high-entropy-va
        ;;
    *) lacks aslr -Wl,--disable-dynamicbase ;;
    esac
    lacks canary -fno-stack-protector
else
    expect 0 "the programs" python3 "$tests/hardening.py" "$build/tcpipwatch" "$build/tcpippatch"
    objects=$(find "$build/CMakeFiles" ${2:+"$2"} -name '*.c.o' -o -name '*.a')
    # shellcheck disable=SC2086 # paths without blanks
    expect 0 "the objects" python3 "$tests/hardening.py" --objects $objects
    if [ "$(echo "$objects" | wc -l)" -gt 100 ]; then ok; else bad "too few objects: $objects"; fi
    all="-fPIE -pie -fstack-protector-strong -D_FORTIFY_SOURCE=2 -Wl,-z,relro,-z,now
        -Wl,-z,noexecstack"
    x86_64=false
    case $(uname -m) in
    x86_64) all="$all -fcf-protection" x86_64=true ;;
    esac
    lacks ""
    lacks pie -fno-pie -no-pie
    lacks now -Wl,-z,lazy
    lacks "now relro" -Wl,-z,norelro -Wl,-z,lazy
    lacks stack -Wl,-z,execstack
    lacks wx both.c
    lacks canary -fno-stack-protector
    lacks fortify -U_FORTIFY_SOURCE
    # A static program, linked as the static build is.
    lacks "" -static-pie
    lacks "now pie" -fno-pie -no-pie -static
    for without in "" "canary -fno-stack-protector" "fortify -U_FORTIFY_SOURCE" "cet -fcf-protection=none"; do
        word=${without%% *}
        $x86_64 || [ "$word" != cet ] || continue
        # shellcheck disable=SC2086 # flags
        expect 0 "an object without: $word" "$cc" -O2 $all -c program.c -o program.o ${without#"$word"}
        rm -f program.a
        ar rc program.a program.o
        for objects in program.o program.a; do
            run python3 "$tests/hardening.py" --objects $objects
            found=$(sed -n 's/^[^:]*: \([a-z]*\): .*/\1/p' out)
            if [ "$found" = "$word" ]; then ok; else bad "$objects without \"$word\": \"$found\""; fi
        done
    done
    if $x86_64; then
        lacks cet -fcf-protection=none
    fi
    expect 2 "no object" python3 "$tests/hardening.py" --objects program.c
fi
expect 2 "a file that is no program" python3 "$tests/hardening.py" program.c
finish
