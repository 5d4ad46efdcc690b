#!/bin/sh
# What the program promises about its speed and size, one line for each promise:
#     goals.sh BUILD STATIC_BUILD [--megabytes N] [--rounds N] [--samples DIR]
# BUILD is an optimised build with the tests, STATIC_BUILD one with TCPIPWATCH_STATIC. Everything is
# read from memory (/dev/shm); each figure is the median of the rounds (5) of one run, so that only
# the ratios say something about another machine.
set -eu

megabytes=200
rounds=5
here=$(cd "$(dirname "$0")" && pwd)
samples=$here/../../../shared/samples
[ $# -ge 2 ] || { sed -n '3p' "$0" >&2; exit 2; }
build=$(cd "$1" && pwd)
static=$(cd "$2" && pwd)
shift 2
while [ $# -ge 2 ]; do
    case $1 in
    --megabytes) megabytes=$2 ;;
    --rounds) rounds=$2 ;;
    --samples) samples=$2 ;;
    *) sed -n '3p' "$0" >&2; exit 2 ;;
    esac
    shift 2
done
tests=$build/tests
watch=$build/tcpipwatch
resident=$static/tcpipwatch
tmp=$(mktemp -d /dev/shm/tcpipwatch-goals.XXXXXX)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
cd "$tmp"

