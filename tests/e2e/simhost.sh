#!/bin/sh
# The closed loop on a host with Windows XP's limit, simulated: see tests/simhost. Two expected
# programs suffer, are named, and get their limit; a worm is named, and does not.
# Usage: simhost.sh BUILD_DIR. Exit status 77 (skipped) where network namespaces or tun devices cannot
# be had.
set -eu

. "$(dirname "$0")/lib.sh"
begin "$1"
simhost=$tests/../simhost

# ---- nothing of it runs in the machine's own network ----

own=$(readlink /proc/self/ns/net)
for program in webstress monitor worm servers; do
    to=198.18.0.1
    [ "$program" != servers ] || to=
    # shellcheck disable=SC2086 # an address or nothing
    expect 3 "$program outside" "$build/tests/simhost/$program" --outside "$own" --seconds 1 $to
    says err "network namespace of its own"
    # shellcheck disable=SC2086
    expect 3 "$program without a name" "$build/tests/simhost/$program" --seconds 1 $to
done
for address in 10.0.0.1 198.20.0.1 127.0.0.1; do
    expect 2 "$address" "$build/tests/simhost/worm" --outside "$own" "$address"
done
expect 3 "simhost outside" "$build/tests/simhost/simhost" --outside "$own" --servers $$ --root . \
    --log none.evt --computer PC

# Nor where there is a way out. (Where no namespace can be made, the loop says so below.)
enter="unshare --net"
$enter true 2> err || enter="unshare --map-root-user --net"
if $enter true 2> err; then
    # shellcheck disable=SC2086 # one word an option
    expect 3 "a default route" $enter sh -c 'ip link set lo up && ip route add default dev lo &&
        exec "$0" --outside "$1" 198.18.0.1' "$build/tests/simhost/worm" "$own"
    says err "default route"
    # shellcheck disable=SC2086
    expect 3 "a device of somebody else" $enter sh -c 'ip link add veth0 type veth peer name veth1 &&
        exec "$0" --outside "$1" 198.18.0.1' "$build/tests/simhost/worm" "$own"
    says err "not the simulation's"
    # The host does not guess a limit.
    mkdir -p torn/system32/drivers
    "$build/tests/make_image" --build 2180 original.sys
    head -c 100000 original.sys > torn/system32/drivers/tcpip.sys
    # shellcheck disable=SC2086
    expect 3 "a damaged driver" $enter "$build/tests/simhost/simhost" --outside "$own" \
        --servers $$ --root torn --log none.evt --computer PC
    says err "has no limit that is certain"
fi

# ---- the loop ----

run sh "$simhost/run.sh" "$build" loop
if [ "$status" = 77 ]; then
    finished=true
    cat err
    exit 77
fi
if [ "$status" = 0 ]; then ok; else bad "run.sh: exit status $status"; fi
cp out story

last() { # NAME: the figures
    tail -n 1 "loop/$1.json" > "$1.figures"
}
for name in before-host before-webstress before-monitor after-host after-webstress after-monitor \
    worm-host worm; do
    last "$name"
done

# Both suffer: the limit is hit all the time, most looks at hosts that are there fail.
json before-host.figures 'lines[0]["limit"] == 10 and lines[0]["half_open_most"] == 10'
json before-host.figures 'lines[0]["events_4226"] >= 3 and lines[0]["queued_most"] > 10'
json before-host.figures 'lines[0]["overflowed"] == 0 and lines[0]["lost_packets"] == 0'
json before-monitor.figures 'lines[0]["silent"] > 3 * 20 * lines[0]["rounds"]'

# Afterwards neither does.
json after-host.figures 'lines[0]["limit"] == 100 and lines[0]["half_open_most"] > 10'
json after-host.figures 'lines[0]["events_4226"] == 0 and lines[0]["queued"] == 0'
json after-monitor.figures 'lines[0]["silent"] < 2 * 20 * lines[0]["rounds"]'
python3 - > rates.json << 'P'
import json
before, after = ({name: json.load(open(f"{when}-{name}.figures")) for name in ("webstress", "monitor")}
                 for when in ("before", "after"))
rate = lambda figures: figures["webstress"]["pages"] * 1000 / figures["webstress"]["milliseconds"]
print(json.dumps({"before": rate(before), "after": rate(after),
                  "round_before": before["monitor"]["round_ms"],
                  "round_after": after["monitor"]["round_ms"]}))
P
json rates.json 'lines[0]["after"] > 3 * lines[0]["before"] > 0'
json rates.json 'lines[0]["round_after"] * 1.5 < lines[0]["round_before"]'
says story "before      after"

# What was seen, who did it, what was done.
audit=loop/lab/data/audit.jsonl
json "$audit" 'sum(line["action"] == "burst" for line in lines) == 1'
json "$audit" 'all(line["burst"]["computer"] == "WKS-WINXP32BIT" and line["burst"]["events"] >= 3
                   for line in lines if line["action"] == "burst")'
json "$audit" '{line["verdict"] for line in lines if line["action"] == "census"} == {"expected"}'
# (Only where the time for a look is over too soon, on a busy machine, some have no process.)
json "$audit" 'all({p["image"].rsplit("/", 1)[-1] for p in line["census"]["programs"] if p["image"]}
                   == {"webstress", "monitor"} and
                   all(p["expected"] for p in line["census"]["programs"] if p["image"]) and
                   (line["census"]["unseen"] == 0 or line["census"]["cut_short"])
                   for line in lines if line["action"] == "census")'
json "$audit" 'all(line["census"]["most"] >= 10 and "webstress" in line["text"] and
                   "monitor" in line["text"] for line in lines if line["action"] == "census")'
json "$audit" '[line["action"] for line in lines if line["action"] in ("patched", "verified")]
               == ["patched", "verified"]'
json "$audit" 'not any(line["action"] == "unexpected" for line in lines)'
"$build/tests/make_image" --build 2180 --limit 100 limit100.sys
for copy in system32/drivers system32/dllcache ServicePackFiles/i386; do
    check "$copy has the new limit" cmp limit100.sys "loop/lab/WINDOWS/$copy/tcpip.sys"
done

# The worm: seen, named, told to be unexpected, and nothing is written though the policy may patch.
check "each address once" python3 -c 'import json; f = json.load(open("worm.figures"))
assert f["tried"] > 50 and f["connected"] == 0, f'
json worm-host.figures 'lines[0]["limit"] == 10 and lines[0]["events_4226"] >= 3'
for data in data notify-data; do # on_unexpected = ask, with nobody to ask, and notify
    audit=loop/infected/$data/audit.jsonl
    json "$audit" '{line["verdict"] for line in lines if line["action"] == "census"} == {"unexpected"}'
    json "$audit" 'all(line["census"]["programs"][0]["image"].endswith("/worm") and
                       line["census"]["programs"][0]["expected"] is False and
                       line["census"]["programs"][0]["port"] == 445 and
                       line["census"]["programs"][0]["hosts"] > 10
                       for line in lines if line["action"] == "census")'
    json "$audit" 'sum(line["action"] == "unexpected" for line in lines) == 1'
    json "$audit" 'not any(line["action"] in ("patch", "set", "patched") for line in lines)'
done
says loop/worm.out "worm"
for copy in system32/drivers system32/dllcache ServicePackFiles/i386; do
    check "$copy is as it was" cmp loop/infected/original.sys "loop/infected/WINDOWS/$copy/tcpip.sys"
done
finish
