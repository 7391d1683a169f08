// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/json_text.hpp"
#include "cli/text.hpp"

#include <regctl/ops/ping.hpp>

namespace regctl::cli {

namespace {

struct PingOptions {
  std::string host;
};

ExitCode run_ping(const PingOptions& options, Context& context) {
  const auto result = ops::ping(context.session(), parse_registry_host(options.host));
  if (context.format() == Format::json) {
    print_json(context.out, {{"host", result.host},
                             {"url", result.url},
                             {"protocols", result.protocols},
                             {"standalone", result.standalone ? Json(*result.standalone) : Json()},
                             {"version", result.version ? Json(*result.version) : Json()}});
    return ExitCode::ok;
  }
  context.out << result.host << " speaks ";
  for (std::size_t i = 0; i < result.protocols.size(); ++i) {
    context.out << (i == 0 ? "" : " and ") << result.protocols[i];
  }
  context.out << " at " << result.url;
  if (result.version) {
    context.out << ", version " << printable(*result.version);
  }
  context.out << '\n';
  return ExitCode::ok;
}

} // namespace

void add_ping_command(CLI::App& command, Context& context) {
  auto options = std::make_shared<PingOptions>();
  command.add_option("HOST", options->host, "Registry, as in host:5000")->required();
  command.footer("Example:\n  regctl ping registry.local:5000");
  command.callback([options, &context] {
    context.action = [=, &context] { return run_ping(*options, context); };
  });
}

} // namespace regctl::cli
