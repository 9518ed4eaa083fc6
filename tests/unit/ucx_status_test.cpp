#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "transport/ucx_handles.hpp"

namespace wolfpack::transport {
namespace {

using ::testing::StartsWith;

TEST(UcxStatus, SaysThatAPeerCannotBeReachedWhereUcxSaysThatItIsGone) {
  for (const ucs_status_t status :
       {UCS_ERR_CONNECTION_RESET, UCS_ERR_NOT_CONNECTED, UCS_ERR_ENDPOINT_TIMEOUT, UCS_ERR_CANCELED}) {
    EXPECT_EQ(to_status(status, "worker 2").code(), StatusCode::peer_unreachable) << ucs_status_string(status);
    EXPECT_THAT(to_status(status, "worker 2").message(), StartsWith("worker 2: "));
    EXPECT_THROW(check_ucx(status, "worker 2"), PeerUnreachable);
  }
}

TEST(UcxStatus, SaysThatTheTransportFailedWhereUcxSaysAnythingElse) {
  for (const ucs_status_t status : {UCS_ERR_IO_ERROR, UCS_ERR_NO_MEMORY, UCS_ERR_INVALID_PARAM, UCS_ERR_UNREACHABLE})
    EXPECT_EQ(to_status(status, "ucp_init").code(), StatusCode::transport_error) << ucs_status_string(status);
  EXPECT_TRUE(to_status(UCS_OK, "ucp_init").ok());
}

}  // namespace
}  // namespace wolfpack::transport
