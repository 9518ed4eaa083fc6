#include "experiments/data/dataset.hpp"

#include <fmt/format.h>

#include "base/in_quotes.hpp"
#include "experiments/data/csv.hpp"
#include "experiments/data/input_file.hpp"
#include "experiments/data/matrix_market.hpp"
#include "experiments/data/npy.hpp"
#include "experiments/data/svmlight.hpp"
#include "experiments/data/target.hpp"

namespace wolfpack::data {

Dataset Dataset::open(const DatasetFiles& files) {
  const std::string extension = format_extension(files.data);
  LabelledReader opened;
  if (extension == ".npy") {
    opened.reader = open_npy(files.data);
  } else if (extension == ".libsvm" || extension == ".svm") {
    opened = open_svmlight(files.data);
  } else if (extension == ".mtx") {
    opened.reader = open_matrix_market(files.data);
  } else if (extension == ".csv") {
    opened = open_csv(files.data, files.target, files.target_is_optional);
  } else {
    const std::string seen =
        extension.empty() ? "has no extension" : "has the unknown extension " + in_quotes(extension);
    refuse(files.data,
           fmt::format("{}; expected .npy, .libsvm, .svm, .mtx or .csv, each also with .gz after it", seen));
  }
  const bool target_is_a_file = !files.target.empty() && !opened.target_is_a_column;
  if (!target_is_a_file && opened.labels.empty() && !files.target_is_optional) {
    refuse(files.data, fmt::format("a {} file needs a target; expected --target with a .npy or text file", extension));
  }
  if (!target_is_a_file) return Dataset(std::move(opened.reader), std::move(opened.labels), opened.target_is_a_column);

  std::vector<double> target = read_target(files.target);
  if (static_cast<Index>(target.size()) != opened.reader->rows()) {
    refuse(files.target, fmt::format("holds {} values; expected {}, one for each row of {}", target.size(),
                                     opened.reader->rows(), files.data));
  }
  return Dataset(std::move(opened.reader), std::move(target), false);
}

}  // namespace wolfpack::data
