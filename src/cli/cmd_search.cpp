// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/json_text.hpp"
#include "cli/table.hpp"
#include "cli/text.hpp"

#include <regctl/ops/search.hpp>

namespace regctl::cli {

namespace {

constexpr std::size_t k_description_columns = 45; // as docker search cuts it

struct SearchOptions {
  std::string host;
  std::string term;
  bool no_trunc = false;
};

/// "host:5000/term" is a host and a term, as docker search has it.
void split_host_and_term(SearchOptions& options) {
  const auto slash = options.host.find('/');
  if (options.term.empty() && slash != std::string::npos &&
      options.host.find("://") == std::string::npos) {
    options.term = options.host.substr(slash + 1);
    options.host.resize(slash);
  }
}

ExitCode run_search(SearchOptions options, Context& context) {
  split_host_and_term(options);
  const auto results =
      ops::search(context.session(), parse_registry_host(options.host), options.term);
  if (context.format() == Format::json) {
    JsonList list(context.out);
    for (const auto& result : results) {
      list.add({{"name", result.name},
                {"description", result.description},
                {"stars", result.stars},
                {"official", result.is_official},
                {"automated", result.is_automated}});
    }
    list.finish();
    return ExitCode::ok;
  }
  Table table(context.out, {"NAME", "DESCRIPTION", "STARS", "OFFICIAL", "AUTOMATED"});
  for (const auto& result : results) {
    const auto description = printable(result.description);
    table.add({result.name,
               options.no_trunc ? description : fit(description, k_description_columns),
               std::to_string(result.stars), result.is_official ? "[OK]" : "",
               result.is_automated ? "[OK]" : ""});
  }
  table.finish();
  return ExitCode::ok;
}

} // namespace

void add_search_command(CLI::App& command, Context& context) {
  auto options = std::make_shared<SearchOptions>();
  command.add_option("HOST", options->host, "Registry, as in host:5000; also host:5000/TERM")
      ->required();
  command.add_option("TERM", options->term, "Part of the name; all repositories if left out");
  command.add_flag("--no-trunc", options->no_trunc, "Do not cut descriptions");
  command.footer("Examples:\n  regctl search registry.local:5000\n"
                 "  regctl search registry.local:5000 app");
  command.callback([options, &context] {
    context.action = [=, &context] { return run_search(*options, context); };
  });
}

} // namespace regctl::cli
