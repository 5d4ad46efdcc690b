#!/bin/sh
# tcpipwatch scan: text and JSON over files and directories, damaged ones among them.
# Usage: scan.sh BUILD_DIR
set -eu

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watch_lib.sh"
watch_begin "$1"
samples=$tests/../data
xp=$samples/xp_SysEvent_excerpt_3870-3990.evt
escape=$(printf '\033')

# ---- a real log of Windows XP ----

expect 0 "the XP log" "$watch" scan "$xp"
says out "2011-09-16 21:16:52 UTC  record 3882  Tcpip 4226  WKS-WINXP32BIT  $xp"
says out "2011-09-19 19:22:48 UTC  record 3975  Tcpip 4226  WKS-WINXP32BIT  $xp"
says out "1 log, 121 records, 2 of them event 4226 of Tcpip; 0 bursts of 3 or more within 1 hour."
says_not out "Burst: "
check "the other thresholds" grep -qE '^ +events within: +1 minute +10 minutes +1 hour +1 day$' out
check "of which none finds a burst" test "$(grep -cE '^ +(2|3|5|10|20)( +0){4}$' out)" = 5
check "nothing is wrong with it" test ! -s err
expect 0 "as JSON" "$watch" scan --json "$xp"
json out '[(line["record"], line["time"]) for line in lines[:-1]] == [
    (3882, "2011-09-16T21:16:52.0000000Z"), (3975, "2011-09-19T19:22:48.0000000Z")]'
json out 'lines[0] | {"file": ""} == {"file": "", "record": 3882,
    "time": "2011-09-16T21:16:52.0000000Z", "channel": None, "provider": "Tcpip", "event_id": 4226,
    "qualifiers": 32768, "level": 3, "computer": "WKS-WINXP32BIT"}'
json out 'lines[-1] == {"summary": {"files": 1, "records": 121, "matches": 2, "bursts": 0, "damaged": 0,
    "ports": 0, "port_bursts": 0}}'
expect 0 "every record" "$watch" scan --all --json "$xp"
json out '[line["record"] for line in lines[:-1]] == list(range(3870, 3991))'
expect 0 "every record as text" "$watch" scan --all "$xp"
check "is a line each" test "$(grep -c ' record ' out)" = 121

# ---- bursts ----

new_log
events 3 --time 2026-01-10T08:00:00Z --step 60 --decoy
events 2 --time 2026-01-10T12:00:00Z --computer OTHER
expect 0 "a burst" "$watch" scan "$log"
says out "Burst: 3 events of WKS-WINXP32BIT, 2026-01-10 08:00:00 UTC to 2026-01-10 08:02:00 UTC"
says out "5 of them event 4226 of Tcpip; 1 burst of 3 or more within 1 hour."
check "what 2 would find" grep -qE '^ +2 +2 +2 +2 +2$' out
check "what 3 would find" grep -qE '^ +3 +0 +1 +1 +1$' out
printf '[burst]\nevents = 2\nwindow = 10s\n' > "$policy"
expect 0 "with another policy" "$watch" scan --json --policy "$policy" "$log"
json out 'lines[-2] == {"burst": {"computer": "OTHER", "first": "2026-01-10T12:00:00.0000000Z",
    "last": "2026-01-10T12:00:01.0000000Z", "events": 2}} and lines[-1]["summary"]["bursts"] == 1'
# One burst whose records stand in two files.
new_log one.evt
new_log two.evt
./make_log append one.evt --count 2 --time 2026-01-10T08:00:00Z
./make_log append two.evt --time 2026-01-10T08:10:00Z
expect 0 "over two files" "$watch" scan one.evt two.evt
says out "Burst: 3 events of"

# ---- ports that run out ----

