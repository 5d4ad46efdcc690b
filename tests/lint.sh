#!/bin/sh
# The checks that read the sources instead of running them:
#   lint.sh format | cppcheck | shell | manpages | texts
#   lint.sh tidy BUILD PART PARTS    every PARTS-th source, by BUILD/compile_commands.json
#   lint.sh tidy_windows BUILD       the sources for Windows alone, by that of a build for it
# Exit status: 0 clean, 1 not, 77 (skipped) where the tool is missing or there is nothing to check.
set -eu
cd "$(dirname "$0")/.."

# Names with blanks do not occur in the tree; a check in `texts` sees to it.
sources() { # PATTERN...
    if git -c safe.directory='*' rev-parse --git-dir > /dev/null 2>&1; then
        git -c safe.directory='*' ls-files -- "$@" | while read -r file; do
            [ ! -f "$file" ] || echo "$file"
        done
    else
        for pattern in "$@"; do
            find . -path './build*' -prune -o -type f -name "$pattern" -print | sed 's|^\./||'
        done
    fi
}

need() {
    command -v "$1" > /dev/null || {
        echo "skipped: $1 is not installed"
        exit 77
    }
}

# no_lines SENTENCE < LINES: shows them, with what is wrong with them
no_lines() {
    if grep .; then
        echo "$1"
        failed=1
    fi
}

check_texts() {
    failed=0
    # Where somebody built it says nothing to anybody else, and breaks there.
    sources '*' | xargs grep -nIE '(^|[^[:alnum:]._/~-])/(work|home|root|Users)/[[:alnum:]._-]' |
        grep -vE '^tests/lint[.]sh:' > "$list" || true
    no_lines "These lines name folders of one machine." < "$list"
    sources '*' | xargs grep -nIwE 'TODO|FIXME|XXX' | grep -vE '^tests/lint[.]sh:' > "$list" || true
    no_lines "These lines speak of work that is not done." < "$list"
    sources '*' | xargs grep -nIE '[[:blank:]]+$' > "$list" || true
    no_lines "These lines end in blanks." < "$list"
    sources '*' | grep '[^[:alnum:]._/-]' > "$list" || true
    no_lines "These names need quoting in a script." < "$list"
    return "$failed"
}

list=$(mktemp)
trap 'rm -f "$list"' EXIT

case ${1-} in
format)
    need clang-format
    sources '*.c' '*.h' | xargs clang-format --dry-run -Werror
    ;;
tidy)
    need clang-tidy
    [ $# = 4 ] || exit 2
    python3 - "$2/compile_commands.json" "$3" "$4" > "$list" << 'P'
import json, sys
files = sorted({entry["file"] for entry in json.load(open(sys.argv[1], encoding="utf-8"))})
print(*files[int(sys.argv[2])::int(sys.argv[3])], sep="\0", end="")
P
    # One file a run: its check of va_list takes what it saw in one file for true in the next. On its
    # standard error output it counts what it does not show.
    xargs -0 -n 1 clang-tidy --quiet -p "$2" < "$list" 2> "$list.errors" || {
        grep -v ' warnings* generated[.]$' "$list.errors" || true
        rm -f "$list.errors"
        exit 1
    }
    rm -f "$list.errors"
    ;;
tidy_windows)
    # What the builds for Linux do not have. A handle is a number to one call of Windows and a pointer
    # to another, so that this cannot be helped.
    need clang-tidy
    [ $# = 2 ] || exit 2
    root=$PWD
    sources '*/*_win32.c' | grep -v '^tests/' | sed "s|^|$root/|" |
        xargs -n 1 -P 2 clang-tidy --quiet -p "$2" --checks=-performance-no-int-to-ptr \
            --extra-arg=--target=i686-w64-mingw32 --extra-arg=-Wno-ignored-attributes 2> "$list" || {
        grep -v ' warnings* generated[.]$' "$list" || true
        exit 1
    }
    ;;
cppcheck)
    need cppcheck
    sources 'patchcore/*.c' 'watcher/*.c' 'tests/*.c' > "$list"
    cppcheck --quiet -j2 --std=c11 --enable=warning,performance,portability --inline-suppr \
        --error-exitcode=1 -Ipatchcore -Iwatcher -Itests -D__linux__ -DTCPIPWATCH_VERSION='""' \
        -DTEST_DATA='""' --suppress=missingIncludeSystem --file-list="$list"
    ;;
shell)
    need shellcheck
    { sources '*.sh'; echo .ci/run; } | xargs shellcheck -x
    ;;
manpages)
    need mandoc
    sources '*.1' '*.5' '*.8' > "$list"
    [ -s "$list" ] || {
        echo "skipped: there are no manual pages"
        exit 77
    }
    # Down to its remarks on style. It looks for the pages that a page refers to where they would be
    # installed: this program's own need not be.
    failed=0
    xargs mandoc -T lint -W style < "$list" 2>&1 |
        grep -vE 'referenced manual not found: Xr tcpip(patch|watch|watch[.]ini) ' > "$list.found" || true
    no_lines "See mandoc(1)." < "$list.found"
    rm -f "$list.found"
    exit "$failed"
    ;;
texts)
    check_texts
    ;;
*)
    sed -n '3,5s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
