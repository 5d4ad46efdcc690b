#!/bin/sh
# The installer under Wine: silent, over an older version, with an edited policy, with its pages, and
# away again; what it leaves is compared with what was there before.
# A build for 32-bit Windows tries what is shipped. Debian's 64-bit Wine runs no 32-bit program: there
# it is the same script, made for 64 bit, with the programs and the registry of a 64-bit Windows.
# Usage: installer.sh BUILD_DIR [FOLDER]; pictures of the pages are left in FOLDER.
set -eu

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tray_lib.sh"
pictures=${2-}
[ -z "$pictures" ] || pictures=$(mkdir -p "$pictures" && cd "$pictures" && pwd)
begin "$1"
root=$(cd "$tests/../.." && pwd)

skip() {
    finished=true
    echo "skipped: $1"
    exit 77
}
for tool in makensis mandoc osslsigncode openssl Xvfb xdotool import convert; do
    command -v "$tool" > /dev/null || skip "$tool is not installed"
done
make_image=$(find "$build/tests" -name make_image.exe)
compiler=$(sed -n 's/^set(CMAKE_C_COMPILER "\(.*\)")$/\1/p' "$build"/CMakeFiles/*/CMakeCCompiler.cmake)
case $compiler in
*x86_64*)
    target=amd64-unicode
    arch=x64
    programs="Program Files"
    ;;
*)
    target=x86-unicode
    arch=x86
    programs="Program Files"
    [ -f "${TCPIPWATCH_WINE32-/none}/.stamp" ] || skip "there is no 32-bit Wine: sh packaging/wine32.sh"
    ;;
esac

# A prefix of its own: everything in it is compared afterwards.
TCPIPWATCH_WINEPREFIX=$tmp/prefix
export TCPIPWATCH_WINEPREFIX
runner=$tests/wine_run.sh
[ -n "$pictures" ] || pictures=$tmp
display=
stop_wine() {
    TCPIPWATCH_WINE_TIMEOUT=20 wine wineboot.exe -k > /dev/null 2>&1 || true
    sleep 2 # the server writes its registry
    [ -z "$display" ] || kill "$display" 2> /dev/null || true
}
trap 'stop_wine; clean' EXIT

windows_path() { # FILE
    echo "Z:$1" | sed 's|/|\\|g'
}
drive=$TCPIPWATCH_WINEPREFIX/drive_c
here_folder=$drive/$programs/tcpipwatch
data="$drive/ProgramData/Application Data/tcpipwatch"
uninstall_key='HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall\tcpipwatch'
run_key='HKLM\Software\Microsoft\Windows\CurrentVersion\Run'
log=$(windows_path "$tmp/log")

# The switches are words without blanks; a program that has windows gets them by cmd.exe as they are.
setup() { # SWITCH...: sets status; the sentences are in the file out
    rm -f log
    run wine setup.exe "/LOG=$log" "$@"
    read_log
}

read_log() {
    [ ! -f log ] || iconv -f utf-16 -t utf-8 log | tr -d '\r' > out
}

# From a copy, with _?=: only then the exit status is that of the work.
uninstall() { # SWITCH...
    rm -f log
    cp "$here_folder/uninstall.exe" remove.exe
    run wine cmd /c "$(windows_path "$tmp/remove.exe") $* /LOG=$log _?=C:\\$programs\\tcpipwatch"
    read_log
}

expect_setup() { # STATUS WHAT SWITCH...
    wanted=$1
    what=$2
    shift 2
    setup "$@"
    if [ "$status" = "$wanted" ]; then ok; else bad "$what: exit status $status, expected $wanted"; fi
}

expect_uninstall() { # STATUS WHAT SWITCH...
    wanted=$1
    what=$2
    shift 2
    uninstall "$@"
    if [ "$status" = "$wanted" ]; then ok; else bad "$what: exit status $status, expected $wanted"; fi
}

value() { # KEY NAME: prints what it holds
    wine reg query "$1" /v "$2" 2> /dev/null | tr -d '\r' | sed -n "s/^ *$2 *REG_[A-Z]* *//p"
}

is_value() { # KEY NAME VALUE
    found=$(value "$1" "$2")
    if [ "$found" = "$3" ]; then ok; else bad "$2 is $(printf %s "$found" | tr '\134' /)"; fi
}

