# Installs the build into an empty prefix, so that a file of an earlier installation cannot stand in for one that is missing now.
file(REMOVE_RECURSE ${prefix})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${build} --prefix ${prefix} OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
foreach(program wolfpack wolfpack-fashion-mnist)
  execute_process(COMMAND ${prefix}/bin/${program} --help OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endforeach()
