#!/bin/sh
# What the tray costs while nothing happens, and whether it grows with what it tells: wake-ups of its
# threads in 30 seconds, then memory, handles and objects of the desktop over 10,000 events, of which
# every 50 are a burst that is told. Under Wine, whose own threads and handles count as well.
# Usage: idle_tray.sh BUILD_DIR [EVENTS [SECONDS]], the folder of a build for Windows.
set -eu

. "$(dirname "$0")/../e2e/lib.sh"
. "$(dirname "$0")/../e2e/tray_lib.sh"
events=${2:-10000}
seconds=${3:-30}
tray_begin "$1"

batch=50
windows
new_log
printf '[burst]\nevents = %s\nwindow = 1h\ncooldown = 0s\n[action]\non_burst = notify\n' "$batch" > "$policy"
start_tray --policy "$policy" --data "$data" --root "$root" --source "file:$log"

# The process that is tcpipwatch.exe: what was started may be a script that waits for it.
program() {
    pgrep -f "tcpipwatch[.]exe.*run --tray" | while read -r process; do
        if [ "$(readlink "/proc/$process/cwd")" = "$tmp" ] &&
            grep -q tcpipwatch.exe "/proc/$process/comm" 2> /dev/null; then
            echo "$process"
        fi
    done | tail -n 1
}
process=$(program)
[ -n "$process" ] || {
    bad "the process is not found"
    finish
}

switches() {
    cat "/proc/$process"/task/*/status | awk '/ctxt_switches/ { sum += $2 } END { print sum }'
}

private() {
    awk '/^RssAnon|^VmSwap/ { sum += $2 } END { print sum }' "/proc/$process/status"
}

row() { # EVENTS
    # shellcheck disable=SC2046 # three numbers
    printf '%10s %8s %8s %8s %12s\n' "$1" $(find_window count tcpipwatch-tray) "$(private)"
}

sleep 5
before=$(switches)
sleep "$seconds"
after=$(switches)
echo "idle: $((after - before)) wake-ups of $(find "/proc/$process/task" -maxdepth 1 -mindepth 1 | wc -l) threads in $seconds s"
echo
printf '%10s %8s %8s %8s %12s\n' events GDI USER handles 'private KiB'
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
finish
