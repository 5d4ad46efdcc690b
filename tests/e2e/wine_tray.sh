#!/bin/sh
# The tray as its user sees it: under Wine, on a display of its own, with real clicks and keys.
# Usage: wine_tray.sh BUILD_DIR [PICTURES], the folder of a build for Windows, and a folder for pictures
# of all that there is to see. Exit status 77 (skipped) where there is no X server.
set -eu

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tray_lib.sh"
tray_begin "$@"

usual="--policy $policy --data $data --root $root --source file:$log"

# ---- watching; the menu ----

windows
new_log
printf '[action]\non_burst = ask\n' > "$policy"
# shellcheck disable=SC2086 # options
start_tray $usual
check "the icon of a watcher" icon_is watching
picture icon-watching 200x20+824+748
open_menu
picture menu 260x240+764+528
click_item n # Restart is grey
sleep 1
check "a grey item does nothing" find_window menu
click_at 300 300
menu_closes

# ---- a burst: the question takes no key for a yes ----

events 3 --time now
opens "$ask_patch"
sleep 1
check "the keyboard stays where it was" test "$(find_window front)" != "$ask_patch"
for key in Return space y Return; do
    xdotool key "$key"
done
sleep 3 # also for the balloon, which Wine shows late
check "the question still stands" is_open "$ask_patch"
check "no key was a yes" all_are original.sys
check "no key was an answer" test "$(actions patch)$(actions declined)" = 00
check "the icon of a burst" icon_is burst
picture icon-burst 200x20+824+748
picture balloon 1024x100+0+668
picture question-and-balloon
picture tray 752x492+272+276
picture_of question-patch "$ask_patch"
check "the limit of the policy" test "$(find_window text "$ask_patch" 404)" = 100

# Keys that are meant for it: Enter presses the harmless button, and in the field none.
click "$ask_patch" 100
xdotool key End key shift+Home type 12x
xdotool key Return
sleep 0.5
check "Enter in the field answers nothing" is_open "$ask_patch"
check "the focus is in the field" test "$(find_window focus "$ask_patch")" = 12x
click "$ask_patch" "Raise the limit"
sleep 0.5
check "what is no limit is not taken" is_open "$ask_patch"
find_window text "$ask_patch" 405 > hint
says hint "That is no limit: type a whole number from 1 to 16777214."
picture_of question-wrong-limit "$ask_patch"
click "$ask_patch" 12x
xdotool key End key shift+Home type 2000
click "$ask_patch" "Raise the limit"
opens "$ask_sure"
picture_of question-above-max "$ask_sure"
click "$ask_sure" No
opens "$ask_patch"
click "$ask_patch" "Not now"
closes "$ask_patch"
acted 1 declined
check "nothing was written" all_are original.sys

# ---- asked for from the menu; the first moment ----

find_window press "$ask_patch" "Raise the limit" &
presser=$!
choose p
wait "$presser" || bad "the button was never there"
sleep 1
check "a click in the first moment is not taken" is_open "$ask_patch"
check "and nothing is written by it" all_are original.sys
click "$ask_patch" 100
xdotool key Escape
closes "$ask_patch"
acted 2 declined

choose p
opens "$ask_patch"
click "$ask_patch" "Raise the limit"
acted 1 patched
check "all copies have the limit" all_are limit100.sys

# ---- the restart: three answers ----

opens "$ask_restart"
check "the icon of a restart" icon_is restart
picture icon-restart 200x20+824+748
picture_of question-restart-elsewhere "$ask_restart"
click "$ask_restart" "Remind me in 30 minutes"
closes "$ask_restart"
acted 1 restart-later
choose n
opens "$ask_restart"
click "$ask_restart" "Not now"
closes "$ask_restart"
acted 1 restart-declined
choose n
opens "$ask_restart"
click "$ask_restart" "I restart it now"
closes "$ask_restart"
acted 1 restart

# ---- the state ----

