#!/bin/sh
# tcpippatch.exe as Windows runs it, under Wine: paths, attributes, exit statuses and the
# whole round of status, set and restore. The rules themselves are tested in tcpippatch.sh.
# Usage: windows.sh BUILD_DIR, the folder of a build for x86_64 Windows.
set -eu

. "$(dirname "$0")/lib.sh"
begin "$1"

here=$tests
exe=$(find "$build" -maxdepth 1 -name tcpippatch.exe)
make_image=$(find "$build/tests" -name make_image.exe)
patch() {
    sh "$here/wine_run.sh" "$exe" "$@"
}

sh "$here/wine_run.sh" "$make_image" original.sys
sh "$here/wine_run.sh" "$make_image" --limit 100 changed.sys
root=WINDOWS

windows() { # ROOT
    rm -rf "$1" data
    mkdir -p "$1/System32/drivers" "$1/System32/dllcache" "$1/ServicePackFiles/i386"
    for place in System32/drivers System32/dllcache ServicePackFiles/i386; do
        cp original.sys "$1/$place/tcpip.sys"
    done
}

all_are() { # FILE ROOT
    for place in System32/drivers System32/dllcache ServicePackFiles/i386; do
        cmp "$1" "$2/$place/tcpip.sys" || return 1
    done
    [ "$(find "$2" -type f | wc -l)" = 3 ] && ! find data -name journal | grep .
}

expect 0 "--version" patch --version
says out "tcpippatch "
expect 0 "/?" patch '/?'
says out "usage: tcpippatch"
expect 2 "no such command" patch frobnicate
expect 2 "a limit out of range" patch set --limit 0 --root "$root"
expect 3 "a root that is none" patch status --root none --data data
expect 3 "a root without system32" patch status --root . --data data

windows "$root"
expect 0 "status" patch status --root "$root" --data data
says out "5.1.2600.2180, i386, original: limit 10 at file offset 0x4F322"
expect 0 "status as JSON" patch status --json --root "$root" --data data
json out '[line["status"] for line in lines] == ["original"] * 3'
expect 0 "inspect as JSON" patch inspect --json original.sys changed.sys
json out '[line["limit"] for line in lines] == [10, 100]'
expect 0 "dry run" patch set --limit 100 --dry-run --root "$root" --data data
says out "nothing was written"
check "writes nothing" all_are original.sys "$root"
expect 3 "set without a yes" patch set --limit 100 --root "$root" --data data
expect 0 "set" patch set --limit 100 --yes --root "$root" --data data
says out "Done: 3 files changed."
check "changes all copies" all_are changed.sys "$root"
check "saves the original" cmp original.sys data/originals/*.sys
expect 0 "set as JSON" patch set --limit 50 --yes --json --root "$root" --data data
json out 'lines[0]["result"] == "done" and len(lines[0]["changes"]) == 3'
expect 0 "restore" patch restore --yes --root "$root" --data data
check "puts all back bit for bit" all_are original.sys "$root"
json data/audit.jsonl '[line["action"] for line in lines] == ["set", "set", "restore"]'

# However the root is spelled, it is one.
windows "$root"
printf 'nonsense' > journal
expect 0 "set" patch set --limit 100 --yes --root "$root" --data data
id=$(ls data/roots)
cp journal "data/roots/$id/journal"
windows_path=$(pwd | sed 's|/|\\|g')
windows_path="Z:$windows_path\\WINDOWS"
for spelling in WINDOWS windows ./WINDOWS/ "WINDOWS\\" ".\\Windows\\system32\\.." "$windows_path"; do
    expect 4 "the journal of $spelling" patch status --root "$spelling" --data data
done
expect 0 "recover" patch recover --root "$windows_path" --data data
says out "cannot be used"
expect 0 "then all is well" patch status --root "$root" --data data

# A read-only file is replaced, and stays one.
windows "$root"
chmod a-w "$root"/System32/*/tcpip.sys
expect 0 "read-only copies" patch set --limit 100 --yes --root "$root" --data data
check "are changed" all_are changed.sys "$root"
for place in drivers dllcache; do
    check "$place stays read-only" test -z "$(find "$root/System32/$place/tcpip.sys" -perm /222)"
done
expect 0 "and restored" patch restore --yes --root "$root" --data data
check "bit for bit" all_are original.sys "$root"

touch -d '2004-08-04 12:00:01.1234567 UTC' "$root/System32/drivers/tcpip.sys"
before=$(stat -c %y "$root/System32/drivers/tcpip.sys")
chmod u+w "$root"/System32/*/tcpip.sys
expect 0 "times" patch set --limit 100 --yes --root "$root" --data data
check "are kept" test "$(stat -c %y "$root/System32/drivers/tcpip.sys")" = "$before"

# Letters that no code page of this Wine has.
odd="Fenster für Ärger €"
windows "$odd"
expect 0 "a path beyond ASCII" patch set --limit 100 --yes --root "$odd" --data "data ü"
says out "$odd"
check "is found" cmp changed.sys "$odd/System32/drivers/tcpip.sys"
check "the data, too" test -f "data ü/audit.jsonl"
json "data ü/audit.jsonl" 'lines[0]["root"].endswith("Fenster für Ärger €")'
expect 0 "and restored" patch restore --yes --root "$odd" --data "data ü"
check "bit for bit" cmp original.sys "$odd/System32/drivers/tcpip.sys"

# Without --data: ALLUSERSPROFILE\Application Data\tcpipwatch.
windows "$root"
expect 0 "the default data directory" patch set --limit 100 --yes --root "$root"
saved=$(find "${TCPIPWATCH_WINEPREFIX:-wineprefix}" -path '*pplication*ata/tcpipwatch/originals/*.sys' 2> /dev/null | head -n 1)
check "has the save" cmp original.sys "$saved"

finish
