#!/bin/sh
# The test command: builds everything in every way, then runs every test and lint.
#
#   sh packaging/test.sh [--quick] [--keep-going]
#
#   --quick        only the build with gcc, and its tests
#   --keep-going   goes on to the tests after a step that failed
#
# From a fresh clone on Debian 12, as root when packages are missing: they are installed. All output
# of the builds goes below build/. Exit status: 0 all is well, 1 something failed, 2 wrong usage.
set -eu

quick=false
keep_going=false
for argument in "$@"; do
    case $argument in
    --quick) quick=true ;;
    --keep-going) keep_going=true ;;
    *)
        sed -n '4,7s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
    esac
done

here=$(cd "$(dirname "$0")" && pwd)
cd "$here/.."
root=$PWD
# Half of the time a test waits: for a burst's window, a click, Wine's server.
jobs=$(($(nproc) + 1))
logs=$root/build/logs
mkdir -p "$logs"
failed=
# Nothing here reads standard input; a tool that tried would otherwise wait for ever.
exec < /dev/null

# step NAME COMMAND...: one line with the seconds that it took; the output only when it fails.
step() {
    name=$1
    shift
    log=$logs/$(echo "$name" | tr ' ' '-').log
    started=$(date +%s)
    printf '%-26s ' "$name"
    if "$@" > "$log" 2>&1; then
        printf '%5d s\n' $(($(date +%s) - started))
        return 0
    fi
    printf '%5d s  FAILED\n' $(($(date +%s) - started))
    tail -n 60 "$log"
    echo "The whole output of \"$name\" is in $log."
    failed="$failed \"$name\""
    $keep_going || give_up
}

give_up() {
    echo "test.sh: failed in$failed" >&2
    exit 1
}

wine32() {
    sh packaging/wine32.sh || {
        result=$?
        [ "$result" = 77 ] # not root: the programs for 32-bit Windows are built, and not run
    }
}

packages() {
    # shellcheck source=packaging/packages.sh
    . "$here/packages.sh"
    if $quick; then
        # shellcheck disable=SC2086 # one word a package
        install_packages $packages_build libcunit1-dev python3 expect attr util-linux
    else
        # shellcheck disable=SC2086
        install_packages $packages_build $packages_test
    fi
}

# build NAME OPTION...: build/NAME, whose tests are named NAME.something.
build() {
    folder=$1
    shift
    cmake -S . -B "build/$folder" -G Ninja -DTCPIPWATCH_TEST_PREFIX="$folder." "$@" &&
        cmake --build "build/$folder"
}

# As small as the resident process can be, with a libxml2 of its own.
build_static() {
    sh packaging/windows-deps.sh --native &&
        PKG_CONFIG_PATH=$root/build/static-deps/native/lib/pkgconfig \
            build static -DTCPIPWATCH_STATIC=ON -DCMAKE_BUILD_TYPE=MinSizeRel
}

# The build for coverage runs its tests before all others, so that the test `coverage` of the final
# run has something to judge.
measure_coverage() {
    find build/coverage -name '*.gcda' -exec rm -f {} +
    rm -f build/coverage/coverage.txt build/coverage/coverage.json
    result=0
    ctest --test-dir build/coverage -j"$jobs" --output-on-failure --no-tests=error \
        --repeat until-pass:2 || result=1
    python3 tests/coverage.py measure build/coverage || result=1
    return "$result"
}

builds=gcc
step packages packages
step "build gcc" build gcc
if ! $quick; then
    builds="gcc asan clang fuzz static win64 win32"
    step "windows libraries" sh packaging/windows-deps.sh
    step "wine for 32 bit" wine32
    step "build asan" build asan -DTCPIPWATCH_SANITIZE=ON -DCMAKE_BUILD_TYPE=Debug
    step "build clang" build clang -DCMAKE_C_COMPILER=clang -DTCPIPWATCH_LINTS=ON -DTCPIPWATCH_E2E=OFF \
        -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
    step "build fuzz" build fuzz -DCMAKE_C_COMPILER=clang -DTCPIPWATCH_FUZZ=ON
    step "build static" build_static
    step "build win64" build win64 -DCMAKE_TOOLCHAIN_FILE="$root/packaging/toolchain-x86_64.cmake"
    step "build win32" build win32 -DCMAKE_TOOLCHAIN_FILE="$root/packaging/toolchain-i686.cmake" \
        -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
    step "build coverage" build coverage -DTCPIPWATCH_COVERAGE=ON -DCMAKE_BUILD_TYPE=Debug
    step "coverage" measure_coverage
    [ ! -f build/coverage/coverage.txt ] || cat build/coverage/coverage.txt
fi

# One run over all builds: its closing lines are the last that this script prints. What fails is
# tried once more, and both tries are shown: windows, clicks and clocks depend on how busy the
# machine is.
mkdir -p build/all
for folder in $builds; do
    echo "subdirs(\"$root/build/$folder\")"
done > build/all/CTestTestfile.cmake
rm -f "$logs/ctest.failed"
{
    ctest --test-dir build/all -j"$jobs" --output-on-failure --no-tests=error \
        --repeat until-pass:2 || : > "$logs/ctest.failed"
} 2>&1 | tee "$logs/ctest.log"
[ ! -e "$logs/ctest.failed" ] || failed="$failed \"ctest\""
echo
echo "What the reliability tests of all builds have tried:"
# shellcheck disable=SC2086 # one word a build
(cd build && python3 ../tests/e2e/reliability_summary.py $builds) ||
    failed="$failed \"reliability summary\""
echo
sed -n '/% tests passed/,$p' "$logs/ctest.log"
[ -z "$failed" ] || give_up
