#!/bin/sh
# The service as Windows starts it, under Wine with Wine's own service control manager: installed,
# run through a burst, stopped, removed. Then with the tray beside it, where there is an X server.
# Usage: wine_service.sh BUILD_DIR, the folder of a build for Windows.
# shellcheck disable=SC2154 # set by lib.sh
set -eu

. "$(dirname "$0")/lib.sh"
begin "$1"

exe=$(find "$build" -maxdepth 1 -name tcpipwatch.exe)
service='HKLM\System\CurrentControlSet\Services\tcpipwatch'
source_key='HKLM\System\CurrentControlSet\Services\EventLog\Application\tcpipwatch'
root=WINDOWS
audit=data/audit.jsonl
# A prefix of its own: other tests have nothing to do with a service.
TCPIPWATCH_WINEPREFIX=$build/wineprefix-service
TCPIPWATCH_WINE_TIMEOUT=300
# Its sessions are those of a stand-in: Wine's wtsapi32.dll is one of stubs.
TCPIPWATCH_WINEDLLOVERRIDES="wtsapi32=n"
export TCPIPWATCH_WINEPREFIX TCPIPWATCH_WINE_TIMEOUT TCPIPWATCH_WINEDLLOVERRIDES
sessions=$TCPIPWATCH_WINEPREFIX/drive_c/sessions
display=
tray=
session=

wine() {
    sh "$tests/wine_run.sh" "$@"
}
watch() {
    wine "$exe" "$@"
}
events() { # COUNT TIME
    wine "$build/tests/make_log.exe" append Sys.Evt --count "$1" --time "$2"
}
install() {
    watch install-service --policy lab.ini --data data --root "$root" --source file:Sys.Evt "$@"
}

# Wine ends its services with the last program of the user's: one stays.
stay() {
    mkfifo hold
    wine cmd.exe < hold > session.out 2>&1 &
    session=$!
    exec 7> hold
}

leave() {
    exec 7>&-
    for process in $tray $session; do
        kill "$process" 2> /dev/null || true
    done
    timeout 20 sh "$tests/wine_run.sh" "$exe" remove-service > /dev/null 2>&1 < /dev/null || true
    timeout 20 sh "$tests/wine_run.sh" wineboot.exe -k > /dev/null 2>&1 < /dev/null || true
    [ -z "$display" ] || kill "$display" 2> /dev/null || true
    clean
}

running() {
    watch status --policy lab.ini --data data > state.txt 2>&1 < /dev/null
    grep -q "^running    process .*$1" state.txt
}
is_stopped() {
    watch status --policy lab.ini --data data 2>&1 < /dev/null | grep -q '^running    no'
}
stands() { # WORDS: in the audit log
    grep -qF -- "$1" "$audit"
}
no_key() {
    ! wine reg.exe query "$1" < /dev/null
}

# An earlier run's, which would open a desktop that nobody sees.
wine reg.exe delete 'HKCU\Software\Wine\Explorer' /v Desktop /f > /dev/null 2>&1 || true
wine "$build/tests/make_image.exe" original.sys
wtsapi=$TCPIPWATCH_WINEPREFIX/drive_c/windows/system32/wtsapi32.dll
[ -f "$wtsapi.wine" ] || cp "$wtsapi" "$wtsapi.wine"
cp "$build/tests/wtsapi32.dll" "$wtsapi"
rm -rf "$sessions"
mkdir "$sessions"
wine "$build/tests/make_image.exe" --limit 100 changed.sys
mkdir -p "$root/System32/drivers"
cp original.sys "$root/System32/drivers/tcpip.sys"
printf '[action]\r\non_burst = patch\r\n' > lab.ini
printf '[burst]\r\nevnets = 3\r\n' > wrong.ini
wine "$build/tests/make_log.exe" create Sys.Evt
events 2 2026-01-10T08:00:00Z
trap leave EXIT
stay

# ---- what is no service's start, and nothing to remove ----

