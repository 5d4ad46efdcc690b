#!/bin/sh
# Cross-builds the four libraries of the project for Windows, as static libraries:
#   PREFIX_BASE/i686     loads on Windows XP SP2 (32 bit)
#   PREFIX_BASE/x86_64   loads on Windows XP x64 (64 bit)
# each with include/ and lib/.
#
#   sh packaging/windows-deps.sh [PREFIX_BASE]     default: build/windows-deps of this source tree
#   sh packaging/windows-deps.sh --packages        prints the Debian packages that this needs
#   sh packaging/windows-deps.sh --native          libxml2 alone, as small, for a static program of
#                                                  this machine: build/static-deps/native (see
#                                                  TCPIPWATCH_STATIC in CMakeLists.txt)
#
# The sources are Debian's source packages, fetched through apt from the mirror that this machine
# already uses. Only a private apt configuration is written: the machine's own is not changed.
# A second run with the same script returns at once.
# shellcheck disable=SC2034,SC2154,SC2086 # eval in fetch(); word lists
set -eu

# The win32 flavour of the compilers matters: the posix one brings in winpthreads, which imports
# GetTickCount64, and no program that does so starts on XP.
packages="gcc-mingw-w64-i686-win32 gcc-mingw-w64-x86-64-win32 mingw-w64-tools
    apt ca-certificates debian-archive-keyring make patch tar gzip xz-utils pkg-config util-linux"

arches="i686 x86_64"
folder=windows-deps
tools="i686-w64-mingw32-gcc-win32 x86_64-w64-mingw32-gcc-win32 i686-w64-mingw32-ar"
case ${1-} in
--packages)
    echo $packages
    exit 0
    ;;
--native)
    arches=native
    folder=static-deps
    tools=gcc
    shift
    ;;
-*)
    echo "usage: $0 [--native] [PREFIX_BASE] | --packages" >&2
    exit 2
    ;;
esac

# What is built: source package, suite, version of the Debian package, and the SHA-256 of its parts.
# inih comes from Debian 13, since the mirrors no longer hold the source of Debian 12's. Its patches
# are needed: they add the run-time options (ini_max_line and so on) that Debian's library has too.
libxml2_suite=bookworm
libxml2_version=2.9.14+dfsg-1.3~deb12u6
libxml2_orig=libxml2_2.9.14+dfsg.orig.tar.xz
libxml2_orig_sha256=4fe913dec8b1ab89d13b489b419a8203176ea39e931eaa0d25b17eafb9c279e9
libxml2_debian_sha256=f33a99a0018cbb94aadc3bf26661e401cb90dff856aa170faf7239151ee9b9ac

libinih_suite=trixie
libinih_version=59-1
libinih_orig=libinih_59.orig.tar.gz
libinih_orig_sha256=062279922805f5e9a369551a08d5ddb506140fe50774183ffdbb7c22bb97e3f4
libinih_debian_sha256=1271db2900148296fd5b9ea1518947458d26957b737b07042422023b362fc353

jansson_suite=bookworm
jansson_version=2.14-2
jansson_orig=jansson_2.14.orig.tar.gz
jansson_orig_sha256=c739578bf6b764aa0752db9a2fdadcfe921c78f1228c7ec0bb47fa804c55d17b
jansson_debian_sha256=e89fe4fd8221f6934ddb50f2e7f8404311928d0e23e49a5599f3d3d14ee8cb88

cunit_suite=bookworm
cunit_version=2.1-3-dfsg-2.6
cunit_orig=cunit_2.1-3-dfsg.orig.tar.gz
cunit_orig_sha256=1b90baf4ffe130ddafe1e0fdc359f0ffdfc351dbf8e7a6831e5b0e57b5e23bfa
cunit_debian_sha256=b063f76b04d3b60092572360c596226611b65347a7fa83792b50f4df69d02ca9

say() { echo "windows-deps: $*"; }
die() { echo "windows-deps: $*" >&2; exit 1; }

script=$(readlink -f "$0")
base=${1:-$(dirname "$script")/../build/$folder}
mkdir -p "$base"
base=$(readlink -f "$base")

