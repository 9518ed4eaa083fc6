# wolfpack_kernels(LAYER SOURCE): compiles a source once for each instruction set into the layer, with WOLFPACK_KERNELS naming it, and
# defines WOLFPACK_X86_KERNELS for the layer where there are several to choose from. The source calls no inline library function, so the
# linker has no copy with the wrong instructions to choose. Contraction is asked for, not left to the language mode: where there is an FMA,
# every kernel of the set uses it everywhere, so that they agree to the bit.
function(wolfpack_kernels layer source)
  _wolfpack_kernels(${layer} ${source} baseline)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    _wolfpack_kernels(${layer} ${source} avx2 -mavx2 -mfma)
    _wolfpack_kernels(${layer} ${source} avx512 -mavx512f -mfma -mprefer-vector-width=512)
    target_compile_definitions(wolfpack_${layer} PRIVATE WOLFPACK_X86_KERNELS)
  endif()
endfunction()

function(_wolfpack_kernels layer source name)
  set(target wolfpack_${layer}_kernels_${name})
  add_library(${target} OBJECT ${source})
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_definitions(${target} PRIVATE WOLFPACK_KERNELS=${name})
  target_compile_options(${target} PRIVATE -ffp-contract=fast ${ARGN})
  target_link_libraries(${target} PRIVATE wolfpack_build_options)
  target_sources(wolfpack_${layer} PRIVATE $<TARGET_OBJECTS:${target}>)
endfunction()
