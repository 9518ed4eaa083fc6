// Nothing to compile: this source lets CMake compile the headers that all tests begin with (tests/CMakeLists.txt).
