// A file appears whole or not at all, and replaces nothing but a file.
#include "experiments/data/output_file.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.hpp"
#include "experiments/data/input_file.hpp"
#include "tests/support/scratch_directory.hpp"

namespace wolfpack::data {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::ScratchDirectory;

class Output : public ::testing::Test {
 protected:
  ScratchDirectory scratch_;

  static void write(const std::string& path, const std::string& text) {
    OutputFile file(path);
    file.write(text);
    file.commit();
  }
  static std::string refusal(const std::string& path) {
    std::string of_the_name;
    try {
      OutputFile::check_name(path);
    } catch (const InputError& error) {
      of_the_name = error.what();
    }
    try {
      const OutputFile file(path);
    } catch (const InputError& error) {
      EXPECT_EQ(of_the_name, error.what());
      return error.what();
    }
    return "";
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(fs::path(scratch_.path("x")).parent_path()))
      names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }
};

TEST_F(Output, AppearsOnCommitAndReplacesAnOlderOne) {
  const std::string path = scratch_.write("a.txt", "old");
  {
    OutputFile file(path);
    file.write("new");
    EXPECT_EQ(ScratchDirectory::read(path), "old");
  }
  EXPECT_EQ(ScratchDirectory::read(path), "old") << "without a commit";
  write(path, "new");
  EXPECT_EQ(ScratchDirectory::read(path), "new");
  EXPECT_THAT(names(), ElementsAre("a.txt"));
}

TEST_F(Output, ThroughASymbolicLinkReplacesWhatItLeadsTo) {
  fs::create_directory(scratch_.path("folder"));
  const std::string target = scratch_.write("folder/target", "old");
  fs::create_symlink("folder/target", scratch_.path("relative"));
  fs::create_symlink(scratch_.path("relative"), scratch_.path("chain"));
  fs::create_symlink("folder/absent", scratch_.path("dangling"));
  for (const char* name : {"relative", "chain"}) {
    write(scratch_.path(name), name);
    EXPECT_EQ(ScratchDirectory::read(target), name);
    EXPECT_FALSE(fs::is_symlink(target));
  }
  write(scratch_.path("dangling"), "made");
  EXPECT_EQ(ScratchDirectory::read(scratch_.path("folder/absent")), "made");
  for (const char* name : {"relative", "chain", "dangling"}) EXPECT_TRUE(fs::is_symlink(scratch_.path(name))) << name;
}

TEST_F(Output, RefusesWhatIsNoFile) {
  fs::create_directory(scratch_.path("folder"));
  fs::create_directory_symlink("folder", scratch_.path("to_folder"));
  ASSERT_EQ(mkfifo(scratch_.path("pipe").c_str(), 0600), 0);
  fs::create_symlink("pipe", scratch_.path("to_pipe"));
  fs::create_symlink("round", scratch_.path("round"));
  const std::vector<std::string> before = names();
  for (const char* name : {"folder", "to_folder"})
    EXPECT_THAT(refusal(scratch_.path(name)), AllOf(HasSubstr(name), HasSubstr("directory"), HasSubstr("expected")));
  for (const char* name : {"pipe", "to_pipe"})
    EXPECT_THAT(refusal(scratch_.path(name)), AllOf(HasSubstr(name), HasSubstr("device"), HasSubstr("expected")));
  EXPECT_THAT(refusal(scratch_.path("round")), AllOf(HasSubstr("round"), HasSubstr("link"), HasSubstr("expected")));
  EXPECT_THAT(refusal(""), HasSubstr("expected"));
  EXPECT_EQ(names(), before);
  EXPECT_TRUE(fs::is_fifo(scratch_.path("pipe")));
}

TEST_F(Output, RefusesADevice) {
  const std::string node = scratch_.path("node");
  if (mknod(node.c_str(), S_IFCHR | 0600, makedev(1, 3)) != 0) GTEST_SKIP() << "no device can be made";
  EXPECT_THAT(refusal(node), AllOf(HasSubstr(node), HasSubstr("device"), HasSubstr("expected")));
  EXPECT_TRUE(fs::is_character_file(node));
}

TEST_F(Output, IsGzippedWhereItsNameSaysSoInEitherCase) {
  for (const char* name : {"a.txt.gz", "A.TXT.GZ"}) {
    write(scratch_.path(name), "text");
    InputFile file(scratch_.path(name));
    char text[8];
    EXPECT_TRUE(file.compressed());
    EXPECT_EQ(std::string(text, file.read(text, sizeof text)), "text");
  }
}

}  // namespace
}  // namespace wolfpack::data
