#!/bin/sh
# tcpipwatch is killed again and again at moments that nobody chose, while its log grows; in the end
# everything was done once.
# Usage: watch_kill.sh BUILD_DIR [ROUNDS]
set -eu

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watch_lib.sh"
watch_begin "$1"
rounds=${2-30}

# pause LOW HIGH: sleeps for a random number of milliseconds.
pause() {
    sleep "0.$(printf '%03d' "$(($1 + $(od -An -N2 -tu2 /dev/urandom) % ($2 - $1)))")"
}

# Each kill leaves a copy that is whole, the old one or the new one.
copies_are_whole() {
    for place in $places; do
        cmp -s original.sys "$root/$place/tcpip.sys" || cmp -s limit100.sys "$root/$place/tcpip.sys" ||
            return 1
    done
}

begin_watching() {
    # shellcheck disable=SC2046 # one word an option
    "$watch" run $(usual) >> watch.out 2>> watch.err < /dev/null &
    watcher=$!
}

# ---- a log that grows by two events a day, which are no burst, and then by a third ----

windows
new_log
on_burst patch
: > watch.out
: > watch.err
day=0
while [ "$day" -lt "$rounds" ]; do
    date=$(date -u -d "2026-01-01 + $day days" +%Y-%m-%d)
    begin_watching
    pause 0 60
    events 1 --time "${date}T08:00:00Z"
    pause 0 60
    events 1 --time "${date}T08:10:00Z"
    pause 0 60
    # Sometimes it may save its state in peace.
    if [ $((day % 3)) = 2 ]; then stop; else stop KILL; fi
    day=$((day + 1))
done
# shellcheck disable=SC2046 # one word an option
expect 0 "reads the rest" "$watch" run --once $(usual)
acted 0 burst
check "nothing was written" all_are original.sys
check "all was counted, nothing twice" test "$(sed -n 's/^place-record //p' "$data"/roots/*/state)" = \
    $((2 * rounds))
check "nothing went wrong" test ! -s watch.err

# ---- killed while it sees the burst, patches and verifies ----

# killed_rounds COUNT: false when a copy is neither the old file nor the new one.
killed_rounds() {
    round=0
    while [ "$round" -lt "$1" ]; do
        begin_watching
        pause 5 180
        stop KILL
        copies_are_whole || return 1
        round=$((round + 1))
    done
}

trial=0
while [ "$trial" -lt 4 ]; do
    trial=$((trial + 1))
    windows
    new_log
    events 3 --time 2026-01-10T08:00:00Z
    check "every copy is the old file or the new one" killed_rounds $((rounds / 4))
    # What was begun is finished now: the patch, then the verification at the next start.
    for _ in 1 2; do
        # shellcheck disable=SC2046
        expect 0 "goes on" "$watch" run --once $(usual)
    done
    check "all copies are written" all_are limit100.sys
    check "and verified" test "$(state state)" = watching
    check "one patch was written" test "$(state patch-limit-before)" = 10
    json "$data/audit.jsonl" 'len([line for line in lines if line["action"] == "set"
        and line["result"] == "done" and line["changes"]]) <= 1'
    json "$data/audit.jsonl" 'any(line["action"] == "verified" for line in lines)'
    json "$data/audit.jsonl" '{line["burst"]["events"] for line in lines if line.get("burst")} == {3}'
    json "$data/audit.jsonl" 'all(line["action"] != "differs" for line in lines)'
    check "one original is saved" cmp original.sys "$data"/originals/*.sys
    check "nothing is left over" test "$(find "$root" "$data" -name '*new*' | wc -l)" = 0
    before=$(actions verified)
    # shellcheck disable=SC2046
    expect 0 "nothing is left to do" "$watch" run --once $(usual)
    acted "$before" verified
done

finish
