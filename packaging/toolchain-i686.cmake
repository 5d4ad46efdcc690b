# cmake -DCMAKE_TOOLCHAIN_FILE=packaging/toolchain-i686.cmake: 32-bit programs for XP SP2 and later.
# Debian's 64-bit Wine does not run these, so there is no emulator: tests that run them are skipped.
set(windows_arch i686)
set(windows_winver 0x0501)
set(windows_version 5.1)
include("${CMAKE_CURRENT_LIST_DIR}/toolchain-windows.cmake")