expect 2 "--service by hand" watch run --service --policy lab.ini --data data --source file:Sys.Evt
says err "--service is how Windows itself starts the service."
expect 2 "--once in a service" watch run --service --once --source file:Sys.Evt
expect 0 "nothing to remove" watch remove-service
says out "There is no service tcpipwatch; nothing to remove."

# ---- installed, it runs ----

expect 0 "install-service" install
says out "The service tcpipwatch is installed and runs, as process "
number=$(sed -n 's/.* as process \([0-9]*\)[.].*/\1/p' out)
expect 0 "status" watch status --policy lab.ini --data data
says out "running    process $number, since "
says out ", as a service"
expect 0 "sc query" wine sc.exe query tcpipwatch
says out "RUNNING"
expect 0 "net start" wine net.exe start
says out "TCP/IP Event 4226 Watcher"
expect 0 "its key" wine reg.exe query "$service"
says out ' run --service --policy "'
says out 'ObjectName    REG_SZ    LocalSystem'
says out 'Start    REG_DWORD    0x2'
says out 'DependOnService    REG_MULTI_SZ    EventLog'
says out 'Sys.Evt"'
expect 0 "the source of its events" wine reg.exe query "$source_key"
says out "tcpipwatch.exe"
expect 3 "a second one on a console" watch run --policy lab.ini --data data --source file:Sys.Evt
says err "process $number, since "
says err "as a service. Stop that one first"

# ---- a burst ----

events 1 2026-01-10T08:10:00Z
wait_for 15 "the patch" stands '"action":"patched"'
check "the limit is set" cmp changed.sys "$root/System32/drivers/tcpip.sys"
says "$audit" '"action":"burst"'
says "$audit" '"action":"restart-needed"'

# ---- installed again: with other options, and started anew ----

printf '[burst]\r\nevents = 4\r\n' > other.ini
expect 0 "install-service again" watch install-service --policy other.ini --data data \
    --root "$root" --source file:Sys.Evt
wait_for 10 "a start by the other policy" stands "4 or more within 1 hour"
expect 0 "its key" wine reg.exe query "$service"
says out 'other.ini'
check "the first one stopped" test "$(grep -c '"Stopped[.]' "$audit")" = 1

# ---- stopped ----

expect 0 "net stop" wine net.exe stop tcpipwatch
says out "was stopped successfully"
# Wine's net may be back before the service has gone.
wait_for 15 "the end of the service" is_stopped
check "its last words" test "$(grep -c '"Stopped[.]' "$audit")" = 2
check "the instance file is gone" test ! -e data/instance
expect 0 "net start" wine net.exe start tcpipwatch
wait_for 15 "the service again" running "as a service"

# ---- with somebody logged on: told and asked in the session ----

check "nobody was there to be told" test ! -e "$sessions/shown"
expect 0 "net stop" wine net.exe stop tcpipwatch
wait_for 15 "the end of the service" is_stopped
printf '[action]\r\non_burst = ask\r\n' > ask.ini
cp original.sys "$root/System32/drivers/tcpip.sys"
rm -rf data
wine "$build/tests/make_log.exe" create Sys.Evt
expect 0 "install-service" watch install-service --policy ask.ini --data data --root "$root" \
    --source file:Sys.Evt
events 3 2026-01-10T08:00:00Z
wait_for 15 "the open question" stands '"action":"nobody-to-ask"'
check "nothing is changed without a yes" cmp original.sys "$root/System32/drivers/tcpip.sys"
expect 0 "net stop" wine net.exe stop tcpipwatch
: > "$sessions/active"
expect 0 "net start" wine net.exe start tcpipwatch
asked() { # WORDS
    grep -q "^ask: .*$1" "$sessions/shown"
}
wait_for 15 "the question" asked "Raise the limit from 10 to 100 in 1 copy of tcpip.sys"
says "$sessions/shown" "||||Yes: the limit is set to 100.||No: nothing is changed."
echo 6 > "$sessions/answer" # as fast as a stray key
sleep 2
check "a stray key is no yes" cmp original.sys "$root/System32/drivers/tcpip.sys"
check "it is asked again" test "$(grep -c '^ask: ' "$sessions/shown")" = 2
sleep 2
echo 6 > "$sessions/answer"
wait_for 15 "the patch" stands '"action":"patched"'
check "the limit is set" cmp changed.sys "$root/System32/drivers/tcpip.sys"
says "$sessions/shown" "tell: Done: the limit is 100"
wait_for 15 "the question for the restart" asked "Yes: I restart it now[.]||No: remind me in "
echo 2 > "$sessions/answer"
wait_for 15 "the answer" stands '"action":"restart-declined"'
rm "$sessions/active"

