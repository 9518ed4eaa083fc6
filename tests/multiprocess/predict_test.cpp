// `wolfpack predict`: A alpha + b for every row, in any format, and what is wrong with a model in one line.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/lasso_instances.hpp"
#include "tests/support/lasso_run.hpp"
#include "tests/support/npy_bytes.hpp"

namespace wolfpack::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Texts = std::vector<std::string>;

std::vector<double> numbers_in(const std::string& text) {
  std::istringstream stream(text);
  std::vector<double> numbers;
  for (double value = 0.0; stream >> value;) numbers.push_back(value);
  return numbers;
}

class Predict : public ::testing::Test {
 protected:
  LassoInstance instance_ = random_instance("wide", 30, 60, 1.5, 111, 0.4);
  ScratchDirectory scratch_;
  std::string data_ = scratch_.write("wide.libsvm", to_svmlight(instance_));
  std::string folder_ = scratch_.path("run");

  void solve(const Texts& problem) const {
    Texts arguments{"lasso", "--data", data_, "--workers", "2", "--quiet", "--output", folder_};
    arguments.insert(arguments.end(), problem.begin(), problem.end());
    ASSERT_EQ(run_program(arguments).exit_status, 0);
  }

  static Outcome predict(Texts arguments) {
    arguments.insert(arguments.begin(), "predict");
    return run_program(arguments);
  }

  [[nodiscard]] std::vector<double> by_hand(const std::vector<Coefficient>& coefficients, double intercept) const {
    std::vector<double> sums(instance_.rows.size(), intercept);
    for (std::size_t i = 0; i < sums.size(); ++i)
      for (const auto& [index, value] : coefficients)
        sums[i] += value * instance_.rows[i][static_cast<std::size_t>(index)];
    return sums;
  }

  static void expect_near(const std::vector<double>& a, const std::vector<double>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-12);
  }

  void expect_refused(const Texts& arguments, const Texts& says) const {
    SCOPED_TRACE(fmt::format("wolfpack predict {}", fmt::join(arguments, " ")));
    const Outcome outcome = predict(arguments);
    EXPECT_EQ(outcome.exit_status, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_THAT(outcome.err, StartsWith("wolfpack: "));
    for (const auto& text : says) EXPECT_THAT(outcome.err, HasSubstr(text));
    EXPECT_THAT(outcome.err, AnyOf(HasSubstr("accepted"), HasSubstr("expected"), HasSubstr("--help")));
  }
};

TEST_F(Predict, IsTheProductOfMatrixAndCoefficientsPlusTheIntercept) {
  solve({"--lambda", "1", "--intercept", "--standardize"});
  const RunFiles run = read_run(folder_);
  ASSERT_FALSE(run.coefficients.empty());
  const double intercept = run.result.at("intercept").get<double>();
  ASSERT_NE(intercept, 0.0);
  const Outcome outcome = predict({"--data", data_, "--model", folder_});
  ASSERT_EQ(outcome.exit_status, 0) << outcome.err;
  const std::vector<double> expected = by_hand(run.coefficients, intercept);
  expect_near(numbers_in(outcome.out), expected);

  // The labels are the target: the loss is that of the run.
  const Outcome told = predict({"--data", data_, "--model", folder_, "--json", "--quiet"});
  EXPECT_EQ(told.err, "");
  const auto result = nlohmann::json::parse(told.out);
  EXPECT_NEAR(result.at("mean_squared_error").get<double>() * 30 / 2, run.result.at("loss").get<double>(), 1e-10);
  EXPECT_NEAR(1 - result.at("r_squared").get<double>(),
              run.result.at("loss").get<double>() / run.result.at("null_objective").get<double>(), 1e-10);
  expect_near(result.at("predictions").get<std::vector<double>>(), expected);

  const std::string file = folder_ + "/coefficients.csv";
  expect_near(numbers_in(predict({"--data", data_, "--model", file}).out), by_hand(run.coefficients, 0.0));
  for (const std::string& model : {folder_, file})
    expect_near(numbers_in(predict({"--data", data_, "--model", model, "--intercept", "-2.5"}).out),
                by_hand(run.coefficients, -2.5));
}

