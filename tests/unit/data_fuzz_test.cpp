// Damaged files of every format: each must load or be refused, and nothing else. Worth running under asan-ubsan.
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "experiments/data/dataset.hpp"
#include "tests/support/matrices.hpp"
#include "tests/support/npy_bytes.hpp"
#include "tests/support/scratch_directory.hpp"

namespace wolfpack::data {
namespace {

using namespace wolfpack::testing;

struct Sample {
  std::string name;
  std::string bytes;
  std::string target;
};

std::vector<Sample> samples() {
  std::vector<double> numbers;
  for (int i = 0; i < 12; ++i) numbers.push_back(i - 5.5);
  return {
      {"c.npy", npy_bytes("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }\n", bytes_of(numbers)), "y.txt"},
      {"f.npy", npy_bytes("{'descr': '<f4', 'fortran_order': True, 'shape': (3, 8), }\n", bytes_of(numbers), 2),
       "y.txt"},
      {"a.libsvm", "1 1:2.5 3:-1e5\n-1 qid:3 2:7 # x\n0.5 1:0 11:3\n", ""},
      {"a.mtx", "%%MatrixMarket matrix coordinate real general\n% c\n3 5 4\n1 1 2.5\n3 5 -1\n2 2 3e2\n2 2 1\n",
       "y.txt"},
      {"b.mtx", "%%MatrixMarket matrix array real symmetric\n3 3\n1\n2\n3\n4\n5\n6\n", "y.txt"},
      {"a.csv", "a,\"b\",y\n1,2.5,3\n-4,5e1,6\n7,8,9\n", "y"}};
}

std::string damaged(const std::string& bytes, std::mt19937_64& random) {
  std::string result = bytes;
  if (random() % 3 == 0) result.resize(random() % (result.size() + 1));
  for (std::uint64_t flips = random() % 4; flips > 0 && !result.empty(); --flips) {
    char& byte = result[random() % result.size()];
    byte = random() % 2 == 0 ? static_cast<char>(byte ^ (1 << random() % 8)) : "0123456789.:-e \n,"[random() % 17];
  }
  return result;
}

void open_and_load(const DatasetFiles& files) {
  const Dataset data = Dataset::open(files);
  ASSERT_EQ(static_cast<Index>(data.target().size()), data.rows());
  for (std::uint32_t worker = 0; worker < 2; ++worker) {
    const ColumnRange range = partition(data.columns(), WorkerId{worker}, 2);
    const Matrix matrix = data.load(range);
    ASSERT_EQ(columns(view(matrix)), range.count);
    std::visit(
        [](const auto& a) {
          for (const auto x : a.values) ASSERT_TRUE(std::isfinite(x));
        },
        matrix);
  }
}

TEST(DataFuzz, DamagedFilesLoadOrAreRefused) {
  const ScratchDirectory scratch;
  ASSERT_FALSE(scratch.write("y.txt", "1\n2\n3\n").empty());
  std::mt19937_64 random(20240607);
  int loaded = 0, refused = 0;
  for (const Sample& sample : samples()) {
    const std::string target = sample.target == "y.txt" ? scratch.path("y.txt") : sample.target;
    ASSERT_NO_THROW(open_and_load({.data = scratch.write(sample.name, sample.bytes), .target = target})) << sample.name;
    const std::string gzipped = ScratchDirectory::read(scratch.write_gzipped(sample.name + ".gz", sample.bytes));
    for (int round = 0; round < 600; ++round) {
      const bool inflate = round % 3 == 0;
      const std::string path =
          scratch.write(sample.name + (inflate ? ".gz" : ""), damaged(inflate ? gzipped : sample.bytes, random));
      try {
        open_and_load({.data = path, .target = target});
        ++loaded;
      } catch (const InputError& error) {
        ++refused;
        ASSERT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
      }
    }
  }
  EXPECT_GT(loaded, 100);
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace wolfpack::data
