#include "runtime/agree.hpp"

#include <exception>

#include "base/bytes.hpp"
#include "base/status.hpp"

namespace wolfpack::runtime {

void agree(transport::Bootstrap& bootstrap, const std::function<void()>& fallible) {
  Bytes outcome;  // a byte for the kind of error, and its text; empty where all is well
  const auto failed = [&outcome](std::byte kind, const char* what) {
    outcome.push_back(kind);
    ByteWriter(outcome).text(what);
  };
  constexpr std::byte kInput{1}, kRuntime{2};
  try {
    fallible();
  } catch (const InputError& error) {
    failed(kInput, error.what());
  } catch (const std::exception& error) {
    failed(kRuntime, error.what());
  }
  for (const Bytes& other : bootstrap.allgather(outcome)) {
    if (other.empty()) continue;
    const std::string text = ByteReader(std::span(other).subspan(1)).text();
    if (other.front() == kInput) throw InputError(text);
    throw PeerFailure(text);
  }
}

}  // namespace wolfpack::runtime
