#include "experiments/devices_command.hpp"

#include "experiments/devices_json.hpp"
#include "experiments/devices_table.hpp"
#include "experiments/standard_output.hpp"
#include "gpu/devices.hpp"
#include "transport/devices.hpp"

namespace wolfpack::experiments {

CLI::App* add_devices(CLI::App& app, DevicesArguments& arguments) {
  auto* command = app.add_subcommand(
      "devices", "what this machine has for one-sided communication, and what to do where something is wrong");
  command->add_flag("--json", arguments.json, "one JSON object on standard output");
  return command;
}

int run_devices(const DevicesArguments& arguments) {
  DevicesFound found;
  found.devices = transport::look_at_devices();  // first: CUDA's driver starts threads
  found.gpus = gpu::list_devices();
  found.why_no_gpu = gpu::why_no_device();
  if (arguments.json)
    print_out(devices_json(found).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
  else
    print_out(devices_table(found));
  return 0;
}

}  // namespace wolfpack::experiments
