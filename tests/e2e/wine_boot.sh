#!/bin/sh
# tcpippatch.exe on the drive C: of a Windows that runs: the copies are changed when it
# starts next. Wine keeps the list of renames and carries it out when it is restarted; it does not
# know AllowProtectedRenames, so that only the value itself is looked at.
# Usage: wine_boot.sh BUILD_DIR, the folder of a build for Windows.
# shellcheck disable=SC2154 # set by lib.sh
set -eu

. "$(dirname "$0")/lib.sh"
begin "$1"

exe=$(find "$build" -maxdepth 1 -name tcpippatch.exe)
make_image=$(find "$build/tests" -name make_image.exe)
windows=$tmp/prefix/drive_c/windows
session_manager='HKLM\System\CurrentControlSet\Control\Session Manager'
winlogon='HKLM\Software\Microsoft\Windows NT\CurrentVersion\Winlogon'
TCPIPWATCH_WINEPREFIX=$tmp/prefix
export TCPIPWATCH_WINEPREFIX

wine_server() {
    sh "$tests/wine_run.sh" --server "$@"
}
stop() {
    wine_server -k 2> /dev/null || true
    clean
}
trap stop EXIT

wine() {
    sh "$tests/wine_run.sh" "$@"
}
patch() {
    wine "$exe" "$@"
}

# value NAME: of the Session Manager; a list of texts with | behind each, a number, or none.
value() {
    rm -f session.reg
    wine reg.exe export "$session_manager" session.reg /y > /dev/null 2>&1 < /dev/null
    python3 - "$1" << 'P'
import re, sys
text = open("session.reg", encoding="utf-16").read().replace("\\\n  ", "")
found = re.search(r'^"%s"=(?:hex\(7\):([0-9a-f,]*)|dword:([0-9a-f]+))$' % sys.argv[1], text, re.M)
if not found:
    print("none")
elif found.group(2):
    print(int(found.group(2), 16))
else:
    data = bytes(int(byte, 16) for byte in found.group(1).split(",") if byte)
    print(data.decode("utf-16-le").replace("\0", "|"))
P
}

# register LIST: makes it the list of renames.
register() {
    printf %s "$1" > others.txt
    python3 - << 'P'
data = open("others.txt", encoding="utf-8").read().replace("|", "\0").encode("utf-16-le")
text = ("Windows Registry Editor Version 5.00\r\n\r\n"
        "[HKEY_LOCAL_MACHINE\\System\\CurrentControlSet\\Control\\Session Manager]\r\n"
        '"PendingFileRenameOperations"=hex(7):' + ",".join("%02x" % b for b in data) + "\r\n")
open("others.reg", "w", encoding="utf-16", newline="").write(text)
P
    wine reg.exe import others.reg < /dev/null > /dev/null 2>&1
}

# What other programs have registered: a file to be deleted, with its empty name, and a rename.
others='\??\C:\old.tmp||\??\C:\new.tmp|!\??\C:\new.txt|'
register_others() {
    : > "$tmp/prefix/drive_c/old.tmp"
    : > "$tmp/prefix/drive_c/new.tmp"
    register "$others|"
}

places='ServicePackFiles/i386 system32/dllcache system32/drivers'
ours=
for place in $places; do
    name="\\??\\C:\\windows\\$(echo "$place" | sed 's|/|\\|g')\\tcpip.sys"
    ours="$ours$name.tcpipwatch-new|!$name|"
done

all_are() { # FILE
    for place in $places; do
        cmp "$1" "$windows/$place/tcpip.sys" || return 1
    done
}
nothing_beside() {
    ! find "$windows" "$data" -name '*tcpipwatch-*' -o -name journal -o -name 'journal.*' | grep .
}
staged_are() { # FILE
    for place in $places; do
        cmp "$1" "$windows/$place/tcpip.sys.tcpipwatch-new" || return 1
    done
}
is() { # VALUE EXPECTED
    found=$(value "$1")
    [ "$found" = "$2" ] || { echo "$1 is $found, not $2"; return 1; }
}

# Restarts Windows, and waits until it has started.
restart() {
    wine wineboot.exe -r < /dev/null > /dev/null 2>&1 || true
    wine cmd.exe /c ver < /dev/null > /dev/null 2>&1
    tries=0
    while ! is PendingFileRenameOperations none > /dev/null && [ "$tries" -lt 50 ]; do
        sleep 0.2
        tries=$((tries + 1))
    done
}

