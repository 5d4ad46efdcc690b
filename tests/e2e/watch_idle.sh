#!/bin/sh
# A resident tcpipwatch without anything to do does not run at all: no call to the system in 5 seconds.
# Usage: watch_idle.sh BUILD_DIR. Exit status 77 (skipped) where strace is not installed, or may not
# trace here.
set -eu

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watch_lib.sh"
watch_begin "$1"
skip() {
    finished=true
    echo "skipped: $1"
    exit 77
}
command -v strace > /dev/null || skip "strace is not installed"
strace -o trace true 2> /dev/null || skip "strace may not trace here"

windows
on_burst notify
new_log
events 2 --time 2026-01-10T08:00:00Z
# shellcheck disable=SC2046 # one word an option
start $(usual)
# It reads its files once more when it has begun to watch them, late where the machine is busy.
sleeps() { # how often it has gone to sleep
    sed -n 's/^voluntary_ctxt_switches:[^0-9]*//p' "/proc/$watcher/status"
}
is_settled() {
    before=$(sleeps)
    sleep 2
    [ "$before" = "$(sleeps)" ]
}
wait_for 60 "two seconds without a wake-up" is_settled
status=0
timeout 5 strace -f -p "$watcher" -o trace 2> strace.err || status=$?
check "strace ran until it was stopped" test "$status" = 124
# The call that it waits in is shown when the tracing begins, and again when it ends.
grep -vE ' (restart_syscall|poll|ppoll)\(| (\+\+\+|---) ' trace > calls || true
check "no call in 5 seconds" sh -c '! grep . calls'
check "it waits in one" test "$(grep -cE ' (restart_syscall|poll|ppoll)\(' trace)" -le 1
stopped_well
finish
