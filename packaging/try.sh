#!/bin/sh
# Shows the main job: builds the programs, makes a Windows directory and a System log to play with,
# and lets tcpipwatch see a burst of event 4226, ask, patch, ask for the restart and verify.
#
#   sh packaging/try.sh [--yes]
#   sh packaging/try.sh --simulate
#
# On a terminal you answer its questions; with --yes, or without a terminal, they are answered with
# yes. With --simulate there is a simulated host with Windows XP's limit, on which a web stress test, a
# monitor and a worm run, and the figures before and after are shown; that needs root, or a user who
# may make network namespaces and open /dev/net/tun, and asks nothing. Everything happens below
# build/try. Packages that are missing are installed (as root).
# Exit status: 0 shown, 1 something went wrong, 2 wrong usage.
set -eu

yes=
simulate=false
[ -t 0 ] && [ -t 1 ] || yes=--yes
for argument in "$@"; do
    case $argument in
    --yes) yes=--yes ;;
    --simulate) simulate=true ;;
    *)
        sed -n '5,14s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
    esac
done

here=$(cd "$(dirname "$0")" && pwd)
cd "$here/.."
policy=$PWD/conf/tcpipwatch.ini
xp_log=$PWD/tests/data/xp_SysEvent_excerpt_3870-3990.evt
try=$PWD/build/try
play=$try/play
make_image=$try/tests/make_image
make_log=$try/tests/make_log

# shellcheck source=packaging/packages.sh
. "$here/packages.sh"

say() {
    printf '\n== %s\n' "$1"
}

build() {
    # shellcheck disable=SC2086 # one word a package, one a target
    install_packages $packages &&
        cmake -S . -B "$try" -G Ninja -DTCPIPWATCH_TESTS=OFF -DTCPIPWATCH_TOOLS=ON &&
        cmake --build "$try" --target $targets
}

packages=$packages_build
targets="tcpipwatch tcpippatch make_image make_log"
if $simulate; then
    packages="$packages $packages_simulate"
    targets="$targets simhost webstress monitor worm servers"
fi

say "Building (the first time this installs what is missing)"
mkdir -p "$try"
if ! build > "$try/build.log" 2>&1; then
    tail -n 30 "$try/build.log"
    echo "The build failed; its whole output is in $try/build.log." >&2
    exit 1
fi

if $simulate; then
    status=0
    sh tests/simhost/run.sh "$try" "$try/simulation" || status=$?
    [ "$status" = 0 ] || exit 1
    echo "Everything that was done is below $try/simulation: see lab/data/audit.jsonl there."
    exit 0
fi

# ---- a Windows directory, and its System log, which begins with real records of Windows XP ----
rm -rf "$play"
mkdir -p "$play"
cd "$play"
log=WINDOWS/system32/config/SysEvent.Evt
mkdir -p WINDOWS/system32/drivers WINDOWS/system32/dllcache WINDOWS/ServicePackFiles/i386 \
    WINDOWS/system32/config
"$make_image" --build 2180 original.sys
for copy in system32/drivers system32/dllcache ServicePackFiles/i386; do
    cp original.sys "WINDOWS/$copy/tcpip.sys"
done
cp "$policy" tcpipwatch.ini
cp "$xp_log" "$log"
chmod u+w "$log"

# The machine that is watched: its log grows as XP's service writes it. When the restart is agreed
# to, or a question is declined, the watcher is stopped.
machine() {
    for _ in 1 2 3 4; do
        sleep 0.5
        "$make_log" append "$log" --event 4226 > /dev/null
    done
    tries=0
    while [ "$tries" -lt 1500 ]; do
        tries=$((tries + 1))
        sleep 0.2
        if grep -qE '"action":"(restart|declined|restart-later|patch-failed)"' data/audit.jsonl \
            2> /dev/null; then
            break
        fi
    done
    sleep 0.5
    watcher=$(sed -n 's/^process //p' data/instance 2> /dev/null || true)
    [ -z "$watcher" ] || kill "$watcher" 2> /dev/null || true
}

watch() {
    "$try/tcpipwatch" run --policy tcpipwatch.ini --data data --root WINDOWS --source "file:$log" "$@"
}

say "tcpipwatch run --policy tcpipwatch.ini --root WINDOWS --source file:$log $yes"
machine &
# shellcheck disable=SC2086 # --yes or nothing
watch $yes
wait

if ! grep -q '"action":"patched"' data/audit.jsonl; then
    say "Nothing was patched. The audit log is $play/data/audit.jsonl."
    exit 0
fi

say "The machine was restarted; tcpipwatch is started again"
"$make_log" append "$log" --event 6005 --source EventLog --record-type information > /dev/null
watch --once

say "tcpippatch status --root WINDOWS"
"$try/tcpippatch" status --root WINDOWS --data data

say "tcpippatch restore --root WINDOWS --yes"
"$try/tcpippatch" restore --root WINDOWS --data data --yes

say "Is the original back, bit for bit?"
for copy in system32/drivers system32/dllcache ServicePackFiles/i386; do
    cmp original.sys "WINDOWS/$copy/tcpip.sys"
    echo "the same: WINDOWS/$copy/tcpip.sys"
done
echo "Everything that was done is in data/audit.jsonl below $play."
