#!/bin/sh
# Builds the programs for 32-bit and 64-bit Windows and puts them into one installer:
# build/installer/tcpipwatch-VERSION-setup.exe.
#
#   sh packaging/installer.sh [--no-packages] [--target TARGET] [FOLDER]
#
#   --no-packages    installs no Debian packages, also when some are missing
#   --target TARGET  the installer's own program: x86-unicode (default), which runs on every Windows,
#                    or amd64-unicode, for tests where only 64-bit programs run
#   FOLDER           where it is made, instead of build/installer; the builds stay there
#
# Who has a certificate sets the variables that packaging/installer/sign.sh names: then the programs,
# the uninstaller and the installer are signed. Exit status: 0 made, 1 something failed, 2 wrong usage.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/.." && pwd)
builds=$root/build/installer
folder=$builds
target=x86-unicode
packages=true
while [ $# -gt 0 ]; do
    case $1 in
    --no-packages) packages=false ;;
    --target)
        target=${2-}
        shift
        ;;
    -* | '')
        sed -n '5,10s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
    *) folder=$1 ;;
    esac
    shift
done
case $target in
x86-unicode | amd64-unicode) ;;
*)
    echo "installer.sh: the target is x86-unicode or amd64-unicode" >&2
    exit 2
    ;;
esac
mkdir -p "$builds" "$folder"
folder=$(cd "$folder" && pwd)
cd "$root"

# Two that are started at once must not build in the same folder.
exec 9> "$builds/.lock"
flock 9

die() {
    echo "installer.sh: $*" >&2
    exit 1
}

if $packages; then
    # shellcheck source=packaging/packages.sh
    . "$here/packages.sh"
    # shellcheck disable=SC2086 # one word a package
    install_packages cmake ninja-build $packages_installer ||
        die "the packages cannot be installed"
    sh "$here/windows-deps.sh"
fi

version=$(sed -n 's/^project(tcpipwatch VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
[ -n "$version" ] || die "CMakeLists.txt names no version"
version4=$(echo "$version.0.0.0.0" | cut -d. -f1-4)
copyright=$(sed -n 's/^\(Copyright .*\)$/\1/p' LICENSE)
company=${copyright#Copyright (c) [0-9]* }

# ---- the programs, stripped: those with their symbols stay in the build folders ----
build_programs() { # NAME TRIPLET
    arch=${2%%-*}
    {
        cmake -S . -B "$builds/build-$1" -G Ninja -DCMAKE_BUILD_TYPE=Release -DTCPIPWATCH_TESTS=OFF \
            -DCMAKE_TOOLCHAIN_FILE="$here/toolchain-$arch.cmake" &&
            cmake --build "$builds/build-$1"
    } > "$builds/build-$1.log" 2>&1 9>&- || {
        tail -n 30 "$builds/build-$1.log" >&2
        die "the build failed; its whole output is in $builds/build-$1.log"
    }
    mkdir -p "$stage/$1"
    for program in tcpippatch tcpipwatch tcpipwatchw; do
        "$2-strip" -o "$stage/$1/$program.exe" "$builds/build-$1/$program.exe"
        sh "$here/installer/sign.sh" "$stage/$1/$program.exe" 9>&-
    done
}

# ---- the papers, as the Notepad of Windows XP reads them ----
windows_text() { # FILE: to standard output
    # A byte order mark only where there is anything beyond ASCII.
    if LC_ALL=C grep -q '[^ -~[:blank:]]' "$1"; then
        printf '\357\273\277'
    fi
    sed 's/$/\r/' "$1"
}

manual_page() { # FILE: to standard output; it knows no bold there
    mandoc -T utf8 -O width=78 "$1" | LC_ALL=C.UTF-8 sed "s/.$(printf '\b')//g"
}

stage=$folder/stage.new
rm -rf "$stage"
mkdir -p "$stage"
build_programs x86 i686-w64-mingw32
build_programs x64 x86_64-w64-mingw32
for paper in LICENSE NOTICE; do
    windows_text "$paper" > "$stage/$paper.txt"
done
windows_text README.md > "$stage/README.txt"
windows_text conf/tcpipwatch.ini > "$stage/tcpipwatch.ini"
for page in patchcore/tcpippatch.8 watcher/tcpipwatch.8 watcher/tcpipwatch.ini.5; do
    name=$(basename "$page")
    manual_page "$page" > "$folder/$name"
    [ -s "$folder/$name" ] || die "the manual page $page cannot be formatted"
    windows_text "$folder/$name" > "$stage/$name.txt"
    rm "$folder/$name"
done
rm -rf "$folder/stage"
mv "$stage" "$folder/stage"
stage=$folder/stage

# ---- the installer ----
name=tcpipwatch-$version-setup.exe
size=$(du -sk --apparent-size --exclude=x86 "$stage" | cut -f1)
set -- -DVERSION="$version" -DVERSION4="$version4" -DSTAGE="$stage" -DSIZE="$size" -DSETUP="$folder/$name.new" \
    -DHERE="$here/installer" -DSETUP_NAME="${name%.exe}" -DTARGET="$target" -DCOMPANY="$company" -DCOPYRIGHT="$copyright"
if [ -n "${TCPIPWATCH_SIGN_CERT-}${TCPIPWATCH_SIGN_KEY-}${TCPIPWATCH_SIGN_PKCS12-}" ]; then
    set -- "$@" -DSIGN="$here/installer/sign.sh"
fi
makensis -V2 -WX -NOCD -INPUTCHARSET UTF8 "$@" "$here/installer/tcpipwatch.nsi" \
    > "$folder/makensis.log" 2>&1 9>&- || {
    cat "$folder/makensis.log" >&2
    die "makensis failed"
}
mv -f "$folder/$name.new" "$folder/$name"
echo "made $folder/$name ($(($(wc -c < "$folder/$name") / 1024)) KiB)"
