// Wrong usage and bad input end at once: exit status 2, one line on standard error that names what is wrong and what is
// accepted, nothing on standard output, and no files.
#include <algorithm>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/lasso_instances.hpp"
#include "tests/support/lasso_run.hpp"
#include "tests/support/npy_bytes.hpp"

namespace wolfpack::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Texts = std::vector<std::string>;

/// What a line must hold to be of help: what is accepted, in either wording.
const auto kSaysWhatIsAccepted = AnyOf(HasSubstr("accepted"), HasSubstr("expected"), HasSubstr("--help"));

void expect_one_line(const Outcome& outcome) {
  EXPECT_EQ(outcome.exit_status, 2) << (outcome.timed_out ? "it hangs" : "") << " signal " << outcome.signal;
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_THAT(outcome.err, StartsWith("wolfpack: "));
}

class BadInput : public ::testing::Test {
 protected:
  ScratchDirectory scratch_;
  std::string good_ = scratch_.write("good.libsvm", "1 1:1 2:0.5\n2 1:0.25 3:1\n");
  std::string output_ = scratch_.path("output");

  /// `arguments` after `wolfpack lasso`; every text of `says` must be in the line.
  void expect_refused(Texts arguments, const Texts& says) const {
    SCOPED_TRACE(fmt::format("wolfpack lasso {}", fmt::join(arguments, " ")));
    arguments.insert(arguments.begin(), "lasso");
    arguments.insert(arguments.end(), {"--workers", "3", "--output", output_});
    const Outcome outcome = run_program(arguments);
    expect_one_line(outcome);
    for (const auto& text : says) EXPECT_THAT(outcome.err, HasSubstr(text));
    EXPECT_THAT(outcome.err, kSaysWhatIsAccepted);
    if (fs::is_directory(output_)) {
      EXPECT_TRUE(fs::is_empty(output_));
    }
  }

  void expect_option_refused(const std::string& option, const Texts& values) const {
    for (const auto& value : values) {
      Texts arguments{"--data", good_};
      if (option != "--beta") arguments.insert(arguments.end(), {"--beta", "1"});
      arguments.insert(arguments.end(), {option, value});
      if (option == "--workers") {  // given once only
        arguments.insert(arguments.begin(), "lasso");
        const Outcome outcome = run_program(arguments);
        expect_one_line(outcome);
        EXPECT_THAT(outcome.err, HasSubstr(option));
        EXPECT_THAT(outcome.err, kSaysWhatIsAccepted);
      } else {
        expect_refused(arguments, {option});
      }
    }
  }

  void expect_data_refused(const std::string& name, const std::string& bytes, const Texts& says = {}) const {
    Texts all = says;
    all.push_back(name);
    expect_refused({"--data", scratch_.write(name, bytes), "--beta", "1"}, all);
  }
};

