#!/bin/sh
# Pictures of all that the tray shows, taken while wine_tray.sh tests it.
# Usage: screenshots.sh BUILD_DIR PICTURES. With --keep, those that the README shows are put into
# packaging/screenshots as well.
set -eu

keep=false
[ "${1-}" != --keep ] || {
    keep=true
    shift
}
[ $# = 2 ] || {
    sed -n '3,4s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
here=$(cd "$(dirname "$0")" && pwd)
status=0
sh "$here/wine_tray.sh" "$1" "$2" || status=$?
if $keep && [ "$status" = 0 ]; then
    for name in tray question-restart; do
        # Few colours, and nothing of when and by what it was made.
        convert "$2/$name.png" -strip +dither -colors 128 -define png:compression-level=9 \
            "PNG8:$here/../../packaging/screenshots/$name.png"
    done
fi
exit "$status"