row() { printf '%-46s %14s %12s   %s\n' "$@"; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", (b > 0 ? a / b : 0) }'; }
rate() { awk -v s="$1" -v b="$2" 'BEGIN { printf "%.0f MB/s", (s > 0 ? b / s / 1e6 : 0) }'; }

# cpu COMMAND...: the median of the processor time, which other programs disturb less; seconds
# COMMAND...: by the clock. peak COMMAND...: KiB
cpu() {
    for _ in $(seq "$rounds"); do "$tests/measure" run "$@" || [ $? = 1 ]; done | cut -d' ' -f2 | median
}
seconds() {
    for _ in $(seq "$rounds"); do "$tests/measure" run "$@" || [ $? = 1 ]; done | cut -d' ' -f1 | median
}
peak() { "$tests/measure" run "$@" | cut -d' ' -f3; }
memory() {
    for _ in $(seq "$rounds"); do "$tests/measure" sum "$@"; done | cut -d' ' -f1 | median
}
size_of() { cat "$@" | wc -c; }

# ---- what is read ----
real=$samples/win7sp1_System.evtx
[ -f "$real" ] || { "$tests/make_log" create real.evtx; "$tests/make_log" append real.evtx --count 4000 --decoy; real=real.evtx; }
records=$(python3 "$here/grow.py" "$real" big.evtx "$megabytes")
mkdir small
python3 - << 'P'
log = open("big.evtx", "rb").read()
for i in range(2000):
    at = 4096 + i * 65536 % (len(log) - 4096 - 65535)
    at -= (at - 4096) % 65536
    open("small/%04d.evtx" % i, "wb").write(log[:4096] + log[at : at + 65536])
P
"$tests/make_log" create classic.evt --limit 100000000 --size 1048576
"$tests/make_log" append classic.evt --limit 100000000 --event 4207 --decoy --count 250000 --time 2005-01-01T00:00:00Z
"$tests/make_log" close classic.evt
"$tests/make_log" xml events.xml --event 4207 --count 60000 --time 2005-01-01T00:00:00Z

echo "machine   $(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores, $(uname -sr), load $(cut -d' ' -f1 /proc/loadavg)"
echo "logs      .evtx $((megabytes)) MB with $records records, and 2000 of 70 KB; .evt $(($(size_of classic.evt) / 1000000)) MB; XML $(($(size_of events.xml) / 1000000)) MB; median of $rounds"
row promise figure ratio goal

# ---- reading ----
bytes=$(size_of big.evtx)
base=$(memory big.evtx)
row "memory read" "$(rate "$base" "$bytes")" 1
for kib in 1024 64; do
    reading=$(cpu "$tests/measure" read --step $((kib * 1024)) big.evtx)
    row "reading the file, $kib KiB a call" "$(rate "$reading" "$bytes")" "$(ratio "$base" "$reading")"
done
checking=$(cpu "$tests/measure" check big.evtx)
row "reading it and its checksums, nothing else" "$(rate "$checking" "$bytes")" "$(ratio "$base" "$checking")"
count=$(cpu "$watch" scan --json big.evtx)
row "count 4226, .evtx, checksums verified" "$(rate "$count" "$bytes")" "$(ratio "$base" "$count")" "0.30 of memory read"
decode=$(cpu "$tests/measure" decode big.evtx)
row "all fields decoded, no output" "$(rate "$decode" "$bytes")" "$(ratio "$base" "$decode")" "0.20 of memory read"
list=$(cpu "$watch" scan --all --json big.evtx)
row "--all --json, .evtx" "$(rate "$list" "$bytes")" "$(ratio "$base" "$list")"
# evtxexport takes a minute for the whole log, so it gets the first part of it, and its time is
# scaled by the records: it spends its time on them one by one, about the same on each (67 to 119 us
# with 2, 5 and 18 MB, with no trend). It reads as many chunks as the file's header says, so what it
# printed is counted: a part that it did not read would make it look faster than it is.
if command -v evtxexport > /dev/null; then
    some=$(python3 "$here/grow.py" "$real" part.evtx 4)
    printed=$(evtxexport part.evtx | grep -c '^Event number')
    [ "$printed" = "$some" ] || echo "goals.sh: evtxexport read $printed of $some records" >&2
    part=$(size_of part.evtx)
    cat > grep.sh << 'G'
evtxexport part.evtx | grep -c 'Event identifier.*(4226)'
G
    export=$(cpu evtxexport part.evtx)
    search=$(cpu sh grep.sh)
    whole=$(awk -v n="$records" -v p="$printed" 'BEGIN { print n / p }')
    row "  against evtxexport | grep -c" "$(rate "$search" "$part")" "$(awk -v a="$search" -v w="$whole" -v b="$count" 'BEGIN { printf "%.0f", a * w / b }')" "1000"
    row "  against evtxexport's dump" "$(rate "$export" "$part")" "$(awk -v a="$export" -v w="$whole" -v b="$list" 'BEGIN { printf "%.0f", a * w / b }')" "300"
fi
evt_base=$(memory classic.evt)
evt=$(cpu "$watch" scan --json classic.evt)
row "count 4226, .evt" "$(rate "$evt" "$(size_of classic.evt)")" "$(ratio "$evt_base" "$evt")" "0.50 of memory read"
xml=$(cpu "$watch" scan --json events.xml)
if command -v xmllint > /dev/null; then
    { echo "<Events>"; cat events.xml; echo "</Events>"; } > rooted.xml
    walk=$(cpu xmllint --stream --noout rooted.xml)
    row "count 4226, XML" "$(rate "$xml" "$(size_of events.xml)")" "$(ratio "$walk" "$xml")" "0.90 of libxml2's reader"
fi
one=$(seconds "$watch" scan --all --json big.evtx)
two=$(seconds "$watch" scan --all --json --jobs 2 big.evtx)
row "two threads, one big log, --all, by the clock" "$(rate "$two" "$bytes")" "$(ratio "$two" "$one")" "0.65 of one's time"
one=$(seconds "$watch" scan --all --json small)
two=$(seconds "$watch" scan --all --json --jobs 2 small)
row "two threads, 2000 small logs, by the clock" "$(rate "$two" "$(size_of small/*)")" "$(ratio "$two" "$one")" "0.65 of one's time"

# ---- memory ----
for log in big.evtx classic.evt; do
    row "peak memory, $log" "$(peak "$resident" scan --all --json $log) KiB" "" "3072 KiB"
done
row "peak memory, two threads" "$(peak "$resident" scan --all --json --jobs 2 big.evtx) KiB" "" "3072 KiB"

# ---- the resident process ----
cp "$here/../data/xp_SysEvent_excerpt_3870-3990.evt" quiet.evt
printf '[burst]\nwindow = 1s\ncooldown = 0s\n[action]\non_burst = notify\n' > notify.ini
"$resident" run --policy notify.ini --data idle --source file:quiet.evt > /dev/null 2>&1 < /dev/null &
pid=$!
sleep 2
before=$(awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$pid/status")
sleep 30
after=$(awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$pid/status")
row "resident, static build" "$(awk '/VmRSS/ { print $2 " KiB" }' "/proc/$pid/status")" "" "1024 KiB"
row "  of it not shared with the file" "$(awk '/RssAnon/ { print $2 " KiB" }' "/proc/$pid/status")"
row "wake-ups in 30 s" "$((after - before))" "" "0"
kill "$pid"
wait "$pid" || true
# shellcheck disable=SC2046 # two words
set -- $("$tests/latency" start 50 live.evt "$resident" run --policy notify.ini --data starting --source file:live.evt)
row "start to ready, median of 50" "$1 ms" "" "10 ms"
row "start to ready, worst" "$2 ms"
# shellcheck disable=SC2046 # four words
set -- $("$tests/latency" decide 200 live.evt live/roots/none "$resident" run --policy notify.ini --data live --source file:live.evt)
row "append to decision, median" "$1 ms" "" "0.2 ms"
row "append to decision, worst of 200" "$2 ms" "" "1 ms"
row "  with the state saved, to the told burst, median" "$3 ms"
row "  to the told burst, worst" "$4 ms"
# shellcheck disable=SC2046 # two words
set -- $("$tests/latency" bare 200 live.evt)
row "  a bare inotify reader's median" "$1 ms"
row "  a bare inotify reader's worst" "$2 ms"
"$tests/make_image" --build 2180 original.sys
printf '[action]\non_burst = patch\n' > patch.ini
for _ in $(seq 20); do
    rm -rf root patching
    mkdir -p root/system32/drivers root/system32/dllcache root/ServicePackFiles/i386
    for copy in system32/drivers system32/dllcache ServicePackFiles/i386; do cp original.sys root/$copy/tcpip.sys; done
    "$tests/latency" patch 1 live.evt root/system32/dllcache/tcpip.sys root/ServicePackFiles/i386/tcpip.sys root/system32/drivers/tcpip.sys -- "$resident" run --policy patch.ini --data patching --root root --source file:live.evt
done | cut -d' ' -f1 > patched
row "append to three patched copies, median of 20" "$(median < patched) ms" "" "5 ms"

# ---- cost by size ----
echo
printf '%-42s %10s %12s %14s\n' "records, computers" "cpu s" "peak KiB" "ns a record"
# cost NAME RECORDS FILE...: one line of the table.
cost() {
    name=$1
    n=$2
    shift 2
    # shellcheck disable=SC2046 # three words
    set -- $("$tests/measure" run "$resident" scan --json "$@")
    printf '%-42s %10s %12s %14s\n' "$name" "$2" "$3" "$(awk -v s="$2" -v n="$n" 'BEGIN { printf "%.0f", s * 1e9 / n }')"
}
# again N FILE: its name so often
again() { for _ in $(seq "$1"); do echo "$2"; done; }
rm -rf small big.evtx classic.evt events.xml rooted.xml
million=$(python3 "$here/grow.py" "$real" million.evtx 351)
# shellcheck disable=SC2046 # one word a name
for n in 1 10 100; do
    cost "$n million of all kinds" $((million * n)) $(again $n million.evtx)
done
rm million.evtx
for n in 1000 10000 100000 1000000; do
    "$tests/make_log" create sized.evtx
    "$tests/make_log" append sized.evtx --count "$n" --time 2005-01-01T00:00:00Z
    cost "$n of 4226" "$n" sized.evtx
done
# shellcheck disable=SC2046 # one word a name
cost "10 million of 4226" 10000000 $(again 10 sized.evtx)
for n in 10 1000 100000; do
    "$tests/make_log" create sized.evtx
    "$tests/make_log" append sized.evtx --count 1000000 --computer PC --computers "$n" --time 2005-01-01T00:00:00Z
    cost "1 million of 4226, $n computers" 1000000 sized.evtx
done
for n in 10000 100000; do
    rm -f sized.xml
    "$tests/make_log" xml sized.xml --count "$n" --computer PC --computers 1000 --time 2005-01-01T00:00:00Z
    cost "$n of 4226, 1000 computers, XML" "$n" sized.xml
done
