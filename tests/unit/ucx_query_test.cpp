// What UCX prints of itself, read; and the way home from the process that asks it.
#include "transport/ucx_query.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "transport/apart.hpp"

namespace wolfpack::transport {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kContextInfo = R"(#
# UCP context
#
#     component 0  :  self
#     component 4  :  ib
#
#            md 0  :  component 0  self
#            md 5  :  component 4  mlx5_0
#
#      resource 0  :  md 0  dev 0  flags -- self/memory0
#      resource 1  :  md 1  dev 1  flags -- tcp/lo
#      resource 2  :  md 1  dev 2  flags -- tcp/eth0
#      resource 3  :  md 3  dev 3  flags -- posix/memory
#      resource 4  :  md 5  dev 4  flags -- rc_mlx5/mlx5_0:1
#      resource 5  :  md 5  dev 4  flags a- ud_mlx5/mlx5_0:1
#      resource 6  :  md 6  dev 5  flags -- rdmacm/sockaddr
#
)";

TEST(UcxQuery, TransportsAreReadFromWhatUcxPrintsOfItsContext) {
  const auto transports = transports_in(kContextInfo);
  EXPECT_THAT(transports, ElementsAre("self/memory0", "tcp/lo", "tcp/eth0", "posix/memory", "rc_mlx5/mlx5_0:1",
                                      "ud_mlx5/mlx5_0:1", "rdmacm/sockaddr"));
  EXPECT_THAT(network_devices_of(transports), ElementsAre("eth0", "mlx5_0:1"));
  EXPECT_THAT(transports_in(""), IsEmpty());
  EXPECT_THAT(network_devices_of({"tcp/lo", "sysv/memory", "cma/memory"}), IsEmpty());
}

TEST(UcxQuery, ThisUcxSaysWhatItHasAndWouldChoose) {
  Apart query([] { return encode(query_ucx()); });
  const UcxFacts facts = decode_ucx(query.result(60.0));
  EXPECT_THAT(facts.transports, Contains(HasSubstr("/")));
  EXPECT_THAT(facts.memory_types, Contains("host"));
  EXPECT_THAT(facts.lanes_on_this_host, HasSubstr("/"));
  EXPECT_FALSE(facts.lanes_between_hosts.empty());
}

}  // namespace
}  // namespace wolfpack::transport
