# What `cmake --install` puts where. Included by CMakeLists.txt.

install(TARGETS tcpippatch tcpipwatch RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(FILES LICENSE NOTICE README.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")

if(WIN32)
  install(TARGETS tcpipwatchw RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  install(FILES conf/tcpipwatch.ini DESTINATION ".")
  return()
endif()

# The manual pages name the policy where this build looks for it.
set(sysconf "${CMAKE_INSTALL_FULL_SYSCONFDIR}/tcpipwatch")
foreach(page patchcore/tcpippatch.8 watcher/tcpipwatch.8 watcher/tcpipwatch.ini.5)
  get_filename_component(name "${page}" NAME)
  string(REGEX MATCH "[0-9]$" section "${name}")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${page}")
  file(READ "${page}" text)
  string(REPLACE "/etc/tcpipwatch" "${sysconf}" text "${text}")
  file(CONFIGURE OUTPUT "man/${name}" CONTENT "${text}" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/man/${name}"
          DESTINATION "${CMAKE_INSTALL_MANDIR}/man${section}")
endforeach()

# A policy that somebody has edited stays; the new one is put beside it then.
string(CONFIGURE [[
  set(policy "@PROJECT_SOURCE_DIR@/conf/tcpipwatch.ini")
  set(folder "$ENV{DESTDIR}@sysconf@")
  set(name tcpipwatch.ini)
  if(EXISTS "${folder}/tcpipwatch.ini")
    file(SHA256 "${policy}" new)
    file(SHA256 "${folder}/tcpipwatch.ini" present)
    if(NOT new STREQUAL present)
      set(name tcpipwatch.ini.new)
      message(STATUS "Kept: ${folder}/tcpipwatch.ini; the policy of this version is ${name} beside it")
    endif()
  endif()
  file(INSTALL DESTINATION "@sysconf@" TYPE FILE FILES "${policy}" RENAME "${name}"
       PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
]] install_policy @ONLY)
install(CODE "${install_policy}")
