#!/bin/sh
# tcpipwatch explain, at each stage of a whole job with the real programs; how a burst is named; logs
# that are missing, torn, huge, or two.
# Usage: explain.sh BUILD_DIR
set -eu

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watch_lib.sh"
watch_begin "$1"
cp "$build/tcpippatch" "$tmp"

explain() { # [OPTION]...
    "$watch" explain --data "$data" --policy "$policy" "$@"
}

# story EXPRESSION: holds for `s`, the last burst as JSON.
story() {
    explain --json > story.json 2> err || true
    json story.json "(lambda s: $1)(lines[-1])"
}

tells() { # WORDS: they stand in the story, in however many lines
    explain > out 2> err || true
    tr -s ' \n' '  ' < out > words
    if grep -qF -- "$1" words; then ok; else bad "the story does not tell \"$1\""; fi
}

# ---- before anything happened ----

on_burst ask
expect 0 "no audit log yet" explain
says out "No burst was ever seen: there is no audit log $data/audit.jsonl."
check "that is a line, ended as one" sh -c '[ "$(wc -l < out)" = 1 ] && ! grep -F "\\x0a" out'
expect 0 "the same as JSON" explain --json
check "prints no object then" test ! -s out

windows
new_log
events 1 --time 2026-01-10T08:00:00Z
expect 0 "a run without a burst" "$watch" run --once --policy "$policy" --data "$data" --root "$root" \
    --source "file:$log"
expect 0 "no burst yet" explain
says out "No burst was ever seen: the audit log $data/audit.jsonl tells of none."

# ---- nobody to ask, then a yes, the restart, the verification, and back ----

events 2 --time 2026-01-10T08:00:10Z
# shellcheck disable=SC2046 # one word an option
expect 3 "nobody to ask" "$watch" run --once $(usual)
tells "Burst of 3 events 4226 of WKS-WINXP32BIT, 2026-01-10 08:00:00 UTC"
tells "Nothing has been changed: the question waits for an answer."
tells "and nobody could be asked."
story 's["outcome"] == "waits-for-answer" and s["burst"]["events"] == 3 and s["changes"] == []'

# shellcheck disable=SC2046
expect 0 "yes" "$watch" run --once --yes $(usual)
tells "The limit was raised from 10 to 100. It holds after a restart, and has not been verified yet."
tells "system32/drivers/tcpip.sys: limit 10 -> 100"
tells "Verified Not yet."
story 's["outcome"] == "waits-for-restart" and len(s["changes"][0]["copies"]) == 3'
story 's["changes"][0]["copies"][0]["original"].endswith(".sys") and s["changes"][0]["way"] == "now"'

# shellcheck disable=SC2046
expect 0 "verifies" "$watch" run --once $(usual)
tells "The limit was raised from 10 to 100, and verified after the restart."
tells "Every copy was as it had been written."
story 's["outcome"] == "verified" and s["since"] == [] and s["verification"][-1]["action"] == "verified"'

expect 0 "back by hand" ./tcpippatch restore --yes --root "$root" --data "$data"
tells "The limit had been raised from 10 to 100; the original, with the limit 10, was put back since."
tells "By hand, with tcpippatch restore: 3 copies of tcpip.sys"
story 's["outcome"] == "put-back" and s["since"][0]["program"] == "tcpippatch"'
story 's["root"].endswith("/WINDOWS") and s["next"] is None and s["story"] == 1'

# ---- further bursts, while it is being watched; what they are called ----

on_burst notify
# shellcheck disable=SC2046
start $(usual)
events 3 --time 2026-02-20T12:00:00Z
until_says watch.out "Nothing is changed: the policy says"
tells "It was told, and nothing was changed."
story 's["outcome"] == "only-told" and s["burst"]["first"].startswith("2026-02-20T12:00:00.")'
stopped_well
expect 0 "the list" explain --list
check "has two lines" test "$(grep -c . out)" = 2
says out "  2  2026-01-10T08:00:00Z  3 events 4226 of WKS-WINXP32BIT: put-back, $(pwd -P)/$root"
check "the last one at the end" sh -c 'tail -n 1 out | grep -qF "  1  2026-02-20T12:00:00Z  3 events"'
for name in 2 2026-01 2026-01-10T08:00:00Z "2026-01-10 08:00:00"; do
    expect 0 "the burst $name" explain "$name"
    says out "Burst of 3 events 4226"
