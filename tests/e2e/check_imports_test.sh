#!/bin/sh
# Shows that check_imports.py lets good Windows programs through and catches each kind of bad one.
# Exit status 77 (skipped) where the cross compilers are not installed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
for arch in i686 x86_64; do
    for tool in gcc-win32 dlltool nm; do
        command -v "$arch-w64-mingw32-$tool" > /dev/null || {
            echo "skipped: $arch-w64-mingw32-$tool is not installed"
            exit 77
        }
    done
done

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
passed=0
failed=0

report() { # RESULT NAME
    if [ "$1" = ok ]; then passed=$((passed + 1)); else failed=$((failed + 1)); cat out; fi
    echo "$1: $2"
}

accepts() { # NAME EXE
    if python3 "$here/check_imports.py" "$2" > out 2>&1; then report ok "$1"; else report FAILED "$1"; fi
}

refuses() { # NAME EXE WORDS: fails with exactly one line, which has the words in it
    status=0
    python3 "$here/check_imports.py" "$2" > out 2>&1 || status=$?
    if [ "$status" = 1 ] && [ "$(wc -l < out)" = 1 ] && grep -qF -- "$3" out; then
        report ok "$1"
    else
        report FAILED "$1"
    fi
}

cat > good.c << 'C'
#include <stdio.h>
int main(void) { printf("%zu\n", sizeof(long)); return 0; }
C
cat > tick64.c << 'C'
__declspec(dllimport) unsigned long long __stdcall GetTickCount64(void);
int main(void) { return (int)GetTickCount64(); }
C
cat > secure.c << 'C'
#include <string.h>
int main(int argc, char **argv) { char b[99]; (void)argc; return strcpy_s(b, sizeof b, argv[0]) + b[0]; }
C
cat > denied.c << 'C'
#include <windows.h>
int main(void) { return (int)FlsAlloc(0); }
C
cat > foreign.c << 'C'
__declspec(dllimport) int __stdcall EvtClose(void *);
int main(void) { return EvtClose(0); }
C
cat > ordinal.def << 'D'
LIBRARY ws2_32.dll
EXPORTS
    by_ordinal @ 115 NONAME
D
cat > ordinal.c << 'C'
__declspec(dllimport) int by_ordinal(void);
int main(void) { return by_ordinal(); }
C
cat > apiset.def << 'D'
LIBRARY api-ms-win-core-path-l1-1-0.dll
EXPORTS
    in_apiset
D
cat > apiset.c << 'C'
__declspec(dllimport) int in_apiset(void);
int main(void) { return in_apiset(); }
C
# GNU ld does not enter delayed imports in the directory where Windows looks for them, as other
# linkers do: here the table is written by hand and set_delayed enters it.
cat > delayed.c << 'C'
__asm__(".section .rdata,\"dr\"\n.balign 8\n.globl delayed_table\n"
        "delayed_table: .long 1\n.rva 1f\n.long 0\n.rva 2f\n.rva 2f\n.long 0, 0, 0\n"
        ".long 0, 0, 0, 0, 0, 0, 0, 0\n"
        "1: .asciz \"KERNEL32.dll\"\n.balign 8\n"
        "2: .rva 3f\n.long 0, 0, 0\n"
        "3: .short 0\n.asciz \"GetThreadErrorMode\"\n.text\n");
extern char table[] __asm__("delayed_table");
int main(void) { return table[0]; }
C
set_delayed() { # EXE ADDRESS
    python3 - "$1" "$2" << 'P'
import struct, sys
path, address = sys.argv[1], int(sys.argv[2], 16)
data = bytearray(open(path, "rb").read())
opt = struct.unpack_from("<I", data, 60)[0] + 24
plus = struct.unpack_from("<H", data, opt)[0] == 0x20B
base = struct.unpack_from("<Q", data, opt + 24)[0] if plus else struct.unpack_from("<I", data, opt + 28)[0]
struct.pack_into("<II", data, opt + (112 if plus else 96) + 8 * 13, address - base, 64)
open(path, "wb").write(data)
P
}

