#!/bin/sh
# The version resources and manifests of the Windows programs, as they are built and after what is
# done to them before they are shipped. Runs none of them, so that it needs no Wine.
# Usage: resources.sh BUILD_DIR
set -eu

. "$(dirname "$0")/lib.sh"
begin "$1"

# pefile is Debian's package: another Python that comes first in the path need not have it.
python=python3
[ ! -x /usr/bin/python3 ] || python=/usr/bin/python3
"$python" -c 'import pefile' 2> /dev/null || {
    finished=true
    echo "skipped: python3-pefile is not installed"
    exit 77
}
version=$(sed -n 's/^CMAKE_PROJECT_VERSION:[A-Z]*=//p' "$build/CMakeCache.txt")
compiler=$(sed -n 's/^set(CMAKE_C_COMPILER "\(.*\)")$/\1/p' "$build"/CMakeFiles/*/CMakeCCompiler.cmake)
triplet=$(basename "$compiler" | sed 's/-gcc.*//')

resources() { # FOLDER
    expect 0 "tcpippatch.exe" "$python" "$tests/resources.py" "$version" requireAdministrator console \
        "$1/tcpippatch.exe"
    expect 0 "tcpipwatch.exe" "$python" "$tests/resources.py" "$version" asInvoker console \
        "$1/tcpipwatch.exe"
    expect 0 "tcpipwatchw.exe" "$python" "$tests/resources.py" "$version" asInvoker gui \
        "$1/tcpipwatchw.exe"
}
resources "$build"

# What would go unnoticed otherwise is noticed.
exe=$build/tcpippatch.exe
expect 1 "another version" "$python" "$tests/resources.py" 9.8.7 requireAdministrator console "$exe"
says out "FileVersion is '$version', not '9.8.7'"
says out "its product version is "
expect 1 "another level" "$python" "$tests/resources.py" "$version" asInvoker console "$exe"
says out "its execution level is ['requireAdministrator'], not asInvoker"
expect 1 "another subsystem" "$python" "$tests/resources.py" "$version" requireAdministrator gui "$exe"
says out "its subsystem is 3"
cp "$exe" other.exe
expect 1 "another name" "$python" "$tests/resources.py" "$version" requireAdministrator console other.exe
says out "OriginalFilename is 'tcpippatch.exe', not 'other.exe'"
echo 'int main(void) { return 0; }' > bare.c
expect 0 "a program without resources" "$compiler" bare.c -o bare.exe
expect 1 "has none" "$python" "$tests/resources.py" "$version" asInvoker console bare.exe
says out "it has no version resource"

mkdir stripped signed
for program in tcpippatch tcpipwatch tcpipwatchw; do
    expect 0 "stripping $program" "$triplet-strip" -o "stripped/$program.exe" "$build/$program.exe"
done
resources stripped

if command -v osslsigncode > /dev/null && command -v openssl > /dev/null; then
    expect 0 "a certificate" openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem \
        -days 30 -subj "/CN=tcpipwatch test" -addext extendedKeyUsage=codeSigning
    printf secret > password
    expect 0 "both in one file" openssl pkcs12 -export -in cert.pem -inkey key.pem -out both.p12 \
        -passout file:password
    for program in tcpippatch tcpipwatch tcpipwatchw; do
        cp "stripped/$program.exe" "signed/$program.exe"
        expect 0 "signing $program" env TCPIPWATCH_SIGN_PKCS12=both.p12 \
            TCPIPWATCH_SIGN_PASSFILE=password sh "$tests/../../packaging/installer/sign.sh" \
            "signed/$program.exe"
        expect 0 "its signature" osslsigncode verify -CAfile cert.pem -in "signed/$program.exe"
    done
    resources signed
    cp stripped/tcpipwatch.exe same.exe
    expect 0 "without a certificate" env TCPIPWATCH_SIGN_PKCS12= TCPIPWATCH_SIGN_CERT= \
        TCPIPWATCH_SIGN_KEY= sh "$tests/../../packaging/installer/sign.sh" same.exe
    check "nothing is signed" cmp stripped/tcpipwatch.exe same.exe
else
    echo "without osslsigncode or openssl: signing is not tried"
fi
finish
