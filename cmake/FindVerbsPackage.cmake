# Finds libibverbs as wolfpack::verbs, by pkg-config: rdma-core has no CMake package for users.
# Installed beside wolfpackConfig.cmake, so that users of the libraries find it the same way.
if(TARGET wolfpack::verbs)
  set(VerbsPackage_FOUND TRUE)
  return()
endif()

find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(VERBS QUIET IMPORTED_TARGET libibverbs>=1.12)  # rdma-core 34: DMA buffers
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(VerbsPackage REQUIRED_VARS VERBS_FOUND REASON_FAILURE_MESSAGE
  "libibverbs of rdma-core 34 or newer: install libibverbs-dev (scripts/install-packages does), or name its folder in PKG_CONFIG_PATH")
if(VerbsPackage_FOUND)
  add_library(wolfpack::verbs INTERFACE IMPORTED GLOBAL)
  target_link_libraries(wolfpack::verbs INTERFACE PkgConfig::VERBS)
endif()