# ---- one that ends at once ----

expect 1 "a wrong policy" watch install-service --policy wrong.ini --data data --source file:Sys.Evt
says err "ended at once with exit status 2. The Application event log says why"
expect 0 "one that was there before stays" wine reg.exe query "$service"
expect 0 "remove-service" watch remove-service
expect 1 "a wrong policy, anew" watch install-service --policy wrong.ini --data data \
    --source file:Sys.Evt
says err "It is removed again."
check "its key is gone" no_key "$service"
check "its source is gone" no_key "$source_key"

# ---- removed ----

expect 0 "install-service" install
expect 0 "remove-service" watch remove-service
says out "The service tcpipwatch is stopped and removed."
check "nothing runs" is_stopped
check "the instance file is gone" test ! -e data/instance
check "its key is gone" no_key "$service"
check "its source is gone" no_key "$source_key"
expect 0 "remove-service again" watch remove-service
says out "There is no service tcpipwatch; nothing to remove."

# ---- the service acts, and the tray shows ----

if ! command -v Xvfb > /dev/null; then
    echo "left out: Xvfb is not installed, so there is no tray"
    finish
    exit 0
fi
Xvfb -displayfd 3 -screen 0 800x600x24 -nolisten tcp 3> display.number > xvfb.log 2>&1 &
display=$!
wait_for 20 "a display" test -s display.number
exec 7>&-
timeout 30 sh "$tests/wine_run.sh" wineboot.exe -k < /dev/null > /dev/null 2>&1 || true
wait "$session" || true
rm -f hold
TCPIPWATCH_WINE_DISPLAY=:$(cat display.number)
export TCPIPWATCH_WINE_DISPLAY
unset TCPIPWATCH_WINEDLLOVERRIDES # Wine's desktop wants more of that DLL than the stand-in has
cp "$wtsapi.wine" "$wtsapi"
stay
wine reg.exe add 'HKCU\Software\Wine\Explorer' /v Desktop /d tray /f > /dev/null
wine reg.exe add 'HKCU\Software\Wine\Explorer\Desktops' /v tray /d 800x600 /f > /dev/null
cp original.sys "$root/System32/drivers/tcpip.sys"
rm -rf data
wine "$build/tests/make_log.exe" create Sys.Evt
expect 0 "install-service" install
wine "$exe" run --tray --policy lab.ini --data data --root "$root" --source file:Sys.Evt \
    > tray.out 2> tray.err < /dev/null &
tray=$!
wait_for 30 "the tray as a viewer" grep -q "Another tcpipwatch acts" tray.out
says tray.out "as a service. This one"
events 3 2026-01-10T08:00:00Z
wait_for 20 "the patch in the tray" grep -q "Done: the limit is 100" tray.out
check "the service did it" running "as a service"
expect 0 "remove-service" watch remove-service
wait_for 20 "the tray in its place" grep -q "This one acts from now on" tray.out
wait_for 20 "the tray as the running one" running "as an icon beside the clock"
check "the tray is asked to end" wine "$build/tests/find_window.exe" close tcpipwatch-tray
wait_for 20 "its end" grep -q "Stopped[.]" tray.out
status=0
wait "$tray" || status=$?
tray=
check "the tray ends well" test "$status" = 0
check "nothing runs" is_stopped

finish
