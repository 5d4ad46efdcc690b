#!/bin/sh
# What a full disk behind the standard output does: a command that only reports fails, one that changes
# something has done it all the same, and both say that not all was written.
# Usage: full_output.sh BUILD_DIR
set -eu

. "$(dirname "$0")/lib.sh"
begin "$1"
[ -w /dev/full ] || {
    echo "skipped: there is no /dev/full"
    exit 77
}

watch=$build/tcpipwatch
patch=$build/tcpippatch
sentence="The output cannot be written. Is the disk full?"
mkdir -p WINDOWS/system32/drivers
driver=WINDOWS/system32/drivers/tcpip.sys
"$build/tests/make_image" original.sys
"$build/tests/make_image" --limit 100 limit100.sys
cp original.sys $driver

full() { # STATUS WHAT COMMAND...
    full_status=$1
    full_what=$2
    shift 2
    expect "$full_status" "$full_what" sh -c '"$@" > /dev/full' sh "$@"
    says err "$sentence"
    check "$full_what: told once" test "$(grep -c "$sentence" err)" = 1
}

full 1 "tcpipwatch --help" "$watch" --help
full 1 "the help of a command" "$watch" scan --help
full 1 "tcpipwatch --version" "$watch" --version
full 1 "tcpipwatch status" "$watch" status --data data --root WINDOWS
full 1 "check-policy" "$watch" check-policy
full 1 "explain without a burst" "$watch" explain --data data
full 1 "tcpippatch --help" "$patch" --help
full 1 "tcpippatch --version" "$patch" --version
full 1 "inspect" "$patch" inspect original.sys limit100.sys
full 1 "inspect --json" "$patch" inspect --json original.sys
full 1 "tcpippatch status" "$patch" status --root WINDOWS --data data

check "nothing is changed" cmp original.sys $driver

full 0 "set" "$patch" set --limit 100 --yes --root WINDOWS --data data
check "it is done" cmp limit100.sys $driver
full 0 "restore" "$patch" restore --yes --json --root WINDOWS --data data
check "it is undone" cmp original.sys $driver

finish