TEST_F(BadInput, Beta) {
  expect_option_refused("--beta", {"0", "-1", "nan", "inf", "x", "1x", "1,5", "", "1e999", "0x10"});
}
TEST_F(BadInput, Problems) {
  const auto refused = [&](const Texts& problem, const Texts& says) {
    Texts arguments{"--data", good_};
    arguments.insert(arguments.end(), problem.begin(), problem.end());
    expect_refused(arguments, says);
  };
  refused({}, {"--beta", "--lambda", "--beta-path", "--lambda-path", "--path"});
  const std::vector<Texts> one{
      {"--beta", "1"}, {"--lambda", "1"}, {"--beta-path", "1,2"}, {"--lambda-path", "2,1"}, {"--path", "5"}};
  for (const Texts& first : one)
    for (const Texts& second : one) {
      if (first != second) refused({first[0], first[1], second[0], second[1]}, {first[0], second[0]});
    }
  for (const char* value : {"-1", "nan", "inf", "x", "1x", "1,5", "", "1e999"})
    refused({"--lambda", value}, {"--lambda"});
  for (const char* value : {"1,0", "1,-1", "1,,2", ",1", "1,", "", "1;2", "nan,1", "1 2"})
    refused({"--beta-path", value}, {"--beta-path"});
  for (const char* value : {"1,-1", "1,,2", "x", "", "inf"}) refused({"--lambda-path", value}, {"--lambda-path"});
  for (const char* value : {"1", "0", "-3", "2.5", "x", "", "100000000"}) refused({"--path", value}, {"--path"});
  for (const char* value : {"0", "1", "-0.1", "nan", "x", "2", ""})
    refused({"--path", "5", "--lambda-min-ratio", value}, {"--lambda-min-ratio"});
  refused({"--lambda", "1", "--lambda-min-ratio", "0.1"}, {"--lambda-min-ratio", "--path"});
  refused({"--lambda-min-ratio", "0.1"}, {"--path"});
  for (const char* method : {"bellet", "tran", "line-search", "away", "pairwise"})
    for (const Texts& problem : one) {
      if (problem[0] != "--beta") refused({problem[0], problem[1], "--method", method}, {problem[0], "corrective"});
    }
}
TEST_F(BadInput, Threads) { expect_option_refused("--threads", {"0", "-1", "257", "x", "1.5", ""}); }
TEST_F(BadInput, WarmStarts) {
  const auto refused = [&](const std::string& path, const Texts& says, const Texts& more = {}) {
    Texts arguments{"--data", good_, "--warm-start", path};
    if (more.empty()) arguments.insert(arguments.end(), {"--beta", "1"});
    arguments.insert(arguments.end(), more.begin(), more.end());
    expect_refused(arguments, says);
  };
  refused(scratch_.path("absent.csv"), {"absent.csv"});
  fs::create_directory(scratch_.path("folder"));
  refused(scratch_.path("folder"), {"result.json"});
  (void)scratch_.write("folder/coefficients.csv", "index,value\n0,1\n");
  (void)scratch_.write("folder/result.json", R"({"command": "logistic", "columns": 3})");
  refused(scratch_.path("folder"), {"result.json", "lasso"});
  (void)scratch_.write("folder/result.json", R"({"command": "lasso", "columns": 4})");
  expect_refused({"--data", scratch_.write("three.csv", "a,b,c,y\n1,2,3,1\n4,5,7,2\n"), "--target", "y", "--beta", "1",
                  "--warm-start", scratch_.path("folder")},
                 {"three.csv", "3 columns", "expected 4"});
  for (const auto& [text, line] :
       std::vector<std::pair<std::string, std::string>>{{"", ""},
                                                        {"value,index\n", ":1"},
                                                        {"0,1\n", ":1"},
                                                        {"index,value\n0,1\n3,1\n", ":3"},
                                                        {"index,value\n1,1\n0,1\n1,2\n", ":4"},
                                                        {"index,value\n-1,1\n", ":2"},
                                                        {"index,value\n0\n", ":2"},
                                                        {"index,value\n0,1,2\n", ":2"},
                                                        {"index,value\n0,x\n", ":2"},
                                                        {"index,value\n0,nan\n", ":2"},
                                                        {"index,value\n0.5,1\n", ":2"},
                                                        {"index,value\n\n0,1 1\n", ":3"}})
    refused(scratch_.write("start.csv", text), {"start.csv" + line});
  const std::string good = scratch_.write("start.csv", "index,value\n0,1\n");
  refused(good, {"--warm-start", "--path"}, {"--path", "5"});
  refused(good, {"--warm-start", "corrective"}, {"--beta", "1", "--method", "away"});
}
TEST_F(BadInput, Workers) {
  expect_option_refused("--workers", {"0", "-1", "1.5", "x", "nan", "100000", "99999999999999999999"});
}
TEST_F(BadInput, Staleness) {
  expect_option_refused("--staleness", {"-1", "soon", "1.5", "BSP", "inf", "1 2", "99999999999999999999"});
}
TEST_F(BadInput, Tolerance) { expect_option_refused("--tolerance", {"-1", "nan", "x", "inf", "1e-6s"}); }
TEST_F(BadInput, TopK) { expect_option_refused("--top-k", {"0", "-3", "1.5", "many"}); }
TEST_F(BadInput, MaxClock) { expect_option_refused("--max-clock", {"0", "-1", "x", "1.5", "99999999999999999999"}); }
TEST_F(BadInput, TimeLimit) { expect_option_refused("--time-limit", {"0", "-1", "nan", "x", "inf"}); }
TEST_F(BadInput, Seed) { expect_option_refused("--seed", {"-1", "x", "1.5"}); }
TEST_F(BadInput, NumbersThatAreTooLargeAreToldTheLargest) {
  for (const char* option : {"--seed", "--staleness", "--max-clock"})
    for (const char* number : {"9223372036854775808", "99999999999999999999"})
      expect_refused({"--data", good_, "--beta", "1", option, number}, {option, number, " to 9223372036854775807"});
}
TEST_F(BadInput, Method) { expect_option_refused("--method", {"newton", "Corrective", ""}); }
TEST_F(BadInput, Device) { expect_option_refused("--device", {"tpu", "CPU"}); }
TEST_F(BadInput, Transport) { expect_option_refused("--transport", {"pigeon", "SHM", "rdma"}); }
TEST_F(BadInput, PictureShape) {
  expect_option_refused("--picture-shape", {"28", "x", "0x5", "28x", "axb"});
  expect_refused({"--data", good_, "--beta", "1", "--picture-shape", "5x5"}, {"--picture-shape 5x5", "25", "2 rows"});
  const std::string run = scratch_.path("run");
  ASSERT_EQ(run_program({"lasso", "--data", good_, "--beta", "1", "--picture-shape", "2x1", "--quiet", "--output", run})
                .exit_status,
            0);
  const Outcome report = run_program({"report", run, "--picture-shape", "5x5"});
  expect_one_line(report);
  EXPECT_THAT(report.err, HasSubstr("--picture-shape 5x5: 25 pixels, and the columns have 2 rows"));
}
TEST_F(BadInput, Straggler) {
  expect_option_refused("--straggler", {"worker=9,slowdown=2", "worker=3,slowdown=2", "worker=-1,slowdown=2",
                                        "worker=1", "slowdown=2", "worker=1,slowdown=0.5", "worker=1,slowdown=nan",
                                        "worker=1,slowdown=x", "worker=1,speed=2", "worker=random,slowdown=2",
                                        "worker=random,slowdown=2,duration=0", "nonsense", "worker=1.5,slowdown=2"});
}

