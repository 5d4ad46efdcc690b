#!/bin/sh
# tcpipwatch run, resident: logs that grow, wrap, shrink, are replaced, cleared, gone and back; a policy
# that is edited meanwhile; a restart of the watched machine; stopping.
# Usage: watch_follow.sh BUILD_DIR
set -eu

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watch_lib.sh"
watch_begin "$1"

begin_watching() { # [OPTION]...
    # shellcheck disable=SC2046 # one word an option
    start $(usual) "$@"
}

# ---- a log that grows, and a machine that is started again ----

windows
on_burst patch
cp "$tests/../data/xp_SysEvent_excerpt_3870-3990.evt" "$log"
chmod u+w "$log"
begin_watching
events 2 --decoy
sleep 0.3
acted 0 burst
events 1
until_says watch.out "Burst: 3 events 4226"
until_says watch.out "Please restart it."
check "writes all copies" all_are limit100.sys
./make_log append "$log" --event 6005 --source EventLog --record-type information \
    --time 2026-01-01T00:00:00Z
sleep 1.1 # the log's times are whole seconds, and the restart comes after the patch
acted 0 verify
./make_log append "$log" --event 6005 --source EventLog --record-type information
until_says watch.out "Verified: every copy under $root"
# Bursts that go on under the new limit are told, though the cooldown is not over.
events 2
sleep 0.3
acted 1 burst
events 3
until_says watch.err "was verified after the restart"
says watch.err "The limit is perhaps still too low. Proposed is 200"
acted 2 burst
acted 1 patched
acted 1 verified
stopped_well
json "$data/audit.jsonl" 'lines[-1]["text"] == "Stopped."'
check "the state is saved" test "$(state state)" = watching

# ---- put back by hand before the restart ----

windows
new_log
begin_watching
events 3
until_says watch.out "Please restart it."
for place in $places; do cp original.sys "$root/$place/tcpip.sys"; done
sleep 1.1
./make_log append "$log" --event 6005 --source EventLog --record-type information
until_says watch.err "Not as it was written under $root"
says watch.err "has the limit 10 again"
check "is not patched again" all_are original.sys
stopped_well HUP

# ---- every way in which a log changes under the watcher ----

windows
on_burst notify '[burst]' 'cooldown = 0s'
new_log
begin_watching
new_log replacing.evt
./make_log append replacing.evt --count 2 --time 2026-01-10T08:00:00Z
mv replacing.evt "$log" # by a rename
until_says watch.out "event 4226"
events 1 --time 2026-01-10T08:01:00Z
until_says watch.out "Burst: 3 events"
new_log # cleared: the same name, another file
events 1 --time 2026-01-10T08:02:00Z
until_says watch.err "is not in it any more"
events 2 --time 2026-01-20T08:00:00Z
sleep 0.3
acted 1 burst
events 1 --time 2026-01-20T08:01:00Z
until_says watch.out "Burst: " 2
rm "$log"
until_says watch.err "$log cannot be read: no such file or directory. It is tried again."
new_log
until_says watch.out "$log can be read again."
events 3 --time 2026-02-20T08:00:00Z
until_says watch.out "Burst: " 3
: > "$log" # shrinks to nothing, and grows again
./make_log create small.evt
./make_log append small.evt --count 3 --time 2026-03-20T08:00:00Z
cat small.evt > "$log"
until_says watch.out "Burst: " 4
printf 'no log' > "$log"
until_says watch.err "$log is no event log"
cat small.evt > "$log"
events 3 --time 2026-04-20T08:00:00Z
until_says watch.out "Burst: " 5
stopped_well
json "$data/audit.jsonl" '[line["burst"]["events"] for line in lines if line["action"] == "burst"] ==
    [3] * 5'

