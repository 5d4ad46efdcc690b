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

# What was begun is finished now: the patch, then the verification at the next start. Afterwards all is
# as if nobody had been killed.
finishes_once() { # WHEN
    for _ in 1 2; do
        # shellcheck disable=SC2046
        expect 0 "$1: goes on" "$watch" run --once $(usual)
    done
    check "$1: all copies are written" all_are limit100.sys
    check "$1: and verified" test "$(state state)" = watching
    check "$1: one patch was written" test "$(state patch-limit-before)" = 10
    json "$data/audit.jsonl" 'len([line for line in lines if line["action"] == "set"
        and line["result"] == "done" and line["changes"]]) <= 1
        and any(line["action"] == "verified" for line in lines)
        and all(line["action"] != "differs" for line in lines)
        and {line["burst"]["events"] for line in lines if line.get("burst")} == {3}'
    check "$1: one original is saved" cmp original.sys "$data"/originals/*.sys
    check "$1: nothing is left over" test "$(find "$root" "$data" -name '*new*' | wc -l)" = 0
}

burst() {
    windows
    new_log
    events 3 --time 2026-01-10T08:00:00Z
}

for trial in 1 2 3 4; do
    burst
    check "every copy is the old file or the new one" killed_rounds $((rounds / 4))
    finishes_once "trial $trial"
    before=$(actions verified)
    # shellcheck disable=SC2046
    expect 0 "nothing is left to do" "$watch" run --once $(usual)
    acted "$before" verified
done

# ---- killed at each single step that changes a directory ----

if strace -o trace -e inject=rename:signal=KILL:when=99 true 2> /dev/null &&
    ! grep -q __asan_init "$watch"; then
    steps=0
    for call in rename,renameat,renameat2 unlink,unlinkat; do # one of each is what the system has
        number=0
        ended=false
        until $ended || [ "$number" -gt 40 ]; do
            number=$((number + 1))
            burst
            # shellcheck disable=SC2046
            run strace -o trace -e "inject=$call:signal=KILL:when=$number" "$watch" run --once $(usual)
            if [ "$status" = 0 ]; then ended=true; else steps=$((steps + 1)); fi
            check "$call $number: every copy is the old file or the new one" copies_are_whole
            $ended || finishes_once "$call $number"
        done
    done
    echo "killed at $steps steps"
    check "there are more than ten steps" test "$steps" -gt 10
else
    echo "not tried: killing at each step (strace is not installed, may not trace here, or the program
    is built with AddressSanitizer)"
fi

finish
