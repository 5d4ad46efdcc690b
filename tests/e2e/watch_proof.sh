#!/bin/sh
# tcpipwatch watches its own work: copies that somebody changes while it runs or between two runs,
# bursts that go on, and ports that run out. Usage: watch_proof.sh BUILD_DIR
set -eu

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watch_lib.sh"
watch_begin "$1"
./make_image --build 2505 update.sys
./make_image --build 2505 --two-stores unclear.sys
./make_image --limit 50 limit50.sys
drivers=$root/system32/drivers/tcpip.sys

begin_watching() {
    # shellcheck disable=SC2046 # one word an option
    start $(usual) "$@"
}

put() { # FILE: in each place, as a program does that knows what it is doing
    for place in $places; do
        cp "$1" "$root/$place/new"
        mv "$root/$place/new" "$root/$place/tcpip.sys"
    done
}

patched_and_verified() {
    windows
    new_log
    on_burst patch '[burst]' 'cooldown = 24h'
    begin_watching
    events 3 --time 2026-01-10T08:00:00Z
    until_says watch.out "Please restart it."
    sleep 1.1 # the log's times are whole seconds, and the restart comes after the patch
    ./make_log append "$log" --event 6005 --source EventLog --record-type information
    until_says watch.out "Verified: every copy under $root"
}

# ---- put back while it runs ----

patched_and_verified
put original.sys
until_says watch.err "Changed by somebody else under $root:"
says watch.err "$drivers has the limit 10 again (it was 100)"
says watch.err "$root/system32/dllcache/tcpip.sys has the limit 10 again"
says watch.err "Nothing is patched again without a new burst or your yes."
says_not watch.err "Windows File Protection names the file"
check "and it is not" all_are original.sys
# A new burst is news, and the policy's yes was for one attempt.
sleep 1.1
events 3
until_says watch.out "It is not raised again without a person's yes."
check "not by itself" all_are original.sys
acted 1 patched
acted 1 tried-before
acted 1 copies-changed
json "$data/audit.jsonl" '[[(change["was"]["limit"], change["now"]["limit"], change["now"]["version"])
    for change in line["changes"]] for line in lines if line["action"] == "copies-changed"] ==
    [[(100, 10, "5.1.2600.2180")] * 3]'
stopped_well

# ---- an update, another program, a file that is gone or not clear ----

patched_and_verified
put update.sys
until_says watch.err "is another build now (5.1.2600.2505; it was 5.1.2600.2180), most likely from an"
says watch.err "Its limit is 10."
put limit50.sys
until_says watch.err "is another build now (5.1.2600.2180; it was 5.1.2600.2505)"
says watch.err "Its limit is 50."
put limit100.sys
until_says watch.err "has the limit 100 now (it was 50): another program has set it."
rm "$root/system32/dllcache/tcpip.sys"
until_says watch.err "$root/system32/dllcache/tcpip.sys is gone."
put unclear.sys
until_says watch.err "It is unrecognised, and is not patched."
sleep 1.1
events 3
until_says watch.out "Nothing is changed: $drivers is unrecognised."
check "what is not certain is never patched" all_are unclear.sys
acted 1 patched
stopped_well

# ---- what Windows File Protection says of it ----

patched_and_verified
./make_log append "$log" --event 64002 --source "Windows File Protection" --string tcpip.sys \
    --record-type information
./make_log append "$log" --event 64002 --source "Windows File Protection" --string other.sys \
    --record-type information
sleep 3
acted 0 copies-changed
put original.sys
./make_log append "$log" --event 64002 --source "Windows File Protection" --string tcpip.sys \
    --record-type information
until_says watch.err "Windows File Protection names the file in the System log."
acted 1 copies-changed
stopped_well

# ---- between two runs ----

patched_and_verified
stopped_well
expect 0 "the status" "$watch" status --policy "$policy" --data "$data"
says out "  verified   20"
put original.sys
begin_watching
until_says watch.err "has the limit 10 again (it was 100)"
stopped_well
begin_watching
stopped_well
acted 1 copies-changed

# A limit that nobody set from here, at the first look.
windows
new_log
put limit50.sys
begin_watching
until_says watch.err "The limit in $root is 50, which is neither Windows' own of 10 nor one that was"
stopped_well
begin_watching
stopped_well
acted 1 copies-changed

# Its own tool is somebody else, too.
windows
new_log
begin_watching
"$build/tcpippatch" set --limit 50 --root "$root" --data "$data" --yes > out 2> err
until_says watch.err "has the limit 50 now (it was 10)"
stopped_well

# ---- an unexpected program: here nobody can tell whose connections they were ----

windows
new_log
on_burst patch '[programs]' 'expected = webstress'
begin_watching --yes
events 3
until_says watch.out "The decision waits for a person's yes"
says watch.err "Which program it is cannot be told, and the policy expects bursts of some programs only"
check "nothing is patched unasked" all_are original.sys
stopped_well
acted 0 patched
acted 1 unexpected
json "$data/audit.jsonl" '[(line["verdict"], line["census"]) for line in lines
    if line["action"] == "census"] == [("nobody", None)]'

# ---- ports that run out ----

windows
new_log
on_burst patch
begin_watching
events 2 --event 4227 --time 2026-01-10T08:00:00Z
events 1 --event 4231 --time 2026-01-10T08:10:00Z
until_says watch.out "Ports run out: 3 events 4227 or 4231 of WKS-WINXP32BIT within 10 minutes"
says watch.out "TcpTimedWaitDelay"
events 3 --event 4231 --time 2026-01-10T09:00:00Z
# Events 4226 are counted apart.
events 2 --time 2026-01-10T08:05:00Z
stopped_well
acted 1 ports
acted 0 burst
check "nothing is changed" all_are original.sys
# What was counted outlives the process.
events 1 --event 4231 --time 2026-01-12T08:00:00Z
begin_watching
events 1 --event 4227 --time 2026-01-12T08:01:00Z
stop KILL
begin_watching
events 1 --event 4227 --time 2026-01-12T08:02:00Z
until_says watch.out "Ports run out: 3 events 4227 or 4231 of WKS-WINXP32BIT within 2 minutes"
stopped_well
acted 2 ports
expect 0 "the status" "$watch" status --policy "$policy" --data "$data"
says out "  ports      3 events 4227 or 4231 of WKS-WINXP32BIT, until 2026-01-12 08:02:00 UTC"

finish
