#include <fstream>
#include <iterator>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.hpp"
#include "experiments/report/latency_distribution.hpp"
#include "experiments/report/latency_over_size.hpp"
#include "experiments/report/latency_page.hpp"
#include "experiments/report/latency_table.hpp"
#include "experiments/report/pair_map.hpp"
#include "experiments/report/write_report.hpp"
#include "tests/unit/html_checks.hpp"
#include "tests/unit/latency_fixture.hpp"

namespace wolfpack::report {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::size_t occurrences(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(LatencyPage, SaysTheHeadlineInOneSentence) {
  LatencyDirectory directory("LatencyPage");
  const std::string html = render_latency(read_latency_run(directory.write()));
  expect_sound(html);
  EXPECT_THAT(html, HasSubstr("<h1>put of 8 bytes: 0.0500\u00a0µs one way</h1>"));
  EXPECT_THAT(html,
              HasSubstr("The median of 100\u202f000 operations over shm with native one-sided operations, between two "
                        "processes of host hostA, pinned to cores 0 and 1. 99% took 0.150\u00a0µs or less"));
  EXPECT_THAT(html, Not(HasSubstr("class=\"warning\"")));
  EXPECT_THAT(html, Not(HasSubstr("<h2>Pairs</h2>")));
  EXPECT_THAT(html,
              HasSubstr("<b>put</b> is half a round trip: one way. <b>fetch_add</b> and <b>clock_broadcast</b> are "
                        "the whole"));
}

TEST(LatencyPage, FallsBackToWhateverWasMeasured) {
  LatencyDirectory directory("LatencyPage");
  directory.results().erase(directory.results().begin(), directory.results().begin() + 2);
  directory.results()[0]["one_sided"] = "emulated";
  directory.settings()["hosts"] = {"hostA", "hostB"};
  directory.settings()["cores"] = {0, nullptr};
  directory.settings()["transport_requested"] = "auto";
  const std::string html = render_latency(read_latency_run(directory.write()));
  expect_sound(html);
  EXPECT_THAT(html, HasSubstr("<h1>fetch_add of 8 bytes: 0.0160\u00a0µs</h1>"));
  EXPECT_THAT(html, HasSubstr("from host hostA to host hostB, only one of them pinned to a core."));
  EXPECT_THAT(html, HasSubstr("Emulated means that the target’s processor takes part."));
  EXPECT_THAT(html, HasSubstr("Why shm: it was asked for."));
}

TEST(LatencyPage, SaysWhatDisturbedTheRun) {
  LatencyDirectory directory("LatencyPage");
  directory.settings()["quiet"] = false;
  directory.settings()["disturbances"] = {"a compiler ran"};
  EXPECT_THAT(render_latency(read_latency_run(directory.write())),
              HasSubstr("<b>The machine was not quiet:</b> a compiler ran. "));
  directory.settings()["disturbances"].push_back("the rounds differ by 40%");
  const std::string html = render_latency(read_latency_run(directory.write()));
  expect_sound(html);
  EXPECT_THAT(html, HasSubstr("<li>a compiler ran</li><li>the rounds differ by 40%</li>"));
}

TEST(LatencyPage, EscapesEveryStringOfTheInput) {
  LatencyDirectory directory("LatencyPage");
  const std::string hostile = "<script src=\"https:x\">alert('&')</script>";
  directory.measure_all_pairs(3);
  directory.settings()["hosts"] = {hostile, hostile, "h<i>"};
  directory.settings()["quiet"] = false;
  directory.settings()["disturbances"] = {hostile, hostile};
  for (const char* field : {"transport", "transport_reason", "library", "lanes", "one_sided", "date", "cpu"})
    directory.settings()[field] = hostile;
  directory.settings()[hostile] = hostile;
  for (auto& result : directory.results())
    for (const char* field : {"operation", "one_sided", "transport", "lanes"}) result[field] = hostile;
  const std::string html = render_latency(read_latency_run(directory.write()));
  EXPECT_EQ(nesting_error(html), "");
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("src=\"")));
  EXPECT_THAT(html, HasSubstr("h&lt;i&gt; <tspan"));
}

TEST(LatencyPage, StandsForNoResults) {
  LatencyDirectory directory("LatencyPage");
  directory.results() = nlohmann::ordered_json::array();
  directory.settings()["pairs"] = nlohmann::ordered_json::array();
  const std::string html = render_latency(read_latency_run(directory.write()));
  expect_sound(html);
  EXPECT_THAT(html, AllOf(HasSubstr("<h1>No latency was measured</h1>"), HasSubstr("Nothing was measured.")));
  EXPECT_THAT(html, Not(HasSubstr("<svg")));
}

