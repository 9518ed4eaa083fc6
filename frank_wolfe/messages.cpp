#include "frank_wolfe/messages.hpp"

#include <algorithm>

#include "base/bytes.hpp"

namespace wolfpack::frank_wolfe {
namespace {

enum class UpdateKind : std::uint64_t { report = 1, proposal = 2, candidate = 3 };

struct ProposalHeader {
  Index index;
  double score;
  std::uint64_t is_sparse;
  std::uint64_t values;
};

struct ModelHeader {
  double objective;
  double level;
  double gap;
  std::uint64_t active;
  std::uint64_t rows;
  std::uint64_t is_thorough;
  std::uint64_t atoms;
  std::uint64_t has_screening;
  Screening screening;
};

void write(ByteWriter& writer, const Proposal& proposal) {
  const Column& column = proposal.column;
  writer.value(ProposalHeader{proposal.index, proposal.score, column.sparse, column.values.size()});
  writer.array(std::span<const double>(column.values));
  if (column.sparse) writer.array(std::span<const std::int32_t>(column.rows));
}

Proposal read_proposal(ByteReader& reader) {
  const auto header = reader.value<ProposalHeader>();
  Proposal proposal{header.index, header.score, {.sparse = header.is_sparse != 0, .rows = {}, .values = {}}};
  proposal.column.values = reader.array<double>(header.values);
  if (proposal.column.sparse) proposal.column.rows = reader.array<std::int32_t>(header.values);
  return proposal;
}

Candidate read_candidate(ByteReader& reader) {
  const auto active = reader.value<std::uint64_t>();
  Candidate candidate;
  candidate.columns = reader.array<Index>(active);
  candidate.weights = reader.array<double>(active);
  candidate.atom = read_proposal(reader);
  return candidate;
}

}  // namespace

Bytes encode(const Report& report) {
  Bytes out;
  ByteWriter writer(out);
  writer.value(UpdateKind::report);
  writer.value(report);
  return out;
}

Bytes encode(const Proposal& proposal) {
  Bytes out;
  ByteWriter writer(out);
  writer.value(UpdateKind::proposal);
  write(writer, proposal);
  return out;
}

Bytes encode(const Candidate& candidate) {
  Bytes out;
  ByteWriter writer(out);
  writer.value(UpdateKind::candidate);
  writer.value<std::uint64_t>(candidate.columns.size());
  writer.array(std::span<const Index>(candidate.columns));
  writer.array(std::span<const double>(candidate.weights));
  write(writer, candidate.atom);
  return out;
}

std::variant<Report, Proposal, Candidate> decode_update(std::span<const std::byte> update) {
  ByteReader reader(update);
  switch (reader.value<UpdateKind>()) {
    case UpdateKind::report:
      return reader.value<Report>();
    case UpdateKind::proposal:
      return read_proposal(reader);
    case UpdateKind::candidate:
      return read_candidate(reader);
  }
  throw RuntimeFailure("an update of the model is no report, no proposal and no candidate");
}

void encode(const Iterate& iterate, double gap, const Request& request, Bytes& row) {
  ByteWriter writer(row);
  writer.value(ModelHeader{iterate.objective, iterate.level, gap, iterate.columns.size(), iterate.dual.size(),
                           request.thorough, request.atoms, request.screening.has_value(),
                           request.screening.value_or(Screening{})});
  writer.array(std::span<const Index>(iterate.columns));
  writer.array(std::span<const double>(iterate.weights));
  writer.array(std::span<const double>(iterate.dual));
}

Model decode_model(std::span<const std::byte> row) {
  ByteReader reader(row);
  const auto header = reader.value<ModelHeader>();
  Model model;
  model.iterate.columns = reader.array<Index>(header.active);
  model.iterate.weights = reader.array<double>(header.active);
  model.iterate.dual = reader.array<double>(header.rows);
  model.iterate.objective = header.objective;
  model.iterate.level = header.level;
  model.gap = header.gap;
  model.request.thorough = header.is_thorough != 0;
  model.request.atoms = static_cast<std::size_t>(header.atoms);
  if (header.has_screening != 0) model.request.screening = header.screening;
  return model;
}

ps::RowCapacity model_capacity(Index rows, Index columns, Method method) {
  const auto d = static_cast<std::uint64_t>(rows);
  const auto n = static_cast<std::uint64_t>(columns);
  const std::uint64_t alpha = (method == Method::corrective ? std::min(d, n) : n) * (sizeof(Index) + sizeof(double));
  std::uint64_t update = sizeof(UpdateKind) + sizeof(ProposalHeader) + d * (sizeof(double) + sizeof(std::int32_t));
  if (method == Method::tran) update += sizeof(std::uint64_t) + alpha;
  return {.row_bytes = sizeof(ModelHeader) + alpha + d * sizeof(double),
          .update_bytes = std::max<std::uint64_t>(update, sizeof(UpdateKind) + sizeof(Report))};
}

}  // namespace wolfpack::frank_wolfe
