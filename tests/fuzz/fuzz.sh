#!/bin/sh
# Runs the fuzz targets of a build with TCPIPWATCH_FUZZ, one after the other, and prints one table.
#
#   fuzz.sh [--seed N] BUILD [SECONDS [TARGET...]]
#
#   SECONDS   for each target (60); 0: until it finds something or is stopped
#   --seed N  the same mutations each time; else others each time
#
# What was learned (the corpus) is kept in BUILD/fuzz/TARGET/corpus and gone on from the next time;
# removing BUILD/fuzz begins anew. Exit status: 0 nothing found, 1 something found (the input that
# does it is named, with the command that replays it) or not run to the end, 2 wrong usage.
set -eu

usage() {
    sed -n '4,7s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

seed=0
if [ "${1-}" = --seed ]; then
    [ $# -ge 2 ] || usage
    seed=$2
    shift 2
fi
[ $# -ge 1 ] || usage
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd) || usage
shift
seconds=${1-60}
[ $# -eq 0 ] || shift
targets=$*
programs=$build/tests/fuzz
if [ -z "$targets" ]; then
    targets=$(sed -n 's/^set(targets \(.*\))$/\1/p' "$here/CMakeLists.txt")
fi

# most TARGET: the bytes of an input at most. A target that goes through its input many times, or
# whose formats are small, learns more from short ones.
most() {
    case $1 in
    evt) echo 8192 ;;
    evtx) echo 140000 ;;
    xml | policy | binxml | image) echo 8192 ;;
    wintime) echo 64 ;;
    burst) echo 400 ;;
    census) echo 1000 ;;
    story) echo 16384 ;;
    *) echo 2048 ;;
    esac
}

# dictionary TARGET FILE: false where the target has none. The words of the policy are those of the
# file that ships, which has every key.
dictionary() {
    if [ "$1" = policy ]; then
        sed -n 's/^;\{0,1\} *\(\[[a-z]*\]\)$/"\1"/p; s/^;\{0,1\} *\([a-z_]* = *\)\(.*\)$/"\1"\n"\2"/p' \
            "$here/../../conf/tcpipwatch.ini" | grep -v '^""$' | sort -u > "$2"
    elif [ -f "$here/dictionaries/$1.dict" ]; then
        cp "$here/dictionaries/$1.dict" "$2"
    else
        return 1
    fi
}

[ -z "${TCPIPWATCH_FIGURES-}" ] || rm -f "$TCPIPWATCH_FIGURES"
failed=0
findings=
all_executions=0
all_covered=0
all_crashes=0
printf '%-12s %12s %8s %8s %8s %9s\n' target executions cov ft corpus crashes
for target in $targets; do
    work=$build/fuzz/$target
    mkdir -p "$work/corpus" "$work/seeds" "$work/crashes"
    "$programs/make_seeds" "$target" "$here/../data" "$work/seeds"
    words=
    ! dictionary "$target" "$work/dictionary" || words=-dict=$work/dictionary
    before=$(find "$work/crashes" -type f | wc -l)
    [ ! -d "$here/regressions/$target" ] || cp -r "$here/regressions/$target/." "$work/seeds"
    status=0
    "$programs/fuzz_$target" -seed="$seed" -max_total_time="$seconds" -max_len="$(most "$target")" \
        -timeout=10 -rss_limit_mb=1536 -malloc_limit_mb=256 -print_final_stats=1 \
        ${words:+"$words"} -artifact_prefix="$work/crashes/" "$work/corpus" "$work/seeds" \
        > "$work/log" 2>&1 < /dev/null || status=$?
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log")
    last=$(grep -E '^#[0-9]+.* cov: ' "$work/log" | tail -n 1)
    crashes=$(($(find "$work/crashes" -type f | wc -l) - before))
    field() { echo "$last" | sed -n "s/.* $1: \([0-9]*\).*/\1/p"; }
    printf '%-12s %12s %8s %8s %8s %9s\n' "$target" "${executions:--}" "$(field cov)" \
        "$(field ft)" "$(field corp)" "$crashes"
    covered=$(field cov)
    all_executions=$((all_executions + ${executions:-0}))
    all_covered=$((all_covered + ${covered:-0}))
    all_crashes=$((all_crashes + crashes))
    if [ "$status" != 0 ]; then
        failed=1
        input=$(sed -n 's/^artifact_prefix=.*Test unit written to //p' "$work/log" | tail -n 1)
        findings="$findings
$target: $(grep -m 1 -E 'broken promise|ERROR: |runtime error|run interrupted' "$work/log" || tail -n 1 "$work/log")
  input:  ${input:-none; see $work/log}
  replay: $programs/fuzz_$target ${input:-INPUT}"
    fi
done
[ -z "${TCPIPWATCH_FIGURES-}" ] || printf 'runs %d\ncovered %d\ncrashes %d\nwrong %d\n' \
    "$all_executions" "$all_covered" "$all_crashes" "$failed" > "$TCPIPWATCH_FIGURES"
if [ "$failed" != 0 ]; then
    echo "$findings" >&2
fi
exit "$failed"
