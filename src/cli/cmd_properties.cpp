// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"

#include <regctl/base/json.hpp>

#include <memory>
#include <optional>
#include <ostream>

namespace regctl::cli {

namespace {

struct PropertiesFlags {
  std::string repository;
  std::optional<RepositoryAccess> access;
};

ExitCode run_properties(const PropertiesFlags& options, Context& context) {
  const auto repository = parse_repository_place(context, options.repository);
  refuse_tag(*repository.reference, options.repository);
  if (options.access) {
    context.verbs().set_repository_access(repository, *options.access);
  }
  const auto access =
      options.access ? *options.access : context.verbs().repository_access(repository);
  const auto shown = show_place(repository.to_string());
  const auto* const word = access == RepositoryAccess::open ? "public" : "private";
  if (context.wants_json()) {
    print_json(context.out(), {{"place", repository.to_string()},
                               {"repository", repository.reference->name},
                               {"access", word}});
  } else {
    context.out() << shown << " is " << word << '\n';
  }
  return ExitCode::ok;
}

Action add_properties(Arguments& arguments) {
  auto options = std::make_shared<PropertiesFlags>();
  arguments.required("REPOSITORY", options->repository, "HOST[:PORT]/NAME or v1-storage:DIR:NAME");
  arguments.value("--access", "public|private",
                  choice("public|private",
                         [options = options.get()](std::size_t i) {
                           options->access =
                               i == 0 ? RepositoryAccess::open : RepositoryAccess::restricted;
                         }),
                  "Say who may read the repository");
  return [options](Context& context) { return run_properties(*options, context); };
}

} // namespace

Command properties_command() {
  return {{.name = "properties",
           .aliases = {},
           .summary = "Show or change whether a repository is public or private",
           .details = "",
           .examples = {"regctl properties localhost:5000/team/app",
                        "regctl properties localhost:5000/team/app --access private"}},
          add_properties};
}

} // namespace regctl::cli
