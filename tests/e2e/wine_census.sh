#!/bin/sh
# The census of half-open connections with the calls of Windows, as Wine has them: programs begin
# connections to hosts that never answer, and take_census_win32.exe says whose they are, where to,
# and for how long there are any. All of it in a network of its own that nothing leaves.
# Usage: wine_census.sh BUILD_DIR, the folder of a build for Windows. Exit status 77 (skipped) where
# no network namespace can be made.
# shellcheck disable=SC2154 # set by lib.sh
set -eu

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net_lib.sh"
# Of a range for benchmarks that no machine has an address in: half_open_win32.exe sends from there
# alone, so that it sends nothing if it ever ran outside.
dark=198.18
own_network "$0" "$@"
dark_network
begin "$1"
here=$tests

# ---- programs ----

# Wine's server makes the sockets, in the network that it was started in: it has to be another one
# than that of the other tests, and so has the prefix. Copied by links, it costs nothing.
shared=${TCPIPWATCH_WINEPREFIX:-$build/wineprefix}
TCPIPWATCH_WINEPREFIX=$build/wineprefix-census
TCPIPWATCH_WINE_TIMEOUT=100
export TCPIPWATCH_WINEPREFIX TCPIPWATCH_WINE_TIMEOUT
wine() {
    sh "$here/wine_run.sh" "$@" 8>&- 9>&-
}

let_go() {
    exec 8>&- 9>&-
    wine --server -k > /dev/null 2>&1 || true
    rm -rf "$TCPIPWATCH_WINEPREFIX"
}
trap 'let_go; clean' EXIT

rm -rf "$TCPIPWATCH_WINEPREFIX"
if [ -f "$shared/.made" ] && cp -al "$shared" "$TCPIPWATCH_WINEPREFIX" 2> /dev/null; then
    for file in "$shared"/*.reg; do # what is written to
        cp --remove-destination "$file" "$TCPIPWATCH_WINEPREFIX"
    done
else
    rm -rf "$TCPIPWATCH_WINEPREFIX"
fi

cp "$build/tests/half_open_win32.exe" webstress.exe
cp "$build/tests/half_open_win32.exe" monitor.exe
mkfifo webstress.in monitor.in

# hold NAME LOCAL ADDRESS PORT...: in the background, until its input is closed
hold() {
    name=$1
    shift
    (
        exec 8>&- 9>&- # else it would hold its own input open
        wine "./$name.exe" "$@"
    ) < "$name.in" > "$name.out" 2> "$name.err" &
}

census() { # ARGUMENT...
    expect 0 "a census" wine "$build/tests/take_census_win32.exe" "$@"
}

# counted CONNECTIONS: so many are half open by now
counted() {
    wine "$build/tests/take_census_win32.exe" best > count.out && grep -q "\"most\":$1," count.out
}

# ---- nobody, and who should not be ----

census best
json out 'lines[0]["verdict"] == "any" and lines[0]["census"]["connections"] == 0'
json out 'lines[0]["computer"] and lines[0]["is_this_computer"] is True'
expect 3 "nothing is sent from an address that is not there" wine ./monitor.exe 192.0.2.1 $dark.0.9 80
says err "cannot send from 192.0.2.1"

# ---- two programs at once ----

hold webstress $dark.0.1 $dark.0.9 80 $dark.0.10 80 $dark.0.10 443
exec 9> webstress.in
hold monitor $dark.0.1 $dark.0.11 161
exec 8> monitor.in
wait_for 60 "the first program" grep -q "3 on their way" webstress.out
wait_for 60 "the second program" grep -q "1 on their way" monitor.out
for way in best device module; do
    census "$way" webstress.exe
    json out 'lines[0]["census"]["looks"] == 2 and lines[0]["census"]["connections"] == 4 and
        lines[0]["census"]["unseen"] == 0 and lines[0]["census"]["cut_short"] is False'
    json out 'lines[0]["verdict"] == "unexpected"'
    json out '(lambda p: p["image"].lower().endswith("\\webstress.exe") and p["image"][1:3] == ":\\"
        and p["connections"] == 3 and p["hosts"] == 2 and p["ports"] == 2 and p["port"] == 80
        and sorted(p["addresses"]) == ["'$dark'.0.10", "'$dark'.0.9"] and p["expected"] is True
        and p["pid"] > 0 and p["started"])(lines[0]["census"]["programs"][0])'
    json out '(lambda p: p["image"].lower().endswith("\\monitor.exe") and p["connections"] == 1
        and p["addresses"] == ["'$dark'.0.11"] and p["port"] == 161 and p["expected"] is False
        )(lines[0]["census"]["programs"][1])'
done
says out "3 of 4 half-open connections belong to "
census best webstress.exe monitor.exe
json out 'lines[0]["verdict"] == "expected"'

# ---- one that is gone, and one of IPv6 ----

exec 9>&-
wait_for 60 "the end of the first program" counted 1
census best webstress.exe
json out 'len(lines[0]["census"]["programs"]) == 1'
json out 'lines[0]["census"]["programs"][0]["image"].endswith("\\monitor.exe")'
exec 8>&-
wait_for 60 "the end of the second program" counted 0

if $ipv6; then
    : > monitor.out
    hold monitor $dark6::1 $dark6::9 443
    exec 8> monitor.in
    wait_for 60 "the program of IPv6" grep -q "1 on their way" monitor.out
    census best
    # Of these Wine 8 does not say whose they are.
    json out '(lambda p: p["addresses"] == ["'$dark6'::9"] and p["port"] == 443 and (p["image"] is None
        or p["image"].endswith("\\monitor.exe")))(lines[0]["census"]["programs"][0])'
    exec 8>&-
fi
finish