# Two builds started at once must not work in the same folder.
exec 9>"$base/.lock"
flock 9

stamp="$arches $(sha256sum < "$script" | cut -d' ' -f1)"
if [ -f "$base/.stamp" ] && [ "$(cat "$base/.stamp")" = "$stamp" ]; then
    say "up to date in $base"
    exit 0
fi

for tool in $tools make patch xz apt-get; do
    command -v "$tool" > /dev/null ||
        die "$tool not found: apt-get install \$(sh packaging/windows-deps.sh --packages)"
done

sources=$base/sources
rm -f "$base/.stamp"
mkdir -p "$sources"
# Not below $base: the build tools of libxml2 refuse a path with blanks.
work=$(mktemp -d /tmp/windows-deps.XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# ---------------------------------------------------------------------------------------------
# Sources

# private_apt SUITE ARGS...: apt-get with lists and sources of its own. The mirror is read off what
# 'apt-get update' would fetch on this machine, whatever the format of its sources.
private_apt() {
    suite=$1
    shift
    dir=$work/apt-$suite
    if [ ! -d "$dir" ]; then
        mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
        apt-get update --print-uris |
            sed -n "s|^'\(.*\)/dists/\([^/]*\)/main/binary-.*|\2 \1|p" | sort -u > "$dir/mirrors"
        signed=
        keyring=/usr/share/keyrings/debian-archive-keyring.gpg
        [ ! -f "$keyring" ] || signed="[signed-by=$keyring] "
        while read -r release uri; do
            case $release in
            *-updates | *-backports*) ;;
            *-security) echo "deb-src $signed$uri $suite-security main" ;;
            *) echo "deb-src $signed$uri $suite main" ;;
            esac
        done < "$dir/mirrors" | sort -u > "$dir/sources.list"
        [ -s "$dir/sources.list" ] || die "this machine's apt names no Debian mirror (apt-get update --print-uris)"
        # A file for apt, since only there can the hooks of the machine's own apt be switched off.
        cat > "$dir/apt.conf" << CONF
Dir::Etc::sourcelist "$dir/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "$dir/lists";
Dir::Cache "$dir/cache";
Debug::NoLocking "true";
APT::Sandbox::User "$(id -un)"; // _apt may not write to this folder
APT::Get::Only-Source "true";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
CONF
        # One source of several may fail: what counts is whether the package is found afterwards.
        private_apt "$suite" -qq update > "$dir/update.log" 2>&1 || true
    fi
    apt-get -c "$dir/apt.conf" "$@"
}

matches() { # FILE SHA256
    [ -f "$1" ] && [ "$(sha256sum < "$1" | cut -d' ' -f1)" = "$2" ]
}

# fetch NAME: puts the two tarballs of a source package into $sources and sets $orig and $debian.
fetch() {
    name=$1
    eval "suite=\$${name}_suite version=\$${name}_version orig=\$sources/\$${name}_orig"
    eval "orig_sha=\$${name}_orig_sha256 debian_sha=\$${name}_debian_sha256"
    debian=$sources/${name}_$version.debian.tar.xz
    if ! matches "$orig" "$orig_sha" || ! matches "$debian" "$debian_sha"; then
        rm -f "$sources/${name}"_*
        say "fetching $name $version"
        (
            cd "$sources"
            private_apt "$suite" -qq source --download-only "$name=$version" > "$work/fetch.log" 2>&1 ||
                # A security update takes the place of the version named here. Its patches are as
                # good: apt has checked them against Debian's signature.
                private_apt "$suite" -qq source --download-only "$name" >> "$work/fetch.log" 2>&1
        ) || { cat "$work/apt-$suite/update.log" "$work/fetch.log" >&2; die "cannot fetch the source of $name $version"; }
    fi
    [ -f "$orig" ] || die "apt fetched another version of $name than $version: $(ls "$sources")"
    matches "$orig" "$orig_sha" ||
        die "$orig has SHA-256 $(sha256sum < "$orig" | cut -d' ' -f1), not $orig_sha as this script expects"
    if [ -f "$debian" ]; then
        matches "$debian" "$debian_sha" ||
            die "$debian has SHA-256 $(sha256sum < "$debian" | cut -d' ' -f1), not $debian_sha as this script expects"
    else
        debian=$(ls "$sources/${name}"_*.debian.tar.xz)
        say "note: Debian's patches for $name are those of $(basename "$debian" .debian.tar.xz), newer than $version"
    fi
}

