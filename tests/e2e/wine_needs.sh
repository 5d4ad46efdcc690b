#!/bin/sh
# What the running Windows needs, with Wine as one version of Windows after the other: what both
# programs say, and the registry value that switches a limit on, switched off and put back.
# Usage: wine_needs.sh BUILD_DIR, the folder of a build for Windows.
set -eu

. "$(dirname "$0")/lib.sh"
begin "$1"

# Its registry and its copies of tcpip.sys are this test's own; the rest of the prefix, which is
# large, is shared with the other tests.
here=$tests
shared=${TCPIPWATCH_WINEPREFIX:?the prefix that was made for the tests}
prefix=$build/wineprefix.needs
rm -rf "$prefix"
# Other tests may remove files of theirs meanwhile, which is no harm.
cp -al "$shared" "$prefix" 2> /dev/null || test -f "$prefix/drive_c/windows/system32/kernel32.dll"
for file in system.reg user.reg userdef.reg; do
    rm "$prefix/$file"
    cp "$shared/$file" "$prefix/$file"
done
TCPIPWATCH_WINEPREFIX=$prefix
export TCPIPWATCH_WINEPREFIX
# Wine's server goes a moment after its last program, and writes the registry then.
trap 'clean; sh "$here/wine_run.sh" wineboot.exe --kill > /dev/null 2>&1; rm -rf "$prefix" "$prefix.lock"' EXIT

# The Windows with the limit in its driver, of the kind that these programs are for.
if [ -n "${TCPIPWATCH_WINE32-}" ]; then
    xp=winxp
    xp_version=5.1.2600
    xp_driver=5512
else
    xp=winxp64
    xp_version=5.2.3790
    xp_driver=2003x64sp2
fi

patch_exe=$(find "$build" -maxdepth 1 -name tcpippatch.exe)
watch_exe=$(find "$build" -maxdepth 1 -name tcpipwatch.exe)
make_image=$(find "$build/tests" -name make_image.exe)
driver=$prefix/drive_c/windows/system32/drivers/tcpip.sys
parameters='HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters'
value=EnableConnectionRateLimiting

wine() {
    sh "$here/wine_run.sh" "$@"
}

patch() {
    wine "$patch_exe" "$@" --data data
}

watch() {
    wine "$watch_exe" "$@" --data data
}

registry() {
    wine reg.exe "$@" > registry.out 2>&1
}

version_is() { # VERSION as Wine calls it
    registry add 'HKCU\Software\Wine' /v Version /t REG_SZ /d "$1" /f
}

# A version that Wine has no name for.
version_is_exactly() { # CURRENT_VERSION BUILD SERVICE_PACK
    current='HKLM\Software\Microsoft\Windows NT\CurrentVersion'
    registry delete 'HKCU\Software\Wine' /v Version /f
    registry delete "$current" /v CurrentMajorVersionNumber /f || true
    registry delete "$current" /v CurrentMinorVersionNumber /f || true
    registry add "$current" /v CurrentVersion /t REG_SZ /d "$1" /f
    registry add "$current" /v CurrentBuildNumber /t REG_SZ /d "$2" /f
    registry add "$current" /v CSDVersion /t REG_SZ /d "$3" /f
    registry add 'HKLM\System\CurrentControlSet\Control\Windows' /v CSDVersion /t REG_DWORD \
        /d $((256 * $(echo "$3" | tr -cd 0-9))) /f
}

