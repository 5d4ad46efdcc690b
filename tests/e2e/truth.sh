#!/bin/sh
# Every full sample log against truth.tsv beside it: how many records it has, the times of the first
# and the last, and how many events of Tcpip are 4226, 4227, 4231.
#   truth.sh BUILD SAMPLES
# Exit status 77 (skipped) where the samples are not there.
set -eu
. "$(dirname "$0")/lib.sh"
samples=$(cd "${2:?SAMPLES}" 2> /dev/null && pwd) || { echo "skipped: no folder $2"; exit 77; }
[ -f "$samples/truth.tsv" ] || { echo "skipped: no $samples/truth.tsv"; exit 77; }
begin "$1"

run python3 "$tests/truth.py" "$build/tests/dump_log" "$build/tcpipwatch" "$samples"
cat out
if [ "$status" = 0 ]; then ok; else bad "the samples against truth.tsv"; fi
finish