# unpack NAME: the source with Debian's patches in $work/NAME.
unpack() {
    mkdir "$work/$1"
    tar -xf "$orig" -C "$work/$1" --strip-components=1
    tar -xf "$debian" -C "$work/$1"
    sed -e 's/[[:space:]]*#.*//' -e '/^[[:space:]]*$/d' "$work/$1/debian/patches/series" > "$work/series"
    while read -r p; do
        patch -d "$work/$1" -p1 -s -N < "$work/$1/debian/patches/$p" > "$work/patch.log" 2>&1 ||
            { cat "$work/patch.log" >&2; die "Debian's patch $p does not apply to $1"; }
    done < "$work/series"
}

names="libxml2 libinih jansson cunit"
[ "$arches" != native ] || names=libxml2
for name in $names; do
    fetch "$name"
    unpack "$name"
done

# ---------------------------------------------------------------------------------------------
# Builds

quiet() { # LOG COMMAND...: the output only matters when the command fails
    log=$1
    shift
    "$@" > "$log" 2>&1 || { tail -n 40 "$log" >&2; die "failed: $*"; }
}

build_libxml2() {
    # Nothing that reaches out (HTTP, FTP, catalogs), loads code (modules) or needs other libraries;
    # no threads on Windows, since only the win32 compiler's own locks exist. What is left: parser,
    # reader, writer, tree, XPath.
    mkdir "$work/libxml2-$arch"
    # The patches touch Makefile.am; without this make would want automake to bring the rest up to date.
    (
        cd "$work/libxml2"
        touch aclocal.m4
        touch configure config.h.in
        find . -name Makefile.in -exec touch {} +
    )
    (
        cd "$work/libxml2-$arch"
        quiet configure.log "$work/libxml2/configure" ${triplet:+--host="$triplet"} --prefix="$prefix" \
            --disable-shared --enable-static --disable-dependency-tracking \
            --without-iconv --without-zlib --without-lzma $features \
            CC="$cc" AR="${triplet:+$triplet-}ar" RANLIB="${triplet:+$triplet-}ranlib" \
            CPPFLAGS="$defines -DLIBXML_STATIC" CFLAGS="$cflags"
        quiet make.log make -j"$(nproc)" libxml2.la
        quiet install.log make install-libLTLIBRARIES install-pkgconfigDATA
        quiet include.log make -C include install
    )
    rm -f "$prefix/lib/libxml2.la"
    # Users have to say that they link statically; the folder may be moved.
    sed -i -e 's|^prefix=.*|prefix=${pcfiledir}/../..|' \
        -e 's|^\(exec_prefix\)=.*|\1=${prefix}|' \
        -e 's|^libdir=.*|libdir=${prefix}/lib|' -e 's|^includedir=.*|includedir=${prefix}/include|' \
        -e 's|^Cflags:.*|Cflags: -I${includedir}/libxml2 -DLIBXML_STATIC|' \
        "$prefix/lib/pkgconfig/libxml-2.0.pc"
}

pkgconfig() { # FILE NAME VERSION LIBRARY CFLAGS
    cat > "$prefix/lib/pkgconfig/$1.pc" << PC
prefix=\${pcfiledir}/../..
libdir=\${prefix}/lib
includedir=\${prefix}/include

Name: $2
Description: $2, static
Version: $3
Libs: -L\${libdir} -l$4
Cflags: -I\${includedir}
PC
}