done
expect 0 "all as JSON" explain --list --json
json out 'len(lines) == 2 and lines[0]["story"] == 2 and lines[0]["next"] is not None'
for name in 3 0 2027 "" x 2026-01-10T08:00:00ZZ -1; do
    expect 1 "no burst $name" explain -- "$name"
    says err "There is no burst \"$name\" in the audit log"
    check "tells none" test ! -s out
done
expect 1 "either of two" explain 2026
says err "\"2026\" may be any of 2 bursts"
expect 2 "two bursts" explain 1 2
expect 2 "an option of others" explain --once

# ---- two directories in one log ----

mkdir -p other
mv "$root" other/
mv "$log" other/
windows # which also empties the data directory
rm -f "$log"
new_log
events 3 --time 2026-03-01T00:00:00Z
# shellcheck disable=SC2046
expect 0 "the first" "$watch" run --once $(usual)
expect 0 "the second" "$watch" run --once --policy "$policy" --data "$data" --root "other/$root" \
    --source "file:other/$log"
expect 0 "both" explain --list
check "are listed" test "$(grep -c . out)" -ge 2
expect 0 "one of them" explain --list --root "$root"
check "is listed alone" test "$(grep -c . out)" = 1
says out "2026-03-01T00:00:00Z"
expect 0 "a directory that nobody watched" explain --root "$tmp"
says out "No burst was ever seen there"

# ---- a log that the policy names: tcpippatch writes to that of the data directory ----

windows
on_burst patch "[log]" "file = $tmp/elsewhere.jsonl"
rm -f "$log"
new_log
events 3 --time 2026-03-01T00:00:00Z
# shellcheck disable=SC2046
expect 0 "patches" "$watch" run --once $(usual)
expect 0 "back" ./tcpippatch restore --yes --root "$root" --data "$data"
check "two logs" test -s elsewhere.jsonl -a -s "$data/audit.jsonl"
story 's["outcome"] == "put-back" and s["changes"][-1]["program"] == "tcpippatch"'

# ---- a log that is torn, that is no file, that is huge ----

on_burst patch
cp elsewhere.jsonl whole
: > "$data/audit.jsonl"
head -c 700 whole > "$data/audit.jsonl" # inside the line of the burst
printf '\n\0\001garbage\n' >> "$data/audit.jsonl"
cat whole >> "$data/audit.jsonl"
expect 0 "a torn log" explain
says err "2 of the"
says err "are left out, the first is line 3"
says out "Burst of 3 events 4226"
rm "$data/audit.jsonl"
mkdir "$data/audit.jsonl"
expect 1 "a directory in its place" explain
says err "The audit log $data/audit.jsonl cannot be read:"
check "tells nothing" test ! -s out
rmdir "$data/audit.jsonl"

# 100 MB with many bursts, in 48 MB of address space, of which the program itself takes a third.
python3 - whole "$data/audit.jsonl" << 'P'
import re, sys
text = open(sys.argv[1], encoding="utf-8").read()
size = 0
with open(sys.argv[2], "w", encoding="utf-8") as out:
    day = 0
    while size < 100_000_000:
        day += 1
        piece = "".join(text.replace("2026-03-01T", "%04d-%02d-%02dT" % (1700 + day // 300, 1 + day % 300 // 25, 1 + day % 25)) for day in range(day, day + 50))
        day += 49
        out.write(piece)
        size += len(piece)
    out.write("{" * 3_000_000 + "\n")
    out.write(text)
P
limit=49152
if grep -q '^TCPIPWATCH_SANITIZE:BOOL=ON' "$build/CMakeCache.txt"; then
    limit=unlimited # a sanitizer takes terabytes of addresses
fi
expect 0 "a huge log" sh -c "ulimit -v $limit; exec \"\$0\" explain --data \"$data\" --policy \"$policy\"" "$watch"
says err "1 of the"
says out "Burst of 3 events 4226 of WKS-WINXP32BIT, 2026-03-01 00:00:00 UTC"
rm "$data/audit.jsonl"

finish