for kind in evt evtx xml; do
    rm -f ports.*
    if [ $kind != xml ]; then ./make_log create ports.$kind; fi
    write="append"
    if [ $kind = xml ]; then write=xml; fi
    ./make_log $write ports.$kind --event 4227 --count 4 --time 2026-01-10T08:00:00Z --step 60 --decoy
    ./make_log $write ports.$kind --event 4231 --time 2026-01-10T08:10:00Z
    ./make_log $write ports.$kind --event 4231 --count 2 --time 2026-01-10T08:10:00Z --computer OTHER
    ./make_log $write ports.$kind --count 2 --time 2026-01-10T08:20:00Z
    ./make_log $write ports.$kind --event 4228 --count 3 --time 2026-01-10T08:30:00Z
    ./make_log $write ports.$kind --event 4227 --source Microsoft-Windows-TCPIP --time 2026-01-10T08:40:00Z
    expect 0 "events of ports, $kind" "$watch" scan ports.$kind
    check "one line each" test "$(grep -c ' Tcpip 4227  WKS-WINXP32BIT ' out)" = 4
    check "also for 4231" test "$(grep -c ' Tcpip 4231  ' out)" = 3
    check "and none for others" test "$(grep -c ' record ' out)" = 9
    says out "Ports run out: 5 events of WKS-WINXP32BIT, 2026-01-10 08:00:00 UTC to 2026-01-10 08:10:00 UTC"
    says_not out "Burst: "
    says out "2 of them event 4226 of Tcpip; 0 bursts of 3 or more within 1 hour."
    says out "7 of them event 4227 or 4231 of Tcpip; 1 burst of 3 or more within 1 hour."
    says out "What helps where ports run out: "
    # They are counted by themselves.
    check "the other thresholds are those of 4226" grep -qE '^ +2 +1 +1 +1 +1$' out
    expect 0 "as JSON, $kind" "$watch" scan --json ports.$kind
    json out '[line["event_id"] for line in lines[:-2]] == [4227] * 4 + [4231] * 3 + [4226] * 2'
    json out 'lines[-2] == {"burst": {"computer": "WKS-WINXP32BIT",
        "first": "2026-01-10T08:00:00.0000000Z", "last": "2026-01-10T08:10:00.0000000Z",
        "events": 5, "kind": "ports"}}'
    json out 'lines[-1]["summary"] | {"records": 0} == {"files": 1, "records": 0, "matches": 2,
        "bursts": 0, "damaged": 0, "ports": 7, "port_bursts": 1}'
    expect 0 "all, $kind" "$watch" scan --all --json ports.$kind
    json out 'lines[-1]["summary"]["ports"] == 7 and lines[-1]["summary"]["matches"] == 2'
done
# Both kinds at a time: first the bursts of 4226, then those of ports; none makes the other larger.
new_log
for at in 08:00:00 08:00:10 08:00:20; do
    events 1 --event 4231 --time 2026-01-10T${at}Z
    events 1 --time 2026-01-10T${at}Z
done
events 1 --event 4227 --time 2026-01-10T08:00:30Z
expect 0 "both kinds, in words" "$watch" scan "$log"
cat > expected << 'E'
2026-01-10 08:00:00 UTC  record 1  Tcpip 4231  WKS-WINXP32BIT  LOG
2026-01-10 08:00:00 UTC  record 2  Tcpip 4226  WKS-WINXP32BIT  LOG
2026-01-10 08:00:10 UTC  record 3  Tcpip 4231  WKS-WINXP32BIT  LOG
2026-01-10 08:00:10 UTC  record 4  Tcpip 4226  WKS-WINXP32BIT  LOG
2026-01-10 08:00:20 UTC  record 5  Tcpip 4231  WKS-WINXP32BIT  LOG
2026-01-10 08:00:20 UTC  record 6  Tcpip 4226  WKS-WINXP32BIT  LOG
2026-01-10 08:00:30 UTC  record 7  Tcpip 4227  WKS-WINXP32BIT  LOG
Burst: 3 events of WKS-WINXP32BIT, 2026-01-10 08:00:00 UTC to 2026-01-10 08:00:20 UTC
Ports run out: 4 events of WKS-WINXP32BIT, 2026-01-10 08:00:00 UTC to 2026-01-10 08:00:30 UTC
1 log, 7 records, 3 of them event 4226 of Tcpip; 1 burst of 3 or more within 1 hour.
4 of them event 4227 or 4231 of Tcpip; 1 burst of 3 or more within 1 hour.
What helps where ports run out: connections that are used again, more dynamic ports ("netsh int ipv4 set dynamicport tcp"), a shorter TcpTimedWaitDelay.
Bursts of event 4226 that other thresholds find in these logs:
    events within:    1 minute  10 minutes      1 hour       1 day
                 2           1           1           1           1
                 3           1           1           1           1
                 5           0           0           0           0
                10           0           0           0           0
                20           0           0           0           0
E
sed "s|$log\$|LOG|" out > words
check "every sentence" cmp words expected
expect 0 "both kinds of bursts" "$watch" scan --json "$log"
json out '[line["burst"].get("kind") for line in lines[-3:-1]] == [None, "ports"] and
    [line["burst"]["events"] for line in lines[-3:-1]] == [3, 4]'
expect 0 "where there are none" "$watch" scan "$xp"
says_not out "4231"
says_not out "run out"

# ---- directories ----