TEST_F(Predict, TakesAPointOfAPath) {
  solve({"--path", "6", "--intercept"});
  const RunFiles run = read_run(folder_);
  const auto parts = split_path(run.path_text, 6);
  for (std::size_t k = 0; k < 6; ++k) {
    const Outcome outcome = predict({"--data", data_, "--model", folder_, "--point", std::to_string(k)});
    ASSERT_EQ(outcome.exit_status, 0) << outcome.err;
    expect_near(numbers_in(outcome.out),
                by_hand(parse_coefficients(parts[k]), run.result.at("path")[k].at("intercept").get<double>()));
  }
  EXPECT_EQ(predict({"--data", data_, "--model", folder_}).out,
            predict({"--data", data_, "--model", folder_, "--point", "5"}).out);
}

TEST_F(Predict, ReadsEveryFormatWithOrWithoutATarget) {
  solve({"--beta", "1.5"});
  const std::vector<double> expected = by_hand(read_run(folder_).coefficients, 0.0);
  std::vector<double> by_rows, by_columns;
  std::string csv, bare, mtx = fmt::format("%%MatrixMarket matrix array real general\n30 60\n"), y;
  for (std::size_t j = 0; j < 60; ++j) {
    csv += fmt::format("c{}{}", j, j + 1 < 60 ? "," : ",y\n");
    bare += fmt::format("c{}{}", j, j + 1 < 60 ? "," : "\n");
  }
  for (std::size_t i = 0; i < 30; ++i) {
    for (const double value : instance_.rows[i]) csv += fmt::format("{:.17g},", value), by_rows.push_back(value);
    csv += fmt::format("{:.17g}\n", instance_.target[i]);
    for (std::size_t j = 0; j < 60; ++j)
      bare += fmt::format("{:.17g}{}", instance_.rows[i][j], j + 1 < 60 ? "," : "\n");
    y += fmt::format("{:.17g}\n", instance_.target[i]);
  }
  for (std::size_t j = 0; j < 60; ++j)
    for (std::size_t i = 0; i < 30; ++i) {
      by_columns.push_back(instance_.rows[i][j]);
      mtx += fmt::format("{:.17g}\n", instance_.rows[i][j]);
    }
  const auto npy = [](const char* order, const std::vector<double>& values) {
    return npy_bytes(fmt::format("{{'descr': '<f8', 'fortran_order': {}, 'shape': (30, 60), }}\n", order),
                     bytes_of(values));
  };
  const std::string target = scratch_.write("y.txt", y);
  for (const std::string& data :
       {scratch_.write("rows.npy", npy("False", by_rows)), scratch_.write("columns.npy", npy("True", by_columns)),
        scratch_.write_gzipped("rows.npy.gz", npy("False", by_rows)), scratch_.write("bare.csv", bare),
        scratch_.write("a.mtx", mtx)}) {
    SCOPED_TRACE(data);
    const Outcome without = predict({"--data", data, "--model", folder_});
    ASSERT_EQ(without.exit_status, 0) << without.err;
    expect_near(numbers_in(without.out), expected);
    EXPECT_THAT(without.err, ::testing::Not(HasSubstr("R^2")));
    const Outcome with = predict({"--data", data, "--model", folder_, "--target", target});
    ASSERT_EQ(with.exit_status, 0) << with.err;
    expect_near(numbers_in(with.out), expected);
    EXPECT_THAT(with.err, HasSubstr("R^2"));
  }
  const Outcome of_a_column = predict({"--data", scratch_.write("a.csv", csv), "--model", folder_, "--target", "y"});
  ASSERT_EQ(of_a_column.exit_status, 0) << of_a_column.err;
  expect_near(numbers_in(of_a_column.out), expected);
  EXPECT_THAT(of_a_column.err, HasSubstr("R^2"));
}

