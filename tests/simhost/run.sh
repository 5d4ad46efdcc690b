#!/bin/sh
# The closed loop on a simulated host: real clients suffer from Windows XP's limit, tcpipwatch sees
# it, says which programs they are, and patches; the host restarts, and they suffer no more. Then a
# worm does, and nothing is patched.
#
#   run.sh BUILD FOLDER
#
# BUILD has the programs; everything is made in FOLDER, which is emptied: the sandboxes `lab` and
# `infected`, each with a Windows directory, its System log, the policy and data/audit.jsonl; the
# figures *.json of each program; what tcpipwatch said, *.out. Clients, host and servers are in network
# namespaces made here, which have no way out. SIMHOST_RELEASES: how many queued attempts the host
# releases a second, see rule.h. Exit status: 0 shown, 1 failed, 77: these namespaces cannot be made
# here, and why.
set -eu

impossible() {
    echo "The simulation is not possible here: $1." >&2
    exit 77
}

# Root may make the namespaces; others where the system gives them one in which they are root.
# Either way the device /dev/net/tun has to be there and theirs.
enter() {
    for program in ip unshare nsenter hostname; do
        command -v "$program" > /dev/null ||
            impossible "$program is missing (Debian: iproute2, util-linux, hostname)"
    done
    # shellcheck disable=SC2015
    [ -r /dev/net/tun ] && [ -w /dev/net/tun ] ||
        impossible "/dev/net/tun is missing, or not this user's (root has it where there is one)"
    user=
    unshare --net --uts true 2> /dev/null || user=--map-root-user
    # shellcheck disable=SC2086 # one option or none
    unshare $user --net --uts true 2> /dev/null ||
        impossible "this user may not make network namespaces (root may, outside of containers)"
    SIMHOST_OUTSIDE=$(readlink /proc/self/ns/net)
    export SIMHOST_OUTSIDE
    # shellcheck disable=SC2086
    exec unshare $user --net --uts sh "$0" "$@"
}

[ $# = 2 ] || {
    sed -n '6s/^# *//p' "$0" >&2
    exit 2
}
[ -n "${SIMHOST_OUTSIDE-}" ] || enter "$@"
if [ "$(readlink /proc/self/ns/net)" = "$SIMHOST_OUTSIDE" ]; then
    echo "This is the machine's own network namespace." >&2
    exit 1
fi

build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
xp_log=$here/../data/xp_SysEvent_excerpt_3870-3990.evt
programs=$build/tests/simhost
computer=WKS-WINXP32BIT # as in that log
lab_seconds=7
worm_seconds=8
mkdir -p "$2"
cd "$2"
rm -rf lab infected ./*.json ./*.out ./*.err

say() {
    printf '\n== %s\n' "$1"
}

# ---- what runs in the background ----

servers=
host=
watcher=
worm_watcher=

# stop PID: ends a process of this script, and waits for it.
stop() {
    [ -n "$1" ] || return 0
    kill "$1" 2> /dev/null || true
    wait "$1" 2> /dev/null || true
}

trap 'stop "$watcher"; stop "$worm_watcher"; stop "$host"; stop "$servers"' EXIT
trap 'exit 130' INT TERM

# until_in FILE WORDS: waits for half a minute at most.
until_in() {
    tries=0
    until grep -qF -- "$2" "$1" 2> /dev/null; do
        tries=$((tries + 1))
        if [ "$tries" -gt 300 ]; then
            echo "Waited in vain for $2 in $1." >&2
            cat ./*.err ./*.out >&2
            exit 1
        fi
        sleep 0.1
    done
}

# ---- the networks ----

# The clients are at 198.18.128.1; everything in 198.18.0.0/18 is one of the servers, and nothing in
# 198.18.64.0/18 ever answers.
lan() {
    nsenter --net="/proc/$servers/ns/net" "$@"
}

start_servers() {
    unshare --net "$programs/servers" --outside "$SIMHOST_OUTSIDE" --port 80 2> servers.err &
    servers=$!
    tries=0
    while [ "$(readlink "/proc/$servers/ns/net")" = "$(readlink /proc/self/ns/net)" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 300 ] || exit 1
        sleep 0.1
    done
    lan ip link set lo up
    lan ip route add local 198.18.0.0/18 dev lo
    lan ip route add blackhole 198.18.64.0/18
}

# start_host SANDBOX NAME: boots it; its figures go to NAME-host.json.
start_host() {
    "$programs/simhost" --outside "$SIMHOST_OUTSIDE" --servers "$servers" --root "$1/WINDOWS" \
        --log "$1/$log" --computer "$computer" \
        ${SIMHOST_RELEASES:+--releases "$SIMHOST_RELEASES"} > "$2-host.json" 2> "$2-host.err" &
    host=$!
    until_in "$2-host.json" '"limit"'
    ip link set xp0 up
    ip address add 198.18.128.1/17 dev xp0
    ip route add 198.18.0.0/17 dev xp0
    lan ip link set lan0 up
    lan ip route add 198.18.128.0/17 dev lan0
    echo "The host runs: $(figure "$2-host" limit) half-open connections at a time."
}

stop_host() {
    stop "$host"
    host=
}

# ---- a sandbox, and who watches it ----

log=WINDOWS/system32/config/SysEvent.Evt
copies="system32/drivers system32/dllcache ServicePackFiles/i386"

make_sandbox() { # NAME
    mkdir -p "$1/WINDOWS/system32/config"
    "$build/tests/make_image" --build 2180 "$1/original.sys"
    for copy in $copies; do
        mkdir -p "$1/WINDOWS/$copy"
        cp "$1/original.sys" "$1/WINDOWS/$copy/tcpip.sys"
    done
    cp "$xp_log" "$1/$log"
    chmod u+w "$1/$log"
    cat > "$1/tcpipwatch.ini" << 'P'
[burst]
events = 3
window = 1m

[action]
on_burst = patch

[programs]
expected = webstress, monitor
P
}

start_watcher() { # SANDBOX NAME [POLICY DATA]
    (cd "$1" && exec "$build/tcpipwatch" run --policy "${3-tcpipwatch.ini}" --data "${4-data}" \
        --root WINDOWS --source "file:$log") > "$2.out" 2>&1 < /dev/null &
    watcher=$!
    until_in "$2.out" " watches "
}

stop_watcher() { # NAME
    stop "$watcher"
    watcher=
    cat "$1.out"
}

# ---- the clients ----

# clients NAME: both at once; their figures go to NAME-webstress.json and NAME-monitor.json.
clients() {
    "$programs/webstress" --outside "$SIMHOST_OUTSIDE" --seconds "$lab_seconds" --at-once 20 \
        198.18.0.1 198.18.0.2 198.18.0.3 198.18.0.4 > "$1-webstress.json" 2> "$1-webstress.err" &
    web=$!
    "$programs/monitor" --outside "$SIMHOST_OUTSIDE" --seconds "$lab_seconds" --at-once 50 \
        --port 80 --port 443 198.18.1.1+90 198.18.64.1+10 > "$1-monitor.json" 2> "$1-monitor.err" &
    monitor=$!
    wait "$web"
    wait "$monitor"
}
dead_targets=20 # of the monitor's 200

figure() { # NAME KEY: the number in the last line of its figures
    sed -n '$s/.*"'"$2"'":\([0-9]*\).*/\1/p' "$1.json"
}

