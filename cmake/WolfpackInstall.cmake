# What `cmake --install` puts in place: the programs, the public headers, one archive a layer, and the two ways to find them:
#
#     find_package(wolfpack CONFIG REQUIRED)                                  g++ app.cpp $(pkg-config --cflags --libs --static wolfpack)
#     target_link_libraries(app wolfpack::lasso)
#
# The CMake package gives each layer as wolfpack::NAME; the pkg-config file gives them all.
include(CMakePackageConfigHelpers)

get_property(layers GLOBAL PROPERTY WOLFPACK_LAYERS)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/wolfpack)
install(TARGETS wolfpack-fashion-mnist)
install(TARGETS ${layers} EXPORT wolfpackTargets FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/wolfpack)
install(EXPORT wolfpackTargets NAMESPACE wolfpack:: DESTINATION ${package_folder})

configure_package_config_file(cmake/wolfpackConfig.cmake.in ${PROJECT_BINARY_DIR}/wolfpackConfig.cmake INSTALL_DESTINATION ${package_folder})
# Before 1.0 every minor version may break its users.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/wolfpackConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/wolfpackConfig.cmake ${PROJECT_BINARY_DIR}/wolfpackConfigVersion.cmake cmake/FindUcxPackage.cmake cmake/FindVerbsPackage.cmake
        DESTINATION ${package_folder})

# The linker reads archives from left to right: who uses comes before what is used.
set(archives "")
foreach(layer ${layers})
  get_target_property(type ${layer} TYPE)
  if(type STREQUAL "STATIC_LIBRARY")
    string(PREPEND archives " -l${layer}")
  endif()
endforeach()
# Not by "Requires.private": the package of libibverbs would link its drivers as archives.
string(JOIN " " private_libraries -pthread ${VERBS_LDFLAGS})
if(WOLFPACK_CUDA)
  string(APPEND private_libraries " -L${CUDAToolkit_LIBRARY_DIR} -lcudart_static -lrt -ldl")
endif()
file(RELATIVE_PATH includes_from_here /${CMAKE_INSTALL_LIBDIR}/pkgconfig /${CMAKE_INSTALL_INCLUDEDIR})
configure_file(cmake/wolfpack.pc.in ${PROJECT_BINARY_DIR}/wolfpack.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/wolfpack.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