# What a program may have left anywhere: the file names, and the registry.
snapshot() { # NAME
    (cd "$drive" && find . \( -type f -o -type d \) ! -ipath './users/*/Temp/*' | sort) > "$1.files"
    for part in Software System; do
        wine reg export "HKLM\\$part" "$(windows_path "$tmp/$1.$part")" /y > /dev/null
        iconv -f utf-16 -t utf-8 "$1.$part" | tr -d '\r' > "$1.$part.txt"
    done
    # Of the rest of it Wine itself changes something at each start.
    sed -n '/^\[.*\\Services\\/,/^$/p' "$1.System.txt" > "$1.services.txt"
}

same_registry() { # WHAT
    for part in Software services; do
        check "$1: the registry's $part" diff "before.$part.txt" "after.$part.txt"
    done
    check "$1: nothing of ours elsewhere" sh -c '! grep -i tcpipwatch after.System.txt'
}

# ---- building ----
mkdir made
expect 0 "building it" sh "$root/packaging/installer.sh" --no-packages --target "$target" made
version=$(sed -n 's/^CMAKE_PROJECT_VERSION:[A-Z]*=//p' "$build/CMakeCache.txt")
cp "made/tcpipwatch-$version-setup.exe" setup.exe
stage=made/stage

python=python3
[ ! -x /usr/bin/python3 ] || python=/usr/bin/python3
if "$python" -c 'import pefile' 2> /dev/null; then
    expect 0 "its version and manifest" "$python" "$tests/resources.py" "$version" \
        requireAdministrator gui "made/tcpipwatch-$version-setup.exe"
fi
[ "$target" != x86-unicode ] ||
    expect 0 "it loads on Windows XP" python3 "$tests/check_imports.py" setup.exe

wine "$make_image" original.sys
wine "$make_image" --limit 100 changed.sys

version_is() { # WORD of Wine's, or "" for the one that it had
    case $1$arch in
    x86) set -- winxp ;;
    x64)
        wine reg.exe delete 'HKCU\Software\Wine' /v Version /f > /dev/null
        return 0
        ;;
    esac
    wine reg.exe add 'HKCU\Software\Wine' /v Version /d "$1" /f > /dev/null
}

# ---- refused before anything is done ----
snapshot before
expect_setup 3 "an unknown switch" /S /FROB
says out "There is no switch /FROB."
expect_setup 3 "two ways" /S /TRAY /SERVICE
says out "exclude each other"
version_is win2k
expect_setup 3 "Windows 2000" /S
says out "This Windows is too old."
version_is ""
# Any user may make a folder of that name, and would own the policy in it.
mkdir -p "$data"
if chown 65534 "$data" 2> /dev/null; then
    expect_setup 3 "a data directory of somebody" /S
    says out "belongs to somebody who is not an administrator"
fi
rm -r "${data%/*}"
snapshot after
check "nothing is installed then" diff before.files after.files
same_registry "refused"

# ---- silent ----
installed() { # WHAT
    for file in tcpippatch.exe tcpipwatch.exe tcpipwatchw.exe; do
        check "$1: $file" cmp "$stage/$arch/$file" "$here_folder/$file"
    done
    for file in README.txt LICENSE.txt NOTICE.txt tcpippatch.8.txt tcpipwatch.8.txt \
        tcpipwatch.ini.5.txt; do
        check "$1: $file" cmp "$stage/$file" "$here_folder/$file"
    done
    is_value "$uninstall_key" DisplayVersion "$version"
    is_value "$uninstall_key" UninstallString "\"C:\\$programs\\tcpipwatch\\uninstall.exe\""
    is_value "$uninstall_key" QuietUninstallString "\"C:\\$programs\\tcpipwatch\\uninstall.exe\" /S"
    is_value "$uninstall_key" Publisher "the tcpipwatch authors"
    check "$1: its size" test "$(($(value "$uninstall_key" EstimatedSize)))" -gt 500
}
tray_command="\"C:\\$programs\\tcpipwatch\\tcpipwatchw.exe\" run --tray"

