#!/bin/sh
# tcpippatch from the outside: every command, option and exit status, every question on a terminal, and
# what can go wrong with a disk.
# Usage: tcpippatch.sh BUILD_DIR
set -eu

. "$(dirname "$0")/lib.sh"
begin "$1"

# Copies, since another user may not be allowed into the build folder.
cp "$build/tcpippatch" "$(find "$build/tests" -name make_image -type f)" "$tmp"
chmod 755 tcpippatch make_image
patch=$tmp/tcpippatch
root=$tmp/WINDOWS
data=$tmp/data
places="system32/drivers system32/dllcache ServicePackFiles/i386"
./make_image original.sys
./make_image --limit 100 changed.sys

# A Windows directory with three copies, and no data directory.
windows() {
    rm -rf "$root" "$data"
    for place in $places; do
        mkdir -p "$root/$place"
        cp original.sys "$root/$place/tcpip.sys"
    done
}

all_are() { # FILE: every copy is this file, and nothing is beside it
    for place in $places; do
        cmp "$1" "$root/$place/tcpip.sys" || return 1
    done
    [ "$(find "$root" -type f | wc -l)" = 3 ] && ! find "$data" -name journal | grep .
}

answer() { # STATUS WHAT [PROMPT ANSWER]... -- COMMAND...
    expect "$1" "$2" expect_script "$@"
}

expect_script() {
    shift 2
    expect_status=0
    "$tests/answer.exp" "$@" || expect_status=$?
    return "$expect_status"
}

as_nobody() {
    # The counters of a build for coverage cannot be written to its folder then.
    GCOV_PREFIX=$tmp/nobody setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

enter=$(printf '\r')
ctrl_c=$(printf '\003')
ctrl_d=$(printf '\004')

# ---- usage ----

expect 0 "--help" "$patch" --help
says out "usage: tcpippatch"
expect 0 "/?" "$patch" '/?'
says out "usage: tcpippatch"
expect 0 "--version" "$patch" --version
check "one line of version" grep -qE '^tcpippatch [0-9]+[.][0-9]+[.][0-9]+$' out
expect 2 "no command and no terminal" "$patch"
says err "there is no terminal to ask on"
expect 2 "no such command" "$patch" frobnicate
says err 'There is no command "frobnicate"'
expect 2 "no such option" "$patch" status --frobnicate
expect 2 "an option without its value" "$patch" status --root
expect 2 "a value too many" "$patch" status --json=yes
expect 2 "set without a limit" "$patch" set --root "$root"
expect 2 "inspect without a file" "$patch" inspect
expect 2 "status with a file" "$patch" status "$root" x
expect 2 "no root" "$patch" status --data "$data"
says err "--root DIR"
for limit in 0 -1 16777215 4294967306 18446744073709551626 10x x '' ' 10' 0x10 1e3; do
    expect 2 "a limit of \"$limit\"" "$patch" set --limit "$limit" --root "$root"
    says err "a whole number from 1 to 16777214"
done
expect 2 "/L=0" "$patch" /L=0
expect 2 "old and new forms together" "$patch" /L=50 --root "$root"
expect 2 "escapes in an argument" "$patch" "$(printf 'evil\033[2J')"
escape=$(printf '\033')
says_not err "$escape"

# ---- inspect ----

expect 0 "inspect an original" "$patch" inspect original.sys
says out "5.1.2600.2180, i386, original: limit 10 at file offset 0x4F322, checksum 0x0006126E"
expect 0 "inspect as JSON" "$patch" inspect --json original.sys changed.sys
json out 'lines[0] | {"path": "", "compare_offset": 0} == {"path": "", "status": "original",
    "machine": "i386", "version": "5.1.2600.2180", "size": 359040, "limit": 10,
    "limit_offset": 0x4F322, "checksum_stored": 0x6126E, "checksum_computed": 0x6126E,
    "build": "5.1.2600.2180", "reason": None, "compare_offset": 0}'
json out 'lines[1]["status"] == "patched" and lines[1]["limit"] == 100 and len(lines) == 2'
./make_image --build win10 nolimit.sys
./make_image --build vista vista.sys
./make_image --signs-disagree unsure.sys
./make_image --bad-checksum badsum.sys
./make_image --build 2003x64 x64.sys
head -c 1000 original.sys > cut.sys
: > empty.sys
printf 'a text' > text.sys
expect 0 "inspect all kinds" "$patch" inspect --json nolimit.sys vista.sys unsure.sys badsum.sys \
    x64.sys cut.sys empty.sys text.sys
