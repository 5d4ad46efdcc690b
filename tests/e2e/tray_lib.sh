# shellcheck shell=sh disable=SC2034,SC2154
# What the scripts share that look at the tray under Wine, besides lib.sh:
#     . "$(dirname "$0")/lib.sh"
#     . "$(dirname "$0")/tray_lib.sh"
#     tray_begin "$1" [PICTURES]
# Starts a display of its own, with a Wine desktop that has a taskbar. There is one such desktop for a
# build, so that tests with it run one at a time (RESOURCE_LOCK in tests/CMakeLists.txt). Sets root, data, log and policy
# (paths in $tmp), original.sys there, and pictures, the folder that picture() fills.
#   TCPIPWATCH_WINE_RUN  what runs a Windows program, wine_run.sh if it is not set

places="System32/drivers System32/dllcache ServicePackFiles/i386"
ask_patch="tcpipwatch - raise the limit?"
ask_sure="tcpipwatch - are you sure?"
ask_restart="tcpipwatch - restart?"
ask_grace="tcpipwatch - restart under way"
status_window="tcpipwatch - status"

tray_begin() { # BUILD [PICTURES]
    for program in Xvfb xdotool import convert compare; do
        command -v "$program" > /dev/null || {
            echo "skipped: $program is not installed"
            exit 77
        }
    done
    mkdir -p "${2-.}"
    pictures=$(cd "${2-.}" && pwd)
    begin "$1"
    [ $# -gt 1 ] || pictures=$tmp/pictures
    mkdir -p "$pictures"
    display=
    tray=
    trap 'tray_clean; clean' EXIT
    tests=$(cd "$tests/../e2e" && pwd)
    runner=${TCPIPWATCH_WINE_RUN:-$tests/wine_run.sh}
    root=WINDOWS
    data=data
    log=Sys.Evt
    policy=lab.ini
    # A prefix of its own: its desktop is not that of other tests, which have no display.
    TCPIPWATCH_WINEPREFIX=${TCPIPWATCH_WINEPREFIX:-$build/wineprefix}-tray
    TCPIPWATCH_WINE_TIMEOUT=600
    export TCPIPWATCH_WINEPREFIX TCPIPWATCH_WINE_TIMEOUT
    Xvfb -displayfd 3 -screen 0 1024x768x24 -nolisten tcp 3> display.number > xvfb.log 2>&1 &
    display=$!
    wait_for 20 "a display" test -s display.number
    end_windows # what an interrupted test left has its windows on a display that is gone
    take_fonts
    TCPIPWATCH_WINE_DISPLAY=:$(cat display.number)
    DISPLAY=$TCPIPWATCH_WINE_DISPLAY
    export TCPIPWATCH_WINE_DISPLAY DISPLAY
    wine reg.exe add 'HKCU\Software\Wine\Explorer' /v Desktop /d tray /f > /dev/null
    wine reg.exe add 'HKCU\Software\Wine\Explorer\Desktops' /v tray /d 1024x768 /f > /dev/null
    wine "$build/tests/make_image.exe" original.sys
    wine "$build/tests/make_image.exe" --limit 100 limit100.sys
    wine "$build/tests/make_image.exe" --limit 200 limit200.sys
    find_window list > /dev/null # the desktop is there
}

# Debian's wine64 does not find Wine's own Tahoma and the signs of the title bar.
take_fonts() {
    fonts=$TCPIPWATCH_WINEPREFIX/drive_c/windows/Fonts
    [ ! -f "$fonts/tahoma.ttf" ] || return 0
    wine cmd.exe /c ver > /dev/null
    if [ -d "$fonts" ] && [ -d /usr/share/wine/fonts ]; then
        cp /usr/share/wine/fonts/*.ttf "$fonts"
        end_windows # it looks for fonts when it starts
    fi
}

# Ends all that runs in the prefix: by Wine's server, since a program would look for the desktop first,
# whose display may be gone.
end_windows() {
    server=$(command -v wineserver || command -v /usr/lib/wine/wineserver64 || true)
    if [ -n "${TCPIPWATCH_WINE_RUN-}" ] || [ -z "$server" ]; then
        timeout 60 sh "$runner" wineboot.exe -k > /dev/null 2>&1 || true
    elif [ -d "$TCPIPWATCH_WINEPREFIX" ]; then
        WINEPREFIX=$TCPIPWATCH_WINEPREFIX timeout 30 "$server" -k > /dev/null 2>&1 || true
        WINEPREFIX=$TCPIPWATCH_WINEPREFIX timeout 30 "$server" -w > /dev/null 2>&1 || true
    fi
}

tray_clean() {
    if [ -n "$tray" ]; then
        kill "$tray" 2> /dev/null || true
    fi
    [ -z "$display" ] || {
        end_windows
        kill "$display" 2> /dev/null || true
    }
}

wine() {
    sh "$runner" "$@"
}

find_window() {
    wine "$build/tests/find_window.exe" "$@"
}

windows() { # a Windows directory with three copies, and no data directory
    rm -rf "$root" "$data"
    for place in $places; do
        mkdir -p "$root/$place"
        cp original.sys "$root/$place/tcpip.sys"
    done
}

all_are() { # FILE
    for place in $places; do
        cmp "$1" "$root/$place/tcpip.sys" || return 1
    done
}

new_log() {
    rm -f "$log"
    wine "$build/tests/make_log.exe" create "$log"
}

events() { # COUNT [OPTION]...
    count=$1
    shift
    wine "$build/tests/make_log.exe" append "$log" --count "$count" "$@"
}

# start_tray ARGUMENT...: until the icon is there.
start_tray() {
    : > tray.out
    ln -sf tray.out out # shown when something fails
    ln -sf tray.err err
    sh "$runner" "$build/tcpipwatch.exe" run --tray "$@" > tray.out 2> tray.err < /dev/null &
    tray=$!
    wait_for 60 "the watcher" grep -q " watches " tray.out
    wait_for 60 "the icon" icon_is_there
}

# alone QUESTION: the tray without a watcher asks it.
alone() {
    sh "$runner" "$build/tests/ask_tray.exe" "$@" > answer 2> answer.err < /dev/null &
    tray=$!
}

answered() { # ANSWER
    wait_for 30 "the answer \"$1\"" grep -q "answer $1" answer
    status=0
    wait "$tray" || status=$?
    tray=
    check "it ends well" test "$status" = 0
}

# tray_ended WHAT: it ends by itself, with exit status 0.
tray_ended() {
    last=$(($(date +%s) + 20))
    while kill -0 "$tray" 2> /dev/null && [ "$(date +%s)" -lt "$last" ]; do
        sleep 0.1
    done
    kill "$tray" 2> /dev/null || true
    status=0
    wait "$tray" || status=$?
    tray=
    if [ "$status" = 0 ]; then ok; else bad "$1: exit status $status"; fi
    check "$1 is said" grep -q "Stopped[.]" tray.out
}

actions() { # ACTION
    grep -c "\"action\":\"$1\"" "$data/audit.jsonl" || true
}

# acted COUNT ACTION: the audit log comes to have that many.
acted() {
    wait_for 30 "$1 \"$2\" in the audit log" enough_actions "$1" "$2"
    if [ "$(actions "$2")" != "$1" ]; then
        bad "$2 stands $(actions "$2") times in the audit log, expected $1"
    fi
}

enough_actions() {
    [ "$(actions "$2")" -ge "$1" ]
}

# ---- the screen ----

is_open() { # TITLE
    find_window at "$1"
}

opens() { # TITLE
    wait_for 30 "the window \"$1\"" is_open "$1"
}

is_closed() {
    ! find_window at "$1"
}

closes() { # TITLE
    wait_for 30 "the end of the window \"$1\"" is_closed "$1"
}

# The mouse moves to where it is and clicks there.
click_at() { # X Y [BUTTON]
    xdotool mousemove "$1" "$2" sleep 0.1 click "${3-1}"
}

click() { # TITLE TEXT
    place=$(find_window at "$1" "$2") || {
        bad "no \"$2\" in \"$1\""
        return 0
    }
    sleep 0.6 # a dialog takes no click in its first moment
    # shellcheck disable=SC2086 # two numbers
    click_at $place
}

open_menu() {
    # shellcheck disable=SC2046 # two numbers
    click_at $(find_window icon) 3
    wait_for 30 "the menu" find_window menu
}

menu_closes() {
    wait_for 30 "the end of the menu" menu_is_closed
}

menu_is_closed() {
    ! find_window menu
}

# Where an item of the open menu is: 7 items, with 4 lines between them that are 9 pixels high.
menu_item() { # LETTER
    case $1 in
    s) set -- 0 0 ;;
    p) set -- 1 1 ;;
    r) set -- 2 1 ;;
    o) set -- 3 2 ;;
    a) set -- 4 2 ;;
    n) set -- 5 3 ;;
    x) set -- 6 4 ;;
    esac
    menu=$(find_window menu) || menu="0 0 0 0"
    # shellcheck disable=SC2086 # numbers
    set -- $1 $2 $menu
    item=$((($6 - 42) / 7))
    echo "$(($3 + 40)) $(($4 + 3 + item * $1 + 9 * $2 + item / 2))"
}

click_item() { # LETTER
    # shellcheck disable=SC2046 # two numbers
    click_at $(menu_item "$1")
}

choose() { # LETTER: the item of the menu with that letter
    open_menu
    click_item "$1"
}

# picture NAME [GEOMETRY]: the screen, or a part of it.
picture() {
    import -window root "$pictures/$1.png"
    if [ $# -gt 1 ]; then
        convert "$pictures/$1.png" -crop "$2" +repage "$pictures/$1.png"
    fi
}

# picture_of NAME TITLE: a window.
picture_of() {
    rectangle=$(find_window rectangle "$2") || {
        bad "no window \"$2\""
        return 0
    }
    # shellcheck disable=SC2086 # four numbers
    set -- "$1" $rectangle
    picture "$1" "$4x$5+$2+$3"
}

# The place of the icon, 16 pixels wide.
icon_picture() { # FILE
    set -- "$1" "$(find_window icon)"
    left=$((${2% *} - 8))
    top=$((${2#* } - 8))
    import -window root "$1"
    convert "$1" -crop "16x16+$left+$top" +repage "$1"
}

icon_is_there() {
    icon_picture icon.png && [ "$(convert icon.png -unique-colors -format %w info:)" -gt 8 ]
}

icon_is_not_there() {
    ! icon_is_there
}

# icon_is FACE: of all faces it is most like that one.
icon_is() {
    icon_picture icon.png
    best=
    least=
    for face in watching burst restart problem; do
        # The first frame of 16 pixels: 32 bits.
        convert "$tests/../../watcher/notify/icons/$face.ico[12]" -background white -flatten face.png
        # compare says by its status as well that they differ.
        far=$(compare -metric RMSE icon.png face.png null: 2>&1 || true)
        far=$(echo "${far%% *}" | sed 's/[.].*//')
        if [ -z "$least" ] || [ "$far" -lt "$least" ]; then
            least=$far
            best=$face
        fi
    done
    [ "$best" = "$1" ] && [ "$least" -lt 12000 ]
}