TEST_F(BadInput, OptionsThatAreMissingUnknownOrWithoutValue) {
  expect_refused({"--beta", "1"}, {"--data"});
  expect_refused({"--data", good_}, {"--beta"});
  expect_refused({"--data", good_, "--beta", "1", "--nonsense", "1"}, {"--nonsense"});
  expect_refused({"--data", good_, "--beta", "1", "stray"}, {"stray"});
  expect_refused({"--data", good_, "--beta", "1", "--beta", "2"}, {"--beta"});
}

TEST_F(BadInput, FilesThatCannotBeRead) {
  expect_refused({"--data", scratch_.path("absent.libsvm"), "--beta", "1"}, {"absent.libsvm"});
  expect_refused({"--data", scratch_.path("absent.npy"), "--beta", "1", "--target", good_}, {"absent.npy"});
  expect_refused({"--data", "", "--beta", "1"}, {});
  fs::create_directory(scratch_.path("folder.libsvm"));
  expect_refused({"--data", scratch_.path("folder.libsvm"), "--beta", "1"}, {"folder.libsvm"});
  expect_data_refused("a.xyz", "1 1:1\n", {".libsvm", ".npy", ".csv", ".mtx"});
  expect_data_refused("no_extension", "1 1:1\n");
  if (::geteuid() != 0) {
    const std::string secret = scratch_.write("secret.libsvm", "1 1:1\n");
    ::chmod(secret.c_str(), 0);
    expect_refused({"--data", secret, "--beta", "1"}, {"secret.libsvm"});
  }
}

TEST_F(BadInput, Svmlight) {
  expect_data_refused("empty.libsvm", "");
  expect_data_refused("comment.libsvm", "# nothing\n");
  for (const auto& [name, line] :
       std::vector<std::pair<std::string, std::string>>{{"nan.libsvm", "1 1:nan"},
                                                        {"inf.libsvm", "1 1:inf"},
                                                        {"token.libsvm", "1 1:x"},
                                                        {"zero.libsvm", "1 0:1"},
                                                        {"order.libsvm", "1 2:1 1:1"},
                                                        {"twice.libsvm", "1 2:1 2:1"},
                                                        {"label.libsvm", "x 1:1"},
                                                        {"nanlabel.libsvm", "nan 1:1"},
                                                        {"nocolon.libsvm", "1 1"},
                                                        {"negative.libsvm", "1 -1:1"},
                                                        {"huge.libsvm", "1 99999999999999999999:1"},
                                                        {"overflow.libsvm", "1 1:1e999"}})
    expect_data_refused(name, "1 1:1\n" + line + "\n", {":2"});
  expect_data_refused("binary.libsvm", std::string("\0\1\2\xff\xfe", 5));
}

