#!/bin/sh
# Builds everything optimised and prints what the program promises about its speed and size, next to
# what was measured:
#     sh packaging/bench.sh [--megabytes N] [--rounds N] [--samples DIR]
# On Debian 12; missing packages are installed (as root). Takes some three minutes on a quiet machine.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/.."
# shellcheck source=packaging/packages.sh
. "$here/packages.sh"
# shellcheck disable=SC2086 # one word a package
install_packages $packages_build libcunit1-dev python3 libevtx-utils libxml2-utils \
    apt ca-certificates debian-archive-keyring make patch tar gzip xz-utils util-linux
sh packaging/windows-deps.sh --native
cmake -S . -B build/bench -G Ninja -DCMAKE_BUILD_TYPE=Release > /dev/null
cmake --build build/bench --target tcpipwatch tcpippatch make_log make_image measure latency
PKG_CONFIG_PATH=$PWD/build/static-deps/native/lib/pkgconfig \
    cmake -S . -B build/bench-static -G Ninja -DCMAKE_BUILD_TYPE=MinSizeRel -DTCPIPWATCH_STATIC=ON \
    -DTCPIPWATCH_TESTS=OFF > /dev/null
cmake --build build/bench-static --target tcpipwatch
exec sh tests/bench/goals.sh build/bench build/bench-static "$@"
