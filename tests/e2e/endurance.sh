#!/bin/sh
# A flood of events, followed by a running watcher: the number it counted is the number that was
# written, over a wrap and a cleared log, and its memory stays flat.
#
#   sh endurance.sh BUILD [SECONDS [RATE]]
#
# SECONDS (60) are shared by the kinds of log; RATE (100000) is events a second.
set -eu

build=$1
seconds=${2:-60}
rate=${3:-100000}
work=$(mktemp -d)
watcher=
trap 'kill "$watcher" 2> /dev/null || true; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
[ -z "${TCPIPWATCH_FIGURES-}" ] || rm -f "$TCPIPWATCH_FIGURES"
failed=0
events=0
lost=0

cat > "$work/policy.ini" << 'POLICY'
[burst]
events = 3
window = 168h
[action]
on_burst = notify
POLICY

rss() {
    awk '/^VmRSS/ { print $2 }' "/proc/$watcher/status"
}

# Of the state file: the records of all bursts and of all single times that are in no burst. The
# flood is one burst, so that each record is in it.
counted() {
    awk '$1 == "last" { last = $2 } $1 == "events" { events = $2 }
         $1 == "burst" && $2 == 1 { sum += events } END { printf "%d\n", sum }' \
        "$work/data/roots/none/state"
}

# flood NAME ARGUMENT...: NAME is the log's file name; the last events are written one by one, so
# that the watcher has read them all when it has read those.
flood() {
    name=$1
    shift
    rm -rf "$work/data"
    : > "$work/$name"
    "$build/tcpipwatch" run --policy "$work/policy.ini" --data "$work/data" \
        --source "file:$work/$name" > "$work/out" 2>&1 &
    watcher=$!
    "$build/tests/flood" "$work/$name" "$rate" "$share" "$@" > "$work/written" &
    flooder=$!
    least=
    most=0
    sleep 2
    while kill -0 "$flooder" 2> /dev/null; do
        now=$(rss)
        [ -n "$least" ] || least=$now
        [ "$now" -le "$most" ] || most=$now
        sleep 0.5
    done
    wait "$flooder"
    # It has read everything when it sleeps: no processor time is used for a second.
    before=-1
    while :; do
        ticks=$(awk '{ print $14 + $15 }' "/proc/$watcher/stat")
        [ "$ticks" != "$before" ] || break
        before=$ticks
        sleep 1
    done
    kill "$watcher"
    wait "$watcher" || true
    watcher=
    written=$(cat "$work/written")
    count=$(counted)
    printf '%-22s %10d written %10d counted   memory %5d to %5d KiB\n' "$name $*" "$written" \
        "$count" "$least" "$most"
    events=$((events + written))
    if [ "$count" != "$written" ]; then
        lost=$((lost + (written > count ? written - count : count - written)))
        echo "counted $count of $written"
        tail -n 20 "$work/out"
        failed=1
    fi
    if [ $((most - least)) -gt 2048 ]; then
        echo "the memory grew from $least to $most KiB"
        failed=1
    fi
}

share=$((seconds / 4))
[ "$share" -ge 2 ] || share=2
flood plain.evt
flood wrapped.evt --limit 67108864 --clear-at $((share / 2))
flood wrapped.evtx --limit 134217728 --clear-at $((share / 2))
flood growing.xml
[ -z "${TCPIPWATCH_FIGURES-}" ] || printf 'events %d\nlost %d\nwrong %d\ncrashes 0\n' \
    "$events" "$lost" "$failed" > "$TCPIPWATCH_FIGURES"
exit "$failed"
