#!/bin/sh
# Makes a small 32-bit Debian with Wine in it, in which the programs for 32-bit Windows run, with
# Wine saying that it is Windows XP: Debian's 64-bit Wine has no 32-bit part.
#
#   sh packaging/wine32.sh [FOLDER]     default: build/wine32 of this source tree
#   sh packaging/wine32.sh --packages   prints the Debian packages that this needs
#
# Needs root. tests/e2e/wine_run.sh enters it. The packages come from the mirror that this machine's
# apt uses already. A second run with the same script returns at once. Exit status 77: not root.
set -eu

packages="debootstrap debian-archive-keyring ca-certificates util-linux"
# What is in it besides the smallest Debian; a font, so that dialogs can be read.
include=wine,wine32,fonts-dejavu-core
suite=bookworm

case ${1-} in
--packages)
    echo "$packages"
    exit 0
    ;;
-*)
    echo "usage: $0 [FOLDER] | --packages" >&2
    exit 2
    ;;
esac

say() { echo "wine32: $*"; }
die() { echo "wine32: $*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || {
    say "only root can make and enter another Debian; the tests of the 32-bit programs are skipped"
    exit 77
}
script=$(readlink -f "$0")
base=${1:-$(dirname "$script")/../build/wine32}
mkdir -p "$(dirname "$base")"
base=$(cd "$(dirname "$base")" && pwd)/$(basename "$base")

# Two that are started at once must not work in the same folder.
exec 9> "$base.lock"
flock 9
stamp=$(sha256sum < "$script" | cut -d' ' -f1)
if [ -f "$base/.stamp" ] && [ "$(cat "$base/.stamp")" = "$stamp" ]; then
    say "up to date in $base"
    exit 0
fi
command -v debootstrap > /dev/null ||
    die "debootstrap not found: apt-get install \$(sh packaging/wine32.sh --packages)"
mirror=$(apt-get update --print-uris | sed -n "s|^'\(.*\)/dists/$suite/main/binary-.*|\1|p" | head -n 1)
[ -n "$mirror" ] || die "this machine's apt names no mirror of Debian's $suite (apt-get update --print-uris)"

# What debootstrap mounts is gone with its namespace, also when it is interrupted.
new=$base.new
rm -rf "$new"
trap 'rm -rf "$new"' EXIT
trap 'exit 130' INT TERM
started=$(date +%s)
unshare --mount debootstrap --variant=minbase --arch=i386 --components=main --include="$include" \
    "$suite" "$new" "$mirror" > "$base.log" 2>&1 9>&- < /dev/null || {
    tail -n 30 "$base.log" >&2
    die "debootstrap failed; its whole output is in $base.log"
}
rm -rf "$new"/var/cache/apt/archives/*.deb "$new"/var/lib/apt/lists/* "$new"/usr/share/doc/* \
    "$new"/usr/share/man/* "$new"/usr/share/locale/*
echo "$stamp" > "$new/.stamp"
rm -rf "$base"
mv "$new" "$base"
say "done in $(($(date +%s) - started)) s: $(du -sm "$base" | cut -f1) MB in $base"
