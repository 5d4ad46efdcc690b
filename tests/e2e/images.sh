#!/bin/sh
# Makes test images of every kind and has an independent reader of PE files (python3-pefile) confirm
# what make_image and the patch core say of them.
# Usage: images.sh BUILD_DIR. Exit status 77 (skipped) where python3-pefile is not installed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)/tests
python=/usr/bin/python3
"$python" -c 'import pefile' 2> /dev/null || {
    echo "skipped: python3-pefile is not installed"
    exit 77
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

make() { # FILE STATUS OPTION...: adds one line to the list of what is expected
    file=$1
    status=$2
    shift 2
    "$build/make_image" "$@" "$file"
    printf '%s\t%s\n' "$file" "$status" >> expected
}

"$build/make_image" --list > builds
while read -r name version machine about; do
    case "$about" in
    Vista | "Vista SP1") status=unrecognised ;;
    "Vista SP2" | "Windows "* | "XP SP1" | "Server 2003") status=no-limit ;;
    *) status=original ;;
    esac
    make "$name.sys" "$status" --build "$name"
    printf '%s\t%s\t%s\n' "$name.sys" "$version" "$machine" >> headers
    if [ "$status" = original ]; then
        make "$name-50.sys" patched --build "$name" --limit 50
    fi
done < builds

make sign-a.sys unrecognised --no-sign-a
make sign-b.sys unrecognised --no-sign-b
make disagree.sys unrecognised --signs-disagree
make two.sys unrecognised --two-stores
make no-store.sys unrecognised --no-store
make outside.sys unrecognised --store-outside
make table.sys original --no-sign-a --known-checksum
make odd.sys original --limit-at 0x4F001
make odd-size.sys original --overlay 5
make zero.sys unrecognised --limit 0
make most.sys patched --limit 16777214
make above.sys unrecognised --limit 16777215
make other.sys unrecognised --name other.sys
make upper.sys original --name TCPIP.SYS
make internal.sys unrecognised --name '' --internal ntoskrnl.exe
make no-version.sys original --no-version
make old.sys no-limit --version 5.1.2600.1106
make new.sys no-limit --version 10.0.22621.1
make bad-checksum.sys damaged --bad-checksum
make no-checksum.sys damaged --no-checksum
make cut.sys damaged --truncate 300000
make cut-headers.sys damaged --truncate 100
make 64-two.sys unrecognised --build 2003x64 --two-stores
make 64-no-run.sys unrecognised --build 2003x64 --no-sign-a
make 64-no-store.sys unrecognised --build 2003x64 --no-store
make 64-outside.sys unrecognised --build 2003x64 --store-outside
make 64-alone.sys original --build 2003x64 --no-sign-b

# Every limit of a published checksum, set by the patch core, and set back.
for limit in 1 50 100 200 1000 16777214; do
    for name in 2180 2685 2892gdr 5625 2003sp1 2003x64; do
        cp "$name.sys" "$name-set-$limit.sys"
        "$build/inspect_image" set "$limit" "$name-set-$limit.sys"
        printf '%s\t%s\n' "$name-set-$limit.sys" patched >> expected
        cp "$name-set-$limit.sys" back.sys
        "$build/inspect_image" set 10 back.sys
        cmp "$name.sys" back.sys
    done
done
rm back.sys

# Nothing is written where it must not be.
for file in bad-checksum.sys two.sys vista.sys win10.sys other.sys cut.sys; do
    cp "$file" kept
    if "$build/inspect_image" set 50 "$file" 2> /dev/null; then
        echo "FAILED: a limit was set in $file"
        exit 1
    fi
    cmp "$file" kept
done

# Wrong options are refused in whole sentences, and nothing is written.
refuses() {
    status=0
    "$build/make_image" "$@" > /dev/null 2> message || status=$?
    if [ "$status" != 2 ] || ! grep -q '^make_image: .*\.$' message || [ -e refused.sys ]; then
        echo "FAILED: make_image $* gave status $status and said: $(cat message)"
        exit 1
    fi
}
refuses
refuses refused.sys second.sys
refuses --limit
refuses --limit ten refused.sys
refuses --limit 4294967296 refused.sys
refuses --version 5.1.2600 refused.sys
refuses --nonsense refused.sys
refuses --build nothing refused.sys
refuses --build win10 --limit 5 refused.sys
"$build/make_image" --help | grep -q '^Usage: make_image'

cut -f 1 expected | "$build/inspect_image" inspect - > inspected
"$python" "$here/images.py" expected headers inspected
