#!/bin/sh
# scan --jobs: with any number of threads the same lines in the same order; a log that becomes
# shorter while it is read is an error for that log alone.
#   scan_jobs.sh BUILD SAMPLES
set -eu
. "$(dirname "$0")/lib.sh"
samples=${2-}
begin "$1"
make_log=$build/tests/make_log

mkdir -p logs/deep
cp "$tests"/../data/*.evt "$tests"/../data/*.evtx "$tests"/../data/*.xml logs
for log in "$samples"/*.evtx; do
    [ ! -f "$log" ] || cp "$log" logs/deep
done
"$make_log" create logs/big.evtx
"$make_log" append logs/big.evtx --count 40000 --decoy --time 2011-09-20T15:43:01Z
for code in 4227 4228 4231; do
    "$make_log" append logs/big.evtx --event $code --count 500 --time 2011-09-21T00:00:00Z
done
"$make_log" xml logs/burst.xml --count 300
"$make_log" xml logs/burst.xml --event 4231 --count 300
echo "no log at all" > logs/none.evtx
head -c 1000000 logs/big.evtx > logs/cut.evtx

for options in "" "--all" "--json" "--all --json"; do
    # shellcheck disable=SC2086 # words
    run "$build/tcpipwatch" scan $options logs missing.evtx
    mv out expected; mv err expected-err; expected=$status
    for jobs in 1 2 3 16; do
        # shellcheck disable=SC2086
        run "$build/tcpipwatch" scan $options --jobs $jobs logs missing.evtx
        if [ "$status" = "$expected" ] && cmp -s out expected && cmp -s err expected-err; then
            ok
        else
            bad "scan $options --jobs $jobs is not as with one thread"
        fi
    done
done

for wrong in 0 -1 65 two 2x ""; do
    run "$build/tcpipwatch" scan --jobs "$wrong" logs
    if [ "$status" = 2 ]; then ok; else bad "--jobs \"$wrong\" is taken"; fi
done

# Its reader goes on only when the pipe is read: by then the log is shorter.
"$make_log" create shrink.evtx
"$make_log" append shrink.evtx --count 60000 --time 2011-09-20T15:43:01Z
for jobs in 1 2; do
    cp shrink.evtx now.evtx
    mkfifo pipe
    {
        code=0
        "$build/tcpipwatch" scan --all --json --jobs $jobs now.evtx logs/burst.xml > pipe 2> err || code=$?
        echo $code > code
    } &
    exec 3< pipe
    head -c 1000 <&3 > /dev/null
    : > now.evtx
    cat <&3 > rest
    exec 3<&-
    wait
    rm pipe
    if [ "$(cat code)" = 1 ] && grep -q "now.evtx: became shorter while it was read" err &&
        tail -n 1 rest | grep -q '"summary"' && grep -q 'burst.xml' rest; then
        ok
    else
        bad "a log that shrinks while it is read, --jobs $jobs: $(cat code) $(cat err)"
    fi
done
finish
