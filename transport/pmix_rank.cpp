// What the environment alone says about PMIx: the same with and without the library.
#include <charconv>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "base/status.hpp"
#include "transport/pmix_bootstrap.hpp"

namespace wolfpack::transport {

std::optional<WorkerId> pmix_rank() {
  constexpr const char* kVariable = "PMIX_RANK";
  const char* text = std::getenv(kVariable);
  if (text == nullptr) return std::nullopt;
  std::uint32_t rank = 0;
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, rank);
  if (error != std::errc{} || stop != end)
    throw RuntimeFailure(fmt::format("{}={}: not what a launcher sets; unset it", kVariable, text));
  return WorkerId{rank};
}

}  // namespace wolfpack::transport
