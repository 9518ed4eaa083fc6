#include "frank_wolfe/messages.hpp"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "base/status.hpp"

namespace wolfpack::frank_wolfe {
namespace {

Proposal proposal_of(Index index, double score, Column column) { return {index, score, std::move(column)}; }

void expect_round_trip(const Proposal& proposal) {
  const auto back = decode_update(encode(proposal));
  const auto* got = std::get_if<Proposal>(&back);
  ASSERT_NE(got, nullptr);
  EXPECT_EQ(got->index, proposal.index);
  EXPECT_EQ(got->score, proposal.score);
  EXPECT_EQ(got->column.sparse, proposal.column.sparse);
  EXPECT_EQ(got->column.rows, proposal.column.rows);
  EXPECT_EQ(got->column.values, proposal.column.values);
}

Iterate some_iterate(std::size_t active, std::size_t rows) {
  std::mt19937 random(static_cast<unsigned>(active + rows));
  std::normal_distribution<double> normal;
  Iterate iterate;
  for (std::size_t i = 0; i < active; ++i) {
    iterate.columns.push_back(static_cast<Index>(i * i + 3));
    iterate.weights.push_back(normal(random));
  }
  for (std::size_t i = 0; i < rows; ++i) iterate.dual.push_back(normal(random));
  iterate.objective = 1.25;
  iterate.level = 0.5;
  return iterate;
}

TEST(Messages, AReportComesBack) {
  const Report report{{1234},
                      {.largest_score = 3.5, .largest_norm = 1.25},
                      {.columns_evaluated = 7, .bytes_read = 56, .wait_seconds = 0.5, .elapsed_seconds = 2.5}};
  const auto back = decode_update(encode(report));
  const auto* got = std::get_if<Report>(&back);
  ASSERT_NE(got, nullptr);
  EXPECT_EQ(got->version, Version{1234});
  EXPECT_EQ(got->scores.largest_score, 3.5);
  EXPECT_EQ(got->scores.largest_norm, 1.25);
  EXPECT_EQ(got->totals.columns_evaluated, 7u);
  EXPECT_EQ(got->totals.bytes_read, 56u);
  EXPECT_EQ(got->totals.wait_seconds, 0.5);
  EXPECT_EQ(got->totals.elapsed_seconds, 2.5);
}

TEST(Messages, ProposalsComeBackDenseSparseAndEmpty) {
  expect_round_trip(proposal_of(7, -2.5, {.sparse = false, .rows = {}, .values = {1, 2, 3}}));
  expect_round_trip(
      proposal_of(1'000'000'000'000, 0.1, {.sparse = true, .rows = {0, 5, 77}, .values = {0.5, -1, 1e-300}}));
  expect_round_trip(proposal_of(0, 0.0, {.sparse = true, .rows = {}, .values = {}}));
}

TEST(Messages, ACandidateComesBackWithItsAtom) {
  for (const std::size_t active : {0u, 1u, 20u}) {
    const Iterate iterate = some_iterate(active, 1);
    const Candidate candidate{iterate.columns, iterate.weights,
                              proposal_of(7, -2.5, {.sparse = true, .rows = {1, 4}, .values = {0.5, -3}})};
    const auto back = decode_update(encode(candidate));
    const auto* got = std::get_if<Candidate>(&back);
    ASSERT_NE(got, nullptr);
    EXPECT_EQ(got->columns, candidate.columns);
    EXPECT_EQ(got->weights, candidate.weights);
    EXPECT_EQ(got->atom.index, 7);
    EXPECT_EQ(got->atom.score, -2.5);
    EXPECT_EQ(got->atom.column.rows, candidate.atom.column.rows);
    EXPECT_EQ(got->atom.column.values, candidate.atom.column.values);
  }
}

TEST(Messages, WhatTheOwnerAsksForComesBack) {
  for (const Request& request :
       {Request{}, Request{false, 7, std::nullopt}, Request{true, 9, Screening{0.5, 2.0, 3}}}) {
    Bytes row;
    encode(some_iterate(2, 3), 1.0, request, row);
    const Request back = decode_model(row).request;
    EXPECT_EQ(back.thorough, request.thorough);
    EXPECT_EQ(back.atoms, request.atoms);
    ASSERT_EQ(back.screening.has_value(), request.screening.has_value());
    if (!request.screening) continue;
    EXPECT_EQ(back.screening->radius, 0.5);
    EXPECT_EQ(back.screening->level, 2.0);
    EXPECT_EQ(back.screening->problem, 3u);
  }
}

TEST(Messages, AModelComesBackBitForBitWithItsGap) {
  for (const std::size_t active : {0u, 1u, 20u}) {
    const Iterate iterate = some_iterate(active, 30);
    for (const double gap : {0.125, std::numeric_limits<double>::infinity()}) {
      Bytes row;
      encode(iterate, gap, {}, row);
      const Model model = decode_model(row);
      EXPECT_EQ(model.iterate.columns, iterate.columns);
      EXPECT_EQ(model.iterate.weights, iterate.weights);
      EXPECT_EQ(model.iterate.dual, iterate.dual);
      EXPECT_EQ(model.iterate.objective, iterate.objective);
      EXPECT_EQ(model.iterate.level, iterate.level);
      EXPECT_EQ(model.gap, gap);
    }
  }
}

TEST(Messages, TheDeclaredCapacityHoldsTheLargestOfEach) {
  for (const auto& [rows, columns] : {std::pair<Index, Index>{1, 1}, {30, 10}, {10, 300}, {3, 0}}) {
    const auto capacity = model_capacity(rows, columns);
    const auto d = static_cast<std::size_t>(rows);
    Bytes row;
    encode(some_iterate(std::min<std::size_t>(d, static_cast<std::size_t>(columns)), d), 1.0, {}, row);
    EXPECT_LE(row.size(), capacity.row_bytes);
    EXPECT_LE(encode(proposal_of(0, 1.0, {.sparse = false, .rows = {}, .values = std::vector<double>(d)})).size(),
              capacity.update_bytes);
    EXPECT_LE(
        encode(proposal_of(0, 1.0,
                           {.sparse = true, .rows = std::vector<std::int32_t>(d), .values = std::vector<double>(d)}))
            .size(),
        capacity.update_bytes);
    EXPECT_LE(encode(Report{}).size(), capacity.update_bytes);
  }
}

/// Only the corrective step keeps its atoms independent.
TEST(Messages, TheCapacityOfTheOtherMethodsHoldsEveryColumn) {
  for (const auto& [rows, columns] : {std::pair<Index, Index>{1, 1}, {30, 10}, {10, 300}, {3, 0}}) {
    const auto d = static_cast<std::size_t>(rows), n = static_cast<std::size_t>(columns);
    const Iterate iterate = some_iterate(n, d);
    const Proposal sparse =
        proposal_of(0, 1.0, {.sparse = true, .rows = std::vector<std::int32_t>(d), .values = std::vector<double>(d)});
    for (const Method method : {Method::line_search, Method::bellet, Method::tran, Method::away, Method::pairwise}) {
      const auto capacity = model_capacity(rows, columns, method);
      Bytes row;
      encode(iterate, 1.0, {}, row);
      EXPECT_LE(row.size(), capacity.row_bytes) << to_string(method);
      EXPECT_LE(encode(sparse).size(), capacity.update_bytes) << to_string(method);
      EXPECT_LE(encode(Report{}).size(), capacity.update_bytes) << to_string(method);
    }
    EXPECT_LE(encode(Candidate{iterate.columns, iterate.weights, sparse}).size(),
              model_capacity(rows, columns, Method::tran).update_bytes);
  }
}

TEST(Messages, WhatIsNeitherIsRefused) {
  Bytes neither = encode(Report{});
  neither[0] = std::byte{9};
  EXPECT_THROW((void)decode_update(neither), RuntimeFailure);
  EXPECT_THROW((void)decode_update({}), RuntimeFailure);
}

TEST(Messages, WhatIsCutShortIsRefusedWhereverItIsCut) {
  const Bytes proposal = encode(proposal_of(7, 1.0, {.sparse = true, .rows = {0, 5}, .values = {1, 2}}));
  for (std::size_t size = 0; size < proposal.size(); ++size)
    EXPECT_THROW((void)decode_update(std::span(proposal).first(size)), RuntimeFailure) << size;
  const Bytes candidate =
      encode(Candidate{{1, 2}, {0.5, 1}, proposal_of(2, 1.0, {.sparse = false, .rows = {}, .values = {1, 2}})});
  for (std::size_t size = 0; size < candidate.size(); ++size)
    EXPECT_THROW((void)decode_update(std::span(candidate).first(size)), RuntimeFailure) << size;
  Bytes model;
  encode(some_iterate(3, 5), 1.0, {}, model);
  for (std::size_t size = 0; size < model.size(); ++size)
    EXPECT_THROW((void)decode_model(std::span(model).first(size)), RuntimeFailure) << size;
}

}  // namespace
}  // namespace wolfpack::frank_wolfe
