#include "transport/ucx_fatal_errors.hpp"

#include <gtest/gtest.h>

namespace wolfpack::transport::ucx {
namespace {

TEST(UcxFatalErrorLine, NamesTheWorkerAndTheFileWithoutItsFolders) {
  EXPECT_EQ(fatal_error_line(WorkerId{2}, "/build/src/ucp/core/ucp_request.c", 684, "Assertion `x' failed"),
            "wolfpack: worker 2: UCX failed: Assertion `x' failed (ucp_request.c:684)\n");
  EXPECT_EQ(fatal_error_line(std::nullopt, "tcp_ep.c", 7, "Bug"), "wolfpack: UCX failed: Bug (tcp_ep.c:7)\n");
}

TEST(UcxFatalErrorLine, IsOneLineWhateverUcxSays) {
  EXPECT_EQ(fatal_error_line(WorkerId{0}, "a.c", 1, "Fatal: so\nand so"),
            "wolfpack: worker 0: UCX failed: Fatal: so and so (a.c:1)\n");
}

}  // namespace
}  // namespace wolfpack::transport::ucx
