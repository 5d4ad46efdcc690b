# The version, the manifest and other resources of a Windows program. Included by CMakeLists.txt,
# where the target is Windows.
#
# windows_resources(TARGET DESCRIPTION TEXT LEVEL LEVEL [CONTROLS] [SCRIPTS FILE...])
#   DESCRIPTION  what Explorer and the dialog for administrators' rights call the program
#   LEVEL        asInvoker, or requireAdministrator for what is useless without their rights
#   CONTROLS     it has windows: asks for version 6 of the common controls. XP has both 5 and 6;
#                where there is no common controls library in the program this changes nothing
#   SCRIPTS      further resource scripts, with paths relative to the source directory. They become
#                part of the same script, since the linker merges those of several badly. A file that
#                one names is looked for in its own folder, too.
# Preprocessor definitions of C sources are not passed on: scripts get theirs from headers.
enable_language(RC)
set(CMAKE_RC_COMPILE_OBJECT
    "<CMAKE_RC_COMPILER> -O coff -c 65001 <INCLUDES> -i <SOURCE> -o <OBJECT>")

# What belongs to the product rather than to one program, from where it is written down.
file(STRINGS "${PROJECT_SOURCE_DIR}/LICENSE" product_copyright REGEX "^Copyright ")
string(REGEX REPLACE "^Copyright \\(c\\) [0-9, -]+ " "" product_company "${product_copyright}")

function(windows_resources name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "CONTROLS" "DESCRIPTION;LEVEL" "SCRIPTS")
  set(product "${PROJECT_NAME}")
  set(company "${product_company}")
  set(copyright "${product_copyright}")
  set(description "${arg_DESCRIPTION}")
  set(level "${arg_LEVEL}")
  set(version "${PROJECT_VERSION}")
  # Windows wants four numbers.
  set(version_dots "${version}.0.0.0.0")
  string(REGEX MATCH "^[0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+" version_dots "${version_dots}")
  string(REPLACE "." "," version_commas "${version_dots}")
  set(architecture x86)
  if(CMAKE_SIZEOF_VOID_P EQUAL 8)
    set(architecture amd64)
  endif()
  set(controls)
  if(arg_CONTROLS)
    set(controls "
  <dependency>
    <dependentAssembly>
      <assemblyIdentity type=\"win32\" name=\"Microsoft.Windows.Common-Controls\" version=\"6.0.0.0\" processorArchitecture=\"*\" publicKeyToken=\"6595b64144ccf1df\" language=\"*\"/>
    </dependentAssembly>
  </dependency>")
  endif()
  set(folder "${PROJECT_BINARY_DIR}/resources")
  set(manifest "${folder}/${name}.manifest")
  configure_file("${PROJECT_SOURCE_DIR}/packaging/program.manifest.in" "${manifest}" @ONLY)
  set(scripts)
  set(needed "${manifest}")
  foreach(script ${arg_SCRIPTS})
    get_filename_component(script "${script}" ABSOLUTE BASE_DIR "${PROJECT_SOURCE_DIR}")
    get_filename_component(beside "${script}" DIRECTORY)
    string(APPEND scripts "\n#include \"${script}\"\n")
    target_include_directories(${name} PRIVATE "${beside}")
    # Also what the script names: icons and the header with its numbers.
    file(GLOB parts CONFIGURE_DEPENDS "${beside}/*.rc" "${beside}/*_ids_win32.h" "${beside}/*.ico"
         "${beside}/*/*.ico")
    list(APPEND needed "${script}" ${parts})
  endforeach()
  configure_file("${PROJECT_SOURCE_DIR}/packaging/program.rc.in" "${folder}/${name}.rc" @ONLY)
  target_sources(${name} PRIVATE "${folder}/${name}.rc")
  set_source_files_properties("${folder}/${name}.rc" PROPERTIES OBJECT_DEPENDS "${needed}")
endfunction()

# tray_texts(TARGET): the tray's icons and texts alone, for a test that shows them.
function(tray_texts name)
  set(folder "${PROJECT_SOURCE_DIR}/watcher/notify")
  target_sources(${name} PRIVATE "${folder}/tray_win32.rc")
  # windres does not tell what a script includes.
  file(GLOB parts CONFIGURE_DEPENDS "${folder}/*.rc" "${folder}/icons/*.ico")
  set_source_files_properties("${folder}/tray_win32.rc" TARGET_DIRECTORY ${name} PROPERTIES
    OBJECT_DEPENDS "${parts};${folder}/tray_ids_win32.h")
  target_include_directories(${name} PRIVATE "${folder}")
endfunction()
