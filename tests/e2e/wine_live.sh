#!/bin/sh
# tcpipwatch.exe on the live System log, under Wine, whose wevtapi.dll is one of stubs: a
# stand-in of the tests lies in the prefix in its place (tests/standin/wevtapi.c), and reads its
# events from a file. From the first event to the patched copies; killed and started again; queries
# that go stale, a bookmark that is lost, a service that is away.
# Usage: wine_live.sh BUILD_DIR, the folder of a build for Windows.
set -eu

. "$(dirname "$0")/lib.sh"
begin "$1"
here=$tests
exe=$build/tcpipwatch.exe
root=WINDOWS
events=$tmp/events.txt
watcher=

# A prefix of its own, since the stand-in is not for the other tests.
TCPIPWATCH_WINEPREFIX=$build/wineprefix-live
TCPIPWATCH_WINEDLLOVERRIDES="wevtapi=n"
TCPIPWATCH_EVENTS=Z:$events
export TCPIPWATCH_WINEPREFIX TCPIPWATCH_WINEDLLOVERRIDES TCPIPWATCH_EVENTS
wine() {
    sh "$here/wine_run.sh" "$@"
}
wine "$build/tests/make_image.exe" original.sys
wine "$build/tests/make_image.exe" --limit 100 changed.sys
cp "$build/tests/wevtapi.dll" "$TCPIPWATCH_WINEPREFIX/drive_c/windows/system32/wevtapi.dll"

# ---- the log ----

: > "$events"
number=0

# event SECONDS [PROVIDER ID]: one that was written so many seconds ago.
event() {
    number=$((number + 1))
    time=$(date -u -d "@$(($(date +%s) - $1))" +%Y-%m-%dT%H:%M:%S.0000000Z)
    echo "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>" \
        "<Provider Name='${2-Tcpip}'/><EventID Qualifiers='32768'>${3-4226}</EventID>" \
        "<Level>3</Level><TimeCreated SystemTime='$time'/>" \
        "<EventRecordID>$number</EventRecordID><Channel>System</Channel>" \
        "<Computer>WKS</Computer></System><EventData><Data></Data></EventData></Event>" >> "$events"
}

log_says() { # COMMAND: for the stand-in
    echo "!$1" >> "$events"
}

# ---- the program ----

usual="--policy lab.ini --data data --root $root --source system"

windows() {
    rm -rf "$root" data
    for place in System32/drivers System32/dllcache ServicePackFiles/i386; do
        mkdir -p "$root/$place"
        cp original.sys "$root/$place/tcpip.sys"
    done
}

all_are() { # FILE
    for place in System32/drivers System32/dllcache ServicePackFiles/i386; do
        cmp "$1" "$root/$place/tcpip.sys" || return 1
    done
    [ "$(find "$root" -type f | wc -l)" = 3 ] && ! find data -name journal | grep .
}

# until_says FILE WORDS [COUNT]: waits until they stand there (so often); a failure after 30 s.
until_says() {
    tries=0
    while ! [ -f "$1" ] || [ "$(grep -cF -- "$2" "$1")" -lt "${3-1}" ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt 300 ]; then
            cp watch.out out
            cp watch.err err
            bad "waited in vain for \"$2\" in $1"
            return 0
        fi
        sleep 0.1
    done
    ok
}

start() { # ARGUMENT...: runs it in the background until it watches
    : > watch.out
    : > watch.err
    TCPIPWATCH_WINE_TIMEOUT=300 setsid sh "$here/wine_run.sh" "$exe" run "$@" > watch.out \
        2> watch.err < /dev/null &
    watcher=$!
    until_says watch.out " watches the System log for bursts"
}

kill_watcher() {
    if [ -n "$watcher" ]; then
        kill -KILL "-$watcher" 2> /dev/null || true
        wait "$watcher" 2> /dev/null || true
        watcher=
        sleep 0.5 # until Wine has closed what it had open
    fi
}

trap 'kill_watcher; clean' EXIT

once() {
    # shellcheck disable=SC2086
    wine "$exe" run --once $usual "$@"
}

printf '[action]\r\non_burst = patch\r\n[burst]\r\nevents = 3\r\nwindow = 1h\r\n' > lab.ini

# ---- half a burst, with a start in between ----