expect_setup 0 "silent" /S
installed "silent"
is_value "$run_key" tcpipwatch ""
says out "Nothing starts by itself."
check "the policy" cmp "$stage/tcpipwatch.ini" "$data/tcpipwatch.ini"
check "every user may read the policy" test "$(stat -c %A "$data/tcpipwatch.ini" | cut -c 8)" = r
check "and nothing else there" test "$(stat -c %A "$data" | cut -c 8-10)" = ---
check "the data directory is for nobody else" test -z "$(find "$data" -maxdepth 0 -perm /007)"
expect 0 "the policy is right" wine "$here_folder/tcpipwatch.exe" check-policy
expect 0 "inspect, from where it is installed" wine "$here_folder/tcpippatch.exe" inspect --json changed.sys
json out 'lines[0]["limit"] == 100'
check "a manual page that any editor shows" sh -c '
    grep -q "tcpippatch - show and change\|show and change the half-open" "$1" && ! grep -q "$(printf "\b")" "$1"
' sh "$here_folder/tcpippatch.8.txt"

expect_setup 0 "over it, as a tray icon" /S /TRAY
is_value "$run_key" tcpipwatch "$tray_command"
says out "The tray icon starts at the logon."
check "an untouched policy has none beside it" test ! -e "$data/tcpipwatch.ini.new"
expect_setup 3 "into another folder" /S "/D=C:\\elsewhere"
says out "tcpipwatch is installed in C:\\$programs\\tcpipwatch."

# ---- over an older version ----
printf '; the policy of another version\r\n' > "$here_folder/tcpipwatch-default.ini"
cp "$here_folder/tcpipwatch-default.ini" "$data/tcpipwatch.ini"
printf 'an older program' > "$here_folder/tcpipwatch.exe"
expect_setup 0 "over an older version" /S
installed "over an older version"
is_value "$run_key" tcpipwatch "$tray_command"
check "a policy that nobody edited is the new one" cmp "$stage/tcpipwatch.ini" "$data/tcpipwatch.ini"
check "without one beside it" test ! -e "$data/tcpipwatch.ini.new"
printf '; a line of mine\r\n' >> "$data/tcpipwatch.ini"
cp "$data/tcpipwatch.ini" mine.ini
expect_setup 0 "over an edited policy" /S
says out "Kept: C:\\ProgramData\\Application Data\\tcpipwatch\\tcpipwatch.ini"
check "keeps it" cmp mine.ini "$data/tcpipwatch.ini"
check "and puts the new one beside it" cmp "$stage/tcpipwatch.ini" "$data/tcpipwatch.ini.new"

# A program that runs cannot be overwritten, only moved aside.
mkdir -p other/system32
: > growing.xml
wine "$here_folder/tcpipwatch.exe" run --data own --source file:growing.xml > watcher.out 2>&1 &
watcher=$!
for _ in $(seq 100); do
    [ ! -s watcher.out ] || break
    sleep 0.1
done
expect_setup 0 "while the watcher runs" /S
installed "while the watcher runs"
check "the watcher goes on" kill -0 "$watcher"
check "its program is moved aside" test -n "$(find "$here_folder" -name 'tcpipwatch.exe.*.old')"
kill "$watcher"
wait "$watcher" 2> /dev/null || true
wine taskkill /f /im tcpipwatch.exe > /dev/null 2>&1 || true
find "$here_folder" -name '*.old' -exec rm {} +

# ---- as a service ----
if wine "$here_folder/tcpipwatch.exe" install-service > service.out 2>&1; then
    wine "$here_folder/tcpipwatch.exe" remove-service > service.out 2>&1
    service_key='HKLM\System\CurrentControlSet\Services\tcpipwatch'
    service_command="\"C:\\$programs\\tcpipwatch\\tcpipwatch.exe\" run --service"
    running() {
        wine net.exe start | tr -d '\r' | grep -F "$(value "$service_key" DisplayName)"
    }
    expect_setup 0 "as a service" /S /SERVICE
    says out "The service is registered and started."
    is_value "$service_key" ImagePath "$service_command"
    is_value "$run_key" tcpipwatch ""
    check "runs" running
    # Options that were given by hand stay.
    expect 0 "with options" wine "$here_folder/tcpipwatch.exe" install-service --data 'C:\other data'
    command=$(value "$service_key" ImagePath)
    check "are in its command" test "$command" != "$service_command"
    expect_setup 0 "over a service" /S
    installed "over a service"
    is_value "$service_key" ImagePath "$command"
    check "runs again" running
    # Wine gives services another ALLUSERSPROFILE than programs.
    rm -rf "$drive/other data" "$drive/users/Public/Application Data"