for arch in i686 x86_64; do
    cc="$arch-w64-mingw32-gcc-win32 -O2 -static"
    dlltool=$arch-w64-mingw32-dlltool
    case $arch in
    i686) over=6.0 winver=0x0501 next="subsystem version 5.2" ;;
    *) over=6.0 winver=0x0502 next= ;;
    esac

    $cc -D_WIN32_WINNT=$winver good.c -o good.exe
    accepts "$arch: a plain program" good.exe

    $cc tick64.c -o tick64.exe
    refuses "$arch: GetTickCount64 is from Vista" tick64.exe "imports GetTickCount64 from KERNEL32.dll"

    $cc secure.c -o secure.exe
    refuses "$arch: strcpy_s is from a later C library" secure.exe "imports strcpy_s from msvcrt.dll"

    $cc -D_WIN32_WINNT=0x0600 denied.c -o denied.exe
    if [ "$arch" = i686 ]; then
        refuses "$arch: FlsAlloc is from Server 2003" denied.exe "imports FlsAlloc from KERNEL32.dll"
    else
        accepts "$arch: FlsAlloc is in XP x64" denied.exe
    fi

    $cc foreign.c -lwevtapi -o foreign.exe
    refuses "$arch: wevtapi.dll is from Vista" foreign.exe "imports wevtapi.dll, which is not known"

    $dlltool -d ordinal.def -l libordinal.a
    $cc ordinal.c libordinal.a -o ordinal.exe
    refuses "$arch: an import by ordinal" ordinal.exe "imports ordinal 115 of ws2_32.dll"

    $dlltool -d apiset.def -l libapiset.a
    $cc apiset.c libapiset.a -o apiset.exe
    refuses "$arch: an API set" apiset.exe "imports api-ms-win-core-path-l1-1-0.dll"

    $cc delayed.c -o delayed.exe
    set_delayed delayed.exe "$("$arch-w64-mingw32-nm" delayed.exe | sed -n 's/ . delayed_table$//p')"
    refuses "$arch: a delayed import" delayed.exe "imports GetThreadErrorMode from KERNEL32.dll"

    $cc good.c -Wl,--major-subsystem-version,${over%.*},--minor-subsystem-version,${over#*.} -o over.exe
    refuses "$arch: subsystem version $over" over.exe "asks for subsystem version $over"
    $cc good.c -Wl,--major-os-version,${over%.*},--minor-os-version,${over#*.} -o over.exe
    refuses "$arch: operating system version $over" over.exe "asks for operating system version $over"
    $cc good.c -Wl,--major-subsystem-version,5,--minor-subsystem-version,2 -o five2.exe
    if [ -n "$next" ]; then
        refuses "$arch: subsystem version 5.2" five2.exe "asks for $next"
    else
        accepts "$arch: subsystem version 5.2" five2.exe
    fi

    head -c 200 good.exe > cut.exe
    refuses "$arch: a program cut short" cut.exe "cut.exe: "
done
echo "not a program" > text.exe
refuses "a text file" text.exe "not a Windows program"

# Every list is sorted and has each name once.
for list in "$here"/../data/xp-exports/*.txt; do
    [ "${list##*/}" != deny.txt ] || continue
    if cut -d' ' -f1 "$list" | LC_ALL=C sort -cu 2> out; then
        report ok "${list##*/} is sorted"
    else
        report FAILED "${list##*/} is sorted"
    fi
done
# Names in deny.txt that no list has would deny nothing.
sed -e 's/#.*//' -e '/^ *$/d' "$here/../data/xp-exports/deny.txt" | while read -r dll name _; do
    grep -qE "^$name( |\$)" "$here/../data/xp-exports/$dll.txt" || echo "$dll $name"
done > out
if [ -s out ]; then report FAILED "deny.txt names listed exports"; else report ok "deny.txt names listed exports"; fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