per_second() { # NAME
    awk -v pages="$(figure "$1-webstress" pages)" -v ms="$(figure "$1-webstress" milliseconds)" \
        'BEGIN { printf "%.1f", pages * 1000 / ms }'
}

round_seconds() { # NAME
    awk -v ms="$(figure "$1-monitor" round_ms)" 'BEGIN { printf "%.1f s", ms / 1000 }'
}

# Of the hosts that are there, in each round, so many looks took them for dead.
false_alarms() { # NAME
    awk -v silent="$(figure "$1-monitor" silent)" -v rounds="$(figure "$1-monitor" rounds)" \
        -v dead="$dead_targets" 'BEGIN { printf "%.0f", silent / rounds - dead }'
}

line() { # WHAT BEFORE AFTER
    printf '%-44s %10s %10s\n' "$1" "$2" "$3"
}

table() {
    line "" before after
    line "limit of half-open connections" "$(figure before-host limit)" "$(figure after-host limit)"
    line "webstress: pages per second" "$(per_second before)" "$(per_second after)"
    line "monitor: time of a round of 200 looks" "$(round_seconds before)" "$(round_seconds after)"
    line "monitor: live hosts taken for dead, a round" "$(false_alarms before)" "$(false_alarms after)"
    line "host: longest time in the queue" "$(figure before-host longest_wait_ms) ms" \
        "$(figure after-host longest_wait_ms) ms"
    line "host: events 4226" "$(figure before-host events_4226)" "$(figure after-host events_4226)"
}

# ---- what happens ----

hostname "$computer"
ip link set lo up
start_servers
make_sandbox lab
make_sandbox infected

say "Before: a web stress test and a monitor of 100 hosts, 10 of them dead, for $lab_seconds seconds"
start_host lab before
start_watcher lab before
clients before
until_in lab/data/audit.jsonl '"action":"patched"'
stop_watcher before
stop_host

say "After: the host restarts, tcpipwatch with it, and both programs run again"
start_host lab after
start_watcher lab after
until_in lab/data/audit.jsonl '"action":"verified"'
clients after
stop_watcher after
stop_host
echo
table

say "Another host: something tries one address after the other, for $worm_seconds seconds"
start_host infected worm
start_watcher infected worm
worm_watcher=$watcher
printf 'on_unexpected = notify\n' | cat infected/tcpipwatch.ini - > infected/notify.ini
start_watcher infected notify notify.ini notify-data
"$programs/worm" --outside "$SIMHOST_OUTSIDE" --seconds "$worm_seconds" 198.18.0.0+32768 \
    > worm.json 2> worm.err
until_in infected/data/audit.jsonl '"action":"unexpected"'
until_in infected/notify-data/audit.jsonl '"action":"unexpected"'
stop "$watcher"
watcher=$worm_watcher
stop_watcher worm
stop_host
for copy in $copies; do
    cmp infected/original.sys "infected/WINDOWS/$copy/tcpip.sys"
    echo "unchanged: WINDOWS/$copy/tcpip.sys"
done
