# shellcheck shell=sh
# The Debian packages that building and testing need, in one place, and how to get them. Sourced by
# the scripts of this folder; sets `packages_build`, `packages_simulate`, `packages_installer`,
# `packages_test` and install_packages().

# To build and install the programs for this machine.
# shellcheck disable=SC2034
packages_build="gcc libc6-dev cmake ninja-build pkg-config libxml2-dev libinih-dev libjansson-dev
    libdeflate-dev"

# For the simulated host, see tests/simhost/run.sh.
# shellcheck disable=SC2034
packages_simulate="iproute2 util-linux hostname"

# For the installer of Windows, see installer.sh.
# shellcheck disable=SC2034
packages_installer="nsis mandoc osslsigncode $(sh "$(dirname "$0")/windows-deps.sh" --packages)"

# For everything that test.sh does besides. The cross compilers are named by windows-deps.sh.
# shellcheck disable=SC2034
packages_test="git libcunit1-dev clang libclang-rt-14-dev clang-format clang-tidy cppcheck gcovr
    shellcheck mandoc python3 python3-pefile python3-evtx libevtx-utils expect attr mount
    binutils valgrind strace wine64 fonts-wine openssl xvfb xdotool imagemagick
    $packages_simulate $packages_installer $(sh "$(dirname "$0")/wine32.sh" --packages)"

# install_packages NAME...: those that are missing, if any. Status 1 when that is not possible.
install_packages() {
    missing=
    for package in "$@"; do
        case $(dpkg-query -W -f='${db:Status-Status} ' "$package" 2> /dev/null) in
        *installed*) ;;
        *) missing="$missing $package" ;;
        esac
    done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" != 0 ]; then
        echo "These Debian packages are missing:$missing" >&2
        echo "Run this script as root once, or install them yourself: apt-get install$missing" >&2
        return 1
    fi
    echo "installing:$missing"
    DEBIAN_FRONTEND=noninteractive
    export DEBIAN_FRONTEND
    apt-get -q -o DPkg::Lock::Timeout=300 update < /dev/null || return 1
    # shellcheck disable=SC2086 # one word a package
    apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends install $missing < /dev/null
}
