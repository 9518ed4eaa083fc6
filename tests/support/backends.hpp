// The transports that the contract suites run over. A backend is added by a line in asked_backends().
//
//     class LaneContract : public testing::BackendTest {};                       // GetParam() is the backend
//     INSTANTIATE_TEST_SUITE_P(Backends, LaneContract, ::testing::ValuesIn(testing::kBackends), testing::backend_name);
#pragma once

#include <atomic>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/time.hpp"
#include "tests/support/asked_transports.hpp"
#include "tests/support/pace.hpp"
#include "transport/serving_thread.hpp"
#include "transport/threads_transport.hpp"
#include "transport/transport.hpp"
#include "transport/ucx_transport.hpp"

namespace wolfpack::testing {

struct Backend {
  const char* name;
  std::unique_ptr<transport::Transport> (*make)();
  bool is_instrumented;                                         ///< the thread sanitizer sees what it does
  transport::OneSided one_sided = transport::OneSided::native;  ///< what it is known to be
};

inline void PrintTo(const Backend& backend, std::ostream* out) { *out << backend.name; }

[[nodiscard]] inline std::vector<Backend> asked_backends() {
  const Backend known[] = {
      {"threads", [] { return transport::make_threads_transport(); }, true},
      {"shm", [] { return transport::make_ucx_transport("shm"); }, false},
      {"tcp", [] { return transport::make_ucx_transport("tcp"); }, false, transport::OneSided::emulated},
      {"rdma", [] { return transport::make_ucx_transport("rdma"); }, false},
  };
  std::vector<Backend> backends;
  for (const std::string& name : asked_transports({"threads", "shm", "tcp"}))
    for (const Backend& backend : known)
      if (name == backend.name) backends.push_back(backend);
  return backends;
}
inline const std::vector<Backend> kBackends = asked_backends();

/// As a job's progress thread does: for tests that have no job.
using Serving = transport::ServingThread;

/// For waits that should not last: a test that waits longer fails instead.
inline transport::WaitCheck patience(double seconds = 20.0) {
  return [deadline = monotonic_seconds() + seconds] {
    return monotonic_seconds() < deadline ? Status()
                                          : Status(StatusCode::deadline_exceeded, "a test waited for too long");
  };
}

inline std::string backend_name(const ::testing::TestParamInfo<Backend>& backend) { return backend.param.name; }

/// A fixture with a backend; skipped, with the reason, where a sanitizer cannot judge that backend.
class BackendTest : public ::testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    // UCX copies with plain loads and stores of its own, uninstrumented code: each would be reported as a race.
    if (kThreadSanitizer && !GetParam().is_instrumented)
      GTEST_SKIP() << GetParam().name << ": the thread sanitizer does not see the order that UCX keeps";
  }
};

}  // namespace wolfpack::testing
