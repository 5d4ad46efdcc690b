#!/bin/sh
# What somebody who means harm can put in the way: links, foreign owners, forged files, endless and
# exploding ones, other disks, other clocks. Usage: hostile.sh BUILD_DIR
# shellcheck disable=SC2119 # functions that may do without arguments
set -eu
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watch_lib.sh"
watch_begin "$1"
patch=$build/tcpippatch
is_root=false
[ "$(id -u)" != 0 ] || is_root=true

set_limit() {
    "$patch" set --limit 100 --root "$root" --data "$data" --yes
}

# ---- the data directory ----
windows
mkdir -m 777 "$data"
expect 1 "a data directory open to all" set_limit
says err "it belongs to another user, or everybody may write to it"
expect 1 "watching with it" "$watch" run --once --source "file:$log" --data "$data"
check "the copies changed" all_are original.sys

windows
if $is_root; then
    mkdir -m 700 "$data"
    chown nobody "$data"
    expect 1 "a data directory of somebody else's" set_limit
    says err "it belongs to another user"
    check "the copies changed" all_are original.sys
fi

# A link to a directory of one's own is the owner's wish; a link instead of a file in it is not
# written through.
windows
mkdir -m 700 elsewhere
ln -s elsewhere "$data"
expect 0 "a link to the data directory" set_limit
check "the originals are not in the directory linked to" [ -d elsewhere/originals ]
"$patch" restore --root "$root" --data "$data" --yes > /dev/null
echo untouched > victim
rm elsewhere/audit.jsonl
ln -s ../victim elsewhere/audit.jsonl
expect 0 "a link in place of the audit log" set_limit
says err "audit log"
check "the audit log was written through a link" [ "$(cat victim)" = untouched ]
rm -rf elsewhere

# A forged saved original is noticed, and never overwritten.
windows
set_limit > /dev/null
saved=$(find "$data/originals" -name '*.sys')
"$patch" restore --root "$root" --data "$data" --yes > /dev/null
./make_image --build 5512 forged.sys
cp forged.sys "$saved"
expect 1 "a forged saved original" set_limit
says err "is not what it was when it was saved"
check "the forged file was overwritten" cmp -s forged.sys "$saved"
check "the copies changed" all_are original.sys

# ---- the copies ----
windows
mv "$root/system32/drivers/tcpip.sys" real.sys
ln -s "$tmp/real.sys" "$root/system32/drivers/tcpip.sys"
expect 3 "a link in place of the driver" set_limit
check "the file behind the link changed" cmp -s original.sys real.sys
rm real.sys

windows
mv "$root/system32/drivers" away
ln -s "$tmp/away" "$root/system32/drivers"
expect 3 "a link in place of its directory" set_limit
check "the file behind the link changed" cmp -s original.sys away/tcpip.sys
rm -r away

windows
ln -s "$tmp/victim" "$root/system32/dllcache/tcpip.sys.tcpipwatch-new"
expect 1 "a link where the new file is to be" set_limit
check "it was written through the link" [ "$(cat victim)" = untouched ]
for place in $places; do
    check "$place changed" cmp -s original.sys "$root/$place/tcpip.sys"
done

# ---- two disks, one data directory ----
windows
cp -r "$root" OTHER
set_limit > /dev/null
expect 0 "the other disk is not changed" "$patch" status --root OTHER --data "$data"
says out "original: limit 10"
expect 0 "its own restore has nothing to do" "$patch" restore --root OTHER --data "$data" --yes
says out "Nothing to do"
check "the first disk changed" all_are limit100.sys
rm -r OTHER

# ---- endless and exploding files ----
truncate -s 8G endless.ini
expect 2 "an endless policy" "$watch" check-policy endless.ini
says err "endless.ini"
rm endless.ini
echo "the secret" > secret
cat > bomb.xml << 'XML'
<?xml version="1.0"?>
<!DOCTYPE Events [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">
<!ENTITY out SYSTEM "secret">]>
<Events><Event><System><Provider Name="Tcpip"/><EventID>4226</EventID>
<TimeCreated SystemTime="2011-09-20T15:43:01Z"/><EventRecordID>1</EventRecordID>
<Computer>&d;&out;</Computer></System></Event></Events>
XML
expect 1 "a document type that explodes and reads other files" "$watch" scan --all --json bomb.xml
says_not out "the secret"
says_not out "aaaaaaaaaa"

# ---- clocks ----
cp "$tests/../data/xp_SysEvent_excerpt_3870-3990.evt" real.evt
TZ=Pacific/Kiritimati "$watch" scan --json real.evt > east
TZ=Pacific/Niue "$watch" scan --json real.evt > west
check "the time zone changes what a scan prints" cmp -s east west
windows
new_log
on_burst patch
# The watched machine's clock runs ten years ahead, and steps back in the middle.
events 2 --time 2036-01-01T00:00:00Z --step 60 > /dev/null
events 1 --time 2035-12-31T23:59:00Z > /dev/null
# shellcheck disable=SC2046
expect 0 "a clock that is ahead and steps back" "$watch" run --once $(usual)
check "the burst was not seen" all_are limit100.sys

# A burst is told in 2036, and the clock is set right: the next bursts are not those of the past.
windows
new_log
on_burst notify
events 3 --time 2036-01-01T00:00:00Z --step 60 > /dev/null
# shellcheck disable=SC2046
expect 0 "a clock that is ahead" "$watch" run --once $(usual)
events 3 --time 2026-01-10T08:00:00Z --step 60 > /dev/null
# shellcheck disable=SC2046
expect 0 "and was set back" "$watch" run --once $(usual)
says out "Burst: 3 events 4226 of WKS-WINXP32BIT within 2 minutes, 2026-01-10 08:00:00 UTC"
acted 2 burst
# shellcheck disable=SC2046
expect 0 "nothing is told twice" "$watch" run --once $(usual)
acted 2 burst

# Nor does the time zone of the one who watches change what is kept.
for zone in Pacific/Kiritimati Pacific/Niue; do
    rm -rf "$data"
    # shellcheck disable=SC2046
    expect 0 "in $zone" env TZ="$zone" "$watch" run --once $(usual)
    json "$data/audit.jsonl" '[line["burst"]["first"] for line in lines if line["action"] == "burst"]
        == ["2036-01-01T00:00:00.0000000Z", "2026-01-10T08:00:00.0000000Z"]'
done
finish