else
    expect_setup 2 "as a service, which this build cannot be" /S /SERVICE
    says out "The service could not be registered and started (exit status "
    is_value "$run_key" tcpipwatch ""
fi
expect_setup 0 "as a tray icon again" /S /TRAY
check "the service is gone" sh -c '! sh "$1" reg query "HKLM\\System\\CurrentControlSet\\Services\\tcpipwatch"' \
    sh "$tests/wine_run.sh"

# ---- away again ----
left() { # WHAT FILE...: in the data directory there is this and no more
    what=$1
    shift
    printf '%s\n' "$@" | sed '/^$/d' | sort > wanted
    { [ ! -d "$data" ] || (cd "$data" && find . -type f | sort); } > found
    check "$what" diff wanted found
}

expect_uninstall 3 "an unknown switch" /S /FROB
says out "There is no switch /FROB."
check "removes nothing" test -f "$here_folder/tcpipwatch.exe"
cp "$here_folder/uninstall.exe" remove.exe
rm -f log
run wine cmd /c "$(windows_path "$tmp/remove.exe") /S /LOG=$log _?=C:\\windows"
read_log
check "another folder is refused" test "$status" = 3
says out "is not installed in C:\\windows"

expect_uninstall 0 "silently" /S
check "no program is left" test ! -e "$here_folder"
left "the edited policy is" ./tcpipwatch.ini
check "as it was" cmp mine.ini "$data/tcpipwatch.ini"
says out "tcpipwatch.ini, which was edited."
rm -rf "$data"
rmdir "${data%/*}"
snapshot after
check "nothing else is left" diff before.files after.files
same_registry "uninstalled"

