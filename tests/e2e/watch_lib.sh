# shellcheck shell=sh disable=SC2034,SC2154
# What the end-to-end scripts of tcpipwatch share besides lib.sh:
#     . "$(dirname "$0")/lib.sh"
#     . "$(dirname "$0")/watch_lib.sh"
#     watch_begin "$1"
# Sets watch (the program), root, data, log and policy (paths in $tmp), original.sys and the tools
# make_log and make_image in $tmp; root and log do not exist yet.

places="system32/drivers system32/dllcache ServicePackFiles/i386"

watch_begin() { # BUILD
    begin "$1"
    watcher=
    trap 'stop KILL; clean' EXIT
    # Copies, since another user may not be allowed into the build folder.
    cp "$build/tcpipwatch" "$build/tests/make_log" "$build/tests/make_image" "$tmp"
    chmod 755 tcpipwatch make_log make_image
    watch=$tmp/tcpipwatch
    root=WINDOWS
    data=data
    log=SysEvent.Evt
    policy=lab.ini
    ./make_image original.sys
    ./make_image --limit 100 limit100.sys
}

windows() { # [ROOT]: a Windows directory with three copies, and no data directory
    rm -rf "${1-$root}" "$data"
    for place in $places; do
        mkdir -p "${1-$root}/$place"
        cp original.sys "${1-$root}/$place/tcpip.sys"
    done
}

all_are() { # FILE [ROOT]: every copy is this file, nothing is beside it, and no work is open
    for place in $places; do
        cmp "$1" "${2-$root}/$place/tcpip.sys" || return 1
    done
    [ "$(find "${2-$root}" -type f | wc -l)" = 3 ] && ! find "$data" -name journal | grep .
}

new_log() { # [FILE]: a classic log without records
    rm -f "${1-$log}"
    ./make_log create "${1-$log}"
}

events() { # COUNT [OPTION]...: appends that many events 4226 to $log
    count=$1
    shift
    ./make_log append "$log" --count "$count" "$@"
}

on_burst() { # WORD [LINE]...: writes the policy
    printf '[action]\non_burst = %s\n' "$1" > "$policy"
    shift
    [ $# = 0 ] || printf '%s\n' "$@" >> "$policy"
}

# The options that most runs have.
usual() {
    echo "--policy $policy --data $data --root $root --source file:$log"
}

actions() { # ACTION: how many lines of the audit log have it
    grep -c "\"action\":\"$1\"" "$data/audit.jsonl" || true
}

acted() { # COUNT ACTION
    if [ "$(actions "$2")" = "$1" ]; then
        ok
    else
        bad "$2 stands $(actions "$2") times in the audit log, expected $1"
        sed 's/^/    audit: /' "$data/audit.jsonl"
    fi
}

state() { # what the state file says of a key of its first part
    sed -n "/^source /q; s/^$1 //p" "$data"/roots/*/state
}

# start ARGUMENT...: runs it in the background, with its output in watch.out and watch.err, until it
# has begun to watch.
start() {
    : > watch.out
    : > watch.err
    "$watch" run "$@" > watch.out 2> watch.err < /dev/null &
    watcher=$!
    until_says watch.out " watches "
}

# until_says FILE WORDS [COUNT]: waits until they stand there (so often); a failure after 15 s.
until_says() {
    tries=0
    while ! [ -f "$1" ] || [ "$(grep -cF -- "$2" "$1")" -lt "${3-1}" ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt 300 ]; then
            cp watch.out out
            cp watch.err err
            bad "waited in vain for \"$2\" in $1"
            return 0
        fi
        sleep 0.05
    done
    ok
}

# stop [SIGNAL]: ends what start() has begun; sets status. (What a script starts in the background
# ignores SIGINT.)
stop() {
    status=0
    [ -n "$watcher" ] || return 0
    kill -s "${1-TERM}" "$watcher" 2> /dev/null || true
    tries=0
    while kill -0 "$watcher" 2> /dev/null && [ "$tries" -lt 200 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
    kill -s KILL "$watcher" 2> /dev/null || true
    wait "$watcher" 2> /dev/null || status=$?
    watcher=
}

stopped_well() { # [SIGNAL]
    stop "$@"
    cp watch.out out
    cp watch.err err
    if [ "$status" = 0 ]; then ok; else bad "stopping: exit status $status"; fi
    says out "Stopped."
}