TEST_F(BadInput, Npy) {
  const auto header = [](const std::string& type, const std::string& shape) {
    return "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
  };
  const std::string eight = bytes_of(std::vector<double>(4, 1.0));
  expect_data_refused("junk.npy", std::string(200, 'j'));
  expect_data_refused("empty.npy", "");
  expect_data_refused("short.npy", npy_bytes(header("<f8", "(3, 2)"), eight));
  expect_data_refused("long.npy", npy_bytes(header("<f8", "(1, 2)"), eight));
  expect_data_refused("flat.npy", npy_bytes(header("<f8", "(4,)"), eight));
  expect_data_refused("cube.npy", npy_bytes(header("<f8", "(1, 2, 2)"), eight));
  expect_data_refused("object.npy", npy_bytes(header("|O", "(2, 2)"), eight));
  expect_data_refused("big.npy", npy_bytes(header(">f8", "(2, 2)"), eight));
  expect_data_refused("notarget.npy", npy_bytes(header("<f8", "(2, 2)"), eight), {"--target"});
  const std::string not_finite = bytes_of(std::vector<double>{1.0, std::numeric_limits<double>::quiet_NaN(), 1.0, 1.0});
  expect_refused({"--data", scratch_.write("nan.npy", npy_bytes(header("<f8", "(2, 2)"), not_finite)), "--target",
                  scratch_.write("y.txt", "1\n2\n"), "--beta", "1"},
                 {"nan.npy"});
}

TEST_F(BadInput, TargetsAndColumnsWhoseSquaresAreNoNumbers) {
  for (const char* y : {"1e154", "-1e300", "1e-170", "5e-324"}) {
    const std::string data = scratch_.write("target.libsvm", fmt::format("{} 1:1\n0 2:1\n{} 3:1\n", y, y));
    for (const Texts& options : std::vector<Texts>{{}, {"--intercept"}, {"--intercept", "--standardize"}}) {
      Texts arguments{"--data", data, "--beta", "1"};
      arguments.insert(arguments.end(), options.begin(), options.end());
      expect_refused(arguments, {"target", "squares", "1e-140", "1e140"});
    }
  }
  for (const char* value : {"1e160", "1e300", "1e-160", "1e-310"}) {
    // The first is the middle one of three workers'; the last one's would be refused, too.
    const std::string data =
        scratch_.write("column.libsvm", fmt::format("1 1:1 2:{0}\n0.5 1:2 3:{0}\n3 2:{0} 3:{0}\n", value));
    for (const Texts& options : std::vector<Texts>{{"--beta", "1"},
                                                   {"--lambda", "0.5"},
                                                   {"--path", "5"},
                                                   {"--path", "5", "--intercept", "--standardize"},
                                                   {"--beta", "1", "--method", "line-search"},
                                                   {"--beta", "1", "--staleness", "3"},
                                                   {"--lambda", "0.1", "--standardize"}}) {
      Texts arguments{"--data", data};
      arguments.insert(arguments.end(), options.begin(), options.end());
      expect_refused(arguments, {"column 1:", "1e140", "scale"});
    }
  }
}

TEST_F(BadInput, MatrixMarketAndCsv) {
  const std::string y = scratch_.write("y.txt", "1\n2\n");
  for (const auto& [name, text] : std::vector<std::pair<std::string, std::string>>{
           {"banner.mtx", "2 2 1\n1 1 1\n"},
           {"outside.mtx", "%%MatrixMarket matrix coordinate real general\n2 2 1\n3 1 1\n"},
           {"few.mtx", "%%MatrixMarket matrix coordinate real general\n2 2 2\n1 1 1\n"},
           {"complex.mtx", "%%MatrixMarket matrix coordinate complex general\n2 2 1\n1 1 1 0\n"},
           {"ragged.csv", "a,b\n1,2\n3\n"},
           {"word.csv", "a,b\n1,2\n3,x\n"},
           {"header.csv", "a,b\n"},
           {"empty.csv", ""}})
    expect_refused({"--data", scratch_.write(name, text), "--target", y, "--beta", "1"}, {name});
  expect_data_refused("notarget.csv", "a,b\n1,2\n", {"--target"});
  expect_data_refused("notarget.mtx", "%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 1\n", {"--target"});
}

TEST_F(BadInput, Gzip) {
  const std::string whole =
      ScratchDirectory::read(scratch_.write_gzipped("whole.libsvm.gz", std::string(5000, '\n') + "1 1:1\n"));
  expect_data_refused("cut.libsvm.gz", whole.substr(0, whole.size() - 12));
  std::string flipped = whole;
  flipped[whole.size() / 2] = static_cast<char>(flipped[whole.size() / 2] ^ 0x55);
  expect_data_refused("flipped.libsvm.gz", flipped);
}