wine "$make_image" original.sys
wine "$make_image" --limit 100 changed.sys
wine "$make_image" --limit 200 other.sys
# As long as its server runs, this Windows runs; and Wine, which at each start moves to system32
# whatever it finds in dllcache, is given another folder for that.
wine reg.exe add "$winlogon" /v SFCDllCacheDir /d 'C:\no-cache' /f > /dev/null 2>&1 < /dev/null
wine_server -w
wine_server -p
wine cmd.exe /c ver < /dev/null > /dev/null 2>&1
for place in $places; do
    mkdir -p "$windows/$place"
    cp original.sys "$windows/$place/tcpip.sys"
done
data=$(find "$tmp/prefix/drive_c" -maxdepth 1 -iname ProgramData)
register_others
check "others have registered something" is PendingFileRenameOperations "$others|"

# ---- nothing is written without a yes ----

expect 0 "a dry run" patch set --limit 100 --dry-run
says out "3 files would be changed at the next start of Windows; nothing was written"
says out "system32/drivers/tcpip.sys.tcpipwatch-new to "
says out "AllowProtectedRenames = 1"
expect 3 "set without a yes" patch set --limit 100
says err "set writes only with a yes"
check "nothing is registered" is PendingFileRenameOperations "$others|"
check "nothing is allowed" is AllowProtectedRenames none
check "nothing lies beside the copies" nothing_beside

# ---- registered, and taken back ----

expect 0 "set" patch set --limit 100 --yes
says out "limit 10 -> 100 at file offset 0x4F322"
says out "Windows will change 3 files at its next start; until then nothing is different."
says out "To undo it: tcpippatch restore"
says_not out "press Cancel"
check "each is registered behind the others' entries, the driver last" \
    is PendingFileRenameOperations "$others$ours|"
check "protected files may be replaced" is AllowProtectedRenames 1
check "the copies are as they were" all_are original.sys
check "the new files lie beside them" staged_are changed.sys
expect 0 "status" patch status
says out "A change waits for the next start of Windows: the limit is 100 then."
says out "original: limit 10"
expect 0 "status as JSON" patch status --json
json out '[(line["limit"], line["next_boot_limit"]) for line in lines if "path" in line] == [(10, 100)] * 3'
expect 0 "recover" patch recover
says out "A change waits for the next start of Windows; nothing is wrong with it."
check "leaves it waiting" is PendingFileRenameOperations "$others$ours|"
# As after: subst W: C:\WINDOWS
ln -s "$windows" "$tmp/prefix/dosdevices/w:"
for spelling in 'C:\WINDOWS' 'c:/windows/system32/..' W:/; do
    expect 0 "the running system as $spelling" patch status --root "$spelling"
    says out "A change waits"
done
expect 0 "the same again" patch set --limit 100 --yes
says out "this change waits for the next start of Windows already"
check "changes nothing" is PendingFileRenameOperations "$others$ours|"
expect 0 "another limit" patch set --limit 200 --yes --root W:/
says out "The change to a limit of 100 that waits for the next start of Windows is taken back first."
check "takes its place" is PendingFileRenameOperations "$others$ours|"
check "with other files" staged_are other.sys
expect 0 "restore before the restart" patch restore --yes
says out "The change that waited for the next start of Windows was taken back."
check "the others' entries are as they were" is PendingFileRenameOperations "$others|"
check "nothing is allowed any more" is AllowProtectedRenames none
check "the copies are the originals" all_are original.sys
check "nothing is left beside them" nothing_beside
expect 0 "status" patch status --json
json out 'all("next_boot_limit" not in line for line in lines)'
log=$(find "$data" -name audit.jsonl)
json "$log" '[line["action"] for line in lines] == ["set", "set", "restore"]'
json "$log" '[line["way"] for line in lines] == ["next-boot"] * 3'
json "$log" '[line.get("takes_back", False) for line in lines] == [False, True, True]'

# ---- through a restart, and back ----

expect 0 "set as JSON" patch set --limit 100 --yes --json
json out 'lines[0]["way"] == "next-boot" and len(lines[0]["changes"]) == 3'
restart
check "the start of Windows has changed every copy" all_are changed.sys
check "and done what others had registered" test -f "$tmp/prefix/drive_c/new.txt"
check "a deletion, too" test ! -e "$tmp/prefix/drive_c/old.tmp"
expect 0 "status after the restart" patch status
says out "patched: limit 100"
says_not out "waits"
expect 0 "recover after the restart" patch recover
says out "Windows has carried out the change that was registered for its start."
check "nothing is left" nothing_beside
expect 0 "recover again" patch recover
says out "No interrupted work was found."
register_others
for place in $places; do
    chmod a-w "$windows/$place/tcpip.sys"