json out '[line["status"] for line in lines] == ["no-limit", "unrecognised", "unrecognised",
    "damaged", "original", "damaged", "damaged", "damaged"]'
json out 'all(line["reason"] for line in lines if line["status"] != "original")'
json out 'lines[4]["machine"] == "amd64" and lines[4]["limit"] == 10'
expect 1 "inspect what is not there" "$patch" inspect --json none.sys original.sys
json out 'lines[0]["status"] is None and "no such file" in lines[0]["reason"] and len(lines) == 2'
expect 1 "inspect a folder" "$patch" inspect .
truncate -s 20M huge.sys
expect 0 "inspect a huge file" "$patch" inspect --json huge.sys
json out 'lines[0]["status"] == "damaged"'
mkfifo pipe.sys
expect 1 "inspect a pipe without waiting for it" timeout 10 "$patch" inspect pipe.sys
evil=$(printf 'evil\033[2J\nname.sys')
cp original.sys "$evil"
expect 0 "a name with escapes" "$patch" inspect "$evil"
says_not out "$escape"
expect 0 "a name with escapes as JSON" "$patch" inspect --json "$evil"
json out 'lines[0]["path"] == "evil\x1b[2J\nname.sys"'

# ---- status, set, restore ----

windows
expect 0 "status" "$patch" status --root "$root" --data "$data"
check "names three copies" test "$(grep -c 'original: limit 10' out)" = 3
check "writes nothing" test ! -e "$data"
expect 0 "status as JSON" "$patch" status --json --root "$root" --data "$data"
json out '[line["status"] for line in lines] == ["original"] * 3'
expect 0 "dry run" "$patch" set --limit 100 --dry-run --root "$root" --data "$data"
says out "0x0004F322  0a 00 00 00 -> 64 00 00 00   limit 10 -> 100"
says out "Dry run: 3 files would be changed; nothing was written."
check "writes nothing" all_are original.sys
check "not even a data directory" test ! -e "$data"
expect 0 "dry run as JSON" "$patch" set --limit 100 --dry-run --json --root "$root" --data "$data"
json out 'lines[0]["dry_run"] and lines[0]["result"] == "done" and len(lines[0]["changes"]) == 3'
expect 3 "set without a yes" "$patch" set --limit 100 --root "$root" --data "$data"
says err "writes only with a yes"
check "writes nothing" all_are original.sys
expect 0 "set" "$patch" set --limit 100 --yes --root "$root" --data "$data"
says out "Done: 3 files changed."
says out "To undo it: tcpippatch restore --root $root --data $data"
check "changes all copies" all_are changed.sys
check "saves one original" cmp original.sys "$data"/originals/*.sys
check "with a manifest" grep -qF "taken-from" "$data"/originals/*.sys.txt
check "keeps its data to itself" test "$(stat -c %a "$data")" = 700
expect 0 "status of a patched one" "$patch" status --root "$root" --data "$data"
says out "patched: limit 100"
expect 0 "set again" "$patch" set --limit 100 --yes --root "$root" --data "$data"
says out "Nothing to do"
expect 0 "a low limit" "$patch" set --limit 5 --yes --root "$root" --data "$data"
says err "lower than the 10 that Windows itself allows"
expect 0 "a high limit" "$patch" set --limit 16777214 --yes --json --root "$root" --data "$data"
says err "the alarm against worms that the limit is has been switched off"
json out 'lines[0]["result"] == "done" and lines[0]["exit_status"] == 0 and not lines[0]["dry_run"]'
json out '{c["limit_after"] for c in lines[0]["changes"]} == {16777214}'
expect 0 "restore in a dry run" "$patch" restore --dry-run --root "$root" --data "$data"
says out "limit 16777214 -> 10"
expect 3 "restore without a yes" "$patch" restore --root "$root" --data "$data"
expect 0 "restore" "$patch" restore --yes --root "$root" --data "$data"
check "puts all back bit for bit" all_are original.sys
expect 0 "restore again" "$patch" restore --yes --root "$root" --data "$data"
says out "Nothing to do: every copy is the original."
expect 0 "recover" "$patch" recover --root "$root" --data "$data"
says out "No interrupted work was found."
expect 0 "recover as JSON" "$patch" recover --json --root "$root" --data "$data"
json out 'lines[0]["what"] == "recover" and lines[0]["result"] == "done"'
json "$data/audit.jsonl" '[line["action"] for line in lines] == ["set"] * 3 + ["restore"]'
json "$data/audit.jsonl" 'all(line["program"] == "tcpippatch" and line["result"] == "done" and
    line["time"].endswith("Z") and line["root"] and len(line["changes"]) == 3 for line in lines)'
json "$data/audit.jsonl" 'lines[0]["changes"][0]["limit_before"] == 10 and
    lines[0]["changes"][0]["limit_after"] == 100 and lines[0]["changes"][0]["original"].endswith(".sys")'

# ---- the questions, on a terminal ----

question="Change these files? [y/N] "
for reply in y Y yes YES; do
    windows
    answer 0 "set, $reply" "$question" "$reply$enter" -- "$patch" set --limit 100 --root "$root" --data "$data"
    says out "limit 10 -> 100"
    check "changes all copies" all_are changed.sys
done
for reply in n N no '' x 'y e s'; do
    windows
    answer 0 "set, \"$reply\"" "$question" "$reply$enter" -- "$patch" set --limit 100 --root "$root" --data "$data"
    says out "Nothing was changed."
    check "changes nothing" all_are original.sys
done
for key in "$ctrl_c" "$ctrl_d"; do
    windows
    answer 1 "set, leaving at the question" "$question" "$key" -- \
        "$patch" set --limit 100 --root "$root" --data "$data"
    says out "Stopped. Nothing was changed."
    check "changes nothing" all_are original.sys
done
windows
"$patch" set --limit 100 --yes --root "$root" --data "$data" > /dev/null
answer 0 "restore, n" "$question" "n$enter" -- "$patch" restore --root "$root" --data "$data"
check "changes nothing" all_are changed.sys
answer 0 "restore, y" "$question" "y$enter" -- "$patch" restore --root "$root" --data "$data"
check "puts all back" all_are original.sys

# The older patcher's conversation.
main="U = undo (put the original back): "
limits="New limit (1 to 16777214): "
windows
answer 0 "Y" "Set the limit to 100?  Y = yes" "" "$main" "y$enter" -- "$patch" --root "$root" --data "$data"
says out "original: limit 10"
check "sets the default limit" all_are changed.sys
answer 0 "U" "$main" "U$enter" -- "$patch" --root "$root" --data "$data"
check "puts all back" all_are original.sys
answer 0 "N" "$main" "N$enter" -- "$patch" --root "$root" --data "$data"
says out "Nothing was changed."
check "changes nothing" all_are original.sys
answer 0 "C" "$main" "C$enter" "$limits" "100$enter" "Set the limit to 100?" "" "$main" "y$enter" -- \
    "$patch" "/L=50" "/W=$root" "/w=$root"
check "sets the limit that was asked for" all_are changed.sys
answer 0 "U with the old forms" "$main" "u$enter" -- "$patch" "/W=$root"
windows
answer 0 "what is not an answer" "$main" "x$enter" "That is not one of the answers." "" "$main" "yy$enter" \
    "$main" "$enter" "$main" "n$enter" -- "$patch" --root "$root" --data "$data"
answer 0 "what is not a limit" "$main" "c$enter" "$limits" "0$enter" "That is not one of the answers." "" \
    "$main" "c$enter" "$limits" "ten$enter" "Set the limit to 100?" "" "$main" "n$enter" -- \
    "$patch" --root "$root" --data "$data"
for key in "$ctrl_c" "$ctrl_d"; do
    answer 1 "leaving at the first question" "$main" "$key" -- "$patch" --root "$root" --data "$data"
    answer 1 "leaving at the second" "$main" "c$enter" "$limits" "$key" -- "$patch" --root "$root" --data "$data"
    says out "Stopped. Nothing was changed."
    answer 1 "leaving with the old forms" "$main" "$key" -- "$patch" "/W=$root"
done
check "changes nothing" all_are original.sys

# ---- which directory, which copies ----

expect 3 "a root that is none" "$patch" status --root "$tmp/none" --data "$data"
says err "no such file or directory"
expect 3 "a root that is a file" "$patch" status --root original.sys --data "$data"
mkdir -p empty
expect 3 "a root without system32" "$patch" status --root empty --data "$data"
says err "is no Windows directory"
expect 3 "a disk instead of the Windows on it" "$patch" set --limit 100 --yes --root "$tmp" --data "$data"
says err "Did you mean $root?"
expect 3 "the same as JSON" "$patch" set --limit 100 --yes --json --root "$tmp" --data "$data"
json out 'lines[0]["result"] == "refused" and lines[0]["exit_status"] == 3 and lines[0]["message"]'

windows
mv "$root/system32" "$root/SYSTEM32"
mv "$root/SYSTEM32/drivers" "$root/SYSTEM32/Drivers"
mv "$root/SYSTEM32/Drivers/tcpip.sys" "$root/SYSTEM32/Drivers/TcpIp.SYS"
expect 0 "other letter case" "$patch" set --limit 100 --yes --root "$root" --data "$data"
check "is kept" cmp changed.sys "$root/SYSTEM32/Drivers/TcpIp.SYS"
check "all copies" test "$(find "$root" -type f | wc -l)" = 3

windows
rm -r "$root/ServicePackFiles" "$root/system32/dllcache/tcpip.sys"
expect 0 "missing copies" "$patch" set --limit 100 --yes --root "$root" --data "$data"
says out "Done: 1 file changed."
check "are not made" test "$(find "$root" -type f | wc -l)" = 1

windows
rm "$root/system32/drivers/tcpip.sys"
expect 3 "no drivers copy" "$patch" set --limit 100 --yes --root "$root" --data "$data"
says err "There is no tcpip.sys in system32/drivers."
for image in nolimit vista unsure badsum cut empty text; do
    windows
    cp "$image.sys" "$root/system32/drivers/tcpip.sys"
    expect 3 "a drivers copy that is $image" "$patch" set --limit 100 --yes --root "$root" --data "$data"
    check "stays" cmp "$image.sys" "$root/system32/drivers/tcpip.sys"
    check "as the others do" cmp original.sys "$root/system32/dllcache/tcpip.sys"
    expect 3 "which restore refuses, too" "$patch" restore --yes --root "$root" --data "$data"
done
windows
cp unsure.sys "$root/system32/dllcache/tcpip.sys"
cp nolimit.sys "$root/ServicePackFiles/i386/tcpip.sys"
expect 0 "other copies that are not certain" "$patch" set --limit 100 --yes --root "$root" --data "$data"
says out "Left alone: $root/system32/dllcache/tcpip.sys is unrecognised."
check "stay" cmp unsure.sys "$root/system32/dllcache/tcpip.sys"
check "likewise" cmp nolimit.sys "$root/ServicePackFiles/i386/tcpip.sys"

windows
./make_image --build 5512 other.sys
cp other.sys "$root/ServicePackFiles/i386/tcpip.sys"
./make_image --limit 77 "$root/system32/dllcache/tcpip.sys"
expect 0 "copies of several builds" "$patch" set --limit 100 --yes --root "$root" --data "$data"
check "are saved apart" test "$(find "$data/originals" -name '*.sys' | wc -l)" = 2
expect 0 "and restored" "$patch" restore --yes --root "$root" --data "$data"
check "each to its own" cmp other.sys "$root/ServicePackFiles/i386/tcpip.sys"
check "each to its own" cmp original.sys "$root/system32/dllcache/tcpip.sys"

windows
mv "$root/system32/dllcache/tcpip.sys" elsewhere.sys
ln -s "$tmp/elsewhere.sys" "$root/system32/dllcache/tcpip.sys"
expect 3 "a linked copy" "$patch" set --limit 100 --yes --root "$root" --data "$data"
check "is not followed" cmp original.sys elsewhere.sys
check "and stops all" cmp original.sys "$root/system32/drivers/tcpip.sys"

blanks="$tmp/disk with blanks ü/WINDOWS"
windows
mkdir -p "$tmp/disk with blanks ü"
mv "$root" "$blanks"
expect 0 "a path with blanks" "$patch" set --limit 100 --yes --root "$blanks" --data "$data"
says out "restore --root \"$blanks\" --data $data"
check "is changed" cmp changed.sys "$blanks/system32/drivers/tcpip.sys"
rm -rf "$tmp/disk with blanks ü"

# ---- what the disk says ----

windows
for place in $places; do
    chmod 640 "$root/$place/tcpip.sys"
    touch -d '2004-08-04 12:00:01.123456700 UTC' "$root/$place/tcpip.sys"
done
copy=$root/system32/drivers/tcpip.sys
setfattr -n user.test -v kept "$copy" 2> /dev/null || echo "note: no attributes on this file system"
[ "$(id -u)" != 0 ] || chown 1234:567 "$copy"
describe() {
    stat -c '%a %u %g %y' "$copy"
    getfattr -d --absolute-names "$copy"
}
describe > before
expect 0 "metadata" "$patch" set --limit 100 --yes --root "$root" --data "$data"
describe > after
check "is carried over" diff before after
check "onto a changed file" all_are changed.sys
expect 0 "metadata" "$patch" restore --yes --root "$root" --data "$data"
describe > after
check "and back" diff before after

windows
expect 0 "a copy that others read" flock -s "$root/system32/dllcache/tcpip.sys" \
    "$patch" set --limit 100 --yes --root "$root" --data "$data"
windows
expect 1 "a locked copy" flock -x "$root/system32/dllcache/tcpip.sys" \
    "$patch" set --limit 100 --yes --root "$root" --data "$data"
says err "another program is using it or has it locked"
check "stops all" all_are original.sys
expect 1 "a second program at work" flock "$root/system32/drivers" \
    "$patch" set --limit 100 --yes --root "$root" --data "$data"
says err "Another program is changing the copies"
check "stops all" all_are original.sys
for round in 1 2 3 4 5 6; do
    "$patch" set --limit 100 --yes --root "$root" --data "$data" > one 2>&1 &
    one=$!
    "$patch" set --limit 100 --yes --root "$root" --data "$data" > two 2>&1 &
    two=$!
    first=0
    second=0
    wait "$one" || first=$?
    wait "$two" || second=$?
    case $first$second in
    00 | 01 | 10) ok ;;
    *)
        bad "two at once: $first and $second"
        cat one two
        ;;
    esac
    check "two at once, round $round" all_are changed.sys
    windows
done

expect 1 "a data directory that is a file" "$patch" set --limit 100 --yes --root "$root" --data "$tmp/original.sys"
check "stops all" all_are original.sys
expect 0 "status with such a one" "$patch" status --root "$root" --data "$tmp/original.sys"
"$patch" set --limit 100 --yes --root "$root" --data "$data" > /dev/null
saved=$(echo "$data"/originals/*.sys)
printf 'x' | dd of="$saved" bs=1 seek=5000 conv=notrunc 2> /dev/null
cp "$saved" damaged.sys
expect 1 "a damaged save" "$patch" set --limit 50 --yes --root "$root" --data "$data"
says err "is not what it was when it was saved"
check "stops all" all_are changed.sys
check "is not overwritten" cmp damaged.sys "$saved"
expect 0 "restore does without it" "$patch" restore --yes --root "$root" --data "$data"
says out "set back in the file itself"
check "bit for bit" all_are original.sys

# A journal that was left, and one that makes no sense.
id=$(ls "$data/roots")
windows
mkdir -p "$data/roots/$id"
printf 'nonsense' > "$data/roots/$id/journal"
expect 4 "status with a journal" "$patch" status --root "$root" --data "$data"
says err 'Interrupted work was found; run "tcpippatch recover".'
expect 4 "set with a journal" "$patch" set --limit 100 --yes --root "$root" --data "$data"
expect 4 "restore with a journal, as JSON" "$patch" restore --yes --json --root "$root" --data "$data"
json out 'lines[0]["result"] == "interrupted" and lines[0]["exit_status"] == 4'
expect 0 "recover" "$patch" recover --root "$root" --data "$data"
says out "cannot be used"
check "keeps the journal that it cannot use" test -f "$data/roots/$id/journal.unreadable"
json "$data/audit.jsonl" 'lines[-1]["action"] == "recover" and lines[-1]["result"] == "done"'
check "changes nothing" all_are original.sys

if [ "$(id -u)" = 0 ]; then
    mkdir -m 777 nobody
    windows
    chmod -R a+rX "$root"
    expect 1 "another user's directory" as_nobody "$patch" set --limit 100 --yes --root "$root" --data "$tmp/nobody/data"
    says err "permission denied"
    check "stops all" all_are original.sys
    check "leaves no journal" test -z "$(find nobody/data -name journal)"
    for place in $places; do
        chmod 777 "$root/$place"
    done
    expect 1 "another user's files" as_nobody "$patch" set --limit 100 --yes --root "$root" --data "$tmp/nobody/data"
    check "stop all, since their owner cannot be kept" all_are original.sys
    mkdir -m 700 "$tmp/roots-own"
    expect 1 "a data directory that may not be written to" \
        as_nobody "$patch" set --limit 100 --yes --root "$root" --data "$tmp/roots-own/data"
    says err "--data"
    check "stops all" all_are original.sys
    chown -R 65534:65534 "$root" nobody
    expect 1 "a data directory of another user" "$patch" set --limit 100 --yes --root "$root" --data "$tmp/nobody/data"
    check "is not trusted" all_are original.sys
    expect 0 "an own directory" as_nobody "$patch" set --limit 100 --yes --root "$root" --data "$tmp/nobody/data"
    check "will do without being root" all_are changed.sys
    check "and stays its owner's" test "$(stat -c %u "$root/system32/drivers/tcpip.sys")" = 65534
fi

# Room for the three copies, and for half of one more.
if mount_on "$tmp/small" -t tmpfs -o size=1200k tmpfs; then
    windows
    mv "$root" "$tmp/small/WINDOWS"
    root=$tmp/small/WINDOWS
    expect 1 "a full disk" "$patch" set --limit 100 --yes --root "$root" --data "$data"
    says err "no space is left"
    says err "Every copy is as it was before."
    check "puts everything back" all_are original.sys
    check "leaves no journal" test -z "$(find "$data" -name journal)"
    json "$data/audit.jsonl" 'lines[-1]["result"] == "failed" and "no space" in lines[-1]["message"]'
    if mount --bind "$tmp/small" "$tmp/small" 2> /dev/null; then
        mounted="$tmp/small $mounted"
        mount -o remount,bind,ro "$tmp/small"
        expect 1 "a disk mounted read-only" "$patch" set --limit 100 --yes --root "$root" --data "$data"
        says err "mounted read-only"
        expect 0 "status of one" "$patch" status --root "$root" --data "$data"
    fi
    root=$tmp/WINDOWS
    mount_on "$tmp/tiny" -t tmpfs -o size=100k tmpfs
    windows
    expect 1 "no room for the data" "$patch" set --limit 100 --yes --root "$root" --data "$tmp/tiny/data"
    says err "The original cannot be saved"
    check "stops all" all_are original.sys
else
    echo "note: this user may not mount: full and read-only disks were left out"
fi

# ---- killed at any moment ----

windows
started=$(date +%s%N)
"$patch" set --limit 100 --yes --root "$root" --data "$data" > /dev/null
micro=$((($(date +%s%N) - started) / 1000))
windows
now=original.sys
interrupted=0
for round in $(seq 40); do
    if [ "$now" = original.sys ]; then
        to=changed.sys
        command="set --limit 100"
    else
        to=original.sys
        command=restore
    fi
    # shellcheck disable=SC2086 # two words and a number
    "$patch" $command --yes --root "$root" --data "$data" > /dev/null 2>&1 &
    pid=$!
    # From the start to a little past the end of what it takes.
    sleep "$(awk -v m="$micro" -v r="$round" 'BEGIN { srand(r); printf "%.6f", m * (rand() * 0.9 + 0.2) / 1e6 }')"
    kill -9 "$pid" 2> /dev/null || true
    wait "$pid" 2> /dev/null || true
    for place in $places; do
        cmp -s original.sys "$root/$place/tcpip.sys" || cmp -s changed.sys "$root/$place/tcpip.sys" ||
            bad "killed in round $round: $place is neither the old nor the new file"
    done
    run "$patch" status --root "$root" --data "$data"
    if [ "$status" = 4 ]; then
        interrupted=$((interrupted + 1))
        expect 0 "recover, round $round" "$patch" recover --root "$root" --data "$data"
    fi
    if all_are "$to" > /dev/null 2>&1; then
        now=$to
        ok
    else
        check "all alike and nothing left, round $round" all_are "$now"
    fi
done
check "the save is whole" cmp original.sys "$data"/originals/*.sys
echo "killed 40 times, $interrupted of them with work to be recovered"

finish