# As the list of installed programs does it; that one goes on in a process of its own.
is_gone() {
    [ ! -e "$here_folder" ] && ! wine reg query "$uninstall_key" > /dev/null 2>&1
}
expect_setup 0 "installing again" /S /TRAY
command=$(value "$uninstall_key" QuietUninstallString)
command=${command#\"}
expect 0 "by the registered command" wine "${command%%\"*}" "${command##*\" }"
wait_for 20 "the end of the uninstaller" is_gone
check "no data are left" test ! -e "$data"
is_value "$run_key" tcpipwatch ""
rmdir "${data%/*}"

# ---- with a changed tcpip.sys ----
# Not in dllcache: what Wine finds there it moves to system32 at each start.
driver="$drive/windows/system32/drivers/tcpip.sys"
service_pack="$drive/windows/ServicePackFiles"
change() { # OPTION...
    mkdir -p "${driver%/*}" "$service_pack/i386"
    cp original.sys "$driver"
    cp original.sys "$service_pack/i386/tcpip.sys"
    expect_setup 0 "installing" /S
    expect 0 "changing the limit" wine "$here_folder/tcpippatch.exe" set --limit 100 --yes "$@"
}
all_copies_are() { # FILE
    cmp "$1" "$driver" && cmp "$1" "$service_pack/i386/tcpip.sys"
}
nothing_waits() {
    ! value 'HKLM\System\CurrentControlSet\Control\Session Manager' PendingFileRenameOperations |
        grep -a 'tcpip[.]sys'
}
restart() {
    wine wineboot.exe -r > /dev/null 2>&1 < /dev/null || true
}

# One that waits for the next start of Windows, which is how a running Windows is changed.
change
original=$(cd "$data" && find . -path './originals/*.sys')
manifest=$(cd "$data" && find . -path './originals/*' ! -name '*.sys')
check "it waits" all_copies_are original.sys
expect_uninstall 0 "with a changed limit" /S
says out "The limit stays changed."
json "$data/audit.jsonl" 'lines[-1]["action"] == "uninstall" and lines[-1]["limit_stays_changed"] is True'
json "$data/audit.jsonl" '__import__("re").fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z", lines[-1]["time"])'
check "and the original is saved" cmp original.sys "$data/$original"
check "with the journal" test -n "$(find "$data/roots" -name journal)"

expect_setup 0 "installing again" /S
expect_uninstall 0 "taking it back first" /S /RESTORE
says out "The original limit is restored"
check "every copy is the original" all_copies_are original.sys
check "and nothing waits" nothing_waits
left "the saves are" ./audit.jsonl "$original" "$manifest"
json "$data/audit.jsonl" 'lines[-1]["limit_stays_changed"] is False'

change
expect_uninstall 0 "with a changed limit" /S
restart
check "Windows carries it out" all_copies_are changed.sys
left "then the saves are" ./audit.jsonl "$original" "$manifest"

# The limit is changed: the original comes back at the next start of Windows.
expect_setup 0 "installing" /S
expect_uninstall 0 "restoring first" /S /RESTORE /PURGE
says out "The original tcpip.sys is put back at the next start of Windows."
restart
check "every copy is the original again" all_copies_are original.sys
check "and nothing waits any more" nothing_waits
check "no data are left, and no folder" test ! -e "$data"

# What cannot be restored stops it; the real program does not fail here.
expect_setup 0 "installing" /S
expect 0 "a program that fails" "$compiler" -static "$tests/failing_patch.c" -o failing.exe
cp failing.exe "$here_folder/tcpippatch.exe"
expect_uninstall 2 "what cannot be restored" /S /RESTORE
says out "The original limit could not be restored (exit status 1)."
check "nothing is removed" test -f "$here_folder/tcpipwatch.exe"
touch "$here_folder/interrupted"
expect_uninstall 3 "interrupted work" /S
says out "could neither be finished nor undone (exit status 1)"
check "nothing is removed then" test -f "$here_folder/tcpipwatch.exe"
rm "$here_folder/interrupted"
expect_setup 0 "the real one again" /S
expect_uninstall 0 "with everything" /S /PURGE
left "nothing is" ""
check "not even the folder" test ! -e "$data"
rm -r "$driver" "$service_pack"

# A later Windows has the limit in its registry, if at all.
parameters='HKLM\System\CurrentControlSet\Services\Tcpip\Parameters'
rate=EnableConnectionRateLimiting
version_is win10
wine reg.exe add "$parameters" /v "$rate" /t REG_DWORD /d 1 /f > /dev/null
expect_setup 0 "installing on Windows 10" /S
expect 0 "switching it off" wine "$here_folder/tcpippatch.exe" set --limit 100 --yes
is_value "$parameters" "$rate" 0x0
expect_uninstall 0 "with the limit switched off" /S
says out "The limit stays changed."
is_value "$parameters" "$rate" 0x0
check "what it was is kept" test -f "$data/rate-limiting"
expect_setup 0 "installing again" /S
expect_uninstall 0 "with everything" /S /RESTORE /PURGE
is_value "$parameters" "$rate" 0x1
check "no data are left" test ! -e "$data"
wine reg.exe delete "$parameters" /v "$rate" /f > /dev/null
version_is ""

rmdir "${data%/*}"
snapshot after
check "nothing else is left" diff before.files after.files
same_registry "purged"

# ---- signed ----
expect 0 "a certificate" openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem \
    -days 30 -subj "/CN=tcpipwatch test" -addext extendedKeyUsage=codeSigning
expect 1 "a certificate without its key" env TCPIPWATCH_SIGN_CERT="$tmp/cert.pem" \
    sh "$root/packaging/installer.sh" --no-packages --target "$target" "$tmp/half"
says err "go together"
expect 0 "building it signed" env TCPIPWATCH_SIGN_CERT="$tmp/cert.pem" TCPIPWATCH_SIGN_KEY="$tmp/key.pem" \
    sh "$root/packaging/installer.sh" --no-packages --target "$target" "$tmp/signed"
cp "signed/tcpipwatch-$version-setup.exe" setup.exe
for file in setup.exe signed/stage/x86/*.exe signed/stage/x64/*.exe; do
    expect 0 "the signature of $file" osslsigncode verify -CAfile cert.pem -in "$file"
done
expect 1 "that of an unsigned one" osslsigncode verify -CAfile cert.pem \
    -in "made/tcpipwatch-$version-setup.exe"
stage=signed/stage

# ---- with its pages: the signed one ----
Xvfb -displayfd 3 -screen 0 1024x768x24 -nolisten tcp 3> display.number > xvfb.log 2>&1 &
display=$!
wait_for 20 "a display" test -s display.number
TCPIPWATCH_WINE_DISPLAY=:$(cat display.number)
DISPLAY=$TCPIPWATCH_WINE_DISPLAY
TCPIPWATCH_WINE_TIMEOUT=300
export TCPIPWATCH_WINE_DISPLAY DISPLAY TCPIPWATCH_WINE_TIMEOUT
take_fonts
wine reg.exe add 'HKCU\Software\Wine\Explorer' /v Desktop /d tray /f > /dev/null
wine reg.exe add 'HKCU\Software\Wine\Explorer\Desktops' /v tray /d 1024x768 /f > /dev/null
find_window list > /dev/null # the desktop is there
rm -rf "$here_folder" "$data"

# NSIS puts a blank behind the title of its own pages, and none behind that of others.
title=
on_page() { # TEXT: a control with that text is there
    for title in "tcpipwatch $window" "tcpipwatch $window "; do
        ! find_window at "$title" "$1" > /dev/null 2>&1 || return 0
    done
    return 1
}
page() { # NAME TEXT: waits for the page, and takes a picture of it
    wait_for 30 "the page \"$1\"" on_page "$2"
    picture_of "installer-$1" "$title"
}
press() { # TEXT
    wait_for 10 "the button \"$1\"" on_page "$1"
    click "$title" "$1"
}
open_setup() { # COMMAND...
    sh "$runner" "$@" > pages.out 2>&1 < /dev/null &
    pages=$!
}
ended() { # STATUS WHAT
    last=$(($(date +%s) + 30))
    while kill -0 "$pages" 2> /dev/null && [ "$(date +%s)" -lt "$last" ]; do
        sleep 0.1
    done
    kill "$pages" 2> /dev/null || true
    status=0
    wait "$pages" || status=$?
    if [ "$status" = "$1" ]; then ok; else bad "$2: exit status $status, expected $1"; fi
}

window=Setup
open_setup setup.exe
page licence "I &Agree"
press "Cancel"
ended 1 "cancelled"
check "nothing is installed" test ! -e "$here_folder"

open_setup setup.exe
page licence "I &Agree"
press "I &Agree"
page how "As a &service"
press "N&either: only the programs"
xdotool key alt+t # the keyboard does the same
press "&Next >"
page folder "&Install"
xdotool key Return
page finish "Start the &tray icon now"
installed "with its pages"
is_value "$run_key" tcpipwatch "$tray_command"
expect 0 "the signature of the uninstaller" osslsigncode verify -CAfile cert.pem \
    -in "$here_folder/uninstall.exe"
press "&Finish"
wait_for 20 "the tray icon" icon_is_there
ended 0 "with its pages"
trays() {
    find_window list | tr -d '\r' | sed -n 's/^ *\([0-9a-f]*\) tcpipwatch-tray .*/\1/p'
}
before_upgrade=$(trays)
check "one tray icon" test "$(echo "$before_upgrade" | wc -w)" = 1

