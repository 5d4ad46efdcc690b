#!/bin/sh
# tcpipwatch run --once: what each policy does about a burst, with and without a root; what is kept from
# one run to the next.
# Usage: watch_once.sh BUILD_DIR
set -eu

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watch_lib.sh"
watch_begin "$1"

once() { # OPTION...
    # shellcheck disable=SC2046 # one word an option
    "$watch" run --once $(usual) "$@"
}

burst() { # [OPTION]...: a new Windows directory, and a log with one burst
    windows
    new_log
    events 3 --time 2026-01-10T08:00:00Z --step 600 "$@"
}

# ---- each policy ----

burst
on_burst ask
expect 3 "ask, and nobody to ask" once
says out "Burst: 3 events 4226 of WKS-WINXP32BIT within 20 minutes"
says out "The decision waits for a yes"
says out "tcpippatch set --limit 100 --root \"$root\""
check "asks before it writes" all_are original.sys
check "the state says so" test "$(state state)" = deciding
json "$data/audit.jsonl" '[line["action"] for line in lines if line["action"] != "note"] ==
    ["burst", "census", "nobody-to-ask"]'
json "$data/audit.jsonl" 'lines[-2]["burst"]["events"] == 3 and
    lines[-2]["burst"]["first"] == "2026-01-10T08:00:00.0000000Z" and
    lines[-2]["root"].endswith("/WINDOWS") and lines[-2]["state"] == "deciding"'
expect 3 "the question stands" once
acted 2 nobody-to-ask
check "still nothing is written" all_are original.sys
expect 0 "and is answered with --yes" once --yes
check "writes all copies" all_are limit100.sys
acted 1 patched
acted 1 restart
json "$data/audit.jsonl" '[len(line["changes"]) for line in lines if line["action"] == "set"] == [3]'