TEST(LatencyPage, StandsForOneResultOfFewTimings) {
  LatencyDirectory directory("LatencyPage");
  nlohmann::ordered_json result = latency_result("get", 8, 0.02);
  result["p99_us"] = result["p99_9_us"] = nullptr;
  result["histogram"] = nlohmann::ordered_json::array();
  result["round_p50_us"] = nlohmann::ordered_json::array();
  directory.results() = nlohmann::ordered_json::array({result});
  const std::string html = render_latency(read_latency_run(directory.write()));
  expect_sound(html);
  EXPECT_THAT(html, HasSubstr("Only messages of 8 bytes were measured."));
  EXPECT_THAT(html, HasSubstr("<td>0.0300</td><td>–</td><td>–</td><td>0.190</td>"));
  EXPECT_THAT(html, Not(HasSubstr("<h2>Distribution</h2>")));
}

TEST(LatencyPage, StandsForHugeRangesAndTimesOfZero) {
  LatencyDirectory directory("LatencyPage");
  directory.results()[0]["min_us"] = directory.results()[0]["p50_us"] = 0.0;
  directory.results()[0]["histogram"][0]["from_us"] = 0.0;
  directory.results()[1] = latency_result("put", 2'000'000'000, 1e12);
  directory.results()[2] = latency_result("fetch_add", 0, 1e-9);
  expect_sound(render_latency(read_latency_run(directory.write())));
  for (auto& result : directory.results()) {
    for (const char* field : {"min_us", "p50_us", "average_us", "p99_us", "p99_9_us", "max_us"}) result[field] = 0.0;
    result["histogram"] = {{{"from_us", 0.0}, {"to_us", 0.0}, {"count", 5}}};
  }
  const std::string html = render_latency(read_latency_run(directory.write()));
  expect_sound(html);
  EXPECT_THAT(html, HasSubstr("All times are 0"));
}

TEST(LatencyOverSize, DrawsLinesPointsAndTheFloor) {
  LatencyDirectory directory("LatencyOverSize");
  directory.results().push_back(latency_result("verbs_write", 8, 0.04));
  directory.results().push_back(latency_result("verbs_write", 8192, 0.4));
  directory.results().push_back(latency_result("unheard_of", 8, 0.3));
  const std::string html = latency_over_size_section(read_latency_run(directory.write()));
  EXPECT_EQ(occurrences(html, "class=\"curve\""), 2u);  // put and verbs_write
  EXPECT_EQ(occurrences(html, "class=\"name\""), 5u);
  EXPECT_EQ(occurrences(html, "class=\"whisker\""), 7u);
  EXPECT_EQ(occurrences(html, "<g class=\"operation-put floor\">"), 2u);
  EXPECT_EQ(occurrences(html, "<g class=\"operation-other\">"), 2u);
  EXPECT_THAT(html, HasSubstr("Dashed and hollow: libibverbs alone"));
  EXPECT_THAT(html,
              HasSubstr("<title>put of 8\u00a0KiB: median 0.500\u00a0µs, shortest 0.450\u00a0µs, p99 1.50\u00a0µs"));
  EXPECT_THAT(html, HasSubstr("medians of the rounds 0.500, 0.505, 0.495 µs"));
  EXPECT_THAT(html, AllOf(HasSubstr(">8\u00a0B</text>"), HasSubstr(">8\u00a0KiB</text>")));
}

TEST(LatencyDistribution, DrawsShareADecadeWhateverTheWidth) {
  LatencyResult result;
  result.min_us = 0.5;
  result.histogram = {{0.0, 1.0, 30}, {1.0, 10.0, 60}, {10.0, 10.0, 10}, {20.0, 30.0, 0}};
  const std::vector<Density> stretches = densities(result);
  ASSERT_EQ(stretches.size(), 3u);
  EXPECT_EQ(stretches[0].from_us, 0.5);  // 0 has no logarithm: from the shortest time
  double share = 0.0;
  for (const Density& density : stretches) share += density.per_decade * std::log10(density.to_us / density.from_us);
  EXPECT_NEAR(share, 1.0, 1e-12);
  EXPECT_NEAR(stretches[1].per_decade, 0.6, 1e-12);             // over one decade
  EXPECT_GT(stretches[0].per_decade, stretches[1].per_decade);  // fewer, but in a third of a decade
  EXPECT_GT(stretches[2].to_us, 10.0);
}

TEST(LatencyDistribution, MarksQuantilesAtTheSmallestSizeAndAt8192) {
  LatencyDirectory directory("LatencyDistribution");
  directory.results().push_back(latency_result("row_read", 64, 0.06));
  directory.results().push_back(latency_result("row_read", 1024, 0.07));
  directory.results()[2]["p99_9_us"] = nullptr;
  const std::string html = latency_distribution_section(read_latency_run(directory.write()));
  EXPECT_EQ(nesting_error(html), "");
  EXPECT_EQ(occurrences(html, "<svg"), 2u);
  EXPECT_EQ(occurrences(html, "class=\"area\""), 5u);  // four smallest, put again
  EXPECT_EQ(occurrences(html, "class=\"quantile p50\""), 5u);
  EXPECT_EQ(occurrences(html, "class=\"quantile p99-9\""), 4u);
  EXPECT_THAT(html, AllOf(HasSubstr("Each operation’s smallest message"), HasSubstr("Messages of 8192 bytes")));
  EXPECT_THAT(html, Not(HasSubstr("row_read of 1\u00a0KiB")));
}

TEST(PairMap, HoldsTheMediansOfPutByRowAndColumn) {
  LatencyDirectory directory("PairMap");
  directory.measure_all_pairs(3);
  const auto tables = pair_tables(read_latency_run(directory.write()));
  ASSERT_EQ(tables.size(), 2u);
  EXPECT_EQ(tables[0].bytes, 8);
  EXPECT_EQ(tables[1].bytes, 1 << 20);
  EXPECT_DOUBLE_EQ(tables[0].at(2, 1).value(), 3.1);
  EXPECT_DOUBLE_EQ(tables[0].at(1, 2).value(), 2.2);
  EXPECT_DOUBLE_EQ(tables[1].at(0, 2).value(), 120.0);
  EXPECT_FALSE(tables[0].at(1, 1).has_value());
}

TEST(PairMap, PrintsEveryCellNamesHostsAndLeavesTheDiagonalBlank) {
  LatencyDirectory directory("PairMap");
  directory.measure_all_pairs(3);
  directory.results().erase(directory.results().begin());  // 0 to 1 of 8 bytes
  const std::string html = pair_map_section(read_latency_run(directory.write()));
  EXPECT_EQ(nesting_error(html), "");
  EXPECT_EQ(occurrences(html, "class=\"value"), 5u + 6u);
  EXPECT_EQ(occurrences(html, "class=\"missing\""), 1u);
  EXPECT_EQ(occurrences(html, "class=\"border\""), 2u);  // host1 begins at rank 2
  EXPECT_THAT(html, HasSubstr("<title>rank 2 on host1 to rank 1 on host0: 3.10 µs</title>"));
  EXPECT_THAT(html, HasSubstr("Struck through: not measured."));
  EXPECT_THAT(html, HasSubstr(">3.1</text>"));
  EXPECT_THAT(html, HasSubstr("host1 <tspan class=\"rank\">2</tspan>"));
}

TEST(PairMap, StaysReadableForManyRanks) {
  LatencyDirectory directory("PairMap");
  directory.measure_all_pairs(40);
  const LatencyRun run = read_latency_run(directory.write());
  const std::string html = pair_map_section(run);
  EXPECT_EQ(occurrences(html, "class=\"value"), 0u);
  EXPECT_EQ(occurrences(html, "<title>rank "), 2u * 40u * 39u);
  EXPECT_THAT(latency_table_section(run), HasSubstr("The first 2000 of 3120 results; latency.csv has them all."));
  const std::string page = render_latency(run);
  EXPECT_THAT(page, HasSubstr("0 → 2, "));
  EXPECT_THAT(page, HasSubstr(", … (1560 in all)</td>"));
  EXPECT_LT(page.size(), 2'000'000u);
}

TEST(PairMap, IsLeftOutWhereThereIsOnePairOrNothingBetweenTwo) {
  LatencyDirectory directory("PairMap");
  EXPECT_EQ(pair_map_section(read_latency_run(directory.write())), "");
  directory.measure_all_pairs(3);
  for (auto& result : directory.results()) result["target"] = nullptr;
  EXPECT_EQ(pair_map_section(read_latency_run(directory.write())), "");
}

TEST(LatencyTable, ListsEveryResultAndOfSeveralPairsWhoMeasuredWhom) {
  LatencyDirectory directory("LatencyTable");
  directory.results()[2]["p99_us"] = directory.results()[2]["p99_9_us"] = nullptr;
  const std::string html = latency_table_section(read_latency_run(directory.write()));
  EXPECT_EQ(occurrences(html, "<th scope=\"row\">"), 4u);
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">put</th><td>8</td><td>100\u202f000</td><td>0.0450</td><td>0.0500</td>"
                              "<td>0.0750</td><td>0.150</td><td>0.400</td><td>0.475</td><td>107</td>"
                              "<td>13\u202f333\u202f333</td><td>native</td></tr>"));
  EXPECT_THAT(html, HasSubstr("<td>–</td><td>–</td>"));
  directory.measure_all_pairs(3);
  EXPECT_THAT(latency_table_section(read_latency_run(directory.write())),
              HasSubstr("<th scope=\"row\">put</th><td>2 → 1</td><td>shm</td><td>8</td>"));
}

TEST(WriteReport, MakesTheLatencyPageOfAFolderWithoutARun) {
  LatencyDirectory directory("WriteLatency");
  const std::filesystem::path page = write_report(directory.write());
  EXPECT_EQ(page, directory.path() / "latency.html");
  std::ifstream in(page);
  expect_sound({std::istreambuf_iterator<char>(in), {}});
  EXPECT_THROW(write_report(directory.path(), {.picture_rows = 2, .picture_columns = 2}), InputError);
}

TEST(WriteReport, NamesBothKindsOfFolderWhereItIsNeither) {
  LatencyDirectory directory("WriteLatency");
  try {
    write_report(directory.path());
    ADD_FAILURE() << "an empty folder became a page";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("result.json: cannot be read"), HasSubstr("`wolfpack lasso --output`"),
                                    HasSubstr("`wolfpack latency --output`")));
  }
}

}  // namespace
}  // namespace wolfpack::report
