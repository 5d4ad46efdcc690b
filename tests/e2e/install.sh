#!/bin/sh
# Installs into a folder, runs the programs from there, and installs again over a policy that somebody
# has edited.
# Usage: install.sh BUILD_DIR
set -eu

. "$(dirname "$0")/lib.sh"
begin "$1"

# DESTDIR goes before every path, also in front of a prefix with blanks.
DESTDIR=$tmp/stage
export DESTDIR
variable() {
    sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"
}
prefix=$DESTDIR$(variable CMAKE_INSTALL_PREFIX)
bin=$prefix/bin

expect 0 "installing" cmake --install "$build"
expect 0 "tcpippatch" "$bin/tcpippatch" --version
says out "tcpippatch "
expect 0 "tcpipwatch" "$bin/tcpipwatch" --version
says out "tcpipwatch "
for page in man8/tcpippatch.8 man8/tcpipwatch.8 man5/tcpipwatch.ini.5; do
    check "the manual page $page" test -s "$prefix/share/man/$page"
done
for paper in LICENSE NOTICE README.md; do
    check "$paper" test -s "$prefix/share/doc/tcpipwatch/$paper"
done

policy=$(find "$DESTDIR" -name tcpipwatch.ini)
check "one policy" test -f "$policy"
check "whose folder the manual names" grep -qF "${policy#"$DESTDIR"}" "$prefix/share/man/man5/tcpipwatch.ini.5"
expect 0 "the policy is right" "$bin/tcpipwatch" check-policy "$policy"
expect 0 "installing again" cmake --install "$build"
check "an untouched policy has none beside it" test ! -e "$policy.new"
echo "; a line of mine" >> "$policy"
cp "$policy" mine.ini
expect 0 "installing over an edited policy" cmake --install "$build"
says out "Kept: $policy"
check "keeps it" cmp mine.ini "$policy"
check "and puts the new one beside it" test -f "$policy.new"

# The programs are for root: position independent, with nothing writable that need not be.
if [ "$(variable CMAKE_BUILD_TYPE)" != Debug ]; then
    for program in tcpippatch tcpipwatch; do
        expect 0 "reading $program" readelf -hdlW "$bin/$program"
        says out "DYN (Position-Independent Executable file)"
        says out BIND_NOW
        says out GNU_RELRO
        check "$program has no executable stack" grep -qE 'GNU_STACK .* RW  ' out
    done
fi

finish
