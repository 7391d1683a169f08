// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/json_text.hpp"

#include <regctl/ops/tag.hpp>

namespace regctl::cli {

namespace {

struct PropertiesOptions {
  std::string repository;
  std::string access;
};

ExitCode run_properties(const PropertiesOptions& options, Context& context) {
  const auto repository = Reference::parse(options.repository);
  if (!options.access.empty()) {
    ops::set_repository_access(context.session(), repository,
                               options.access == "public" ? ops::Access::open
                                                          : ops::Access::restricted);
  }
  const auto access = ops::repository_access(context.session(), repository);
  const std::string word = access == ops::Access::open ? "public" : "private";
  if (context.format() == Format::json) {
    print_json(context.out, {{"repository", repository.to_string()}, {"access", word}});
  } else {
    context.out << repository.to_string() << " is " << word << '\n';
  }
  return ExitCode::ok;
}

} // namespace

void add_properties_command(CLI::App& command, Context& context) {
  auto options = std::make_shared<PropertiesOptions>();
  command.add_option("REPOSITORY", options->repository, "Repository, as in host:5000/app")
      ->required();
  command.add_option("--access", options->access, "Set who may read it: public or private")
      ->check(CLI::IsMember({"public", "private"}).description(""))
      ->type_name("ACCESS");
  command.footer("Example:\n  regctl properties registry.local:5000/team/app --access private");
  command.callback([options, &context] {
    context.action = [=, &context] { return run_properties(*options, context); };
  });
}

} // namespace regctl::cli
