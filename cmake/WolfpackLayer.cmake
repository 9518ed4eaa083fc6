# wolfpack_layer(NAME [SOURCES file...] [INTERNAL header...] [PUBLIC target...] [PRIVATE target...])
# One folder, one target: wolfpack::NAME, a static library, or an interface library where there are no sources. Headers are included by
# their path from the root ("ps/row.hpp"), or by users as <wolfpack/ps/row.hpp>. All headers of the folder are public and installed but
# the INTERNAL ones, which name UCX, CUDA or Eigen or ask for the instruction set; a layer that shares its folder with others has only the
# headers of its sources.
function(wolfpack_layer name)
  cmake_parse_arguments(layer "" "" "SOURCES;INTERNAL;PUBLIC;PRIVATE" ${ARGN})
  if(layer_SOURCES)
    add_library(wolfpack_${name} STATIC ${layer_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(wolfpack_${name} PRIVATE $<BUILD_INTERFACE:wolfpack_build_options>)
  else()
    add_library(wolfpack_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(wolfpack::${name} ALIAS wolfpack_${name})
  target_compile_features(wolfpack_${name} ${scope} cxx_std_20)
  target_include_directories(wolfpack_${name} ${scope} $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
                             $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  wolfpack_public_headers(headers ${name} "${layer_SOURCES}" "${layer_INTERNAL}")
  target_sources(wolfpack_${name} ${scope} FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${headers})
  target_link_libraries(wolfpack_${name} ${scope} ${layer_PUBLIC})
  foreach(library ${layer_PRIVATE})
    # What is headers alone and used inside only (Eigen, nlohmann-json) is no business of who links the archive.
    get_target_property(type ${library} TYPE)
    get_target_property(links ${library} INTERFACE_LINK_LIBRARIES)
    if(type STREQUAL "INTERFACE_LIBRARY" AND NOT links)
      set(library $<BUILD_INTERFACE:${library}>)
    endif()
    target_link_libraries(wolfpack_${name} PRIVATE ${library})
  endforeach()
  set_target_properties(wolfpack_${name} PROPERTIES EXPORT_NAME ${name})
  set_property(GLOBAL APPEND PROPERTY WOLFPACK_LAYERS wolfpack_${name})
endfunction()

function(wolfpack_public_headers result name sources internal)
  file(GLOB headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/*.hpp)
  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  if(NOT folder STREQUAL name)
    set(beside_sources ${sources})
    list(TRANSFORM beside_sources REPLACE "\\.[a-z]+$" ".hpp")
    foreach(header ${headers})
      if(NOT header IN_LIST beside_sources)
        list(REMOVE_ITEM headers ${header})
      endif()
    endforeach()
  endif()
  list(REMOVE_ITEM headers ${internal})
  list(TRANSFORM headers PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  set(${result} ${headers} PARENT_SCOPE)
endfunction()

# <wolfpack/ps/row.hpp> means the same in this build, in a project that adds this one as a subfolder, and after installation.
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/include)
file(CREATE_LINK ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/include/wolfpack SYMBOLIC)

# Warnings and sanitizers for our own sources only; never exported to users.
add_library(wolfpack_build_options INTERFACE)
target_compile_options(wolfpack_build_options INTERFACE
  "$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wconversion;-Wno-sign-conversion>"
  $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,-Wshadow>)
if(WOLFPACK_SANITIZE)
  add_compile_options(-fsanitize=${WOLFPACK_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${WOLFPACK_SANITIZE})
endif()