done
expect 0 "restore" patch restore --yes
says out "Windows will change 3 files at its next start"
check "is registered" is PendingFileRenameOperations "$others$ours|"
expect 0 "status" patch status
says out "A restore waits for the next start of Windows: the limit is 10 then."
says out 'tcpippatch set --limit 100'
check "nothing has changed yet" all_are changed.sys
restart
check "the originals are back bit for bit" all_are original.sys
check "and read-only, as the files were" test -z "$(find "$windows" -name tcpip.sys -perm /222)"
expect 0 "recover" patch recover
says out "Windows has carried out the restore that was registered for its start."
check "nothing is left" nothing_beside

# ---- a start that does a part, or nothing ----

expect 0 "set" patch set --limit 100 --yes
wine reg.exe delete "$session_manager" /v PendingFileRenameOperations /f > /dev/null 2>&1 < /dev/null
expect 4 "status when the entries are gone" patch status
says err "Interrupted work was found"
expect 4 "set on top of it" patch set --limit 200 --yes
expect 0 "recover" patch recover
says out "it was taken back: every copy is as it was before"
check "it is" all_are original.sys
check "nothing is left" nothing_beside
expect 0 "set" patch set --limit 100 --yes
rm "$windows/system32/drivers/tcpip.sys.tcpipwatch-new"
restart
check "all but the driver was changed" cmp changed.sys "$windows/system32/dllcache/tcpip.sys"
expect 0 "recover" patch recover
says out "only a part of the change that was registered for its start; that was undone"
check "every copy is the original" all_are original.sys
check "nothing is left" nothing_beside

# ---- lists of all kinds ----

i=0
long=
while [ "$i" -lt 2000 ]; do
    long="$long\\??\\C:\\none$i.tmp||\\??\\C:\\none$i.new|!\\??\\C:\\none$i.dll|"
    i=$((i + 1))
done
register "$long|"
expect 0 "set behind a long list" patch set --limit 100 --yes
check "is registered" is PendingFileRenameOperations "$long$ours|"
expect 0 "restore" patch restore --yes
check "leaves the long list" is PendingFileRenameOperations "$long|"
register '\??\C:\new.tmp|!\??\C:\new.txt|\??\C:\half|'
expect 3 "set behind half a pair" patch set --limit 100 --yes
says err "left damaged by another program"
check "leaves the list" \
    is PendingFileRenameOperations '\??\C:\new.tmp|!\??\C:\new.txt|\??\C:\half|'
wine reg.exe add "$session_manager" /v PendingFileRenameOperations /t REG_DWORD /d 7 /f \
    > /dev/null 2>&1 < /dev/null
expect 3 "set with a value of another type" patch set --limit 100 --yes
says err "has a type that Windows does not give it"
check "leaves the value" is PendingFileRenameOperations 7
wine reg.exe delete "$session_manager" /v PendingFileRenameOperations /f > /dev/null 2>&1 < /dev/null
check "every copy is the original" all_are original.sys
check "nothing is left" nothing_beside

# ---- at once ----

expect 0 "set --now" patch set --limit 100 --now --yes
says out "press Cancel"
says out "press Yes"
says_not out "SFCScan"
check "changes every copy" all_are changed.sys
check "registers nothing" is PendingFileRenameOperations none
wine reg.exe add "$winlogon" /v SFCScan /t REG_DWORD /d 1 /f > /dev/null 2>&1 < /dev/null
expect 0 "with a scan at each start" patch set --limit 200 --now --yes
says out "Warning: this Windows looks through its protected files at its start"
expect 0 "restore --now" patch restore --now --yes
check "puts the originals back" all_are original.sys
check "nothing is left" nothing_beside
# Another Windows directory is no running system.
mkdir -p offline/System32/drivers
cp original.sys offline/System32/drivers/tcpip.sys
expect 0 "an offline root" patch set --limit 100 --yes --root offline
says out "Done: 1 file changed."
check "is changed at once" cmp changed.sys offline/System32/drivers/tcpip.sys
check "registers nothing" is PendingFileRenameOperations none

finish
