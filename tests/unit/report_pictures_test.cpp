#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.hpp"
#include "experiments/data/npy.hpp"
#include "experiments/report/pictures.hpp"
#include "experiments/report/png.hpp"
#include "experiments/report/write_report.hpp"
#include "tests/unit/report_fixture.hpp"

namespace wolfpack::report {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Pictures of 2 x 3 pixels; column j is j + 1 everywhere, plus 1 in pixel j modulo 6. The run chose 0.5 of column 7,
/// -0.25 of column 2.
class ReportPictures : public ::testing::Test {
 protected:
  static constexpr Index kPixels = 6;

  void write_data(const std::string& name, Index columns) {
    DenseMatrix<float> pictures{kPixels, columns, {}};
    for (Index j = 0; j < columns; ++j) {
      for (Index pixel = 0; pixel < kPixels; ++pixel)
        pictures.values.push_back(static_cast<float>(j + 1 + (pixel == j % kPixels ? 1 : 0)));
    }
    const std::string data = (directory_.path() / name).string();
    const std::string target = (directory_.path() / "y.npy").string();
    data::write_npy(data, pictures.view());
    data::write_npy(target, std::vector<double>{3, 3, 3, 3, 3, 3});
    directory_.result["data"] = data;
    directory_.result["target"] = target;
    directory_.result["rows"] = kPixels;
    directory_.result["columns"] = columns;
    directory_.coefficients = "index,value\n2,-0.25\n7,0.5\n";
  }

  RunDirectory directory_{"ReportPictures"};
};

TEST_F(ReportPictures, AddsUpTheChosenPictures) {
  for (const char* name : {"a.npy", "a.npy.gz"}) {  // one entered anywhere, the other read through in blocks
    write_data(name, 9);
    const Pictures pictures = load_pictures(read_run(directory_.write()), {.rows = 2, .columns = 3});
    EXPECT_THAT(pictures.target, ElementsAre(3, 3, 3, 3, 3, 3));
    EXPECT_THAT(pictures.reconstruction, ElementsAre(3.25, 3.75, 3.0, 3.25, 3.25, 3.25));
    ASSERT_EQ(pictures.chosen.size(), 2u);
    EXPECT_EQ(pictures.chosen[0].column, 7);  // the heaviest first
    EXPECT_THAT(pictures.chosen[1].pixels, ElementsAre(3, 3, 4, 3, 3, 3));
    EXPECT_EQ(pictures.left_out, 0);
  }
}

TEST_F(ReportPictures, SumsUpWhatIsTooMuchToShow) {
  write_data("a.npy", 100);
  directory_.coefficients = "index,value\n";
  for (int j = 0; j < 70; ++j) directory_.coefficients += std::to_string(j) + (j < 10 ? ",-0.001\n" : ",0.01\n");
  const Pictures pictures = load_pictures(read_run(directory_.write()), {.rows = 2, .columns = 3});
  EXPECT_EQ(pictures.chosen.size(), 60u);
  EXPECT_EQ(pictures.left_out, 10);
  EXPECT_NEAR(pictures.left_out_weight, 0.01, 1e-15);
  EXPECT_THAT(pictures_section(pictures), HasSubstr("+ 10 more, weights summing to 0.0100 in absolute value"));
}

TEST_F(ReportPictures, RefusesDataThatAreNoSuchPictures) {
  write_data("a.npy", 9);
  EXPECT_THROW((void)load_pictures(read_run(directory_.write()), {.rows = 28, .columns = 28}), InputError);
  directory_.result["columns"] = 50;
  directory_.coefficients = "index,value\n20,1\n";  // in range for result.json, not for the file
  EXPECT_THROW((void)load_pictures(read_run(directory_.write()), {.rows = 2, .columns = 3}), InputError);
}

TEST_F(ReportPictures, ClipsNegativeValuesAndShowsSigns) {
  Pictures pictures;
  pictures.shape = {1, 3};
  pictures.target = {0.0, 1.0, 2.0};
  pictures.reconstruction = {-5.0, 1.0, 2.0};
  pictures.chosen = {{.column = 4, .weight = -0.125, .pixels = {0.0, 0.0, 0.0}}};
  const std::string html = pictures_section(pictures);
  const std::vector<std::uint8_t> clipped{0, 128, 255};
  EXPECT_THAT(html, HasSubstr(data_uri(encode_png({.pixels = clipped, .rows = 1, .columns = 3}))));
  EXPECT_THAT(html, HasSubstr("column 4, weight \u22120.1250"));
}

TEST(ReportPictureShape, IsRowsTimesColumns) {
  EXPECT_EQ(parse_picture_shape("28x20").rows, 28);
  EXPECT_EQ(parse_picture_shape("28x20").columns, 20);
  for (const char* wrong : {"", "28", "x28", "0x3", "28x-1", "28x28x3", "9999999999x1", " 2x2"})
    EXPECT_THROW((void)parse_picture_shape(wrong), InputError) << wrong;
}

TEST_F(ReportPictures, AreOnThePageWhenAskedFor) {
  write_data("a.npy", 9);
  const std::filesystem::path page = write_report(directory_.write(), {.picture_rows = 2, .picture_columns = 3});
  EXPECT_EQ(page, directory_.path() / "report.html");
  EXPECT_THAT(content_of(page), AllOf(HasSubstr("<h2>Pictures</h2>"), HasSubstr("column 7, weight 0.5000")));
  write_report(directory_.path());
  EXPECT_THAT(content_of(page), Not(HasSubstr("<h2>Pictures</h2>")));
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path()))
    EXPECT_THAT(entry.path().filename().string(), Not(HasSubstr(".tmp")));
}

TEST_F(ReportPictures, AreRememberedByTheRun) {
  write_data("a.npy", 9);
  directory_.result["picture_shape"] = "3x2";
  EXPECT_THAT(content_of(write_report(directory_.write())), HasSubstr("alt=\"Reconstruction\""));
}

TEST_F(ReportPictures, CostOnlyThemselvesWhereTheDataIsGone) {
  directory_.result["data"] = "/nowhere/<gone>.npy";
  directory_.result["picture_shape"] = "2x2";
  const std::string html = content_of(write_report(directory_.write()));
  EXPECT_THAT(html, HasSubstr("The pictures could not be drawn: /nowhere/&lt;gone&gt;.npy"));
  EXPECT_THAT(html, HasSubstr("<h2>Coefficients</h2>"));
}

TEST_F(ReportPictures, OfTheWrongShapeAreWrongUsage) {
  write_data("a.npy", 9);
  EXPECT_THROW(write_report(directory_.write(), {.picture_rows = 28, .picture_columns = 28}), InputError);
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "report.html"));
}

}  // namespace
}  // namespace wolfpack::report
