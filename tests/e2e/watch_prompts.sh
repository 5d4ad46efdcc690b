#!/bin/sh
# What tcpipwatch asks on a terminal, and every answer to it.
# Usage: watch_prompts.sh BUILD_DIR. Exit status 77 (skipped) where expect is not installed.
set -eu

command -v expect > /dev/null || {
    echo "skipped: expect is not installed"
    exit 77
}
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watch_lib.sh"
watch_begin "$1"

enter=$(printf '\r')
ctrl_c=$(printf '\003')
ctrl_d=$(printf '\004')
patch_prompt="or another limit (1 to 1000):"
restart_prompt="n = remind me in 30 minutes:"

burst() {
    windows
    new_log
    events 3 --time 2026-01-10T08:00:00Z
    on_burst ask
}

# On a terminal so wide that no sentence is broken.
printf 'stty columns 500\nexec "$@"\n' > wide.sh

# once [PROMPT ANSWER]...: a run on a terminal that ends with the log and the questions.
once() {
    # shellcheck disable=SC2046 # one word an option
    "$tests/answer.exp" "$@" -- sh wide.sh "$watch" run --once $(usual)
}

screen() { # WORDS
    tr -d '\r' < out > screen
    says screen "$1"
}

# ---- y, n, a limit ----

burst
expect 0 "y and y" once "$patch_prompt" "y$enter" "$restart_prompt" "y$enter"
screen "Raise the limit from 10 to 100 in 3 copies of tcpip.sys under $root?"
screen "Done: the limit is 100 in 3 copies"
screen "Restart the machine that $root belongs to."
check "writes all copies" all_are limit100.sys
check "the state says so" test "$(state state)" = reboot-pending
check "no reminder" test "$(state remind-at)" = 0
expect 0 "the next start verifies" once
screen "Verified: every copy"

burst
expect 0 "y and n" once "$patch_prompt" "yes$enter" "$restart_prompt" "NO$enter"
screen "The old limit of 10 stays in force until the restart. You are reminded at"
check "a reminder" test "$(state remind-at)" != 0

burst
expect 0 "y and d" once "$patch_prompt" "y$enter" "$restart_prompt" "D$enter"
screen "You are not reminded of it"
check "no reminder" test "$(state remind-at)" = 0
check "it still waits for the restart" test "$(state state)" = reboot-pending

burst
expect 0 "n" once "$patch_prompt" "n$enter"
screen "Nothing was changed. Bursts are told again after 1 day"
check "writes nothing" all_are original.sys
check "is not asked again" test "$(state state)" = watching
expect 0 "also at the next start" once

burst
expect 0 "another limit" once "$patch_prompt" "50$enter" "$restart_prompt" "y$enter"
screen "Done: the limit is 50 in 3 copies"
./make_image --limit 50 limit50.sys
check "writes it to all copies" all_are limit50.sys

burst
expect 0 "a limit above max" once "$patch_prompt" "1001$enter" "y = yes, n = no:" "no way$enter" \
    "expected is y or n:" "n$enter" "$patch_prompt" "2000$enter" "Set it all the same?" "y$enter" \
    "$restart_prompt" "y$enter"
screen "1001 is above the policy's [limit] max of 1000."
screen "Done: the limit is 2000 in 3 copies"

burst
expect 0 "nonsense" once "$patch_prompt" "perhaps$enter" '"perhaps" was read; expected is y, n, or' \
    "$enter" '"" was read;' "0$enter" '"0" was read;' "16777215$enter" '"16777215" was read' "y n$enter" \
    '"y n" was read' "$(printf 'evil\033]0;x\007')$enter" 'was read; expected' "n$enter"
check "no escape of an answer comes back raw" sh -c '! grep "\"evil$(printf "\\033")" out'
check "writes nothing" all_are original.sys

# On a narrower one they are broken between words.
burst
# shellcheck disable=SC2046
expect 0 "80 columns" "$tests/answer.exp" "1000):" "n$enter" -- "$watch" run --once $(usual)
check "no line is longer" test "$(tr -d '\r' < out | wc -L)" -le 80
says out "                     under $root? y = yes, n = no, or another limit (1 to"

# ---- leaving ----

burst
expect 3 "Ctrl-C at the first question" once "$patch_prompt" "$ctrl_c"
screen "Stopped. The question stands, and is asked again at the next start; nothing is changed without a"
check "writes nothing" all_are original.sys
expect 0 "the question comes again" once "Raise the limit" "y$enter" "$restart_prompt" "$ctrl_c"
screen "Burst: 3 events 4226"
screen "Stopped. The restart is still to come."
acted 2 burst

burst
expect 3 "Ctrl-C at the second question" once "$patch_prompt" "5000$enter" "Set it all the same?" "$ctrl_c"
check "writes nothing" all_are original.sys
check "the question stands" test "$(state state)" = deciding
expect 3 "Ctrl-D at the first question" once "$patch_prompt" "$ctrl_d"
screen "The input was closed before the answer. The question stands"
check "writes nothing" all_are original.sys
expect 0 "Ctrl-D at the restart" once "$patch_prompt" "y$enter" "$restart_prompt" "$ctrl_d"
screen "The input was closed before the answer. The restart is still to come."
check "writes all copies" all_are limit100.sys

# ---- resident: a burst while a question stands, then the answer, then Ctrl-C ----

burst
printf '[burst]\ncooldown = 0s\n' >> "$policy"
(
    until_says "$data/audit.jsonl" '"action":"ask-patch"'
    ./make_log append "$log" --count 3 --time 2026-01-12T08:00:00Z
) > /dev/null 2>&1 &
helper=$!
# shellcheck disable=SC2046
expect 0 "resident" "$tests/answer.exp" "$patch_prompt" "" "2026-01-12 08:00:02 UTC" "y$enter" \
    "$restart_prompt" "y$enter" "Restart the machine" "$ctrl_c" -- sh wide.sh "$watch" run $(usual)
wait "$helper" || true
screen "Stopped. The restart is still to come."
acted 2 burst
acted 1 ask-patch
acted 1 patched
check "writes all copies" all_are limit100.sys

# ---- a terminal for the questions only where both ends are one ----

burst
# shellcheck disable=SC2046
expect 3 "input from a file" sh -c "echo y | '$watch' run --once $(usual)"
says out "The decision waits for a yes, and there is no terminal to ask on."
check "writes nothing" all_are original.sys

finish
