#!/bin/sh
# What the programs keep (state and places in the logs, audit log, saved originals, journal), each torn,
# emptied, of a newer version, of another machine, of somebody else, or no file at all: every command
# ends by itself with a sentence, nothing is patched a second time, and what is restored is the original.
# Usage: kept_files.sh BUILD_DIR
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watch_lib.sh"
watch_begin "$1"
patch=$build/tcpippatch
[ -z "${TCPIPWATCH_FIGURES-}" ] || rm -f "$TCPIPWATCH_FIGURES"
tried=0
crashes=0
twice=0
torn=0

once() {
    # shellcheck disable=SC2046 # one word an option
    timeout 20 "$watch" run --once $(usual)
}

limit_is() { # FILE: every copy is this file, nothing is beside it
    for place in $places; do
        cmp -s "$1" "$root/$place/tcpip.sys" || return 1
    done
    [ "$(find "$root" -type f | wc -l)" = 3 ]
}

# ends WHAT COMMAND...: with one of our exit statuses; a failure has a sentence.
ends() {
    doing=$1
    shift
    run "$@"
    tried=$((tried + 1))
    if [ "$status" -gt 4 ]; then
        crashes=$((crashes + 1))
        bad "$doing: exit status $status"
    elif [ "$status" != 0 ] && ! grep -qE '[.]$|cannot be used: ' err out; then
        bad "$doing: exit status $status without a sentence"
    elif LC_ALL=C grep -q "$(printf '[\001-\010\013-\037]')" err out; then
        bad "$doing: control characters are shown"
    else
        ok
    fi
}

# The machine itself, with one patch made by it; and another one, with another driver and other events.
windows
new_log
on_burst patch
events 3 --time 2026-01-10T08:00:00Z > /dev/null
expect 0 "a burst" once
check "is patched" limit_is limit100.sys
cp -a "$data" good
mv "$log" good.evt
mv "$root" good.root
mv original.sys good.sys
./make_image --build 5512 original.sys
windows
new_log
events 4 --time 2025-05-05T08:00:00Z --computer ELSEWHERE > /dev/null
expect 0 "another machine" once
mv "$data" other
rm -rf "$root"
mv good.sys original.sys
mv good.evt "$log"

# newer FILE: a key file or an audit log as a later version may write it, whole.
newer() {
    python3 - "$1" << 'PYTHON'
import pathlib, re, sys, zlib
path = pathlib.Path(sys.argv[1])
data = path.read_bytes()
if re.match(rb"[a-z-]+ \d+\n", data):
    body = re.sub(rb"^([a-z-]+) \d+\n", rb"\1 99\nunheard-of 1\n", data[:-13])
    data = body + b"end %08x\n" % zlib.crc32(body)
else:
    data = data.replace(b'"action":', b'"unheard-of":{"a":[1]},"action":')
path.write_bytes(data)
PYTHON
}

# damage HOW FILE OF-ANOTHER-MACHINE
damage() {
    case $1 in
    emptied) : > "$2" ;;
    cut) head -c "$(($(wc -c < "$2") / 2))" "$2" > part && cat part > "$2" ;;
    torn) printf '\033x' | dd of="$2" bs=1 seek="$(($(wc -c < "$2") / 2))" conv=notrunc 2> /dev/null ;;
    newer) newer "$2" ;;
    elsewhere) cat "$3" > "$2" ;;
    foreign) head -c 5000 "$watch" > "$2" ;;
    endless) truncate -s 200M "$2" ;;
    directory) rm "$2" && mkdir "$2" ;;
    link) rm "$2" && echo untouched > victim && ln -s "$tmp/victim" "$2" ;;
    pipe) rm "$2" && mkfifo "$2" ;;
    esac
}

# A journal of this kind of work, of paths and files that are not here.
python3 - << 'PYTHON'
import pathlib, zlib
body = (b"tcpipwatch-journal 1\nroot /w\nphase commit\nwhat set\ncopy 2\npath a\nversion-part 5\n"
        b"version-part 1\nversion-part 2600\nversion-part 5512\nlimit-before 10\nlimit-after 100\n"
        b"checksum-before 1\nchecksum-after 2\ncrc32-before 3\ncrc32-after 4\ncrc32-original 5\n")
pathlib.Path("journal.good").write_bytes(body + b"end %08x\n" % zlib.crc32(body))
PYTHON

state_of() { echo "$1"/roots/*/state; }
original_of() { find "$1/originals" -name '*.sys'; }

file_of() { # KIND FOLDER
    case $1 in
    state) state_of "$2" ;;
    audit) echo "$2/audit.jsonl" ;;
    original) original_of "$2" ;;
    manifest) echo "$(original_of "$2").txt" ;;
    instance) echo "$2/instance" ;;
    journal) echo "$(dirname "$(state_of "$2")")/journal" ;;
    esac
}

for kind in state audit original manifest instance journal; do
    for how in emptied cut torn newer elsewhere foreign endless directory link pipe; do
        what="$kind, $how"
        rm -rf "$data" "$root"
        cp -a good "$data"
        cp -a good.root "$root"
        file=$(file_of "$kind" "$data")
        other=$(file_of "$kind" other)
        case $kind in
        instance | journal) # none is left there
            cp journal.good "$file"
            other=journal.good
            ;;
        esac
        damage "$how" "$file" "$other"
        ends "$what: status" timeout 20 "$watch" status --policy "$policy" --data "$data"
        ends "$what: explain" timeout 20 "$watch" explain --data "$data"
        ends "$what: run" once
        [ "$kind, $how" != "state, newer" ] || says err "it was written by a newer version"
        ends "$what: run again" once
        ends "$what: set" timeout 20 "$patch" set --limit 100 --yes --root "$root" --data "$data"
        if limit_is limit100.sys; then ok; else
            twice=$((twice + 1))
            bad "$what: the copies were changed"
        fi
        ends "$what: restore" timeout 20 "$patch" restore --yes --root "$root" --data "$data"
        if [ "$status" = 4 ]; then
            ends "$what: recover" timeout 20 "$patch" recover --root "$root" --data "$data"
            ends "$what: restore" timeout 20 "$patch" restore --yes --root "$root" --data "$data"
        fi
        if [ "$status" = 0 ]; then expected=original.sys; else expected=limit100.sys; fi
        if limit_is $expected; then ok; else
            torn=$((torn + 1))
            bad "$what: restore said $status"
        fi
        [ "$how" != link ] || check "$what: the link was written through" [ "$(cat victim)" = untouched ]
    done
done
[ -z "${TCPIPWATCH_FIGURES-}" ] || printf 'points %d\nwrong %d\ntorn %d\nlost 0\ncrashes %d\n' \
    "$tried" "$twice" "$torn" "$crashes" > "$TCPIPWATCH_FIGURES"
echo "kept files: $tried commands over damaged ones; $crashes crashes, $twice second patches, $torn torn"
finish
