#include "runtime/trace.hpp"

#include <gtest/gtest.h>

namespace wolfpack::runtime {
namespace {

TraceRow iteration(double start, double end, double get, double put) {
  TraceRow row;
  row.start = start;
  row.end = end;
  row.get = get;
  row.put = put;
  return row;
}

TEST(TransportShare, IsOfAllWorkersIterationsTogether) {
  const Trace trace{iteration(0, 1, 0.1, 0.2), iteration(1, 4, 0.0, 0.1)};
  EXPECT_DOUBLE_EQ(transport_share(trace).value(), 0.1);
}

TEST(TransportShare, IsUnknownWhereNothingWasTraced) {
  EXPECT_FALSE(transport_share({}).has_value());
  EXPECT_FALSE(transport_share({iteration(2, 2, 0, 0)}).has_value());
}

TEST(TransportShare, IsAllWhereRoundingSaysMore) {
  EXPECT_EQ(transport_share({iteration(0, 1, 0.7, 0.4)}).value(), 1.0);
}

}  // namespace
}  // namespace wolfpack::runtime