rate_limiting() { # NUMBER, or nothing to remove it
    if [ $# = 0 ]; then
        registry delete "$parameters" /v "$value" /f || true
    else
        registry add "$parameters" /v "$value" /t REG_DWORD /d "$1" /f
    fi
}

rate_limiting_is() { # NUMBER, or nothing for none
    registry query "$parameters" /v "$value" || true
    if [ $# = 0 ]; then
        test -z "$(grep "$value" registry.out)"
    else
        tr -d '\r' < registry.out | grep -qE "$value +REG_DWORD +0x$1\$"
    fi
}

# says_needs NAME VERSION WORDS: both programs say so of the running Windows.
says_needs() {
    expect 0 "status on $2" patch status
    says out "$3"
    says_not out "before it was switched off here"
    expect 0 "status as JSON on $2" patch status --json
    json out "lines[-1]['windows']['needs'] == '$1' and lines[-1]['windows']['version'] == '$2'"
    expect 0 "the watcher's status on $2" watch status
    says out "$3"
    check "in its line" grep -qE '^windows +[A-Z]' out
}

# ---- Windows after Windows, without a tcpip.sys ----

version_is $xp
says_needs another-driver $xp_version "there is none in system32/drivers that can be read."
expect 3 "set without a driver" patch set --limit 100 --yes
says err "There is no tcpip.sys in system32/drivers."
version_is vista
says_needs nothing 6.0.6002 "Windows Vista or Server 2008 SP2 (6.0.6002) has no limit"
version_is_exactly 6.0 6001 "Service Pack 1"
says_needs service-pack 6.0.6001 "SP1 (6.0.6001) has the limit of half-open connections. Install Service Pack 2"
expect 3 "set on Vista before SP2" patch set --limit 100 --yes
says err "Nothing was changed: Windows Vista or Server 2008 SP1 (6.0.6001) has the limit"
says err "Install Service Pack 2"
version_is win7
says_needs nothing 6.1.7601 "Windows 7 or Server 2008 R2 SP1 (6.1.7601) has no limit"
expect 3 "set where there is no limit" patch set --limit 100 --yes
says err "Nothing to do: Windows 7 or Server 2008 R2 SP1 (6.1.7601) has no limit on half-open"
check "writes nothing" test ! -e data/rate-limiting
version_is win10
says_needs nothing 10.0.18362 "Windows 10 or later (10.0.18362) has no limit"

# ---- the limit that is switched on ----

rate_limiting 1
says_needs setting 10.0.18362 "$value is 1 under $parameters, which switches a limit of 10 on."
expect 0 "a dry run" patch set --limit 100 --dry-run
says out "$value 1 -> 0"
says out "Dry run: nothing was written."
expect 3 "set without a yes" patch set --limit 100
says err "Nothing was changed: set writes only with a yes."
check "neither changes it" rate_limiting_is 1
check "nor keeps anything" test ! -e data
expect 0 "set" patch set --limit 100 --yes
says out "$value is 0 now (it was 1). Windows has no limit after its next start."
says out "To undo it: tcpippatch restore --data \"data\""
check "changes it" rate_limiting_is 0
check "and keeps what it was" grep -qx "was 1" data/rate-limiting
json data/audit.jsonl '[(line["action"], line["result"], line["rate_limiting"]["before"],
    line["rate_limiting"]["after"]) for line in lines] == [("set", "done", 1, 0)]'
expect 0 "status tells of it" patch status
says out "$value was 1 before it was switched off here; \"tcpippatch restore\" puts that back."
expect 0 "also as JSON" patch status --json
json out '{k: v for k, v in lines[-1]["windows"].items() if k.startswith("rate")} == {
    "rate_limiting_known": True, "rate_limiting": 0, "rate_limiting_changed": True,
    "rate_limiting_before": 1}'
expect 3 "set once more" patch set --limit 100 --yes
says err "Nothing to do:"

# Somebody switches it on again: what was first there stays kept.
cp data/rate-limiting kept
rate_limiting 1
expect 0 "set as JSON" patch set --limit 100 --yes --json
json out 'lines[0]["result"] == "done" and lines[0]["changes"] == [] and
    lines[0]["rate_limiting"]["before"] == 1 and lines[0]["rate_limiting"]["after"] == 0'
check "keeps what was first kept" cmp kept data/rate-limiting

expect 0 "a dry run of restore" patch restore --dry-run
says out "$value 0 -> 1"
expect 3 "restore without a yes" patch restore
check "changes nothing" rate_limiting_is 0
expect 0 "restore" patch restore --yes
says out "$value is 1 again. It takes effect at the next start of Windows."
check "puts it back" rate_limiting_is 1
check "and forgets it" test ! -e data/rate-limiting
json data/audit.jsonl 'lines[-1]["action"] == "restore" and
    lines[-1]["rate_limiting"]["before"] == 0 and lines[-1]["rate_limiting"]["after"] == 1'