burst
on_burst patch
expect 0 "patch" once
says out "Done: the limit is 100 in 3 copies"
says out "Please restart it."
check "writes all copies" all_are limit100.sys
check "saves the original" cmp original.sys "$data"/originals/*.sys
check "the state says so" test "$(state state)" = reboot-pending
expect 0 "the next start verifies" once
says out "Verified: every copy under $root is as it was written, with the limit 100."
check "and goes on watching" test "$(state state)" = watching
acted 1 patched
acted 1 burst
expect 0 "a third run does nothing" once
acted 1 patched
acted 1 verified
acted 1 burst

burst
on_burst notify
expect 0 "notify" once
says out "Nothing is changed: the policy says [action] on_burst = notify."
check "writes nothing" all_are original.sys
expect 0 "notifies once" once
acted 1 notify-only

burst
on_burst ask
expect 0 "--yes" once --yes
check "writes all copies" all_are limit100.sys
says out "Restart the machine that $root belongs to."

# ---- without a root ----

burst
on_burst patch
expect 0 "without a root" "$watch" run --once --policy "$policy" --data "$data" --source "file:$log"
says out "Nothing is changed: this log is only watched."
check "writes nothing" all_are original.sys
acted 1 nothing-to-change

# ---- from run to run ----

windows
new_log
on_burst patch
events 2 --time 2026-01-10T08:00:00Z --step 600
expect 0 "two events" once
acted 0 burst
events 1 --time 2026-01-10T08:59:00Z
expect 0 "and one more" once
says out "Burst: 3 events 4226 of WKS-WINXP32BIT within 59 minutes"
acted 1 burst
acted 1 patched
check "writes all copies" all_are limit100.sys

windows
new_log
on_burst notify
events 3 --time 2026-01-10T08:00:00Z
expect 0 "a burst" once
events 3 --time 2026-01-11T07:59:00Z
expect 0 "another one within the cooldown" once
acted 1 burst
events 3 --time 2026-01-11T12:00:00Z
expect 0 "and one after it" once
acted 2 burst

# The policy that the counters were made with has changed in between.
windows
new_log
on_burst patch
events 4 --time 2026-01-10T08:00:00Z --step 1800
on_burst patch '[burst]' 'events = 10' 'window = 2h'
expect 0 "four events of ten" once
acted 0 burst
on_burst patch '[burst]' 'events = 5' 'window = 2h'
events 1 --time 2026-01-10T10:01:00Z
expect 0 "five in more than two hours" once
acted 0 burst
events 1 --time 2026-01-10T09:59:00Z
expect 0 "five within two hours" once
acted 1 burst

# The limit is set already, by hand or by another tool.
burst
on_burst patch
for place in $places; do cp limit100.sys "$root/$place/tcpip.sys"; done
expect 0 "the limit is set" once
says out "Nothing is changed: the limit in $root is 100 already"
acted 0 patched

# ---- whose burst ----

burst
on_burst patch '[burst]' 'cooldown = 0s'
expect 0 "the first computer" once
events 3 --computer FORWARDED --time 2026-01-20T08:00:00Z
for place in $places; do cp original.sys "$root/$place/tcpip.sys"; done
expect 1 "what was put back is told, and another computer's burst" once
says err "Not as it was written under $root"
says err "has the limit 10 again"
says out "Nothing is changed: this burst is of FORWARDED, and $root belongs to WKS-WINXP32BIT."
check "never patches" all_are original.sys
events 3 --time 2026-01-20T09:00:00Z
# The policy says yes once for a build; what puts the original back may do so each time.
expect 3 "its own is asked about" once
says out "It is not raised again without a person's yes."
check "is not patched again by itself" all_are original.sys

# ---- two sources, each counted by itself ----

windows
on_burst patch
new_log
new_log other.evt
events 2 --time 2026-01-10T08:00:00Z
./make_log append other.evt --count 2 --time 2026-01-10T08:00:00Z
expect 0 "the same two events in two logs" once --source file:other.evt
acted 0 burst
./make_log append other.evt --time 2026-01-10T08:01:00Z
expect 0 "a third in one of them" once --source file:other.evt
acted 1 burst
acted 1 patched

# ---- every kind of log ----

for kind in evtx xml; do
    windows
    if [ "$kind" = evtx ]; then
        ./make_log create a.evtx
        ./make_log append a.evtx --count 3 --time 2026-01-10T08:00:00Z --decoy
    else
        rm -f a.xml
        ./make_log xml a.xml --count 3 --time 2026-01-10T08:00:00Z --decoy
    fi
    expect 0 "a burst in $kind" "$watch" run --once --policy "$policy" --data "$data" --root "$root" \
        --source "file:a.$kind"
    acted 1 patched
done

# ---- a state that cannot be used ----

burst
on_burst notify
expect 0 "a burst" once
for damage in cut empty garbage future; do
    file=$(echo "$data"/roots/*/state)
    case $damage in
    cut) head -c 100 "$file" > cut.state && cat cut.state > "$file" ;;
    empty) : > "$file" ;;
    garbage) printf 'x' | dd of="$file" bs=1 seek=40 conv=notrunc 2> /dev/null ;;
    future) sed -n '1s/1$/99/p' "$file" > cut.state && cat cut.state > "$file" ;;
    esac
    expect 0 "a state that is $damage" once
    says err "The state in $data/roots/"
    says err "Starting anew: the logs are read from their oldest record"
    says out "Burst: 3 events"
    expect 0 "is replaced" once
    says_not err "The state"
done

# ---- the audit log where the policy says, and no more in it than it says ----

burst
on_burst notify
expect 0 "a burst" once
on_burst notify '[log]' "file = $tmp/own.jsonl" 'level = warning'
expect 0 "at a place of its own" once
check "is not made without need" test ! -e own.jsonl
events 3 --time 2026-03-10T08:00:00Z
expect 0 "a burst is always kept" once
json own.jsonl '[line["action"] for line in lines] == ["burst", "census", "notify-only"]'

finish
