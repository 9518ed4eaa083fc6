# Finds UCX as wolfpack::ucx: the package's own CMake config where it ships one (>= 1.9 in clusters), else pkg-config (Debian).
# Installed beside wolfpackConfig.cmake, so that users of the libraries find UCX the same way.
if(TARGET wolfpack::ucx)
  set(UcxPackage_FOUND TRUE)
  return()
endif()

set(wolfpack_ucx_libraries "")
find_package(ucx QUIET CONFIG)
if(TARGET ucx::ucp)
  set(wolfpack_ucx_libraries ucx::ucp ucx::ucs)
else()
  find_package(PkgConfig QUIET)
  if(PkgConfig_FOUND)
    pkg_check_modules(UCX QUIET IMPORTED_TARGET ucx>=1.13)
    if(UCX_FOUND)
      set(wolfpack_ucx_libraries PkgConfig::UCX)
    endif()
  endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(UcxPackage REQUIRED_VARS wolfpack_ucx_libraries REASON_FAILURE_MESSAGE
  "UCX 1.13 or newer: install libucx-dev (scripts/install-packages does), or name its folder in CMAKE_PREFIX_PATH or PKG_CONFIG_PATH")
if(UcxPackage_FOUND)
  add_library(wolfpack::ucx INTERFACE IMPORTED GLOBAL)
  target_link_libraries(wolfpack::ucx INTERFACE ${wolfpack_ucx_libraries})
endif()