build_inih() {
    # As Debian builds it: the handler is given the line number; all else is set at run time.
    (
        cd "$work/libinih"
        rm -f ./*.o
        $cc $defines -DINI_HANDLER_LINENO=1 $cflags -c ini.c -o ini.o
        "$triplet-ar" rcs "$prefix/lib/libinih.a" ini.o
        cp ini.h "$prefix/include/"
    )
    pkgconfig inih inih "${libinih_version%-*}" inih
}

build_jansson() {
    # Without its configure, which the tarball does not bring: what it would find out is said here.
    # The seed of its tables is the time and the process: what it reads is bounded.
    (
        cd "$work/jansson/src"
        rm -f ./*.o
        sed -e 's/@json_inline@/inline/' -e 's/@json_have_long_long@/1/' \
            -e 's/@json_have_localeconv@/1/' -e 's/@json_have_[a-z]*_builtins@/0/' \
            jansson_config.h.in > jansson_config.h
        printf '#define %s 1\n' HAVE_LOCALE_H HAVE_STDINT_H HAVE_INT32_T HAVE_UINT32_T HAVE_UINT16_T \
            HAVE_UINT8_T HAVE_SSIZE_T HAVE_SYS_TIME_H HAVE_GETTIMEOFDAY > jansson_private_config.h
        echo '#define INITIAL_HASHTABLE_ORDER 3' >> jansson_private_config.h
        for c in *.c; do
            $cc $defines -DHAVE_CONFIG_H -I. $cflags -c "$c" -o "${c%.c}.o"
        done
        "$triplet-ar" rcs "$prefix/lib/libjansson.a" ./*.o
        cp jansson.h jansson_config.h "$prefix/include/"
    )
    pkgconfig jansson jansson "${jansson_version%-*}" jansson
}

build_cunit() {
    # The Basic and Automated interfaces only.
    (
        cd "$work/cunit/CUnit"
        rm -f ./*.o
        for c in Sources/Framework/*.c Sources/Basic/Basic.c Sources/Automated/Automated.c; do
            $cc $defines $cflags -w -IHeaders -c "$c" -o "$(basename "$c" .c).o"
        done
        "$triplet-ar" rcs "$prefix/lib/libcunit.a" ./*.o
        mkdir -p "$prefix/include/CUnit"
        for h in Automated Basic CUError CUnit CUnit_intl MyMem TestDB TestRun Util; do
            cp "Headers/$h.h" "$prefix/include/CUnit/"
        done
    )
    pkgconfig cunit CUnit 2.1-3 cunit
}

for arch in $arches; do
    say "building for $arch"
    triplet=$arch-w64-mingw32
    cc=$triplet-gcc-win32
    features="--without-threads --without-http --without-ftp --without-modules --without-python
        --without-icu --without-catalog --without-docbook --without-html --without-legacy
        --without-schemas --without-schematron --without-xinclude --without-c14n --without-xptr
        --without-debug"
    prefix=$work/prefix/$arch
    # Below these the headers of mingw-w64 declare functions that XP has not.
    case $arch in
    i686) winver=0x0501 ;;
    *) winver=0x0502 ;;
    esac
    optimise=-O2
    defines="-D_WIN32_WINNT=$winver -DWINVER=$winver -D__USE_MINGW_ANSI_STDIO=1"
    if [ "$arch" = native ]; then
        # A debugging aid that would bring in all of scanf().
        sed -i 's/sscanf([^;]*;/(void)0;/' "$work/libxml2/xmlmemory.c"
        triplet=
        cc=gcc
        features="--with-minimum --with-reader --with-tree --with-push --with-threads"
        defines=
        optimise="-Os -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables"
        # As packaging/hardening.cmake has it for the program, which can be loaded anywhere.
        optimise="$optimise -fPIE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"
        case $(gcc -dumpmachine) in
        x86_64-*) optimise="$optimise -fcf-protection" ;;
        esac
    fi
    # The temporary folder has another name each time: without this so would the programs.
    cflags="$optimise -g -fstack-protector-strong -ffile-prefix-map=$work=windows-deps"
    mkdir -p "$prefix/include" "$prefix/lib/pkgconfig"
    build_libxml2
    if [ "$arch" != native ]; then
        build_inih
        build_jansson
        build_cunit
    fi
    rm -rf "${base:?}/$arch"
    cp -R "$prefix" "$base/$arch"
done

echo "$stamp" > "$base/.stamp"
say "done: $arches in $base"
