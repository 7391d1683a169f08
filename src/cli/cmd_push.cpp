// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/copying.hpp"

#include <regctl/base/error.hpp>

namespace regctl::cli {

namespace {

struct PushOptions {
  std::string source;
  std::string destination;
  CopyFlags flags;
};

ExitCode run_push(const PushOptions& options, Context& context) {
  const auto from = Place::parse(options.source, Place::Bare::archive_or_registry);
  if (from.kind == Place::Kind::registry) {
    throw Error(ErrorKind::usage, "'" + options.source + "' is not a place to push from",
                "name an archive (a file, or - for stdin) or docker-daemon:NAME:TAG; between "
                "registries use copy");
  }
  Place to; // at the registry that the image's own name says
  if (!options.destination.empty()) {
    to = Place::parse(options.destination);
  }
  if (to.kind != Place::Kind::registry) {
    throw Error(ErrorKind::usage, "'" + options.destination + "' is not at a registry",
                "regctl copy copies from any place to any place");
  }
  return copy_and_tell(from, to, options.flags, context);
}

} // namespace

void add_push_command(CLI::App& command, Context& context) {
  auto options = std::make_shared<PushOptions>();
  command.add_option("SOURCE", options->source, "Archive, - for stdin, or docker-daemon:NAME:TAG")
      ->required();
  command.add_option("IMAGE", options->destination,
                     "Name at the registry, as in host:5000/app:1.0; its own if left out");
  add_copy_flags(command, options->flags);
  command.footer("Examples:\n  regctl push app.tar registry.local:5000/team/app:1.0\n"
                 "  docker save app:1 | regctl push - registry.local:5000/team/app:1\n"
                 "  regctl push docker-daemon:app:1 registry.local:5000/team/app:1");
  command.callback([options, &context] {
    context.action = [=, &context] { return run_push(*options, context); };
  });
}

} // namespace regctl::cli
