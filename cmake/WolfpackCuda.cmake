# The CUDA compiler and runtime, for gpu/ alone. nvcc is looked for in CMAKE_CUDA_COMPILER, CUDAToolkit_ROOT, the PATH and the place where
# NVIDIA's packages put it, so that no environment variable is needed.
find_program(CMAKE_CUDA_COMPILER nvcc HINTS ${CUDAToolkit_ROOT}/bin PATHS /usr/local/cuda/bin DOC "CUDA compiler")
if(NOT CMAKE_CUDA_COMPILER)
  message(FATAL_ERROR "WOLFPACK_CUDA needs a CUDA toolkit: nvcc is neither in the PATH nor in /usr/local/cuda/bin; name it with "
                      "-DCMAKE_CUDA_COMPILER=/path/to/nvcc, or use the preset release")
endif()
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
  set(architectures_by_us TRUE)
endif()
enable_language(CUDA)
find_package(CUDAToolkit REQUIRED)
if(architectures_by_us)
  # A100, H100/H200, and B200 from 12.8 on; newer ones compile the newest PTX when they load it.
  set(CMAKE_CUDA_ARCHITECTURES 80-real 90)
  if(CMAKE_CUDA_COMPILER_VERSION VERSION_GREATER_EQUAL 12.8)
    set(CMAKE_CUDA_ARCHITECTURES 80-real 90-real 100)
  endif()
endif()
if(NOT DEFINED CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # nvcc has had C++20 since 12.0, and CMake 3.25 does not know it
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
endif()
set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
