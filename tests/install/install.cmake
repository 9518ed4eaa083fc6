# Installs the build into an empty prefix, so that a file of an earlier installation cannot stand in for one that is missing now.
file(REMOVE_RECURSE ${prefix})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${build} --prefix ${prefix} OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)

# Nothing of how or where we were built may reach who links the archives.
file(GLOB_RECURSE packages ${prefix}/*/wolfpack*.cmake ${prefix}/*/wolfpack.pc)
list(LENGTH packages count)
if(count LESS 4)
  message(FATAL_ERROR "wolfpackConfig, ConfigVersion, Targets and wolfpack.pc are not all installed: ${packages}")
endif()
foreach(package ${packages})
  file(READ ${package} text)
  if(text MATCHES "wolfpack_build_options|-Wconversion|Eigen3|nlohmann" OR text MATCHES "${source}/")
    message(FATAL_ERROR "${package} tells users what is ours: ${CMAKE_MATCH_0}")
  endif()
endforeach()

foreach(program wolfpack wolfpack-fashion-mnist)
  execute_process(COMMAND ${prefix}/bin/${program} --help OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endforeach()
