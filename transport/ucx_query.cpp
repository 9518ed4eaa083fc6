#include "transport/ucx_query.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <regex>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <ucp/api/ucp.h>
#include <ucs/memory/memory_type.h>

#include "base/bytes.hpp"
#include "base/status.hpp"
#include "transport/ucx_handles.hpp"

namespace wolfpack::transport {
namespace {

std::string context_info(ucp_context_h context) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* stream = open_memstream(&text, &size);
  if (stream == nullptr) return "";
  ucp_context_print_info(context, stream);
  std::fclose(stream);
  std::string info(text, size);
  std::free(text);
  return info;
}

std::vector<std::string> memory_types(ucp_context_h context) {
  ucp_context_attr_t attributes{};
  attributes.field_mask = UCP_ATTR_FIELD_MEMORY_TYPES;
  check_ucx(ucp_context_query(context, &attributes), "ucp_context_query");
  std::vector<std::string> names;
  for (int type = 0; type < UCS_MEMORY_TYPE_LAST; ++type)
    if ((attributes.memory_types >> type & 1U) != 0) names.emplace_back(ucs_memory_type_names[type]);
  return names;
}

/// Those of an endpoint that leads to another worker. Two workers of one process are as two processes of a host to UCX.
std::string chosen_lanes(ucp_context_h context) {
  const ucx::Worker target = ucx::make_worker(context), origin = ucx::make_worker(context);
  const Bytes address = ucx::worker_address(target.get());
  const ucx::Endpoint endpoint(origin.get(), address, ucx::PeerErrors::silent);
  return ucx::describe_lanes(endpoint.get());
}

template <class Ask>
std::string or_why_not(Ask ask) {
  try {
    return ask();
  } catch (const RuntimeFailure& failure) {
    return failure.what();
  }
}

void put_texts(ByteWriter& writer, const std::vector<std::string>& texts) {
  writer.value<std::uint64_t>(texts.size());
  for (const std::string& text : texts) writer.text(text);
}

std::vector<std::string> take_texts(ByteReader& reader) {
  std::vector<std::string> texts;
  for (auto left = reader.value<std::uint64_t>(); left > 0; --left) texts.push_back(reader.text());
  return texts;
}

}  // namespace

std::string ucx_version() { return ucp_get_version_string(); }

UcxFacts query_ucx() {
  UcxFacts facts;
  const ucx::Context context = ucx::make_context({});
  facts.transports = transports_in(context_info(context.get()));
  facts.memory_types = memory_types(context.get());
  facts.lanes_on_this_host = or_why_not([&] { return chosen_lanes(context.get()); });
  const auto devices = network_devices_of(facts.transports);
  facts.lanes_between_hosts = devices.empty() ? "none" : or_why_not([&] {
    // Through its own network device a host reaches itself as another one would.
    return chosen_lanes(ucx::make_context({.settings = {{"TLS", "^sm,self"},
                                                        {"NET_DEVICES", fmt::format("{}", fmt::join(devices, ","))}}})
                            .get());
  });
  return facts;
}

std::vector<std::string> transports_in(const std::string& context_info) {
  // A line is "#      resource 4  :  md 3  dev 3  flags -- posix/memory".
  static const std::regex resource(R"(resource\s+\d+\s*:.*\s([^\s/]+/\S+))");
  std::vector<std::string> names;
  for (std::sregex_iterator match(context_info.begin(), context_info.end(), resource), end; match != end; ++match)
    if (const std::string name = (*match)[1]; std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(name);
  return names;
}

std::vector<std::string> network_devices_of(const std::vector<std::string>& transports) {
  std::vector<std::string> devices;
  for (const std::string& name : transports) {
    const std::string transport = name.substr(0, name.find('/')), device = name.substr(name.find('/') + 1);
    static const std::regex network("tcp|(rc|dc|ud|gga|srd)(_.*)?");
    if (std::regex_match(transport, network) && device != "lo" &&
        std::find(devices.begin(), devices.end(), device) == devices.end())
      devices.push_back(device);
  }
  return devices;
}

Bytes encode(const UcxFacts& facts) {
  Bytes out;
  ByteWriter writer(out);
  put_texts(writer, facts.transports);
  put_texts(writer, facts.memory_types);
  writer.text(facts.lanes_on_this_host);
  writer.text(facts.lanes_between_hosts);
  return out;
}

UcxFacts decode_ucx(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  UcxFacts facts;
  facts.transports = take_texts(reader);
  facts.memory_types = take_texts(reader);
  facts.lanes_on_this_host = reader.text();
  facts.lanes_between_hosts = reader.text();
  return facts;
}

}  // namespace wolfpack::transport
