#include "runtime/agree.hpp"

#include <exception>
#include <string>
#include <vector>

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
  const std::vector<Bytes> outcomes = bootstrap.allgather(outcome);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i].empty()) continue;
    const std::string text = ByteReader(std::span(outcomes[i]).subspan(1)).text();
    if (outcomes[i].front() == kInput) throw InputError(text);
    throw PeerFailure("worker " + std::to_string(i) + ": " + text);
  }
}

}  // namespace wolfpack::runtime
