#!/bin/sh
# Runs a 64-bit Windows program under Wine, with a prefix of its own and, if not asked for, without a
# display:
#   wine_run.sh [--] EXE ARGS...
# Exit status: that of the program (Wine keeps its low 8 bits); 124 if it ran too long; 125 if Wine
# itself does not work.
#   TCPIPWATCH_WINEPREFIX    the prefix, made when it is not there; default $PWD/wineprefix
#   TCPIPWATCH_WINE_TIMEOUT  seconds that the program may take, default 120
#   TCPIPWATCH_WINE_DISPLAY  an X display, as in :99, for programs that have windows
#   TCPIPWATCH_WINEDLLOVERRIDES  more of Wine's WINEDLLOVERRIDES, none by default
set -eu

[ "${1-}" != -- ] || shift
if [ $# -eq 0 ]; then
    echo "usage: $0 [--] EXE ARGS..." >&2
    exit 125
fi

fail() { echo "wine_run: $*" >&2; exit 125; }

# Debian has /usr/lib/wine/wine64 at the least; a plain wine64 only with some of its packages.
wine=$(command -v wine64 || command -v /usr/lib/wine/wine64 || command -v wine) ||
    fail "no wine64 here: apt-get install wine64"
server=$(command -v wineserver || command -v /usr/lib/wine/wineserver64) || fail "no wineserver here"

WINEPREFIX=${TCPIPWATCH_WINEPREFIX:-$PWD/wineprefix}
mkdir -p "$(dirname "$WINEPREFIX")"
WINEPREFIX=$(cd "$(dirname "$WINEPREFIX")" && pwd)/$(basename "$WINEPREFIX")
WINEARCH=win64
WINEDEBUG=${WINEDEBUG:--all}
# No .NET, no HTML engine (each would ask to be downloaded), no desktop menus.
WINEDLLOVERRIDES="mscoree,mshtml=;winemenubuilder.exe=d${TCPIPWATCH_WINEDLLOVERRIDES:+;$TCPIPWATCH_WINEDLLOVERRIDES}"
export WINEPREFIX WINEARCH WINEDEBUG WINEDLLOVERRIDES
unset DISPLAY WAYLAND_DISPLAY
if [ -n "${TCPIPWATCH_WINE_DISPLAY-}" ]; then
    DISPLAY=$TCPIPWATCH_WINE_DISPLAY
    export DISPLAY
fi

# Several tests may start at once: one makes the prefix, the others wait for it. It is made under
# another name, so that an interrupted attempt leaves nothing behind that looks finished.
if [ ! -f "$WINEPREFIX/.made" ]; then
    (
        flock 9
        [ ! -f "$WINEPREFIX/.made" ] || exit 0
        rm -rf "$WINEPREFIX" "$WINEPREFIX.new"
        WINEPREFIX=$WINEPREFIX.new
        mkdir -p "$WINEPREFIX"
        timeout 300 "$wine" wineboot --init > "$WINEPREFIX.log" 2>&1 9>&- < /dev/null &&
            timeout 60 "$server" -w 9>&- ||
            { cat "$WINEPREFIX.log" >&2; echo "wine_run: cannot make a Wine prefix" >&2; exit 125; }
        touch "$WINEPREFIX/.made"
        rm -f "$WINEPREFIX.log"
        mv "$WINEPREFIX" "${WINEPREFIX%.new}"
    ) 9> "$WINEPREFIX.lock" || exit 125
fi

status=0
timeout --foreground -k 5 "${TCPIPWATCH_WINE_TIMEOUT:-120}" "$wine" "$@" || status=$?
exit "$status"
