#!/bin/sh
# Shows the main job: builds the programs, makes a Windows directory and a System log to play with,
# and lets tcpipwatch see a burst of event 4226, ask, patch, ask for the restart and verify.
#
#   sh packaging/try.sh [--yes]
#
# On a terminal you answer its questions; with --yes, or without a terminal, they are answered with
# yes. Everything happens below build/try. Packages that are missing are installed (as root).
# Exit status: 0 shown, 1 something went wrong, 2 wrong usage.
set -eu

yes=
[ -t 0 ] && [ -t 1 ] || yes=--yes
for argument in "$@"; do
    case $argument in
    --yes) yes=--yes ;;
    *)
        sed -n '5,9s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
    esac
done

here=$(cd "$(dirname "$0")" && pwd)
cd "$here/.."
try=$PWD/build/try
play=$try/play
windows=$play/WINDOWS
log=$windows/system32/config/SysEvent.Evt
data=$play/data

say() {
    printf '\n== %s\n' "$1"
}

build() {
    # shellcheck source=packaging/packages.sh
    . "$here/packages.sh"
    # shellcheck disable=SC2086 # one word a package
    install_packages $packages_build &&
        cmake -S . -B "$try" -G Ninja -DTCPIPWATCH_TESTS=OFF -DTCPIPWATCH_TOOLS=ON &&
        cmake --build "$try" --target tcpipwatch tcpippatch make_image make_log
}

say "Building (the first time this installs what is missing)"
mkdir -p "$try"
if ! build > "$try/build.log" 2>&1; then
    tail -n 30 "$try/build.log"
    echo "The build failed; its whole output is in $try/build.log." >&2
    exit 1
fi
make_image=$try/tests/make_image
make_log=$try/tests/make_log

# ---- a Windows directory, and its System log with real records of Windows XP ----
rm -rf "$play"
mkdir -p "$windows/system32/drivers" "$windows/system32/dllcache" \
    "$windows/ServicePackFiles/i386" "$windows/system32/config"
"$make_image" --build 2180 "$play/original.sys"
for copy in system32/drivers system32/dllcache ServicePackFiles/i386; do
    cp "$play/original.sys" "$windows/$copy/tcpip.sys"
done
cp tests/data/xp_SysEvent_excerpt_3870-3990.evt "$log"
chmod u+w "$log"

# The machine that is watched: its log grows as XP's service writes it. When the restart is agreed
# to it shuts down and starts; then, or when a question is declined, the watcher is stopped.
machine() {
    tries=0
    for _ in 1 2 3 4; do
        sleep 0.5
        "$make_log" append "$log" --event 4226 > /dev/null
    done
    while [ "$tries" -lt 1500 ]; do
        tries=$((tries + 1))
        sleep 0.2
        if grep -q '"action":"restart"' "$data/audit.jsonl" 2> /dev/null; then
            sleep 0.5
            break
        fi
        grep -qE '"action":"(declined|restart-later|patch-failed)"' "$data/audit.jsonl" \
            2> /dev/null && break
    done
    watcher=$(sed -n 's/^process //p' "$data/instance" 2> /dev/null || true)
    [ -z "$watcher" ] || kill "$watcher" 2> /dev/null || true
}

say "tcpipwatch run --root .../WINDOWS --source file:.../SysEvent.Evt $yes"
machine &
# shellcheck disable=SC2086 # --yes or nothing
"$try/tcpipwatch" run --policy conf/tcpipwatch.ini --data "$data" --root "$windows" \
    --source "file:$log" $yes
wait

if ! grep -q '"action":"patched"' "$data/audit.jsonl"; then
    say "Nothing was patched. The audit log is $data/audit.jsonl."
    exit 0
fi

say "The machine was restarted; tcpipwatch is started again"
"$try/tcpipwatch" run --once --policy conf/tcpipwatch.ini --data "$data" --root "$windows" \
    --source "file:$log"

say "tcpippatch status"
"$try/tcpippatch" status --root "$windows" --data "$data"

say "tcpippatch restore"
"$try/tcpippatch" restore --root "$windows" --data "$data" --yes

say "Is the original back, bit for bit?"
for copy in system32/drivers system32/dllcache ServicePackFiles/i386; do
    cmp "$play/original.sys" "$windows/$copy/tcpip.sys"
    echo "the same: $copy/tcpip.sys"
done
echo "Everything that was done is in $data/audit.jsonl; the playground is $play."
