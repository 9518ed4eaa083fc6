// `wolfpack devices`: what it says of this machine, by its JSON and by its table. A machine with an RDMA device is in
// tests/rdma/check-devices.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <signal.h>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/lasso_run.hpp"
#include "tests/support/shared_memory_watch.hpp"
#include "transport/rdma_ports.hpp"

namespace wolfpack::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

json devices(const std::vector<std::string>& environment = {}) {
  const Outcome outcome = run_program({"devices", "--json"}, environment);
  EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  return json::parse(outcome.out);  // one object and nothing else
}

json transport(const json& found, const std::string& name) {
  for (const json& report : found.at("transports"))
    if (report.at("name") == name) return report;
  ADD_FAILURE() << name << " is not there";
  return {};
}

/// All objects that are a finding have an advice, a text.
void expect_advice(const json& value, const std::string& path) {
  if (value.is_object() && value.contains("advice")) {
    EXPECT_TRUE(value.at("advice").is_string()) << path;
  }
  if (value.is_structured())
    for (const auto& [key, inner] : value.items()) expect_advice(inner, path + "/" + key);
}

TEST(DevicesCommand, TransportsAreProbed) {
  SharedMemoryWatch watch;
  const json found = devices();
  const json shm = transport(found, "shm"), tcp = transport(found, "tcp");
  EXPECT_EQ(shm.at("usable"), true) << shm;
  EXPECT_EQ(shm.at("one_sided"), "native");
  EXPECT_EQ(shm.at("atomics"), "native");
  EXPECT_THAT(shm.at("lanes").get<std::string>(), HasSubstr("posix/memory"));
  EXPECT_EQ(shm.at("advice"), "");
  EXPECT_EQ(tcp.at("usable"), true) << tcp;
  EXPECT_EQ(tcp.at("one_sided"), "emulated");
  EXPECT_EQ(tcp.at("atomics"), "emulated");
  EXPECT_THAT(tcp.at("lanes").get<std::string>(), HasSubstr("tcp/lo"));
  EXPECT_THAT(watch.left_behind(), IsEmpty());
}

TEST(DevicesCommand, SaysWhatTheMachineHas) {
  const json found = devices();
  for (const char* key : {"rdma", "ucx", "locked_memory", "shared_memory", "huge_pages", "relaxed_ordering",
                          "gpu_direct", "cores", "gpus"})
    EXPECT_TRUE(found.at(key).contains("advice")) << key;
  expect_advice(found, "");
  EXPECT_THAT(found.at("ucx").at("version").get<std::string>(), HasSubstr("."));
  EXPECT_EQ(found.at("ucx").at("error"), nullptr);
  EXPECT_THAT(found.at("ucx").at("memory_types"), ::testing::Contains("host"));
  EXPECT_GT(found.at("shared_memory").at("size_bytes"), 0);
  EXPECT_GE(found.at("cores").at("usable"), 1);
  EXPECT_EQ(found.at("rdma").at("devices").size(), [] {
    std::vector<std::string> names;
    for (const auto& port : transport::rdma_ports())
      if (names.empty() || names.back() != port.device) names.push_back(port.device);
    return names.size();
  }());
}

TEST(DevicesCommand, WithoutAnRdmaDeviceItSaysSoAndIsStillUseful) {
  if (!transport::rdma_ports().empty()) GTEST_SKIP() << "this machine has an RDMA device";
  const json found = devices();
  EXPECT_THAT(found.at("rdma").at("devices"), IsEmpty());
  EXPECT_THAT(found.at("rdma").at("advice").get<std::string>(), HasSubstr("driver"));
  EXPECT_EQ(transport(found, "rdma").at("usable"), false);
  EXPECT_EQ(transport(found, "rdma").at("one_sided"), nullptr);
  EXPECT_THAT(transport(found, "rdma").at("why_not").get<std::string>(), HasSubstr("no RDMA device"));
  const Outcome table = run_program({"devices"});
  EXPECT_EQ(table.exit_status, 0);
  EXPECT_EQ(table.err, "");
  for (const char* part : {"none here", "native", "emulated", "tcp/lo", "UCX 1.", "may be locked", "huge pages",
                           "relaxed ordering", "GPUDirect", "NUMA node"})
    EXPECT_THAT(table.out, HasSubstr(part));
}

/// Whether the folder in which the probes have their shared memory is there.
bool has_folder(const Process& program) {
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm", gone))
    if (entry.path().filename().string().starts_with(fmt::format("wolfpack-{}-", program.pid()))) return true;
  return false;
}

TEST(DevicesCommand, InterruptedItEndsByTheSignalAndLeavesNothing) {
  SharedMemoryWatch watch;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    SCOPED_TRACE(fmt::format("signal {}", number));
    std::signal(number, SIG_DFL);  // inherited as ignored, it ends nothing
    Process program(command_line({"devices"}));
    ASSERT_TRUE(eventually(kRunLimitSeconds, [&] { return has_folder(program) || program.has_ended(); }));
    ASSERT_TRUE(program.signal(number)) << "it ended too soon";
    const Outcome outcome = program.wait(5.0);
    EXPECT_EQ(outcome.signal, number);
    EXPECT_EQ(outcome.out, "");
    EXPECT_FALSE(has_folder(program));
    EXPECT_TRUE(eventually(1.0, [&] { return program.alive().empty(); })) << "processes are left";
  }
  EXPECT_THAT(watch.left_behind(), IsEmpty());
}

TEST(DevicesCommand, UcxThatCannotStartIsAFindingAndNoFailure) {
  const json found = devices({"UCX_TLS=tarts", "UCX_WARN_UNUSED_ENV_VARS=n"});
  EXPECT_EQ(found.at("ucx").at("settings").at("UCX_TLS"), "tarts");
  EXPECT_NE(found.at("ucx").at("error"), nullptr);
  EXPECT_NE(found.at("ucx").at("advice"), "");
  for (const char* name : {"shm", "tcp"}) {
    EXPECT_EQ(transport(found, name).at("usable"), false) << name;
    EXPECT_NE(transport(found, name).at("advice"), "") << name;
  }
  EXPECT_EQ(run_program({"devices"}, {"UCX_TLS=tarts"}).exit_status, 0);
}

TEST(DevicesCommand, RelaxedOrderingIsTold) {
  const json found = devices({"UCX_IB_PCI_RELAXED_ORDERING=on"});
  EXPECT_EQ(found.at("relaxed_ordering").at("setting"), "on");
  EXPECT_THAT(found.at("relaxed_ordering").at("advice").get<std::string>(), HasSubstr("off"));
}

TEST(DevicesCommand, WrongOptionsAreRefusedInALine) {
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{"devices", "--jsno"}, {"devices", "all"}, {"devices", "--json", "--workers", "2"}}) {
    const Outcome outcome = run_program(wrong);
    EXPECT_EQ(outcome.exit_status, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(wrong[wrong.size() > 2 ? 2 : 1]));
  }
  EXPECT_EQ(run_program({"devices", "--help"}).exit_status, 0);
}

}  // namespace
}  // namespace wolfpack::testing
