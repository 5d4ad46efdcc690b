#!/bin/sh
# valgrind.sh BUILD: the main ways through both programs, and some unit tests, under valgrind's
# memcheck: no use of memory that is not there or was not set, no leak. Exit status 77 (skipped)
# without valgrind.
# shellcheck disable=SC2046,SC2119,SC2154 # one word an option; no arguments meant; set by lib.sh
set -eu
command -v valgrind > /dev/null || {
    echo "skipped: valgrind is not installed"
    exit 77
}
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watch_lib.sh"
watch_begin "$1"

# grind STATUS WHAT COMMAND...: the command's own status, and not valgrind's 99.
grind() {
    expected=$1
    what=$2
    shift 2
    expect "$expected" "$what" valgrind --quiet --leak-check=full --error-exitcode=99 \
        --log-file="$tmp/valgrind.log" "$@"
    if [ -s "$tmp/valgrind.log" ]; then
        bad "$what: valgrind has something to say"
        head -n 60 "$tmp/valgrind.log" | sed 's/^/    /'
    fi
}

# It finds what it is there to find.
cat > wrong.c << 'C'
#include <stdlib.h>
int main(void)
{
    volatile char *p = malloc(1);
    p[1] = 0;
    p = NULL;
    return 0;
}
C
cc=$(sed -n 's/^CMAKE_C_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt")
check "builds a wrong program" "$cc" -g wrong.c -o wrong
expect 99 "a wrong program" valgrind --quiet --leak-check=full --error-exitcode=99 \
    --log-file=wrong.log ./wrong
says wrong.log "Invalid write of size 1"
says wrong.log "definitely lost"

# ---- tcpipwatch ----
windows
new_log
events 3 --time 2026-01-10T08:00:00Z --step 600
on_burst patch
grind 0 "run --once patches" "$watch" run --once $(usual)
check "writes all copies" all_are limit100.sys
grind 0 "run --once verifies" "$watch" run --once $(usual)
grind 0 "status" "$watch" status --data "$data" --root "$root"
# One of the sample logs may be damaged on purpose: 1 says so.
run valgrind --quiet --leak-check=full --error-exitcode=99 --log-file=valgrind.log \
    "$watch" scan --json --all "$tests/../data"
check "scan ends as it does without valgrind" test "$status" -le 1
check "scan is clean" test ! -s valgrind.log
json out '"summary" in lines[-1] and lines[-1]["summary"]["records"] > 100'
printf '[burst]\nevnets = 3\nevents = 0\nwindow = 5\n[nowhere]\nx = 1\n[limit]\nhalf_open = 7, 8\n' > wrong.ini
grind 2 "check-policy with errors" "$watch" check-policy wrong.ini
says err 'did you mean "events"?'
grind 0 "check-policy" "$watch" check-policy "$tests/../../conf/tcpipwatch.ini"
grind 2 "wrong usage" "$watch" run --no-such-option

# ---- tcpippatch ----
patch=$build/tcpippatch
windows
grind 0 "status" "$patch" status --root "$root" --data "$data"
grind 0 "set --dry-run" "$patch" set --limit 100 --root "$root" --data "$data" --dry-run
grind 0 "set" "$patch" set --limit 100 --root "$root" --data "$data" --yes
check "writes all copies" all_are limit100.sys
grind 0 "restore" "$patch" restore --root "$root" --data "$data" --yes
check "restores all copies" all_are original.sys
# No file may become larger than 100 KiB: the first new copy ends the program by a signal.
run sh -c 'ulimit -c 0; ulimit -f 200; exec "$@"' sh "$patch" set --limit 100 --root "$root" \
    --data "$data" --yes
check "is interrupted" test -s "$(find "$data" -name journal)"
grind 4 "status of interrupted work" "$patch" status --root "$root" --data "$data"
grind 0 "recover" "$patch" recover --root "$root" --data "$data" --yes
check "undoes all of it" all_are original.sys
grind 0 "inspect" "$patch" inspect --json original.sys limit100.sys

# ---- unit tests ----
for test in base keyfile policy version locate set_limit; do
    mkdir "run_$test"
    cd "run_$test"
    grind 0 "test_$test" "$build/tests/test_$test"
    cd ..
done
finish
