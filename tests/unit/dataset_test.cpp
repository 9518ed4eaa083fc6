#include "experiments/data/dataset.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiments/data/npy.hpp"
#include "tests/support/matrices.hpp"
#include "tests/support/npy_bytes.hpp"
#include "tests/support/scratch_directory.hpp"

namespace wolfpack::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace wolfpack::testing;

std::string refusal(const DatasetFiles& files) {
  return input_error([&] { static_cast<void>(Dataset::open(files)); });
}

class DatasetTest : public ::testing::Test {
 protected:
  /// What a text target of a data set with two rows comes to.
  std::string target_refusal(std::string_view text) const {
    const std::string target = scratch_.write("y.txt", text);
    const std::string message = refusal({.data = two_rows(), .target = target});
    EXPECT_THAT(message, StartsWith(target));
    return message.substr(std::min(target.size(), message.size()));
  }
  std::string two_rows() const { return scratch_.write("two.libsvm", "1 1:3\n2 1:4\n"); }

  ScratchDirectory scratch_;
};

TEST_F(DatasetTest, ReadsEveryFormatPlainAndGzippedTheSame) {
  const std::string y = scratch_.write("y.txt", "1\n2\n");
  const std::string npy =
      npy_bytes("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2)}", bytes_of<double>({3, 0, 0, 4}));
  const std::vector<std::pair<std::string, std::string>> files{
      {"a.npy", npy},
      {"a.libsvm", "1 1:3\n2 2:4\n"},
      {"a.SVM", "1 1:3\n2 2:4\n"},
      {"a.mtx", "%%MatrixMarket matrix coordinate real general\n2 2 2\n1 1 3\n2 2 4\n"},
      {"a.csv", "p,q\n3,0\n0,4\n"}};
  for (const auto& [name, bytes] : files) {
    for (const std::string& path : {scratch_.write(name, bytes), scratch_.write_gzipped(name + ".gz", bytes)}) {
      const Dataset data = Dataset::open({.data = path, .target = y});
      EXPECT_EQ(data.rows(), 2) << path;
      EXPECT_EQ(data.columns(), 2) << path;
      EXPECT_THAT(data.target(), ElementsAre(1, 2)) << path;
      EXPECT_EQ(all_rows(data), (NumberRows{{3, 0}, {0, 4}})) << path;
    }
  }
}

TEST_F(DatasetTest, ATargetFileTakesTheLabelsPlace) {
  const std::string target = scratch_.write_gzipped("y.gz", "# two\n-5 # first\n+6e0\r\n\n# end\n\n");
  EXPECT_THAT(Dataset::open({.data = two_rows(), .target = target}).target(), ElementsAre(-5, 6));
  EXPECT_THAT(Dataset::open({.data = two_rows(), .target = ""}).target(), ElementsAre(1, 2));
  write_npy(scratch_.path("y.npy"), std::vector<double>{7, 8});
  EXPECT_THAT(Dataset::open({.data = two_rows(), .target = scratch_.path("y.npy")}).target(), ElementsAre(7, 8));
}

TEST_F(DatasetTest, RefusesTargetFiles) {
  EXPECT_THAT(target_refusal("1\n"), StartsWith(": holds 1 values; expected 2, one for each row of "));
  EXPECT_THAT(target_refusal("1\n2\n3\n"), StartsWith(": holds 3 values; expected 2, one for each row of "));
  EXPECT_EQ(target_refusal("1\nx\n"), ":2: 'x' is not a number; expected one finite number a line");
  EXPECT_EQ(target_refusal("1 2\n"), ":1: '2' is too much; expected one finite number a line");
  EXPECT_THAT(target_refusal("1\nnan\n"), StartsWith(":2: 'nan' is not a finite float64 number"));
  EXPECT_EQ(target_refusal("1\n\n2\n"),
            ":2: is blank but not at the end of the file; expected one finite number a line");
  EXPECT_EQ(target_refusal("# none\n"), ": holds no number; expected one finite number a line");
  EXPECT_EQ(target_refusal(""), ": is empty; expected data");
  EXPECT_EQ(refusal({.data = two_rows(), .target = "/no/such/target"}),
            "/no/such/target: cannot be opened: No such file or directory; expected a readable file");
}

