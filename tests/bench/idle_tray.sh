#!/bin/sh
# What the tray costs while nothing happens, and whether it grows with what it tells: wake-ups of its
# threads in 30 seconds; then memory, handles and objects of the desktop over 10,000 events that the
# watcher reads, of which every 50 are a burst that is told; then over as many sentences and states
# that are told one by one. Under Wine, whose own threads and handles count as well.
# Usage: idle_tray.sh BUILD_DIR [EVENTS [SECONDS]], the folder of a build for Windows.
set -eu

. "$(dirname "$0")/../e2e/lib.sh"
. "$(dirname "$0")/../e2e/tray_lib.sh"
events=${2:-10000}
seconds=${3:-30}
tray_begin "$1"

# The process that is the program: what was started may be a script that waits for it.
program() { # NAME
    pgrep -f "$1[.]exe" | while read -r found; do
        if [ "$(readlink "/proc/$found/cwd")" = "$tmp" ] &&
            grep -q "$1" "/proc/$found/comm" 2> /dev/null; then
            echo "$found"
        fi
    done | tail -n 1
}

find_program() {
    process=$(program "$1")
    [ -n "$process" ] || {
        bad "the process of $1 is not found"
        finish
    }
}

switches() {
    cat "/proc/$process"/task/*/status | awk '/ctxt_switches/ { sum += $2 } END { print sum }'
}

private() {
    awk '/^RssAnon|^VmSwap/ { sum += $2 } END { print sum }' "/proc/$process/status"
}

row() { # EVENTS
    # shellcheck disable=SC2046,SC2183 # three numbers
    printf '%10s %8s %8s %8s %12s\n' "$1" $(find_window count tcpipwatch-tray) "$(private)"
}

head_row() {
    echo
    printf '%10s %8s %8s %8s %12s\n' "$1" GDI USER handles 'private KiB'
}

sh "$runner" "$build/tests/idle_window.exe" > idle.out 2>&1 < /dev/null &
tray=$!
wait_for 60 "a window that does nothing" icon_is_there
sleep 2
find_program idle_window
echo "private memory of a program with a window and an icon that does nothing: $(private) KiB"
find_window close idle-window
wait "$tray" || bad "the window that does nothing does not end well"
tray=

batch=50
windows
new_log
printf '[burst]\nevents = %s\nwindow = 1h\ncooldown = 0s\n[action]\non_burst = notify\n' "$batch" > "$policy"
start_tray --policy "$policy" --data "$data" --root "$root" --source "file:$log"

find_program tcpipwatch
sleep 5
before=$(switches)
sleep "$seconds"
after=$(switches)
echo "idle: $((after - before)) wake-ups of $(find "/proc/$process/task" -maxdepth 1 -mindepth 1 | wc -l) threads in $seconds s"
head_row events
row 0
told=0
while [ "$told" -lt "$events" ]; do
    # A day further on: each is a burst of its own.
    wine "$build/tests/make_log.exe" append "$log" --count "$batch" --limit 16777216 \
        --time "$(date -u -d "2020-01-01 +$((told / batch)) days" +%Y-%m-%dT%H:%M:%SZ)"
    told=$((told + batch))
    if [ "$((told % (events / 5)))" = 0 ]; then
        sleep 2
        row "$told"
    fi
done
acted $((told / batch)) burst
find_window close tcpipwatch-tray
tray_ended "WM_CLOSE"

sh "$runner" "$build/tests/ask_tray.exe" flood "$events" > told 2> told.err < /dev/null &
tray=$!
head_row sentences
for step in 0 1 2 3 4 5; do
    told=$((events * step / 5))
    wait_for 120 "$told sentences" grep -q "^told $told" told
    sleep 1
    [ "$step" != 0 ] || find_program ask_tray
    row "$told"
done
find_window close tcpipwatch-tray
wait "$tray" || bad "the flood does not end well"
tray=
finish
