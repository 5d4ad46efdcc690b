#!/bin/sh
# wine_run.sh for a program for 32-bit Windows, whatever the build:
#   wine32_run.sh [--] EXE ARGS...
# Exit status 77 where packaging/wine32.sh has made no tree.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
TCPIPWATCH_WINE32=${TCPIPWATCH_WINE32:-$here/../../build/wine32}
[ -f "$TCPIPWATCH_WINE32/.stamp" ] || {
    echo "skipped: there is no 32-bit Wine in $TCPIPWATCH_WINE32: sh packaging/wine32.sh"
    exit 77
}
export TCPIPWATCH_WINE32
exec sh "$here/wine_run.sh" "$@"
