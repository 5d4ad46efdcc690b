#!/bin/sh
# static_runs.sh BUILD: the static programs start, move their own addresses, read each kind of log and
# write what they keep; all else of them is tested in the other builds.
# shellcheck disable=SC2154 # set by lib.sh
. "$(dirname "$0")/lib.sh"
begin "$1"
data=$tests/../data

matches() { # EXPECTED LOG
    expect 0 "scan of $(basename "$2")" "$build/tcpipwatch" scan --json "$2"
    if tail -n 1 out | grep -q "\"matches\":$1,"; then ok; else bad "not $1 matches"; fi
}

matches 2 "$data/xp_SysEvent_excerpt_3870-3990.evt"
matches 0 "$data/evtx32_System_ID12.evtx"
matches 0 "$data/evtx32_System_ID12.evtx.evtx_dump.xml"

printf '[action]\non_burst = notify\n' > policy.ini
for _ in 1 2; do
    expect 0 "run --once" "$build/tcpipwatch" run --once --policy policy.ini --data data \
        --source "file:$data/xp_SysEvent_excerpt_3870-3990.evt"
done
expect 0 "explain --json" "$build/tcpipwatch" explain --json --data data
expect 0 "a file that is no driver" "$build/tcpippatch" inspect "$data/README.md"
finish
