# cmake -DCMAKE_TOOLCHAIN_FILE=packaging/toolchain-i686.cmake: 32-bit programs for XP SP2 and later.
# Debian's 64-bit Wine does not run these. Where packaging/wine32.sh has made a tree with the 32-bit
# one, they run in it; elsewhere tests that run them are left out.
set(windows_arch i686)
set(windows_winver 0x0501)
set(windows_version 5.1)
include("${CMAKE_CURRENT_LIST_DIR}/toolchain-windows.cmake")

set(WINE32 "${CMAKE_CURRENT_LIST_DIR}/../build/wine32"
    CACHE PATH "The tree with the 32-bit Wine, made by packaging/wine32.sh")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES WINE32)
if(EXISTS "${WINE32}/.stamp")
  get_filename_component(wine32 "${WINE32}" ABSOLUTE)
  set(CMAKE_CROSSCOMPILING_EMULATOR
      sh "${CMAKE_CURRENT_LIST_DIR}/../tests/e2e/wine_run.sh" --)
endif()
