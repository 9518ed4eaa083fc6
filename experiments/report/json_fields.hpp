// Taking fields out of the JSON that other programs wrote: each complaint is an InputError of one line that names the
// file, the line or field, what is wrong and what is accepted.
//
//     const Json object = parse_object(read_text("out/result.json"), "out/result.json", 1);
//     const Fields fields(object, "out/result.json");
//     double objective = fields.number("objective");
//
// Fields refers to the object and must not outlive it. Safe from any thread.
#pragma once

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/types.hpp"

namespace wolfpack::report {

using Json = nlohmann::ordered_json;

/// A file of an output folder, open for reading.
[[nodiscard]] std::ifstream open_input(const std::filesystem::path& file);
[[nodiscard]] std::string read_text(const std::filesystem::path& file);

/// `first_line`: the line of the file on which `text` begins.
[[nodiscard]] Json parse_object(std::string_view text, const std::filesystem::path& file, std::size_t first_line);

/// Takes fields out of one JSON object; `place` (file, file:line, or an object within the file) begins every complaint.
class Fields {
 public:
  Fields(const Json& object, std::string place) : object_(object), place_(std::move(place)) {}

  [[nodiscard]] bool has(const char* name) const { return object_.contains(name); }
  [[nodiscard]] double number(const char* name) const;
  [[nodiscard]] std::optional<double> number_or_null(const char* name) const;
  /// A number that is not negative.
  [[nodiscard]] double amount(const char* name) const;
  [[nodiscard]] Index whole(const char* name) const;
  [[nodiscard]] std::optional<Index> whole_or_null(const char* name) const;
  /// A difference of two clock readings may come out a hair below zero: that counts as zero.
  [[nodiscard]] double seconds(const char* name) const;
  [[nodiscard]] std::string text(const char* name) const;
  [[nodiscard]] bool flag(const char* name) const;
  [[nodiscard]] const Json& list(const char* name) const;
  [[nodiscard]] const Json& object(const char* name) const;
  [[noreturn]] void fail(const char* name, std::string_view accepted) const;

 private:
  [[nodiscard]] const Json& required(const char* name) const;

  const Json& object_;
  std::string place_;
};

}  // namespace wolfpack::report
