# Common part of toolchain-i686.cmake and toolchain-x86_64.cmake, which set
#   windows_arch     i686 or x86_64
#   windows_winver   the oldest Windows, as _WIN32_WINNT
#   windows_version  the same for the headers of the program, as in 5.1
#
# The libraries come from packaging/windows-deps.sh; WINDOWS_DEPS names the folder that it filled
# for this architecture.

set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR ${windows_arch})

set(WINDOWS_DEPS "${CMAKE_CURRENT_LIST_DIR}/../build/windows-deps/${windows_arch}"
    CACHE PATH "libxml2, inih, jansson and CUnit for Windows, built by packaging/windows-deps.sh")
# CMake reads this file again for each of its own trial builds: they have to see the same folder.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES WINDOWS_DEPS)
get_filename_component(windows_deps "${WINDOWS_DEPS}" ABSOLUTE)
if(NOT EXISTS "${windows_deps}/lib/libxml2.a")
  message(FATAL_ERROR "No Windows libraries in ${windows_deps}: run sh packaging/windows-deps.sh, or set WINDOWS_DEPS")
endif()

# The win32 flavour: the posix one links winpthreads, which imports GetTickCount64, which XP has not.
set(windows_triplet ${windows_arch}-w64-mingw32)
set(CMAKE_C_COMPILER ${windows_triplet}-gcc-win32)
set(CMAKE_RC_COMPILER ${windows_triplet}-windres)
set(CMAKE_AR ${windows_triplet}-ar CACHE FILEPATH "")
set(CMAKE_RANLIB ${windows_triplet}-ranlib CACHE FILEPATH "")

# Added to every target rather than put into CMAKE_C_FLAGS, which a -DCMAKE_C_FLAGS=... would replace:
# without these the program builds all the same, and then does not start on XP.
add_compile_definitions(
  _WIN32_WINNT=${windows_winver}
  WINVER=${windows_winver}
  # Otherwise libxml2's headers declare everything as imported from a DLL.
  LIBXML_STATIC
  # msvcrt's own printf knows neither %zu nor %llu.
  __USE_MINGW_ANSI_STDIO=1
  # 64-bit time_t and off_t on i686 too; XP's msvcrt has the functions behind them.
  __MINGW_USE_VC2005_COMPAT
  _FILE_OFFSET_BITS=64)

# -static: nothing but Windows' own DLLs is needed. The versions are the lowest that the program asks
# for; a higher one makes XP refuse to load it. Hardening is in hardening.cmake.
string(REPLACE "." ";" windows_version_parts "${windows_version}")
list(GET windows_version_parts 0 windows_major)
list(GET windows_version_parts 1 windows_minor)
add_link_options(-static
  -Wl,--major-os-version,${windows_major},--minor-os-version,${windows_minor}
  -Wl,--major-subsystem-version,${windows_major},--minor-subsystem-version,${windows_minor}
  -Wl,--file-alignment,4096) # whole pages: Wine maps them from the file, as Windows does, and copies none

set(CMAKE_FIND_ROOT_PATH "${windows_deps}" /usr/${windows_triplet})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_FIND_LIBRARY_PREFIXES lib)
set(CMAKE_FIND_LIBRARY_SUFFIXES .a)

# pkg-config must not offer this machine's own libraries.
set(ENV{PKG_CONFIG_LIBDIR} "${windows_deps}/lib/pkgconfig")
set(ENV{PKG_CONFIG_PATH} "")
set(ENV{PKG_CONFIG_SYSROOT_DIR} "")
