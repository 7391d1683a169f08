// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/json_text.hpp"
#include "cli/password.hpp"

#include <regctl/base/error.hpp>
#include <regctl/ops/tag.hpp>

namespace regctl::cli {

namespace {

struct RmOptions {
  std::vector<std::string> names;
  bool repository = false;
  bool yes = false;
};

/// Checked before anything is removed, so that a typo in the last name removes nothing.
std::vector<Reference> parse_names(const RmOptions& options) {
  std::vector<Reference> references;
  for (const auto& name : options.names) {
    references.push_back(Reference::parse(name));
    if (options.repository && references.back().tag) {
      throw Error(ErrorKind::usage, "'" + name + "' names a tag, --repository wants a repository");
    }
    if (!options.repository && !references.back().tag) {
      throw Error(ErrorKind::usage, "'" + name + "' names no tag",
                  "name the tag, or remove the whole repository with --repository");
    }
  }
  return references;
}

ExitCode run_rm(const RmOptions& options, Context& context) {
  const auto references = parse_names(options);
  auto removed = Json::array();
  for (const auto& reference : references) {
    const auto name = reference.to_string();
    if (options.repository) {
      if (!options.yes &&
          !confirm("Remove " + name + " with all its tags?", "--yes removes without asking")) {
        throw Error(ErrorKind::usage, name + " was not removed");
      }
      ops::remove_repository(context.session(), reference);
    } else {
      ops::remove_tag(context.session(), reference);
    }
    removed.push_back(name);
    if (context.format() == Format::table) {
      context.out << "removed " << name << '\n';
    }
  }
  if (context.format() == Format::json) {
    print_json(context.out, removed);
  }
  return ExitCode::ok;
}

} // namespace

void add_rm_command(CLI::App& command, Context& context) {
  auto options = std::make_shared<RmOptions>();
  command.add_option("IMAGE", options->names, "Tags, as in host:5000/app:1.0; layers stay")
      ->required();
  command.add_flag("--repository", options->repository, "Remove repositories with all their tags");
  command.add_flag("-y,--yes", options->yes, "Do not ask before a repository is removed");
  command.footer("Examples:\n  regctl rm registry.local:5000/team/app:1.0\n"
                 "  regctl rm --repository --yes registry.local:5000/team/app");
  command.callback([options, &context] {
    context.action = [=, &context] { return run_rm(*options, context); };
  });
}

} // namespace regctl::cli
