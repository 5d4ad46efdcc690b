#!/bin/sh
# Every record's fields, and what scan finds, against what other readers of .evtx files say: libevtx's
# evtxexport, and python3-evtx for the small logs (it is slow). Real logs, and logs of make_log.
#   peers.sh BUILD SAMPLES
# Exit status 77 (skipped) where there is neither reader.
set -eu
. "$(dirname "$0")/lib.sh"
peers=
if command -v evtxexport > /dev/null; then peers="libevtx"; fi
if /usr/bin/python3 -c 'import Evtx.Evtx' 2> /dev/null; then peers="$peers python-evtx"; fi
if [ -z "$peers" ]; then
    echo "skipped: neither evtxexport (libevtx-utils) nor python3-evtx is installed"
    exit 77
fi
begin "$1"

"$build/tests/make_log" create made.evtx --number 1000
"$build/tests/make_log" append made.evtx --count 700 --decoy --garbage --time 2011-09-20T15:43:01Z
"$build/tests/make_log" create ports.evtx # which python3-evtx is asked about as well
for code in 4226 4227 4228 4231; do
    "$build/tests/make_log" append ports.evtx --event $code --count 17 --decoy --garbage
done
"$build/tests/make_log" close made.evtx
cp "$tests"/../data/*.evtx .
if [ -d "${2-}" ]; then cp "$2"/*.evtx .; fi

for peer in $peers; do
    for log in *.evtx; do
        size=$(wc -c < "$log")
        if [ "$peer" = python-evtx ] && [ "$size" -gt 300000 ]; then continue; fi
        run /usr/bin/python3 "$tests/peers.py" "$build/tests/dump_log" "$build/tcpipwatch" "$peer" "$log"
        cat out
        if [ "$status" = 0 ]; then ok; else bad "$log against $peer"; fi
    done
done
finish
