# Flags that make mistakes harder to exploit, for programs that run as root and read files that
# anybody may have written. Included by CMakeLists.txt for all builds but those with sanitizers or
# for coverage; tests/e2e/hardening.sh looks at the programs that come out.
add_compile_options(-fstack-protector-strong)
add_link_options(-fstack-protector-strong)

if(WIN32)
  # DEP from Windows XP SP2 on, ASLR from Vista on; older systems ignore the flags.
  add_link_options(-Wl,--nxcompat,--dynamicbase)
  if(CMAKE_SIZEOF_VOID_P EQUAL 8)
    add_link_options(-Wl,--high-entropy-va)
  endif()
  return()
endif()

include(CheckCCompilerFlag)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
check_c_compiler_flag(-fcf-protection HAVE_CF_PROTECTION)
if(HAVE_CF_PROTECTION)
  add_compile_options(-fcf-protection)
endif()
# It needs optimisation.
if(NOT CMAKE_BUILD_TYPE STREQUAL Debug)
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
add_link_options(-Wl,-z,relro,-z,now -Wl,-z,noexecstack)
