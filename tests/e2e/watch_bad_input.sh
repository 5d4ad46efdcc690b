#!/bin/sh
# What tcpipwatch run says to every bad input: a sentence, the right exit status, and nothing lost.
# Usage: watch_bad_input.sh BUILD_DIR
set -eu

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watch_lib.sh"
watch_begin "$1"
escape=$(printf '\033')

once() { # OPTION...
    # shellcheck disable=SC2046 # one word an option
    "$watch" run --once $(usual) "$@"
}

as_nobody() {
    # The counters of a build for coverage cannot be written to its folder then.
    GCOV_PREFIX=$tmp/nobody setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

is_root() {
    [ "$(id -u)" = 0 ]
}

burst() {
    windows
    new_log
    events 3 --time 2026-01-10T08:00:00Z
    on_burst patch
}

# ---- the command line ----

expect 2 "no command" "$watch"
says err "check-policy"
expect 2 "no such command" "$watch" watch
says err 'There is no command "watch"; there are run, scan, status, explain, check-policy, install-service and remove-service.'
expect 0 "--help" "$watch" --help
expect 0 "run --help" "$watch" run --help
expect 0 "/?" "$watch" '/?'
expect 0 "--version" "$watch" --version
check "one line of version" grep -qE '^tcpipwatch [0-9]+[.][0-9]+[.][0-9]+$' out
expect 2 "no source" "$watch" run --once
says err "Which log? Name it with --source file:PATH"
expect 2 "no such option" "$watch" run --sauce file:x
says err "There is no option --sauce"
expect 2 "an option of another command" "$watch" run --json --source file:x
expect 2 "no value" "$watch" run --source
says err "needs a value"
expect 2 "words behind" "$watch" run --source file:x y
expect 2 "a source without file:" "$watch" run --once --source SysEvent.Evt
says err 'The source "SysEvent.Evt" was read; expected is file:PATH'
expect 2 "a live log" "$watch" run --once --source system
says err "is a live event log, which only Windows has"
expect 2 "a source with escapes" "$watch" run --once --source "$(printf 'evil\033[2J')"
says_not err "$escape"
burst
expect 2 "a source twice" once --source "file:$log"
says err "The log $log is named twice."
many=
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do many="$many --source file:$i"; done
# shellcheck disable=SC2086
expect 2 "17 sources" "$watch" run --once $many
says err "At most 16 sources"

# ---- the log ----

rm "$log"
expect 1 "a missing log" once
says err "The log $log cannot be read: no such file or directory."
check "makes nothing" test ! -e "$data"
mkdir folder.evt
expect 1 "a folder" "$watch" run --once --source file:folder.evt --data "$data"
says err "The log folder.evt cannot be read: "
mkfifo pipe.evt
expect 1 "a pipe, without waiting for it" timeout 10 "$watch" run --once --source file:pipe.evt \
    --data "$data"
says err "The log pipe.evt cannot be read: "
printf 'Dear diary,\n' > "$log"
expect 1 "a text" once
says err "$log is no event log: expected is"
: > "$log"
expect 0 "an empty file may become a log" once
printf '<?xml version="1.0"?><html><body>Events</body></html>' > page.xml
expect 1 "XML that is no event" "$watch" run --once --source file:page.xml --data "$data"
says err "page.xml is no event log"
head -c 3000000 /dev/urandom > noise.evtx
expect 1 "noise" timeout 20 "$watch" run --once --source file:noise.evtx --data "$data"
says err "noise.evtx is no event log"
# An element that never ends is read in bounds. (AddressSanitizer reserves more than any bound.)
{ printf '<Events><Event><System>' && yes '<Data>and so on and on' | head -c 20000000; } > endless.xml
bound=500000
if grep -q __asan_init "$watch"; then bound=unlimited; fi
expect 0 "XML without end" sh -c 'ulimit -v "$1" && shift && exec timeout 60 "$@"' sh "$bound" \
    "$watch" run --once --source file:endless.xml --data "$data"
says out "Stopped."
if is_root; then
    burst
    chmod 600 "$log"
    expect 1 "a log of somebody else" as_nobody "$watch" run --once --source "file:$log" --data "$tmp/x"
    says err "The log $log cannot be read: permission denied."
fi

# Cut short, and damaged in the middle: the rest counts.
burst
events 3 --time 2026-01-10T09:00:00Z
head -c 500 "$log" > cut.evt
cp cut.evt "$log"
expect 0 "a log cut short" once
burst
printf 'xxxx' | dd of="$log" bs=1 seek=$((48 + 160 + 4)) conv=notrunc 2> /dev/null
events 1 --time 2026-01-10T08:20:00Z
expect 0 "a log damaged in the middle" once
says err "$log is damaged at offset 208"
says out "Burst: 3 events"
acted 1 patched

# ---- names out of a log ----

burst
name=$(printf 'evil\033]0;title\007\nBurst: 99\302\233')
new_log
events 3 --time 2026-01-10T08:00:00Z --computer "$name"
expect 0 "a computer's name with escapes" once
says out 'evil\x1b]0;title\x07\x0aBurst: 99\x9b'
says_not out "$escape"
json "$data/audit.jsonl" 'any((line.get("burst") or {}).get("computer", "").startswith("evil\x1b]0;")
    for line in lines)'
expect 0 "and in the status" "$watch" status --data "$data"
says_not out "$escape"
acted 1 patched
expect 0 "comes back out of the state" once
acted 1 patched

# ---- the Windows directory ----

