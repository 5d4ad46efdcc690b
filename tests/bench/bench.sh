#!/bin/sh
# How fast logs are scanned, next to merely reading them and to libevtx's evtxexport:
#     bench.sh BUILD [--megabytes N] [--rounds N] [--samples DIR]
# Makes a set of N megabytes (500) from the real logs in DIR and in tests/data, each file a copy of its
# own, reads it once so that it is in memory, and takes the median of N rounds (5). evtxexport, which
# is slow, gets a share of the set, and its time is scaled by the bytes. The build should be an
# optimised one (cmake --preset release with -DTCPIPWATCH_TESTS=ON).
set -eu

usage() {
    sed -n '3p' "$0" | sed 's/^# *//' >&2
    exit 2
}

megabytes=500
rounds=5
here=$(cd "$(dirname "$0")" && pwd)
samples=$here/../../../shared/samples
[ $# -ge 1 ] || usage
build=$(cd "$1" && pwd)
shift
while [ $# -ge 2 ]; do
    case $1 in
    --megabytes) megabytes=$2 ;;
    --rounds) rounds=$2 ;;
    --samples) samples=$2 ;;
    *) usage ;;
    esac
    shift 2
done
[ $# = 0 ] || usage

watch=$build/tcpipwatch
measure=$build/tests/measure
tmp=$(mktemp -d "${TMPDIR:-/tmp}/tcpipwatch-bench.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
cd "$tmp"

# ---- the set ----

mkdir set share
wanted=$((megabytes * 1000000))
share=$((wanted / 20))
made=0
shared=0
number=0
while [ "$made" -lt "$wanted" ]; do
    before=$made
    for log in "$here"/../data/*.evtx "$samples"/win7sp1_System.evtx \
        "$samples"/win10-1703_System_dirty.evtx "$samples"/win10-1703_System_dirty_patched_one_4226.evtx \
        "$samples"/big_A_composite.evtx; do
        if [ ! -f "$log" ] || [ "$made" -ge "$wanted" ]; then
            continue
        fi
        number=$((number + 1))
        name=$(printf '%05d' "$number")-${log##*/}
        cp --reflink=never "$log" "set/$name"
        size=$(wc -c < "set/$name")
        made=$((made + size))
        # The last file may be more than the share: it is in it all the same, once.
        if [ "$shared" -lt "$share" ]; then
            ln "set/$name" "share/$name"
            shared=$((shared + size))
        fi
    done
    [ "$made" -gt "$before" ] || { echo "bench.sh: no .evtx files in $samples or tests/data" >&2; exit 1; }
done

# ---- what is measured ----

# export_share: evtxexport takes one file at a time.
cat > export_share << 'S'
#!/bin/sh
for log in share/*; do evtxexport "$log" || true; done
S
chmod +x export_share

# median FILE COLUMN, of the rounds
median() {
    cut -d' ' -f"$2" "$1" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# rate NAME BYTES COMMAND...: one line of the table; the seconds are scaled from BYTES to the set.
rate() {
    name=$1
    bytes=$2
    shift 2
    : > rounds
    for _ in $(seq "$rounds"); do
        "$measure" run "$@" >> rounds || [ $? = 1 ] # a damaged log in the set gives 1
    done
    awk -v name="$name" -v s="$(median rounds 1)" -v cpu="$(median rounds 2)" -v kib="$(median rounds 3)" \
        -v bytes="$bytes" -v whole="$made" -v base="$base" -v low="$(cut -d' ' -f1 rounds | sort -n | head -n 1)" \
        -v high="$(cut -d' ' -f1 rounds | sort -n | tail -n 1)" 'BEGIN {
            scale = whole / bytes
            printf "%-34s %8.2f  (%.2f to %.2f)  %8.2f  %8.1f", name, s * scale, low * scale, high * scale, cpu * scale, bytes / s / 1e6
            if (base > 0) printf "  %7.1f", s * scale / base
            else printf "  %7s", "1.0"
            printf "  %7.1f\n", kib / 1024
        }'
}

"$measure" read set/* > /dev/null
echo "machine   $(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores, $(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), $(uname -sr)"
echo "program   $("$watch" --version)"
echo "set       $number files, $((made / 1000000)) MB; median of $rounds, in memory"
echo
printf '%-34s %8s  %-16s  %8s  %8s  %7s  %7s\n' '' 'seconds' '(range)' 'CPU s' 'MB/s' 'ratio' 'MiB'
base=0
rate "reading, 1 MiB a call" "$made" "$measure" read set/*
base=$(median rounds 1)
rate "tcpipwatch scan" "$made" "$watch" scan set
rate "tcpipwatch scan --all --json" "$made" "$watch" scan --all --json set
if command -v evtxexport > /dev/null; then
    rate "evtxexport, $((shared / 1000000)) MB scaled" "$shared" ./export_share
else
    echo "evtxexport is not installed (libevtx-utils)"
fi
records=$("$watch" scan --all --json set 2> /dev/null | tail -n 1 | sed -n 's/.*"records":\([0-9]*\).*/\1/p')
echo
echo "records   $records"
