# shellcheck shell=sh disable=SC2034,SC2154
# What the end-to-end scripts share. Each starts with
#     . "$(dirname "$0")/lib.sh"
#     begin "$1"
# and ends with `finish`. Sets build (the build folder), tests (this folder), tmp (an own folder that
# any user may enter; the script is in it), and after `run` status, and the files out and err.

begin() { # BUILD
    build=$(cd "$1" && pwd)
    tests=$(cd "$(dirname "$0")" && pwd)
    tmp=$(mktemp -d "${TMPDIR:-/tmp}/tcpipwatch-test.XXXXXX")
    chmod 711 "$tmp"
    trap clean EXIT
    trap 'exit 130' INT TERM
    cd "$tmp" || exit 1
    passed=0
    failed=0
    mounted=
    finished=false
}

clean() {
    $finished || echo "stopped before its end"
    for mount in $mounted; do
        umount -l "$mount" 2> /dev/null || true
    done
    cd /
    rm -rf "$tmp"
}

finish() {
    finished=true
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ] || exit 1
}

ok() {
    passed=$((passed + 1))
}

bad() { # WHAT
    failed=$((failed + 1))
    echo "FAILED: $1"
    if [ -f out ]; then sed 's/^/    out: /' out; fi
    if [ -f err ]; then sed 's/^/    err: /' err; fi
}

# wait_for SECONDS WHAT COMMAND...: until it succeeds; a failure when it never does.
wait_for() {
    last=$(($(date +%s) + $1))
    waited_for=$2
    shift 2
    until "$@" > /dev/null 2>&1; do
        if [ "$(date +%s)" -ge "$last" ]; then
            bad "waited in vain for $waited_for"
            return 0
        fi
        sleep 0.1
    done
    ok
}

# run COMMAND...: out, err and status.
run() {
    status=0
    "$@" > out 2> err < /dev/null || status=$?
}

# expect STATUS WHAT COMMAND...: runs it and compares the exit status.
expect() {
    expected=$1
    what=$2
    shift 2
    run "$@"
    if [ "$status" = "$expected" ]; then
        ok
    else
        bad "$what: exit status $status, expected $expected"
    fi
}

# check WHAT COMMAND...: the command has to succeed.
check() {
    what=$1
    shift
    if "$@" > check.out 2>&1; then
        ok
    else
        bad "$what"
        sed 's/^/    /' check.out
    fi
}

# says FILE WORDS: the words are in the output file.
says() {
    if grep -qF -- "$2" "$1"; then
        ok
    else
        bad "$1 does not say \"$2\""
    fi
}

says_not() {
    if grep -qF -- "$2" "$1"; then
        bad "$1 says \"$2\""
    else
        ok
    fi
}

# json FILE EXPRESSION: each line is a JSON object, and the Python expression holds for `lines`.
json() {
    if python3 - "$1" "$2" > check.out 2>&1 << 'P'; then
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
assert lines and all(isinstance(line, dict) for line in lines), "not one JSON object a line"
assert eval("(" + sys.argv[2] + ")"), "does not hold for " + json.dumps(lines, indent=1)
P
        ok
    else
        bad "$1: $2"
        tail -n 40 check.out | sed 's/^/    /'
    fi
}

# mount_on FOLDER ARGUMENT...: for the time of the script; fails where this user may not mount.
mount_on() {
    mkdir -p "$1"
    mount_point=$1
    shift
    mount "$@" "$mount_point" 2> /dev/null || return 1
    mounted="$mount_point $mounted"
}
