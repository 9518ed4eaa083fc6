#include "latency/operation.hpp"

#include <algorithm>
#include <array>

#include "latency/server_operations.hpp"
#include "latency/transport_operations.hpp"

namespace wolfpack::latency {
namespace {

using enum OperationKind;

constexpr std::array<OperationFacts, 10> kOperations{{
    {put, "put", true, false, false, false, "half of a round trip of two puts, each seen by its last word"},
    {get, "get", false, false, false, false, "a get, until its destination is filled"},
    {fetch_add, "fetch_add", false, true, false, false, "a remote atomic add, until what was there is back"},
    {put_then_flag, "put_then_flag", false, false, false, false,
     "data, a flag ordered after them, and the target's flag back"},
    {row_read, "row_read", false, false, false, false, "a get of a parameter server's row, and its validation"},
    {update, "update", false, false, false, false,
     "a record into a lane and a tick, until it is folded, published and told"},
    {clock_broadcast, "clock_broadcast", false, true, true, false, "a clock into every other rank's table, flushed"},
    {verbs_write, "verbs_write", true, false, false, true, "as put, by libibverbs alone"},
    {verbs_read, "verbs_read", false, false, false, true, "as get, by libibverbs alone"},
    {verbs_fetch_add, "verbs_fetch_add", false, true, false, true, "as fetch_add, by libibverbs alone"},
}};

bool is_of_the_server(OperationKind kind) { return kind == row_read || kind == update || kind == clock_broadcast; }

}  // namespace

std::span<const OperationFacts> all_operations() { return kOperations; }

const OperationFacts& describe(OperationKind kind) { return kOperations[static_cast<std::size_t>(kind)]; }

bool Roles::takes_part() const {
  return initiates() || std::find(targets.begin(), targets.end(), self) != targets.end();
}

std::vector<std::uint32_t> Roles::participants() const {
  std::vector<std::uint32_t> all = targets;
  all.push_back(initiator);
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<std::uint64_t> regions_of(OperationKind kind, std::uint64_t bytes, const Roles& roles, std::size_t ranks) {
  if (is_of_the_server(kind)) return server_regions(kind, bytes, roles, ranks);
  return {transport_region_bytes(describe(kind).is_verbs ? 8 : bytes)};
}

std::unique_ptr<Operation> make_operation(OperationKind kind, std::uint64_t bytes, const Roles& roles,
                                          std::size_t ranks, Ends& ends) {
  if (is_of_the_server(kind)) return make_server_operation(kind, bytes, roles, ranks, ends);
  return make_transport_operation(kind, bytes, roles, ends);
}

}  // namespace wolfpack::latency