mkdir -p disk/config/old disk/empty
cp "$xp" disk/config/SysEvent.Evt
cp "$xp" disk/config/notes.txt
cp "$samples"/*.evtx disk/config/old
cp "$samples"/*.xml disk/config/old
printf '<project><target/></project>' > disk/config/build.xml
ln -s ../config disk/config/circle.evt
expect 0 "a directory" "$watch" scan --json disk
json out 'lines[-1]["summary"] == {"files": 6, "records": 121 + 1 + 3 + 3 + 3, "matches": 2,
    "bursts": 0, "damaged": 0, "ports": 0, "port_bursts": 0}'
json out '{line["file"] for line in lines[:-1]} == {"disk/config/SysEvent.Evt"}'
check "no word on other files" test ! -s err
expect 0 "an empty directory" "$watch" scan disk/empty
says out "0 logs, 0 records, 0 of them event 4226"
expect 0 "several" "$watch" scan --json disk/config/SysEvent.Evt disk/config/old disk/empty
json out 'lines[-1]["summary"]["files"] == 6'
expect 0 "a named file with another ending" "$watch" scan disk/config/notes.txt
says out "1 log, 121 records"

# ---- what is damaged, missing or no log ----

head -c 10000 "$xp" > cut.evt
expect 1 "a log cut short" "$watch" scan cut.evt
says err "tcpipwatch: cut.evt: damaged at offset"
says out "damaged place"
cp "$xp" broken.evt
chmod u+w broken.evt
printf 'xxxx' | dd of=broken.evt bs=1 seek=$((48 + 4)) conv=notrunc 2> /dev/null
expect 1 "a log damaged at its first record" "$watch" scan --json broken.evt "$xp"
json out 'lines[-1]["summary"]["files"] == 2 and lines[-1]["summary"]["damaged"] == 1 and
    lines[-1]["summary"]["records"] == 120 + 121 and lines[-1]["summary"]["matches"] == 4'
says err "broken.evt: damaged at offset 48"
expect 1 "a missing one beside a good one" "$watch" scan --json none.evt "$xp"
says err "tcpipwatch: none.evt: cannot be read: no such file or directory."
json out 'lines[-1]["summary"]["matches"] == 2'
printf 'a text' > text.evt
expect 1 "a text" "$watch" scan text.evt
says err "text.evt: is no event log; expected is"
: > empty.evt
expect 1 "an empty file" "$watch" scan empty.evt
says err "empty.evt: is empty; expected is"
expect 1 "XML of something else, named" "$watch" scan disk/config/build.xml
says err "build.xml: is no event log"
mkfifo pipe.evt
expect 1 "a pipe" timeout 10 "$watch" scan pipe.evt
# In a directory: what calls itself a log and is none is named, any other file is passed over.
mkdir mixed
cp text.evt empty.evt "$xp" disk/config/build.xml mixed
mv pipe.evt mixed
expect 1 "a directory with some of each" timeout 10 "$watch" scan --json mixed
says err "mixed/text.evt: is no event log"
says err "mixed/empty.evt: is empty"
says_not err "build.xml"
says_not err "pipe"
json out 'lines[-1]["summary"]["files"] == 1 and lines[-1]["summary"]["matches"] == 2'
if [ "$(id -u)" = 0 ]; then
    mkdir -p shut/inside
    cp "$xp" shut
    chmod 700 shut/inside
    chmod 600 shut/*.evt
    chmod 755 shut
    expect 1 "a directory that may not be entered" env GCOV_PREFIX="$tmp/nobody" \
        setpriv --reuid 65534 --regid 65534 --clear-groups "$watch" scan shut
    says err "shut/inside: cannot be read: permission denied."
    says err "excerpt_3870-3990.evt: cannot be read: permission denied."
fi

# ---- names that would steer a terminal ----

new_log
evil=$(printf 'evil\033[2J\n{"summary":1}')
events 3 --computer "$evil" --source Tcpip --time 2026-01-10T08:00:00Z
cp "$log" "$evil.evt"
expect 0 "as text" "$watch" scan "$evil.evt"
says_not out "$escape"
check "a line for each record" test "$(grep -c ' record ' out)" = 3
says out 'Burst: 3 events of evil\x1b[2J\x0a{"summary":1},'
expect 0 "as JSON" "$watch" scan --json "$evil.evt"
json out 'len(lines) == 5 and lines[0]["computer"] == "evil\x1b[2J\n{\"summary\":1}"'
says_not out "$escape"
mkdir names
cp text.evt "names/$evil.evt"
expect 1 "in a message" "$watch" scan names
says_not err "$escape"
check "which stays one line" test "$(wc -l < err)" = 1

# ---- the one who reads it leaves early ----

new_log big.evt
./make_log append big.evt --count 3000 --time 2026-01-10T08:00:00Z > /dev/null
for form in --all --json; do
    status=0
    { "$watch" scan --all "$form" big.evt big.evt big.evt big.evt 2> err || echo $? > status; } | head -n 1 > out
    check "one line is read" test "$(wc -l < out)" = 1
    check "and nothing is said about it" test ! -s err
done
if [ -w /dev/full ]; then
    expect 1 "a full disk behind the output" sh -c '"$@" > /dev/full' sh "$watch" scan --all big.evt
    says err "The output cannot be written: the scan was stopped."
fi

# ---- usage ----

expect 2 "no path" "$watch" scan
says err "Which logs?"
expect 2 "an option of run" "$watch" scan --once "$xp"
expect 2 "no such policy" "$watch" scan --policy none.ini "$xp"
says err "The policy none.ini cannot be read"
check "nothing is made" test ! -e "$data"

finish