windows
event 90000 # older than a window: never counted
event 7200
event 600
event 500 Tcpip 4227
event 500 Other 4226
expect 0 "the first start" once
says_not out "Burst: "
check "keeps the bookmark" grep -qF "RecordId='4'" data/roots/*/state
event 400
expect 0 "a second event" once
says_not out "Burst: "
expect 0 "and nothing new" once
says_not out "Burst: "

# ---- a live burst, from the event to the copies ----

# shellcheck disable=SC2086
start $usual --yes
sleep 1
says_not watch.out "Burst: "
event 0
until_says watch.out "Burst: 3 events 4226 of WKS within "
until_says watch.out "Done: the limit is 100 in 3 copies"
check "writes all copies" all_are changed.sys
until_says watch.out "Restart the machine that $root belongs to."
check "nothing goes wrong" test ! -s watch.err

# ---- killed, and started again ----

kill_watcher
event 0
log_says stale
# shellcheck disable=SC2086
start $usual --yes
sleep 2
check "the burst is told once" test "$(grep -c '"action":"burst"' data/audit.jsonl)" = 1
says_not watch.out "is not in it any more"
json data/audit.jsonl 'len([line for line in lines if line["action"] == "set"]) == 1'

# ---- what goes wrong with the log ----

# A query that went stale is made again, and nothing is told of it.
log_says stale
event 0
event 0 EventLog 6005
until_says watch.out "Verified: every copy"
says_not watch.out "is not in it any more"
check "a stale query is no trouble" test ! -s watch.err

# The service is away for a while.
log_says "fail 1722"
log_says restart
until_says watch.err "The System log cannot be read: the event log service does not answer"
sleep 3
log_says "fail 0"
until_says watch.out "The System log can be read again."
check "told once" test "$(grep -c "cannot be read" watch.err)" = 1
says_not watch.out "is not in it any more"

# An event that cannot be rendered.
log_says unrenderable
event 0
until_says watch.err "The System log is damaged behind the record"
says watch.err "an event that Windows cannot render (error 15005)"

# Cleared.
log_says clear
until_says watch.err "The last record read of the System log is not in it any more"
event 0
sleep 1
check "told once" test "$(grep -c "not in it any more" watch.err)" = 1

# A bookmark that is lost while nothing runs; what it had counted is not counted again.
kill_watcher
sed -i "s/RecordId='[0-9]*'/RecordId='999'/" data/roots/*/state # torn, by its CRC-32
expect 0 "a state that was changed by hand" once
says err "cannot be used: it is damaged"
rm -rf data
windows
log_says clear
event 100
event 90
expect 0 "two events" once
event 80
log_says "drop 2"
expect 0 "a lost bookmark" once
says err "The last record read of the System log is not in it any more"
says out "Burst: 3 events 4226 of WKS"
check "writes all copies" all_are changed.sys
expect 0 "and again" once
says_not err "not in it any more"
check "the burst is told once" test "$(grep -c '"action":"burst"' data/audit.jsonl)" = 1

# ---- what ten thousand events cost ----

# process: where the system tells of the program
process() {
    for process in /proc/[0-9]*; do
        if [ "$(cat "$process/comm" 2> /dev/null)" = tcpipwatch.exe ] &&
            [ "$(cut -d ' ' -f 5 "$process/stat")" = "$watcher" ]; then
            echo "$process"
        fi
    done
}

# private: KiB of the program's memory that it shares with nobody
private() {
    awk '/^Private/ { sum += $2 } END { print sum }' "$(process)/smaps_rollup"
}

# wakes: how often its first thread has waited so far; the stand-in has another one
wakes() {
    sed -n 's/^voluntary_ctxt_switches:[[:blank:]]*//p' "$(process)/status"
}

# thousand: writes as many events, waits until they are read, and lets them be overwritten
thousand() {
    time=$(date -u +%Y-%m-%dT%H:%M:%S.0000000Z)
    awk -v first="$number" -v time="$time" 'BEGIN { for (i = first + 1; i <= first + 1000; i++)
        printf "<Event><System><Provider Name=\"Tcpip\"/><EventID>4226</EventID><TimeCreated " \
            "SystemTime=\"%s\"/><EventRecordID>%d</EventRecordID><Computer>WKS</Computer>" \
            "</System></Event>\n", time, i }' >> "$events"
    number=$((number + 1000))
    rounds=$((rounds + 1))
    log_says unrenderable
    event 0
    until_says watch.err "cannot render" "$rounds"
    log_says "drop 1000"
}

rounds=0
# shellcheck disable=SC2086
start $usual
sleep 3
wakes=$(wakes)
sleep 8
check "it sleeps while nothing happens" test $(($(wakes) - wakes)) -le 3
thousand
thousand
before=$(private)
for _ in 1 2 3 4 5 6 7 8 9 10; do
    thousand
done
after=$(private)
echo "private memory: $before KiB, and $after KiB after 10,000 events"
check "memory stays flat" test "$after" -lt $((before + 1024))
kill_watcher

# ---- other channels ----

expect 1 "no such channel" wine "$exe" run --once --data data --source channel:Nope
says err "The channel Nope cannot be read: there is no such channel (error 15007)."
expect 2 "one log by two names" wine "$exe" run --once --data data --source system \
    --source channel:system

# ---- a Windows without channels, as XP is ----

# Wine's classic log is always empty.
TCPIPWATCH_WINEDLLOVERRIDES="wevtapi="
expect 0 "the classic log" wine "$exe" run --once --data data
says out "watches the System log"
sed "/limit of half-open connections/d" err > err.other # what is said of this Windows
check "nothing goes wrong" test ! -s err.other
expect 2 "no channels" wine "$exe" run --once --data data --source channel:Application
says err "This Windows has no channels"
TCPIPWATCH_WINEDLLOVERRIDES="wevtapi=n"

log_says "fail 1722"
expect 1 "no service" wine "$exe" run --once --data data
says err "The System log cannot be read: the event log service does not answer (error 1722)."
finish
