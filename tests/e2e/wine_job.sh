#!/bin/sh
# The whole job on the drive C: of a Windows that runs, as its user sees it: the tray watches the
# live System log; a burst comes; the question is answered with a click; the new files wait for the
# next start; the restart is agreed to; Windows is restarted and swaps all three copies; the watcher
# verifies them; the original comes back the same way, bit for bit.
#
# Wine's wevtapi.dll is one of stubs, and the stand-in of the tests takes its place
# (tests/standin/wevtapi.c). Wine carries out what is registered for its next start.
# Usage: wine_job.sh BUILD_DIR, the folder of a build for Windows. Exit status 77 (skipped) where
# there is no X server.
set -eu

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tray_lib.sh"
TCPIPWATCH_WINEPREFIX=${TCPIPWATCH_WINEPREFIX:-$(cd "$1" && pwd)/wineprefix}-job
export TCPIPWATCH_WINEPREFIX
tray_begin "$1"

windows=$TCPIPWATCH_WINEPREFIX/drive_c/windows
data=$tmp/data
events=$tmp/events.txt
session_manager='HKLM\System\CurrentControlSet\Control\Session Manager'
places="ServicePackFiles/i386 system32/dllcache system32/drivers"
TCPIPWATCH_EVENTS=Z:$events
TCPIPWATCH_WINEDLLOVERRIDES=wevtapi=n
export TCPIPWATCH_EVENTS TCPIPWATCH_WINEDLLOVERRIDES
: > "$events"

all_are() { # FILE
    for place in $places; do
        cmp "$1" "$windows/$place/tcpip.sys" || return 1
    done
}

nothing_beside() {
    ! find "$windows" -iname 'tcpip.sys.*' | grep .
}

pending() {
    wine reg.exe query "$session_manager" /v PendingFileRenameOperations 2> /dev/null < /dev/null
}

event() { # NUMBER
    time=$(date -u +%Y-%m-%dT%H:%M:%S.0000000Z)
    echo "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>" \
        "<Provider Name='Tcpip'/><EventID Qualifiers='32768'>4226</EventID><Level>3</Level>" \
        "<TimeCreated SystemTime='$time'/><EventRecordID>$1</EventRecordID>" \
        "<Channel>System</Channel><Computer>WKS</Computer></System></Event>" >> "$events"
}

# Windows ends the session and what runs in it, and starts again.
restart() {
    wine wineboot.exe -e < /dev/null > /dev/null 2>&1 || true
    tray_ended "The end of the session"
    wine wineboot.exe -k < /dev/null > /dev/null 2>&1 || true
    sleep 2 # its server waits for a moment before it ends, and with it what it counts as one start
    wine wineboot.exe -r < /dev/null > /dev/null 2>&1 || true
    wine cmd.exe /c ver < /dev/null > /dev/null 2>&1
    wait_for 20 "what was registered to be carried out" no_pending
    find_window list > /dev/null # the desktop is there again
}

no_pending() {
    ! pending
}

# Wine moves to system32 whatever it finds in dllcache when it starts, unless that is elsewhere.
wine reg.exe add 'HKLM\Software\Microsoft\Windows NT\CurrentVersion\Winlogon' /v SFCDllCacheDir \
    /d 'C:\no-cache' /f > /dev/null 2>&1 < /dev/null
cp "$build/tests/wevtapi.dll" "$windows/system32/wevtapi.dll"
for place in $places; do
    mkdir -p "$windows/$place"
    cp original.sys "$windows/$place/tcpip.sys"
done

# ---- a burst ----

start_tray --data "$data"
says tray.out "watches the System log for bursts of event 4226"
says tray.out "The limit in C:"
for number in 1 2 3; do
    event "$number"
    sleep 0.3
done
opens "$ask_patch"
check "nothing is written before a yes" all_are original.sys
check "nothing is registered before a yes" no_pending
click "$ask_patch" "Raise the limit"
acted 1 patched
check "the copies stay as they are until the restart" all_are original.sys
for place in $places; do
    check "the new file in $place" cmp limit100.sys "$windows/$place/tcpip.sys.tcpipwatch-new"
done
pending > list || true
for place in 'ServicePackFiles\\i386' 'system32\\dllcache' 'system32\\drivers'; do
    check "it is registered: $place" grep -q "$place.tcpip.sys.tcpipwatch-new" list
done
wine reg.exe query "$session_manager" /v AllowProtectedRenames > protected < /dev/null 2> /dev/null || true
check "protected files may be replaced" grep -q 'REG_DWORD.*0x1' protected

expect 0 "status" wine "$build/tcpipwatch.exe" status --data "$data"
says out "state      reboot-pending"
says out "next start of Windows"

# ---- the restart ----

opens "$ask_restart"
click "$ask_restart" "Restart now"
acted 1 restart
says tray.out "Windows is restarted in 1 minute."
json "$data/audit.jsonl" '[line["action"] for line in lines if line["action"] != "note"] ==
    ["burst", "census", "ask-patch", "patch", "set", "patched", "ask-restart", "restart"]'
restart
check "all copies have the limit" all_are limit100.sys
check "nothing lies beside them" nothing_beside
start_tray --data "$data"
acted 1 verified
says tray.out "as it was written, with the limit 100."
check "the watcher is content" icon_is watching

# ---- a copy that somebody changes while it runs ----

cp original.sys "$windows/system32/dllcache/tcpip.sys"
acted 1 copies-changed
says tray.err "has the limit 10 again (it was 100)"
wait_for 20 "the face of a problem" icon_is problem
cp limit100.sys "$windows/system32/dllcache/tcpip.sys"
acted 2 copies-changed
wait_for 20 "the watcher to be content" icon_is watching

# ---- the original back ----

choose r
opens "$ask_sure"
click "$ask_sure" "Put it back"
acted 1 restored
check "the copies stay as they are until the restart" all_are limit100.sys
opens "$ask_restart"
click "$ask_restart" "Not now"
acted 1 restart-declined
restart
check "the originals, bit for bit" all_are original.sys
check "nothing lies beside them" nothing_beside
start_tray --data "$data"
acted 2 verified
says tray.out "as it was written, with the limit 10."
find_window close tcpipwatch-tray
tray_ended "WM_CLOSE"

finish