TEST_F(DatasetTest, RefusesWhatIsNoReadableFile) {
  EXPECT_EQ(refusal({.data = "/no/such.npy", .target = ""}),
            "/no/such.npy: cannot be opened: No such file or directory; expected a readable file");
  std::filesystem::create_directory(scratch_.path("folder.csv"));
  EXPECT_EQ(refusal({.data = scratch_.path("folder.csv"), .target = "y"}),
            scratch_.path("folder.csv") + ": is a directory; expected a file");
  ASSERT_EQ(::mkfifo(scratch_.path("pipe.svm").c_str(), 0600), 0);
  EXPECT_THAT(refusal({.data = scratch_.path("pipe.svm"), .target = ""}),
              HasSubstr("pipe.svm: is a pipe or a device; expected a regular file"));
  EXPECT_THAT(refusal({.data = scratch_.write("empty.mtx", ""), .target = ""}),
              HasSubstr("empty.mtx: is empty; expected data"));
}

TEST_F(DatasetTest, RefusesAFileWithoutPermission) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read every file";
  const std::string path = two_rows();
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  EXPECT_EQ(refusal({.data = path, .target = ""}),
            path + ": cannot be opened: Permission denied; expected a readable file");
}

TEST_F(DatasetTest, RefusesUnknownExtensionsListingTheKnown) {
  const std::string expected = "expected .npy, .libsvm, .svm, .mtx or .csv, each also with .gz after it";
  EXPECT_EQ(refusal({.data = "a.parquet", .target = ""}),
            "a.parquet: has the unknown extension '.parquet'; " + expected);
  EXPECT_EQ(refusal({.data = "a.gz", .target = ""}), "a.gz: has no extension; " + expected);
  EXPECT_EQ(refusal({.data = "", .target = ""}), ": has no extension; " + expected);
}

TEST_F(DatasetTest, GzipIsRecognisedByItsBytesAndCheckedToItsEnd) {
  EXPECT_EQ(Dataset::open({.data = scratch_.write_gzipped("plain_name.libsvm", "1 1:3\n"), .target = ""}).rows(), 1);
  EXPECT_THAT(refusal({.data = scratch_.write("b.libsvm.gz", "1 1:3\n"), .target = ""}),
              HasSubstr("b.libsvm.gz: does not begin like gzip data; expected it"));
  std::string text;
  for (int i = 1; i < 3000; ++i) text += std::to_string(i) + " 1:" + std::to_string(i * 7919 % 10007) + "\n";
  std::string bytes = ScratchDirectory::read(scratch_.write_gzipped("c.libsvm.gz", text));
  for (const std::size_t keep : {2ul, 11ul, bytes.size() / 2, bytes.size() - 1}) {
    EXPECT_THAT(refusal({.data = scratch_.write("d.libsvm.gz", std::string_view(bytes).substr(0, keep)), .target = ""}),
                HasSubstr("d.libsvm.gz"))
        << keep;
  }
  EXPECT_THAT(refusal({.data = scratch_.write("d.libsvm.gz", std::string_view(bytes).substr(0, bytes.size() / 2)),
                       .target = ""}),
              HasSubstr("gzip data is damaged or cut off"));
  bytes[bytes.size() - 6] ^= 1;  // within the checksum
  EXPECT_THAT(refusal({.data = scratch_.write("e.libsvm.gz", bytes), .target = ""}),
              HasSubstr("gzip data is damaged or cut off"));
}

TEST_F(DatasetTest, NoticesThatATextFileChangedBetweenItsTwoReadings) {
  const std::string path = scratch_.write("a.libsvm", "1 1:3\n2 3:4\n");
  const Dataset data = Dataset::open({.data = path, .target = ""});
  EXPECT_EQ(scratch_.write("a.libsvm", "1 1:3 2:5\n2 2:4 3:1\n"), path);
  EXPECT_THAT(input_error([&] {
                static_cast<void>(data.load({0, 3}));
              }),
              HasSubstr("a.libsvm: changed while it was read"));
}

}  // namespace
}  // namespace wolfpack::data