TEST_F(BadInput, Targets) {
  const auto with_target = [&](const std::string& path, const Texts& says) {
    expect_refused({"--data", good_, "--beta", "1", "--target", path}, says);
  };
  with_target(scratch_.path("absent.txt"), {"absent.txt"});
  with_target(scratch_.write("three.txt", "1\n2\n3\n"), {"three.txt", "3", "2"});
  with_target(scratch_.write("word.txt", "1\nx\n"), {"word.txt:2"});
  with_target(scratch_.write("nan.txt", "1\nnan\n"), {"nan.txt:2"});
  with_target(scratch_.write("empty.txt", ""), {"empty.txt"});
  with_target(scratch_.write("junk.npy", "junk"), {"junk.npy"});
  expect_refused({"--data", scratch_.write("a.csv", "a,b\n1,2\n"), "--beta", "1", "--target", "c"}, {"c"});
}

TEST_F(BadInput, OutputsThatCannotBeWritten) {
  const auto with_output = [&](const std::string& path) {
    const Outcome outcome = run_program({"lasso", "--data", good_, "--beta", "1", "--workers", "2", "--output", path});
    expect_one_line(outcome);
    EXPECT_THAT(outcome.err, HasSubstr("--output"));
    EXPECT_THAT(outcome.err, HasSubstr(path));
    EXPECT_THAT(outcome.err, kSaysWhatIsAccepted);
  };
  const std::string file = scratch_.write("file", "mine");
  with_output(file);
  with_output(file + "/below");
  EXPECT_EQ(ScratchDirectory::read(file), "mine");
  with_output("/proc/wolfpack");
  if (::geteuid() != 0) {
    fs::create_directory(scratch_.path("locked"));
    ::chmod(scratch_.path("locked").c_str(), 0500);
    with_output(scratch_.path("locked"));
  }
}

TEST(BadCommand, IsRefused) {
  const ScratchDirectory scratch;
  const std::string out = scratch.path("x.libsvm");
  const Texts generate{"generate", "--rows",     "10", "--columns", "20", "--density",
                       "0.5",      "--nonzeros", "5",  "--output",  out};
  const auto changed = [&](const std::string& option, const std::string& value) {
    Texts arguments = generate;
    const auto at = std::find(arguments.begin(), arguments.end(), option);
    if (at == arguments.end())
      arguments.insert(arguments.end(), {option, value});
    else
      *(at + 1) = value;
    return arguments;
  };
  for (const auto& [arguments, named] : std::vector<std::pair<Texts, std::string>>{
           {{}, "command"},
           {{"lassoo"}, "lassoo"},
           {{"--nonsense"}, "--nonsense"},
           {{"report"}, "directory"},
           {{"report", scratch.path("absent")}, "absent"},
           {{"generate"}, "--rows"},
           {changed("--rows", "0"), "--rows"},
           {changed("--rows", "x"), "--rows"},
           {changed("--columns", "-1"), "--columns"},
           {changed("--density", "0"), "--density"},
           {changed("--density", "1.5"), "--density"},
           {changed("--nonzeros", "21"), "--nonzeros"},
           {changed("--noise", "-1"), "--noise"},
           {changed("--noise", "nan"), "--noise"},
           {changed("--seed", "-1"), "--seed"},
           {changed("--output", scratch.path("no/such/folder/x.libsvm")), "no/such/folder"}}) {
    SCOPED_TRACE(fmt::format("wolfpack {}", fmt::join(arguments, " ")));
    const Outcome outcome = run_program(arguments);
    expect_one_line(outcome);
    EXPECT_THAT(outcome.err, HasSubstr(named));
  }
  EXPECT_FALSE(fs::exists(out));
}

/// Each of their ranks would start a job of its own.
TEST_F(BadInput, LaunchersWithoutPmixAreRefused) {
  for (const Texts& environment :
       std::vector<Texts>{{"OMPI_COMM_WORLD_RANK=1"}, {"PMI_RANK=0"}, {"SLURM_PROCID=0", "SLURM_STEP_NUM_TASKS=4"}}) {
    const Outcome outcome = run_program({"lasso", "--data", good_, "--beta", "1", "--quiet"}, environment);
    expect_one_line(outcome);
    EXPECT_THAT(outcome.err, AnyOf(HasSubstr("mpirun"), HasSubstr("srun")));
  }
  EXPECT_EQ(run_program({"lasso", "--data", good_, "--beta", "1", "--quiet"},
                        {"SLURM_PROCID=0", "SLURM_NTASKS=4", "SLURM_STEP_NUM_TASKS=1"})
                .exit_status,
            0);
}

}  // namespace
}  // namespace wolfpack::testing
