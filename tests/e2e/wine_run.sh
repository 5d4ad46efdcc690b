#!/bin/sh
# Runs a Windows program under Wine, with a prefix of its own and without a display:
#   wine_run.sh [--] EXE ARGS...
#   wine_run.sh --server ARGS...     Wine's own server for that prefix: -k, -p, -w
# Programs for 64-bit Windows by this machine's Wine; those for 32-bit Windows in the tree that
# packaging/wine32.sh made, with Wine saying that it is Windows XP. All paths mean the same in there.
# Exit status: that of the program (Wine keeps its low 8 bits); 124 if it ran too long; 125 if Wine
# itself does not work.
#   TCPIPWATCH_WINEPREFIX    the prefix, made when it is not there; default $PWD/wineprefix
#   TCPIPWATCH_WINE_TIMEOUT  seconds that the program may take, default 120
#   TCPIPWATCH_WINEDLLOVERRIDES  more of Wine's WINEDLLOVERRIDES, none by default
#   TCPIPWATCH_WINE_DISPLAY  an X display that the program may use, such as :99; none by default
#   TCPIPWATCH_WINE32        the tree with the 32-bit Wine, for a 32-bit program; else empty
set -eu

[ "${1-}" != -- ] || shift
if [ $# -eq 0 ]; then
    echo "usage: $0 [--] EXE ARGS... | --server ARGS..." >&2
    exit 125
fi

fail() { echo "wine_run: $*" >&2; exit 125; }

tree=${TCPIPWATCH_WINE32-}
if [ -n "$tree" ] && [ -z "${TCPIPWATCH_IN_WINE32-}" ]; then
    # The tree's programs and settings take the place of the machine's, for this process and its
    # children alone. Nothing else changes its place.
    [ -f "$tree/.stamp" ] || fail "there is no 32-bit Wine in $tree: sh packaging/wine32.sh"
    here=$(cd "$(dirname "$0")" && pwd)
    TCPIPWATCH_IN_WINE32=1
    export TCPIPWATCH_IN_WINE32
    # shellcheck disable=SC2016 # expanded by the inner shell
    exec unshare --mount sh -c '
        tree=$1
        shift
        mount --bind "$tree/etc" /etc && mount --bind "$tree/usr" /usr && exec /bin/sh "$@"' \
        sh "$tree" "$here/wine_run.sh" "$@"
fi

# Debian has /usr/lib/wine/wine64 at the least; a plain wine64 only with some of its packages.
if [ -n "$tree" ]; then
    wine=/usr/lib/wine/wine
    server=/usr/lib/wine/wineserver32
    WINEARCH=win32
else
    wine=$(command -v wine64 || command -v /usr/lib/wine/wine64 || command -v wine) ||
        fail "no wine64 here: apt-get install wine64"
    server=$(command -v wineserver || command -v /usr/lib/wine/wineserver64) || fail "no wineserver here"
    WINEARCH=win64
fi

WINEPREFIX=${TCPIPWATCH_WINEPREFIX:-$PWD/wineprefix}
mkdir -p "$(dirname "$WINEPREFIX")"
WINEPREFIX=$(cd "$(dirname "$WINEPREFIX")" && pwd)/$(basename "$WINEPREFIX")
WINEDEBUG=${WINEDEBUG:--all}
# No .NET, no HTML engine (each would ask to be downloaded), no desktop menus.
WINEDLLOVERRIDES="mscoree,mshtml=;winemenubuilder.exe=d${TCPIPWATCH_WINEDLLOVERRIDES:+;$TCPIPWATCH_WINEDLLOVERRIDES}"
export WINEPREFIX WINEARCH WINEDEBUG WINEDLLOVERRIDES
unset WAYLAND_DISPLAY
display=${TCPIPWATCH_WINE_DISPLAY-}
unset DISPLAY

if [ "$1" = --server ]; then
    shift
    exec "$server" "$@"
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
            { [ -z "$tree" ] ||
                timeout 60 "$wine" reg add 'HKCU\Software\Wine' /v Version /d winxp /f \
                    >> "$WINEPREFIX.log" 2>&1 9>&- < /dev/null; } &&
            timeout 60 "$server" -w 9>&- ||
            { cat "$WINEPREFIX.log" >&2; echo "wine_run: cannot make a Wine prefix" >&2; exit 125; }
        touch "$WINEPREFIX/.made"
        rm -f "$WINEPREFIX.log"
        mv "$WINEPREFIX" "${WINEPREFIX%.new}"
    ) 9> "$WINEPREFIX.lock" || exit 125
fi

if [ -n "$display" ]; then
    DISPLAY=$display
    export DISPLAY
fi
# The first program in a prefix starts Wine's services, which keep its standard error output open. Who
# reads that through a pipe would wait until the last program in the prefix ends; a file does not.
status=0
errors=
if [ -p /dev/stderr ]; then
    errors=$(mktemp)
    exec 3>&2 2> "$errors"
fi
timeout --foreground -k 5 "${TCPIPWATCH_WINE_TIMEOUT:-120}" "$wine" "$@" 3>&- || status=$?
if [ -n "$errors" ]; then
    cat "$errors" >&3
    rm -f "$errors"
fi
exit "$status"