# A full log that wraps. (A log that wraps past the place has really lost something, so this one is
# large enough for a busy machine.)
windows
on_burst notify
rm -f "$log"
./make_log create "$log" --size 65536 --limit 65536
events 500 --limit 65536 --event 4207 --time 2026-01-01T00:00:00Z
begin_watching
for day in 02 03 04 05; do
    for hour in 00 02 04 06 08; do
        events 20 --limit 65536 --event 4207 --time "2026-01-${day}T$hour:00:00Z"
        events 1 --limit 65536 --time "2026-01-${day}T$hour:01:00Z"
    done
done
sleep 0.3
acted 0 burst
events 2 --limit 65536 --time 2026-01-05T08:02:00Z
until_says watch.out "Burst: 3 events"
says_not watch.err "is not in it any more"
stopped_well

# ---- .evtx and XML that grow, and two sources of one machine ----

windows
on_burst notify '[burst]' 'cooldown = 0s'
./make_log create a.evtx
./make_log xml a.xml --count 2 --time 2026-01-10T08:00:00Z
log=a.evtx
begin_watching --source file:a.xml
./make_log append a.evtx --count 2 --time 2026-01-12T08:00:00Z
./make_log append a.evtx --count 1 --time 2026-01-12T08:01:00Z
until_says watch.out "Burst: 3 events"
./make_log xml a.xml --number 3 --time 2026-01-14T08:00:00Z --count 2
# An event that is written in two pieces.
./make_log xml piece.xml --number 5 --time 2026-01-14T08:01:00Z
size=$(wc -c < piece.xml)
head -c $((size / 2)) piece.xml >> a.xml
sleep 0.2
acted 1 burst
tail -c +$((size / 2 + 1)) piece.xml >> a.xml
until_says watch.out "Burst: " 2
says watch.out "2026-01-14 08:00:00 UTC to 2026-01-14 08:01:00 UTC"
stopped_well
check "nothing went wrong" test ! -s err
log=SysEvent.Evt

# ---- XML that is joined of exports in two encodings, read on after a restart within each ----

windows
on_burst notify '[burst]' 'cooldown = 0s'
utf16() { iconv -f UTF-8 -t UTF-16LE; }
./make_log xml - --count 1 --time 2026-01-10T08:00:00Z > part.xml
{ printf '\357\273\277' | utf16; utf16 < part.xml; } > joined.xml
log=joined.xml
begin_watching
./make_log xml - --number 2 --time 2026-01-10T08:01:00Z | utf16 >> joined.xml
stopped_well
begin_watching
./make_log xml joined.xml --number 3 --time 2026-01-10T08:02:00Z
until_says watch.out "Burst: 3 events"
./make_log xml joined.xml --number 4 --count 2 --time 2026-01-12T08:00:00Z
stopped_well
begin_watching
./make_log xml joined.xml --number 6 --time 2026-01-12T08:02:00Z
until_says watch.out "2026-01-12 08:00:00 UTC to 2026-01-12 08:02:00 UTC"
acted 2 burst
stopped_well
check "nothing went wrong" test ! -s err
log=SysEvent.Evt

# ---- another machine's forwarded events ----

windows
on_burst patch '[burst]' 'cooldown = 0s'
new_log
begin_watching
events 3 --time 2026-01-10T08:00:00Z
until_says watch.out "Please restart it."
for place in $places; do cp original.sys "$root/$place/tcpip.sys"; done
events 3 --computer FORWARDED --time 2026-01-10T09:00:00Z
until_says watch.out "this burst is of FORWARDED, and $root belongs to WKS-WINXP32BIT."
check "never patches" all_are original.sys
acted 1 patched
stopped_well

# ---- a log that is not there yet is refused at the start, its directory may go later ----

windows
mkdir -p logs
log=logs/SysEvent.Evt
new_log
on_burst notify
begin_watching
mv logs elsewhere
until_says watch.err "cannot be read: no such file or directory"
mv elsewhere logs
until_says watch.out "can be read again."
events 3
until_says watch.out "Burst: 3 events"
stopped_well
log=SysEvent.Evt

finish
