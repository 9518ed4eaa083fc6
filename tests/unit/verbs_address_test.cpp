#include "transport/verbs_address.hpp"

#include <arpa/inet.h>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.hpp"

namespace wolfpack::transport {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

template <class Failure>
std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Failure& failure) {
    return failure.what();
  }
  return "nothing was thrown";
}

VerbsAddress some_address() {
  VerbsAddress address{.is_ethernet = true,
                       .gid_kind = GidKind::roce_v2,
                       .gid = {},
                       .lid = 7,
                       .queue_pair = 0x123456,
                       .first_packet = 0xfedcba,
                       .mtu_bytes = 1024,
                       .reads_served = 16,
                       .memory = 0x7f0011223344,
                       .memory_bytes = 1 << 20,
                       .remote_key = 0xdeadbeef};
  for (std::uint8_t i = 0; i < 16; ++i) address.gid[i] = static_cast<std::uint8_t>(3 * i + 1);
  return address;
}

std::string refusal_of(const Bytes& bytes) {
  return message_of<RuntimeFailure>([&] { (void)decode_verbs_address(bytes); });
}

TEST(VerbsAddress, ComesBackAsItWas) { EXPECT_EQ(decode_verbs_address(encode(some_address())), some_address()); }

TEST(VerbsAddress, IsRefusedWhereABitIsWrong) {
  const Bytes whole = encode(some_address());
  for (std::size_t i = 0; i < 8 * whole.size(); ++i) {
    Bytes damaged = whole;
    damaged[i / 8] ^= static_cast<std::byte>(1U << i % 8);
    EXPECT_THAT(refusal_of(damaged), AllOf(HasSubstr("address"), Not(HasSubstr("\n")))) << "bit " << i;
  }
}

TEST(VerbsAddress, IsRefusedWhereItIsTooShortTooLongOrSomethingElse) {
  const Bytes whole = encode(some_address());
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_THAT(refusal_of(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))),
                HasSubstr("address"));
  Bytes longer = whole;
  longer.push_back(std::byte{0});
  EXPECT_THAT(refusal_of(longer), HasSubstr("damaged"));
  EXPECT_THAT(refusal_of(Bytes(whole.size(), std::byte{1})), HasSubstr("no address of a verbs endpoint"));
}

TEST(VerbsAddress, OfAnotherVersionSaysWhichAndWhatToDo) {
  Bytes other = encode(some_address());
  other[4] = std::byte{9};
  EXPECT_THAT(refusal_of(other), AllOf(HasSubstr("version 9"), HasSubstr("same version of Wolfpack on both sides")));
}

TEST(VerbsAddress, OfAnotherNetworkIsToldBeforeAnythingHangs) {
  const auto refusal = [](const VerbsAddress& own, const VerbsAddress& peer) {
    return message_of<RuntimeFailure>([&] { check_same_network(own, peer, "rank 3"); });
  };
  VerbsAddress infiniband = some_address(), roce_v1 = some_address();
  infiniband.is_ethernet = false;
  infiniband.gid_kind = GidKind::infiniband;
  roce_v1.gid_kind = GidKind::roce_v1;
  VerbsAddress unmanaged = infiniband;
  unmanaged.lid = 0;
  EXPECT_THAT(refusal(some_address(), infiniband),
              AllOf(StartsWith("rank 3: "), HasSubstr("is InfiniBand and ours Ethernet")));
  EXPECT_THAT(refusal(some_address(), roce_v1),
              AllOf(StartsWith("rank 3: "), HasSubstr("RoCE v1 and ours of RoCE v2")));
  EXPECT_THAT(refusal(infiniband, unmanaged), AllOf(StartsWith("rank 3: "), HasSubstr("no LID")));
  EXPECT_NO_THROW(check_same_network(some_address(), some_address(), "rank 3"));
  EXPECT_NO_THROW(check_same_network(infiniband, infiniband, "rank 3"));
}

GidEntry gid(std::uint32_t index, GidKind kind, const char* text) {
  GidEntry entry{.index = index, .kind = kind, .value = {}};
  EXPECT_EQ(inet_pton(AF_INET6, text, entry.value.data()), 1) << text;
  return entry;
}

const GidEntry kZero = gid(9, GidKind::roce_v2, "::");
const GidEntry kOld = gid(0, GidKind::roce_v1, "fe80::1");
const GidEntry kLinkLocal = gid(1, GidKind::roce_v2, "fe80::1");
const GidEntry kOldIpv4 = gid(2, GidKind::roce_v1, "::ffff:10.0.0.1");
const GidEntry kIpv6 = gid(3, GidKind::roce_v2, "2001:db8::1");
const GidEntry kIpv4 = gid(4, GidKind::roce_v2, "::ffff:10.0.0.1");
const GidEntry kSecondIpv4 = gid(5, GidKind::roce_v2, "::ffff:10.1.0.1");

TEST(VerbsGid, IsTheBestOfThePort) {
  const auto chosen = [](const std::vector<GidEntry>& gids) { return choose_gid(gids, "", "mlx5_0:1").index; };
  EXPECT_EQ(chosen({kZero, kOld, kLinkLocal, kOldIpv4, kIpv6, kIpv4, kSecondIpv4}), kIpv4.index);
  EXPECT_EQ(chosen({kSecondIpv4, kIpv4}), kSecondIpv4.index) << "the first of equals";
  EXPECT_EQ(chosen({kOld, kLinkLocal, kOldIpv4, kIpv6}), kIpv6.index);
  EXPECT_EQ(chosen({kOld, kLinkLocal, kOldIpv4}), kLinkLocal.index);
  EXPECT_EQ(chosen({kZero, kOld, kOldIpv4}), kOld.index);
  EXPECT_EQ(chosen({gid(0, GidKind::infiniband, "fe80::2"), gid(1, GidKind::infiniband, "fec0::2")}), 0u);
}

TEST(VerbsGid, IsTheWantedOneWhereThereIsSuch) {
  const std::vector<GidEntry> gids = {kOld, kLinkLocal, kIpv4, kZero};
  EXPECT_EQ(choose_gid(gids, "1", "mlx5_0:1").index, 1u);
  EXPECT_EQ(choose_gid(gids, "auto", "mlx5_0:1").index, kIpv4.index);
  for (const char* wanted : {"2", "9", "1x", "-1", " "})
    EXPECT_THAT(message_of<InputError>([&] { (void)choose_gid(gids, wanted, "mlx5_0:1"); }),
                AllOf(StartsWith(std::string("UCX_IB_GID_INDEX=") + wanted + ": "), HasSubstr("mlx5_0:1"),
                      HasSubstr("accepted: auto, 0, 1, 4")));
}

TEST(VerbsGid, IsMissedWithAWayToGetOne) {
  for (const auto& gids : {std::vector<GidEntry>{}, std::vector<GidEntry>{kZero}})
    EXPECT_THAT(message_of<InputError>([&] { (void)choose_gid(gids, "", "mlx5_0:1"); }),
                AllOf(StartsWith("mlx5_0:1 has no GID"), HasSubstr("ip addr add")));
}

}  // namespace
}  // namespace wolfpack::transport