# shellcheck disable=SC2046 # two numbers
xdotool mousemove $(find_window icon) sleep 0.1 click --repeat 2 --delay 50 1
opens "$status_window"
sleep 1
picture_of status "$status_window"
check "Copy is not the default" test "$(find_window focus "$status_window")" = Close
check "the state" test "$(find_window text "$status_window" 421)" = "restart pending"
check "the limit" test "$(find_window text "$status_window" 422)" = 100
check "the root" test "$(find_window text "$status_window" 423)" = "$root"
find_window text "$status_window" 424 > line
says line "3 since the start"
find_window text "$status_window" 425 > line
says line "3 events of WKS-WINXP32BIT"
check "the policy" test "$(find_window text "$status_window" 426)" = "$policy"
find_window text "$status_window" 428 > line
says line "Done: the limit is 100 in 3 copies"
click "$status_window" Copy
click "$status_window" Close
closes "$status_window"

# ---- the taskbar is started again ----

find_window drop tcpipwatch-tray
wait_for 30 "no icon" icon_is_not_there
find_window taskbar
wait_for 30 "the icon again" icon_is_there
check "with its face" icon_is restart

# ---- files ----

choose o
opens "$policy - Notepad"
find_window close Notepad
closes "$policy - Notepad"

# ---- the end by the menu; what differs after the restart ----

choose x
tray_ended "Exit"
wait_for 30 "no icon" icon_is_not_there
cp original.sys "$root/System32/drivers/tcpip.sys"
# shellcheck disable=SC2086 # options
start_tray $usual
acted 1 differs
wait_for 30 "the icon of a problem" icon_is problem
sleep 3 # Wine takes its time for a balloon
picture icon-problem 200x20+824+748
picture balloon-error 1024x100+0+668

# ---- the original back ----

choose r
opens "$ask_sure"
picture_of question-restore "$ask_sure"
click "$ask_sure" "Put it back"
wait_for 30 "the originals" all_are original.sys
acted 1 restored
opens "$ask_restart"
open_menu
find_window close tcpipwatch-tray
tray_ended "WM_CLOSE, with a question and the menu open,"
closes "$ask_restart"

# ---- without a root, a policy and an audit log ----

rm -rf "$data"
# shellcheck disable=SC2086 # options
start_tray --data "$data" --source "file:$log"
open_menu
click_item p # both are grey
click_item r
sleep 1
check "there is nothing to change" find_window menu
picture menu-without-root 260x240+764+528
click_at 300 300
menu_closes
choose o
opens tcpipwatch
find_window text tcpipwatch 401 > line
says line "There is no policy file"
says line "tcpipwatch.ini"
picture_of note tcpipwatch
click tcpipwatch Close
check "the session may end" find_window logoff tcpipwatch-tray
tray_ended "The end of the session"

# ---- started at the logon, without a console: what goes wrong is seen ----

printf '[burst]\nevnets = 3\n' > wrong.ini
sh "$runner" "$build/tcpipwatchw.exe" run --tray --policy wrong.ini --data "$data" \
    --source "file:$log" > /dev/null 2>&- < /dev/null &
box=$!
opens tcpipwatch
find_window text tcpipwatch 65535 > line
says line 'wrong.ini:2: [burst] evnets: unknown key; did you mean "events"?'
picture_of box tcpipwatch
click tcpipwatch OK
status=0
wait "$box" || status=$?
check "a wrong policy: exit status $status" test "$status" = 2

# ---- what is asked where Windows itself runs: the tray alone ----

rm -f out err
alone restart
opens "$ask_restart"
sleep 1
picture_of question-restart "$ask_restart"
click "$ask_restart" "Restart now"
answered yes
alone restart
opens "$ask_restart"
click "$ask_restart" "Remind me in 30 minutes"
answered no
alone restart
opens "$ask_restart"
click "$ask_restart" "Not now"
answered never
alone restart
opens "$ask_restart"
sleep 1
rectangle=$(find_window rectangle "$ask_restart")
# shellcheck disable=SC2086 # four numbers
set -- $rectangle
click_at $(($1 + $3 - 12)) $(($2 + 12)) # the sign that closes a window
answered no

alone grace
opens "$ask_grace"
sleep 2
picture_of question-grace "$ask_grace"
find_window text "$ask_grace" 401 > line
says line "Windows is restarted in 1 minute. Save your work."
first=$(find_window text "$ask_grace" 405)
check "it counts down" eval 'echo "$first" | grep -qE "^Seconds left: 5[0-9]$"'
sleep 2
check "and goes on" test "$first" != "$(find_window text "$ask_grace" 405)"
click "$ask_grace" "Stop the restart"
answered no

finish