TEST_F(Predict, WritesFilesThatItReads) {
  solve({"--beta", "1.5"});
  const std::vector<double> expected = by_hand(read_run(folder_).coefficients, 0.0);
  for (const char* name : {"p.txt", "p.csv", "p.npy"}) {
    const std::string file = scratch_.path(name);
    const Outcome outcome = predict({"--data", data_, "--model", folder_, "--output", file});
    ASSERT_EQ(outcome.exit_status, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    std::string text = ScratchDirectory::read(file);
    if (std::string(name) == "p.npy") {
      ASSERT_GT(text.size(), 240u);
      std::vector<double> values(30);
      std::memcpy(values.data(), text.data() + text.size() - 240, 240);
      expect_near(values, expected);
      EXPECT_THAT(text, HasSubstr("(30,)"));
      continue;
    }
    if (std::string(name) == "p.csv") {
      ASSERT_THAT(text, StartsWith("prediction\n"));
      text = text.substr(text.find('\n') + 1);
    }
    expect_near(numbers_in(text), expected);
  }
}

TEST_F(Predict, RefusesDataOfAnotherNumberOfColumns) {
  const std::string more = scratch_.write("more.csv", "a,y,b,c\n1,3,2,4\n2,4,1,5\n3,1,5,1\n");
  const std::string other = scratch_.write("other.csv", "a,b,c,z\n1,2,4,3\n2,1,5,4\n3,5,1,1\n");
  for (const Texts& problem : {Texts{"--beta", "1"}, Texts{"--path", "3"}}) {
    Texts arguments{"lasso", "--data", more, "--target", "y", "--quiet", "--output", folder_};
    arguments.insert(arguments.end(), problem.begin(), problem.end());
    ASSERT_EQ(run_program(arguments).exit_status, 0);
    EXPECT_EQ(predict({"--data", more, "--target", "y", "--model", folder_}).exit_status, 0);
    // The run's target is known to be none of the features, wherever it stands.
    const Outcome without = predict({"--data", more, "--model", folder_});
    EXPECT_EQ(without.exit_status, 0) << without.err;
    EXPECT_EQ(without.out, predict({"--data", more, "--target", "y", "--model", folder_}).out);
    const Outcome told = predict({"--data", more, "--model", folder_, "--json", "--quiet"});
    EXPECT_EQ(nlohmann::json::parse(told.out).at("target"), "y");
    expect_refused({"--data", other, "--model", folder_},
                   {"other.csv", "4 columns", "expected 3", "result.json", "--target"});
    expect_refused({"--data", scratch_.write("less.csv", "a,b\n1,2\n"), "--model", folder_},
                   {"less.csv", "2 columns", "expected 3"});
  }
  expect_refused({"--data", other, "--model", folder_, "--point", "0"}, {"4 columns", "expected 3"});
  // svmlight text names its columns: what a file leaves out is 0, and what the model does not know has no weight.
  EXPECT_EQ(predict({"--data", scratch_.write("more.svm", "1 1:1 9:2\n"), "--model", folder_}).exit_status, 0);
}

TEST_F(Predict, RefusesWhatItCannotUse) {
  solve({"--beta", "1.5"});
  expect_refused({"--model", folder_}, {"--data"});
  expect_refused({"--data", data_}, {"--model"});
  expect_refused({"--data", data_, "--model", scratch_.path("absent")}, {"absent"});
  expect_refused({"--data", scratch_.path("absent.npy"), "--model", folder_}, {"absent.npy"});
  expect_refused({"--data", data_, "--model", folder_, "--point", "0"}, {"--point 0", "path"});
  expect_refused({"--data", data_, "--model", folder_ + "/coefficients.csv", "--point", "0"}, {"--point 0"});
  expect_refused({"--data", data_, "--model", folder_, "--intercept", "x"}, {"--intercept x"});
  expect_refused({"--data", data_, "--model", folder_, "--output", scratch_.path("p.xyz")}, {"--output", ".npy"});
  expect_refused({"--data", data_, "--model", folder_, "--output", scratch_.path("no/folder/p.csv")}, {"no/folder"});
  expect_refused({"--data", data_, "--model", scratch_.write("m.csv", "index,value\n3,1\n60,1\n")},
                 {"m.csv:3", "60 columns", "index 60"});
  expect_refused({"--data", data_, "--model", scratch_.write("m.csv", "index,value\n3,x\n")}, {"m.csv:2"});
  expect_refused({"--data", data_, "--model", scratch_.write("m.csv", "label,value\n3,1\n")},
                 {"m.csv:1", "index,value"});
  expect_refused({"--data", data_, "--model", folder_, "--target", scratch_.write("y.txt", "1\n")}, {"y.txt"});
  std::filesystem::create_directory(scratch_.path("empty"));
  expect_refused({"--data", data_, "--model", scratch_.path("empty")}, {"result.json"});
  solve({"--path", "3"});
  expect_refused({"--data", data_, "--model", folder_, "--point", "3"}, {"--point 3", "from 0 to 2"});
  expect_refused({"--data", data_, "--model", folder_, "--point", "-1"}, {"--point"});
  (void)scratch_.write("run/result.json", "{\"command\": \"logistic\"}");
  expect_refused({"--data", data_, "--model", folder_}, {"lasso"});
  (void)scratch_.write("run/result.json", "{");
  expect_refused({"--data", data_, "--model", folder_}, {"JSON"});
}

}  // namespace
}  // namespace wolfpack::testing
