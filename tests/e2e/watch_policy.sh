#!/bin/sh
# The policy: read at the start, checked by check-policy, shown by status, and edited while the program
# runs.
# Usage: watch_policy.sh BUILD_DIR
set -eu

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watch_lib.sh"
watch_begin "$1"
shipped=$tests/../../conf/tcpipwatch.ini

# ---- check-policy ----

expect 0 "the policy as shipped" "$watch" check-policy "$shipped"
says out "half_open = 100"
cp out printed.ini
expect 0 "what is printed reads back" "$watch" check-policy printed.ini
expect 0 "by --policy" "$watch" check-policy --policy "$shipped"
expect 2 "two policies" "$watch" check-policy "$shipped" "$shipped"
expect 2 "no such file" "$watch" check-policy none.ini
says err "The policy none.ini cannot be read: no such file or directory."
printf '[limit]\nhalf_open = 5000\n[burst]\nevnets = 3\nwindow = 60\n[actoin]\n' > wrong.ini
expect 2 "errors" "$watch" check-policy wrong.ini
says err 'wrong.ini:4: '
says err 'did you mean "events"?'
says err 'wrong.ini:5: '
says err 'wrong.ini:6: '
says err 'did you mean [action]?'
check "nothing on the standard output" test ! -s out
expect 2 "run refuses it" "$watch" run --once --policy wrong.ini --data "$data" --source "file:$log"
says err 'did you mean "events"?'
check "and makes nothing" test ! -e "$data"
expect 2 "scan refuses it" "$watch" scan --policy wrong.ini .
expect 2 "status shows it" "$watch" status --policy wrong.ini --data "$data"
says out 'did you mean "events"?'

# Without any file the program's own defaults hold.
if [ ! -e /etc/tcpipwatch/tcpipwatch.ini ]; then
    expect 0 "no policy at the default place" "$watch" check-policy
    says err "There is no policy file at the default place; these defaults hold."
    expect 0 "what is printed then is the policy as shipped" "$watch" check-policy "$shipped"
fi

# ---- status ----

windows
new_log
on_burst patch
expect 0 "status of nothing" "$watch" status --policy "$policy" --data "$data"
says out "running    no"
says out "Nothing has been watched with this data directory yet."
check "makes nothing" test ! -e "$data"
events 3 --time 2026-01-10T08:00:00Z
# shellcheck disable=SC2046 # one word an option
expect 0 "a burst" "$watch" run --once $(usual)
expect 0 "status" "$watch" status --policy "$policy" --data "$data" --root "$root"
says out "policy     $policy"
says out "state      reboot-pending"
says out "burst      3 events of WKS-WINXP32BIT, 2026-01-10 08:00:00 UTC to 2026-01-10 08:00:02 UTC"
says out "limit 10 -> 100"
says out "5.1.2600.2180, i386, patched: limit 100"
expect 3 "status of no Windows directory" "$watch" status --data "$data" --root .
head -c 50 "$(echo "$data"/roots/*/state)" > cut && cat cut > "$(echo "$data"/roots/*/state)"
expect 1 "status of a damaged state" "$watch" status --policy "$policy" --data "$data"
says out "cannot be used: it is damaged"

# ---- edited while it runs ----

windows
new_log
on_burst notify '[burst]' 'events = 5' 'cooldown = 0s'
# shellcheck disable=SC2046
start $(usual)
expect 3 "a second process" "$watch" run --once --policy "$policy" --data "$data" --source "file:$log"
says err "tcpipwatch is running with the data directory $data already: process $watcher, since "
says err ", for $root."
expect 0 "status tells who runs" "$watch" status --policy "$policy" --data "$data"
says out "running    process $watcher, since "

events 4 --time 2026-01-10T08:00:00Z
on_burst notify '[burst]' 'events = 4' 'cooldown = 0s'
until_says watch.out "[burst] events was 5, is now 4."
events 1 --time 2026-01-10T08:00:10Z
until_says watch.out "Burst: 5 events"

# In pieces, as some editors do: no piece of it is taken.
on_burst notify
sleep 0.05
printf '[burst]\nevents = 4\ncooldown = 0s\n[lim' >> "$policy"
sleep 0.05
printf 'it]\nhalf_open = 120\n' >> "$policy"
until_says watch.out "[limit] half_open was 100, is now 120."
says_not watch.out "is now 3"
says_not watch.err "The changed policy"

# With an error: told, once, and the one in force stays.
printf '[action]\non_burst = patsch\n' > wrong.ini
mv wrong.ini "$policy"
until_says watch.err "The changed policy is not taken; the one in force stays."
until_says watch.err "$policy:2: "
says watch.err '"patch"'
touch "$policy"
sleep 0.8
check "is told once" test "$(grep -c 'is not taken' watch.err)" = 1
events 4 --time 2026-01-12T08:00:00Z
until_says watch.out "Burst: " 2
says watch.out "[action] on_burst = notify"
check "nothing was patched" all_are original.sys
rm "$policy"
until_says watch.err "The policy $policy cannot be read: no such file or directory."
on_burst notify '[burst]' 'events = 4' 'cooldown = 0s' '[limit]' 'half_open = 120'
until_says watch.out "The policy has no errors any more"

# Replaced by a rename: it may patch now.
on_burst patch '[burst]' 'events = 4' 'cooldown = 0s' '[paths]' "data = $tmp/other"
until_says watch.out "[action] on_burst was notify, is now patch."
until_says watch.err "[paths] data takes effect at the next start only."
events 4 --time 2026-01-14T08:00:00Z
until_says watch.out "Done: the limit is 100 in 3 copies"
check "writes all copies" all_are limit100.sys
stopped_well

# The audit log moves at once.
windows
new_log
on_burst notify
# shellcheck disable=SC2046
start $(usual)
on_burst notify '[log]' "file = $tmp/moved.jsonl"
until_says watch.out "[log] file was"
events 3
until_says moved.jsonl '"action":"notify-only"'
stopped_well
json moved.jsonl 'lines[-1]["text"] == "Stopped."'

finish
