// Clocks of several hosts: all are this machine's here, and set wrong on purpose.
#include "runtime/clock_comparison.hpp"

#include <functional>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "base/status.hpp"
#include "runtime/threads_launcher.hpp"
#include "tests/support/backends.hpp"

namespace wolfpack::runtime {
namespace {

class ClockComparisonContract : public testing::BackendTest {
 protected:
  using Work = std::function<void(WorkerId, ClockComparison&)>;

  /// A thread a worker; worker i's clock is i * `apart` seconds fast.
  void run(std::uint32_t workers, double apart, const Work& work) const {
    const ps::JobLayout layout = ps::JobLayout::make(workers, 1, {});
    run_threads(workers, [&](transport::Bootstrap& bootstrap) {
      const WorkerId self = bootstrap.rank();
      const auto transport = GetParam().make();
      const auto board = transport->allocate(layout.board_bytes(), transport::MemoryKind::host);
      const testing::Serving serving(*transport);
      const auto addresses = bootstrap.allgather(transport->address());
      const auto descriptors = bootstrap.allgather(board->descriptor());
      std::vector<transport::RemoteRegion> boards;
      std::optional<ClockComparison> comparison;
      const auto channel = transport->open_channel();
      for (std::uint32_t i = 0; i < workers; ++i) {
        const auto peer = channel->connect(addresses[i], "worker " + std::to_string(i));
        boards.push_back(channel->open(peer, descriptors[i]));
      }
      comparison.emplace(*channel, layout, self, board->bytes(), boards,
                         [=] { return monotonic_seconds() + apart * self.value; });
      bootstrap.barrier();
      work(self, *comparison);
      bootstrap.barrier();
    });
  }
};

INSTANTIATE_TEST_SUITE_P(Backends, ClockComparisonContract, ::testing::ValuesIn(testing::kBackends),
                         testing::backend_name);

TEST_P(ClockComparisonContract, FindsByHowMuchClocksDiffer) {
  constexpr std::uint32_t kWorkers = 3;
  constexpr double kApart = 1000.0;
  constexpr double kError = 0.05;  // half of a round trip, on a busy machine
  std::vector<double> ahead(kWorkers);
  run(kWorkers, kApart, [&](WorkerId self, ClockComparison& comparison) {
    for (int again = 0; again < 3; ++again) {
      if (self.value != 0) {
        ahead[self.value] = comparison.ask(testing::patience());
        EXPECT_NEAR(ahead[self.value], -kApart * self.value, kError);
      } else {
        for (std::uint32_t i = 1; i < kWorkers; ++i) comparison.answer({i}, testing::patience());
      }
    }
  });
}

TEST_P(ClockComparisonContract, AnAnswerThatDoesNotComeIsNotWaitedForForEver) {
  run(2, 0.0, [](WorkerId self, ClockComparison& comparison) {
    if (self.value == 0) return;
    EXPECT_THROW((void)comparison.ask(testing::patience(0.05)), RuntimeFailure);
  });
}

}  // namespace
}  // namespace wolfpack::runtime