# On a terminal it asks, also after the answer to another question.
enter=$(printf '\r')
expect 0 "no on a terminal" "$here/answer.exp" 'registry? [y/N]' "n$enter" -- \
    sh "$here/wine_run.sh" "$patch_exe" set --limit 100 --data data
says out "Nothing was changed."
check "changes nothing" rate_limiting_is 1
check "and keeps nothing" test ! -e data/rate-limiting
expect 0 "yes on a terminal" "$here/answer.exp" 'registry? [y/N]' "y$enter" -- \
    sh "$here/wine_run.sh" "$patch_exe" set --limit 100 --data data
check "changes it" rate_limiting_is 0
expect 0 "U and yes" "$here/answer.exp" 'U = undo' "u$enter" 'registry? [y/N]' "y$enter" -- \
    sh "$here/wine_run.sh" "$patch_exe" --data data
check "puts it back" rate_limiting_is 1

# Changed by somebody else in the meantime: it is theirs now.
expect 0 "set" patch set --limit 100 --yes
rate_limiting
expect 0 "restore of what somebody has removed" patch restore --yes
says out "was changed by somebody else since it was switched off: it is absent, and stays so."
check "leaves it away" rate_limiting_is
expect 3 "another restore" patch restore --yes
says err "There is no tcpip.sys in system32/drivers."

# No number: not touched. It never switched anything on.
registry add "$parameters" /v "$value" /t REG_SZ /d 1 /f
expect 0 "status of a text" patch status
says out "unless $value is 1 in its registry, which could not be read."
expect 3 "set on a text" patch set --limit 100 --yes
rate_limiting

# ---- with a tcpip.sys ----

version_is $xp
rate_limiting 1
wine "$make_image" --build $xp_driver "$driver"
expect 0 "status with a driver" patch status
says out "where it can be changed; it is 10."
expect 0 "also as JSON" patch status --json
json out 'lines[0]["status"] == "original" and lines[-1]["windows"]["needs"] == "patch"'
expect 0 "and the watcher's" watch status
says out "where it can be changed; it is 10."
expect 0 "set there is about the driver" patch set --limit 100 --dry-run
says out "limit 10 -> 100"
says_not out "$value"
version_is win7
expect 0 "a driver of another Windows" patch status
says out "Its tcpip.sys is of another Windows ($xp_version."
wine "$make_image" --build 7601 "$driver"
expect 0 "Windows 7 with its driver" patch status
says out "which switches a limit of 10 on"
expect 0 "set there" patch set --limit 100 --yes
check "leaves the driver alone" test "$(find "$prefix/drive_c/windows" -name 'tcpip.sys*' | wc -l)" = 1
check "and switches it off" rate_limiting_is 0
expect 0 "restore" patch restore --yes
check "puts it back" rate_limiting_is 1

# However the running Windows is named, it is the one.
expect 0 "status of C:" patch status --root 'c:\windows\system32\..'
says out "which switches a limit of 10 on"
expect 0 "the watcher's" watch status --root 'c:\windows\system32\..'
says out "which switches a limit of 10 on"

# A disk is not the running Windows: its registry is not this one's.
mkdir -p disk/system32/drivers
cp "$driver" disk/system32/drivers
expect 0 "status of a disk" patch status --root disk
says out "unless $value is 1 in its registry, which is not read from a disk."
expect 0 "the watcher's" watch status --root disk
says out "is not read from a disk."
expect 3 "set on a disk" patch set --limit 100 --yes --root disk
check "does not switch anything off" rate_limiting_is 1
says err "which has no limit on half-open connections in this file"
expect 0 "set on the running Windows" patch set --limit 100 --yes
expect 3 "restore on a disk" patch restore --yes --root disk
check "puts nothing back" rate_limiting_is 0
check "and forgets nothing" test -f data/rate-limiting
expect 0 "status of a disk as JSON" patch status --json --root disk
json out '["path" in line and "windows" not in line for line in lines] == [True]'
expect 0 "restore on the running Windows" patch restore --yes
check "puts it back" rate_limiting_is 1

finish
