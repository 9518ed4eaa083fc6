#include "experiments/standard_output.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

#include "base/status.hpp"

namespace wolfpack::experiments {

void print_out(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw RuntimeFailure(fmt::format("standard output cannot be written to: {}", std::strerror(errno)));
}

}  // namespace wolfpack::experiments
