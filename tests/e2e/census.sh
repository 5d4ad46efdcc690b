#!/bin/sh
# The census against real half-open connections: who holds how many, to where, and what of that is
# expected. Usage: census.sh BUILD_DIR. Exit status 77 (skipped) where no network namespace can be
# made, since not one packet may leave the machine.
set -eu

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net_lib.sh"
own_network "$0" "$@"
dark_network
begin "$1"
holders=
trap 'let_go; clean' EXIT
# A copy is another program. Another user has to reach them.
for name in webstress monitor worm brief; do
    cp "$build/tests/half_open" $name
done
cp "$build/tests/take_census" .
chmod 755 webstress monitor worm brief take_census

# hold NAME ARGUMENT...: in the background, until let_go; returns when all are half-open. Sets holder.
hold() {
    name=$1
    shift
    : > "$name.out"
    "./$name" "$@" > "$name.out" 2>&1 &
    holder=$!
    holders="$holders $holder"
    wait_for 30 "$name" grep -q '^half-open' "$name.out"
}

let_go() {
    for pid in $holders; do
        kill "$pid" 2> /dev/null || true
        wait "$pid" 2> /dev/null || true
    done
    holders=
}

# shows EXPRESSION [ARGUMENT...]: a census of which the Python expression holds. On a busy machine the
# time for a look may be over too soon, which the look says: then again.
shows() {
    expression=$1
    shift
    tries=0
    while :; do
        tries=$((tries + 1))
        run ./take_census "$@"
        if [ "$tries" -ge 20 ] || ! grep -q '"cut_short":true' out; then
            break
        fi
        sleep 0.2
    done
    json out "[(c, p, l) for l in lines for c in [l['census']] for p in [c['programs']] if $expression]"
}

# ---- the holder itself goes nowhere else ----
expect 77 "no word of the machine's network" env -u TCPIPWATCH_OUTER_NETWORK ./worm 1 1000 $dark.0.9 80
says err "Nothing is sent."
expect 77 "the machine's own network" \
    env TCPIPWATCH_OUTER_NETWORK="$(readlink /proc/self/ns/net)" ./worm 1 1000 $dark.0.9 80
ip route add default dev dark
expect 77 "a way out" ./worm 1 1000 $dark.0.9 80
says err "default route"
ip route del default dev dark
expect 0 "a network of its own" ./worm 1 100 $dark.0.9 80

# ---- nobody ----
shows "c['looks'] == 1 and c['connections'] == 0 and p == [] and l['verdict'] == 'any'"
says out "No half-open connection was seen."
echo "[programs]
expected = monitor" > expected.ini
shows "l['verdict'] == 'nobody'" --policy expected.ini

# ---- two programs at once ----
hold webstress 28 60000 $dark.0.10 80 12
webstress=$holder
hold monitor 2 60000 $dark.1.10 161 1 2
monitor=$holder
shows "c['connections'] == 30 and c['most'] == 30 and c['unseen'] == 0 and len(p) == 2"
shows "p[0]['image'] == '$tmp/webstress' and p[0]['pid'] == $webstress and p[0]['processes'] == 1
    and p[0]['connections'] == 28 and p[0]['hosts'] == 12 and p[0]['ports'] == 1 and p[0]['port'] == 80
    and p[0]['addresses'] == ['$dark.0.10', '$dark.0.11', '$dark.0.12', '$dark.0.13']"
shows "p[1]['image'] == '$tmp/monitor' and p[1]['pid'] == $monitor and p[1]['connections'] == 2
    and p[1]['hosts'] == 1 and p[1]['ports'] == 2 and p[1]['port'] == 161
    and p[1]['addresses'] == ['$dark.1.10'] and p[1]['expected'] is None"
# The starts, against the clock of the looks: seconds ago, not in the future.
shows "all(-3 < (t(c['last']) - t(q['started'])).total_seconds() < 60 for q in p
    for t in [lambda s: __import__('datetime').datetime.fromisoformat(s[:19])])"
shows "__import__('re').fullmatch('28 of 30 half-open connections belong to $tmp/webstress \\\\(process $webstress, '
    'since [^()]* UTC\\\\), to 12 hosts, port 80; 2 to $tmp/monitor \\\\(process $monitor, since [^()]* UTC\\\\), '
    'to $dark.1.10, 2 ports, 161 among them[.]', l['words'])"

