// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/text.hpp"

#include <regctl/base/json.hpp>

#include <memory>
#include <ostream>

namespace regctl::cli {

namespace {

struct PingFlags {
  std::string host;
};

std::string in_words(const ops::PingResult& result) {
  std::string text = result.url + " speaks";
  for (const auto& protocol : result.protocols) {
    text += (&protocol == &result.protocols.front() ? " " : ", ") + protocol;
  }
  if (result.version) {
    text += ", version " + *result.version;
  }
  if (result.standalone) {
    text += *result.standalone ? ", standalone" : ", not standalone";
  }
  return text;
}

ExitCode run_ping(const PingFlags& options, Context& context) {
  const auto result = context.verbs().ping(parse_registry_host(options.host));
  if (context.wants_json()) {
    print_json(context.out(), {{"host", result.host},
                               {"url", result.url},
                               {"protocols", result.protocols},
                               {"standalone", or_null(result.standalone)},
                               {"version", or_null(result.version)}});
  } else {
    context.out() << visible(in_words(result)) << '\n';
  }
  return ExitCode::ok;
}

Action add_ping(Arguments& arguments) {
  auto options = std::make_shared<PingFlags>();
  arguments.required("HOST", options->host, "A registry, HOST[:PORT]");
  return [options](Context& context) { return run_ping(*options, context); };
}

} // namespace

Command ping_command() {
  return {{.name = "ping",
           .aliases = {},
           .summary = "Ask a host which protocol it speaks",
           .details = "",
           .examples = {"regctl ping localhost:5000"}},
          add_ping};
}

} // namespace regctl::cli
