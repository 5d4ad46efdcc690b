#!/bin/sh
# packaging/try.sh as a newcomer runs it, on a copy of the tree: with --yes, and on a terminal with
# yes and with no.
# Usage: try.sh BUILD_DIR (only the tree is used). Exit status 77 (skipped) where git or expect is not
# installed.
set -eu

. "$(dirname "$0")/lib.sh"
begin "$1"
skip() {
    finished=true
    echo "skipped: $1"
    exit 77
}
command -v expect > /dev/null || skip "expect is not installed"
tree=$(cd "$tests/../.." && pwd)
git -c safe.directory='*' -C "$tree" rev-parse --git-dir > /dev/null 2>&1 || skip "this is no git tree"

mkdir copy
git -c safe.directory='*' -C "$tree" ls-files > files
while read -r file; do
    [ ! -f "$tree/$file" ] || echo "$file"
done < files > there
tar -C "$tree" -T there -cf - | tar -C copy -xf -
cd copy

began=$(date +%s)
expect 0 "--yes" sh packaging/try.sh --yes
seconds=$(($(date +%s) - began))
check "within three minutes, the build included: it took $seconds s" test "$seconds" -lt 180
says out "Burst: "
says out "Done: the limit is 100 in 3 copies"
says out "Verified: every copy under WINDOWS is as it was written, with the limit 100."
says out "patched: limit 100"
check "the original is back" test "$(grep -c '^the same: ' out)" = 3
check "the last line says where to look" sh -c 'tail -n 1 out | grep -q "data/audit.jsonl below"'
json build/try/play/data/audit.jsonl 'any(line["action"] == "restore" for line in lines)'

expect 0 "y and y" "$tests/answer.exp" "1000):" "$(printf 'y\r')" "minutes:" "$(printf 'y\r')" -- \
    sh packaging/try.sh
check "the original is back" test "$(grep -c '^the same: ' out)" = 3

expect 0 "n" "$tests/answer.exp" "1000):" "$(printf 'n\r')" -- sh packaging/try.sh
says out "Nothing was patched. The audit log is"
for place in system32/drivers system32/dllcache ServicePackFiles/i386; do
    check "$place is as it was" cmp build/try/play/original.sys "build/try/play/WINDOWS/$place/tcpip.sys"
done

# The simulation itself is tested by simhost.sh.
mkdir stand-in
printf '#!/bin/sh\nexit 1\n' > stand-in/unshare
chmod 755 stand-in/unshare
expect 1 "--simulate without namespaces" env PATH="$PWD/stand-in:$PATH" sh packaging/try.sh --simulate
says err "The simulation is not possible here: "

expect 2 "wrong usage" sh packaging/try.sh --frobnicate
finish
