// What a trace says of a run, on traces small enough to add up by hand.
#include "runtime/trace.hpp"

#include <gtest/gtest.h>

namespace wolfpack::runtime {
namespace {

struct Seconds {
  double start = 0.0, end = 0.0, wait = 0.0, get = 0.0, compute = 0.0, straggle = 0.0, put = 0.0;
};

TraceRow row_of(std::uint32_t worker, const Seconds& seconds) {
  TraceRow row;
  row.worker = {worker};
  row.start = seconds.start;
  row.wait = seconds.wait;
  row.get = seconds.get;
  row.compute = seconds.compute;
  row.straggle = seconds.straggle;
  row.put = seconds.put;
  row.finish(seconds.end);
  return row;
}

TEST(TransportShare, IsTheGetsAndPutsOfAllWorkersOverAllTheyIterated) {
  const Trace trace{row_of(0, {.start = 0.0, .end = 4.0, .wait = 1.0, .get = 1.0, .put = 0.5}),
                    row_of(0, {.start = 4.0, .end = 6.0, .compute = 2.0}),
                    row_of(1, {.start = 0.0, .end = 6.0, .get = 0.5, .straggle = 4.5, .put = 1.0})};
  ASSERT_TRUE(transport_share(trace).has_value());
  EXPECT_DOUBLE_EQ(*transport_share(trace), 3.0 / 12.0);
}

TEST(TransportShare, IsUnknownWithoutATrace) {
  EXPECT_FALSE(transport_share({}).has_value());
  EXPECT_FALSE(transport_share({row_of(0, {})}).has_value()) << "an iteration without times";
}

TEST(TransportShare, IsAtMostOneWhateverTheClocksResolution) {
  EXPECT_EQ(transport_share({row_of(0, {.end = 1.0, .get = 0.7, .put = 0.3000001})}), 1.0);
}

TEST(TraceRow, CountsAsUpdateWhatIsLeft) {
  const TraceRow row = row_of(0, {.start = 1.0, .end = 4.0, .wait = 0.5, .get = 0.25, .compute = 1.0, .put = 0.125});
  EXPECT_DOUBLE_EQ(row.update, 1.25) << "the puts are part of it";
  EXPECT_EQ(row.end, 4.0);
}

}  // namespace
}  // namespace wolfpack::runtime
