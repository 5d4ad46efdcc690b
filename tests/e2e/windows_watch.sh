#!/bin/sh
# tcpipwatch.exe as Windows runs it, under Wine: scan, the whole way from a burst to the
# verification, status, check-policy and bad input. The rules themselves are tested in watch_*.sh and
# scan.sh. Its standard output is no terminal here.
# Usage: windows_watch.sh BUILD_DIR SAMPLES, the folder of a build for x86_64 Windows and that of the
# full sample logs, which may be missing.
set -eu

. "$(dirname "$0")/lib.sh"
begin "$1"

here=$tests
exe=$(find "$build" -maxdepth 1 -name tcpipwatch.exe)
xp=xp_SysEvent_excerpt_3870-3990.evt
root=WINDOWS
wine() {
    sh "$here/wine_run.sh" "$@"
}
watch() {
    wine "$exe" "$@"
}
make_log() {
    wine "$build/tests/make_log.exe" "$@"
}
wine "$build/tests/make_image.exe" original.sys
wine "$build/tests/make_image.exe" --limit 100 changed.sys

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

# ---- scan ----

mkdir -p logs/inner
cp "$here/../data/$xp" logs
cp "$here"/../data/*.evtx "$here"/../data/*.xml logs/inner
expect 0 "--version" watch --version
check "one line of version" grep -qE '^tcpipwatch [0-9.]+' out
expect 0 "a directory" watch scan --json logs
json out 'lines[-1]["summary"] == {"files": 6, "records": 131, "matches": 2, "bursts": 0, "damaged": 0,
    "ports": 0, "port_bursts": 0}'
json out '[(line["record"], line["time"]) for line in lines[:-1]] == [
    (3882, "2011-09-16T21:16:52.0000000Z"), (3975, "2011-09-19T19:22:48.0000000Z")]'
expect 0 "every record" watch scan --all --json "logs\\$xp"
json out '[line["record"] for line in lines[:-1]] == list(range(3870, 3991))'
expect 0 "as text" watch scan "logs\\$xp"
says out "1 log, 121 records, 2 of them event 4226 of Tcpip; 0 bursts of 3 or more within 1 hour."
expect 1 "a missing log" watch scan none.evt
says err "none.evt: cannot be read: no such file or directory."
if [ -f "${2-}/truth.tsv" ]; then
    # The numbers of every full sample that all readers agree on.
    grep -v tools-disagree "$2/truth.tsv" | cut -f 1,4,11 | tail -n +2 > truth
    while read -r file records matches; do
        expect 0 "$file" watch scan --json "$2/$file"
        json out "lines[-1]['summary']['records'] == $records and
            lines[-1]['summary']['matches'] == $matches"
    done < truth
fi

# ---- from a burst to the verification ----

windows
printf '[action]\r\non_burst = patch\r\n' > lab.ini
make_log create Sys.Evt
make_log append Sys.Evt --count 2 --time 2026-01-10T08:00:00Z --decoy
once() {
    watch run --once --policy lab.ini --data data --root "$root" --source file:Sys.Evt "$@"
}
expect 0 "two events" once
says out "The limit in $root is 10."
make_log append Sys.Evt --count 1 --time 2026-01-10T08:10:00Z
expect 0 "and a third" once
says out "Burst: 3 events 4226 of WKS-WINXP32BIT within 10 minutes"
says out "Done: the limit is 100 in 3 copies"
says out "Please restart it."
check "writes all copies" all_are changed.sys
expect 0 "status" watch status --policy lab.ini --data data --root "$root"
says out "running    no"
says out "state      reboot-pending"
says out "patched: limit 100"
expect 0 "the next start verifies" once
says out "Verified: every copy under $root is as it was written, with the limit 100."
expect 0 "a third run does nothing" once
json data/audit.jsonl '[line["action"] for line in lines if line["action"] != "note"] ==
    ["burst", "census", "patch", "set", "patched", "restart-needed", "verify", "verified"]'
expect 0 "explain" watch explain --policy lab.ini --data data
says out "Burst of 3 events 4226 of WKS-WINXP32BIT"
says out "The limit was raised from 10 to 100, and verified after the restart."
cp original.sys "$root/System32/drivers/tcpip.sys"
expect 0 "somebody puts the original back" once
says err "has the limit 10 again (it was 100)"

windows
printf '[action]\r\non_burst = ask\r\n' > lab.ini
expect 3 "nobody to ask" once
says out "there is no terminal to ask on"
check "writes nothing" all_are original.sys
expect 0 "--yes" once --yes
check "writes all copies" all_are changed.sys

for kind in evtx xml; do
    windows
    if [ "$kind" = xml ]; then
        make_log xml burst.xml --count 3 --time 2026-01-10T08:00:00Z
    else
        make_log create burst.evtx
        make_log append burst.evtx --count 3 --time 2026-01-10T08:00:00Z
    fi
    expect 0 "a burst in $kind" watch run --once --yes --policy lab.ini --data data --root "$root" \
        --source "file:burst.$kind"
    check "writes all copies" all_are changed.sys
done

# ---- policies and bad input ----

expect 0 "check-policy" watch check-policy lab.ini
says out "on_burst = ask"
printf '[burst]\r\nevnets = 3\r\n' > wrong.ini
expect 2 "a wrong policy" watch check-policy wrong.ini
says err 'wrong.ini:2: '
says err 'did you mean "events"?'
expect 2 "no source of that name" watch run --once --policy lab.ini --source sytem
says err 'The source "sytem" was read; expected is system'
expect 2 "a log that is named twice" watch run --once --source system --source channel:SYSTEM
says err "The System log is named twice."
# Without a source it is the System log, of which Wine has none. What reads it is tested against
# stand-ins, in wine_live.sh and the unit tests.
expect 1 "no source" watch run --once --policy lab.ini --data data
says out "watches the System log"
says err "The System log cannot be read: "
expect 1 "no such log" watch run --once --policy lab.ini --data data --source file:none.evt
says err "The log none.evt cannot be read: no such file or directory."
expect 3 "no Windows directory" watch run --once --policy lab.ini --data data --source file:Sys.Evt \
    --root logs
printf 'no log' > text.evt
expect 1 "no log" watch run --once --policy lab.ini --data data --source file:text.evt
says err "text.evt is no event log"
windows
head -c 300000 original.sys > "$root/System32/drivers/tcpip.sys"
expect 3 "a damaged driver" once --yes
says out "tcpip.sys is damaged."

# Letters that no code page of this Wine has.
odd="Prüfung €"
mkdir "$odd"
cp Sys.Evt "$odd/Sys.Evt"
expect 0 "a path beyond ASCII" watch scan --json "$odd"
json out 'lines[0]["file"].startswith("Prüfung €") and lines[-1]["summary"]["matches"] == 3'

finish
