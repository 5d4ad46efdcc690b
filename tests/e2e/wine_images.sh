#!/bin/sh
# Inspects every PE file of Wine: hundreds of real drivers, libraries and programs, none of which is
# tcpip.sys. None may be taken for one, by its status or by the signs in its code alone.
# Usage: wine_images.sh BUILD_DIR. Exit status 77 (skipped) where Wine is not installed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)/tests
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

for folder in /usr/lib/wine /usr/lib/*/wine /usr/share/wine; do
    if [ -d "$folder" ]; then
        find "$folder" -type f
    fi
done | grep -Ei '\.(dll|exe|sys|drv|cpl|ocx|acm|ax|com|ds|scr|tlb|msstyles)$' | sort -u > "$tmp/files" || true
count=$(wc -l < "$tmp/files")
if [ "$count" = 0 ]; then
    echo "skipped: Wine is not installed"
    exit 77
fi

"$build/inspect_image" inspect - < "$tmp/files" > "$tmp/inspected"
"$build/inspect_image" signs - < "$tmp/files" > "$tmp/signs"

failed=0
fail() {
    echo "FAILED: $1"
    failed=1
}
for status in no-limit unrecognised damaged; do
    echo "$status: $(grep -c "\"status\":\"$status\"" "$tmp/inspected" || true)"
done
if grep -E '"status":"(original|patched)"' "$tmp/inspected"; then
    fail "these files are not tcpip.sys"
fi
if grep '^found ' "$tmp/signs"; then
    fail "the signs of the limit were found in these files"
fi
[ "$(wc -l < "$tmp/inspected")" = "$count" ] || fail "not every file was inspected"
[ "$(grep -c '^none ' "$tmp/signs")" = "$count" ] || fail "the code of not every file was read"
[ "$count" -ge 300 ] || fail "only $count files were read, at least 300 were expected"
# They are sound images: what refuses them is their checksum, not a header that is read wrongly.
sound=$(grep -c '"checksum_computed":[0-9]' "$tmp/inspected" || true)
[ "$sound" -ge 300 ] || fail "the headers of only $sound files were accepted"
python=/usr/bin/python3
if "$python" -c 'import pefile' 2> /dev/null; then
    "$python" "$here/images.py" "$tmp/inspected" || fail "pefile reads these files otherwise"
fi
echo "$count files of Wine, $sound with headers that were accepted"
exit "$failed"