burst
expect 3 "no Windows directory" "$watch" run --once --source "file:$log" --data "$data" --root .
check "makes nothing" test ! -e "$data"
expect 3 "no directory" "$watch" run --once --source "file:$log" --data "$data" --root none
expect 3 "a file as root" "$watch" run --once --source "file:$log" --data "$data" --root "$log"
rm "$root/system32/drivers/tcpip.sys"
expect 3 "no drivers copy" once
says out "Nothing is changed: there is no tcpip.sys in the drivers directory"

# refuses WHAT SENTENCE OPTION...: a drivers copy that make_image makes with these options
refuses() {
    what=$1
    sentence=$2
    shift 2
    burst
    ./make_image "$@" "$root/system32/drivers/tcpip.sys"
    cp "$root/system32/drivers/tcpip.sys" kept.sys
    expect 3 "$what" once
    says out "Nothing is changed: $root/system32/drivers/tcpip.sys is $sentence"
    check "$what: nothing is written" cmp kept.sys "$root/system32/drivers/tcpip.sys"
    check "$what: no other copy either" cmp original.sys "$root/system32/dllcache/tcpip.sys"
    check "$what: goes on watching" test "$(state state)" = watching
}
refuses "cut short" "damaged." --truncate 300000
refuses "a wrong checksum" "damaged." --bad-checksum
refuses "no sign" "unrecognised." --no-sign-b
refuses "two signs" "unrecognised." --two-stores
refuses "signs that disagree" "unrecognised." --signs-disagree
refuses "another driver" "unrecognised." --name ndis.sys
refuses "Vista" "unrecognised." --build vista
refuses "XP SP1" "no-limit." --build 1106
refuses "Windows 10" "no-limit." --build win10

burst
exec 8< "$root/system32/dllcache/tcpip.sys"
flock 8
expect 1 "a copy that another program holds" once
says err "The limit was not raised."
check "writes nothing" all_are original.sys
check "and goes on watching" test "$(state state)" = watching
exec 8<&-

if is_root; then
    # A user's own directories, in which one copy is somebody else's.
    burst
    mkdir -p nobody
    mv "$root" "$log" "$policy" nobody
    chown -R 65534:65534 nobody
    chown 0 nobody/"$root"/system32/dllcache nobody/"$root"/system32/dllcache/tcpip.sys
    chmod 755 nobody/"$root"/system32/dllcache
    expect 1 "a copy in a directory of somebody else" sh -c 'cd nobody && exec "$@"' sh env GCOV_PREFIX="$tmp/nobody" \
        setpriv --reuid 65534 --regid 65534 --clear-groups \
        "$watch" run --once --policy "$policy" --data data --root "$root" --source "file:$log"
    says err "permission denied"
    check "writes nothing" all_are original.sys "nobody/$root"
    chown -R 65534:65534 "nobody/$root"
    chmod 444 nobody/"$root"/system32/dllcache/tcpip.sys
    expect 0 "read-only copies of one's own" sh -c 'cd nobody && exec "$@"' sh env GCOV_PREFIX="$tmp/nobody" \
        setpriv --reuid 65534 --regid 65534 --clear-groups \
        "$watch" run --once --policy "$policy" --data data2 --root "$root" --source "file:$log" --yes
    check "are written" all_are limit100.sys "nobody/$root"
    check "and stay read-only" test "$(stat -c %a nobody/$root/system32/dllcache/tcpip.sys)" = 444
    rm -rf nobody
fi

# ---- the data directory ----

burst
: > "$data"
expect 1 "a file as the data directory" once
says err "The data directory $data cannot be used: "
check "writes nothing" all_are original.sys
rm "$data"
expect 1 "no name" "$watch" run --once --source "file:$log" --data ""
if is_root; then
    burst
    mkdir shut
    chmod 755 shut
    expect 1 "one that cannot be made" as_nobody "$watch" run --once --source "file:$log" \
        --data "$tmp/shut/data"
    says err "The data directory $tmp/shut/data cannot be used: permission denied."
    rmdir shut

    # Full: with no room at all, and with more and more.
    if mount_on full -t tmpfs -o size=8k,mode=700 tmpfs; then
        for size in 8 12 16 24 40 200 400 600 1200 4000; do
            burst
            rm -rf full/*
            mount -o remount,size=${size}k full
            data=full
            status=0
            once > out 2> err < /dev/null || status=$?
            data=data
            case $status in
            0) check "$size KiB: all copies are written" all_are limit100.sys ;;
            1) check "$size KiB: no copy is written" all_are original.sys && says err "no space is left on the disk" ;;
            *) bad "$size KiB: exit status $status" ;;
            esac
        done
        check "in the end there was room" test "$status" = 0
    fi
    if mount_on disk -t tmpfs -o size=1200k,mode=700 tmpfs; then
        burst
        windows disk/WINDOWS
        dd if=/dev/zero of=disk/filler bs=1k count=100000 2> /dev/null || true
        root=disk/WINDOWS
        expect 1 "a full disk under the root" once
        says err "The limit was not raised."
        says err "no space is left on the disk"
        check "no copy is written" all_are original.sys disk/WINDOWS
        check "goes on watching" test "$(state state)" = watching
        rm disk/filler
        mount -o remount,size=8m,mode=700,ro disk
        rm -rf "$data"
        expect 1 "a disk that is mounted read-only" once
        says err "The limit was not raised."
        says err "read-only"
        mount -o remount,rw disk
        check "no copy is written" all_are original.sys disk/WINDOWS
        root=WINDOWS
    fi
fi

finish