# Over a running tray icon: it is asked to close, and comes back.
setup /S
check "over a running tray icon" test "$status" = 0
says out "The tray icon was asked to close."
says_not out "did not close in time"
check "nothing had to be moved aside" test -z "$(find "$here_folder" -name '*.old')"
wait_for 20 "the tray icon again" icon_is_there
after_upgrade=$(trays)
check "another one" test "$(echo "$after_upgrade" | wc -w)" = 1
check "and not the same" test "$after_upgrade" != "$before_upgrade"

# The folder is not asked for again, and how it runs is remembered.
open_setup setup.exe
page licence "I &Agree"
press "I &Agree"
page how "As a &service"
press "N&either: only the programs"
press "&Next >"
wait_for 30 "the end of the installation" on_page "&Finish"
press "&Finish"
ended 0 "over it, with its pages"
is_value "$run_key" tcpipwatch ""
wait_for 10 "the end of the tray icon" icon_is_not_there

change --now
check "it is changed" all_copies_are changed.sys
window=Uninstall
cp "$here_folder/uninstall.exe" remove.exe
open_setup cmd /c "$(windows_path "$tmp/remove.exe") _?=C:\\$programs\\tcpipwatch"
page uninstall "&Restore the original limit first"
press "Also delete the &audit log and the saved originals"
press "&Uninstall"
page removed "Uninstallation Complete"
press "&Close"
ended 0 "the uninstaller, with its page"
check "no program is left" test ! -e "$here_folder"
restart
check "every copy is the original again" all_copies_are original.sys
check "and nothing waits any more" nothing_waits
check "no data are left, and no folder" test ! -e "$data"

finish
