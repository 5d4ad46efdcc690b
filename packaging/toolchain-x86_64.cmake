# cmake -DCMAKE_TOOLCHAIN_FILE=packaging/toolchain-x86_64.cmake: 64-bit programs for XP x64 and later.
set(windows_arch x86_64)
set(windows_winver 0x0502)
set(windows_version 5.2)
include("${CMAKE_CURRENT_LIST_DIR}/toolchain-windows.cmake")

# ctest runs the programs through this. It makes its Wine prefix below the folder that it is run in
# unless TCPIPWATCH_WINEPREFIX names another.
set(CMAKE_CROSSCOMPILING_EMULATOR sh "${CMAKE_CURRENT_LIST_DIR}/../tests/e2e/wine_run.sh" --)
