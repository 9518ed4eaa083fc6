// wolfpack-fashion-mnist: a picture to be expressed as a sparse combination of others, as files for `wolfpack lasso`.
//
//     wolfpack-fashion-mnist --images train-images-idx3-ubyte.gz --test t10k-images-idx3-ubyte.gz --picture 7 --output
//     DIR wolfpack lasso --data DIR/pictures.npy --target DIR/picture.npy --beta 1
//
// DIR/pictures.npy: a training picture a column (784 x 60,000, float32, Fortran order), scaled to unit l2 norm; an
// all-zero picture stays zero. DIR/picture.npy: test picture N (784 float64 values), scaled likewise. pictures.npy is
// kept where it is newer than the training pictures and of the right size.

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/status.hpp"
#include "experiments/data/idx.hpp"
#include "experiments/data/npy.hpp"
#include "experiments/data/npy_header.hpp"

namespace {

using namespace wolfpack;
using namespace wolfpack::data;
namespace fs = std::filesystem;

/// 1 over the norm of the pixels; 0 for a picture of zeros.
double scale_of(std::span<const std::uint8_t> pixels) {
  double squares = 0.0;
  for (const double pixel : pixels) squares += pixel * pixel;
  return squares > 0.0 ? 1.0 / std::sqrt(squares) : 0.0;
}

bool is_current(const fs::path& output, const std::string& input, const IdxShape& shape) {
  std::error_code absent;
  const auto written = fs::last_write_time(output, absent);
  if (absent || written < fs::last_write_time(input)) return false;
  const auto bytes = npy_header("<f4", true, {shape.pixels(), shape.count}).size() +
                     sizeof(float) * static_cast<std::size_t>(shape.count * shape.pixels());
  return fs::file_size(output) == bytes;
}

void write_pictures(const std::string& path, const IdxPictures& pictures) {
  DenseMatrix<float> matrix{pictures.shape.pixels(), pictures.shape.count, {}};
  matrix.values.reserve(pictures.pixels.size());
  for (Index i = 0; i < pictures.shape.count; ++i) {
    const std::span<const std::uint8_t> pixels = pictures.picture(i);
    const double scale = scale_of(pixels);
    for (const double pixel : pixels) matrix.values.push_back(static_cast<float>(pixel * scale));
  }
  write_npy(path, matrix.view());
}

void write_picture(const std::string& path, std::span<const std::uint8_t> pixels) {
  std::vector<double> values(pixels.begin(), pixels.end());
  for (double& value : values) value *= scale_of(pixels);
  write_npy(path, std::span<const double>(values));
}

struct Options {
  std::string images;
  std::string test;
  std::string output;
  Index picture = 0;
};

void run(const Options& options) {
  const IdxPictures test = read_idx_pictures(options.test);
  const IdxShape shape = read_idx_shape(options.images);
  if (options.picture < 0 || options.picture >= test.shape.count) {
    throw InputError(
        fmt::format("--picture: {} is out of range; expected 0 .. {}", options.picture, test.shape.count - 1));
  }
  if (test.shape.rows != shape.rows || test.shape.columns != shape.columns) {
    throw InputError(fmt::format("{}: its pictures are of another size than those of {}; expected {} x {}",
                                 options.test, options.images, shape.rows, shape.columns));
  }
  std::error_code error;
  const fs::path folder = options.output;
  fs::create_directories(folder, error);
  if (error) {
    throw InputError(
        fmt::format("--output: {} cannot be created: {}; expected a folder", options.output, error.message()));
  }
  if (!is_current(folder / "pictures.npy", options.images, shape)) {
    write_pictures(folder / "pictures.npy", read_idx_pictures(options.images));
  }
  write_picture(folder / "picture.npy", test.picture(options.picture));
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Turns Fashion-MNIST into a LASSO problem: a test picture as a sparse combination of the training pictures");
  app.add_option("--images", options.images, "training pictures, train-images-idx3-ubyte[.gz]")->required();
  app.add_option("--test", options.test, "test pictures, t10k-images-idx3-ubyte[.gz]")->required();
  app.add_option("--picture", options.picture, "which test picture, counted from 0")->capture_default_str();
  app.add_option("--output", options.output, "folder for pictures.npy and picture.npy")->required();
  try {
    app.parse(argc, argv);
    run(options);
    return 0;
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "wolfpack-fashion-mnist: {}\n", error.what());
    return 2;
  } catch (const InputError& error) {
    fmt::print(stderr, "wolfpack-fashion-mnist: {}\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "wolfpack-fashion-mnist: {}\n", error.what());
    return 1;
  }
}
