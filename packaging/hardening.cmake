# Flags that make mistakes harder to exploit, for programs that run as root. Included by
# CMakeLists.txt for builds for this machine; the Windows toolchain has its own.
include(CheckCCompilerFlag)
include(CheckPIESupported)

check_pie_supported(LANGUAGES C)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
add_compile_options(-fstack-protector-strong)
check_c_compiler_flag(-fcf-protection HAVE_CF_PROTECTION)
if(HAVE_CF_PROTECTION)
  add_compile_options(-fcf-protection)
endif()
# It needs optimisation, and the sanitizers watch the same calls.
if(NOT CMAKE_BUILD_TYPE STREQUAL Debug)
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
add_link_options(-Wl,-z,relro,-z,now -Wl,-z,noexecstack)