# Seen again they are no others.
shows "c['looks'] == 3 and c['connections'] == 30 and c['most'] == 30 and p[0]['processes'] == 1" \
    --looks 3 --every 1

# ---- expected or not ----
shows "l['verdict'] == 'unexpected' and [q['expected'] for q in p] == [False, True]
    and '$tmp/webstress (process $webstress, since' in l['words']
    and l['words'].count('not on the policy') == 1" --policy expected.ini
echo "[programs]
expected = $tmp/web*" > expected.ini
shows "l['verdict'] == 'expected' and [q['expected'] for q in p] == [True, False]" --policy expected.ini

# ---- a program whose file is gone, as after an update ----
rm webstress
shows "p[0]['image'] == '$tmp/webstress' and l['verdict'] == 'expected'" --policy expected.ini
let_go
shows "c['connections'] == 0"

# ---- IPv6 ----
if $ipv6; then
    hold worm 3 60000 $dark6::10 443 3
    shows "c['connections'] == 3 and c['unseen'] == 0 and p[0]['image'] == '$tmp/worm' and p[0]['port'] == 443
        and p[0]['addresses'] == ['$dark6::10', '$dark6::11', '$dark6::12']"
    let_go
fi

# ---- a thousand, among other programs ----
hold worm 1000 60000 $dark.4.0 445 1000
hold monitor 5 60000 $dark.1.10 161
shows "c['connections'] == 1005 and c['unseen'] == 0 and p[0]['connections'] == 1000 and p[0]['hosts'] == 1000
    and p[1]['connections'] == 5"
let_go

# More than are kept are counted, and it is said.
hold worm 5000 60000 $dark.4.0 445 1000
run ./take_census
json out "[c for l in lines for c in [l['census']] if c['most'] == 5000 and c['connections'] == 4096 and c['cut_short']]"
says out "There were more of them than are counted here, up to 5000 at a time."
let_go

# ---- short-lived ones, that come and go between the looks ----
hold brief --one-by-one 0 150 $dark.2.1 25 100
shows "c['looks'] == 12 and c['most'] == 1 and c['connections'] >= 3 and len(p) == 1
    and p[0]['hosts'] == c['connections'] and p[0]['processes'] == 1" --looks 12 --every 120
let_go
# The same of programs that end with them.
while ./brief 1 150 $dark.2.1 25 > brief.out 2>&1; do :; done &
holders=$!
shows "p[0]['image'] == '$tmp/brief' and p[0]['processes'] >= 3" --looks 14 --every 120
let_go
wait_for 10 "the last of them" sh -c './take_census | grep -qF "No half-open"'

# ---- other users ----
# shellcheck disable=SC2086 # $nobody is a command with its arguments
nobody="setpriv --reuid 65534 --regid 65534 --clear-groups env GCOV_PREFIX=$tmp/nobody"
if [ "$(id -u)" = 0 ] && $nobody true 2> /dev/null; then
    mkdir -m 777 nobody
    hold worm 4 60000 $dark.0.10 80
    run $nobody ./take_census --policy "$tmp/expected.ini"
    json out "[c for l in lines for c in [l['census']] if c['connections'] == 4 and c['unseen'] == 4
        and c['programs'][0]['image'] is None and l['verdict'] == 'unexpected']"
    says out "All 4 half-open connections belong to processes that cannot be seen (an administrator may see them), to $dark.0.10, port 80."
    let_go
    # One's own are seen by anybody, and everybody's by root.
    : > monitor.out
    $nobody ./monitor 3 60000 $dark.0.10 80 > monitor.out 2>&1 &
    holders=$!
    wait_for 30 "another user's connections" grep -q '^half-open' monitor.out
    shows "c['connections'] == 3 and p[0]['image'] == '$tmp/monitor'"
    run $nobody ./take_census
    json out "[c for l in lines for c in [l['census']] if c['connections'] == 3 and c['unseen'] == 0]"
    let_go
fi

# ---- wrong usage ----
expect 2 "no such option" ./take_census --nonsense 1
expect 2 "an option without its value" ./take_census --looks
expect 1 "no such policy" ./take_census --policy none.ini
finish
